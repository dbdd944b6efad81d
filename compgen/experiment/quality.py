"""From a `Run` to the figures of a table's row. docs/metrics.md says what fools each of them.

samples ──► judge's gap │ copies │ loops │ words │ classifier │ 3-grams
real    ──► the same figures of the true continuations: the row that the others stand beside
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from compgen.experiment.run import CONTEXT_LENGTHS, Run
from compgen.experiment.split import Split
from compgen.metrics.calibration import Reliability, ranks, reliability
from compgen.metrics.classifier import classifier_auc
from compgen.metrics.copying import coverage, match_lengths
from compgen.metrics.divergence import jensen_shannon, wasserstein
from compgen.metrics.intervals import Mean, mean_of, paired_difference
from compgen.metrics.judge import Judge
from compgen.metrics.loops import distinct, longest_repeat, valid_utf8, valid_words, words

Floats = NDArray[np.float64]

COPY = 12
"""Bytes from which on a verbatim copy counts."""
REAL = "real text"


@dataclass(frozen=True)
class Prediction:
    """How well the next byte of real text was predicted."""

    cross_entropy: Mean
    """Bits paid for the true byte."""
    top1: Mean
    ties: float
    """Bytes that tied for the most probable, on average."""
    ranks: Floats
    reliability: Reliability
    curve: Floats
    """Mean bits after each of CONTEXT_LENGTHS bytes of context alone."""
    paid: Floats = field(default_factory=lambda: np.zeros(0), repr=False)
    """Bits for the true byte at each position; the positions are the same for all rows."""


@dataclass(frozen=True)
class Quality:
    """One row: means over the prompts, with 95 % bootstrap intervals where they are `Mean`s."""

    label: str
    gap: Mean
    """Judge's bits per byte of the samples less those of the real continuations."""
    wasserstein: float
    """Wasserstein-1 distance of the samples' bits per byte from those of the real ones."""
    covered: Mean
    """Share of bytes in copies of the corpus of 12 bytes and more."""
    longest_copy: Mean
    longest_repeat: Mean
    distinct4: Mean
    valid_words: Mean
    utf8: float
    auc: float
    """Of a classifier that tells the samples from other real text."""
    jensen_shannon: float
    bytes_per_second: float | None = None
    candidates_per_byte: float | None = None
    prediction: Prediction | None = None
    run: Run | None = field(default=None, repr=False)
    excess: Floats = field(default_factory=lambda: np.zeros(0), repr=False)
    """The judge's bits per byte of each sample, less those of the real continuation."""
    copied: Floats = field(default_factory=lambda: np.zeros(0), repr=False)
    """Of each sample what `covered` is the mean of."""

    def as_dict(self) -> dict[str, Any]:
        """For JSON and CSV: one flat object, intervals as `…_low` and `…_high`."""
        fields: dict[str, Any] = {"label": self.label}
        if self.run is not None:
            spec = self.run.spec
            fields |= {
                "id": spec.id,
                "compressor": self.run.compressor,
                "reading": self.run.reading,
                "sampler": spec.sampler,
                "seed": spec.seed,
                "prompts": len(self.run.samples),
                "prime_bytes": self.run.prime_bytes,
            }
        for name in MEANS:
            fields |= spread(name, getattr(self, name))
        for name in ("wasserstein", "utf8", "auc", "jensen_shannon"):
            fields[name] = _number(getattr(self, name))
        fields["bytes_per_second"] = self.bytes_per_second
        fields["candidates_per_byte"] = self.candidates_per_byte
        if (found := self.prediction) is not None:
            fields |= spread("cross_entropy", found.cross_entropy)
            fields |= spread("top1", found.top1)
            fields["ties"] = found.ties
            fields["calibration_error"] = found.reliability.error
            for length, bits in zip(CONTEXT_LENGTHS, found.curve, strict=True):
                fields[f"cross_entropy_after_{length}"] = _number(float(bits))
        return fields


MEANS = (
    "gap",
    "covered",
    "longest_copy",
    "longest_repeat",
    "distinct4",
    "valid_words",
)


class Bench:
    """Everything that the rows of one split share: the judge, the real text and its figures."""

    def __init__(self, split: Split, seed: int = 0) -> None:
        self.split = split
        self._seed = seed
        self._judge = Judge(split.judged)
        self._known = frozenset(words(split.judged + b" " + b" ".join(split.held_out)))
        self._real_bits = self._judge.bits_per_byte(split.prompts, split.real)

    @property
    def real_bits_per_byte(self) -> float:
        """The judge's, of the real continuations."""
        return float(self._real_bits.mean())

    @property
    def judge(self) -> Judge:
        """Who has read the judge's part."""
        return self._judge

    def real(self) -> Quality:
        """The row of the true continuations: gap 0, with the copying and loops of real text."""
        return self.row(REAL, self.split.real)

    def measure(self, run: Run, label: str | None = None) -> Quality:
        """The row of a run on this split."""
        return self.row(label or run.spec.label, run.samples, run)

    def row(self, label: str, samples: Sequence[bytes], run: Run | None = None) -> Quality:
        """The figures of `samples`, a continuation of each of the split's prompts."""
        rng = np.random.default_rng(self._seed)  # every row resamples alike
        split = self.split
        judged = self._judge.bits_per_byte(split.prompts, samples)
        copies = [match_lengths(sample, split.pool) for sample in samples]
        copied = np.array([coverage(lengths, COPY) for lengths in copies], np.float64)
        written = sum(map(len, samples))

        def mean(values: Sequence[float]) -> Mean:
            return mean_of(np.array(values, np.float64), rng)

        return Quality(
            label=label,
            gap=paired_difference(judged, self._real_bits, rng),
            wasserstein=wasserstein(judged, self._real_bits),
            covered=mean_of(copied, rng),
            longest_copy=mean([float(lengths.max(initial=0)) for lengths in copies]),
            longest_repeat=mean([float(longest_repeat(sample)) for sample in samples]),
            distinct4=mean([distinct(sample) for sample in samples]),
            valid_words=mean([valid_words(sample, self._known) for sample in samples]),
            utf8=float(np.mean([valid_utf8(sample) for sample in samples])),
            auc=classifier_auc(samples, split.others, rng),
            jensen_shannon=jensen_shannon(samples, split.others),
            bytes_per_second=None if run is None else written / max(run.seconds, 1e-9),
            candidates_per_byte=None if run is None else run.candidates / max(written, 1),
            prediction=None if run is None or not run.true.size else _prediction(run, rng),
            run=run,
            excess=judged - self._real_bits,
            copied=copied,
        )


def _prediction(run: Run, rng: np.random.Generator) -> Prediction:
    bits, true = run.distributions, run.true
    own = bits[np.arange(true.size), true.astype(np.intp)]
    best = bits.min(axis=1)
    ties = (bits == best[:, None]).sum(axis=1)
    known = ~np.isnan(run.curve)
    sums = np.where(known, run.curve, 0).sum(axis=1)
    with np.errstate(invalid="ignore"):
        curve = sums / known.sum(axis=1)
    return Prediction(
        cross_entropy=mean_of(own, rng),
        top1=mean_of((own == best) / ties, rng),
        ties=float(ties.mean()),
        ranks=ranks(bits, true),
        reliability=reliability(bits, true),
        curve=curve,
        paid=own,
    )


def spread(name: str, mean: Mean) -> dict[str, float | None]:
    """A mean and its interval as three fields of JSON."""
    return {
        name: _number(mean.value),
        f"{name}_low": _number(mean.low),
        f"{name}_high": _number(mean.high),
    }


def _number(value: float) -> float | None:
    """JSON has no NaN and no infinity."""
    return value if np.isfinite(value) else None
