"""Charts for the terminal: a next-byte bar chart, a heat map of code lengths."""

from collections.abc import Iterator
from dataclasses import dataclass

from rich.bar import Bar
from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.table import Table
from rich.text import Text

from compgen.prediction import Prediction
from compgen.scoring import Score

HEAT = ("#1a9850", "#66bd63", "#a6d96a", "#d9ef8b", "#fee08b", "#fdae61", "#f46d43", "#d73027")
"""From cheap to dear, one colour a bit: 0 … 1, 1 … 2, …, 7 and more."""
BAR_WIDTH = 40


def spelled(value: int) -> str:
    """A byte as one would write it: its character if that can be seen, else an escape."""
    names = {32: "space", 10: "\\n", 9: "\\t", 13: "\\r"}
    if value in names:
        return names[value]
    return chr(value) if 32 < value < 127 else f"\\x{value:02x}"


def prediction_chart(prediction: Prediction, top: int) -> RenderableType:
    """The `top` most probable next bytes as bars, and a line on how many tie."""
    bits, p = prediction.bits, prediction.probabilities
    shown = prediction.ranked()[:top].tolist()
    table = Table(box=None, padding=(0, 1), header_style="dim")
    for header in ("next", "bits", "probability"):
        table.add_column(header, justify="right", no_wrap=True)
    table.add_column("")
    for value in shown:
        table.add_row(
            Text(spelled(value)),
            f"{bits[value]:.3f}",
            f"{p[value]:.4f}",
            _Share(float(p[value] / p[shown[0]])),
        )
    best = prediction.ties_for_best
    tied = "the best is alone" if best == 1 else f"{best} bytes tie for the best"
    summary = (
        f"{prediction.compressor}, reading '{prediction.reading}': "
        f"{prediction.distinct_lengths} distinct code lengths among 256 bytes, {tied}; "
        f"entropy {prediction.entropy:.2f} bits"
    )
    return Group(table, Text(summary, style="dim"))


def score_table(score: Score) -> RenderableType:
    """The figures of a score, one a line."""
    table = Table(box=None, show_header=False, padding=(0, 1))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(style="dim")
    table.add_row("compressor", Text(score.compressor, overflow="fold"), "")
    table.add_row("reading", score.reading, "")
    table.add_row("context", f"{score.context_bytes:,}", "bytes of corpus")
    table.add_row("file", f"{score.bytes:,}", "bytes")
    table.add_row(
        "code length",
        f"{score.code_length_bits_per_byte:.3f}",
        "bits/byte, coded by the compressor",
    )
    table.add_row(
        "cross-entropy",
        f"{score.cross_entropy_bits_per_byte:.3f}",
        f"bits/byte, ± {1.96 * score.standard_error:.3f} (95 %) over {score.positions.size:,} "
        "positions" + ("" if score.temperature == 1 else f", temperature {score.temperature:g}"),
    )
    table.add_row("top-1", f"{100 * score.top1.mean():.1f} %", "true byte most probable")
    table.add_row("ties", f"{score.ties.mean():.1f}", "bytes share the first place, on average")
    return table


def heat_map(score: Score, data: bytes) -> RenderableType:
    """The scored bytes in the colours of their cost, characters of several bytes by the mean.

    Where there are no colours each line of text has a line of whole bits below it.
    """
    start, stop = int(score.positions[0]), int(score.positions[-1]) + 1
    shown = data[start:stop].decode("utf-8", errors="surrogateescape")
    cells, at = [], 0
    for character in shown:
        width = len(character.encode("utf-8", errors="surrogateescape"))
        heat = min(float(score.bits[at : at + width].mean()), len(HEAT) - 1)
        cells.append(_Cell(character, int(heat)))
        at += width
    return _HeatMap(cells)


@dataclass(frozen=True)
class _Share:
    """A bar that fills `share` of its width, in characters that the terminal can spell."""

    share: float

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        width = min(BAR_WIDTH, options.max_width)
        if options.ascii_only:
            yield Text("#" * round(width * self.share))
        else:
            yield Bar(1, 0, self.share, width=width, color="cyan")


@dataclass(frozen=True)
class _Cell:
    character: str
    heat: int
    """Whole bits; the last heat means so many and more."""

    @property
    def visible(self) -> str:
        return self.character if self.character.isprintable() else "·"


@dataclass(frozen=True)
class _HeatMap:
    cells: list[_Cell]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        if console.color_system is None or console.no_color:
            yield from self._lines_of_digits(options.max_width)
            return
        text = Text()
        for cell in self.cells:
            # a line's end costs bits, too: it is shown, and then obeyed
            shown = "↵\n" if cell.character == "\n" else cell.visible
            text.append(shown, style=f"black on {HEAT[cell.heat]}")
        text.append("\nbits: ", style="dim")
        for bits, colour in enumerate(HEAT):
            text.append(f" {_label(bits)} ", style=f"black on {colour}")
        yield text

    def _lines_of_digits(self, width: int) -> Iterator[Text]:
        line, digits = "", ""
        for cell in self.cells:
            shown = "$" if cell.character == "\n" else cell.visible
            size = cell_len(shown)
            if cell.character != "\n" and cell_len(line) + size >= width:
                yield from (Text(line), Text(digits))
                line, digits = "", ""
            line += shown
            digits += str(cell.heat) * size
            if cell.character == "\n":
                yield from (Text(line), Text(digits))
                line, digits = "", ""
        if line:
            yield from (Text(line), Text(digits))
        yield Text(f"(below each line the bits of its characters; {len(HEAT) - 1}: or more)", "dim")


def _label(heat: int) -> str:
    return f"{heat}+" if heat == len(HEAT) - 1 else str(heat)
