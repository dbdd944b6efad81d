"""Lines of 64 bytes, shared by forks, copied on write one by one.

    base   (L, 16)   ┌────────────────┐   the table of the model before it was forked:
                     │ line 0         │   hundreds of megabytes, mostly untouched
                     │ …              │
                     └────────────────┘
    slot   (H,)      index ─hash─► k      an open-addressed hash of the private lines;
    key    (K,)      key[k] = index       H = 0: there are none, the base is this model's
    line   (K, 16)   line[k]              own and is written in place

Reading takes the private line where there is one, else the base's. A fork costs nothing; its
first byte costs an empty overlay, and each byte some forty lines, 2.5 KB.
"""

from typing import NamedTuple

import numpy as np

from compgen.kernels.jit import kernel

WORDS = 16
"""32-bit words of a line."""
FIRST_LINES = 512
"""Lines that a new overlay has room for."""


class Store(NamedTuple):
    """See the module. `used` is the number of private lines."""

    base: np.ndarray  # uint32 (L, 16)
    slot: np.ndarray  # int32 (H,)       -1: empty
    key: np.ndarray  # int32 (K,)
    line: np.ndarray  # uint32 (K, 16)
    used: np.ndarray  # int64 (1,)


def owned(lines: int) -> Store:
    """A store of zero lines that writes its base in place."""
    return Store(
        np.zeros((lines, WORDS), np.uint32),
        np.empty(0, np.int32),
        np.empty(0, np.int32),
        np.empty((0, WORDS), np.uint32),
        np.zeros(1, np.int64),
    )


def private(store: Store, room: int) -> Store:
    """A copy of the overlay over the same base, with room for `room` more lines."""
    count = int(store.used[0])
    capacity = FIRST_LINES
    while capacity < count + room:
        capacity *= 2
    key, line = np.empty(capacity, np.int32), np.empty((capacity, WORDS), np.uint32)
    key[:count], line[:count] = store.key[:count], store.line[:count]
    if store.slot.size == 2 * capacity:
        slot = store.slot.copy()
    else:
        slot = np.full(2 * capacity, -1, np.int32)
        _fill(slot, key, count)
    return Store(store.base, slot, key, line, store.used.copy())


def merged(store: Store) -> Store:
    """An owned store with the same content: a copy of the base with the overlay written in."""
    base = store.base.copy()
    count = int(store.used[0])
    base[store.key[:count]] = store.line[:count]
    return owned(0)._replace(base=base)


@kernel
def _fill(slot, key, count):
    for index in range(count):
        slot[_place(slot, key, key[index])] = index


@kernel
def _place(slot, key, index):
    """Where in `slot` the line `index` is, or would be."""
    mask = slot.shape[0] - 1
    at = ((index * 0x9E3779B1) >> 7) & mask
    while slot[at] >= 0 and key[slot[at]] != index:
        at = (at + 1) & mask
    return at


@kernel
def _private_line(store, index):
    """Number of the private line that stands for `index`, or -1."""
    if store.slot.shape[0] == 0:
        return -1
    return store.slot[_place(store.slot, store.key, index)]


@kernel
def peek(store, index, word):
    """One word of a line."""
    k = _private_line(store, index)
    return store.base[index, word] if k < 0 else store.line[k, word]


@kernel
def load(store, index, out):
    """A line into `out`, uint32 (16,)."""
    k = _private_line(store, index)
    if k < 0:
        for word in range(WORDS):
            out[word] = store.base[index, word]
    else:
        for word in range(WORDS):
            out[word] = store.line[k, word]


@kernel
def save(store, index, line):
    """Write a line: in place where the base is owned, else to the overlay, which has room."""
    if store.slot.shape[0] == 0:
        for word in range(WORDS):
            store.base[index, word] = line[word]
        return
    at = _place(store.slot, store.key, index)
    k = store.slot[at]
    if k < 0:
        k = store.used[0]
        store.used[0] = k + 1
        store.slot[at] = k
        store.key[k] = index
    for word in range(WORDS):
        store.line[k, word] = line[word]
