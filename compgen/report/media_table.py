"""The tables of `compgen compare image` and `audio`: the truth first, forgeries, null scores."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isnan
from pathlib import Path
from typing import Any

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from compgen.experiment.exhibit import Exhibit, Figure
from compgen.experiment.grid import HAS_READ, Skipped
from compgen.experiment.media_quality import AGREEMENT, OF_RUNS, SECONDS, MediaRow
from compgen.metrics.intervals import Mean
from compgen.report.compare_table import UNFAIR
from compgen.report.csv_rows import csv_rows

NOTHING = "–"
COMPARED = {
    "image": ("gradient", "spectrum", "patches", "excess", "ssim"),
    "audio": ("to_truth", "to_known", "levels", "voiced"),
}
"""The figures whose differences the table has room for."""
NARROW = {
    "image": ("gradient", "excess", "seam", "copied", "ssim"),
    "audio": ("to_truth", "levels", "silent", "voiced", "copied"),
}
"""The figures for which a terminal of 80 columns has room, and …"""
COMPARED_NARROW = {"image": ("gradient", "excess"), "audio": ("to_truth", "voiced")}
"""… their differences."""

SURE = 6
"""Values from which on an interval may say that a difference is none of chance: fewer all have
one sign more often than 1 time in 20 (of 5, 1 in 16), and a bootstrap cannot know."""


@dataclass(frozen=True)
class MediaComparison:
    """All rows of all inputs."""

    exhibits: Sequence[Exhibit]
    seeds: Sequence[int]
    rows: Sequence[MediaRow]
    """The truth first."""
    skipped: Sequence[Skipped] = ()

    @property
    def medium(self) -> str:
        """`image` or `audio`."""
        return self.exhibits[0].medium

    @property
    def figures(self) -> tuple[Figure, ...]:
        """All columns."""
        return (*self.exhibits[0].figures, *OF_RUNS)

    @property
    def names(self) -> list[str]:
        """What the inputs are called: without their directories, if that is clear."""
        short = [Path(one.name).name for one in self.exhibits]
        return short if len(set(short)) == len(short) else [one.name for one in self.exhibits]

    @property
    def described(self) -> str:
        """The inputs and how each was cut."""
        cuts = [one.description for one in self.exhibits]
        if len(set(cuts)) == 1:
            return f"{', '.join(self.names)}: {cuts[0]}"
        pairs = zip(self.names, cuts, strict=True)
        return ", ".join(f"{name} ({cut})" for name, cut in pairs)

    @property
    def unfair(self) -> bool:
        """Whether a row is of a model that has learned from an input."""
        return any(row.label.endswith(HAS_READ) for row in self.rows)

    @property
    def resampled(self) -> int:
        """How many values an interval comes from."""
        return len(self.exhibits) if len(self.exhibits) > 1 else len(self.seeds)

    @property
    def scope(self) -> str:
        """What n is, and what the intervals are about."""
        inputs, seeds = len(self.exhibits), len(self.seeds)
        n = f"n = {inputs} {'input' if inputs == 1 else 'inputs'} × {seeds} "
        n += "seed" if seeds == 1 else "seeds"
        if self.resampled < 2:
            return f"{n}: a single sample has no interval"
        if inputs > 1:
            n += f"; intervals are over the {inputs} inputs, each the mean of its seeds"
        else:
            n += "; intervals are over the seeds, and are about this one input alone"
        if self.resampled < SURE:
            n += f", and of fewer than {SURE} they are too narrow"
        return n

    def label(self, row: MediaRow) -> str:
        """What a row is called, and how much there is of it, if that is not all."""
        whole = len(self.exhibits) * len(self.seeds)
        if row.way is None or len(row.cells) == whole:
            return row.label
        return f"{row.label} ({len(row.cells)} of {whole})"

    def is_sure(self, row: MediaRow, name: str) -> bool:
        """Whether the sign of a row's difference in a figure is more than chance: see `SURE`."""
        if row.differences is None or row.pairs[name] < SURE:
            return False
        return row.differences[name].excludes_zero

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "medium": self.medium,
            "inputs": [
                {"input": one.name, "sha256": one.sha256, "cut": one.description}
                for one in self.exhibits
            ],
            "seeds": list(self.seeds),
            "rows": [row.as_dict() | {"cells": self._cells(row)} for row in self.rows],
            "skipped": [{"label": one.label, "reason": one.reason} for one in self.skipped],
        }

    def csv(self) -> str:
        """The rows as CSV, a header first."""
        return csv_rows([{"medium": self.medium} | row.as_dict() for row in self.rows])

    def _cells(self, row: MediaRow) -> list[dict[str, Any]]:
        return [
            {
                "input": self.exhibits[place].name,
                "seed": seed,
                "id": None if cell.run is None else cell.run.spec.id,
                "choices": None if cell.run is None else cell.run.choices,
            }
            | {name: None if isnan(value) else value for name, value in cell.figures.items()}
            for (place, seed), cell in row.cells.items()
        ]


def media_tables(comparison: MediaComparison) -> RenderableType:
    """What was made, what that is less the null score, and what all of it means."""
    head = Text(f"{comparison.described}; {comparison.scope}.")
    parts: list[RenderableType] = [head, _figures(comparison)]
    if any(row.differences for row in comparison.rows):
        parts.append(_differences(comparison))
    parts += [
        Text(f"left out: {one.label}: {one.reason}", style="dim") for one in comparison.skipped
    ]
    if comparison.unfair:
        parts.append(Text(UNFAIR, style="yellow"))
    parts.append(Text(LEGENDS[comparison.medium], style="dim"))
    return Group(*parts)


BELOW = (
    "Below: less the row named, on the same inputs and seeds, and where the truth's own value is "
    "the right one, how much farther from it; *: 0 is outside the 95 % interval, and n is 6 or "
    "more. as null: how often the choice was the blind one (docs/compare.md, docs/metrics.md)."
)
LEGENDS = {
    "image": (
        "gradient, spectrum, |Δbpp|: off the truth's, 0 is right. patches: off the given part's; "
        "the nearer to the truth's own the better, as copied is. seam: 1 is right. PSNR* and "
        f"SSIM* punish diversity: flat gray beats a good sample. {BELOW}"
    ),
    "audio": (
        "spectrum, levels (dB), pitches (semitones), |voiced|: off the truth's, 0 is right. to "
        "given: spectrum off the given part's; the nearer to the truth's own the better, as copied "
        f"is. silent: share of samples that die away. {BELOW}"
    ),
}


@dataclass(frozen=True)
class _Fitting:
    """The first of some tables for which there is room, or else the last."""

    tables: Sequence[Table]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        unlimited = options.update_width(1_000)
        for table in self.tables[:-1]:
            if Measurement.get(console, unlimited, table).maximum <= options.max_width:
                yield table
                return
        yield self.tables[-1]


def _figures(comparison: MediaComparison) -> _Fitting:
    every = comparison.exhibits[0].figures
    few = [figure for figure in every if figure.name in NARROW[comparison.medium]]
    return _Fitting([_figure_table(comparison, [*one, SECONDS]) for one in (every, few)])


def _figure_table(comparison: MediaComparison, shown: Sequence[Figure]) -> Table:
    table = _table("what is made", *(figure.title for figure in shown))
    for row in comparison.rows:
        table.add_row(_name(row, comparison), *(_mean(row, figure) for figure in shown))
    return table


def _differences(comparison: MediaComparison) -> _Fitting:
    named = {figure.name: figure for figure in comparison.figures}
    return _Fitting(
        [
            _difference_table(comparison, [named[name] for name in names[comparison.medium]])
            for names in (COMPARED, COMPARED_NARROW)
        ]
    )


def _difference_table(comparison: MediaComparison, shown: Sequence[Figure]) -> Table:
    table = _table("what differs", *(figure.title for figure in shown), AGREEMENT.title)
    versus = None
    for row in sorted(comparison.rows, key=lambda row: _order(comparison, row)):
        if row.differences is None:
            continue
        if row.versus != versus:
            versus = row.versus
            table.add_row(Text(f"less {versus}", style="dim italic"))
        agreement = row.means.get(AGREEMENT.name)
        table.add_row(
            _name(row, comparison),
            *(
                _signed(row.differences[figure.name], comparison.is_sure(row, figure.name))
                for figure in shown
            ),
            NOTHING if agreement is None else f"{100 * agreement.value:.0f} %",
        )
    return table


def _order(comparison: MediaComparison, row: MediaRow) -> int:
    """The place of the row that it is compared with."""
    return next((place for place, one in enumerate(comparison.rows) if one.label == row.versus), 0)


def _table(first: str, *others: str) -> Table:
    table = Table(box=None, padding=(0, 1, 0, 0), header_style="dim", pad_edge=False)
    table.add_column(first, overflow="fold", min_width=16)
    for name in others:
        table.add_column(name, justify="right", no_wrap=True)
    return table


def _name(row: MediaRow, comparison: MediaComparison) -> Text:
    return Text(comparison.label(row), style="" if row.kind == "ours" else "dim italic")


def _mean(row: MediaRow, figure: Figure) -> str:
    mean = row.means.get(figure.name)
    if mean is None:
        return NOTHING
    return with_interval(mean, figure) if figure.wide else format(mean.value, figure.form)


def _signed(difference: Mean, is_sure: bool) -> str:
    if isnan(difference.value):
        return NOTHING
    if isnan(difference.half_width):
        return f"{difference.value:+.2f}"
    return f"{difference.value:+.2f} ±{difference.half_width:.2f}{'*' if is_sure else ' '}"


def with_interval(mean: Mean, figure: Figure) -> str:
    """A mean and half its interval, if it has one."""
    text = format(mean.value, figure.form)
    if mean.half_width > 0:  # not NaN
        text += f" ±{mean.half_width:{figure.form}}"
    return text
