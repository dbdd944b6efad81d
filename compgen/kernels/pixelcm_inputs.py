"""What the experts say of one bit: the inputs of the mixers, and how these experts learn.

                       middle                a bit halves the interval of bytes that begin with the
      low ├───────────────┼──────────────┤ high   bits so far: is the byte at or above the middle?
                       ▲ border: middle - 1/2

    predictions       ln(mass above / mass below) of a bell around each, whose width is the
                      error nearby; and of the narrow and broad bells around what stood in the
                      nearest contexts
    maps              stretch(p): what happened at that distance from a prediction, in a context:
                      a distribution of residuals that is learned
    counters          stretch(p) and p - 1/2 of what happened after a hashed context
    support           ln(bytes above / bytes below) of those that were ever seen

Integers throughout. Source: maps of the difference between a prediction and the bits so far are
those of paq8px's picture models; the code, the bells and the constants are this project's.
"""

from typing import NamedTuple

import numpy as np

from compgen.kernels.cm_jit import inlined, int64
from compgen.kernels.cm_tables import LOGARITHMS, ONE
from compgen.kernels.jit import kernel
from compgen.kernels.pixelcm_state import (
    ALIKE,
    BIAS,
    BLEND,
    BROAD,
    BROAD_INVERSE,
    BYTE,
    CHANNEL,
    COLUMN,
    CONTEXTS,
    CURVES,
    ENERGY,
    FIRST_COUNTER,
    FIRST_MAP,
    FOUND,
    INPUTS,
    INVERSE,
    LEARNED,
    LEAST,
    LOCAL,
    MAP_CONTEXTS,
    MAPS,
    MARGIN,
    MEDIAN,
    MOST,
    NEAREST,
    NEAREST_LEVEL,
    PLANE,
    PREDICTIONS,
    ROW,
    SETS,
    SHARP,
    SHARP_INVERSE,
    SLOW,
    SPREAD,
    SUPPORT,
    TEXTURE,
    VALUE,
)
from compgen.kernels.pixelcm_tables import BELL_LIMIT, FINE

MAP_LIMIT, COUNT_LIMIT = 1023, 255
"""The rate of a map, and of a counter, stops falling at one over so many."""
BIAS_INPUT = 256
LN_8 = 34070
"""ln 8, times 2^14."""
STRONGEST = 2047
"""Most that one expert may say, stretched."""
LEAST_MASS = 4
"""Every byte's share of 2^24 that no bell takes away."""
RARE = 256
"""After so many pixels, a byte that was never seen counts half a byte."""
MAP_PREDICTION = (
    *(LOCAL, SLOW, BLEND, MEDIAN),  # by the error nearby
    *(ALIKE, NEAREST),  # by how near the nearest context is
    *(BLEND, BLEND),  # by its errors at W and N; at the channel before, or at N and NE
    *(BLEND, LOCAL),  # by which neighbours lie above; by how far predictions differ
    *(PLANE, LOCAL),  # by the error nearby; by which neighbours lie above
    *(LOCAL, BLEND),  # by its error at the channel before, or at W; by ALIKE's error nearby
)
"""Which prediction each map is about, and what its context is."""


class Walk(NamedTuple):
    """Scratch of one walk through a byte's tree; nothing in it outlives the byte."""

    map_prediction: np.ndarray  # int64 (MAPS,)
    around: np.ndarray  # int64 (2, 7)
    mass: np.ndarray  # int64 (PREDICTIONS + 2, 257)   cumulative, at the borders seen so far
    lines: np.ndarray  # int64 (2, CONTEXTS)       which lines each half byte has
    active: np.ndarray  # uint32 (2, CONTEXTS, 16)
    inputs: np.ndarray  # int32 (8, INPUTS)   from here on: one row for each bit of a byte
    entry: np.ndarray  # int64 (8, MAPS)
    chosen: np.ndarray  # int64 (8, SETS)    rows of the weights
    said: np.ndarray  # int64 (8, SETS)      what each mixer says, stretched
    mix: np.ndarray  # int64 (8,)
    curve: np.ndarray  # int64 (8, CURVES)
    reach: np.ndarray  # float64 (512,)   probability of each node of the tree


def walking(map_prediction: tuple[int, ...] = MAP_PREDICTION) -> Walk:
    """Scratch for one thread; which prediction each map is about."""
    return Walk(
        map_prediction=np.array(map_prediction),
        around=np.zeros((2, 7), np.int64),
        mass=np.zeros((PREDICTIONS + 2, 257), np.int64),
        lines=np.zeros((2, CONTEXTS), np.int64),
        active=np.zeros((2, CONTEXTS, 16), np.uint32),
        inputs=np.zeros((8, INPUTS), np.int32),
        entry=np.zeros((8, MAPS), np.int64),
        chosen=np.zeros((8, SETS), np.int64),
        said=np.zeros((8, SETS), np.int64),
        mix=np.zeros(8, np.int64),
        curve=np.zeros((8, CURVES), np.int64),
        reach=np.zeros(512),
    )


@inlined
def clamped(x, limit):
    """`x`, held between -limit and limit."""
    return min(max(x, -limit), limit)


@inlined
def below(bell, distance, inverse):
    """Mass of a bell below a border `distance` sixteenths above its centre, of 2^24."""
    x = (distance * inverse) >> 12
    x = min(max(x, -(BELL_LIMIT << 8)), BELL_LIMIT << 8) + (BELL_LIMIT << 8)
    step = x >> 8
    low = int64(bell[step])
    return low + (((int64(bell[step + 1]) - low) * (x & 255)) >> 8)


@kernel
def find_mass(picture, bell, mass, border):
    """Mass of every bell below the byte `border`, 0 … 256, into its column of `mass`.

    What lies below 0 and above 255 is no byte's: it does not count.
    """
    here, predicted, near = (border << 4) - 8, picture.predicted, picture.near
    for which in range(PREDICTIONS):
        distance = here - predicted[VALUE, which]
        mass[which, border] = below(bell, distance, predicted[INVERSE, which])
    sharp = broad = int64(0)
    for index in range(picture.place[FOUND]):
        distance = here - near[BYTE, index]
        sharp += near[SHARP, index] * below(bell, distance, near[SHARP_INVERSE, index])
        broad += near[BROAD, index] * below(bell, distance, near[BROAD_INVERSE, index])
    mass[PREDICTIONS, border] = sharp >> 12
    mass[PREDICTIONS + 1, border] = broad >> 12


@inlined
def _logarithm(logarithm, value):
    """ln of a whole number from 1 to 2^27, times 2^14."""
    result = int64(0)
    for _ in range(5):
        if value >= LOGARITHMS:
            value >>= 3
            result += LN_8
    return result + int64(logarithm[value])


@inlined
def fine_place(fine, distance):
    """`fine` of a signed distance in sixteenths: 0 … 63."""
    size = int64(fine[min(abs(distance) >> 2, 511)])
    return 32 + size if distance >= 0 else 31 - size


@kernel
def set_selected(layout, picture, walk, level):
    """The context of each map at `place`."""
    place, errors, selected = picture.place, picture.errors, picture.selected
    energy = picture.predicted[ENERGY]
    channels, channel = layout.channels, place[CHANNEL]
    for index in range(4):
        selected[index] = level[min(energy[walk.map_prediction[index]], 1023)]
    selected[4] = selected[5] = place[NEAREST_LEVEL]
    row, above = place[ROW] % 3, (place[ROW] + 2) % 3
    x = (place[COLUMN] + MARGIN) * channels + channel
    west = sign_and_size(level, int64(errors[BLEND, row, x - channels]))
    north = sign_and_size(level, int64(errors[BLEND, above, x]))
    selected[6] = (west >> 1) * 4 + (north >> 1)
    if channel:
        selected[7] = sixteen(level, int64(errors[BLEND, row, x - 1]))
        selected[12] = sixteen(level, int64(errors[LOCAL, row, x - 1]))
    else:
        east = sign_and_size(level, int64(errors[BLEND, above, x + channels]))
        selected[7] = (north >> 1) * 4 + (east >> 1)
        selected[12] = sixteen(level, int64(errors[LOCAL, row, x - channels]))
    selected[8] = place[TEXTURE]
    selected[9] = place[SPREAD]
    selected[10] = level[min(energy[PLANE], 1023)]
    selected[11] = place[TEXTURE]
    selected[13] = level[min(energy[ALIKE], 1023)]
    for index in range(MAPS):
        selected[index] = (channel * MAP_CONTEXTS + selected[index]) * 8 * FINE


@inlined
def sign_and_size(level, error):
    """0 … 7."""
    size = min(int64(level[min(abs(error), 1023)]) // 3, 3)
    return 4 + size if error > 0 else 3 - size


@inlined
def sixteen(level, error):
    """0 … 15."""
    size = min(int64(level[min(abs(error), 1023)]) // 2, 7)
    return 8 + size if error > 0 else 7 - size


@kernel
def gather(layout, learned, picture, tables, walk, bit_index, half, node, low, known):
    """Inputs of the mixers at a node, whose interval begins at `low`; see pixelcm_node.predict."""
    middle = low + (128 >> known)
    high = middle + (128 >> known)
    inputs, stretch, mass = walk.inputs[bit_index], tables.stretch, walk.mass
    predicted, gain, logarithm = picture.predicted[VALUE], layout.gain, tables.logarithm
    least = LEAST_MASS * (128 >> known)
    for which in range(PREDICTIONS + 2):
        zero = mass[which, middle] - mass[which, low] + least
        one = mass[which, high] - mass[which, middle] + least
        inputs[which] = clamped(
            (_logarithm(logarithm, one) - _logarithm(logarithm, zero)) >> 6, STRONGEST
        )
    if picture.place[FOUND] == 0:
        inputs[PREDICTIONS] = 0
        inputs[PREDICTIONS + 1] = 0
    border = (middle << 4) - 8
    for index in range(MAPS):
        distance = border - predicted[walk.map_prediction[index]]
        entry = picture.selected[index] + known * FINE + fine_place(tables.fine, distance)
        walk.entry[bit_index, index] = entry
        value = int64(learned.maps[index, entry])
        probability = value >> 10
        said = int64(stretch[probability >> 10])
        inputs[FIRST_MAP + index] = said if value & 1023 else 0
    for context in range(CONTEXTS):
        value = int64(walk.active[half, context, node])
        at = FIRST_COUNTER + 2 * context
        count = value & 65535
        if count == 0:
            inputs[at] = 0
            inputs[at + 1] = 0
            continue
        probability = (value >> 16) ^ 32768
        said = int64(stretch[probability >> 4])
        inputs[at] = said if count > 2 else said * count // 3
        inputs[at + 1] = (probability - 32768) >> 5
    inputs[BIAS] = BIAS_INPUT
    size = picture.place[LEARNED] // layout.channels
    unseen = max((RARE << 10) // (RARE + size), 1)  # what a byte that was never seen counts
    support = learned.support[picture.place[CHANNEL]]
    zero = (support[middle] - support[low]) * (1024 - unseen) + (middle - low) * unseen
    one = (support[high] - support[middle]) * (1024 - unseen) + (high - middle) * unseen
    inputs[SUPPORT] = (_logarithm(logarithm, one) - _logarithm(logarithm, zero)) >> 6
    for index in range(INPUTS):
        inputs[index] = (inputs[index] * gain[index]) >> 8


@kernel
def learn_inputs(learned, tables, walk, bit_index, half, node, bit):
    """Move maps and counters that `gather` looked at towards the bit that came."""
    target = bit << 16
    for index in range(MAPS):
        entry = walk.entry[bit_index, index]
        value = int64(learned.maps[index, entry])
        count, probability = value & 1023, value >> 10
        change = (((bit << 22) - probability) * int64(tables.slow_rate[count])) >> 16
        probability = min(max(probability + change, 64), (1 << 22) - 64)
        learned.maps[index, entry] = np.uint32((probability << 10) | min(count + 1, MAP_LIMIT))
    for context in range(CONTEXTS):
        value = int64(walk.active[half, context, node])
        count = value & 65535
        probability = (value >> 16) ^ 32768
        probability += ((target - probability) * int64(tables.slow_rate[count]) + 32768) >> 16
        probability = min(max(probability, 1), ONE - 1)
        count = min(count + 1, COUNT_LIMIT)
        walk.active[half, context, node] = np.uint32(((probability ^ 32768) << 16) | count)


@kernel
def learn_support(learned, channel, value):
    """Enter a byte among those that were seen. What lies beyond all of them counts as seen, too:
    a gap among them tells of a palette or a stretched range, the ends tell nothing."""
    support = learned.support[channel]
    seen = support[value + 1] > support[value]
    if seen and support[LEAST] <= value <= support[MOST]:
        return
    if support[LEAST] > support[MOST]:
        support[LEAST] = support[MOST] = value
        return
    for between in range(256):
        gap = support[MOST] < between < value or value < between < support[LEAST]
        is_in = (learned.seen[channel, between] and not gap) or between == value
        learned.seen[channel, between] = is_in
        support[between + 1] = support[between] + is_in
    support[LEAST], support[MOST] = min(support[LEAST], value), max(support[MOST], value)
