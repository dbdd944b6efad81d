"""The constants of the brotli format (RFC 7932), as arrays for the kernels.

insert length code  0 … 23   length = INSERT_BASE[c] + extra bits      section 5
copy length code    0 … 23   length = COPY_BASE[c] + extra bits
command symbol      0 … 703  an insert and a copy length code, and whether the distance is the
                             last one, unsaid
block count code    0 … 25   count = COUNT_BASE[c] + extra bits        section 6
distance symbol     0 … 15   one of the last distances, or near one    section 4
                    16 …     the distance itself
"""

import numpy as np

LITERALS = 256
COMMANDS = 704
BLOCK_COUNTS = 26
RING_SYMBOLS = 16
"""Distance symbols that refer to the last four distances."""
INITIAL_RING = (4, 11, 15, 16)
"""The last four distances at the start of a stream, the last first."""
RING_PLACE = np.array([0, 1, 2, 3, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1], np.int64)
"""Which of the last distances each of the first 16 distance symbols starts from, …"""
RING_OFFSET = np.array([0, 0, 0, 0, -1, 1, -2, 2, -3, 3, -1, 1, -2, 2, -3, 3], np.int64)
"""… and what it adds to it."""
IMPLICIT = 128
"""Command symbols below this say that the distance is the last one."""
LONGEST_CODE = 15
"""Bits of a prefix code at most."""


def _bases(extra: np.ndarray, first: int) -> np.ndarray:
    return first + np.concatenate([[0], np.cumsum(1 << extra[:-1])])


INSERT_EXTRA = np.array(
    [0] * 6 + [1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 7, 8, 9, 10, 12, 14, 24], np.int64
)
COPY_EXTRA = np.array([0] * 8 + [1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 7, 8, 9, 10, 24], np.int64)
COUNT_EXTRA = np.array(
    [2] * 4 + [3] * 4 + [4] * 4 + [5] * 4 + [6, 6, 7, 8, 9, 10, 11, 12, 13, 24], np.int64
)
INSERT_BASE = _bases(INSERT_EXTRA, 0)
COPY_BASE = _bases(COPY_EXTRA, 2)
COUNT_BASE = _bases(COUNT_EXTRA, 1)

# The cells of section 5's table, 64 symbols each, in the order of the symbols.
_INSERT_CELL = np.array([0, 0, 0, 0, 8, 8, 0, 16, 8, 16, 16])
_COPY_CELL = np.array([0, 8, 0, 8, 0, 8, 16, 0, 16, 8, 16])
_SYMBOL = np.arange(COMMANDS)
COMMAND_INSERT = _INSERT_CELL[_SYMBOL >> 6] + (_SYMBOL >> 3 & 7)
"""The insert length code of each command symbol, shape (704,)."""
COMMAND_COPY = _COPY_CELL[_SYMBOL >> 6] + (_SYMBOL & 7)
"""Its copy length code, shape (704,)."""

CODE_LENGTH_ORDER = np.array(
    [1, 2, 3, 4, 0, 5, 17, 6, 16, 7, 8, 9, 10, 11, 12, 13, 14, 15], np.int64
)
"""In which the code lengths of code lengths are given (section 3.5)."""


def _utf8_of_last() -> np.ndarray:
    """Lut0: what kind of byte the last one was; the lowest bits come from the one before."""
    kinds = {
        4: b"\t\n\r", 8: b" ", 12: b"!#$&*+-/?@\\^_`|~", 16: b"\"'", 20: b"%", 24: b"(<[{",
        28: b")>]}", 32: b",:;", 36: b".", 40: b"=", 44: b"0123456789", 48: b"AEIOU",
        52: b"BCDFGHJKLMNPQRSTVWXYZ", 56: b"aeiou", 60: b"bcdfghjklmnpqrstvwxyz",
    }  # fmt: skip
    table = np.zeros(256, np.uint8)
    for kind, members in kinds.items():
        table[list(members)] = kind
    table[128:192] = np.arange(64) % 2
    table[192:] = 2 + np.arange(64) % 2
    return table


def _utf8_of_second() -> np.ndarray:
    """Lut1: of the byte before the last: 3 lower case, 2 digit or upper case, 1 punctuation."""
    table = np.zeros(256, np.uint8)
    table[ord("!") : ord("~") + 1] = 1
    table[[*range(ord("0"), ord("9") + 1), *range(ord("A"), ord("Z") + 1)]] = 2
    table[ord("a") : ord("z") + 1] = 3
    table[224:] = 2
    return table


def _signed() -> np.ndarray:
    """Lut2: the magnitude of a byte as a signed number."""
    return np.repeat(np.arange(8), [1, 15, 48, 64, 64, 48, 15, 1]).astype(np.uint8)


_BYTE = np.arange(256)
CONTEXT_OF_LAST = np.array([_BYTE & 63, _BYTE >> 2, _utf8_of_last(), _signed() << 3], np.uint8)
"""Literal context = CONTEXT_OF_LAST[mode, last byte] | CONTEXT_OF_SECOND[mode, the one before].
Modes are LSB6, MSB6, UTF8 and Signed (section 7.1). Shape (4, 256)."""
CONTEXT_OF_SECOND = np.array([_BYTE & 0, _BYTE & 0, _utf8_of_second(), _signed()], np.uint8)
CONTEXTS = 64
DISTANCE_CONTEXTS = 4
"""By copy length: 2, 3, 4, more (section 7.2)."""
