"""`compgen compare`: what compressors write, paint and play, side by side."""

import os
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from compgen.cli import console
from compgen.cli import parameters as options
from compgen.cli.compare_runs import Compared, Running
from compgen.cli.conversion import Force
from compgen.cli.files import STANDARD, open_output
from compgen.cli.interrupt import INTERRUPTED
from compgen.cli.values import flag, real, whole
from compgen.errors import UsageError
from compgen.suggest import did_you_mean

MEDIA = ("text", "image", "audio")
GRID = "The grid"
TEXT, IMAGE, AUDIO = "Texts", "Pictures", "Sounds"
RUNS = "Running"
ONLY_FOR = {
    "sampler": ("text",),
    "prompts": ("text",),
    "length": ("text",),
    "prompt_bytes": ("text",),
    "positions": ("text",),
    "split_seed": ("text",),
    "against": ("text",),
    "unit": ("image", "audio"),
    "norm": ("image", "audio"),
    "keep": ("image", "audio"),
    "size": ("image",),
    "gray": ("image",),
    "rate": ("audio",),
    "seconds": ("audio",),
}
"""Options that make no sense for every medium."""


def compare(
    context: typer.Context,
    medium: Annotated[
        str, typer.Argument(metavar="MEDIUM", help="What is compared: text, image or audio.")
    ],
    inputs: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="[INPUT]...",
            help="Texts, each split into a corpus, a judge's text and prompts (without: the "
            "English text in Python's own documentation); pictures or sounds, of which a part is "
            "given.",
        ),
    ] = None,
    compressor: Annotated[
        list[str] | None,
        typer.Option(
            "--compressor",
            "-c",
            metavar="SPEC",
            help="What to compare; may be repeated. Without: gzip, zstd, brotli and bz2; png, "
            "gzip and pixelcm for pictures; flac, gzip, cm and samplecm for sounds.",
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
            rich_help_panel=TEXT,
        ),
    ] = None,
    unit: Annotated[
        list[str] | None,
        typer.Option(
            "--unit",
            metavar="UNIT",
            help="Pictures and sounds: in what a compressor is asked; may be repeated. Without: "
            "that in which it can answer.",
            show_default=False,
            rich_help_panel=GRID,
        ),
    ] = None,
    norm: Annotated[
        list[str] | None,
        typer.Option(
            "--norm",
            metavar="NORM",
            help="Pictures and sounds: how proposals are weighed, typical, importance or raw; may "
            "be repeated.",
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
        flag(
            "--baselines/--no-baselines",
            help="What is not from a compressor: uniform bytes, an n-gram model, quotations; "
            "noise, mirror images; and null scores, chosen without the compressor.",
            rich_help_panel=GRID,
        ),
    ] = True,
    prompts: Annotated[
        int, whole("--prompts", low=1, help="Prompts of each text.", rich_help_panel=TEXT)
    ] = 40,
    length: Annotated[
        int,
        whole("-n", "--length", low=1, help="Bytes of each continuation.", rich_help_panel=TEXT),
    ] = 200,
    prompt_bytes: Annotated[
        int, whole("--prompt-bytes", low=1, help="Bytes of a prompt.", rich_help_panel=TEXT)
    ] = 200,
    positions: Annotated[
        int,
        whole(
            "--positions",
            low=1,
            help="Held-out positions at which the next byte is predicted.",
            rich_help_panel=TEXT,
        ),
    ] = 100,
    split_seed: Annotated[
        int,
        whole("--split-seed", low=0, help="How each text is shuffled.", rich_help_panel=TEXT),
    ] = 0,
    against: Annotated[
        str | None,
        typer.Option(
            "--against",
            metavar="ROW",
            show_default=False,
            help="The row that the others are compared with, by its name in the table; by "
            "default the first -c.",
            rich_help_panel=TEXT,
        ),
    ] = None,
    keep: Annotated[
        str | None,
        typer.Option(
            "--keep",
            metavar="PART",
            help="What is given: top:50% or left:16 of a picture, by default top:50%; 60%, 2s or "
            "500ms of a sound, by default 60%.",
            show_default=False,
            rich_help_panel=IMAGE,
        ),
    ] = None,
    size: Annotated[
        str,
        typer.Option(
            "--size",
            metavar="WxH",
            help="Crop and resample to this first.",
            rich_help_panel=IMAGE,
        ),
    ] = "64x64",
    gray: Annotated[
        bool, flag("--gray/--colour", help="In gray, or in colour.", rich_help_panel=IMAGE)
    ] = True,
    rate: Annotated[
        int,
        whole(
            "--rate",
            low=1_000,
            high=48_000,
            metavar="HZ",
            help="Resample to this first.",
            rich_help_panel=AUDIO,
        ),
    ] = 8_000,
    seconds: Annotated[
        float,
        real(
            "--seconds",
            above=0.0,
            help="How much to make of what follows, at most.",
            rich_help_panel=AUDIO,
        ),
    ] = 1.0,
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
    force: Force = False,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
) -> int:
    """Compare what compressors make: against the truth, with baselines and intervals.

    [dim]cgen compare text book.txt -c gzip -c zstd --report texts.html[/]

    [dim]cgen compare image photo.jpg other.png -c png -c pixelcm --report pictures.html[/]

    [dim]cgen compare audio speech.wav -c flac -c cm --seeds 3[/]
    """
    from compgen.experiment.executors import workers_for

    console.be_quiet(quiet)
    _check_medium(context, medium)
    taken = list(inputs or ())
    for option, path in (("--csv", csv), ("--report", report)):
        if path is not None:
            _check_free(option, path, taken, force)
            taken.append(path)
    running = Running(out, workers_for(jobs, executor), quiet, as_json)
    if medium == "text":
        from compgen.cli import compare_text
        from compgen.experiment.spec import RunSpec

        found = compare_text.compare_texts(
            inputs or (),
            RunSpec(
                text_sha256="",
                compressor="gzip",
                split_seed=split_seed,
                prompts=prompts,
                prompt_bytes=prompt_bytes,
                length=length,
                positions=positions,
            ),
            compare_text.Axes(
                compressors=compressor or ["gzip", "zstd", "brotli", "bz2"],
                readings=reading or ["auto"],
                samplers=sampler or [""],
                shapes=compare_text.shapes(temperature, min_p),
                seeds=range(1, seeds + 1),
                baselines=baselines,
                against=against or "",
            ),
            running,
        )
    else:
        from compgen.cli import compare_media

        axes = compare_media.Axes(
            compressors=compressor or (),
            units=unit or (),
            readings=reading or (),
            norms=norm or (),
            temperatures=temperature or (),
            min_ps=min_p or (),
            seeds=range(1, seeds + 1),
            baselines=baselines,
        )
        if medium == "image":
            found = compare_media.compare_pictures(
                inputs or (), axes, running, size=size, gray=gray, keep=keep
            )
        else:
            found = compare_media.compare_sounds(
                inputs or (), axes, running, rate=rate, keep=keep, seconds=seconds
            )
    _write(found, csv, report, force)
    if found.interrupted:
        console.note("interrupted: these are the runs that were finished")
        return INTERRUPTED
    return 0


def _check_medium(context: typer.Context, medium: str) -> None:
    """Raise UsageError for a medium that does not exist, and options that it does not have."""
    if medium not in MEDIA:
        raise UsageError(
            f"there is no medium '{medium}'{did_you_mean(medium, MEDIA)} (media: "
            f"{', '.join(MEDIA)}); the first word says what is compared: compare text FILE"
        )
    for parameter in context.command.params:
        media = ONLY_FOR.get(parameter.name or "", MEDIA)
        source = context.get_parameter_source(parameter.name or "")
        if medium not in media and source is not None and source.name == "COMMANDLINE":
            option = max(parameter.opts, key=len)
            raise UsageError(f"{option} is for compare {' and '.join(media)}, not {medium}")


def _check_free(option: str, path: Path, taken: Sequence[Path], force: bool) -> None:
    """Raise UsageError where a result has no place, before any time is spent on it."""
    if path == STANDARD:
        raise UsageError(f"{option} -: it is a file; name one")
    if path.is_dir():
        raise UsageError(f"{option} {path} is a directory; name a file in it")
    if not path.absolute().parent.is_dir():
        raise UsageError(f"{option} {path}: there is no directory {path.parent}")
    if os.path.realpath(path) in map(os.path.realpath, taken):
        raise UsageError(f"{option} {path} is an input, or the other result; name another file")
    if path.is_file() and not force:
        raise UsageError(f"{option} {path} is there already; --force overwrites it")


def _write(found: Compared, csv: Path | None, report: Path | None, force: bool) -> None:
    if csv is not None:
        with open_output(csv, force=force, like=STANDARD) as sink:
            sink.write(found.csv().encode())
    if report is not None:
        with open_output(report, force=force, like=STANDARD) as sink:
            sink.write(found.page(_command()).encode())
        console.note(f"report: {report}")


def _command() -> str:
    """What was typed, as it could be typed again."""
    return shlex.join(["cgen", *sys.argv[1:]])
