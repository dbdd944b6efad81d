"""The constants of the deflate format (RFC 1951, section 3.2.5), as arrays for the kernels.

symbol   0 … 255   literal byte
         256       end of block
         257 … 285 length code c = symbol - 257:  length = LENGTH_BASE[c] + extra bits
distance 0 … 29    distance code d:               distance = DISTANCE_BASE[d] + extra bits
"""

import numpy as np

LITERALS = 286
"""Literal/length symbols that an encoder may use (RFC 1951: 286 and 287 never occur)."""
DISTANCES = 30
"""Distance symbols that an encoder may use."""
MIN_MATCH = 3
MAX_MATCH = 258
END_OF_BLOCK = 256

LENGTH_EXTRA = np.array([0] * 8 + [1] * 4 + [2] * 4 + [3] * 4 + [4] * 4 + [5] * 4 + [0], np.int64)
"""Extra bits of each length code, shape (29,)."""
DISTANCE_EXTRA = np.array([0, 0] + [bits for bits in range(14) for _ in (0, 1)], np.int64)
"""Extra bits of each distance code, shape (30,)."""


def _bases(extra: np.ndarray, first: int) -> np.ndarray:
    return first + np.concatenate([[0], np.cumsum(1 << extra[:-1])])


LENGTH_BASE = _bases(LENGTH_EXTRA, MIN_MATCH)
LENGTH_BASE[28] = MAX_MATCH  # code 285 is the length 258 alone, though 284 could spell it too
DISTANCE_BASE = _bases(DISTANCE_EXTRA, 1)

LENGTH_CODE = np.zeros(MAX_MATCH + 1, np.int64)
"""Length (3 … 258) to length code (0 … 28), shape (259,); below 3 meaningless."""
for _code in range(29):
    LENGTH_CODE[LENGTH_BASE[_code] : LENGTH_BASE[_code] + (1 << LENGTH_EXTRA[_code])] = _code
LENGTH_CODE[MAX_MATCH] = 28

DISTANCE_CODE = np.zeros(32768 + 1, np.int64)
"""Distance (1 … 32768) to distance code (0 … 29), shape (32769,); 0 meaningless."""
for _code, _base in enumerate(DISTANCE_BASE):
    DISTANCE_CODE[_base : _base + (1 << DISTANCE_EXTRA[_code])] = _code

CODE_LENGTHS = 19
"""Symbols of the code that describes codes: lengths 0 … 15 and three repeats, 16, 17, 18."""
CODE_LENGTH_ORDER = np.array(
    [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15], np.int64
)
"""The order in which a dynamic block sends the lengths of that code, shape (19,)."""
LONGEST_CODE = 15
"""Longest code of the literal/length and distance alphabets, in bits."""
LONGEST_CODE_LENGTH_CODE = 7
"""Longest code of the code-length alphabet, in bits."""
STATIC_LITERAL_LENGTH = np.array([8] * 144 + [9] * 112 + [7] * 24 + [8] * 6, np.int64)
"""Code length of each literal/length symbol in a static block, shape (286,)."""
STATIC_DISTANCE_LENGTH = 5
"""Code length of every distance symbol in a static block."""
