"""The constants of the Zstandard format (RFC 8878, section 3.1.1.3.2.1), as arrays for the kernels.

literal length code  0 … 35   length = LITERAL_LENGTH_BASE[c] + extra bits
match length code    0 … 52   length = MATCH_LENGTH_BASE[c] + extra bits
offset code          0 … 31   value  = 2^c + c extra bits:  1, 2, 3 repeat an offset,
                                       a larger one is the offset + 3
"""

import numpy as np

LITERAL_LENGTH_CODES = 36
MATCH_LENGTH_CODES = 53
OFFSET_CODES = 32
"""Codes 0 to 31: what the reference decoder supports."""
MIN_MATCH = 3
REPEATS = 3
"""Offset values 1, 2 and 3 name one of the last three offsets; others are the offset + 3."""
INITIAL_HISTORY = (1, 4, 8)
"""The last three offsets at the start of a frame (section 3.1.1.5)."""
LARGEST_BLOCK = 1 << 17
"""Bytes that a block regenerates at most (section 3.1.1.2.4)."""

LITERAL_LENGTH_EXTRA = np.array(
    [0] * 16 + [1, 1, 1, 1, 2, 2, 3, 3, 4] + list(range(6, 17)), np.int64
)
"""Extra bits of each literal length code, shape (36,)."""
MATCH_LENGTH_EXTRA = np.array(
    [0] * 32 + [1, 1, 1, 1, 2, 2, 3, 3, 4, 4, 5] + list(range(7, 17)), np.int64
)
"""Extra bits of each match length code, shape (53,)."""


def _bases(extra: np.ndarray, first: int) -> np.ndarray:
    return first + np.concatenate([[0], np.cumsum(1 << extra[:-1])])


LITERAL_LENGTH_BASE = _bases(LITERAL_LENGTH_EXTRA, 0)
MATCH_LENGTH_BASE = _bases(MATCH_LENGTH_EXTRA, MIN_MATCH)

# The distributions of Predefined_Mode (section 3.1.1.3.2.2); -1 is "less than 1".
LITERAL_LENGTH_DEFAULT = np.array(
    [4, 3] + [2] * 11 + [1] * 3 + [2] * 9 + [3, 2] + [1] * 5 + [-1] * 4, np.int64
)
LITERAL_LENGTH_DEFAULT_LOG = 6
MATCH_LENGTH_DEFAULT = np.array([1, 4, 3] + [2] * 6 + [1] * 37 + [-1] * 7, np.int64)
MATCH_LENGTH_DEFAULT_LOG = 6
OFFSET_DEFAULT = np.array([1] * 6 + [2] * 3 + [1] * 15 + [-1] * 5, np.int64)
OFFSET_DEFAULT_LOG = 5
