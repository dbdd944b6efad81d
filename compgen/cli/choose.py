"""`compgen choose`: multiple choice by code length."""

import hashlib
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from compgen.cli import console
from compgen.cli import parameters as options
from compgen.cli.interrupt import INTERRUPTED, keep_what_there_is
from compgen.cli.progress import ProgressLine
from compgen.cli.values import choice, whole
from compgen.errors import UsageError
from compgen.reading import Reading

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from compgen.evaluation.choice import Judge, Scored
    from compgen.evaluation.journal import Journal
    from compgen.evaluation.priming import Priming
    from compgen.evaluation.question import Question

FORMATS = ("auto", "hellaswag", "piqa", "lambada", "generic")
PRIMES = ("none", "leading", "topic", "retrieval")
"""Known here without importing numpy; a test holds them to the library's."""


def choose(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="The questions, one JSON object a line.")
    ],
    compressor: Annotated[
        list[str] | None,
        typer.Option(
            "--compressor",
            "-c",
            metavar="SPEC",
            show_default=False,
            help="gzip (the default), zstd:level=19, cm, …; may be repeated.",
        ),
    ] = None,
    form: Annotated[
        str,
        choice(
            "--format",
            among=FORMATS,
            called="format",
            help="What the fields are called: auto, hellaswag, piqa, lambada, or generic "
            "(ctx, endings, label).",
        ),
    ] = "auto",
    prime: Annotated[
        str,
        choice(
            "--prime",
            among=PRIMES,
            called="prime",
            help="Which other rows, with their answers, go before a question: none, leading, "
            "those of its topic, or retrieval, nearest by code length. Never its siblings.",
        ),
    ] = "none",
    corpus: Annotated[
        Path | None,
        typer.Option(
            "--corpus",
            metavar="FILE",
            show_default=False,
            help="Put the end of this text before every question, and no rows.",
        ),
    ] = None,
    limit: Annotated[
        int | None,
        whole("--limit", low=1, show_default=False, help="Score the first N questions only."),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            metavar="FILE",
            show_default=False,
            help="Note each score here at once; the same command goes on where it was stopped.",
            rich_help_panel=options.OUTPUT,
        ),
    ] = None,
    seed: Annotated[
        int, whole("--seed", low=0, help="Of the bootstrap; scores do not depend on it.")
    ] = 0,
    reading: Annotated[
        list[str] | None,
        choice(
            "--reading",
            among=tuple(Reading),
            called="reading",
            show_default=False,
            help="How a code length is read; may be repeated. By default auto, a compressor's "
            "best: see docs/readings.md.",
            rich_help_panel=options.MODEL,
        ),
    ] = None,
    dither: options.Dither = None,
    prime_bytes: Annotated[
        int,
        whole(
            "--prime-bytes",
            low=1,
            help="At most so many bytes of other rows, or of the corpus.",
            rich_help_panel=options.MODEL,
        ),
    ] = 30_000,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
) -> int:
    """Answer multiple-choice questions: the ending that costs fewest bits.

    [dim]cgen choose hellaswag.jsonl -c gzip -c cm --prime topic --limit 500[/]
    """
    import numpy as np

    from compgen.cli.inputs import read_input, require_one_stdin
    from compgen.evaluation.accuracy import chance
    from compgen.evaluation.choice import Judge
    from compgen.evaluation.choice_result import ChoiceResult
    from compgen.evaluation.journal import Journal
    from compgen.evaluation.priming import Prime, Primer, TextPrimer
    from compgen.evaluation.published import HELLASWAG
    from compgen.evaluation.question_file import read_questions
    from compgen.evaluation.siblings import sibling_groups
    from compgen.registry import get_compressor
    from compgen.report.choice_table import choice_table
    from compgen.versions import versions_of

    console.be_quiet(quiet)
    if corpus is not None and prime != "none":
        raise UsageError("--corpus and --prime exclude each other: choose one")
    judges = [
        Judge(get_compressor(spec), asked, dither)
        for spec in compressor or ["gzip"]
        for asked in reading or [Reading.AUTO]
    ]
    if corpus is not None:
        require_one_stdin(file, corpus)
    data = read_input(file)
    form, questions = read_questions(data, str(file), form)
    groups = sibling_groups(questions)
    primer: Priming = Primer(questions, groups, Prime(prime), prime_bytes)
    text = None if corpus is None else read_input(corpus)
    if text is not None:
        primer = TextPrimer(text, prime_bytes)
    chosen = questions[:limit]
    asked = {
        "compgen": "choose",
        "versions": versions_of([judge.compressor for judge in judges]),
        "file_sha256": hashlib.sha256(data).hexdigest(),
        "format": form,
        "prime": prime,
        "prime_bytes": prime_bytes if prime != "none" or text is not None else 0,
        **({} if text is None else {"corpus_sha256": hashlib.sha256(text).hexdigest()}),
        "runs": [
            {
                "compressor": str(judge.compressor),
                "reading": str(judge.reading),
                "dither": judge.dither,
            }
            for judge in judges
        ],
    }
    results: list[ChoiceResult] = []
    interrupted = False
    with Journal(out, asked) as journal, _line(len(judges) * len(chosen), quiet) as progress:
        for run, judge in enumerate(judges):
            started = time.process_time()
            scores: list[Scored] = []
            try:
                for scored in _scores(judge, run, chosen, primer, journal):
                    scores.append(scored)
                    keep_what_there_is()
                    progress.show(advance=1, what=str(judge.compressor))
            except KeyboardInterrupt:
                if not scores and not results:
                    raise
                interrupted = True
            seconds = time.process_time() - started
            rng = np.random.default_rng([seed, 0])
            if scores:
                results.append(ChoiceResult.of(judge, questions, scores, groups, rng, seconds))
            if interrupted:
                break
    notes = _notes(form, prime, chosen, primer, groups)
    published = HELLASWAG if form == "hellaswag" else ()
    if as_json:
        console.show_json(
            {
                **asked,
                "questions": len(questions),
                "labelled": sum(question.labelled for question in questions),
                "seed": seed,
                "chance": chance(chosen),
                "notes": notes,
                "published": [vars(line) for line in published],
                "runs": [result.as_dict() for result in results],
            }
        )
    else:
        console.show(choice_table(results, chance(chosen), published, notes))
    if interrupted:
        console.note(f"interrupted after {results[-1].scored} of {len(chosen)} questions")
        return INTERRUPTED
    return 0


def _scores(
    judge: "Judge", run: int, questions: "Sequence[Question]", primer: "Priming", journal: "Journal"
) -> "Iterator[Scored]":
    """The scores of the questions: from the journal, or made and noted in it."""
    for question in questions:
        if (run, question.row) not in journal.done:
            journal.add(run, judge.score(question, primer(question)))
        yield journal.done[run, question.row]


def _notes(
    form: str,
    prime: str,
    chosen: "Sequence[Question]",
    primer: "Priming",
    groups: "NDArray[np.int64]",
) -> list[str]:
    """What has to be known of the figures besides the figures."""
    from compgen.evaluation.priming import TextPrimer

    notes = []
    if isinstance(primer, TextPrimer):
        notes.append(
            f"Primed with {len(primer.prime):,} bytes of the corpus; in them stands, word for "
            f"word, the context or the right ending of {primer.found_in(chosen):,} of "
            f"{len(chosen):,} rows."
        )
    if prime != "none":
        size = sum(len(primer(question)) for question in chosen[:50]) / len(chosen[:50])
        notes.append(
            f"Primed with other rows and their answers, {size:,.0f} bytes on average (first 50); "
            f"siblings excluded: {len(set(groups.tolist())):,} groups of {groups.size:,} rows."
        )
        if form == "hellaswag" and not any(question.source for question in chosen):
            notes.append(
                "Leak: the rows do not name their source (source_id), so rows of one video that "
                "share no sentence cannot be told, and may prime each other."
            )
    if form == "lambada":
        there = sum(question.label is not None for question in chosen) / len(chosen)
        notes.append(
            "LAMBADA as a choice among the words of each context: the last word is one of them "
            f"in {100 * there:.1f} % of the rows, and the others count as wrong."
        )
    if not any(question.labelled for question in chosen):
        notes.append("No question is labelled; --json has the predictions.")
    return notes


def _line(total: int, hidden: bool) -> ProgressLine:
    from rich.progress import MofNCompleteColumn

    return ProgressLine(total, MofNCompleteColumn(), hidden=hidden, what="answering")
