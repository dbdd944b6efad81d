"""Nearest contexts: where in the learned sound the samples before are most like those here.

    wave    ─────│ before │ p ──────────│ before │ ?
                                                 AT

    apart[p] = Σ_k DECAY^k · (wave[AT - 1 - k] - wave[p - 1 - k])²

One frame later, all of these are DECAY times what they were, and a square more: so every one of
the last REACH learned places is compared, for the price of one multiplication and addition each.
For a lag AT - p that stays the same this is the running squared-difference function that pitch
detectors minimise: in a voiced sound, the nearest places are whole periods back.

    apart    ring: the entry of p at AT, (p - AT) mod REACH, is that of p + 1 at AT + 1

Floating point as in pixelcm_predict.py. Source: the recurrence is that of the average magnitude
difference function (Ross et al., IEEE Trans. ASSP 22(5), 1974) with an exponential window; the
experts are pixelcm's.
"""

import numpy as np

from compgen.kernels.cm_jit import int64
from compgen.kernels.jit import arithmetic, kernel
from compgen.kernels.pixelcm_state import (
    BROAD,
    BROAD_INVERSE,
    BYTE,
    BYTE_DISTANCE,
    DISTANCE,
    NEIGHBOURS,
    PLACE,
    SHARP,
    SHARP_INVERSE,
)
from compgen.kernels.samplecm_state import (
    AT,
    CHANNEL,
    END,
    FIRST,
    FOUND,
    MARGIN,
    NEAREST_LEVEL,
    REACH,
)

DECAY = np.float32(0.9)
ADHERENCE = np.float32(0.7)
"""What the distance of the place after the nearest becomes where nothing is learned, frame by
frame: what is made goes on as it went on there for a while. Without, a silence has no length."""
UNKNOWN = np.float32(1e11)
"""Distance of a place before which nothing has been compared yet."""
NOTHING = np.float32(1e-20)
"""Added to every distance: in silence they would else become subnormal numbers, with which
processors are ten times as slow. It is too small to change what is not: these are whole numbers,
or fade away."""
BLOCK = 256
"""Places that are looked through together: most often none of them is among the nearest."""
SAME_FRAME = 2.0
"""Weight of the channels of this frame that are known."""
_MASK = REACH - 1


@arithmetic
def _grow(apart, wave, now):
    """Enter one sample, `now`, and what stood there, `wave`, float32 (n,), into `apart`, (n,)."""
    for index in range(apart.shape[0]):
        difference = now - wave[index]
        apart[index] += difference * difference


@arithmetic
def _age(apart):
    for index in range(apart.shape[0]):
        apart[index] = apart[index] * DECAY + NOTHING


@kernel
def _near_ones(apart, limit):
    """How many are below `limit`."""
    count = 0
    for index in range(apart.shape[0]):
        count += int64(apart[index] < limit)
    return count


@kernel
def _consider(sound, there, apart, found):
    """Take a place among the nearest if it belongs there; returns how many there are."""
    near = sound.near
    distance = int64(apart)
    if sound.trained[there] == 0 or (
        found == NEIGHBOURS and distance >= near[DISTANCE, NEIGHBOURS - 1]
    ):
        return found
    for index in range(found):
        if near[PLACE, index] == there:
            return found
    if found < NEIGHBOURS:
        found += 1
    index = found - 1
    while index > 0 and near[DISTANCE, index - 1] > distance:
        near[PLACE, index] = near[PLACE, index - 1]
        near[DISTANCE, index] = near[DISTANCE, index - 1]
        index -= 1
    near[PLACE, index], near[DISTANCE, index] = there, distance
    return found


@kernel
def _look_through(sound, slot, place, count, found):
    """Take the nearest of `count` places from `place` on, whose entries begin at `slot`."""
    near = sound.near
    for start in range(0, count, BLOCK):
        apart = sound.apart[slot + start : slot + min(start + BLOCK, count)]
        limit = UNKNOWN
        if found == NEIGHBOURS:
            limit = np.float32(near[DISTANCE, NEIGHBOURS - 1])
            if _near_ones(apart, limit) == 0:
                continue
        for index in range(apart.shape[0]):
            if apart[index] < limit:
                found = _consider(sound, place + start + index, apart[index], found)
    return found


@kernel
def find_nearest(layout, sound, learning):
    """The nearest contexts of the frame AT, into sound.near, for its first byte."""
    place, near, apart = sound.place, sound.near, sound.apart
    at, first, end = place[AT], place[FIRST], place[END]
    count = end - first
    slot = (first - at) & _MASK
    before = min(count, REACH - slot)  # so many until the ring's end
    _age(apart[slot : slot + before])
    _age(apart[: count - before])
    for channel in range(layout.channels):
        wave = sound.wave[channel, first - 1 : end - 1]
        now = sound.wave[channel, at - 1]
        _grow(apart[slot : slot + before], wave[:before], now)
        _grow(apart[: count - before], wave[before:], now)
    found = int64(0)
    for index in range(place[FOUND]):  # most likely what was near goes on being near
        there = near[PLACE, index] + 1
        if first <= there < end:
            near[BYTE, found] = there
            found += 1
    known, found = found, int64(0)
    if known > 0 and not learning:
        apart[(near[BYTE, 0] - at) & _MASK] *= ADHERENCE
    for index in range(known):
        there = near[BYTE, index]
        found = _consider(sound, there, apart[(there - at) & _MASK], found)
    found = _look_through(sound, slot, first, before, found)
    found = _look_through(sound, int64(0), first + before, count - before, found)
    place[FOUND] = found


@kernel
def move_window(sound, learned):
    """Let the places that are looked through be those of the next frame: AT has moved past one,
    which was learned, or was not."""
    place, apart = sound.place, sound.apart
    at, first, end = place[AT], place[FIRST], place[END]
    if learned:
        for there in range(end + 1, at):  # after frames that were not
            apart[(there - at) & _MASK] = UNKNOWN
        end = at
    if end - first >= REACH:
        first = end - REACH + 1
    first = max(first, MARGIN + 1)
    if first == place[FIRST]:
        apart[(first - at) & _MASK] = UNKNOWN
    place[FIRST], place[END] = min(first, end), end


@arithmetic
def weigh_nearest(layout, sound):
    """Weigh what came in the nearest contexts, for this byte."""
    place, near = sound.place, sound.near
    found, channel, at = place[FOUND], place[CHANNEL], place[AT]
    place[NEAREST_LEVEL] = 15
    if found == 0:
        return
    least = 1e30
    for index in range(found):
        there = near[PLACE, index]
        distance = np.float64(near[DISTANCE, index])
        for other in range(channel):
            step = np.float64(sound.wave[other, at]) - np.float64(sound.wave[other, there])
            distance += SAME_FRAME * step * step
        near[BYTE_DISTANCE, index] = int64(distance)
        least = min(least, distance)
    loudness = 1.0
    for other in range(layout.channels):
        share = 1.0
        for back in range(1, 25):
            value = np.float64(sound.wave[other, at - back])
            loudness += share * value * value
            share *= 0.9
    level = 0
    while level < 14 and least < loudness:
        loudness *= 0.5
        level += 1
    place[NEAREST_LEVEL] = 14 - level
    tau = 512.0 + least * 0.75
    sharp_sum = broad_sum = 0.0
    for index in range(found):
        distance = np.float64(near[BYTE_DISTANCE, index])
        ratio = tau / (tau + 4.0 * (distance - least))
        sharp = max(ratio * ratio * ratio * ratio, 0.001)
        ratio = tau / (tau + (distance - least))
        broad = max(ratio * ratio, 0.001)
        near[SHARP, index], near[BROAD, index] = int64(sharp * 1e6), int64(broad * 1e6)
        sharp_sum += sharp
        broad_sum += broad
        root = np.sqrt(distance * 0.1 / layout.channels)  # of an amplitude
        there = near[PLACE, index]
        value = sound.wave[channel, there]
        near[BYTE, index] = int64(value)
        near[SHARP_INVERSE, index] = int64(16777216.0 / (3.0 + root * 0.1))
        near[BROAD_INVERSE, index] = int64(16777216.0 / (16.0 + root * 0.4))
    for index in range(found):
        near[SHARP, index] = int64(np.float64(near[SHARP, index]) * 0.004096 / sharp_sum)
        near[BROAD, index] = int64(np.float64(near[BROAD, index]) * 0.004096 / broad_sum)
