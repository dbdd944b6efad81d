"""`compgen compare`: the sample quality of compressors, side by side."""

import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from compgen.cli import console
from compgen.cli import parameters as options
from compgen.cli.interrupt import INTERRUPTED, keep_what_there_is
from compgen.cli.values import whole
from compgen.errors import InputError, UsageError
from compgen.suggest import did_you_mean

if TYPE_CHECKING:
    from compgen.experiment.run import Run
    from compgen.experiment.spec import RunSpec, Shape
    from compgen.metrics.judge import Judge
    from compgen.report.compare_table import Comparison

MEDIA = ("text",)
GRID = "The grid"
RUNS = "Running"


def compare(
    medium: Annotated[str, typer.Argument(metavar="MEDIUM", help="What is compared: text.")],
    inputs: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="[INPUT]...",
            help="Texts, each split into a corpus, a judge's text and prompts. Without: the "
            "English text in Python's own documentation.",
        ),
    ] = None,
    compressor: Annotated[
        list[str] | None,
        typer.Option(
            "--compressor",
            "-c",
            metavar="SPEC",
            help="What to compare; may be repeated. Without: gzip, zstd, brotli and bz2.",
            show_default=False,
            rich_help_panel=GRID,
        ),
    ] = None,
    reading: Annotated[
        list[str] | None,
        typer.Option(
            "--reading",
            metavar="READING",
            help="May be repeated; auto is each compressor's best.",
            show_default=False,
            rich_help_panel=GRID,
        ),
    ] = None,
    sampler: Annotated[
        list[str] | None,
        typer.Option(
            "--sampler",
            metavar="SAMPLER",
            help="May be repeated. Without: each compressor's own.",
            show_default=False,
            rich_help_panel=GRID,
        ),
    ] = None,
    temperature: Annotated[
        list[float] | None,
        typer.Option(
            "--temperature",
            "-t",
            metavar="T",
            help="May be repeated. Without: what suits each compressor.",
            show_default=False,
            rich_help_panel=GRID,
        ),
    ] = None,
    min_p: Annotated[
        list[float] | None,
        typer.Option(
            "--min-p", metavar="P", help="As above.", show_default=False, rich_help_panel=GRID
        ),
    ] = None,
    seeds: Annotated[
        int,
        whole("--seeds", low=1, high=100, help="Seeds 1 to N.", rich_help_panel=GRID),
    ] = 1,
    baselines: Annotated[
        bool,
        typer.Option(
            "--baselines/--no-baselines",
            help="Uniform bytes, an n-gram model, quotations, and null scores beside them.",
            rich_help_panel=GRID,
        ),
    ] = True,
    prompts: Annotated[int, whole("--prompts", low=1, help="Prompts of each text.")] = 40,
    length: Annotated[
        int, whole("-n", "--length", low=1, help="Bytes of each continuation.")
    ] = 200,
    prompt_bytes: Annotated[int, whole("--prompt-bytes", low=1, help="Bytes of a prompt.")] = 200,
    positions: Annotated[
        int,
        whole("--positions", low=1, help="Held-out positions at which the next byte is predicted."),
    ] = 100,
    split_seed: Annotated[int, whole("--split-seed", low=0, help="How each text is shuffled.")] = 0,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            metavar="DIR",
            help="Keep every run there; a comparison that was ended goes on where it was.",
            show_default=False,
            rich_help_panel=RUNS,
        ),
    ] = None,
    jobs: Annotated[
        int, whole("--jobs", low=1, high=256, help="Processes.", rich_help_panel=RUNS)
    ] = 1,
    executor: Annotated[
        str | None,
        typer.Option(
            "--executor",
            metavar="dask://HOST:PORT",
            help="Run on a Dask cluster.",
            show_default=False,
            rich_help_panel=RUNS,
        ),
    ] = None,
    csv: Annotated[
        Path | None,
        typer.Option(
            "--csv",
            metavar="FILE",
            help="Write the rows as CSV.",
            show_default=False,
            rich_help_panel=options.OUTPUT,
        ),
    ] = None,
    report: Annotated[
        Path | None,
        typer.Option(
            "--report",
            metavar="FILE.html",
            help="Write a page with charts and samples: one file, which needs no network.",
            show_default=False,
            rich_help_panel=options.OUTPUT,
        ),
    ] = None,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
) -> int:
    """Compare what compressors write: quality and novelty, with baselines and intervals."""
    from compgen.experiment.executors import workers_for
    from compgen.experiment.spec import RunSpec

    console.be_quiet(quiet)
    if medium not in MEDIA:
        raise UsageError(
            f"there is no medium '{medium}'{did_you_mean(medium, MEDIA)} (media: "
            f"{', '.join(MEDIA)}); the first word says what is compared: compare text FILE"
        )
    workers = workers_for(jobs, executor)
    base = RunSpec(
        text_sha256="",
        compressor="gzip",
        split_seed=split_seed,
        prompts=prompts,
        prompt_bytes=prompt_bytes,
        length=length,
        positions=positions,
    )
    interrupted = False
    comparisons, judges = [], []
    for name, text in _read(inputs):
        comparison, judge, interrupted = _compare_one(
            name,
            text,
            base,
            compressors=compressor or ["gzip", "zstd", "brotli", "bz2"],
            readings=reading or ["auto"],
            samplers=sampler or [""],
            shapes=_shapes(temperature, min_p),
            seeds=range(1, seeds + 1),
            baselines=baselines,
            out=out,
            workers=workers,
            quiet=quiet,
        )
        comparisons.append(comparison)
        judges.append(judge)
        _show(comparison, as_json=as_json)
        if interrupted:
            break
    if csv is not None:
        from compgen.atomic import write_atomically
        from compgen.report.compare_table import compare_csv

        write_atomically(csv, compare_csv(comparisons).encode())
    if report is not None:
        from compgen.atomic import write_atomically
        from compgen.report.html.page import page

        write_atomically(report, page(comparisons, judges, _command()).encode())
        console.note(f"report: {report}")
    if interrupted:
        console.note("interrupted: these are the runs that were finished")
        return INTERRUPTED
    return 0


def _read(inputs: Sequence[Path] | None) -> list[tuple[str, bytes]]:
    from compgen.cli.inputs import read_input, require_one_stdin
    from compgen.corpus import Corpus

    if not inputs:
        corpus = Corpus.builtin()
        return [(corpus.label, corpus.read(0, len(corpus)))]
    require_one_stdin(*inputs)
    return [(str(path), read_input(path)) for path in inputs]


def _shapes(temperatures: list[float] | None, min_ps: list[float] | None) -> list["Shape"]:
    """Every combination of what was given, as names and values in order."""
    hot: list[Shape] = [(("temperature", value),) for value in temperatures or ()] or [()]
    cut: list[Shape] = [(("min_p", value),) for value in min_ps or ()] or [()]
    return [first + second for second in hot for first in cut]


def _compare_one(
    name: str,
    text: bytes,
    base: "RunSpec",
    *,
    out: Path | None,
    workers: object,
    quiet: bool,
    **axes: object,
) -> tuple["Comparison", "Judge", bool]:
    """The comparison on one text, its judge, and whether Ctrl-C ended it early."""
    import hashlib
    from dataclasses import replace

    from rich.progress import Progress

    from compgen.experiment.executors import run_all, split_of
    from compgen.experiment.grid import grid
    from compgen.experiment.quality import Bench
    from compgen.experiment.store import Store
    from compgen.report.compare_table import Comparison

    base = replace(base, text_sha256=hashlib.sha256(text).hexdigest())
    try:
        split = split_of(base, text)
    except InputError as error:
        raise InputError(f"{name}: {error}") from None
    rows, skipped = grid(base, **axes)  # type: ignore[arg-type]
    store = Store(out)
    screen = console.notes()
    interrupted = False
    with Progress(
        console=screen, transient=True, disable=quiet or not console.can_redraw(screen)
    ) as progress:
        task = progress.add_task("running", total=len(rows))
        labels = {row.spec.id: row.label for row in rows}

        def finished(run: "Run") -> None:
            keep_what_there_is()
            progress.update(task, advance=1, description=labels[run.spec.id][:40])

        try:
            run_all(
                [row.spec for row in rows],
                {base.text_sha256: text},
                store,
                workers=workers,  # type: ignore[arg-type]
                progress=finished,
            )
        except KeyboardInterrupt:
            interrupted = True
        progress.update(task, description="judging")
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
    )
    return comparison, bench.judge, interrupted


def _command() -> str:
    """What was typed, as it could be typed again."""
    return shlex.join(["cgen", *sys.argv[1:]])


def _show(comparison: "Comparison", *, as_json: bool) -> None:
    from compgen.report.compare_table import compare_tables

    if as_json:
        console.show_json(comparison.as_dict())
    else:
        console.show(compare_tables(comparison))
