"""What fools each figure of `cgen compare`: the table of docs/metrics.md, on stdout.

    python examples/fools.py TEXT        a text of 100 KB and more, such as alice29.txt

Continuations that nobody would call good, each made to win some figures. Seconds; one seed.
"""

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np

from compgen.experiment.quality import Bench, Quality
from compgen.experiment.split import split_text

PROMPTS, PROMPT, LENGTH = 40, 200, 200
LETTERS = np.frombuffer(b"abcdefghijklmnopqrstuvwxyz ", np.uint8)
Fool = Callable[[bytes, np.random.Generator], bytes]
"""A continuation from the corpus and a source of randomness; it need not see the prompt."""


def quotation(pool: bytes, rng: np.random.Generator) -> bytes:
    start = int(rng.integers(len(pool) - LENGTH))
    return pool[start : start + LENGTH]


def blotted(pool: bytes, rng: np.random.Generator) -> bytes:
    """A quotation with every eleventh byte another letter: no piece of 12 bytes is a copy."""
    text = bytearray(quotation(pool, rng))
    text[5::11] = rng.choice(LETTERS, len(text[5::11])).tobytes()
    return bytes(text)


def letters(pool: bytes, rng: np.random.Generator) -> bytes:  # noqa: ARG001
    return rng.choice(LETTERS, LENGTH).tobytes()


def loop(pool: bytes, rng: np.random.Generator) -> bytes:  # noqa: ARG001
    return (b"the " * LENGTH)[:LENGTH]


def made_up_for(pool: bytes, rng: np.random.Generator) -> bytes:
    """As much noise as makes up for the loop that follows it."""
    return (letters(pool, rng)[:53] + loop(pool, rng))[:LENGTH]


def one_or_other(pool: bytes, rng: np.random.Generator) -> bytes:
    """Noise in three samples of ten, the loop in the others."""
    return (letters if rng.random() < 0.3 else loop)(pool, rng)


def pieces(pool: bytes, rng: np.random.Generator) -> bytes:
    """Pieces of 11 bytes from all over the corpus: below what counts as a copy."""
    starts = rng.integers(len(pool) - 11, size=LENGTH // 11 + 1)
    return b"".join(pool[start : start + 11] for start in starts)[:LENGTH]


FOOLS: dict[str, Fool] = {
    "a quotation of the corpus": quotation,
    "a quotation, every 11th byte another": blotted,
    "pieces of 11 bytes of the corpus": pieces,
    "letters at random": letters,
    "`the the the …`": loop,
    "a quarter letters, then the loop": made_up_for,
    "letters in 3 samples of 10, else the loop": one_or_other,
}


def main() -> None:
    """Real text first, then all who would pass for it."""
    if len(sys.argv) != 2:
        sys.exit("usage: python examples/fools.py TEXT")
    split = split_text(
        Path(sys.argv[1]).read_bytes(), seed=0, prompts=PROMPTS, prompt_bytes=PROMPT, length=LENGTH
    )
    bench = Bench(split)
    print("| | gap | wasserstein | copied | repeat | distinct4 | words | AUC | 3-grams |")
    print("|---|---|---|---|---|---|---|---|---|")
    print(line(bench.real()))
    for name, fool in FOOLS.items():
        rng = np.random.default_rng(1)
        print(line(bench.row(name, [fool(split.pool, rng) for _ in split.prompts])))


def line(row: Quality) -> str:
    """One line of the table."""
    cells = [
        f"{row.gap.value:+.2f} ±{row.gap.half_width:.2f}",
        f"{row.wasserstein:.2f}",
        f"{row.covered.value:.2f}",
        f"{row.longest_repeat.value:.0f}",
        f"{row.distinct4.value:.2f}",
        f"{row.valid_words.value:.2f}",
        f"{row.auc:.2f}",
        f"{row.jensen_shannon:.2f}",
    ]
    return f"| {row.label} | {' | '.join(cells)} |"


if __name__ == "__main__":
    main()
