"""LAMBADA's last word as a choice: among the words of its own context.

    context "… Shane gripped her arm …"  ──►  candidates: every word in it, once, in order
    target  "Shane"                      ──►  its place among them, or none of them is right

The task proper asks for the word out of the whole vocabulary. A compressor has no vocabulary,
and the greedy next bytes of one are a single path, which most often goes wrong in the first
letters. Most of LAMBADA's last words occur in their contexts, so ranking these words is a
question that every reading can answer. The candidates come from the context alone: where the
target is not among them, the row is counted, and it is counted as wrong. So the score is below
the share of rows that can be answered at all, which is reported with it, and it is not
comparable with accuracies over an open vocabulary.
"""

import re

WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")


def words_of(context: str) -> tuple[str, ...]:
    """The different words of a context, in the order of their first appearance."""
    return tuple(dict.fromkeys(WORD.findall(context)))


def last_word(text: str) -> tuple[str, str]:
    """A text without its last word, and that word."""
    context, _, word = text.strip().rpartition(" ")
    return context, word
