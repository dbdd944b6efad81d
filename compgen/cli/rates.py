"""`compgen rates`: the table of "Language Modeling Is Compression", on one's own data."""

import csv
import io
import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from compgen.cli import console
from compgen.cli import parameters as options
from compgen.cli.interrupt import INTERRUPTED, keep_what_there_is
from compgen.cli.progress import ProgressLine
from compgen.cli.values import choice, flag, whole
from compgen.errors import UsageError

if TYPE_CHECKING:
    from compgen.evaluation.material import Material
    from compgen.evaluation.rates import Rate
    from compgen.evaluation.tokens import Vocabulary

KINDS = ("auto", "text", "image", "audio")
RANDOM_BYTES = 1 << 18
"""At most so many random bytes: they cost time, and tell nothing after the first few."""


def rates(
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE", help="Text, pictures, recordings.")
    ],
    compressor: Annotated[
        list[str] | None,
        typer.Option(
            "--compressor",
            "-c",
            metavar="SPEC",
            show_default=False,
            help="gzip (the default), zstd:level=19, coded:gzip, cm, …; may be repeated.",
        ),
    ] = None,
    chunks: Annotated[
        str,
        typer.Option(
            "--chunks",
            metavar="C,…",
            help="Lengths of pieces in bytes, compressed one by one; whole is the data at once.",
        ),
    ] = "whole,2048",
    kind: Annotated[
        str,
        choice(
            "--as",
            among=KINDS,
            called="kind",
            help="What the files are: auto tells by their names, or text (any bytes as they "
            "are), image (grey patches of 32 x 64), audio (16 kHz, 8 bit).",
        ),
    ] = "auto",
    limit: Annotated[
        int | None,
        whole(
            "--limit",
            low=1,
            show_default=False,
            help="Use at most N bytes of each kind, the beginnings of the files.",
        ),
    ] = None,
    tokens: Annotated[
        str | None,
        typer.Option(
            "--tokens",
            metavar="N,…",
            show_default=False,
            help="Write the text as tokens first, by vocabularies of so many byte pairs that are "
            "learned from it.",
        ),
    ] = None,
    coder: Annotated[
        bool,
        flag(
            "--files",
            help="Let the real coder of a model write every piece, and compare its length.",
        ),
    ] = False,
    seed: Annotated[int, whole("--seed", low=0, help="Of the random bytes.")] = 0,
    as_json: options.Json = False,
    as_csv: Annotated[
        bool, flag("--csv", help="Print CSV.", rich_help_panel=options.OUTPUT)
    ] = False,
    quiet: options.Quiet = False,
) -> int:
    """Measure compression rates as in "Language Modeling Is Compression", Table 1.

    [dim]cgen rates book.txt photo.png speech.wav -c gzip -c coded:gzip -c cm[/]
    """
    import numpy as np

    from compgen.cli.inputs import STDIN, require_one_stdin
    from compgen.evaluation.material import gather, random_control
    from compgen.evaluation.published import RATES, RATES_SOURCE
    from compgen.evaluation.rates import measure
    from compgen.registry import get_compressor
    from compgen.report.rates_table import rates_table
    from compgen.report.rates_views import chunk_view, size_view, token_view

    console.be_quiet(quiet)
    if as_json and as_csv:
        raise UsageError("--json and --csv exclude each other: choose one")
    lengths, sizes = _lengths(chunks), _sizes(tokens)
    compressors = [get_compressor(spec) for spec in compressor or ["gzip"]]
    require_one_stdin(*files)
    paths = [STDIN if str(path) == "-" else path for path in files]
    its_kind: Any = None if kind == "auto" else kind
    materials = gather(paths, kind=its_kind, limit=limit)
    largest = max(len(material.data) for material in materials)
    rng = np.random.default_rng([seed, 0])
    materials.append(random_control(min(largest, RANDOM_BYTES), rng))
    vocabularies = _vocabularies(sizes, materials)
    found: list[Rate] = []
    interrupted = False
    total = len(compressors) * len(lengths) * sum(len(each.data) for each in materials)
    total += len(compressors) * len(lengths) * len(vocabularies) * len(materials[0].data)
    with _line(total, quiet) as progress:
        try:
            for length in lengths:
                for each in compressors:
                    progress.show(what=str(each))
                    asked: list[tuple[Material, Vocabulary | None]]
                    asked = [(material, None) for material in materials]
                    asked += [(materials[0], vocabulary) for vocabulary in vocabularies]
                    for material, vocabulary in asked:
                        found.append(
                            measure(
                                each,
                                material,
                                length,
                                files=coder,
                                progress=lambda count: progress.show(advance=count),
                                vocabulary=vocabulary,
                            )
                        )
                        keep_what_there_is()
        except KeyboardInterrupt:
            if not found:
                raise
            interrupted = True
    if as_json:
        console.show_json(
            {
                "rates": [rate.as_dict() for rate in found],
                "notes": [material.note for material in materials if material.note],
                "published": {
                    "source": RATES_SOURCE,
                    "percent": [vars(line) for line in RATES],
                },
            }
        )
    elif as_csv:
        console.write_bytes(_csv(found))
    else:
        plain = [rate for rate in found if rate.tokens is None]
        console.show(rates_table(plain, materials))
        if len(lengths) > 2:
            console.show(chunk_view(plain))
        for view in (size_view(plain), token_view(found)):
            if view is not None:
                console.show(view)
    if interrupted:
        console.note("interrupted")
        return INTERRUPTED
    return 0


def _lengths(chunks: str) -> list[int | None]:
    lengths: dict[int | None, None] = {}
    for word in chunks.split(","):
        length = word.strip()
        if length == "whole":
            lengths[None] = None
        elif re.fullmatch("0*[1-9][0-9]{0,11}", length, re.ASCII):
            lengths[int(length)] = None
        else:
            raise UsageError(f"--chunks {chunks}: write lengths in bytes, such as whole,2048")
    return list(lengths)


def _sizes(tokens: str | None) -> list[int]:
    from compgen.evaluation.tokens import FEWEST, MOST

    sizes: dict[int, None] = {}
    for word in tokens.split(",") if tokens is not None else ():
        size = word.strip()
        if not (re.fullmatch("[0-9]{1,7}", size, re.ASCII) and FEWEST <= int(size) <= MOST):
            raise UsageError(
                f"--tokens {tokens}: write sizes of vocabularies from {FEWEST} to {MOST}, such as "
                "1000,5000"
            )
        sizes[int(size)] = None
    return list(sizes)


def _vocabularies(sizes: list[int], materials: "list[Material]") -> "list[Vocabulary]":
    """Learned from the text, which is the first of the materials; each size once."""
    from compgen.evaluation.tokens import learn

    if not sizes:
        return []
    if materials[0].kind != "text":
        raise UsageError("--tokens is for text, and no file is one; --as text takes any bytes so")
    learned = [learn(materials[0].data, size) for size in sizes]
    # what asks for more pairs than there are is the same vocabulary again
    return list({len(each.tokens): each for each in learned}.values())


def _csv(found: "list[Rate]") -> bytes:
    rows = [rate.as_dict() for rate in found]
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows({**row, "chunk": row["chunk"] or "whole"} for row in rows)
    return text.getvalue().encode()


def _line(total: int, hidden: bool) -> ProgressLine:
    from rich.progress import DownloadColumn

    return ProgressLine(total, DownloadColumn(), hidden=hidden, what="compressing")
