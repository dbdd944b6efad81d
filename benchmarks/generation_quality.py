"""How good is generated text? Gap, copying and loops, for gzip's decoder-marginals.

    python -m benchmarks.generation_quality TEXT [TEXT …]

    text ── 8,000-byte segments, shuffled ──┬── judge's text (56 %) ──► Kneser-Ney, order 7
                                            ├── pool (33 %): its first 30 KB are the prime
                                            └── test (11 %): prompts and real continuations

    gap     judge's bits per byte of a sample minus the real continuation's: 0 is right, and
            both sides are wrong (noise above, copies and loops below)
    cov12   share of the sample's bytes inside verbatim copies of the prime, 12 bytes or more
    lrs     longest repeated substring inside the sample

Prompts for tuning come from the first halves of the test segments, held-out ones from the
second halves; the held-out figures are averages over other shuffles than the tuning ones.
"""

import argparse
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from compgen import distribution
from compgen.compressors.deflate import Gzip
from compgen.conditionals.deflate_marginal import DeflateMarginal
from compgen.conditionals.experts import ExpertPlan
from compgen.conditionals.marginal_mixture import MarginalMixture
from compgen.conditionals.marginal_tables import FLAT_LENGTHS, UNSHAPED, TokenShape
from compgen.sampling.ancestral import Ancestral
from compgen.sampling.sampler import Source
from compgen.sampling.shaping import Shaping

SEGMENT = 8_000
PRIME = 30_000
LENGTH = 200
TUNING_SEEDS = (1, 2)
HELD_OUT_SEEDS = (11, 12, 13)

Keys = NDArray[np.uint64]


class KneserNey:
    """Interpolated modified Kneser-Ney over bytes, order - 1 bytes of context, order <= 8.

    Source: Chen and Goodman, An Empirical Study of Smoothing Techniques for Language Modeling
    (1999), section 3. An n-gram is packed into one integer, its last byte lowest.
    """

    def __init__(self, text: bytes, order: int) -> None:
        self.order = order
        values = np.frombuffer(text, np.uint8).astype(np.uint64)
        self._tables = [self._table(values, length) for length in range(1, order + 1)]

    def _table(self, values: Keys, length: int) -> tuple[NDArray[Any], ...]:
        """Sorted n-grams, counts, discounts; sorted contexts, totals, masses left over."""
        if length == self.order:
            grams, counts = np.unique(_packed(values, length), return_counts=True)
        else:  # how many different bytes precede it, not how often it occurs
            longer = np.unique(_packed(values, length + 1))
            grams, counts = np.unique(longer & _mask(length), return_counts=True)
        of_counts = np.bincount(np.minimum(counts, 5), minlength=6)[1:5]
        once, twice = max(1, of_counts[0]), max(1, of_counts[1])
        share = once / (once + 2 * twice)
        discounts = np.zeros(4)
        for count in (1, 2, 3):
            estimate = count - (count + 1) * share * of_counts[count] / max(1, of_counts[count - 1])
            discounts[count] = np.clip(estimate, 0.05 * count, count)
        contexts, owner = np.unique(grams >> np.uint64(8), return_inverse=True)
        totals = np.bincount(owner, weights=counts)
        left = np.bincount(owner, weights=discounts[np.minimum(counts, 3)])
        return grams, counts.astype(np.float64), discounts, contexts, totals, left

    def probability(self, keys: Keys) -> NDArray[np.float64]:
        """Probability of the last byte of each key after the bytes before it, shape (n,)."""
        result = np.full(keys.shape, 1 / 256)
        for length, table in enumerate(self._tables, start=1):
            grams, counts, discounts, contexts, totals, left = table
            gram = keys & _mask(length)
            count = _look_up(gram, grams, counts)
            total = _look_up(gram >> np.uint64(8), contexts, totals)
            rest = _look_up(gram >> np.uint64(8), contexts, left)
            seen = total > 0
            kept = count - discounts[np.minimum(count, 3).astype(np.int64)]
            result[seen] = (kept[seen] + rest[seen] * result[seen]) / total[seen]
        return result

    def bits(self, context: bytes, continuation: bytes) -> NDArray[np.float64]:
        """Code length of each byte of the continuation, shape (len(continuation),)."""
        data = (b"\n" * 8 + context)[-7:] + continuation
        return -np.log2(self.probability(_packed(_values(data), 8)))

    def next_byte(self, context: bytes) -> NDArray[np.float64]:
        """Probabilities of the next byte, shape (256,)."""
        before = _packed(_values((b"\n" * 7 + context)[-7:]), 7)[0]
        keys = (before << np.uint64(8)) | np.arange(256, dtype=np.uint64)
        probability = self.probability(keys)
        result: NDArray[np.float64] = probability / probability.sum()
        return result


def _values(data: bytes) -> Keys:
    return np.frombuffer(data, np.uint8).astype(np.uint64)


def _mask(length: int) -> np.uint64:
    return np.uint64((1 << 8 * length) - 1)


def _packed(values: Keys, length: int) -> Keys:
    """Every n-gram of `length` bytes, in order."""
    keys = np.zeros(max(0, values.size - length + 1), np.uint64)
    for index in range(length):
        keys = (keys << np.uint64(8)) | values[index : index + keys.size]
    return keys


def _look_up(
    keys: Keys, known: NDArray[np.generic], values: NDArray[np.generic]
) -> NDArray[np.float64]:
    index = np.minimum(np.searchsorted(known, keys), known.size - 1)
    found: NDArray[np.float64] = np.where(known[index] == keys, values[index], 0.0)
    return found


def longest_repeat(data: bytes) -> int:
    """Length of the longest substring that occurs twice; the two may overlap."""
    longest = 0
    for start in range(len(data)):
        while (
            start + longest < len(data)
            and data.find(data[start : start + longest + 1], start + 1) >= 0
        ):
            longest += 1
    return longest


def coverage(data: bytes, source: bytes, length: int = 12) -> float:
    """Share of the bytes of `data` inside substrings of `length` or more that `source` has."""
    covered = np.zeros(len(data), bool)
    for start in range(len(data) - length + 1):
        if data[start : start + length] in source:
            covered[start : start + length] = True
    return float(covered.mean())


@dataclass(frozen=True)
class Task:
    """One shuffle of one text: a judge, a prime, and prompts with what really follows."""

    judge: KneserNey
    prime: bytes
    prompts: list[bytes]
    real: list[bytes]
    real_bits: float


def make_task(text: bytes, seed: int, *, prompts: int, held_out: bool) -> Task:
    """Split `text` by `seed`; see the module."""
    starts = [0]
    while starts[-1] + SEGMENT < len(text):
        first = starts[-1] + SEGMENT
        borders = [text.find(mark, first, first + SEGMENT) for mark in (b"\n\n", b"\n")]
        border = next((found for found in borders if found >= 0), first)
        starts.append(border + 1)
    segments = [text[a:b] for a, b in zip(starts, [*starts[1:], len(text)], strict=True)]
    random = np.random.default_rng(seed)
    segments = [segments[index] for index in random.permutation(len(segments))]
    judged, pooled = int(0.56 * len(segments)), int(0.33 * len(segments))
    judge = KneserNey(b"".join(segments[:judged]), 7)
    prime = b"".join(segments[judged : judged + pooled])[:PRIME]
    test = [segment for segment in segments[judged + pooled :] if len(segment) >= SEGMENT]
    chosen, real = [], []
    for index in range(prompts):
        segment = test[index % len(test)]
        half = len(segment) // 2
        part = segment[half:] if held_out else segment[:half]
        start = int(random.integers(len(part) - 2 * LENGTH))
        chosen.append(part[start : start + LENGTH])
        real.append(part[start + LENGTH : start + 2 * LENGTH])
    bits = [judge.bits(p, c).mean() for p, c in zip(chosen, real, strict=True)]
    return Task(judge, prime, chosen, real, float(np.mean(bits)))


@dataclass(frozen=True)
class Quality:
    """Means over the samples; `gap_error` is the standard error of the gap."""

    gap: float
    gap_error: float
    cov12: float
    lrs: float


Sampler = Callable[[Task, np.random.Generator], list[bytes]]


def measure(tasks: Sequence[Task], sampler: Sampler) -> Quality:
    """Sample a continuation of every prompt of every task, and judge it."""
    gaps, copies, repeats = [], [], []
    for index, task in enumerate(tasks):
        samples = sampler(task, np.random.default_rng(1000 + index))
        for prompt, real, made in zip(task.prompts, task.real, samples, strict=True):
            bits = task.judge.bits(prompt, made).mean()
            gaps.append(float(bits - task.judge.bits(prompt, real).mean()))
            copies.append(coverage(made, task.prime))
            repeats.append(longest_repeat(made))
    return Quality(
        float(np.mean(gaps)),
        float(np.std(gaps) / np.sqrt(len(gaps))),
        float(np.mean(copies)),
        float(np.mean(repeats)),
    )


@dataclass(frozen=True)
class Mixture:
    """Decoder-marginals of random halves of the prime; halves = 0: of the prime itself.

    Without `experts`, there is one for each half, and the contexts take turns.
    """

    halves: int = 24
    contexts: tuple[int, ...] = (5, 4, 3)
    experts: int | None = None
    shape: TokenShape = field(default=UNSHAPED)
    temperature: float = 1.0
    min_p: float = 0.0
    dry: float = 0.0

    def __call__(self, task: Task, random: np.random.Generator) -> list[bytes]:
        shaping = Shaping(temperature=self.temperature, min_p=self.min_p, dry_multiplier=self.dry)
        if self.halves:
            primes = ExpertPlan(self.halves).primes(task.prime, random)
            base: DeflateMarginal | MarginalMixture = MarginalMixture(
                primes, self.contexts, experts=self.experts or self.halves, shape=self.shape
            )
        else:
            base = MarginalMixture([task.prime], self.contexts, shape=self.shape)
        samples = []
        for prompt in task.prompts:
            state = base.fork()
            state.advance(prompt)
            source = Source(state, Gzip(), b"", prompt, shaping, limit=LENGTH)
            made = b""
            for chunk in Ancestral().chunks(source, random):
                made += chunk.data
                if len(made) >= LENGTH:
                    break
            samples.append(made[:LENGTH])
        return samples


@dataclass(frozen=True)
class KneserNeySampler:
    """The reference: an order-6 n-gram model of the prime."""

    temperature: float = 1.0
    min_p: float = 0.0

    def __call__(self, task: Task, random: np.random.Generator) -> list[bytes]:
        model = KneserNey(task.prime, 6)
        known = np.bincount(np.frombuffer(task.prime, np.uint8), minlength=256) > 0
        samples = []
        for prompt in task.prompts:
            made = b""
            for uniform in random.random(LENGTH):
                p = model.next_byte(prompt + made) * known
                p = distribution.temper(
                    distribution.min_p(p / p.sum(), self.min_p), self.temperature
                )
                made += bytes([distribution.draw(p, float(uniform))])
            samples.append(made)
        return samples


def real_text(task: Task, _: np.random.Generator) -> list[bytes]:
    """What really follows: gap 0 by definition."""
    return task.real


ROWS: dict[str, Sampler] = {
    "real text": real_text,
    "Kneser-Ney order 6, T = 1": KneserNeySampler(),
    "Kneser-Ney order 6, min-p .1": KneserNeySampler(min_p=0.1),
    "gzip marginal, T = 1": Mixture(0, (0,)),
    "gzip marginal, min-p .1": Mixture(0, (0,), min_p=0.1),
    "24 experts, contexts 5 4 3, min-p .1": Mixture(24, min_p=0.1),
    "… flat lengths, min-p .1": Mixture(24, shape=FLAT_LENGTHS, min_p=0.1),
    "24, contexts 4 3, flat, T .65, min-p .05": Mixture(
        24, (4, 3), shape=FLAT_LENGTHS, temperature=0.65, min_p=0.05
    ),
    "… and DRY": Mixture(24, (4, 3), shape=FLAT_LENGTHS, temperature=0.65, min_p=0.05, dry=0.8),
    "24, contexts 4 3 3, flat, T .6, min-p .05, DRY": Mixture(
        24, (4, 3, 3), shape=FLAT_LENGTHS, temperature=0.6, min_p=0.05, dry=0.8
    ),
    "16, contexts 4 3 3, flat, T .6, min-p .05, DRY": Mixture(
        16, (4, 3, 3), shape=FLAT_LENGTHS, temperature=0.6, min_p=0.05, dry=0.8
    ),
}


def table(paths: Sequence[Path], rows: dict[str, Sampler], prompts: int) -> str:
    """The held-out table, one row a sampler, three columns a text."""
    texts = [path.read_bytes().replace(b"\r\n", b"\n") for path in paths]
    tasks = [
        [make_task(text, seed, prompts=prompts, held_out=True) for seed in HELD_OUT_SEEDS]
        for text in texts
    ]
    lines = [f"{'':48s}" + "".join(f"{path.stem:>30s}" for path in paths)]
    lines.append(f"{'':48s}" + f"{'gap':>16s}{'cov12':>8s}{'lrs':>6s}" * len(paths))
    for name, sampler in rows.items():
        cells = []
        for group in tasks:
            found = measure(group, sampler)
            gap = f"{found.gap:+.2f} ±{found.gap_error:.2f}"
            cells.append(f"{gap:>16s}{found.cov12:8.2f}{found.lrs:6.1f}")
        lines.append(f"{name:48s}" + "".join(cells))
        print(lines[-1], flush=True)
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("texts", nargs="+", type=Path)
    parser.add_argument("--prompts", type=int, default=40)
    arguments = parser.parse_args()
    started = time.perf_counter()
    print(table(arguments.texts, ROWS, arguments.prompts))
    print(f"{time.perf_counter() - started:.0f} s")


if __name__ == "__main__":
    main()
