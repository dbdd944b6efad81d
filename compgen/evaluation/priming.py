"""What a question is primed with: other rows of its file, never its siblings.

    order of preference ──► as many whole rows as fit ──► least preferred … most preferred │ context

    none        nothing
    leading     the rows as they come in the file
    topic       the rows of the same topic, then as `leading`
    retrieval   the rows given which the context costs fewest bits, the cheapest first

Or a text of one's own primes every question alike: the end of it, as much as fits.

Rows are told with their right ending where the file tells it, as in few-shot prompts; so a
primed score is not a zero-shot one. `retrieval` measures by deflate with the row as its preset
dictionary, for every compressor alike: all are asked the same question after the same prime.
"""

import zlib
from collections.abc import Callable, Iterable, Sequence
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from compgen.errors import InputError
from compgen.evaluation.question import Question

SEPARATOR = b"\n"
PRIME_BYTES = 30_000
"""By default: what deflate's window holds, less the question itself."""


Priming = Callable[[Question], bytes]
"""What goes before a question: a `Primer`, or a `TextPrimer`."""


class Prime(StrEnum):
    """Which rows prime a question."""

    NONE = "none"
    LEADING = "leading"
    TOPIC = "topic"
    RETRIEVAL = "retrieval"


class Primer:
    """Makes the prime of each question of one file."""

    def __init__(
        self,
        questions: Sequence[Question],
        groups: NDArray[np.int64],
        kind: Prime,
        budget: int = PRIME_BYTES,
    ) -> None:
        """`groups` are those of `sibling_groups`. Raises InputError if no row has a topic that
        is to be primed by topic."""
        if kind is Prime.TOPIC and not any(question.topic for question in questions):
            raise InputError(
                "no row has a topic (HellaSwag's activity_label); use --prime leading or retrieval"
            )
        self._kind = kind
        self._budget = budget
        self._groups = groups
        self._rows = [question.solved + SEPARATOR for question in questions]
        self._shortest = min(map(len, self._rows))
        self._chosen: dict[int, NDArray[np.int64]] = {}
        self._by_topic: dict[str, list[int]] = {}
        for index, question in enumerate(questions):
            if question.topic:
                self._by_topic.setdefault(question.topic, []).append(index)

    def __call__(self, question: Question) -> bytes:
        """The rows that prime `question`, at most the budget, each ended by a line break."""
        if self._kind is Prime.NONE:
            return b""
        if question.row not in self._chosen:
            self._chosen[question.row] = self._choose(question)
        return b"".join(self._rows[index] for index in self._chosen[question.row].tolist())

    def _choose(self, question: Question) -> NDArray[np.int64]:
        """The rows of the prime, the most preferred last."""
        chosen, left = [], self._budget
        for index in self._preferred(question):
            if left < self._shortest:
                break
            size = len(self._rows[index])
            if self._groups[index] != self._groups[question.row] and size <= left:
                chosen.append(index)
                left -= size
        return np.array(chosen[::-1], np.int64)

    def _preferred(self, question: Question) -> Iterable[int]:
        everything = range(len(self._rows))
        if self._kind is Prime.TOPIC:
            return dict.fromkeys([*self._by_topic.get(question.topic, ()), *everything])
        if self._kind is Prime.RETRIEVAL:
            context = question.context.encode()
            costs = [_length_after(row, context) for row in self._rows]
            return [int(index) for index in np.argsort(costs, kind="stable")]
        return everything


class TextPrimer:
    """Primes every question with the end of one text."""

    def __init__(self, text: bytes, budget: int = PRIME_BYTES) -> None:
        """Raises InputError if there is no text."""
        if not text:
            raise InputError("the corpus is empty; there is nothing to prime with")
        ended = text if text.endswith(SEPARATOR) else text + SEPARATOR
        self.prime = ended[-budget:]

    def __call__(self, question: Question) -> bytes:  # noqa: ARG002
        """At most the budget's bytes, ended by a line break."""
        return self.prime

    def found_in(self, questions: Sequence[Question]) -> int:
        """How many of `questions` have their context or their right ending in the prime, word
        for word: these it may answer by heart."""
        return sum(
            question.context.encode() in self.prime
            or (question.answer != "" and question.answer.encode() in self.prime)
            for question in questions
        )


def _length_after(row: bytes, context: bytes) -> int:
    """Bytes that deflate needs for `context` with `row` as its preset dictionary."""
    state = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS, zdict=row)
    return len(state.compress(context)) + len(state.flush())
