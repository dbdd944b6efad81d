"""The tables of `compgen compare`: quality and novelty side by side, real text first."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import isnan
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from compgen.experiment.grid import HAS_READ, Skipped
from compgen.experiment.paired import Difference, differences
from compgen.experiment.quality import Quality
from compgen.experiment.split import Split
from compgen.metrics.intervals import Mean
from compgen.report.csv_rows import csv_rows
from compgen.report.difference_table import difference_table


@dataclass(frozen=True)
class Comparison:
    """All rows of one text."""

    name: str
    sha256: str
    split: Split
    real_bits_per_byte: float
    """What the judge pays for the real continuations."""
    rows: Sequence[Quality]
    """Real text first."""
    baselines: frozenset[str] = frozenset()
    """Labels of the rows that nobody asked for."""
    skipped: Sequence[Skipped] = ()
    against: str = ""
    """Label of the row that the others are compared with; by default the first asked for."""

    @property
    def reference(self) -> Quality | None:
        """The row that the others are compared with; None: no row that was asked for is there."""
        asked = [row for row in self.rows if row.run and row.label not in self.baselines]
        named = [row for row in self.rows if self.against and row.label == self.against]
        return next(iter([*named, *asked]), None)

    @cached_property
    def differences(self) -> tuple[Difference, ...]:
        """Of all rows but the reference from the reference, in their order."""
        return () if self.reference is None else differences(self.rows, self.reference)

    @property
    def unfair(self) -> bool:
        """Whether a row is of a model that has learned from this very text."""
        return any(row.label.endswith(HAS_READ) for row in self.rows)

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        split = self.split
        reference = self.reference
        differing = {one.label: one.as_dict() for one in self.differences}
        return {
            "input": self.name,
            "sha256": self.sha256,
            "split": {
                "sha256": split.sha256,
                "pool_bytes": len(split.pool),
                "judged_bytes": len(split.judged),
                "held_out_bytes": sum(map(len, split.held_out)),
                "prompts": len(split.prompts),
            },
            "real_bits_per_byte": self.real_bits_per_byte,
            "against": None if reference is None else reference.label,
            "rows": [
                row.as_dict()
                | {"baseline": row.label in self.baselines}
                | differing.get(row.label, {})
                for row in self.rows
            ],
            "skipped": [{"label": one.label, "reason": one.reason} for one in self.skipped],
        }


def compare_tables(comparison: Comparison) -> RenderableType:
    """What was written, how real text was predicted, and what all of it means."""
    split = comparison.split
    head = Text.assemble(
        (comparison.name, "bold"),
        f": corpus {len(split.pool):,} bytes, judge's text {len(split.judged):,}, "
        f"{len(split.prompts)} prompts of {len(split.prompts[0])} bytes and their continuations of "
        f"{len(split.real[0])} (split {split.sha256[:12]})",
    )
    parts: list[RenderableType] = [head, _samples(comparison)]
    if any(row.prediction for row in comparison.rows):
        parts.append(_predictions(comparison))
    if comparison.reference is not None:
        dim = frozenset(row.label for row in comparison.rows if not row.run) | comparison.baselines
        parts.append(difference_table(comparison.differences, comparison.reference.label, dim))
    parts += [
        Text(f"left out: {one.label}: {one.reason}", style="dim") for one in comparison.skipped
    ]
    if comparison.unfair:
        parts.append(Text(UNFAIR, style="yellow"))
    parts.append(Text(LEGEND, style="dim"))
    return Group(*parts)


UNFAIR = (
    f"{HAS_READ}: not a fair row: its model has learned from this very file, from what is held "
    "out here too."
)
LEGEND = (
    "gap: judge's bits per byte less those of the real continuations; 0 is right, both sides are "
    "wrong. copied: share of bytes in verbatim copies of the corpus, 12 bytes or more. repeat: "
    "longest piece that a sample has twice. AUC: of a classifier that tells samples from real "
    "text, .5 is right. ± 95 %, bootstrap over the prompts. Low bits with much copying is "
    "retrieval, not quality (docs/metrics.md)."
)


def _samples(comparison: Comparison) -> Table:
    table = _table("what it writes", "gap", "copied", "longest", "repeat", "words", "AUC", "B/s")
    for row in comparison.rows:
        speed = row.bytes_per_second
        table.add_row(
            _name(row, comparison),
            _signed(row.gap),
            f"{row.covered.value:.2f}",
            f"{row.longest_copy.value:.0f}",
            f"{row.longest_repeat.value:.0f}",
            f"{row.valid_words.value:.2f}",
            _plain(row.auc),
            "" if speed is None else _short(speed),
        )
    return table


def _predictions(comparison: Comparison) -> Table:
    table = _table("how it predicts", "bits/byte", "top-1", "ties", "calibration", "candidates/B")
    for row in comparison.rows:
        if (found := row.prediction) is None:
            continue
        table.add_row(
            _name(row, comparison),
            f"{found.cross_entropy.value:.2f} ±{found.cross_entropy.half_width:.2f}",
            f"{100 * found.top1.value:.0f} %",
            f"{found.ties:.1f}",
            f"{found.reliability.error:.4f}",
            f"{row.candidates_per_byte or 0:.0f}",
        )
    return table


def _table(first: str, *others: str) -> Table:
    table = Table(box=None, padding=(0, 1), header_style="dim", pad_edge=False)
    table.add_column(first, overflow="fold")
    for name in others:
        table.add_column(name, justify="right", no_wrap=True)
    return table


def _name(row: Quality, comparison: Comparison) -> Text:
    is_ours = row.run is not None and row.label not in comparison.baselines
    return Text(row.label, style="" if is_ours else "dim italic")


def _signed(mean: Mean) -> str:
    if isnan(mean.half_width):  # one prompt
        return f"{mean.value:+.2f}"
    return f"{mean.value:+.2f} ±{mean.half_width:.2f}"


def _plain(value: float) -> str:
    return "–" if isnan(value) else f"{value:.2f}"


def _short(rate: float) -> str:
    """Three digits at most: 950, 12 K, 1.2 M."""
    for limit, unit in ((1e6, " M"), (1e3, " K")):
        if rate >= limit:
            return f"{rate / limit:.{1 if rate < 10 * limit else 0}f}{unit}"
    return f"{rate:.0f}"


def compare_csv(comparisons: Sequence[Comparison]) -> str:
    """All rows of all texts as CSV, a header first."""
    rows = [
        {"input": one.name, "split": one.split.sha256[:16]} | row
        for one in comparisons
        for row in one.as_dict()["rows"]
    ]
    return csv_rows(rows)
