"""A picture in a terminal: two pixels a character, one in each half of `▀`."""

import numpy as np
from rich.color import Color
from rich.console import Console, ConsoleOptions, RenderResult
from rich.segment import Segment
from rich.style import Style

from compgen.media.pixels import Pixels

SHADES = " .:-=+*#%@"
"""From dark to light, where there are no colours."""


class HalfBlocks:
    """A picture as large as the terminal allows, in colour if it has colours."""

    def __init__(self, pixels: Pixels) -> None:
        self._pixels = pixels

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        pixels = shrunk(self._pixels, options.max_width)
        if len(pixels) % 2:
            pixels = np.concatenate([pixels, pixels[-1:]])
        plain = console.no_color or console.color_system is None or options.ascii_only
        for upper, lower in zip(pixels[::2], pixels[1::2], strict=True):
            if plain:
                light = (upper.mean(1) + lower.mean(1)) / 2
                yield Segment("".join(SHADES[int(value / 25.6)] for value in light))
            else:
                for above, below in zip(upper, lower, strict=True):
                    yield Segment("▀", Style(color=_colour(above), bgcolor=_colour(below)))
            yield Segment.line()


def shrunk(pixels: Pixels, width: int) -> Pixels:
    """`pixels` with every n-th row and column, so that at most `width` columns are left."""
    step = max(1, -(-pixels.shape[1] // width))
    return pixels[::step, ::step]


def _colour(pixel: Pixels) -> Color:
    red, green, blue = np.broadcast_to(pixel, 3).tolist()
    return Color.from_rgb(red, green, blue)
