"""The table of `compgen choose`: accuracies with their intervals, ties, and others' numbers."""

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from compgen.evaluation.accuracy import METRICS, Accuracy
from compgen.evaluation.choice_result import ChoiceResult
from compgen.evaluation.published import PublishedAccuracy

HEADERS = {
    "acc": "acc",
    "acc_char": "/char",
    "acc_byte": "/byte",
    "acc_pmi": "pmi",
    "acc_blind": "blind",
}


def choice_table(
    results: Sequence[ChoiceResult],
    chance: float | None,
    published: Sequence[PublishedAccuracy] = (),
    notes: Sequence[str] = (),
) -> RenderableType:
    """One line a compressor and reading, percentages with the half width of the interval."""
    table = Table(box=None, padding=(0, 1), header_style="dim")
    table.add_column("spec", overflow="fold")
    table.add_column("reading", overflow="fold")
    table.add_column("n", justify="right", no_wrap=True)
    shown = [metric for metric in METRICS if metric != "acc_byte" or _bytes_matter(results)]
    for metric in shown:
        table.add_column(HEADERS[metric], justify="right", no_wrap=True)
    table.add_column("ties", justify="right", no_wrap=True)
    for result in results:
        reading = f"{result.reading}, dither {result.dither}" if result.dither else result.reading
        cells = [_percent(result.accuracies.get(metric)) for metric in shown]
        table.add_row(
            Text(result.compressor), reading, f"{result.labelled:,}", *cells, _ties(result)
        )
    parts: list[RenderableType] = [table]
    if chance is not None:
        parts.append(Text(f"chance {100 * chance:.1f} %", style="dim"))
    for line in published:
        figures = " / ".join(f"{x:.1f}" for x in (line.acc, line.acc_norm) if x is not None)
        parts.append(Text(f"{line.model} {figures} % ({line.source})", style="dim"))
    legend = (
        "acc: the ending of fewest bits after the context; /char: of fewest a character"
        f"{', /byte: a byte' if 'acc_byte' in shown else ' (and a byte)'}; pmi: less its bits "
        "without the context; blind: fewest a character without the context. ± half of the 95 % "
        "bootstrap interval. ties: questions whose best ending by acc is not alone; k that tie "
        "count 1/k."
    )
    parts.extend(Text(note, style="dim") for note in (legend, *notes))
    return Group(*parts)


def _bytes_matter(results: Sequence[ChoiceResult]) -> bool:
    """Whether a byte and a character are two things in these endings."""
    return any(
        result.accuracies["acc_byte"].value != result.accuracies["acc_char"].value
        for result in results
        if result.accuracies
    )


def _percent(accuracy: Accuracy | None) -> str:
    if accuracy is None:
        return "-"
    half = (accuracy.interval.high - accuracy.interval.low) / 2
    return f"{100 * accuracy.value:.1f} ±{100 * half:.1f}"


def _ties(result: ChoiceResult) -> str:
    accuracy = result.accuracies.get("acc")
    return "-" if accuracy is None else f"{100 * accuracy.tied / result.labelled:.1f} %"
