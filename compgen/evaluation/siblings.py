"""Which rows of a file belong together, so that none primes another.

HellaSwag's ActivityNet rows are clips of one video in turn: the right ending of a row is, word
for word, the last sentence of the next row's context. A prime with a sibling in it holds the
answer.

    row 1  A boy is running down a track. the boy             ending: lifts his body above …
    row 2  The boy lifts his body above … The boy lands … the boy      └── is in row 2

Two rows are siblings if the file gives them the same source, if their contexts share a sentence
of at least 5 words, or if an ending of the one (any ending, not the right one: labels are not
looked at) of at least 3 words is part of the other's context; and so are siblings of siblings.

What is not excluded: two rows of one video that share no sentence where the file names no
source, and the same scene told in other words by a second annotator.
"""

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from compgen.evaluation.question import Question

SENTENCE_WORDS = 5
"""Shorter sentences ("He smiles.") are common to rows that have nothing to do with each other."""
ENDING_WORDS = 3
BREAK = re.compile(r"[.!?;]+|\[[a-z_]+\]", re.IGNORECASE)
"""Where a sentence ends; WikiHow rows have marks such as [header] and [step]."""
WORD = re.compile(r"\w+")


def sibling_groups(questions: Sequence[Question]) -> NDArray[np.int64]:
    """The group of each question, shape (n,): siblings have the same, named by its first row."""
    parent = list(range(len(questions)))

    def root(index: int) -> int:
        while parent[index] != index:
            parent[index] = parent[parent[index]]
            index = parent[index]
        return index

    def join(one: int, other: int) -> None:
        first, second = sorted((root(one), root(other)))
        parent[second] = first

    owner: dict[tuple[str, ...], int] = {}
    for index, question in enumerate(questions):
        for key in _keys(question):
            join(owner.setdefault(key, index), index)
    contexts = [_words(question.context) for question in questions]
    beginnings: dict[tuple[str, ...], list[int]] = {}
    for index, words in enumerate(contexts):
        for start in range(len(words) - ENDING_WORDS + 1):
            rows = beginnings.setdefault(words[start : start + ENDING_WORDS], [])
            if not rows or rows[-1] != index:
                rows.append(index)
    spaced = [f" {' '.join(words)} " for words in contexts]
    for index, question in enumerate(questions):
        for ending in question.endings:
            words = _words(ending)
            if len(words) >= ENDING_WORDS:
                wanted = f" {' '.join(words)} "
                for other in beginnings.get(words[:ENDING_WORDS], ()):
                    if other != index and wanted in spaced[other]:
                        join(index, other)
    return np.array([root(index) for index in range(len(questions))], np.int64)


def _keys(question: Question) -> list[tuple[str, ...]]:
    keys = [("sentence", *words) for words in _sentences(question.context)]
    keys.append(("context", question.context))
    if question.source:
        keys.append(("source", question.source))
    return keys


def _sentences(context: str) -> list[tuple[str, ...]]:
    sentences = [_words(sentence) for sentence in BREAK.split(context)]
    return [words for words in sentences if len(words) >= SENTENCE_WORDS]


def _words(text: str) -> tuple[str, ...]:
    return tuple(WORD.findall(text.lower()))
