"""DRY, "don't repeat yourself", inside a compiled loop: make what continues a repeat improbable.

    text  ··· said the Caterpillar b ··················· said the Caterpillar │ next byte
                                   │                          │◄── length ──►│
              ◄──── occurs before ─┘                          since the last breaker

A byte b that followed an earlier occurrence of the last `length` bytes costs another

    multiplier · base^(length - allowed)   nats, for the longest such length >= allowed

State. Positions whose last `allowed` bytes are alike hang on one chain, as in deflate's
match finder: only they can hold a repeat that is long enough, and there are few of them.

    head[hash of the last allowed bytes] ──► newest end of such a substring ──► previous ──► …

Source: p-e-w's DRY sampler, as llama.cpp has it (src/llama-sampling.cpp, llama_sampler_dry);
the mirror of compgen/sampling/shaping.py, which is the reference.
"""

from collections.abc import Sequence
from math import exp, log
from typing import NamedTuple

import numpy as np
from numba import njit

HASH_BITS = 15
LARGEST_GROWTH = 600.0
"""Logarithm of the largest penalty: beyond it nothing can be told apart, and exp overflows."""


class Repeats(NamedTuple):
    """The text so far and its chains; every array but the breakers is changed in place."""

    multiplier: float  # 0: off
    growth: float  # logarithm of the base
    allowed: int  # shortest length that is penalised
    last_n: int  # bytes that are looked at; -1: all
    breaker: np.ndarray  # uint8 (n,)       the sequence breakers, end to end
    breaker_start: np.ndarray  # int64 (B + 1,)
    breaker_end: np.ndarray  # int64 (B,)   where each last ended; 0: nowhere
    text: np.ndarray  # uint8 (capacity,)
    size: np.ndarray  # int64 (1,)
    head: np.ndarray  # int32 (2^15,)       last end of a substring with this hash, or 0
    previous: np.ndarray  # int32 (capacity + 1,)  the one before it


def start(
    history: bytes,
    *,
    multiplier: float,
    base: float,
    allowed: int,
    last_n: int,
    breakers: Sequence[bytes],
) -> Repeats:
    """The state after `history`, with no room beyond it."""
    repeats = Repeats(
        float(multiplier),
        log(base),
        int(allowed),
        int(last_n),
        np.frombuffer(bytearray(b"".join(breakers)), np.uint8),
        np.cumsum([0] + [len(breaker) for breaker in breakers]),
        np.zeros(len(breakers), np.int64),
        np.zeros(len(history), np.uint8),
        np.zeros(1, np.int64),
        np.zeros(1 << HASH_BITS, np.int32),
        np.zeros(len(history) + 1, np.int32),
    )
    _write_all(repeats, np.frombuffer(bytearray(history), np.uint8))
    return repeats


def with_room(repeats: Repeats, count: int) -> Repeats:
    """The same state with room for `count` more bytes."""
    size = int(repeats.size[0])
    if size + count <= repeats.text.size:
        return repeats
    capacity = max(size + count, 2 * size)
    text, previous = np.zeros(capacity, np.uint8), np.zeros(capacity + 1, np.int32)
    text[:size] = repeats.text[:size]
    previous[: size + 1] = repeats.previous[: size + 1]
    return repeats._replace(text=text, previous=previous)


def none() -> Repeats:
    """No penalty at all."""
    return start(b"", multiplier=0, base=1, allowed=1, last_n=-1, breakers=())


@njit(cache=True, nogil=True)
def _hash(text, end, count):
    value = np.uint64(0)
    for index in range(end - count, end):
        value = (value ^ np.uint64(text[index])) * np.uint64(0x9E3779B97F4A7C15)
    return np.int64(value >> np.uint64(64 - HASH_BITS))


@njit(cache=True, nogil=True)
def write(repeats, value):
    """Append one byte to the text."""
    text, allowed = repeats.text, repeats.allowed
    text[repeats.size[0]] = value
    repeats.size[0] += 1
    size = repeats.size[0]
    start = repeats.breaker_start
    for index in range(repeats.breaker_end.shape[0]):
        count = start[index + 1] - start[index]
        same = count <= size
        for offset in range(count):
            if not same:
                break
            same = text[size - count + offset] == repeats.breaker[start[index] + offset]
        if same:
            repeats.breaker_end[index] = size
    if size >= allowed:
        slot = _hash(text, size, allowed)
        repeats.previous[size] = repeats.head[slot]
        repeats.head[slot] = size


@njit(cache=True, nogil=True)
def _write_all(repeats, data):
    for value in data:
        write(repeats, value)


@njit(cache=True, nogil=True)
def penalise(repeats, p, longest):
    """Penalise probabilities (256,) in place, and renormalise; `longest` is scratch, int64 (256,).

    Nothing is written where no repeat is long enough.
    """
    text, size, allowed = repeats.text, repeats.size[0], repeats.allowed
    first = 0 if repeats.last_n < 0 else max(0, size - repeats.last_n)
    reach = size - first
    for index in range(repeats.breaker_end.shape[0]):
        end = repeats.breaker_end[index]
        count = repeats.breaker_start[index + 1] - repeats.breaker_start[index]
        if end - count >= first and (end > 0 or count == 0):
            reach = min(reach, size - end)
    if reach < allowed:
        return
    if repeats.growth > 0:  # a longer repeat costs no more
        reach = min(reach, allowed + 1 + np.int64(LARGEST_GROWTH / repeats.growth))
    found = False
    end = np.int64(repeats.previous[size])
    while end - allowed >= first and end > 0:
        length = 0
        limit = min(reach, end - first)
        while length < limit and text[end - 1 - length] == text[size - 1 - length]:
            length += 1
        if length >= allowed:
            if not found:
                longest[:] = 0
                found = True
            longest[text[end]] = max(longest[text[end]], length)
        end = np.int64(repeats.previous[end])
    if not found:
        return
    shortest = np.inf
    for value in range(256):
        bits = -np.log2(p[value])
        if longest[value] > 0:
            growth = min((longest[value] - allowed) * repeats.growth, LARGEST_GROWTH)
            bits += repeats.multiplier * exp(growth) / log(2.0)
        p[value] = bits
        shortest = min(shortest, bits)
    total = 0.0
    for value in range(256):
        p[value] = 2.0 ** (shortest - p[value])
        total += p[value]
    for value in range(256):
        p[value] /= total
