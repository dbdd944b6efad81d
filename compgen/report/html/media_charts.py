"""The charts of a page about pictures or sounds. Every row has a number, which its points bear."""

from collections.abc import Sequence
from html import escape

from compgen.experiment.exhibit import Figure
from compgen.experiment.media_quality import MediaRow
from compgen.report.html.bars import bars
from compgen.report.html.svg import WIDTH, Axis, Frame, axis, colour

ROOM = 1.05
"""How far the axes go beyond the last point."""
FAR = 2.0
"""A forgery stands at the edge whose figure is so many times that of every other row."""


def numbered_legend(rows: Sequence[MediaRow]) -> str:
    """Which number and which colour is which row."""
    entries = [
        f'<li class="{row.kind}"><b style="background:{colour(index)}">{index + 1}</b>'
        f"{escape(row.label)}</li>"
        for index, row in enumerate(rows)
    ]
    return f'<ul class="legend numbered">{"".join(entries)}</ul>'


def pair(rows: Sequence[MediaRow], across: Figure, up: Figure) -> str:
    """One figure against another, a point for each row. Forgeries far off stand at the edge."""
    shown = [
        (index, row)
        for index, row in enumerate(rows)
        if across.name in row.means
        and up.name in row.means
        # its own best would leave no room for the others
        and not (row.kind == "truth" and across.better == "higher")
    ]
    if len(shown) < 2:
        return ""
    frame = Frame(_axis(across, shown), _axis(up, shown, intervals=True))
    marks = []
    for index, row in shown:
        x, y = row.means[across.name].value, row.means[up.name]
        beyond = x > frame.x.high or y.value > frame.y.high
        title = f"{row.label}: {across.title} {x:.2f}, {up.title} {y.value:.2f}"
        title += " (beyond the edge)" if beyond else ""
        if not beyond:
            marks.append(frame.span(x, y.low, y.high, index))
        marks.append(frame.dot(x, y.value, index, title, hollow=row.kind != "ours"))
        marks.append(_number(frame, x, y.value, index))
    return frame.chart(marks, f"{up.title} against {across.title}, a point for each row")


def times(rows: Sequence[MediaRow], seconds: Figure) -> str:
    """Seconds of the processor for a sample, logarithmic."""
    known = [
        (index, row.label, row.means[seconds.name].value)
        for index, row in enumerate(rows)
        if seconds.name in row.means and row.means[seconds.name].value > 0
    ]
    return bars(known, lambda value: f"{value:.2g} s", "Seconds of the processor for one sample")


def _axis(
    figure: Figure, shown: Sequence[tuple[int, MediaRow]], *, intervals: bool = False
) -> Axis:
    """From 0 to a little beyond the rows that are no forgeries, and to forgeries nearby."""
    means = [(row.kind, row.means[figure.name]) for _, row in shown]
    ours = [mean.value for kind, mean in means if kind != "forgery"]
    if intervals:
        ours += [mean.high for kind, mean in means if kind != "forgery" and mean.high > 0]
    near = [mean.value for _, mean in means if mean.value <= FAR * max(ours, default=0.0)]
    return axis(figure.title, [value * ROOM for value in [*ours, *near]], zero=True)


def _number(frame: Frame, x: float, y: float, index: int) -> str:
    across, down = frame.at(x, y)
    across += 8 if across < WIDTH - 30 else -20
    down += -6 if down > 24 else 14
    return (
        f'<text class="tick" x="{across:.1f}" y="{down:.1f}" aria-hidden="true">{index + 1}</text>'
    )
