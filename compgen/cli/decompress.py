"""`compgen decompress`: what `compress` wrote, back again."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, BinaryIO

import typer

from compgen.cli import parameters as options
from compgen.cli.conversion import (
    Force,
    Keep,
    Output,
    Plan,
    convert_all,
    read_conditioning,
)
from compgen.cli.files import STANDARD, SUFFIX
from compgen.cli.files import Output as Destination
from compgen.errors import UsageError

if TYPE_CHECKING:
    from compgen.coding.container import Progress, Summary


def decompress(
    files: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[FILE]...", help="What to decompress; - or nothing is stdin."),
    ] = None,
    corpus: Annotated[
        list[Path] | None,
        typer.Option(
            "--corpus",
            metavar="FILE",
            help="The corpus that a file was compressed after; may be repeated.",
        ),
    ] = None,
    compressor: Annotated[
        str | None,
        typer.Option(
            "--compressor",
            "-c",
            metavar="SPEC",
            help="Only for files that a program was run to compress: the command to trust.",
        ),
    ] = None,
    output: Output = None,
    keep: Keep = True,
    force: Force = False,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
) -> int:
    """Decompress files that `compgen compress` wrote: FILE.cg becomes FILE."""
    from compgen.coding.container import decompress_file
    from compgen.registry import get_compressor

    plan = Plan(files or [STANDARD], output, keep, force, as_json, quiet, "decompressing")
    chosen = get_compressor(compressor) if compressor else None
    before = read_conditioning(corpus)

    def convert(
        source: BinaryIO, target: Destination, _size: int | None, progress: "Progress"
    ) -> "Summary":
        return decompress_file(source, target, corpus=before, compressor=chosen, progress=progress)

    return convert_all(plan, _name, convert)


def _name(file: Path) -> Path:
    if file == STANDARD:
        return STANDARD
    if file.suffix != SUFFIX or file.name == SUFFIX:
        raise UsageError(f"{file} does not end in {SUFFIX}; name the output with -o FILE")
    return file.with_suffix("")
