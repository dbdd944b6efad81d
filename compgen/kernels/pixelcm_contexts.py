"""Hashed contexts of the next byte: exact or coarse values of what is around it.

For a channel after the first, W, N, … are what they would be with this pixel's channel before:
W - (its channel before) + (this pixel's channel before).

Source: the choice is this project's, after its prototype.
"""

import numpy as np

from compgen.kernels.cm_jit import int64
from compgen.kernels.cm_store import load, peek, save
from compgen.kernels.jit import kernel
from compgen.kernels.pixelcm_state import (
    AT,
    BLEND,
    BYTE,
    CHANNEL,
    CONTEXTS,
    ENERGY,
    FOUND,
    LOCAL,
    MEDIAN,
    NEAREST_LEVEL,
    PLANE,
    ROW,
    VALUE,
)

_A = np.uint64(0x9E3779B97F4A7C15)
_B = np.uint64(0xBF58476D1CE4E5B9)
_SHIFT = np.uint64(29)


@kernel
def hashed(a, b):
    """A hash of two whole numbers."""
    x = (np.uint64(a) + np.uint64(b)) * _A
    x = (x ^ (x >> _SHIFT)) * _B
    return x ^ (x >> _SHIFT)


@kernel
def set_hashes(layout, picture, level, spots, around):
    """Hashes of all contexts of the byte at `place`, whose predictions are known."""
    pixels, place, predicted = picture.pixels, picture.place, picture.predicted[VALUE]
    channels, stride = layout.channels, layout.stride
    at, channel = place[AT], place[CHANNEL]
    spots[0] = at - channels  # W
    spots[1] = at - stride  # N
    spots[2] = at - stride - channels  # NW
    spots[3] = at - stride + channels  # NE
    spots[4] = at - 2 * channels  # WW
    spots[5] = at - 2 * stride  # NN
    spots[6] = at - stride + 2 * channels  # NEE
    now = before = int64(0)
    for index in range(7):
        around[index] = int64(pixels[spots[index]])
    west, north, corner, east = around[0], around[1], around[2], around[3]
    if channel:
        now = int64(pixels[at - 1])
        before = int64(pixels[at - 2]) if channel > 1 else 0
        for index in range(7):
            around[index] = min(max(around[index] - int64(pixels[spots[index] - 1]) + now, 0), 255)
    w, n, nw, ne = around[0], around[1], around[2], around[3]
    ww, nn = around[4], around[5]
    energy = level[min(picture.predicted[ENERGY, BLEND], 1023)]
    looks = int64(0)
    if place[FOUND] > 0:
        looks = 1 + (picture.near[BYTE, 0] >> 4)
    h = picture.hashes
    h[0] = w << 8 | n
    h[1] = (w >> 2) << 16 | (n >> 2) << 8 | (nw >> 2)
    h[2] = n << 8 | ne
    h[3] = (predicted[MEDIAN] >> 4) << 8 | energy
    h[4] = (predicted[LOCAL] >> 3) << 8 | energy
    h[5] = looks << 16 | (predicted[BLEND] >> 5) << 4 | place[NEAREST_LEVEL] >> 1
    h[6] = (w >> 2) << 24 | (n >> 2) << 16 | (ne >> 2) << 8 | (nw >> 2)
    h[7] = (w >> 3) << 24 | (ww >> 3) << 16 | (nw >> 3) << 8 | n >> 3
    h[8] = (n >> 3) << 24 | (nn >> 3) << 16 | (ne >> 3) << 8 | w >> 4
    h[9] = (
        ((w >> 5) << 24 | (n >> 5) << 16 | (nw >> 5) << 8 | ne >> 5) << 8 | ww >> 5
    ) << 8 | nn >> 5
    exact = west << 24 | north << 16 | east << 8 | corner
    h[10] = (exact << 8 | now) << 8 | before
    h[11] = (predicted[PLANE] >> 5) << 8 | abs(w - n) >> 2
    h[12] = west << 16 | north << 8 | corner
    h[13] = (west << 8 | now) << 1 | int64(channel > 0)
    h[14] = now << 8 | before if channel else west << 8 | int64(pixels[spots[4]])
    h[15] = exact << 24 | int64(pixels[spots[4]]) << 12 | int64(pixels[spots[5]])
    first = int64(place[ROW] == 0)
    for context in range(CONTEXTS):
        h[context] = hashed(h[context], (context * 4 + channel) * 2 + first + 1)


@kernel
def find_lines(layout, store, hashes, prefix, which, active):
    """The lines of counters of every context after `prefix`, the bits of the byte so far.

    which   int64 (CONTEXTS,)        result: the numbers of the lines
    active  uint32 (CONTEXTS, 16)    result: what is in them; zeros where there is none
    """
    mask = np.uint64(layout.lines - 1)
    for context in range(CONTEXTS):
        key = hashed(hashes[context], prefix)
        place = int64(key & mask)
        check = np.uint32(key >> np.uint64(32)) | np.uint32(1)
        worst, chosen = 1 << 30, place
        found = False
        for probe in range(2):
            candidate = place ^ probe
            seen = peek(store, candidate, 0)
            if seen == check:
                chosen = candidate
                found = True
                break
            count = int64(peek(store, candidate, 1) & np.uint32(65535)) if seen else -1
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
def save_lines(store, which, active):
    """Write the lines of counters back."""
    for context in range(CONTEXTS):
        save(store, which[context], active[context])
