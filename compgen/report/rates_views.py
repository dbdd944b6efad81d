"""Rates against one thing at a time: chunk length, model size, size of the vocabulary."""

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from compgen.evaluation.material import KINDS
from compgen.evaluation.rates import Rate
from compgen.report.rates_table import chunk_name, percent


def chunk_view(rates: Sequence[Rate]) -> RenderableType:
    """Rate against chunk length: a line for each kind of data and compressor."""
    chunks = list(dict.fromkeys(rate.chunk for rate in rates))
    table = Table(box=None, padding=(0, 1), header_style="dim")
    table.add_column("data")
    table.add_column("compressor", overflow="fold")
    for chunk in chunks:
        table.add_column(chunk_name(chunk), justify="right", no_wrap=True)
    found = {(rate.kind, rate.compressor, rate.chunk): rate for rate in rates}
    for kind in KINDS:
        for compressor in dict.fromkeys(rate.compressor for rate in rates):
            row = [found.get((kind, compressor, chunk)) for chunk in chunks]
            if any(row):
                table.add_row(kind, Text(compressor), *map(percent, row))
    return Group(Text("rate (%) against the chunk length in bytes", style="dim"), table)


def size_view(rates: Sequence[Rate]) -> RenderableType | None:
    """Rate against parameters, raw and adjusted; None where fewer than two models have any.

    What has none stands first: there a model has to get to.
    """
    sizes = {rate.compressor: rate.parameters for rate in rates if rate.parameters is not None}
    if sum(size > 0 for size in sizes.values()) < 2:
        return None
    table = Table(box=None, padding=(0, 1), header_style="dim")
    table.add_column("chunk", justify="right", no_wrap=True)
    table.add_column("parameters", justify="right", no_wrap=True)
    table.add_column("compressor", overflow="fold")
    kinds = [kind for kind in KINDS if any(rate.kind == kind for rate in rates)]
    for kind in kinds:
        table.add_column(kind, justify="right", no_wrap=True)
    found = {(rate.chunk, rate.compressor, rate.kind): rate for rate in rates}
    for chunk in dict.fromkeys(rate.chunk for rate in rates):
        for name, size in sorted(sizes.items(), key=lambda pair: pair[1]):
            row = [found.get((chunk, name, kind)) for kind in kinds]
            if any(row):
                cells = [f"{percent(rate)} / {percent(rate, adjusted=True)}" for rate in row]
                table.add_row(chunk_name(chunk), f"{size:,}", Text(name), *cells)
    title = "rate (%) against model size: raw / adjusted, with 2 bytes a parameter"
    return Group(Text(title, style="dim"), table)


def token_view(rates: Sequence[Rate]) -> RenderableType | None:
    """Rate of a text against the vocabulary that it is written in; None where there is none.

    `36.2 +1.7`: the vocabulary, compressed, is another 1.7 % of the raw size.
    """
    sizes = sorted({rate.tokens for rate in rates if rate.tokens is not None})
    if not sizes:
        return None
    table = Table(box=None, padding=(0, 1), header_style="dim")
    table.add_column("chunk", justify="right", no_wrap=True)
    table.add_column("compressor", overflow="fold")
    table.add_column("bytes", justify="right", no_wrap=True)
    for size in sizes:
        table.add_column(f"{size:,}", justify="right", no_wrap=True)
    texts = [rate for rate in rates if rate.kind == "text"]
    found = {(rate.chunk, rate.compressor, rate.tokens): rate for rate in texts}
    for chunk, name in dict.fromkeys((rate.chunk, rate.compressor) for rate in texts):
        row = [found.get((chunk, name, size)) for size in sizes]
        cells = [
            "-" if rate is None else f"{percent(rate)} +{_vocabulary(rate):.1f}" for rate in row
        ]
        table.add_row(
            chunk_name(chunk), Text(name), percent(found.get((chunk, name, None))), *cells
        )
    title = (
        "rate (%) of the text as tokens, by how many there are, and + what their vocabulary takes"
    )
    return Group(Text(title, style="dim"), table)


def _vocabulary(rate: Rate) -> float:
    """What the vocabulary adds, in percent of the raw size."""
    return 100 * rate.vocabulary_bytes / rate.raw_bytes
