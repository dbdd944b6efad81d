"""The loss curve of a training, for a terminal or as a PNG.

    bits/byte   · learned   ● held out
      4.20 │·
           │ ·
      2.90 │  ···●···  ·
           │          ●· ·●··
      1.70 │                 ···●
           └─────────────────────
            0        5,234 steps

What was learned from is measured before it is learned from.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console, ConsoleOptions, RenderResult
from rich.text import Text

from compgen.errors import MissingPackageError

Point = Mapping[str, Any]
"""As `neural.loss_curve` notes them: step, learned, held_out (or None), in bits per byte."""

ROWS = 12
MOST_COLUMNS = 64
MARGIN = 8
"""Columns left of the curve."""


@dataclass(frozen=True)
class LossChart:
    """A chart of dots, one column for some points each."""

    history: Sequence[Point]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        if not self.history:
            yield Text("no loss curve: the training was too short", style="dim")
            return
        learned_mark, held_out_mark = (".", "o") if options.ascii_only else ("·", "●")
        corner, wall, floor = ("+", "|", "-") if options.ascii_only else ("└", "│", "─")
        columns = max(min(options.max_width - MARGIN - 1, MOST_COLUMNS), 1)
        grid = [[" "] * columns for _ in range(ROWS)]
        low, high = _range(self.history)
        last = self.history[-1]["step"]
        for key, mark in (("learned", learned_mark), ("held_out", held_out_mark)):
            for point in self.history:
                if point[key] is not None:
                    column = round((columns - 1) * point["step"] / last)
                    row = round((ROWS - 1) * (high - point[key]) / (high - low))
                    grid[row][column] = mark
        yield Text(f"bits/byte   {learned_mark} learned   {held_out_mark} held out", style="dim")
        for number, row_of_marks in enumerate(grid):
            label = high - (high - low) * number / (ROWS - 1)
            shown = f"{label:6.2f}" if number % 4 == 0 or number == ROWS - 1 else " " * 6
            line = Text(f"{shown} {wall}", style="dim")
            line.append("".join(row_of_marks).rstrip(), style="not dim cyan")
            yield line
        yield Text(" " * 7 + corner + floor * columns, style="dim")
        steps = f"{last:,} steps"
        yield Text(" " * MARGIN + "0" + steps.rjust(columns - 1), style="dim")


def require_matplotlib() -> None:
    """Raise MissingPackageError unless a PNG can be drawn."""
    try:
        import matplotlib  # noqa: F401
    except ImportError:
        raise MissingPackageError(
            "--plot FILE needs matplotlib: pip install 'compgen[plot]' (--plot - needs none)"
        ) from None


def write_png(history: Sequence[Point], path: Path) -> None:
    """Draw the loss curve into a file. Raises OSError where it cannot be written."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 4), layout="constrained")
    axes = figure.subplots()
    axes.plot(
        [point["step"] for point in history],
        [point["learned"] for point in history],
        linewidth=1,
        label="learned",
    )
    looks = [point for point in history if point["held_out"] is not None]
    if looks:
        axes.plot(
            [point["step"] for point in looks],
            [point["held_out"] for point in looks],
            marker="o",
            label="held out",
        )
    axes.set_xlabel("step")
    axes.set_ylabel("bits per byte")
    axes.grid(alpha=0.3)
    axes.legend()
    figure.savefig(path, format="png", dpi=120)


def _range(history: Sequence[Point]) -> tuple[float, float]:
    """The lowest and the highest value, which are not the same."""
    values = [
        point[key] for point in history for key in ("learned", "held_out") if point[key] is not None
    ]
    low, high = min(values), max(values)
    return low, max(high, low + 1e-3)
