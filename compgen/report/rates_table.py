"""The table of `compgen rates`, like the paper's Table 1. rates_views.py has the other views."""

from collections.abc import Iterator, Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from compgen.evaluation.material import KINDS, Kind, Material
from compgen.evaluation.published import (
    ABSTRACT_DIFFERS,
    RATES,
    RATES_SOURCE,
    PublishedRate,
)
from compgen.evaluation.rates import Rate

PAPERS_DATA = {"text": "enwik9", "image": "ImageNet", "audio": "LibriSpeech", "random": "random"}
WHOLE = "whole"
Line = tuple[int | None, str, list[str]]
"""Chunk length, compressor, a cell for each kind of data."""


def rates_table(rates: Sequence[Rate], materials: Sequence[Material]) -> RenderableType:
    """Ours above, the paper's below, one line a chunk length and compressor, in percent.

    Adjusted rates have a table of their own, of the models that have parameters.
    """
    kinds = [material.kind for material in materials]
    ours = {
        (rate.chunk, rate.compressor): {
            each.kind: each
            for each in rates
            if (each.chunk, each.compressor) == (rate.chunk, rate.compressor)
        }
        for rate in rates
    }
    parts: list[RenderableType] = [
        _table(
            kinds,
            [(*name, [percent(row.get(kind)) for kind in kinds]) for name, row in ours.items()],
        ),
        Text("% of the raw size, lower is better", style="dim"),
    ]
    sized = {
        name: row
        for name, row in ours.items()
        if any(rate.parameters != 0 for rate in row.values())
    }
    if sized:
        parts.append(Text("adjusted, with 2 bytes a parameter:", style="dim"))
        lines = [
            (*name, [percent(row.get(kind), adjusted=True) for kind in kinds])
            for name, row in sized.items()
        ]
        parts.append(_table(kinds, lines))
    parts.extend(Text(_described(material), style="dim") for material in materials)
    parts.extend(Text(note, style="dim") for note in _coder_notes(rates))
    published = [line for line in RATES if line.chunk in {rate.chunk for rate in rates}]
    if published:
        parts.extend(_published(published, kinds, adjusted=bool(sized)))
    return Group(*parts)


def _published(
    lines: Sequence[PublishedRate], kinds: Sequence[Kind], adjusted: bool
) -> Iterator[RenderableType]:
    columns = [PAPERS_DATA[kind] for kind in kinds]

    def cells(figures: tuple[float, float, float, float]) -> list[str]:
        return [f"{figures[KINDS.index(kind)]:.1f}" for kind in kinds]

    raw = [
        (line.chunk, line.compressor, cells((line.text, line.image, line.audio, line.random)))
        for line in lines
    ]
    sized = [(line.chunk, line.compressor, cells(line.adjusted)) for line in lines if line.adjusted]
    yield Text(f"\n{RATES_SOURCE}, not measured here:")
    yield _table(columns, raw, style="dim")
    if adjusted and sized:
        yield Text("adjusted, with 2 bytes a parameter:", style="dim")
        yield _table(columns, sized, style="dim")
    yield Text(ABSTRACT_DIFFERS, style="dim")


def _table(columns: Sequence[str], lines: Sequence[Line], style: str = "") -> Table:
    table = Table(box=None, padding=(0, 1), header_style="dim")
    table.add_column("chunk", justify="right", no_wrap=True)
    table.add_column("compressor", overflow="fold")
    for column in columns:
        table.add_column(column, justify="right", no_wrap=True)
    for chunk, compressor, cells in lines:
        table.add_row(chunk_name(chunk), Text(compressor), *cells, style=style)
    return table


def _described(material: Material) -> str:
    size = f"{material.kind}: {len(material.data):,} bytes"
    files = f" of {material.files} file{'s' * (material.files != 1)}" if material.files else ""
    return size + files + (f", {material.note}" if material.note else "")


def _coder_notes(rates: Sequence[Rate]) -> list[str]:
    """How far real coders are from the distributions, one line a compressor and chunk length."""
    notes: dict[tuple[str, int | None], list[str]] = {}
    for rate in rates:
        if rate.coder_bytes is not None:
            excess = (rate.coder_bytes - rate.compressed_bytes) / rate.chunks
            line = notes.setdefault((rate.compressor, rate.chunk), [])
            line.append(f"{rate.kind} {excess:+,.1f}")
    return [
        f"{compressor}, {chunk_name(chunk)}: bytes that its coder wrote beyond -log2 p, a chunk, "
        f"containers included: {', '.join(line)}"
        for (compressor, chunk), line in notes.items()
    ]


def chunk_name(chunk: int | None) -> str:
    """The length of a piece, or that there is one only."""
    return WHOLE if chunk is None else f"{chunk}"


def percent(rate: Rate | None, adjusted: bool = False) -> str:
    """A rate in percent; a dash where it is not known."""
    if rate is None:
        return "-"
    share = rate.adjusted_rate if adjusted else rate.rate
    return "-" if share is None else f"{100 * share:.1f}"
