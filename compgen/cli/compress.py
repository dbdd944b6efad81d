"""`compgen compress`: files, by any compressor, into containers that say how."""

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

if TYPE_CHECKING:
    from compgen.coding.container import Progress, Summary


def compress(
    files: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[FILE]...", help="What to compress; - or nothing is stdin."),
    ] = None,
    compressor: Annotated[
        str,
        typer.Option(
            "--compressor",
            "-c",
            metavar="SPEC",
            help="cm and coded:gzip code by a model; gzip, zstd:level=19, … write their own "
            "streams. See: cgen compressors.",
        ),
    ] = "cm",
    corpus: Annotated[
        list[Path] | None,
        typer.Option(
            "--corpus",
            metavar="FILE",
            help="What the compressor has read before; may be repeated. The same bytes are "
            "needed to decompress.",
        ),
    ] = None,
    output: Output = None,
    keep: Keep = True,
    force: Force = False,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
) -> int:
    """Compress files with any compressor, or with any model: FILE becomes FILE.cg."""
    from compgen.coding.container import compress_file
    from compgen.registry import get_compressor

    plan = Plan(files or [STANDARD], output, keep, force, as_json, quiet, "compressing")
    chosen = get_compressor(compressor)
    before = read_conditioning(corpus)

    def convert(
        source: BinaryIO, target: Destination, size: int | None, progress: "Progress"
    ) -> "Summary":
        return compress_file(source, target, chosen, corpus=before, length=size, progress=progress)

    return convert_all(plan, _name, convert)


def _name(file: Path) -> Path:
    return STANDARD if file == STANDARD else file.with_name(file.name + SUFFIX)
