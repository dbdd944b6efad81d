"""What `compress` and `decompress` have in common: files one by one, progress, a summary."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, BinaryIO

import typer

from compgen.cli import console
from compgen.cli import parameters as options
from compgen.cli.files import STANDARD, known_size, open_input, open_output
from compgen.cli.files import Output as Destination
from compgen.cli.interrupt import keep_what_there_is
from compgen.cli.progress import ProgressLine
from compgen.cli.values import flag
from compgen.errors import CompgenError, UsageError

if TYPE_CHECKING:
    from compgen.coding.container import Progress, Summary

Output = Annotated[
    Path | None,
    typer.Option("--output", "-o", metavar="FILE", help="Where to write; -: stdout."),
]
Keep = Annotated[
    bool,
    flag(
        "--keep/--rm",
        help="Keep the input, as is done by default, or remove it once its output is complete.",
        rich_help_panel=options.OUTPUT,
    ),
]
Force = Annotated[
    bool,
    flag(
        "--force",
        "-f",
        help="Overwrite files, and write to a terminal.",
        rich_help_panel=options.OUTPUT,
    ),
]

Convert = Callable[[BinaryIO, Destination, int | None, "Progress"], "Summary"]
"""From one open file to another; also told the input's length, if it has one."""


@dataclass(frozen=True)
class Plan:
    """What is asked of every file."""

    files: Sequence[Path]
    output: Path | None
    keep: bool
    force: bool
    as_json: bool
    quiet: bool
    verb: str
    """What is being done, for the progress line."""

    def __post_init__(self) -> None:
        if self.output is not None and len(self.files) > 1:
            raise UsageError("--output is for one file; several are written beside themselves")
        if list(self.files).count(STANDARD) > 1:
            raise UsageError("standard input can be read for one thing only; name a file")
        to_stdout = self.output == STANDARD or (self.output is None and STANDARD in self.files)
        if to_stdout and self.as_json:
            raise UsageError("--json prints to standard output, where the result goes; use -o FILE")
        if not self.keep and (STANDARD in self.files or self.output == STANDARD):
            raise UsageError("--rm removes an input whose output is a file; here is none")


def convert_all(plan: Plan, name: Callable[[Path], Path], convert: Convert) -> int:
    """Convert every file; `name` gives the output's name where none was chosen.

    A file that fails does not keep the others from being done. Returns the exit status.
    """
    console.be_quiet(plan.quiet)
    status = 0
    for file in plan.files:
        try:
            _convert_one(plan, file, plan.output or name(file), convert)
        except CompgenError as error:
            if len(plan.files) == 1:
                raise
            console.fail(str(error))
            status = max(status, error.exit_status)
    return status


def _convert_one(plan: Plan, file: Path, target: Path, convert: Convert) -> None:
    label = "standard input" if file == STANDARD else str(file)
    started = time.perf_counter()
    with open_input(file) as source, open_output(target, force=plan.force, like=file) as sink:
        size = known_size(source)
        with _progress_line(plan, label, size, sink) as progress:
            try:
                summary = convert(source, sink, size, progress)
            except CompgenError as error:
                raise type(error)(f"{label}: {error}") from error
    if not plan.keep:
        file.unlink()
    seconds = time.perf_counter() - started
    if plan.as_json:
        console.show_json(_as_dict(summary, file, target, seconds))
    else:
        console.note(_sentence(summary, label, target, seconds))


@contextmanager
def _progress_line(
    plan: Plan, label: str, size: int | None, sink: Destination
) -> Iterator["Progress"]:
    """A progress line on a terminal, which also notices Ctrl-C between two kernels."""
    line = ProgressLine(
        size,
        "{task.fields[facts]}",
        hidden=plan.quiet,
        what=f"{plan.verb} {label}",
        facts="getting ready",
    )
    with line:

        def progress(data: int, container: int) -> None:
            if sink.begun:
                keep_what_there_is()
            facts = _rate(line.per_second(data))
            if data and container:
                facts += f" · {8 * container / data:.3f} bits/byte"
            done = data if plan.verb == "compressing" else container
            line.show(completed=done, facts=facts)

        yield progress


def _sentence(summary: "Summary", label: str, target: Path, seconds: float) -> str:
    place = "standard output" if target == STANDARD else str(target)
    cost = summary.bits_per_byte
    return (
        f"{label} → {place}: {summary.data_bytes:,} bytes of data, {summary.container_bytes:,} "
        + (f"compressed, {cost:.3f} bits/byte, " if cost is not None else "compressed, ")
        + f"{summary.spec}, {_rate(summary.data_bytes / max(seconds, 1e-9))}"
    )


def _as_dict(summary: "Summary", file: Path, target: Path, seconds: float) -> dict[str, object]:
    return {
        "input": str(file),
        "output": str(target),
        "compressor": summary.spec,
        "bytes": summary.data_bytes,
        "compressed_bytes": summary.container_bytes,
        "bits_per_byte": summary.bits_per_byte,
        "seconds": round(seconds, 3),
    }


def _rate(rate: float) -> str:
    return f"{rate / 1e6:.1f} MB/s" if rate >= 1e6 else f"{rate / 1e3:.1f} KB/s"


def read_conditioning(corpus: Sequence[Path] | None) -> bytes:
    """All bytes of the corpus files, one after another; none for no files.

    Raises UsageError or InputError where a file cannot be read or all are too large.
    """
    from compgen.corpus import LARGEST_WHOLE, Corpus

    if not corpus:
        return b""
    if STANDARD in corpus:
        raise UsageError("--corpus -: a corpus has to be there again to decompress; name a file")
    files = Corpus.of_files(corpus)
    if len(files) > LARGEST_WHOLE:
        raise UsageError(
            f"{files.label} is larger than {LARGEST_WHOLE >> 20} MB, the most that a compressor "
            "can be given whole; name a part of it"
        )
    return files.read(0, len(files))
