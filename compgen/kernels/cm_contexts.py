"""Contexts of the next byte: hashes of what precedes it, and where it last stood.

     0 … 6    the last 0 … 6 bytes
     7        the word so far, with the byte before it left out
     8        the word so far and the word before
     9        the word so far and the word before that one
    10        the second and third last byte     (sparse: the last is skipped)
    11        the last and the third last byte   (sparse: the second last is skipped)
    12        the column and the last byte
    13        the byte above, in the line before, and the last byte
    14        the last 3 bytes, as letter, digit, space or themselves, and the word
    15        the last 8 bytes

Letters fold to lower case in words. A match model follows the most recent earlier place where
the last bytes (at least 12, at least 5) stood, as long as it predicts rightly.

    text  ··· quick brown fox jumps ········· quick brown fo│?
                            ▲ pointer ──► predicts 'x'       length 14

Source: the contexts of lpaq1 and paq8 (orders, word, sparse, column) and its match model, as
Mahoney describes them in "Data Compression Explained"; the choice is this project's, measured by
benchmarks/cm.py.
"""

import numpy as np

from compgen.kernels.cm_jit import int64
from compgen.kernels.cm_state import (
    ABOVE_START,
    COLUMN,
    CONTEXTS,
    FIRST_CONTEXT,
    FIRST_LENGTH,
    FIRST_POINTER,
    HEAD_BITS,
    LINE_START,
    MATCHES,
    ORDER_1_CURVES,
    ORDER_2_CURVES,
    ORDERS,
    POSITION,
    RECENT,
    SIZE,
    WORD,
    WORD_1,
    WORD_2,
)
from compgen.kernels.cm_store import load, peek, save
from compgen.kernels.jit import kernel

_A = np.uint64(0x9E3779B97F4A7C15)
_B = np.uint64(0xBF58476D1CE4E5B9)
_C = np.uint64(0x94D049BB133111EB)
_SHIFT = np.uint64(29)
_EIGHT = np.uint64(8)
_ONE = np.uint64(1)
_NONE = np.uint64(0)
_BYTE = np.uint64(255)
LONGEST_MATCH = 65535
VERIFIED = 32
"""Bytes that a candidate's match is verified over."""


@kernel
def mixed(a, b):
    """A hash of two 64-bit integers."""
    x = (a + _A) * _B
    x = (x ^ (x >> _SHIFT)) + b
    x = x * _C
    return x ^ (x >> _SHIFT)


@kernel
def byte_at(model, position):
    """A byte of the text read so far."""
    start = model.text.shape[0]
    return model.text[position] if position < start else model.tail[position - start]


@kernel
def _alike(model, one, other, back):
    """Whether the bytes `back` + 1 before two positions are the same."""
    return byte_at(model, one - 1 - back) == byte_at(model, other - 1 - back)


@kernel
def _class(value):
    """A byte as letter, digit or itself; lower case letters are one, upper case another."""
    if (value >= 97 and value <= 122) or value >= 128:
        return 97
    if value >= 65 and value <= 90:
        return 65
    if value >= 48 and value <= 57:
        return 48
    return value


@kernel
def enter(model, value, line, learn):
    """Move the contexts past the byte `value`, which is in the text (at POSITION) already."""
    r = model.learned.registers
    r[SIZE] += _ONE
    r[POSITION] += _ONE
    recent = (r[RECENT] << _EIGHT) | np.uint64(value)
    r[RECENT] = recent
    folded = value
    if value >= 65 and value <= 90:
        folded = value + 32
    if (folded >= 97 and folded <= 122) or folded >= 128:
        r[WORD] = mixed(r[WORD], np.uint64(folded))
    elif r[WORD] != _NONE:
        r[WORD_2] = r[WORD_1]
        r[WORD_1] = r[WORD]
        r[WORD] = _NONE
    if value == 10:
        r[ABOVE_START] = r[LINE_START]
        r[LINE_START] = r[POSITION]
        r[COLUMN] = _NONE
    else:
        r[COLUMN] += _ONE
    set_contexts(model)
    _follow(model, value, line, learn)


@kernel
def set_contexts(model):
    """Hashes of all contexts from the registers."""
    r = model.learned.registers
    recent = r[RECENT]
    for order in range(ORDERS):
        known = recent & ((_ONE << np.uint64(8 * order)) - _ONE)
        r[FIRST_CONTEXT + order] = mixed(known, np.uint64(order))
    last = recent & _BYTE
    second = (recent >> np.uint64(8)) & _BYTE
    third = (recent >> np.uint64(16)) & _BYTE
    word = r[WORD]
    line_start, above_start = int64(r[LINE_START]), int64(r[ABOVE_START])
    column = int64(r[COLUMN])
    above = 0
    if above_start + column < line_start:
        above = int64(byte_at(model, above_start + column))
    classes = np.uint64(
        _class(int64(last)) + 256 * _class(int64(second)) + 65536 * _class(int64(third))
    )
    base = FIRST_CONTEXT + ORDERS
    separator = last if word == _NONE else _NONE
    r[base] = mixed(word + separator, np.uint64(7))
    r[base + 1] = mixed(mixed(word + separator, r[WORD_1]), np.uint64(8))
    r[base + 2] = mixed(mixed(word + separator, r[WORD_2]), np.uint64(9))
    r[base + 3] = mixed(second | (third << _EIGHT), np.uint64(10))
    r[base + 4] = mixed(last | (third << _EIGHT), np.uint64(11))
    r[base + 5] = mixed(np.uint64(min(column, 255)) | (last << _EIGHT), np.uint64(12))
    r[base + 6] = mixed(np.uint64(above) | (last << _EIGHT), np.uint64(13))
    r[base + 7] = mixed(mixed(classes, word), np.uint64(14))
    r[base + 8] = mixed(recent, np.uint64(15))


@kernel
def _follow(model, value, line, learn):
    """Move the match pointers on; look for a new match where there is none."""
    r = model.learned.registers
    position = int64(r[POSITION])
    first_head = model.lines + ORDER_1_CURVES + ORDER_2_CURVES
    for which in range(MATCHES):
        least = 12 if which == 0 else 5
        length = int64(r[FIRST_LENGTH + which])
        pointer = int64(r[FIRST_POINTER + which])
        if length > 0:
            if int64(byte_at(model, pointer)) == value:
                length = min(length + 1, LONGEST_MATCH)
                pointer += 1
            else:
                length = 0
        if position >= least:
            if which == 0:
                key = _NONE
                for back in range(1, least + 1):
                    key = mixed(key, np.uint64(byte_at(model, position - back)))
            else:
                key = mixed(r[RECENT] & np.uint64(0xFFFFFFFFFF), np.uint64(99))
            head = int64(key >> np.uint64(64 - HEAD_BITS))
            row = first_head + ((which << HEAD_BITS) + head) // 16
            if length == 0:
                pointer = int64(peek(model.store, row, head & 15))
                if pointer > 0:
                    while (
                        length < VERIFIED
                        and length < pointer
                        and byte_at(model, pointer - 1 - length)
                        == byte_at(model, position - 1 - length)
                    ):
                        length += 1
                    if length < least:
                        length = 0
            if learn:
                load(model.store, row, line)
                line[head & 15] = np.uint32(position)
                save(model.store, row, line)
        r[FIRST_LENGTH + which] = np.uint64(length)
        r[FIRST_POINTER + which] = np.uint64(pointer)


@kernel
def find_lines(model, prefix, which, active):
    """The lines of counters of every context after `prefix`, the bits of the byte so far.

    which   int64 (CONTEXTS,)        result: the numbers of the lines
    active  uint32 (CONTEXTS, 16)    result: what is in them; zeros where there is none
    """
    r = model.learned.registers
    store = model.store
    mask = np.uint64(model.lines) - _ONE
    for context in range(CONTEXTS):
        key = r[FIRST_CONTEXT + context]
        if prefix > 1:
            key = mixed(key, np.uint64(prefix))
        place = int64(key & mask)
        check = np.uint32(key >> np.uint64(32)) | np.uint32(1)
        worst, chosen = 1 << 30, place
        found = False
        for probe in range(3):
            candidate = place ^ probe
            seen = peek(store, candidate, 0)
            if seen == check:
                chosen = candidate
                found = True
                break
            count = int64(peek(store, candidate, 1) & np.uint32(255)) if seen else -1
            if count < worst:
                worst = count
                chosen = candidate
            if seen == 0:
                break
        which[context] = chosen
        line = active[context]
        if found:
            load(store, chosen, line)
        else:
            for word in range(1, 16):
                line[word] = 0
            line[0] = check


@kernel
def save_lines(model, which, active):
    """Write the lines of counters back."""
    for context in range(CONTEXTS):
        save(model.store, which[context], active[context])
