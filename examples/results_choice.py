"""The part of docs/results.md on multiple choice, on stdout. See results.sh.

rows × (compressor, readings, prime, n)  ─►  cgen choose --out, two at a time  ─►  one table a prime
"""

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ALL = 2000


@dataclass(frozen=True)
class Ask:
    """One command: a compressor under some readings, after one kind of prime."""

    compressor: str
    readings: tuple[str, ...]
    prime: str
    count: int = ALL

    def words(self, rows: Path, runs: Path) -> list[str]:
        """What is typed; the dear ones answer fewer questions."""
        kept = runs / f"choose-{self.compressor}-{self.prime}-{'-'.join(self.readings)}.jsonl"
        words = ["choose", str(rows), "-c", self.compressor, "--prime", self.prime]
        words += [word for reading in self.readings for word in ("--reading", reading)]
        if self.count < ALL:
            words += ["--limit", str(self.count)]
        return [*words, "--json", "--quiet", "--out", str(kept)]


ASKED = (
    Ask("gzip", ("bytes", "bits", "payload", "marginal"), "topic"),
    Ask("gzip", ("frozen",), "topic"),
    Ask("zstd", ("bytes", "bits", "payload", "marginal"), "topic"),
    Ask("brotli", ("bytes", "bits", "marginal"), "topic", 1000),
    Ask("bz2", ("bytes", "bits", "payload"), "topic", 1000),
    Ask("cm", ("marginal",), "topic", 1000),
    Ask("neural", ("marginal",), "topic", 200),
    Ask("ngram", ("marginal",), "topic", 500),
    Ask("gzip", ("bytes", "bits", "payload", "marginal"), "none"),
    Ask("gzip", ("frozen",), "none"),
    Ask("zstd", ("bytes", "bits", "payload", "marginal"), "none"),
    Ask("brotli", ("bytes", "bits", "marginal"), "none", 1000),
    Ask("bz2", ("bytes", "bits", "payload"), "none"),
    Ask("cm", ("marginal",), "none"),
    Ask("neural", ("marginal",), "none", 1000),
    Ask("ngram", ("marginal",), "none", 1000),
)
"""In the order of the tables. The dear ones are asked fewer questions."""


def main() -> None:
    """Ask what was not asked yet, and print the tables."""
    if len(sys.argv) != 3:
        sys.exit("usage: python examples/results_choice.py hellaswag-val-first2000.jsonl RUNS")
    rows, runs = Path(sys.argv[1]), Path(sys.argv[2])
    runs.mkdir(parents=True, exist_ok=True)
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda ask: answer(ask.words(rows, runs)), ASKED))
    print("\n".join(page(answers)))


def answer(words: Sequence[str]) -> dict[str, Any]:
    """What the command prints."""
    finished = subprocess.run(
        [sys.executable, "-m", "compgen", *words], stdout=subprocess.PIPE, check=True
    )
    print(f"{' '.join(words[2:])}", file=sys.stderr)
    found: dict[str, Any] = json.loads(finished.stdout)
    return found


def page(answers: Sequence[dict[str, Any]]) -> Iterator[str]:
    """A heading, what the figures are, a table for each prime, and others' numbers."""
    yield HEAD
    for prime, remark in REMARKS.items():
        yield f"\n### {remark}\n"
        yield "| | reading | n | acc | acc_norm | conditional − unconditional | blind | ties |"
        yield "|---|---|---|---|---|---|---|---|"
        chosen = [found for found in answers if found["prime"] == prime]
        for found in chosen:
            for run in found["runs"]:
                yield row(run)
        notes = dict.fromkeys(note for found in chosen for note in found["notes"])
        if notes:
            yield ""
            yield " ".join(notes)
    yield "\n### Others, none of them measured here\n"
    yield "| | acc | acc_norm | source |"
    yield "|---|---|---|---|"
    yield f"| chance | {100 * answers[0]['chance']:.1f} | {100 * answers[0]['chance']:.1f} | |"
    for line in answers[0]["published"]:
        cells = (line["model"], figure(line["acc"]), figure(line["acc_norm"]), line["source"])
        yield f"| {' | '.join(cells)} |"


def row(run: dict[str, Any]) -> str:
    """One line of a table: percentages, with half of the 95 % interval."""
    found = run["accuracies"]
    cells = [
        f"{100 * found[name]['value']:.1f} ±{50 * (found[name]['high'] - found[name]['low']):.1f}"
        for name in ("acc", "acc_char", "acc_pmi", "acc_blind")
    ]
    cells.append(f"{100 * found['acc']['tied'] / run['labelled']:.1f} %")
    return f"| {run['compressor']} | {run['reading']} | {run['labelled']:,} | {' | '.join(cells)} |"


def figure(value: float | None) -> str:
    """A percentage, if there is one."""
    return "" if value is None else f"{value:.1f}"


REMARKS = {
    "topic": "After 30 KB of other rows of its topic, each with its right ending",
    "none": "After nothing: zero-shot",
}
HEAD = """
# Does the right ending cost fewest bits?

HellaSwag, multiple choice, by `cgen choose`: the first 2,000 rows of the validation set, all of
them ActivityNet's; n says how many of them a compressor was asked (the first n). Percent, ±
half of the 95 % bootstrap interval, in which clips of one video are drawn together. *acc*: the
ending of fewest bits after the context is the answer; *acc_norm*: of fewest bits a character, as
lm-evaluation-harness has it. *conditional − unconditional*: the bits of the ending after the
context less those without it. *blind*: bits a character without the context, the question
unread. *ties*: questions of which several endings share the lowest acc; k that tie count 1/k
each, and no rule that breaks ties sees the label. docs/choose.md says the rest, and what to
make of it.

Read *blind* beside acc_norm: what it gets, it gets from the style of the endings, of which the
wrong ones were written by a language model."""


if __name__ == "__main__":
    main()
