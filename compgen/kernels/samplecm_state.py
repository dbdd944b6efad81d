"""The arrays of the sound model, and what a number in them means.

    ┌──────────── Store (cm_store.py): shared, copied on write line by line ─────────────┐
    │ counters   16 to a line: a line is what followed one hashed context, half byte     │
    └────────────────────────────────────────────────────────────────────────────────────┘
    ┌──────────── Learned: copied before the first byte of a fork that learns ───────────┐
    │ maps, weights, final, curves, seen, support    as in pixelcm_state.py              │
    │ short, long, stack    moments of least squares, and their solutions; lms           │
    │ filters    what these and the errors were, every EVERY frames                      │
    └────────────────────────────────────────────────────────────────────────────────────┘
    ┌──────────── Sound: copied before the first byte of any fork ───────────────────────┐
    │ wave, missed, trained    amplitudes, what SLOW missed of them, which were learned  │
    │ apart      how far the last samples are from those before every other place        │
    │ place, …   all that is known of the next byte: predictions, contexts               │
    └────────────────────────────────────────────────────────────────────────────────────┘

A frame is a sample of every channel. Amplitudes are in quarters of a 16-bit step; positions, in
sixteenths of a rank (samplecm_tables.py), as the experts that this model shares with pixelcm
have them. The first frame has index MARGIN: silence is before it.
"""

from typing import NamedTuple

import numpy as np

from compgen.kernels.cm_store import Store, owned
from compgen.kernels.cm_tables import LIMIT, ONE, POINTS
from compgen.kernels.pixelcm_state import (
    BIAS,
    CONTEXTS,
    CURVES,
    FIRST_COUNTER,
    FIRST_MAP,
    FIRST_VALUES,
    INPUTS,
    MAP_CONTEXTS,
    MAPS,
    NEIGHBOURS,
    PLACES,
    PREDICTIONS,
    SETS,
    SUPPORT,
    weight_rows,
)
from compgen.kernels.pixelcm_tables import FINE, LEVELS, picture_tables
from compgen.kernels.samplecm_tables import Law, law

(
    LOCAL,  # a filter fitted to the last moments; where they are not learned, RECALLED
    SLOW,  # a longer filter fitted to a longer time
    RECALLED,  # filters that were LOCAL's where it sounded like this
    CASCADE,  # SLOW, and what a long adaptive filter makes of all that SLOW missed
    STRAIGHT,  # 2 W - WW, W the sample before
    LAST,  # W; moved as the channel before has moved
    ALIKE,  # mean of what came in the nearest contexts
    EXCITED,  # SLOW, and the mean of what it missed there
    NEAREST,  # what came in the nearest context
    STACK,  # least squares over these predictions
    BLEND,  # all of them by how well they did lately
) = range(PREDICTIONS)
"""Where pixelcm's shared code asks for a prediction (BLEND, LOCAL, ALIKE), it has its number."""
STACKED = STACK
"""Predictions that STACK weighs; SLOW, the first, is what it starts from."""
SHORT, LONG = 16, 32
"""Coefficients of LOCAL and of SLOW."""
KEPT = SHORT + LONG + STACKED + 2 * PREDICTIONS
"""What is kept of a moment: coefficients of LOCAL, SLOW, STACK; errors, QUICK and STEADY."""
LMS = 256
"""Coefficients of CASCADE."""
MARGIN = LMS
REACH = 1 << 14
"""Frames, the latest learned ones, among which nearest contexts are looked for."""
EVERY = 16
"""Frames between two filters that are kept."""

(
    FIRST,  # the first place among which nearest contexts are looked for
    END,  # after the last learned frame
    CHANNEL,  # of the next byte; from here on but for WHOLE, as pixelcm's shared code has them
    AT,  # its frame
    SIZE,  # bytes so far
    LEARNED,  # bytes learned so far
    FOUND,  # nearest contexts that there are
    NEAREST_LEVEL,  # 0 … 14: how near the nearest is, for how loud it is; 15: there is none
    WHOLE,  # whether this frame's bytes so far were learned
    SPREAD,  # 0 … 15: how far predictions differ
) = range(PLACES)
QUICK, STEADY = range(2)
"""Running means of a prediction's errors: over some four frames, and over some forty."""


class Learned(NamedTuple):
    """What a learning fork copies. Integers but for the last five."""

    maps: np.ndarray  # uint32 (MAPS, channels · 16 · 8 · 64)  22 bits of probability, 10 of count
    weights: np.ndarray  # int32 (rows, INPUTS)   16 bits after the point
    final: np.ndarray  # int32 (channels · 8 · 16, SETS)
    curves: np.ndarray  # uint16 (CURVES, channels · 8 · 64, 32)
    seen: np.ndarray  # uint8 (channels, 256)   which ranks were, or lie beyond all that were
    support: np.ndarray  # int64 (channels, 259)   how many of these are below
    short: np.ndarray  # float64 (channels, SHORT + 1, SHORT + 1)  moments; their solution last
    long: np.ndarray  # float64 (channels, LONG + 1, LONG + 1)     the same
    stack: np.ndarray  # float64 (channels, STACKED + 1, STACKED + 1)
    lms: np.ndarray  # float64 (channels, LMS)
    filters: np.ndarray  # float64 (kept, channels, KEPT)   solutions of the past


class Sound(NamedTuple):
    """What every fork copies."""

    wave: np.ndarray  # float32 (channels, MARGIN + frames)   amplitudes
    missed: np.ndarray  # float64, the same shape   amplitude - SLOW
    trained: np.ndarray  # uint8 (MARGIN + frames,)
    apart: np.ndarray  # float32 (REACH,)   of a place, at its distance from AT
    errors: np.ndarray  # float64 (2, channels, PREDICTIONS)   means of |amplitude - prediction|
    steps: np.ndarray  # int64 (channels, 2)   by how much BLEND missed the last two, sixteenths
    place: np.ndarray  # int64 (PLACES,)
    linear: np.ndarray  # float64 (PREDICTIONS,)   predictions, amplitudes
    predicted: np.ndarray  # int64 (3, PREDICTIONS)   VALUE and ENERGY, positions; INVERSE
    features: np.ndarray  # float64 (LONG,)   of least squares
    near: np.ndarray  # int64 (8, NEIGHBOURS)   PLACE, DISTANCE, … of each nearest context
    hashes: np.ndarray  # uint64 (CONTEXTS,)
    selected: np.ndarray  # int64 (MAPS,)   context of each map


class Layout(NamedTuple):
    """What never changes in one sound."""

    channels: int
    lines: int  # of counters
    law: Law
    gain: np.ndarray  # int32 (INPUTS,)   of 256: what each input counts


class Model(NamedTuple):
    """Everything that the kernels see."""

    layout: Layout
    store: Store
    learned: Learned
    sound: Sound


def layout(channels: int, bits: int, law_name: str) -> Layout:
    """The layout of sounds of so many channels, with 2^bits counters."""
    return Layout(channels, (1 << bits) // 16, law(law_name), np.full(INPUTS, 256, np.int32))


def fresh(form: Layout) -> Model:
    """A model that has heard nothing, before `arrive`."""
    channels = form.channels
    contexts = channels * 8
    squash = picture_tables().squash
    points = squash[np.arange(POINTS) * (2 * LIMIT // (POINTS - 1))].astype(np.uint16)
    learned = Learned(
        maps=np.full((MAPS, contexts * MAP_CONTEXTS * FINE), 1 << 31, np.uint32),
        weights=_first_weights(channels),
        final=np.full((contexts * LEVELS, SETS), ONE // SETS, np.int32),
        curves=np.tile(points, (CURVES, contexts * FINE, 1)),
        seen=np.ones((channels, 256), np.uint8),
        support=np.tile(np.append(np.arange(257), (1, 0)), (channels, 1)),
        short=np.zeros((channels, SHORT + 1, SHORT + 1)),
        long=np.zeros((channels, LONG + 1, LONG + 1)),
        stack=np.zeros((channels, STACKED + 1, STACKED + 1)),
        lms=np.zeros((channels, LMS)),
        filters=np.zeros((1, channels, KEPT)),
    )
    return Model(form, owned(form.lines), learned, _silence(channels))


def with_room(sound: Sound, size: int) -> Sound:
    """The same sound, its own from now on, with room for `size` bytes in all."""
    channels, capacity = sound.wave.shape
    wanted = MARGIN + size // channels + 1
    if wanted <= capacity:
        return sound
    grown = max(wanted, 2 * capacity)
    wave, missed = np.zeros((channels, grown), np.float32), np.zeros((channels, grown))
    wave[:, :capacity], missed[:, :capacity] = sound.wave, sound.missed
    trained = np.zeros(grown, np.uint8)
    trained[:capacity] = sound.trained
    return sound._replace(wave=wave, missed=missed, trained=trained)


def with_filters(learned: Learned, frames: int) -> Learned:
    """The same with room for the filters of `frames` frames in all, MARGIN included."""
    kept = frames // EVERY + 1
    capacity = len(learned.filters)
    if kept <= capacity:
        return learned
    filters = np.zeros((max(kept, 2 * capacity), *learned.filters.shape[1:]))
    filters[:capacity] = learned.filters
    return learned._replace(filters=filters)


def _silence(channels: int) -> Sound:
    place = np.zeros(PLACES, np.int64)
    place[AT] = place[FIRST] = place[END] = MARGIN
    return Sound(
        wave=np.zeros((channels, MARGIN + 1), np.float32),
        missed=np.zeros((channels, MARGIN + 1)),
        trained=np.zeros(MARGIN + 1, np.uint8),
        apart=np.zeros(REACH, np.float32),
        errors=np.zeros((2, channels, PREDICTIONS)),
        steps=np.zeros((channels, 2), np.int64),
        place=place,
        linear=np.zeros(PREDICTIONS),
        predicted=np.zeros((3, PREDICTIONS), np.int64),
        features=np.zeros(LONG),
        near=np.zeros((8, NEIGHBOURS), np.int64),
        hashes=np.zeros(CONTEXTS, np.uint64),
        selected=np.zeros(MAPS, np.int64),
    )


def _first_weights(channels: int) -> np.ndarray:
    weights = np.zeros((weight_rows(channels), INPUTS), np.int32)
    weights[:, :FIRST_VALUES] = ONE // 24
    weights[:, STACK] = ONE // 3
    weights[:, BLEND] = ONE // 3
    weights[:, FIRST_VALUES:FIRST_MAP] = ONE // 24
    weights[:, FIRST_MAP:FIRST_COUNTER] = ONE // 32
    weights[:, FIRST_COUNTER:BIAS:2] = ONE // 64
    weights[:, SUPPORT] = ONE
    return weights
