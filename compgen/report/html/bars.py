"""Bars that lie, logarithmic: speeds and times."""

import math
from collections.abc import Callable, Sequence
from html import escape

from compgen.report.html.svg import WIDTH, colour

BAR = 18
"""Height of a bar and the space below it, in pixels."""
NAMES, LONGEST = 176, 200
"""Pixels: for the names, and of the longest bar."""


def bars(
    known: Sequence[tuple[int, str, float]], spelled: Callable[[float], str], label: str
) -> str:
    """A bar for each series: its place, its name and a value above 0. No values, no chart.

    `label` says to a screen reader what it is.
    """
    if not known:
        return ""
    top = max(value for _, _, value in known)
    bottom = min(1.0, *(value for _, _, value in known), top / 2)
    height = BAR * len(known) + 4
    parts = [f'<svg viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{escape(label)}">']
    for place, (index, name, value) in enumerate(known):
        long = LONGEST * math.log(value / bottom + 1) / math.log(top / bottom + 1)
        y = BAR * place
        parts.append(
            f'<text class="tick" x="{NAMES}" y="{y + 13}" text-anchor="end">'
            f"{escape(name[:28])}</text>"
            f'<rect x="{NAMES + 6}" y="{y + 3}" width="{long:.1f}" height="{BAR - 6}" '
            f'fill="{colour(index)}"/>'
            f'<text class="tick" x="{NAMES + 12 + long:.1f}" y="{y + 13}">'
            f"{escape(spelled(value))}</text>"
        )
    return "".join([*parts, "</svg>"])
