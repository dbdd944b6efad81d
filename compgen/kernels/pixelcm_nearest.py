"""Nearest contexts: where in the known picture the surroundings look most like these.

         o o o o o o o
         o o o o o o o        compared: RADIUS rows and columns, weighted by distance,
         o o o o o o o        all channels; squares of differences are summed up
         o o o ▌

    candidates of a pixel                                            at most
    ─ its neighbours' nearest contexts, moved on by one pixel       4 · REMEMBERED
    ─ the last places whose neighbourhood had the same hash          KEYS · 16
    ─ the pixels around; all, while they are no more than ALL         ROWS, SIDE

The first are the coherence of textures: what fits here continues what fitted next door. Only
pixels that were learned are candidates; what is generated is looked at, never looked up.

Source: Ashikhmin, "Synthesizing Natural Textures" (I3D 2001), for the coherent candidates;
Efros and Leung, "Texture Synthesis by Non-parametric Sampling" (ICCV 1999), for the rest.
"""

from typing import NamedTuple

import numpy as np

from compgen.kernels.cm_jit import inlined, int64
from compgen.kernels.cm_store import WORDS, load, save
from compgen.kernels.jit import kernel
from compgen.kernels.pixelcm_state import (
    ALIKE,
    AT,
    BROAD,
    BROAD_INVERSE,
    BUCKETS_BITS,
    BYTE,
    BYTE_DISTANCE,
    CHANNEL,
    COLUMN,
    DISTANCE,
    FOUND,
    KEYS,
    LEARNED,
    MARGIN,
    NEAREST,
    NEAREST_LEVEL,
    NEIGHBOURS,
    PLACE,
    REMEMBERED,
    ROW,
    SHARP,
    SHARP_INVERSE,
    VALUE,
)

RADIUS = 3
ROWS, SIDE = 3, 10
"""The pixels around, that are always looked at: so many rows above, columns to either side."""
ALL = 4096
"""So many learned pixels are all looked at."""
SAME_PIXEL = 384
"""Weight of the pixel's own channels that are known, beside 16 of W: colours must fit."""
NEVER = 1 << 40
_A = np.uint64(0x9E3779B97F4A7C15)
_SHIFT = np.uint64(64 - BUCKETS_BITS)


class Search(NamedTuple):
    """What is compared, and scratch."""

    window: np.ndarray  # int32 (RADIUS + 1, (2 · RADIUS + 1) · channels)   weights, rows upwards
    total: int  # of these, in one channel
    bucket: np.ndarray  # uint32 (16,)


def searching(channels: int) -> Search:
    """Scratch for one thread."""
    weights = _window_weights()
    window = np.repeat(weights, channels, axis=1).astype(np.int32)
    return Search(window, int(weights.sum()), np.zeros(WORDS, np.uint32))


def _window_weights() -> np.ndarray:
    """Weight of each compared pixel, of 16, int64 (RADIUS + 1, 2 · RADIUS + 1): rows upwards."""
    weights = np.zeros((RADIUS + 1, 2 * RADIUS + 1), np.int64)
    bell = (16, 14, 12, 10, 9, 7, 6, 5, 5, 4, 3, 3, 3, 2, 2, 2, 1, 1, 1)  # of the square distance
    for dy in range(RADIUS + 1):
        for dx in range(-RADIUS, RADIUS + 1):
            if dy > 0 or dx < 0:
                weights[dy, dx + RADIUS] = bell[dx * dx + dy * dy]
    return weights


@inlined
def _distance(layout, pixels, window, here, there, limit):
    """Weighted sum of squared differences of two neighbourhoods, given up beyond `limit`."""
    channels, stride = layout.channels, layout.stride
    total = int64(0)
    for dy in range(RADIUS + 1):
        start = -dy * stride - RADIUS * channels
        one, other = here + start, there + start
        count = (2 * RADIUS + 1 if dy else RADIUS) * channels
        weights = window[dy]
        part = np.int32(0)
        for index in range(count):
            difference = np.int32(pixels[one + index]) - np.int32(pixels[other + index])
            part += np.int32(weights[index] * np.int32(difference * difference))
        total += int64(part)
        if total >= limit:
            return total
    return total


@kernel
def _consider(layout, picture, window, here, there, found):
    """Take a place among the nearest if it belongs there; returns how many there are."""
    if there >= here or picture.trained[there + layout.channels - 1] == 0:
        return found
    near = picture.near
    limit = near[DISTANCE, NEIGHBOURS - 1] if found == NEIGHBOURS else NEVER
    for index in range(found):
        if near[PLACE, index] == there:
            return found
    distance = _distance(layout, picture.pixels, window, here, there, limit)
    if distance >= limit:
        return found
    if found < NEIGHBOURS:
        found += 1
    index = found - 1
    while index > 0 and near[DISTANCE, index - 1] > distance:
        near[PLACE, index], near[DISTANCE, index] = (
            near[PLACE, index - 1],
            near[DISTANCE, index - 1],
        )
        index -= 1
    near[PLACE, index], near[DISTANCE, index] = there, distance
    return found


@kernel
def _key(layout, pixels, at, which):
    """A hash of the neighbourhood, coarser or finer."""
    channels, stride = layout.channels, layout.stride
    key = np.uint64(which + 1)
    shift = 6 - which if which < 2 else 4
    for channel in range(min(channels, 3)):
        p = at + channel
        west, north = int64(pixels[p - channels]), int64(pixels[p - stride])
        east = int64(pixels[p - stride + channels])
        if which == 0:
            corner = int64(pixels[p - stride - channels])
            far, high = int64(pixels[p - 2 * channels]), int64(pixels[p - 2 * stride])
            part = ((west >> shift) << 8) | (north >> shift) | ((corner >> shift) << 16)
            part |= ((east >> shift) << 24) | ((far >> shift) << 32) | ((high >> shift) << 40)
        elif which == 1:
            corner = int64(pixels[p - stride - channels])
            part = ((west >> shift) << 8) | (north >> shift) | ((corner >> shift) << 16)
            part |= (east >> shift) << 24
        else:
            part = ((west >> shift) << 8) | (north >> shift)
        key = (key ^ np.uint64(part)) * _A
        key ^= key >> np.uint64(31)
    return key * _A


@inlined
def _bucket(layout, key, which):
    return layout.lines + (which << BUCKETS_BITS) + int64(key >> _SHIFT)


@kernel
def find_nearest(layout, store, picture, search):
    """The nearest contexts of the pixel at `place`, into picture.near, for its first byte."""
    place = picture.place
    at, column = place[AT], place[COLUMN]
    channels, stride = layout.channels, layout.stride
    found = int64(0)
    row = place[ROW] & 1
    for neighbour in range(4):
        beside = column + MARGIN + (neighbour - 2 if neighbour else -1)
        matches = picture.matches[row if neighbour == 0 else 1 - row]
        move = channels if neighbour == 0 else stride - (neighbour - 2) * channels
        for index in range(REMEMBERED):
            there = int64(matches[beside, index])
            if there > 0:
                found = _consider(layout, picture, search.window, at, there + move, found)
    for which in range(KEYS):
        load(store, _bucket(layout, _key(layout, picture.pixels, at, which), which), search.bucket)
        for index in range(16):
            if search.bucket[index] > 0:
                found = _consider(
                    layout, picture, search.window, at, int64(search.bucket[index]), found
                )
    first, last, side = max(place[ROW] - ROWS, 0), place[ROW], SIDE
    if place[LEARNED] <= ALL * channels:
        first, side = 0, layout.width
    for up in range(last - first + 1):
        base = at - up * stride
        for dx in range(-min(side, column), min(side, layout.width - 1 - column) + 1):
            if up > 0 or dx < 0:
                found = _consider(layout, picture, search.window, at, base + dx * channels, found)
    place[FOUND] = found
    remembered = picture.matches[row, column + MARGIN]
    for index in range(REMEMBERED):
        remembered[index] = picture.near[PLACE, index] if index < found else 0
    if column == 0:
        picture.matches[row, : column + MARGIN] = 0
        picture.matches[row, column + MARGIN + 1 :] = 0


@kernel
def remember(layout, store, picture, search):
    """Enter the pixel that has just been learned, at `place`, among those that can be found."""
    at = picture.place[AT] - (layout.channels - 1)
    for which in range(KEYS):
        row = _bucket(layout, _key(layout, picture.pixels, at, which), which)
        load(store, row, search.bucket)
        for index in range(15, 0, -1):
            search.bucket[index] = search.bucket[index - 1]
        search.bucket[0] = at
        save(store, row, search.bucket)


@inlined
def _brightness(layout, pixels, at, channel):
    """What a value at `at` is judged from, times 8: its neighbours, or the channel before."""
    channels, stride = layout.channels, layout.stride
    west, north = int64(pixels[at - channels]), int64(pixels[at - stride])
    if channel:
        return 2 * (west + north) + 4 * int64(pixels[at - 1])
    corner, east = int64(pixels[at - stride - channels]), int64(pixels[at - stride + channels])
    return 3 * (west + north) + corner + east


@kernel
def weigh_nearest(layout, picture, search, level):
    """Weigh what stood in the nearest contexts for this byte; predict ALIKE and NEAREST.

    ALIKE must have been given a value that stands where nothing was found.
    """
    place, near, predicted = picture.place, picture.near, picture.predicted[VALUE]
    found, channel, at = place[FOUND], place[CHANNEL], place[AT]
    pixels = picture.pixels
    place[NEAREST_LEVEL] = 15
    if found == 0:
        predicted[NEAREST] = predicted[ALIKE]
        return
    best, least = 0, int64(NEVER)
    for index in range(found):
        there = near[PLACE, index] + channel
        distance = near[DISTANCE, index]
        for back in range(1, channel + 1):  # the channels of this pixel that are known
            difference = int64(pixels[at - back]) - int64(pixels[there - back])
            distance += SAME_PIXEL * difference * difference
        near[BYTE_DISTANCE, index] = distance
        if distance < least:
            best, least = index, distance
    weights = search.total * layout.channels
    brightness = _brightness(layout, pixels, at, channel)
    tau = 128 + least * 3 // 4
    sharp_sum = broad_sum = mean = int64(0)
    for index in range(found):
        there = near[PLACE, index] + channel
        distance = near[BYTE_DISTANCE, index]
        ratio = (tau << 8) // (tau + 4 * (distance - least))
        sharp = (ratio * ratio) >> 8
        sharp = max((sharp * sharp) >> 8, 1)
        ratio = (tau << 8) // (tau + (distance - least))
        broad = max((ratio * ratio) >> 8, 1)
        byte = int64(pixels[there]) << 4
        corrected = byte + 2 * (brightness - _brightness(layout, pixels, there, channel))
        mean += broad * corrected
        if index == best:
            predicted[NEAREST] = min(max(corrected, 0), 255 << 4)
        near[BYTE, index], near[SHARP, index], near[BROAD, index] = byte, sharp, broad
        root = int64(np.sqrt(np.float64((distance << 8) // weights)))  # sixteenths of a pixel
        near[SHARP_INVERSE, index] = (1 << 24) // (3 + root // 40)
        near[BROAD_INVERSE, index] = (1 << 24) // (32 + root // 4)
        sharp_sum += sharp
        broad_sum += broad
    predicted[ALIKE] = min(max(mean // broad_sum, 0), 255 << 4)
    for index in range(found):
        near[SHARP, index] = (near[SHARP, index] << 12) // sharp_sum
        near[BROAD, index] = (near[BROAD, index] << 12) // broad_sum
    root = int64(np.sqrt(np.float64((least << 8) // weights)))
    place[NEAREST_LEVEL] = min(int64(level[min(root // 2, 1023)]), 14)
