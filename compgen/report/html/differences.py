"""The part of a comparison's page on paired differences: a table and three forest plots."""

from collections.abc import Callable
from html import escape
from math import isfinite

from compgen.experiment.paired import Difference
from compgen.experiment.quality import REAL
from compgen.metrics.intervals import Mean
from compgen.report.compare_table import Comparison
from compgen.report.difference_table import LEGEND
from compgen.report.html.document import figure
from compgen.report.html.forest import forest

MEASURES: tuple[tuple[str, str, Callable[[Difference], Mean | None]], ...] = (
    ("bits/byte", "for the true next byte of real text", lambda one: one.cross_entropy),
    ("gap", "to the judge, prompt by prompt", lambda one: one.gap),
    (
        "|gap|",
        "distance of the gap from 0; below 0 is nearer to real text",
        lambda one: one.distance,
    ),
    ("copied", "share of bytes in verbatim copies", lambda one: one.copied),
)
PLOTTED = {
    "bits/byte": "Left of the line a row predicts real text better than the reference.",
    "|gap|": "Left of the line its samples cost the judge what real text does, more nearly.",
    "copied": "Left of the line it copies less.",
}


def differences_html(comparison: Comparison) -> str:
    """Nothing, where there is no reference or nothing else."""
    reference = comparison.reference
    if reference is None or not comparison.differences:
        return ""
    places = {row.label: place for place, row in enumerate(comparison.rows)}
    figures = []
    for name, why, measure in MEASURES:
        if name not in PLOTTED:
            continue
        entries = [
            (places[one.label], one.label, mean)
            for one in comparison.differences
            if (mean := measure(one)) is not None
        ]
        if svg := forest(entries, f"{name} less that of {reference.label}"):
            caption = f"{why.capitalize()}. {PLOTTED[name]}"
            figures.append(figure(f"Difference in {name}", svg, caption))
    return (
        f"<h3>Against {escape(reference.label)}</h3>{_table(comparison, reference.label)}"
        f'<p class="note">{escape(LEGEND)}</p><div class="charts">{"".join(figures)}</div>'
    )


def _table(comparison: Comparison, reference: str) -> str:
    heads = "".join(f'<th title="{escape(why)}">{escape(name)}</th>' for name, why, _ in MEASURES)
    lines = [f"<tr><th>less {escape(reference)}</th>{heads}</tr>"]
    for one in comparison.differences:
        kind = "real" if one.label == REAL else "base" if one.label in comparison.baselines else ""
        cells = "".join(f"<td>{_cell(measure(one))}</td>" for _, _, measure in MEASURES)
        lines.append(f'<tr class="{kind}"><th>{escape(one.label)}</th>{cells}</tr>')
    return f'<div class="wide"><table>{"".join(lines)}</table></div>'


def _cell(mean: Mean | None) -> str:
    if mean is None or not isfinite(mean.value):
        return "–"
    text = f"{mean.value:+.2f}"
    if isfinite(mean.half_width):
        text += f" <small>±{mean.half_width:.2f}</small>"
    return f"<b>{text}</b> *" if mean.excludes_zero else text
