"""A forest plot: a line a row, its difference from a reference with its interval, and zero.

row      ├──●──┤      -0.41 ±0.12      what is beyond the axis is an arrow, with its number:
noise            ▶    +7.2  ±0.10      one row that is far off does not flatten the others
"""

from collections.abc import Callable, Sequence
from html import escape
from math import isfinite
from statistics import median

from compgen.metrics.intervals import Mean
from compgen.report.html.svg import Axis, axis, colour

WIDTH = 460
LEFT, RIGHT = 150, 360
LINE = 20
"""Height of a line, in pixels."""
FAR = 5
"""A row so many times farther from 0 than the median is drawn as an arrow."""
LABEL = 24
"""Characters of a row's name that there is room for."""

Entry = tuple[int, str, Mean]
"""The row's colour, its name, its difference."""


def forest(
    entries: Sequence[Entry],
    name: str,
    is_sure: Callable[[Mean], bool] = lambda mean: mean.excludes_zero,
) -> str:
    """The SVG; empty for no entries. `name` is that of the axis, and what `is_sure` is starred."""
    shown = [(index, label, mean) for index, label, mean in entries if isfinite(mean.value)]
    if not shown:
        return ""
    scale = _axis(name, [mean for _, _, mean in shown])
    bottom = LINE * len(shown) + 4
    parts = [
        f'<svg viewBox="0 0 {WIDTH} {bottom + 36}" role="img" aria-label="{escape(name)}: '
        'difference of each row, with its interval">'
    ]
    for tick in scale.ticks:
        across = _across(scale, tick)
        kind = "zero" if tick == 0 else "grid"
        parts.append(f'<path class="{kind}" d="M{across:.1f} 0V{bottom}"/>')
        parts.append(
            f'<text class="tick" x="{across:.1f}" y="{bottom + 14}" text-anchor="middle">'
            f"{tick:g}</text>"
        )
    parts.append(
        f'<text class="axis" x="{(LEFT + RIGHT) / 2:.0f}" y="{bottom + 30}" '
        f'text-anchor="middle">{escape(name)}</text>'
    )
    parts += [_line(scale, place, entry, is_sure) for place, entry in enumerate(shown)]
    return "".join([*parts, "</svg>"])


def _line(scale: Axis, place: int, entry: Entry, is_sure: Callable[[Mean], bool]) -> str:
    index, label, mean = entry
    down = LINE * place + LINE / 2
    figure = f"{mean.value:+.2f}"
    if isfinite(mean.half_width):
        figure += f" ±{mean.half_width:.2f}{'*' if is_sure(mean) else ''}"
    short = label if len(label) <= LABEL else f"{label[: LABEL - 1]}…"
    parts = [
        f"<g><title>{escape(label)}: {figure}</title>",
        f'<text class="tick" x="{LEFT - 8}" y="{down + 4:.1f}" text-anchor="end">'
        f"{escape(short)}</text>",
        f'<text class="tick" x="{RIGHT + 8}" y="{down + 4:.1f}">{figure}</text>',
    ]
    if not scale.low <= mean.value <= scale.high:
        at, point = (RIGHT, 7) if mean.value > 0 else (LEFT, -7)
        parts.append(
            f'<path d="M{at - point} {down - 5:.1f}L{at} {down:.1f}L{at - point} {down + 5:.1f}z" '
            f'fill="{colour(index)}"/>'
        )
        return "".join([*parts, "</g>"])
    if isfinite(mean.half_width):
        parts.append(
            f'<path d="M{_across(scale, mean.low):.1f} {down:.1f}H{_across(scale, mean.high):.1f}" '
            f'stroke="{colour(index)}" stroke-width="2"/>'
        )
    parts.append(
        f'<circle cx="{_across(scale, mean.value):.1f}" cy="{down:.1f}" r="4" '
        f'fill="{colour(index)}"/>'
    )
    return "".join([*parts, "</g>"])


def _axis(name: str, means: Sequence[Mean]) -> Axis:
    """Round ticks around 0, for all rows but those that are far off."""
    far = FAR * median(abs(mean.value) for mean in means)
    near = [mean for mean in means if abs(mean.value) <= far] or list(means)
    ends = [end for mean in near for end in (mean.value, mean.low, mean.high) if isfinite(end)]
    return axis(name, ends, zero=True)


def _across(scale: Axis, value: float) -> float:
    return LEFT + scale.share(value) * (RIGHT - LEFT)
