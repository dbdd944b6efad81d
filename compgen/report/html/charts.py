"""The charts of a comparison's page."""

import math
from collections.abc import Sequence
from html import escape
from typing import Protocol

from compgen.experiment.quality import REAL, Prediction, Quality
from compgen.experiment.run import CONTEXT_LENGTHS
from compgen.report.html.bars import bars
from compgen.report.html.svg import Axis, Frame, axis, colour

RANK_BORDERS = (1, 2, 3, 5, 9, 17, 33, 65, 129, 257)


class Labelled(Protocol):
    """A row of any table."""

    @property
    def label(self) -> str:
        """What it is called."""


def legend(rows: Sequence[Labelled]) -> str:
    """Which colour is which row."""
    entries = [
        f'<li><b style="background:{colour(index)}"></b>{escape(row.label)}</li>'
        for index, row in enumerate(rows)
    ]
    return f'<ul class="legend">{"".join(entries)}</ul>'


def scatter(rows: Sequence[Quality]) -> str:
    """Quality against novelty: the gap to real text over the share that is copied."""
    shown = [row for row in rows if math.isfinite(row.gap.value)]
    frame = Frame(
        Axis("share of bytes in verbatim copies", 0, 1, (0, 0.2, 0.4, 0.6, 0.8, 1)),
        axis("gap to real text, bits per byte", [row.gap.value for row in shown], zero=True),
    )
    _, zero = frame.at(0, 0)
    marks = [
        f'<path class="zero" d="M{frame.at(0, 0)[0]:.1f} {zero:.1f}H{frame.at(1, 0)[0]:.1f}"/>'
    ]
    for index, row in enumerate(rows):
        if row not in shown:
            continue
        marks.append(frame.span(row.covered.value, row.gap.low, row.gap.high, index))
        title = f"{row.label}: gap {row.gap.value:+.2f}, {100 * row.covered.value:.0f} % copied"
        marks.append(
            frame.dot(row.covered.value, row.gap.value, index, title, hollow=row.label == REAL)
        )
    return frame.chart(
        marks, "Gap to real text against share of copied bytes, a point for each row"
    )


def calibration(rows: Sequence[tuple[int, str, Prediction]]) -> str:
    """What came true of what was given a probability; the diagonal is honest."""
    ticks = (0.001, 0.01, 0.1, 1.0)
    frame = Frame(
        Axis("probability given", 0.001, 1, ticks, log=True),
        Axis("share that came", 0.001, 1, ticks, log=True),
    )
    left, bottom = frame.at(0.001, 0.001)
    right, top = frame.at(1, 1)
    marks = [f'<path class="zero" d="M{left:.1f} {bottom:.1f}L{right:.1f} {top:.1f}"/>']
    for index, label, found in rows:
        bins = found.reliability
        points = [
            (given, came)
            for given, came, count in zip(bins.given, bins.came, bins.predictions, strict=True)
            if count and came > 0 and given >= 0.001
        ]
        title = f"{label}: calibration error {bins.error:.4f}"
        marks.append(frame.line(points, index, title))
        marks += [frame.dot(x, y, index, f"{title}; {x:.3f} → {y:.3f}") for x, y in points]
    return frame.chart(marks, "Share of predictions that came true against their probability")


def rank_lines(rows: Sequence[tuple[int, str, Prediction]]) -> str:
    """How far down the list the true byte was: the share at or above each rank."""
    frame = Frame(
        Axis(
            "rank of the true byte, at most", 1, 256, (1, 2, 4, 8, 16, 32, 64, 128, 256), log=True
        ),
        Axis("share of positions", 0, 1, (0, 0.2, 0.4, 0.6, 0.8, 1)),
    )
    marks = []
    for index, label, found in rows:
        points = [(float(rank), float((found.ranks <= rank).mean())) for rank in frame.x.ticks]
        marks.append(frame.line(points, index, label))
        marks += [
            frame.dot(x, y, index, f"{label}: {100 * y:.0f} % in the first {x:.0f}")
            for x, y in points
        ]
    return frame.chart(marks, "Cumulative share of positions by the rank of the true byte")


def context_curve(rows: Sequence[tuple[int, str, Prediction]]) -> str:
    """In-context learning: bits of the next byte after so much context, and nothing else."""
    values = [float(bits) for _, _, found in rows for bits in found.curve]
    frame = Frame(
        Axis(
            "bytes of context, without a corpus",
            float(CONTEXT_LENGTHS[0]),
            float(CONTEXT_LENGTHS[-1]),
            tuple(map(float, CONTEXT_LENGTHS)),
            log=True,
        ),
        axis("bits per byte", values, zero=True),
    )
    marks = []
    for index, label, found in rows:
        points = list(zip(map(float, CONTEXT_LENGTHS), map(float, found.curve), strict=True))
        marks.append(frame.line(points, index, label))
        marks += [
            frame.dot(x, y, index, f"{label}: {y:.2f} bits after {x:.0f} bytes")
            for x, y in points
            if math.isfinite(y)
        ]
    return frame.chart(marks, "Bits per byte against the length of the context")


def speeds(rows: Sequence[Quality]) -> str:
    """Bytes written in a second, logarithmic."""
    timed = [(index, row, row.bytes_per_second) for index, row in enumerate(rows)]
    known = [(index, row.label, rate) for index, row, rate in timed if rate]
    return bars(known, lambda rate: f"{rate:,.0f} B/s", "Bytes written in a second")
