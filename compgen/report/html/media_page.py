"""The page about pictures or sounds: tables, charts, and all samples."""

from html import escape
from math import isfinite

from compgen.experiment.exhibit import Figure
from compgen.experiment.media_quality import AGREEMENT, OWN, SECONDS, MediaRow
from compgen.metrics.intervals import Mean
from compgen.report.compare_table import UNFAIR
from compgen.report.html import media_charts as charts
from compgen.report.html.document import document, figure
from compgen.report.html.forest import forest
from compgen.report.html.gallery import gallery
from compgen.report.media_table import MediaComparison

TITLES = {"image": "Pictures", "audio": "Sounds"}
PAIRS = {
    "image": (
        (
            "As busy as it should be?",
            ("excess", "gradient"),
            "Lower left is right: the steps of the truth, at the truth's code length.",
        ),
        (
            "What SSIM likes",
            ("ssim", "gradient"),
            "Right is nearer to the truth pixel by pixel, below has more of its texture. Flat gray "
            "stands far to the right and high up: SSIM and PSNR like it, and nobody else does.",
        ),
    ),
    "audio": (
        (
            "Quality and novelty",
            ("copied", "to_truth"),
            "Below sounds more like the truth; far right is quotation. All grains are copied, so "
            "what is to be seen is who chooses them.",
        ),
        (
            "As loud and as quiet as it should be?",
            ("levels", "to_truth"),
            "Lower left is right. Far right has died away, or never pauses.",
        ),
    ),
}
"""Of each medium: titles, figures across and up, and captions."""


FORESTS = {"image": ("gradient", "excess"), "audio": ("to_truth", "levels")}
"""Figures whose differences are drawn."""


def media_page(comparison: MediaComparison, command: str) -> str:
    """One self-contained HTML document; `command` is what was typed."""
    rows = comparison.rows
    named = {one.name: one for one in comparison.figures}
    pairs = [
        figure(title, charts.pair(rows, *(named[name] for name in names)), _rings(caption))
        for title, names, caption in PAIRS[comparison.medium]
    ]
    section = [
        f"<section><h2>{TITLES[comparison.medium]}</h2>",
        f"<p>{escape(comparison.described)}; {escape(comparison.scope)}.</p>",
        _figures(comparison),
        f'<p class="note">{escape(UNFAIR)}</p>' if comparison.unfair else "",
        _differences(comparison),
        charts.numbered_legend(rows),
        '<div class="charts">',
        *pairs,
        *(_forest(comparison, one) for one in (named[name] for name in FORESTS[comparison.medium])),
        figure("Time", charts.times(rows, SECONDS), "Seconds of the processor for one sample."),
        "</div>",
        "<h3>Samples</h3>",
        f'<p class="note">{_NOTES[comparison.medium]}</p>',
        *(gallery(comparison, place) for place in range(len(comparison.exhibits))),
        _explained(comparison),
        _skipped(comparison),
        "</section>",
    ]
    return document(comparison.names, command, ["".join(section)])


_NOTES = {
    "image": "One below the other: the seeds. What is not given is gray in the second picture.",
    "audio": "A second of what is given, then, after the dashed line, what was made. One below "
    "the other: the seeds.",
}


def _forest(comparison: MediaComparison, one: Figure) -> str:
    entries = [
        (index, f"{comparison.label(row)}{'' if row.against_null else ' ◦'}", differences[one.name])
        for index, row in enumerate(comparison.rows)
        if (differences := row.differences)
    ]
    sure = {
        row.differences[one.name]
        for row in comparison.rows
        if row.differences and comparison.is_sure(row, one.name)
    }
    return figure(
        f"Does the compressor do anything? ({one.title})",
        forest(entries, one.title, sure.__contains__),
        "Less the null score of the same unit (◦: it has none, and this is less the first row), on "
        "the same inputs and seeds. Left of the line is better; on it the compressor does nothing "
        "that this figure sees. Bars are 95 % intervals.",
    )


def _rings(caption: str) -> str:
    return f"{caption} Rings are baselines; one at the edge lies beyond it. Bars: 95 % intervals."


def _figures(comparison: MediaComparison) -> str:
    shown = [*comparison.exhibits[0].figures, OWN, SECONDS]
    rows = []
    for row in comparison.rows:
        cells = [_mean(row.means.get(one.name), one) for one in shown]
        rows.append(_line(comparison, row, cells))
    return _table(shown, rows)


def _differences(comparison: MediaComparison) -> str:
    compared = comparison.exhibits[0].figures
    rows = []
    for row in comparison.rows:
        if row.differences:
            cells = [
                _difference(row.differences[one.name], comparison.is_sure(row, one.name))
                for one in compared
            ]
            cells.append(_mean(row.means.get(AGREEMENT.name), AGREEMENT))
            rows.append(_line(comparison, row, cells, compared=True))
    if not rows:
        return ""
    return (
        "<h3>What the rows differ by</h3>"
        + _table([*compared, AGREEMENT], rows)
        + '<p class="note">Each row less the one that it is compared with, on the same inputs and '
        "seeds. Against a null score this is what the compressor does, and nothing else: the "
        "proposals are the same. Where the truth's own value is the right one, it is how much "
        "farther from it; so below 0 is better everywhere, but for PSNR and SSIM. Bold: 0 is "
        "outside the 95 % interval, of 6 values or more.</p>"
    )


def _table(shown: list[Figure], rows: list[str]) -> str:
    heads = "".join(
        f'<th title="{escape(one.meaning)}. Fooled by: {escape(one.fooled_by)}">'
        f"{escape(one.title)}</th>"
        for one in shown
    )
    body = f"<tr><th></th>{heads}</tr>{''.join(rows)}"
    return f'<div class="wide dense"><table>{body}</table></div>'


def _line(
    comparison: MediaComparison, row: MediaRow, cells: list[str], *, compared: bool = False
) -> str:
    kind = {"truth": "real", "forgery": "base", "null": "base", "ours": ""}[row.kind]
    label = escape(comparison.label(row))
    if compared:
        label += f" <small>less {escape(row.versus or '')}</small>"
    return (
        f'<tr class="{kind}"><th>{label}</th>' + "".join(f"<td>{x}</td>" for x in cells) + "</tr>"
    )


def _mean(mean: Mean | None, shown: Figure) -> str:
    if mean is None:
        return ""
    if shown is AGREEMENT:
        return f"{100 * mean.value:.0f} %"
    return format(mean.value, shown.form) + _interval(mean)


def _difference(mean: Mean, is_sure: bool) -> str:
    if not isfinite(mean.value):
        return ""
    value = f"{mean.value:+.2f}"
    if is_sure:
        value = f"<b>{value}</b>"
    return value + _interval(mean)


def _interval(mean: Mean) -> str:
    if not (isfinite(mean.half_width) and mean.half_width > 0):
        return ""
    return f" <small>±{mean.half_width:.2f}</small>"


def _explained(comparison: MediaComparison) -> str:
    """What each figure is, and what fools it."""
    entries = "".join(
        f"<dt>{escape(one.title)}</dt><dd>{escape(one.meaning)}. <em>Fooled by:</em> "
        f"{escape(one.fooled_by)}.</dd>"
        for one in comparison.figures
    )
    return f'<h3>What fools what</h3><dl class="note">{entries}</dl>'


def _skipped(comparison: MediaComparison) -> str:
    if not comparison.skipped:
        return ""
    entries = "".join(
        f"<li>{escape(one.label)}: {escape(one.reason)}</li>" for one in comparison.skipped
    )
    return f'<p class="note">Left out:</p><ul class="note">{entries}</ul>'
