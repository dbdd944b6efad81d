"""The arrays of the picture model, and what a number in them means.

    ┌──────────── Store (cm_store.py): shared, copied on write line by line ─────────────┐
    │ counters   16 to a line: a line is what followed one hashed context, half byte     │
    │ buckets    16 to a line: where a neighbourhood like this one was seen last         │
    └────────────────────────────────────────────────────────────────────────────────────┘
    ┌──────────── Learned: copied before the first byte of a fork that learns ───────────┐
    │ maps       distance of a bit's border from a prediction ─► probability             │
    │ weights    of the mixers          final  of the mixer of mixers     curves  of APM │
    │ moments    of all pixels so far, for the slow least squares         slow  solved   │
    └────────────────────────────────────────────────────────────────────────────────────┘
    ┌──────────── Picture: copied before the first byte of any fork ─────────────────────┐
    │ pixels, trained    the bytes, and which of them were learned                       │
    │ errors             of every prediction, this row and two above                     │
    │ matches            nearest contexts of this row's pixels and of the row above      │
    │ place, …           all that is known of the next byte: predictions, contexts       │
    └────────────────────────────────────────────────────────────────────────────────────┘

The picture has a margin, so that every neighbour is a fixed distance away:

               MARGIN      width pixels       MARGIN
             ┌────────┬─────────────────────┬────────┐
             │ zeros  │ zeros               │ zeros  │  TOP rows
             ├────────┼─────────────────────┼────────┤
             │ pixel  │ row 0               │ last   │
             │ above  │ row 1, as far as it │ pixel  │   neighbour(dx, dy) = pixels[at
             │        │ is known ▌          │        │     + dx · channels - dy · stride]
             └────────┴─────────────────────┴────────┘

A counter: 16 bits of probability of a 1 (^ 32768), 16 bits of count; so zeros have seen nothing.
"""

from typing import NamedTuple

import numpy as np

from compgen.kernels.cm_store import Store, owned
from compgen.kernels.cm_tables import LIMIT, ONE, POINTS
from compgen.kernels.pixelcm_tables import FINE, LEVELS, picture_tables

MARGIN = 9
"""Pixels on either side: least squares look at neighbours of neighbours."""
TOP = 9
"""Rows of zeros above."""

PREDICTIONS = 11
(
    LOCAL,  # least squares over the pixels around
    SLOW,  # least squares over all so far
    MEDIAN,  # median of W, N and the plane, of the difference to the channel before
    PLANE,  # (2 W + 2 N + NE - NW) / 4, the same
    SLANT,  # W + (NE - N) / 2, the same
    STEEP,  # N + (N - NN) / 2, the same
    ALIKE,  # mean of what stood in the nearest contexts, each corrected for its brightness
    NEAREST,  # what stood in the nearest, corrected
    PLAIN,  # median of W, N and the plane, of this channel alone
    WIDE,  # (W + N + NE) / 3 and so on
    BLEND,  # all of them by how well they did nearby
) = range(PREDICTIONS)
VALUE, ENERGY, INVERSE = range(3)
"""Of a prediction: sixteenths of a pixel value; the error nearby, in these; bell steps in one of
these, 2^-12."""
SINGLE = BLEND
"""Predictions that are blended."""
FEATURES = 16
"""Most neighbours that least squares weigh."""

NEIGHBOURS = 12
"""Nearest contexts that are kept of a pixel."""
(
    PLACE,  # in `pixels`, of the pixel
    DISTANCE,  # of its surroundings
    BYTE_DISTANCE,  # that, and of the channels that are known
    BYTE,  # what stood there, sixteenths
    SHARP,  # its weight, of 4096, among narrow bells
    SHARP_INVERSE,
    BROAD,  # among broad ones
    BROAD_INVERSE,
) = range(8)
REMEMBERED = 4
"""Of these, how many its neighbours look at."""
KEYS = 3
"""Hashes of a neighbourhood, each with a table of where it was seen."""
BUCKETS_BITS = 13
"""Logarithm of the buckets of each."""

MAPS = 14
MAP_CONTEXTS = 16
CONTEXTS = 16
"""Hashed contexts; pixelcm_contexts.py says what they are."""
FIRST_VALUES = PREDICTIONS
"""Inputs: the predictions; what the nearest contexts say, twice; maps; counters."""
FIRST_MAP = FIRST_VALUES + 2
FIRST_COUNTER = FIRST_MAP + MAPS
LEAST, MOST = 257, 258
"""In Learned.support: the least and the most of the bytes seen; before the first, 1 and 0."""
BIAS = FIRST_COUNTER + 2 * CONTEXTS
SUPPORT = BIAS + 1
"""Input: how many of the bytes on either side of the border were ever seen."""
INPUTS = 64
SETS = 5
"""Mixers, each with weights that another context selects."""
CURVES = 3

(
    COLUMN,  # of the next byte's pixel
    ROW,
    CHANNEL,
    AT,  # its place in `pixels`
    SIZE,  # bytes so far
    LEARNED,  # bytes learned so far
    FOUND,  # nearest contexts that there are
    NEAREST_LEVEL,  # 0 … 15: how near the nearest is; 15: there is none
    TEXTURE,  # 0 … 15: which of W, N, NW, NE lie above the blend
    SPREAD,  # 0 … 15: how far predictions differ
    PLACES,
) = range(11)


class Learned(NamedTuple):
    """What a learning fork copies. Integers, but for the moments."""

    maps: np.ndarray  # uint32 (MAPS, channels · 16 · 8 · 64)  22 bits of probability, 10 of count
    weights: np.ndarray  # int32 (rows, INPUTS)   16 bits after the point
    final: np.ndarray  # int32 (channels · 8 · 16, SETS)
    curves: np.ndarray  # uint16 (CURVES, channels · 8 · 64, 32)
    moments: np.ndarray  # float64 (channels, FEATURES, FEATURES + 1)
    slow: np.ndarray  # float64 (channels, FEATURES)
    seen: np.ndarray  # uint8 (channels, 256)   which bytes were, or lie beyond all that were
    support: np.ndarray  # int64 (channels, 259)   how many of these are below; LEAST, MOST


class Picture(NamedTuple):
    """What every fork copies."""

    pixels: np.ndarray  # uint8 ((TOP + rows) · stride,)
    trained: np.ndarray  # uint8, the same shape
    errors: np.ndarray  # int16 (PREDICTIONS, 3, stride)   value - prediction, sixteenths
    matches: np.ndarray  # int32 (2, width + 2 · MARGIN, REMEMBERED)   places, 0: none
    place: np.ndarray  # int64 (PLACES,)
    predicted: np.ndarray  # int64 (3, PREDICTIONS)   VALUE, ENERGY, INVERSE of each
    features: np.ndarray  # float64 (FEATURES + 1,)   neighbours less their mean, and that mean
    near: np.ndarray  # int64 (8, NEIGHBOURS)   PLACE, DISTANCE, … of each nearest context
    hashes: np.ndarray  # uint64 (CONTEXTS,)
    selected: np.ndarray  # int64 (MAPS,)   context of each map


class Layout(NamedTuple):
    """What never changes in one picture."""

    width: int
    channels: int
    stride: int
    lines: int  # of counters; buckets follow them
    offset: np.ndarray  # int64 (channels, FEATURES)   neighbours that least squares weigh
    channel: np.ndarray  # int64 (channels, FEATURES)  of which channel those are
    features: np.ndarray  # int64 (channels,)   how many those are
    gain: np.ndarray  # int32 (INPUTS,)   of 256: what each input counts, by style


class Model(NamedTuple):
    """Everything that the kernels see."""

    layout: Layout
    store: Store
    learned: Learned
    picture: Picture


def gains(style: str) -> np.ndarray:
    """What each input counts, int32 (INPUTS,), of 256: all of them, for the style "photo"; those
    of the nearest contexts alone, for "texture"."""
    if style == "photo":
        return np.full(INPUTS, 256, np.int32)
    gain = np.zeros(INPUTS, np.int32)
    gain[FIRST_VALUES:FIRST_MAP] = 256
    return gain


def weight_rows(channels: int) -> int:
    """Rows of all the mixers' weights; pixelcm_node.py selects them."""
    return channels * 256 + 2048 + 3 * channels * 128


def layout(width: int, channels: int, bits: int, style: str) -> Layout:
    """The layout of pictures `width` pixels wide, with 2^bits counters; `style` as in `gains`."""
    stride = (width + 2 * MARGIN) * channels
    offset = np.zeros((channels, FEATURES), np.int64)
    channel = np.zeros((channels, FEATURES), np.int64)
    features = np.zeros(channels, np.int64)
    own = [(-1, 0), (0, -1), (-1, -1), (1, -1), (-2, 0), (0, -2)]
    far = [(1, -2), (2, -1), (-2, -1), (-1, -2), (-3, 0), (0, -3)]
    known = [(0, 0), (-1, 0), (0, -1), (-1, -1), (1, -1)]
    unknown = [(-1, 0), (0, -1)]
    for here in range(channels):
        wanted = [(here, dx, dy) for dx, dy in own]
        for other in sorted(range(channels), key=lambda found: (found > here, -found)):
            if other != here:
                spots = known if other < here else unknown
                wanted += [(other, dx, dy) for dx, dy in spots]
        wanted += [(here, dx, dy) for dx, dy in far]
        del wanted[12 if channels == 1 else FEATURES :]
        features[here] = len(wanted)
        for index, (other, dx, dy) in enumerate(wanted):
            offset[here, index] = dy * stride + dx * channels + other - here
            channel[here, index] = other
    return Layout(
        width, channels, stride, (1 << bits) // 16, offset, channel, features, gains(style)
    )


def fresh(form: Layout) -> Model:
    """A model that has read nothing, before `arrive`."""
    store = owned(form.lines + (KEYS << BUCKETS_BITS))
    contexts = form.channels * 8
    squash = picture_tables().squash
    points = squash[np.arange(POINTS) * (2 * LIMIT // (POINTS - 1))].astype(np.uint16)
    learned = Learned(
        maps=np.full((MAPS, contexts * MAP_CONTEXTS * FINE), 1 << 31, np.uint32),
        weights=_first_weights(form),
        final=np.full((contexts * LEVELS, SETS), ONE // SETS, np.int32),
        curves=np.tile(points, (CURVES, contexts * FINE, 1)),
        moments=np.zeros((form.channels, FEATURES, FEATURES + 1)),
        slow=np.tile(first_slow(), (form.channels, 1)),
        seen=np.ones((form.channels, 256), np.uint8),
        support=np.tile(np.append(np.arange(257), (1, 0)), (form.channels, 1)),
    )
    return Model(form, store, learned, _nothing(form))


def copied(picture: Picture) -> Picture:
    """A picture of its own arrays."""
    return Picture(*(array.copy() for array in picture))


def with_room(picture: Picture, form: Layout, size: int) -> Picture:
    """The same picture with room for `size` bytes in all, and the margin after them."""
    rows = TOP + size // (form.width * form.channels) + 2
    capacity = len(picture.pixels)
    if rows * form.stride <= capacity:
        return picture
    grown = max(rows * form.stride, 2 * capacity)
    pixels, trained = np.zeros(grown, np.uint8), np.zeros(grown, np.uint8)
    pixels[:capacity], trained[:capacity] = picture.pixels, picture.trained
    return picture._replace(pixels=pixels, trained=trained)


def _nothing(form: Layout) -> Picture:
    place = np.zeros(PLACES, np.int64)
    place[AT] = TOP * form.stride + MARGIN * form.channels
    return Picture(
        pixels=np.zeros((TOP + 2) * form.stride, np.uint8),
        trained=np.zeros((TOP + 2) * form.stride, np.uint8),
        errors=np.zeros((PREDICTIONS, 3, form.stride), np.int16),
        matches=np.zeros((2, form.width + 2 * MARGIN, REMEMBERED), np.int32),
        place=place,
        predicted=np.zeros((3, PREDICTIONS), np.int64),
        features=np.zeros(FEATURES + 1),
        near=np.zeros((8, NEIGHBOURS), np.int64),
        hashes=np.zeros(CONTEXTS, np.uint64),
        selected=np.zeros(MAPS, np.int64),
    )


def _first_weights(form: Layout) -> np.ndarray:
    weights = np.zeros((weight_rows(form.channels), INPUTS), np.int32)
    if form.gain[BIAS] == 0:  # the nearest contexts alone
        weights[:, FIRST_VALUES:FIRST_MAP] = ONE * 3 // 8
        return weights
    weights[:, :SINGLE] = ONE // 24
    weights[:, LOCAL] = ONE // 4
    weights[:, BLEND] = ONE // 3
    weights[:, FIRST_VALUES:FIRST_MAP] = ONE // 24
    weights[:, FIRST_MAP:FIRST_COUNTER] = ONE // 32
    weights[:, FIRST_COUNTER:BIAS:2] = ONE // 48
    weights[:, SUPPORT] = ONE
    return weights


def first_slow() -> np.ndarray:
    """Least squares before anything is known, float64 (FEATURES,): (2 W + 2 N - NW + NE) / 4."""
    slow = np.zeros(FEATURES)
    slow[:4] = (0.5, 0.5, -0.25, 0.25)
    return slow
