"""`compgen compare text`: continuations of held-out prompts."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from compgen.cli import console
from compgen.cli.compare_runs import Compared, Running, run_grid, saying
from compgen.errors import InputError, UsageError
from compgen.suggest import did_you_mean

if TYPE_CHECKING:
    from compgen.experiment.spec import RunSpec, Shape
    from compgen.metrics.judge import Judge
    from compgen.report.compare_table import Comparison


@dataclass(frozen=True)
class Axes:
    """What the grid of each text is made of."""

    compressors: Sequence[str]
    readings: Sequence[str]
    samplers: Sequence[str]
    shapes: Sequence["Shape"]
    seeds: Sequence[int]
    baselines: bool
    against: str = ""
    """The row that the others are compared with; empty: the first that was asked for."""


def compare_texts(
    inputs: Sequence[Path], base: "RunSpec", axes: Axes, running: Running
) -> Compared:
    """Compare on every text, and show each comparison as soon as it is made."""
    comparisons: list[Comparison] = []
    judges: list[Judge] = []
    interrupted = False
    for name, text in _read(inputs):
        comparison, judge, interrupted = _compare_one(name, text, base, axes, running)
        comparisons.append(comparison)
        judges.append(judge)
        _show(comparison, as_json=running.as_json)
        if interrupted:
            break

    def csv() -> str:
        from compgen.report.compare_table import compare_csv

        return compare_csv(comparisons)

    def page(command: str) -> str:
        from compgen.report.html.page import page as text_page

        return text_page(comparisons, judges, command)

    return Compared(csv, page, interrupted)


def shapes(temperatures: list[float] | None, min_ps: list[float] | None) -> list["Shape"]:
    """Every combination of what was given, as names and values in order."""
    hot: list[Shape] = [(("temperature", value),) for value in temperatures or ()] or [()]
    cut: list[Shape] = [(("min_p", value),) for value in min_ps or ()] or [()]
    return [first + second for second in hot for first in cut]


def _read(inputs: Sequence[Path]) -> list[tuple[str, bytes]]:
    from compgen.cli.inputs import read_input, require_one_stdin
    from compgen.corpus import Corpus

    if not inputs:
        corpus = Corpus.builtin()
        return [(corpus.label, corpus.read(0, len(corpus)))]
    require_one_stdin(*inputs)
    return [(str(path), read_input(path)) for path in inputs]


def _compare_one(
    name: str, text: bytes, base: "RunSpec", axes: Axes, running: Running
) -> tuple["Comparison", "Judge", bool]:
    """The comparison on one text, its judge, and whether Ctrl-C ended it early."""
    from compgen.experiment.grid import grid
    from compgen.experiment.quality import Bench
    from compgen.experiment.split import split_of
    from compgen.report.compare_table import Comparison

    base = replace(base, text_sha256=hashlib.sha256(text).hexdigest())
    try:
        split = split_of(base, text)
    except InputError as error:
        raise InputError(f"{name}: {error}") from None
    rows, skipped = grid(
        base,
        compressors=axes.compressors,
        readings=axes.readings,
        samplers=axes.samplers,
        shapes=axes.shapes,
        seeds=axes.seeds,
        baselines=axes.baselines,
    )
    against = _row_called(axes.against, [row.label for row in rows])
    store = running.store()
    specs = [(row.spec, row.label) for row in rows]
    interrupted = run_grid(specs, {base.text_sha256: text}, store, running)
    with saying("judging", running):
        bench = Bench(split)
        finished_runs = [(row.label, store.get(row.spec)) for row in rows]
        measured = [bench.real()]
        measured += [bench.measure(run, label) for label, run in finished_runs if run is not None]
    comparison = Comparison(
        name=name,
        sha256=base.text_sha256,
        split=split,
        real_bits_per_byte=bench.real_bits_per_byte,
        rows=measured,
        baselines=frozenset(row.label for row in rows if row.is_baseline),
        skipped=skipped,
        against=against,
    )
    return comparison, bench.judge, interrupted


def _row_called(name: str, labels: Sequence[str]) -> str:
    """The label that is meant, with its mark if it has one. Raises UsageError if there is none."""
    from compgen.experiment.grid import HAS_READ
    from compgen.experiment.quality import REAL

    named = {label.removesuffix(f" {HAS_READ}"): label for label in (REAL, *labels)}
    if name and name not in named:
        raise UsageError(
            f"--against {name}: there is no such row{did_you_mean(name, list(named))} (rows: "
            f"{', '.join(named)})"
        )
    return named.get(name, "")


def _show(comparison: "Comparison", *, as_json: bool) -> None:
    from compgen.report.compare_table import compare_tables

    if as_json:
        console.show_json(comparison.as_dict())
    else:
        console.show(compare_tables(comparison))
