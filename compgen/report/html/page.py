"""The page: tables, charts and samples of every text of a comparison."""

from collections.abc import Sequence
from html import escape
from math import isfinite, isnan

from compgen.experiment.quality import REAL, Prediction, Quality
from compgen.metrics.intervals import Mean
from compgen.metrics.judge import Judge
from compgen.report.compare_table import LEGEND, UNFAIR, Comparison
from compgen.report.html import charts
from compgen.report.html.differences import differences_html
from compgen.report.html.document import document, figure
from compgen.report.html.samples import LEVELS, sample_html

SHOWN = 4
"""Prompts whose continuations are shown."""


def page(comparisons: Sequence[Comparison], judges: Sequence[Judge], command: str) -> str:
    """One self-contained HTML document. `judges` colour the samples of each comparison;
    `command` is what was typed."""
    sections = [
        _section(comparison, judge, place)
        for place, (comparison, judge) in enumerate(zip(comparisons, judges, strict=True))
    ]
    return document([one.name for one in comparisons], command, sections)


def _section(comparison: Comparison, judge: Judge, place: int) -> str:
    split = comparison.split
    predicted = [
        (index, row.label, row.prediction)
        for index, row in enumerate(comparison.rows)
        if row.prediction is not None
    ]
    return "".join(
        [
            f'<section id="t{place}"><h2>{escape(comparison.name)}</h2><p>Corpus '
            f"{len(split.pool):,} bytes, judge's text {len(split.judged):,} bytes, "
            f"{len(split.prompts)} prompts of {len(split.prompts[0])} bytes, each continued by "
            f"{len(split.real[0])}. The judge pays {comparison.real_bits_per_byte:.2f} bits per "
            f"byte for real text. Split <code>{split.sha256[:16]}</code>.</p>",
            _table(comparison),
            f'<p class="note">{escape(UNFAIR)}</p>' if comparison.unfair else "",
            f'<p class="note">{escape(LEGEND)}</p>',
            charts.legend(comparison.rows),
            '<div class="charts">',
            figure("Quality and novelty", charts.scatter(comparison.rows), _SCATTER),
            _predictions(predicted),
            figure("Speed", charts.speeds(comparison.rows), "Bytes written in a second."),
            "</div>",
            differences_html(comparison),
            _samples(comparison, judge),
            _skipped(comparison),
            "</section>",
        ]
    )


_SCATTER = (
    "Zero is the level of real text, and the ring is real text itself. Above is noise, below is "
    "blandness or copying; far right is quotation. Bars are 95 % intervals."
)


def _predictions(predicted: Sequence[tuple[int, str, Prediction]]) -> str:
    if not predicted:
        return ""
    return "".join(
        [
            figure(
                "Learning from context",
                charts.context_curve(predicted),
                "What the next byte costs after so much context and without a corpus.",
            ),
            figure(
                "Rank of the true byte",
                charts.rank_lines(predicted),
                "How often it was among the first so many.",
            ),
            figure(
                "Calibration",
                charts.calibration(predicted),
                "On the diagonal a model means what it says; below, it is too sure.",
            ),
        ]
    )


def _table(comparison: Comparison) -> str:
    heads = (
        ("", ""),
        ("gap", "bits per byte of the samples less those of real text, to the judge"),
        ("copied", "share of bytes in verbatim copies of 12 bytes or more"),
        ("longest copy", "bytes"),
        ("repeat", "longest piece that a sample has twice"),
        ("distinct 4", "share of 4-byte pieces that are different ones"),
        ("words", "share of words that the text has elsewhere"),
        ("AUC", "of a classifier that tells samples from real text; .5 is right"),
        ("JS", "Jensen-Shannon distance of 3-grams from real text"),
        ("bits/byte", "for the true next byte"),
        ("top-1", "how often the true byte was the first choice"),
        ("ties", "bytes that tie for the first place"),
        ("B/s", "bytes written in a second"),
    )
    rows = [
        "<tr>" + "".join(f'<th title="{escape(why)}">{escape(head)}</th>' for head, why in heads)
    ]
    for row in comparison.rows:
        kind = "real" if row.label == REAL else "base" if row.label in comparison.baselines else ""
        found = row.prediction
        speed = row.bytes_per_second
        cells = [
            f"<th>{escape(row.label)}</th>",
            _cell(_interval(row.gap, "+.2f")),
            _cell(f"{row.covered.value:.2f}"),
            _cell(f"{row.longest_copy.value:.0f}"),
            _cell(f"{row.longest_repeat.value:.0f}"),
            _cell(f"{row.distinct4.value:.2f}"),
            _cell(f"{row.valid_words.value:.2f}"),
            _cell("" if isnan(row.auc) else f"{row.auc:.2f}"),
            _cell(f"{row.jensen_shannon:.2f}"),
            _cell("" if found is None else _interval(found.cross_entropy, ".2f")),
            _cell("" if found is None else f"{100 * found.top1.value:.0f} %"),
            _cell("" if found is None else f"{found.ties:.1f}"),
            _cell("" if speed is None else f"{speed:,.0f}"),
        ]
        rows.append(f'<tr class="{kind}">' + "".join(cells))
    return f'<div class="wide"><table>{"".join(rows)}</table></div>'


def _cell(text: str) -> str:
    return f"<td>{text}</td>"


def _interval(mean: Mean, form: str) -> str:
    text = format(mean.value, form)
    if isfinite(mean.half_width):
        text += f" <small>±{mean.half_width:.2f}</small>"
    return text


def _samples(comparison: Comparison, judge: Judge) -> str:
    split = comparison.split
    scale = "".join(
        f'<i class="h{level}">{level}{"+" * (level == LEVELS - 1)}</i>' for level in range(LEVELS)
    )
    parts = [
        "<h3>Samples</h3>",
        f'<p class="note">Colour: bits that the judge pays, {scale} Underlined: copied from the '
        "corpus, 12 bytes or more; hold the pointer over it to see from where.</p>",
    ]
    for prompt_index in range(min(SHOWN, len(split.prompts))):
        prompt = split.prompts[prompt_index]
        parts.append(
            f"<details{' open' if prompt_index == 0 else ''}><summary>Prompt "
            f"{prompt_index + 1}</summary>"
            f'<pre class="prompt">{escape(prompt.decode("utf-8", "replace"))}</pre>'
            '<div class="samples">'
        )
        for row in comparison.rows:
            text = _sample_of(row, comparison, prompt_index)
            bits = judge.code_lengths(prompt, text)
            cost = f"{bits.mean():.2f} bits/byte" if text else "nothing"
            parts.append(
                f"<article><h4>{escape(row.label)} <small>{cost}</small></h4>"
                f"<pre>{sample_html(text, bits, split.pool)}</pre></article>"
            )
        parts.append("</div></details>")
    return "".join(parts)


def _sample_of(row: Quality, comparison: Comparison, index: int) -> bytes:
    return comparison.split.real[index] if row.run is None else row.run.samples[index]


def _skipped(comparison: Comparison) -> str:
    if not comparison.skipped:
        return ""
    entries = "".join(
        f"<li>{escape(one.label)}: {escape(one.reason)}</li>" for one in comparison.skipped
    )
    return f'<p class="note">Left out:</p><ul class="note">{entries}</ul>'
