"""`ChoiceResult`: how one compressor under one reading did on a file of questions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from compgen.evaluation.accuracy import Accuracy, accuracies, best_endings, values
from compgen.evaluation.choice import Judge, Scored
from compgen.evaluation.question import Question


@dataclass(frozen=True)
class ChoiceResult:
    """Accuracies and predictions."""

    compressor: str
    reading: str
    dither: int
    scored: int
    labelled: int
    """Of the scored questions, those that count."""
    accuracies: Mapping[str, Accuracy]
    """By metric; empty if no scored question is labelled."""
    predictions: tuple[dict[str, Any], ...]
    """For each scored question its row, its line, and the best endings by each metric: one
    index, or several where they tie."""
    seconds: float
    """CPU seconds of this process, priming included; what an earlier process did is not in it."""

    @classmethod
    def of(
        cls,
        judge: Judge,
        questions: Sequence[Question],
        scores: Sequence[Scored],
        groups: NDArray[np.int64],
        rng: np.random.Generator,
        seconds: float,
    ) -> Self:
        """The result of `scores`, each of one of `questions`, which are the whole file."""
        return cls(
            compressor=str(judge.compressor),
            reading=str(judge.reading),
            dither=judge.dither,
            scored=len(scores),
            labelled=sum(questions[score.row].labelled for score in scores),
            accuracies=accuracies(questions, scores, groups, rng),
            predictions=tuple(_prediction(questions[score.row], score) for score in scores),
            seconds=seconds,
        )

    def as_dict(self) -> dict[str, Any]:
        """For JSON: one of the `runs` of `cgen choose --json`."""
        return {
            "compressor": self.compressor,
            "reading": self.reading,
            "dither": self.dither,
            "scored": self.scored,
            "labelled": self.labelled,
            "accuracies": {
                metric: accuracy.as_dict() for metric, accuracy in self.accuracies.items()
            },
            "cpu_seconds": self.seconds,
            "predictions": list(self.predictions),
        }


def _prediction(question: Question, scored: Scored) -> dict[str, Any]:
    best = {
        metric: best_endings(ranked_by).tolist()
        for metric, ranked_by in values(question, scored).items()
    }
    return {"row": question.row, "line": question.line, **best}
