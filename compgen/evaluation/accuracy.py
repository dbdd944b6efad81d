"""From the bits of endings to accuracies, with ties told and an interval.

    score      the ending that is chosen has the fewest
    acc        bits after the context
    acc_char   bits a character of the ending    (lm-evaluation-harness calls this acc_norm)
    acc_byte   bits a byte of the ending
    acc_pmi    bits after the context, minus bits without it
    acc_blind  bits a character without the context: the null score

Where acc_blind is as good as acc_char, the question was not needed: right endings are told from
wrong ones by their style alone (HellaSwag's wrong ones were written by a language model).

The delimiter before an ending is part of what is scored, and not of the length it is divided
by: that is what the harness does.

Ties. Whole-byte lengths tie often. A question of which k endings share the best value, to 9
decimals, counts 1/k if the right one is among them, and 0 if not: the expected accuracy of a
fair draw among the k. The rule uses no randomness, no order of the endings, and the label only
to look up the result.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from compgen.evaluation.bootstrap import Interval, bootstrap_mean
from compgen.evaluation.choice import Scored
from compgen.evaluation.question import Question
from compgen.prediction import TIE_DECIMALS

METRICS = ("acc", "acc_char", "acc_byte", "acc_pmi", "acc_blind")


@dataclass(frozen=True)
class Accuracy:
    """One metric over the labelled questions."""

    value: float
    """The share of right answers, ties split."""
    interval: Interval
    tied: int
    """Questions of which two or more endings share the best value."""
    tied_with_right: int
    """Those of them whose right ending is among these: the ones that are counted in part."""

    def as_dict(self) -> dict[str, Any]:
        return {
            "value": self.value,
            "low": self.interval.low,
            "high": self.interval.high,
            "tied": self.tied,
            "tied_with_right": self.tied_with_right,
        }


def values(question: Question, scored: Scored) -> dict[str, NDArray[np.float64]]:
    """What each metric ranks the endings by, lower is better; each of shape (endings,)."""
    characters = np.array([len(ending) for ending in question.endings], np.float64)
    size = np.array([len(ending.encode()) for ending in question.endings], np.float64)
    possible = np.isfinite(scored.bits)
    gain = np.full(scored.bits.size, np.inf)  # what cannot follow is not chosen
    gain[possible] = scored.bits[possible] - scored.unconditional[possible]
    return {
        "acc": scored.bits,
        "acc_char": scored.bits / characters,
        "acc_byte": scored.bits / size,
        "acc_pmi": gain,
        "acc_blind": scored.unconditional / characters,
    }


def best_endings(ranked_by: NDArray[np.float64]) -> NDArray[np.intp]:
    """Which endings share the lowest value, to TIE_DECIMALS decimals, ascending."""
    rounded = ranked_by.round(TIE_DECIMALS)
    return np.flatnonzero(rounded == rounded.min())


def credit(best: NDArray[np.intp], label: int | None) -> float:
    """1/k if `label` is one of the k best, else 0; no label: none of the endings is right."""
    return 1 / best.size if label in best.tolist() else 0.0


def accuracies(
    questions: Sequence[Question],
    scores: Sequence[Scored],
    groups: NDArray[np.int64],
    rng: np.random.Generator,
) -> Mapping[str, Accuracy]:
    """All metrics over those of the scored questions that are labelled; none if none is.

    `questions` and `groups` are of the whole file: siblings are drawn together by the
    bootstrap, because their results are not independent.
    """
    counted = [score for score in scores if questions[score.row].labelled]
    if not counted:
        return {}
    clusters = groups[[score.row for score in counted]]
    found = {}
    ranked = [values(questions[score.row], score) for score in counted]
    labels = [questions[score.row].label for score in counted]
    for metric in METRICS:
        best = [best_endings(row[metric]) for row in ranked]
        shares = np.array([credit(*pair) for pair in zip(best, labels, strict=True)])
        found[metric] = Accuracy(
            value=float(shares.mean()),
            interval=bootstrap_mean(shares, clusters, rng),
            tied=sum(tied.size > 1 for tied in best),
            tied_with_right=int(np.count_nonzero((shares > 0) & (shares < 1))),
        )
    return found


def chance(questions: Sequence[Question]) -> float | None:
    """The expected accuracy of a blind guess on the labelled questions; None without any.

    Where the right answer may not be among the endings (LAMBADA), a guess cannot find it.
    """
    guesses = [
        0.0 if question.label is None else 1 / len(question.endings)
        for question in questions
        if question.labelled
    ]
    return float(np.mean(guesses)) if guesses else None
