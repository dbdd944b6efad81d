"""Pictures that are drawn by rule, for trials and for docs/images.md: numpy and Pillow alone.

    python examples/pictures.py DIRECTORY [SIZE]        writes them as PNG files

Each is a function of its side length to an array (side, side, 3), uint8. All fall into parts
that follow from one another: what is above tells what could be below.
"""

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

Drawing = NDArray[np.uint8]
TEXT = (
    "A compressor that spends few bits on a continuation believes in it. Everything that is "
    "hard is hidden in the word length. Feed the decoder coin flips and see what it writes: a "
    "picture is a text that is read in rows, and rows remember what stood above them. "
)


def stripes(side: int) -> Drawing:
    """Slanted stripes of three colours."""
    y, x = np.mgrid[:side, :side]
    palette = np.array([[236, 226, 198], [178, 58, 46], [38, 70, 83]], np.uint8)
    drawing: Drawing = palette[((x + y // 2) // 5) % 3]
    return drawing


def checker(side: int) -> Drawing:
    """A chequerboard with small dots."""
    y, x = np.mgrid[:side, :side]
    board = ((x // 8 + y // 8) % 2).astype(bool)
    dots = (((x % 8) - 3.5) ** 2 + ((y % 8) - 3.5) ** 2) < 5
    palette = np.array([[240, 240, 235], [60, 60, 70], [70, 140, 190], [225, 160, 60]], np.uint8)
    drawing: Drawing = palette[board + 2 * dots]
    return drawing


def gradient(side: int) -> Drawing:
    """Waves of light, smooth in both directions."""
    y, x = np.mgrid[:side, :side] / 64
    red = 128 + 80 * np.sin(7 * x + 2 * np.sin(5 * y))
    green = 128 + 80 * np.sin(6 * x + 3 * np.sin(4 * y) + 1)
    blue = 150 + 60 * np.cos(5 * y)
    return np.stack([red, green, blue], 2).astype(np.uint8)


def maze(side: int) -> Drawing:
    """A maze: every wall of a grid leads up or to the left, by a coin."""
    rng = np.random.default_rng(4)
    cell = 5
    picture = Image.new("RGB", (side, side), (245, 242, 230))
    draw = ImageDraw.Draw(picture)
    for y in range(0, side + cell, cell):
        for x in range(0, side + cell, cell):
            end = (x - cell, y) if rng.random() < 0.5 else (x, y - cell)
            draw.line([(x, y), end], fill=(40, 60, 90), width=2)
    return np.asarray(picture)


def page(side: int) -> Drawing:
    """A page of text."""
    picture = Image.new("RGB", (side, side), (252, 250, 244))
    draw = ImageDraw.Draw(picture)
    font = ImageFont.load_default(size=9)
    words, line, y = TEXT.split() * 8, "", 1
    for word in words:
        if font.getlength(line + word) > side - 4:
            draw.text((2, y), line, fill=(20, 20, 30), font=font)
            line, y = "", y + 9
            if y > side:
                break
        line += word + " "
    return np.asarray(picture)


def noise(side: int) -> Drawing:
    """A woven texture with noise on it."""
    rng = np.random.default_rng(5)
    y, x = np.mgrid[:side, :side]
    over = ((x // 4 + y // 4) % 2).astype(bool)
    light = np.where(over, 150 + 50 * np.sin(x * np.pi / 2), 120 + 50 * np.sin(y * np.pi / 2))
    light = light + rng.normal(0, 10, light.shape)
    tint = np.array([1.0, 0.85, 0.62])
    drawing: Drawing = np.clip(light[..., None] * tint, 0, 255).astype(np.uint8)
    return drawing


def blobs(side: int) -> Drawing:
    """Pebbles: round spots of light, lit from above."""
    rng = np.random.default_rng(6)
    y, x = np.mgrid[:side, :side]
    picture = np.full((side, side, 3), (46, 52, 60), np.float64)
    for _ in range(side * side // 34):
        top, left, radius = *rng.uniform(0, side, 2), rng.uniform(2.5, 5)
        distance = np.hypot(y - top, x - left) / radius
        shade = 0.75 + 0.45 * (top - y) / radius * 0.6
        colour = rng.uniform(110, 190) * np.array([1.0, 0.94, 0.86])
        inside = distance < 1
        picture[inside] = shade[inside, None] * colour
    return np.clip(picture, 0, 255).astype(np.uint8)


PICTURES: dict[str, Callable[[int], Drawing]] = {
    draw.__name__: draw for draw in (stripes, checker, gradient, maze, page, noise, blobs)
}


def main() -> None:
    if len(sys.argv) not in (2, 3):
        raise SystemExit(__doc__)
    place = Path(sys.argv[1])
    side = int(sys.argv[2]) if len(sys.argv) == 3 else 64
    place.mkdir(parents=True, exist_ok=True)
    for name, draw in PICTURES.items():
        Image.fromarray(draw(side)).save(place / f"{name}.png")


if __name__ == "__main__":
    main()
