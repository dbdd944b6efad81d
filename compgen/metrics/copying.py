"""How much of a text stands verbatim in a corpus.

    corpus  … the quick brown fox jumps …
    text      a quick brown dog
    lengths   · 12 11 10 9 8 …              match_lengths: the longest copy from each byte on
              └──────────┘                  covered by a copy of 12 bytes or more

Real text copies, too: "of the" is in every book. So a figure means something beside that of the
true continuations against the same corpus.
"""

import numpy as np
from numpy.typing import NDArray


def match_lengths(text: bytes, corpus: bytes) -> NDArray[np.int64]:
    """Length of the longest piece from each byte on that is in `corpus`, shape (len(text),)."""
    lengths = np.zeros(len(text), np.int64)
    length = 0
    for start in range(len(text)):
        length = max(0, length - 1)  # what matched from the byte before, less that byte
        while start + length < len(text) and text[start : start + length + 1] in corpus:
            length += 1
        lengths[start] = length
    return lengths


def covered(lengths: NDArray[np.int64], least: int = 12) -> NDArray[np.bool_]:
    """Which bytes lie in a copy of at least `least` bytes, shape (n,)."""
    inside = np.zeros(lengths.size + 1, np.int64)
    starts = np.flatnonzero(lengths >= least)
    np.add.at(inside, starts, 1)
    np.add.at(inside, starts + lengths[starts], -1)
    result: NDArray[np.bool_] = np.cumsum(inside)[:-1] > 0
    return result


def coverage(lengths: NDArray[np.int64], least: int = 12) -> float:
    """Share of bytes inside copies of at least `least` bytes; 0 for no text."""
    return float(covered(lengths, least).mean()) if lengths.size else 0.0


def spans(lengths: NDArray[np.int64], least: int = 12) -> list[tuple[int, int]]:
    """Beginning and end of every copy of at least `least` bytes that is in no longer one."""
    found: list[tuple[int, int]] = []
    for start in np.flatnonzero(lengths >= least).tolist():
        end = start + int(lengths[start])
        if not found or end > found[-1][1]:
            found.append((start, end))
    return found
