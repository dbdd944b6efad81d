"""What the rows of a comparison differ by from one of them: value by value, not mean by mean.

    row        prompt 1 …  prompt n      position 1 …  position m
    reference  prompt 1 …  prompt n      position 1 …  position m
               └ gap, copied ┘           └ bits of the true byte ┘
               differences ─► mean, 95 % bootstrap interval

All rows of a split continue the same prompts and predict at the same positions. What is hard is
hard for every row, and leaves the difference: it is surer than two intervals suggest.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from compgen.experiment.quality import Quality, spread
from compgen.metrics.intervals import Mean, paired_difference, paired_distance


@dataclass(frozen=True)
class Difference:
    """A row less the reference. Each with the interval of the paired bootstrap."""

    label: str
    cross_entropy: Mean | None
    """Bits per byte of real text, over the positions; None: one of the two predicts nothing."""
    gap: Mean
    """Bits per byte of the samples to the judge, over the prompts."""
    distance: Mean | None
    """How much farther from 0 the gap is: below 0 is nearer to real text. None: of real text
    itself, whose gap is 0 and nothing to be sure or unsure of."""
    copied: Mean
    """Share of bytes in copies of the corpus, over the prompts."""

    def as_dict(self) -> dict[str, Any]:
        """For JSON and CSV: `difference_gap`, `difference_gap_low`, …, beside the row's own."""
        fields: dict[str, Any] = {}
        if self.cross_entropy is not None:
            fields |= spread("difference_cross_entropy", self.cross_entropy)
        fields |= spread("difference_gap", self.gap)
        if self.distance is not None:
            fields |= spread("difference_distance", self.distance)
        return fields | spread("difference_copied", self.copied)


def differences(
    rows: Sequence[Quality], reference: Quality, seed: int = 0
) -> tuple[Difference, ...]:
    """Those of all other rows, in their order."""
    return tuple(_difference(row, reference, seed) for row in rows if row is not reference)


def _difference(row: Quality, reference: Quality, seed: int) -> Difference:
    rng = np.random.default_rng(seed)  # every row resamples alike
    mine, theirs = row.prediction, reference.prediction
    entropy = None
    if mine is not None and theirs is not None and mine.paid.size == theirs.paid.size:
        entropy = paired_difference(mine.paid, theirs.paid, rng)
    return Difference(
        label=row.label,
        cross_entropy=entropy,
        gap=paired_difference(row.excess, reference.excess, rng),
        distance=None if row.run is None else paired_distance(row.excess, reference.excess, rng),
        copied=paired_difference(row.copied, reference.copied, rng),
    )
