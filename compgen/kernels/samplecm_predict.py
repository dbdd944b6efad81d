"""What the samples before say of the next one: predictions, and how far each is off lately.

      W before W before W …        least squares: the coefficients that fit the past best, where
      ├── LONG, SHORT ──┤ ?        what is k frames old counts FORGET^k, and a sample in a loud
    other channel ─ ─ ─ ┘          noisy moment less than one in a still one

    SLOW ─► what it missed, 256 samples ─► normalised LMS ─► CASCADE
    nearest contexts ─► the filters that were LOCAL's there ─► RECALLED
                     └► what came there, what SLOW missed there ─► ALIKE, EXCITED, NEAREST
    all of these ─► least squares over predictions ─► STACK ─► with all the others, BLEND

        (Σ w f fᵀ + STIFF) weight = Σ w f sample        solved by L D Lᵀ, pixelcm's

Where nothing is learned, filters and stack are recalled, and errors are, too: the filter of the
last learned moment, a vowel's for instance, would sound on for ever.

Floating point as in pixelcm_predict.py: one written order, never contracted nor re-associated.

Source: linear prediction over all of the past by recursive least squares, cascaded with long
adaptive filters and a last stage over their results, after OptimFROG's and Sac's descriptions
and paq8px's audio models; the code and the constants are this project's.
"""

import numpy as np

from compgen.kernels.cm_jit import inlined, int64
from compgen.kernels.jit import arithmetic, kernel
from compgen.kernels.pixelcm_predict import solve
from compgen.kernels.pixelcm_state import BROAD, ENERGY, INVERSE, PLACE, PREDICTIONS, VALUE
from compgen.kernels.samplecm_state import (
    ALIKE,
    AT,
    BLEND,
    CASCADE,
    CHANNEL,
    END,
    EVERY,
    EXCITED,
    FOUND,
    KEPT,
    LAST,
    LMS,
    LOCAL,
    LONG,
    MARGIN,
    NEAREST,
    QUICK,
    RECALLED,
    SHORT,
    SLOW,
    SPREAD,
    STACK,
    STACKED,
    STEADY,
    STRAIGHT,
)

FORGET_SHORT, FORGET_LONG, FORGET_STACK = 0.993, 0.998, 0.993
STIFF_SHORT, STIFF_LONG, STIFF_STACK = 0.5, 0.5, 4.0
SOLVE_EVERY = 4
"""Frames between two solutions for SLOW."""
AHEAD = 64
"""Frames after a place when LOCAL knew it best."""
RECALL = 4
"""Nearest contexts whose filters are recalled."""
HOMING = 0.3
"""How far errors move towards recalled ones, frame by frame, where nothing is learned."""
LMS_RATE = 0.64
QUICK_RATE, STEADY_RATE = 0.25, 0.015
NOISE = 1024.0
"""Added to a squared error where it weighs a sample: that of a still moment."""
LOUDEST = 131_072.0


@arithmetic
def set_features(layout, sound):
    """Samples before the next one, of its own channel and of the other, the newest first."""
    features, channel, at = sound.features, sound.place[CHANNEL], sound.place[AT]
    wave = sound.wave
    if layout.channels == 1:
        for index in range(LONG):
            features[index] = np.float64(wave[0, at - 1 - index])
        return
    own, other = 0, 0
    for index in range(LONG):
        if index % 3 == 1:
            features[index] = np.float64(wave[1 - channel, at - 1 + channel - other])
            other += 1
        else:
            features[index] = np.float64(wave[channel, at - 1 - own])
            own += 1


@arithmetic
def _enter(moments, features, target, weight, forget):
    """Enter a sample into moments, float64 (count + 1, count + 1)."""
    count = moments.shape[0] - 1
    for i in range(count):
        factor = weight * features[i]
        row = moments[i]
        for j in range(count):
            row[j] = row[j] * forget + factor * features[j]
        row[count] = row[count] * forget + factor * target


@arithmetic
def _fit(moments, stiff, fit):
    """Solve them; the solution is their last row."""
    count = moments.shape[0] - 1
    for i in range(count):
        for j in range(i, count):
            fit.system[i, j] = moments[i, j]
        fit.system[i, i] += stiff
        fit.answer[i] = moments[i, count]
    solve(fit.system, fit.answer, fit.solution, count)
    for i in range(count):
        moments[count, i] = fit.solution[i]


@arithmetic
def _dot(weights, values):
    """Σ weight · value, of as many values as there are or weights."""
    total = 0.0
    for index in range(min(weights.shape[0], values.shape[0])):
        total += weights[index] * values[index]
    return total


@arithmetic
def _bounded(value):
    """An amplitude; what is no number becomes -LOUDEST."""
    value = value if value > -LOUDEST else -LOUDEST
    return min(value, LOUDEST - 8.0)


@arithmetic
def _recall(filters, sound, first, after, values):
    """What the filters of the past, their coefficients from `first` on, make of `values`."""
    place, near = sound.place, sound.near
    channel = place[CHANNEL]
    value = share = 0.0
    for index in range(min(place[FOUND], RECALL)):
        weight = np.float64(near[BROAD, index]) + 1.0
        latest = min(near[PLACE, index] + AHEAD, place[END] - 1)
        kept = filters[(latest - MARGIN) // EVERY, channel]
        value += weight * _dot(kept[first:after], values)
        share += weight
    return value / share if share > 0.0 else 0.0


@arithmetic
def _recall_errors(filters, sound):
    """Let errors move towards those where it sounded like this: what is made up could else
    grow loud, or fall silent, by believing its own errors."""
    place, near, errors = sound.place, sound.near, sound.errors
    channel, found = place[CHANNEL], min(place[FOUND], RECALL)
    if found == 0:
        return
    for which in range(PREDICTIONS):
        quick = steady = share = 0.0
        for index in range(found):
            weight = np.float64(near[BROAD, index]) + 1.0
            kept = filters[(near[PLACE, index] - MARGIN) // EVERY, channel]
            quick += weight * kept[KEPT - 2 * PREDICTIONS + which]
            steady += weight * kept[KEPT - PREDICTIONS + which]
            share += weight
        errors[QUICK, channel, which] += HOMING * (quick / share - errors[QUICK, channel, which])
        errors[STEADY, channel, which] += HOMING * (steady / share - errors[STEADY, channel, which])


@arithmetic
def _nearest(sound):
    """What came in the nearest contexts; where there are none, SLOW."""
    place, near, linear = sound.place, sound.near, sound.linear
    channel = place[CHANNEL]
    linear[ALIKE] = linear[EXCITED] = linear[NEAREST] = linear[SLOW]
    alike = excited = total = 0.0
    for index in range(place[FOUND]):
        there, weight = near[PLACE, index], np.float64(near[BROAD, index]) + 1.0
        total += weight
        alike += weight * np.float64(sound.wave[channel, there])
        excited += weight * sound.missed[channel, there]
    if total > 0.0:
        linear[ALIKE] = alike / total
        linear[EXCITED] = linear[SLOW] + excited / total
        linear[NEAREST] = np.float64(sound.wave[channel, near[PLACE, 0]])


@inlined
def position(border, amplitude):
    """Where an amplitude lies, in sixteenths of a rank: 16 r is the middle of the rank r."""
    amplitude = min(max(amplitude, border[0]), border[256] - 1)
    low, high = int64(0), int64(256)
    while high - low > 1:
        middle = (low + high) >> 1
        if border[middle] <= amplitude:
            low = middle
        else:
            high = middle
    return 16 * low - 8 + 16 * (amplitude - border[low]) // (border[low + 1] - border[low])


@arithmetic
def _blend(sound):
    channel, linear = sound.place[CHANNEL], sound.linear
    total = weighed = 0.0
    for which in range(BLEND):
        error = sound.errors[QUICK, channel, which] + sound.errors[STEADY, channel, which] + 4.0
        weight = 1.0 / (error * error)
        weight *= weight
        total += weight
        weighed += weight * linear[which]
    linear[BLEND] = weighed / total


@kernel
def predict_all(layout, learned, sound, fit, learning, level):
    """All predictions of the next byte, and their scales; features and nearest must be set."""
    place, linear, wave = sound.place, sound.linear, sound.wave
    channel, at = place[CHANNEL], place[AT]
    features = sound.features
    linear[RECALLED] = _recall(learned.filters, sound, int64(0), int64(SHORT), features)
    if learning:
        linear[LOCAL] = _dot(learned.short[channel, SHORT], features)
        linear[SLOW] = _dot(learned.long[channel, LONG], features)
    else:
        linear[LOCAL] = linear[RECALLED]
        _recall_errors(learned.filters, sound)
        linear[SLOW] = _recall(learned.filters, sound, int64(SHORT), int64(SHORT + LONG), features)
    linear[SLOW] = _bounded(linear[SLOW])
    _nearest(sound)
    linear[CASCADE] = linear[SLOW] + _dot(
        learned.lms[channel], sound.missed[channel, at - LMS : at]
    )
    last = np.float64(wave[channel, at - 1])
    linear[STRAIGHT] = 2.0 * last - np.float64(wave[channel, at - 2])
    linear[LAST] = last
    if channel:
        linear[LAST] = last + np.float64(wave[0, at]) - np.float64(wave[0, at - 1])
    for which in range(STACK):
        linear[which] = _bounded(linear[which])
        fit.apart[which] = linear[which] - linear[SLOW]
    if learning:
        change = _dot(learned.stack[channel, STACKED], fit.apart)
    else:
        change = _recall(
            learned.filters, sound, int64(SHORT + LONG), int64(SHORT + LONG + STACKED), fit.apart
        )
    linear[STACK] = _bounded(linear[SLOW] + change)
    _blend(sound)
    _set_positions(layout, sound, level)


@kernel
def _set_positions(layout, sound, level):
    """Positions of the predictions, of their errors, and how wide their bells are."""
    place, predicted, border = sound.place, sound.predicted, layout.law.border
    channel = place[CHANNEL]
    least, most = int64(4080), int64(0)
    for which in range(PREDICTIONS):
        amplitude = int64(sound.linear[which])
        spot = position(border, amplitude)
        quick, steady = sound.errors[QUICK, channel, which], sound.errors[STEADY, channel, which]
        error = int64(quick * 0.6 + steady * 0.4)
        above, below = position(border, amplitude + error), position(border, amplitude - error)
        rank = min(max((spot + 8) >> 4, 0), 255)
        width = border[rank + 1] - border[rank]
        predicted[VALUE, which] = min(max(spot, 0), 4080)
        predicted[ENERGY, which] = (above - below) >> 1
        predicted[INVERSE, which] = (1 << 24) // (1 + error * 10 // 16 + width // 6)
        if which < STACK and which != STRAIGHT:
            least, most = min(least, spot), max(most, spot)
    place[SPREAD] = level[min(max(most - least, 0) // 2, 1023)]


@arithmetic
def learn_predictions(learned, sound, fit, value):
    """Learn from the amplitude `value` of the next byte, whose predictions are known."""
    place, linear, features = sound.place, sound.linear, sound.features
    channel, at = place[CHANNEL], place[AT]
    error = sound.errors[STEADY, channel, BLEND] + sound.errors[QUICK, channel, BLEND]
    weight = 1.0 / (error * error + NOISE)
    _enter(learned.short[channel], features, value, weight, FORGET_SHORT)
    _fit(learned.short[channel], STIFF_SHORT, fit)
    _enter(learned.long[channel], features, value, weight, FORGET_LONG)
    if at % SOLVE_EVERY == 0:
        _fit(learned.long[channel], STIFF_LONG, fit)
    missed, lms = sound.missed[channel, at - LMS : at], learned.lms[channel]
    energy = 0.0
    for index in range(LMS):
        energy += missed[index] * missed[index]
    step = LMS_RATE * (value - linear[CASCADE]) / (energy + LMS * NOISE)
    for index in range(LMS):
        lms[index] += step * missed[index]
    for which in range(STACKED):
        fit.apart[which] = linear[which] - linear[SLOW]
    _enter(learned.stack[channel], fit.apart, value - linear[SLOW], weight, FORGET_STACK)
    _fit(learned.stack[channel], STIFF_STACK, fit)
    if at % EVERY == 0:
        kept = learned.filters[(at - MARGIN) // EVERY, channel]
        for index in range(SHORT):
            kept[index] = learned.short[channel, SHORT, index]
        for index in range(LONG):
            kept[SHORT + index] = learned.long[channel, LONG, index]
        for index in range(STACKED):
            kept[SHORT + LONG + index] = learned.stack[channel, STACKED, index]
        for which in range(PREDICTIONS):
            kept[KEPT - 2 * PREDICTIONS + which] = sound.errors[QUICK, channel, which]
            kept[KEPT - PREDICTIONS + which] = sound.errors[STEADY, channel, which]


@arithmetic
def note_errors(sound, rank, value):
    """Keep by how much predictions missed the next byte, whose amplitude is `value`."""
    place, errors, steps = sound.place, sound.errors, sound.steps
    channel, at = place[CHANNEL], place[AT]
    for which in range(PREDICTIONS):
        error = abs(value - sound.linear[which])
        errors[QUICK, channel, which] += QUICK_RATE * (error - errors[QUICK, channel, which])
        errors[STEADY, channel, which] += STEADY_RATE * (error - errors[STEADY, channel, which])
    steps[channel, 1] = steps[channel, 0]
    steps[channel, 0] = 16 * rank - sound.predicted[VALUE, BLEND]
    sound.missed[channel, at] = value - sound.linear[SLOW]
