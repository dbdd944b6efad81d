"""How good are the pictures? Every way on the same pictures, with the null score beside it.

    python benchmarks/images.py [PICTURE …] [--size 64] [--rgb] [--sheet FILE.png] [--ways NAME,…]

The upper half of each picture is given, the lower half generated. Without pictures, those of
examples/pictures.py. Columns are the measures of compgen.metrics.image, as means over the
pictures and --seeds (|Δbpp|: the mean of the absolute differences); seconds are of the processor,
for one picture. `truth` says what the measures are for the real lower half.

With more than one seed the line below each way tells the standard errors of its means, for these
pictures: how much another lot of seeds would move them. Each way that chooses among proposals is
compared with its null score, which is to come before it: the mean difference, picture by picture
and seed by seed, and the standard error of that.
"""

import argparse
import importlib
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from compgen.errors import CompgenError
from compgen.imaging.models import image_compressor
from compgen.imaging.norms import Norm
from compgen.imaging.painting import Painting, Sitting
from compgen.imaging.units import UnitPlan
from compgen.media.image_file import ImageFile, read_image
from compgen.media.pixels import Mask, Pixels
from compgen.media.png_file import png_bytes
from compgen.media.region import Region
from compgen.metrics.image import measure_image
from compgen.report.contact_sheet import contact_sheet

sys.path.insert(0, str(Path(__file__).parents[1] / "examples"))

Way = Callable[[Pixels, Mask, int], Pixels]
Figures = NDArray[np.float64]
"""Shape (pictures, seeds, columns)."""
COLUMNS = (
    ("gradient", "gradient_distance"),
    ("spectrum", "spectrum_distance"),
    ("|Δbpp|", "excess_bits_per_pixel"),
    ("seam", "seam_ratio"),
    ("patches", "patch_distance"),
    ("copied", "copied_fraction"),
    ("PSNR", "psnr"),
    ("SSIM", "ssim"),
)
RING, TOLERANCE = 4, 0.1
"""Efros and Leung's: half the side of their window, and how much worse than the best match
another may be."""


def by(spec: str, **options: object) -> Way:
    """A compressor, asked as `compgen image` asks it."""

    def fill(truth: Pixels, unknown: Mask, seed: int) -> Pixels:
        plan = UnitPlan(**options)  # type: ignore[arg-type]
        unit = plan.make(image_compressor(spec), truth.shape[2])
        blind = plan.norm is Norm.NULL
        return Painting(Sitting(truth, unknown, unit, blind=blind, seed=seed)).finish()

    return fill


def efros_leung(truth: Pixels, unknown: Mask, seed: int) -> Pixels:
    """Non-parametric sampling (Efros and Leung, ICCV 1999): pixel by pixel, each a copy of one
    whose known surroundings match, weighed by a Gaussian, within a tenth of the best."""
    rng = np.random.default_rng(seed)
    side = 2 * RING + 1
    axis = np.arange(-RING, RING + 1)
    bell = np.exp(-(axis**2) / (2 * (side / 6.4) ** 2))
    weights = np.outer(bell, bell)
    pad = ((RING, RING), (RING, RING))
    values = np.pad(truth * ~unknown[..., None], (*pad, (0, 0))).astype(np.float64)
    filled = np.pad(~unknown, pad)
    known, source = filled.copy(), values.copy()
    rows, columns = unknown.shape
    centres = known[RING:-RING, RING:-RING]
    for y, x in np.argwhere(unknown):
        visible = filled[y : y + side, x : x + side]
        total, support = np.zeros(unknown.shape), np.zeros(unknown.shape)
        for dy, dx in np.argwhere(visible):
            there = np.s_[dy : dy + rows, dx : dx + columns]
            weight = weights[dy, dx] * known[there]
            support += weight
            total += weight * ((source[there] - values[y + dy, x + dx]) ** 2).sum(2)
        enough = centres & (support >= 0.6 * weights[visible].sum()) & (support > 0)
        unlike = np.where(enough, total / np.maximum(support, 1e-9), np.inf)
        good = np.argwhere(unlike <= unlike.min() * (1 + TOLERANCE) + 0.5)
        at = good[rng.integers(len(good))] + RING
        values[y + RING, x + RING] = source[tuple(at)]
        filled[y + RING, x + RING] = True
    inside: NDArray[np.float64] = values[RING:-RING, RING:-RING]
    return inside.astype(np.uint8)


def mirrored(truth: Pixels, unknown: Mask, _seed: int) -> Pixels:
    """The upper half upside down: what whoever copies its statistics to the letter would get."""
    return np.where(unknown[..., None], truth[::-1], truth)


WAYS: dict[str, Way] = {
    "truth": lambda truth, _unknown, _seed: truth,
    "mirror": mirrored,
    "paper": by("gzip", unit="pixel", reading="bytes", dither=0, min_p=0.0),
    "gzip pixel bits": by("gzip", unit="pixel", reading="bits", min_p=0.0),
    "gzip pixel": by("gzip", unit="pixel"),
    "null record": by("gzip", norm=Norm.NULL),
    "gzip record": by("gzip"),
    "null as they are": by("png", norm=Norm.NULL, levelled=False),
    "png as they are": by("png", levelled=False),
    "null": by("png", norm=Norm.NULL),
    "png raw": by("png", norm=Norm.RAW),
    "png importance": by("png", norm=Norm.IMPORTANCE),
    "png": by("png"),
    "png 3x3": by("png", block=3),
    "webp": by("webp"),
    "null 3x3": by("png", norm=Norm.NULL, block=3),
    "jpegls": by("numcodecs:id=jpegls"),
    "zstd record": by("zstd"),
    "cm record": by("cm:bits=18"),
    "cm pixel": by("cm:bits=18", unit="pixel"),
    "pixelcm": by("pixelcm"),
    "pixelcm texture": by("pixelcm:style=texture"),
    "efros-leung": efros_leung,
}

NULL_SCORES = {
    "gzip record": "null record",
    "zstd record": "null record",
    "cm record": "null record",
    "png as they are": "null as they are",
    "png raw": "null",
    "png importance": "null",
    "png": "null",
    "webp": "null",
    "jpegls": "null",
}
"""The same proposals, chosen without the compressor."""


def main() -> None:
    plain = argparse.RawTextHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=plain)
    parser.add_argument("pictures", nargs="*", type=Path)
    parser.add_argument("--size", type=int, default=64)
    parser.add_argument("--rgb", action="store_true")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--ways", default="")
    parser.add_argument("--sheet", type=Path)
    given = parser.parse_args()
    chosen = given.ways.split(",") if given.ways else list(WAYS)
    pictures = _pictures(given.pictures, given.size, not given.rgb)
    header = "".join(f"{title:>9}" for title, _ in COLUMNS)
    print(f"{'':18}{header}{'seconds':>9}", flush=True)
    made: dict[str, list[Pixels]] = {}
    measured: dict[str, Figures] = {}
    for name in chosen:
        try:
            made[name], measured[name], seconds = _measure(name, pictures, given.seeds)
        except CompgenError as error:
            print(f"{name:18} {error}")
            continue
        _print(name, _means(measured[name]), f"{seconds:9.2f}")
        if given.seeds > 1 and name not in ("truth", "mirror"):
            _print("  ±", _standard_errors(measured[name]))
        if given.seeds > 1 and (null := measured.get(NULL_SCORES.get(name, ""))) is not None:
            difference = measured[name] - null
            _print("  less null", _means(difference), signed=True)
            _print("  ±", _standard_errors(difference))
    if given.sheet is not None:
        columns = [name for name in chosen if name in made]
        grid = [[made[name][row] for name in columns] for row in range(len(pictures))]
        given.sheet.write_bytes(png_bytes(contact_sheet(grid, columns, list(pictures)), {}))


def _measure(
    name: str, pictures: dict[str, ImageFile], seeds: int
) -> tuple[list[Pixels], Figures, float]:
    """A sample of each picture, the figures, and the seconds for one."""
    samples, seconds = [], 0.0
    figures = np.zeros((len(pictures), seeds, len(COLUMNS)))
    for row, image in enumerate(pictures.values()):
        unknown = Region("top", 50).unknown(image)
        for seed in range(seeds):
            started = time.process_time()
            sample = WAYS[name](image.pixels, unknown, seed)
            seconds += time.process_time() - started
            measures = measure_image(sample, image.pixels, unknown)
            figures[row, seed] = [abs(getattr(measures, field)) for _, field in COLUMNS]
        samples.append(sample)
    return samples, figures, seconds / (len(pictures) * seeds)


def _means(figures: Figures) -> NDArray[np.float64]:
    """Over pictures and seeds, for each column; what could not be measured does not count."""
    found: NDArray[np.float64] = np.ma.masked_invalid(figures).mean((0, 1)).filled(np.nan)
    return found


def _standard_errors(figures: Figures) -> NDArray[np.float64]:
    """Of the means, for these pictures: from how the seeds of one picture differ."""
    pictures, seeds, _ = figures.shape
    found: NDArray[np.float64] = np.sqrt((figures.var(1, ddof=1) / seeds).sum(0)) / pictures
    return found


def _print(name: str, values: NDArray[np.float64], ending: str = "", signed: bool = False) -> None:
    sign = "+" if signed else ""
    print(f"{name:18}{''.join(f'{value:{sign}9.2f}' for value in values)}{ending}", flush=True)


def _pictures(paths: list[Path], size: int, gray: bool) -> dict[str, ImageFile]:
    if paths:
        return {path.stem: read_image(path, size=(size, size), gray=gray) for path in paths}
    drawings = importlib.import_module("pictures").PICTURES
    drawn = {}
    for name, draw in drawings.items():
        pixels = draw(size)
        pixels = pixels.mean(2, keepdims=True).astype(np.uint8) if gray else pixels
        drawn[name] = ImageFile(pixels, (), (size, size))
    return drawn


if __name__ == "__main__":
    main()
