"""Charts for the terminal: a next-byte bar chart, a heat map of code lengths."""

from rich.bar import Bar
from rich.console import Group, RenderableType
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
    rows = prediction.as_dict()["next"][:top]
    table = Table(box=None, padding=(0, 1), header_style="dim")
    for header in ("next", "bits", "probability"):
        table.add_column(header, justify="right")
    table.add_column("")
    longest = rows[0]["probability"]
    for row in rows:
        table.add_row(
            Text(spelled(row["byte"])),
            f"{row['bits']:.3f}",
            f"{row['probability']:.4f}",
            Bar(longest, 0, row["probability"], width=BAR_WIDTH, color="cyan"),
        )
    best = prediction.ties_for_best
    tied = "the best is alone" if best == 1 else f"{best} bytes tie for the best"
    summary = (
        f"{prediction.compressor}, reading '{prediction.reading}': "
        f"{prediction.distinct_lengths} distinct code lengths among 256 bytes, {tied}; "
        f"entropy {prediction.entropy:.2f} bits"
    )
    return Group(table, Text(summary, style="dim"))


def heat_map(score: Score, data: bytes) -> RenderableType:
    """The scored bytes in the colours of their cost, characters of several bytes by the mean."""
    text = Text()
    start, stop = int(score.positions[0]), int(score.positions[-1]) + 1
    shown = data[start:stop].decode("utf-8", errors="surrogateescape")
    at = 0
    for character in shown:
        width = len(character.encode("utf-8", errors="surrogateescape"))
        bits = float(score.bits[at : at + width].mean())
        at += width
        visible = character if character.isprintable() or character in "\n\t" else "·"
        text.append(visible, style=f"black on {HEAT[min(int(bits), len(HEAT) - 1)]}")
    legend = Text("\nbits: ", style="dim")
    for bits, colour in enumerate(HEAT):
        legend.append(f" {bits}{'+' if bits == len(HEAT) - 1 else ''} ", style=f"black on {colour}")
    return Group(text, legend)


def score_table(score: Score) -> RenderableType:
    """The figures of a score, one a line."""
    table = Table(box=None, show_header=False, padding=(0, 1))
    table.add_column(style="dim")
    table.add_column(justify="right")
    table.add_column(style="dim")
    table.add_row("compressor", score.compressor, "")
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
        f"bits/byte, ± {1.96 * score.standard_error:.3f} (95 %), "
        f"{score.positions.size:,} positions, temperature {score.temperature:g}",
    )
    table.add_row("top-1", f"{100 * score.top1.mean():.1f} %", "true byte most probable")
    table.add_row("ties", f"{score.ties.mean():.1f}", "bytes share the first place, on average")
    return table
