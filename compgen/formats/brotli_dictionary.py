"""Brotli's static dictionary: 13,504 words, and 121 forms of each.

A distance beyond the window refers to a word (RFC 7932, section 8):

    copy length L, distance D  ──►  word id = D - (largest distance + 1)
                                    index = id mod 2^INDEX_BITS[L],  form = id >> INDEX_BITS[L]
    text                       ──►  prefix + change(word L, index) + suffix      of that form

The words (Appendix A, 122,784 bytes) are not kept here: every brotli decoder has them, so they
are asked of the one that is installed, with a stream that refers to each of them as it is:

    meta-block L   4 … 24: every word of L bytes; prefix codes that make a command
                   ⟨insert 0, copy L: no bits⟩ ⟨copy extra⟩ ⟨distance code: 6 bits⟩ ⟨extra⟩

Source: RFC 7932, sections 8 (dictionary), 9.2 and 9.3 (the stream), Appendix B (the forms).
"""

import functools
from typing import NamedTuple

import brotli
import numpy as np
from numpy.typing import NDArray

from compgen.kernels.brotli_format import COPY_BASE, COPY_EXTRA

SHORTEST, LONGEST = 4, 24
INDEX_BITS = (0, 0, 0, 0, 10, 10, 11, 11, 10, 10, 10, 10, 10, 9, 9, 8, 7, 7, 8, 7, 7, 6, 6, 5, 5)
"""Base-2 logarithm of the number of words of each length."""

FORMS = (
    (b"", "I", b""), (b"", "I", b" "), (b" ", "I", b" "), (b"", "+1", b""), (b"", "F", b" "),
    (b"", "I", b" the "), (b" ", "I", b""), (b"s ", "I", b" "), (b"", "I", b" of "),
    (b"", "F", b""), (b"", "I", b" and "), (b"", "+2", b""), (b"", "-1", b""), (b", ", "I", b" "),
    (b"", "I", b", "), (b" ", "F", b" "), (b"", "I", b" in "), (b"", "I", b" to "),
    (b"e ", "I", b" "), (b"", "I", b"\""), (b"", "I", b"."), (b"", "I", b"\">"),
    (b"", "I", b"\n"), (b"", "-3", b""), (b"", "I", b"]"), (b"", "I", b" for "), (b"", "+3", b""),
    (b"", "-2", b""), (b"", "I", b" a "), (b"", "I", b" that "), (b" ", "F", b""),
    (b"", "I", b". "), (b".", "I", b""), (b" ", "I", b", "), (b"", "+4", b""),
    (b"", "I", b" with "), (b"", "I", b"'"), (b"", "I", b" from "), (b"", "I", b" by "),
    (b"", "+5", b""), (b"", "+6", b""), (b" the ", "I", b""), (b"", "-4", b""),
    (b"", "I", b". The "), (b"", "A", b""), (b"", "I", b" on "), (b"", "I", b" as "),
    (b"", "I", b" is "), (b"", "-7", b""), (b"", "-1", b"ing "), (b"", "I", b"\n\t"),
    (b"", "I", b":"), (b" ", "I", b". "), (b"", "I", b"ed "), (b"", "+9", b""), (b"", "+7", b""),
    (b"", "-6", b""), (b"", "I", b"("), (b"", "F", b", "), (b"", "-8", b""), (b"", "I", b" at "),
    (b"", "I", b"ly "), (b" the ", "I", b" of "), (b"", "-5", b""), (b"", "-9", b""),
    (b" ", "F", b", "), (b"", "F", b"\""), (b".", "I", b"("), (b"", "A", b" "),
    (b"", "F", b"\">"), (b"", "I", b"=\""), (b" ", "I", b"."), (b".com/", "I", b""),
    (b" the ", "I", b" of the "), (b"", "F", b"'"), (b"", "I", b". This "), (b"", "I", b","),
    (b".", "I", b" "), (b"", "F", b"("), (b"", "F", b"."), (b"", "I", b" not "),
    (b" ", "I", b"=\""), (b"", "I", b"er "), (b" ", "A", b" "), (b"", "I", b"al "),
    (b" ", "A", b""), (b"", "I", b"='"), (b"", "A", b"\""), (b"", "F", b". "), (b" ", "I", b"("),
    (b"", "I", b"ful "), (b" ", "F", b". "), (b"", "I", b"ive "), (b"", "I", b"less "),
    (b"", "A", b"'"), (b"", "I", b"est "), (b" ", "F", b"."), (b"", "A", b"\">"),
    (b" ", "I", b"='"), (b"", "F", b","), (b"", "I", b"ize "), (b"", "A", b"."),
    (b"\xc2\xa0", "I", b""), (b" ", "I", b","), (b"", "F", b"=\""), (b"", "A", b"=\""),
    (b"", "I", b"ous "), (b"", "A", b", "), (b"", "F", b"='"), (b" ", "F", b","),
    (b" ", "A", b"=\""), (b" ", "A", b", "), (b"", "A", b","), (b"", "A", b"("),
    (b"", "A", b". "), (b" ", "A", b"."), (b"", "A", b"='"), (b" ", "A", b". "),
    (b" ", "F", b"=\""), (b" ", "A", b"='"), (b" ", "F", b"='"),
)  # fmt: skip
"""Prefix, change and suffix of each form. I: as it is; F, A: the first letter, all letters in
upper case; -k, +k: without the last, the first k bytes."""

_WINDOW_LOG = 16


class Dictionary(NamedTuple):
    """The dictionary as the kernels take it. Read-only."""

    words: NDArray[np.uint8]
    """(122784,): Appendix A."""
    start: NDArray[np.int64]
    """(25,): where the words of each length begin."""
    index_bits: NDArray[np.int64]
    """(25,)"""
    affixes: NDArray[np.uint8]
    """Prefixes and suffixes of the forms, one after the other."""
    affix_end: NDArray[np.int64]
    """(242,): where the prefix and the suffix of each form end in `affixes`."""
    change: NDArray[np.int64]
    """(121,): 0 as it is; 1 to 9 without the last so many bytes; 11 to 19 without the first;
    20 first letter, 21 all letters in upper case."""


@functools.cache
def dictionary() -> Dictionary:
    """The dictionary. Raises CompressorError if the installed brotli cannot tell it."""
    affixes = [affix for prefix, _, suffix in FORMS for affix in (prefix, suffix)]
    sizes = np.array([length << INDEX_BITS[length] for length in _lengths()], np.int64)
    start = np.zeros(LONGEST + 1, np.int64)
    start[SHORTEST + 1 :] = np.cumsum(sizes)[:-1]
    return Dictionary(
        np.frombuffer(brotli.decompress(_every_word()), np.uint8),
        start,
        np.array(INDEX_BITS, np.int64),
        np.frombuffer(b"".join(affixes), np.uint8),
        np.cumsum([len(affix) for affix in affixes]),
        np.array([_change_number(change) for _, change, _ in FORMS], np.int64),
    )


def _lengths() -> range:
    return range(SHORTEST, LONGEST + 1)


def _change_number(change: str) -> int:
    special = {"I": 0, "F": 20, "A": 21}
    return special[change] if change in special else int(change[1]) + 10 * (change[0] == "+")


def _every_word() -> bytes:
    """A brotli stream of every word as it is, by length and index."""
    bits = _Bits()
    bits.put(0, 1)  # window of 2^16
    produced = 0
    for length in _lengths():
        count = 1 << INDEX_BITS[length]
        bits.put(0, 1)  # not the last
        bits.put(0, 2)  # length in four nibbles
        bits.put(length * count - 1, 16)
        bits.put(0, 1)  # compressed
        bits.put(0, 3)  # one block type each
        bits.put(0, 6)  # no postfix, no direct distances
        bits.put(0, 2)  # context mode
        bits.put(0, 2)  # one tree for literals, one for distances
        bits.put(0b0001, 4)  # literals: a simple code of one symbol
        bits.put(0, 8)
        code = int(np.searchsorted(COPY_BASE, length, "right")) - 1
        bits.put(0b0001, 4)  # insert and copy: likewise
        bits.put(_insert_nothing(code), 10)
        bits.put(0, 2)  # distances: a code whose 64 symbols all have 6 bits
        bits.put(0, 2 * 7)
        bits.put(0b01, 2)  # … of eighteen code lengths the eighth, 6, is the only one used
        bits.put(0, 2 * 10)
        for index in range(count):
            bits.put(length - int(COPY_BASE[code]), int(COPY_EXTRA[code]))
            largest = min(produced, (1 << _WINDOW_LOG) - 16)
            value = largest + 1 + index + 3
            width = value.bit_length() - 2
            symbol = 16 + 2 * (width - 1) + (value >> width & 1)
            bits.put(int(f"{symbol:06b}"[::-1], 2), 6)  # a code's highest bit comes first
            bits.put(value & (1 << width) - 1, width)
            produced += length
    bits.put(0b11, 2)  # last, empty
    return bits.bytes()


def _insert_nothing(copy_code: int) -> int:
    """The symbol of insert length 0 and a copy length code, with a distance of its own."""
    return (
        128 + copy_code
        if copy_code < 8
        else 192 + copy_code - 8
        if copy_code < 16
        else (384 + copy_code - 16)
    )


class _Bits:
    """A bitstream, least significant bit first."""

    def __init__(self) -> None:
        self._digits: list[str] = []

    def put(self, value: int, width: int) -> None:
        if width:
            self._digits.append(f"{value:0{width}b}"[::-1])

    def bytes(self) -> bytes:
        text = "".join(self._digits)[::-1]
        return int(text, 2).to_bytes(-(-len(text) // 8), "little")
