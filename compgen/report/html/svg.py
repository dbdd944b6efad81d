"""Small charts as inline SVG. Colours are CSS variables, so a page has a dark side too.

Frame: data ranges ─► pixels      ┌────────────────┐
                                  │ y ticks        │
                                  │      marks     │
                                  └─ x ticks ──────┘
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

WIDTH, HEIGHT = 460, 300
LEFT, RIGHT, TOP, BOTTOM = 52, 14, 12, 44
COLOURS = ("--c1", "--c2", "--c3", "--c4", "--c5", "--c6", "--c7", "--c8")


def colour(index: int) -> str:
    """The colour of a series."""
    return f"var({COLOURS[index % len(COLOURS)]})"


@dataclass(frozen=True)
class Axis:
    """A range, its ticks and its name. `log`: base 2."""

    name: str
    low: float
    high: float
    ticks: tuple[float, ...] = ()
    log: bool = False

    def share(self, value: float) -> float:
        """Where a value is between the ends, 0 to 1."""
        low, high = self._scaled(self.low), self._scaled(self.high)
        return (self._scaled(min(max(value, self.low), self.high)) - low) / ((high - low) or 1)

    def _scaled(self, value: float) -> float:
        return math.log2(value) if self.log else value


def axis(name: str, values: Sequence[float], *, zero: bool = False) -> Axis:
    """An axis with round ticks that has room for all finite values."""
    finite = [value for value in values if math.isfinite(value)] or [0.0, 1.0]
    low, high = min(finite), max(finite)
    if zero:
        low, high = min(low, 0.0), max(high, 0.0)
    if high - low < 1e-9:
        high = low + 1
    step = 10.0 ** math.floor(math.log10(high - low))
    for factor in (0.2, 0.5, 1.0, 2.0):
        if (high - low) / (factor * step) <= 7:
            step *= factor
            break
    first, last = math.floor(low / step), math.ceil(high / step)
    ticks = tuple(round(index * step, 10) for index in range(first, last + 1))
    return Axis(name, ticks[0], ticks[-1], ticks)


@dataclass(frozen=True)
class Frame:
    """Where things are drawn."""

    x: Axis
    y: Axis
    height: int = HEIGHT

    def at(self, x: float, y: float) -> tuple[float, float]:
        """Pixels of a point."""
        across = LEFT + self.x.share(x) * (WIDTH - LEFT - RIGHT)
        down = self.height - BOTTOM - self.y.share(y) * (self.height - TOP - BOTTOM)
        return across, down

    def chart(self, marks: Sequence[str], label: str) -> str:
        """The SVG: grid, ticks, names and marks. `label` says to a screen reader what it is."""
        parts = [
            f'<svg viewBox="0 0 {WIDTH} {self.height}" role="img" aria-label="{escape(label)}">'
        ]
        bottom = self.height - BOTTOM
        for tick in self.x.ticks:
            across, _ = self.at(tick, self.y.low)
            parts.append(f'<path class="grid" d="M{across:.1f} {TOP}V{bottom}"/>')
            parts.append(
                f'<text class="tick" x="{across:.1f}" y="{bottom + 16}" text-anchor="middle">'
                f"{_spelled(tick)}</text>"
            )
        for tick in self.y.ticks:
            _, down = self.at(self.x.low, tick)
            parts.append(f'<path class="grid" d="M{LEFT} {down:.1f}H{WIDTH - RIGHT}"/>')
            parts.append(
                f'<text class="tick" x="{LEFT - 6}" y="{down + 4:.1f}" text-anchor="end">'
                f"{_spelled(tick)}</text>"
            )
        middle = (LEFT + WIDTH - RIGHT) / 2
        parts.append(
            f'<text class="axis" x="{middle:.0f}" y="{self.height - 8}" text-anchor="middle">'
            f"{escape(self.x.name)}</text>"
        )
        parts.append(
            f'<text class="axis" transform="translate(13 {(TOP + bottom) / 2:.0f}) rotate(-90)" '
            f'text-anchor="middle">{escape(self.y.name)}</text>'
        )
        return "".join([*parts, *marks, "</svg>"])

    def dot(self, x: float, y: float, index: int, title: str, *, hollow: bool = False) -> str:
        """A point with a tooltip."""
        across, down = self.at(x, y)
        fill = "var(--page)" if hollow else colour(index)
        return (
            f'<circle cx="{across:.1f}" cy="{down:.1f}" r="5" fill="{fill}" '
            f'stroke="{colour(index)}" stroke-width="2"><title>{escape(title)}</title></circle>'
        )

    def line(self, points: Sequence[tuple[float, float]], index: int, title: str) -> str:
        """A line through the points; those that are not finite are left out."""
        known = [self.at(x, y) for x, y in points if math.isfinite(x) and math.isfinite(y)]
        path = "L".join(f"{across:.1f} {down:.1f}" for across, down in known)
        if not path:
            return ""
        return (
            f'<path d="M{path}" fill="none" stroke="{colour(index)}" stroke-width="2">'
            f"<title>{escape(title)}</title></path>"
        )

    def span(self, x: float, low: float, high: float, index: int) -> str:
        """A vertical interval."""
        if not (math.isfinite(low) and math.isfinite(high)):
            return ""
        across, bottom = self.at(x, low)
        _, top = self.at(x, high)
        return (
            f'<path d="M{across:.1f} {bottom:.1f}V{top:.1f}" stroke="{colour(index)}" '
            'stroke-width="1.5" opacity=".6"/>'
        )

    def bar(self, x: float, y: float, width: float, index: int, title: str) -> str:
        """A bar from the bottom up, `width` wide in the units of x."""
        left, top = self.at(x, y)
        right, bottom = self.at(x + width, self.y.low)
        return (
            f'<rect x="{left:.1f}" y="{top:.1f}" width="{max(right - left - 1, 0.5):.1f}" '
            f'height="{bottom - top:.1f}" fill="{colour(index)}"><title>{escape(title)}</title>'
            "</rect>"
        )


def _spelled(value: float) -> str:
    if value == int(value) and abs(value) < 1e6:
        return str(int(value))
    return f"{value:g}"
