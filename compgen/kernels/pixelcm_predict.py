"""What the neighbours say of the next byte: predictions, and how far each is off around here.

          NNW NN  NNE                median   of W, N, W + N - NW (JPEG-LS)
      NWW NW  N   NE  NEE            least squares: weights of up to 16 neighbours, of this
      WW  W   ▌                      channel and the others, that fit the pixels around best

Least squares. Over the learned pixels within REACH, each weighted by how near it is and how much
its neighbours look like these, the sum of (Σ_i weight_i · neighbour_i - pixel)² is least; all
less the mean of the nearest four. A term STIFF · (weight_i - slow_i)² holds the solution near
the slow one, that over all learned pixels so far, which alone remains where none was learned.

    (Σ w f fᵀ + STIFF) weight = Σ w f pixel + STIFF slow          solved by L D Lᵀ

Floating point: additions, multiplications and divisions in one fixed order, in float32 and
float64 as the types say, whose results IEEE 754 fixes; never contracted nor re-associated.

Source: MED and the names W, N, … as in JPEG-LS (ITU-T T.87); least squares over a causal window
after Li and Orchard, "Edge-directed prediction for lossless compression of natural images" (IEEE
Trans. Image Processing 10(6), 2001), with weights that fall with distance, and a blend of
predictors by their errors nearby, after Meyer and Tischer, "Glicbawls" (DCC 2001). The code and
the constants are this project's.
"""

from typing import NamedTuple

import numpy as np

from compgen.kernels.cm_jit import inlined, int64
from compgen.kernels.jit import arithmetic, kernel
from compgen.kernels.pixelcm_nearest import weigh_nearest
from compgen.kernels.pixelcm_state import (
    ALIKE,
    AT,
    BLEND,
    CHANNEL,
    COLUMN,
    ENERGY,
    FEATURES,
    INVERSE,
    LEARNED,
    LOCAL,
    MARGIN,
    MEDIAN,
    PLAIN,
    PLANE,
    PREDICTIONS,
    ROW,
    SINGLE,
    SLANT,
    SLOW,
    SPREAD,
    STEEP,
    TEXTURE,
    VALUE,
    WIDE,
    first_slow,
)

REACH = 6
"""Rows and columns that local least squares look at."""
STIFF = 10.0
FORGETTING = 0.9998
"""What a pixel's share in the slow sums becomes with each one that follows."""
SOLVE_EVERY = 16
"""Pixels between two solutions of the slow ones."""
SLOW_STIFF = 400.0
_TOP = 255 << 4


class Fit(NamedTuple):
    """Scratch of least squares."""

    nearness: np.ndarray  # float32 (REACH + 1, 2 · REACH + 1)   weight of a pixel, rows upwards
    first_slow: np.ndarray  # float64 (FEATURES,)
    mean: np.ndarray  # float64 (4,)   of the nearest four of each channel
    shift: np.ndarray  # float32 (FEATURES,)
    offset: np.ndarray  # int64 (FEATURES,)
    row: np.ndarray  # float32 (FEATURES,)
    here: np.ndarray  # float32 (FEATURES,)
    matrix: np.ndarray  # float32 (FEATURES, FEATURES)
    right: np.ndarray  # float32 (FEATURES,)
    system: np.ndarray  # float64 (FEATURES, FEATURES)
    answer: np.ndarray  # float64 (FEATURES,)
    solution: np.ndarray  # float64 (FEATURES,)


def fitting() -> Fit:
    """Scratch for one thread."""
    up, across = np.mgrid[: REACH + 1, -REACH : REACH + 1]
    return Fit(
        nearness=(16 / (up + abs(across)).clip(1)).astype(np.float32),
        first_slow=first_slow(),
        mean=np.zeros(4),
        shift=np.zeros(FEATURES, np.float32),
        offset=np.zeros(FEATURES, np.int64),
        row=np.zeros(FEATURES, np.float32),
        here=np.zeros(FEATURES, np.float32),
        matrix=np.zeros((FEATURES, FEATURES), np.float32),
        right=np.zeros(FEATURES, np.float32),
        system=np.zeros((FEATURES, FEATURES)),
        answer=np.zeros(FEATURES),
        solution=np.zeros(FEATURES),
    )


@inlined
def _median(west, north, corner):
    low, high = min(west, north), max(west, north)
    if corner >= high:
        return low
    if corner <= low:
        return high
    return west + north - corner


@kernel
def set_features(layout, picture, fit):
    """Neighbours of the byte at `place`, each less the mean of its channel's nearest four."""
    pixels, features = picture.pixels, picture.features
    channels, stride = layout.channels, layout.stride
    at, channel = picture.place[AT], picture.place[CHANNEL]
    for other in range(channels):
        p = at + other - channel
        west = np.float64(pixels[p - channels])
        if picture.place[ROW] == 0:
            fit.mean[other] = west
        else:
            north = p - stride
            total = np.float64(pixels[north - channels]) + np.float64(pixels[north])
            fit.mean[other] = (west + total + np.float64(pixels[north + channels])) * 0.25
    for index in range(FEATURES):
        features[index] = 0.0
    for index in range(layout.features[channel]):
        offset = layout.offset[channel, index]
        if picture.place[ROW] == 0 and 2 * offset < -stride:
            continue  # nothing is above the first row
        found = np.float64(pixels[at + offset])
        features[index] = found - fit.mean[layout.channel[channel, index]]
    features[FEATURES] = fit.mean[channel]


@arithmetic
def solve(matrix, right, solution, count):
    """Solve `matrix` · solution = `right`, float64, symmetric and positive; destroys both."""
    for k in range(count):
        pivot = matrix[k, k]
        for i in range(k + 1, count):
            factor = matrix[k, i] / pivot
            for j in range(i, count):
                matrix[i, j] -= factor * matrix[k, j]
            right[i] -= factor * right[k]
    for back in range(count):
        k = count - 1 - back
        total = right[k]
        for j in range(k + 1, count):
            total -= matrix[k, j] * solution[j]
        solution[k] = total / matrix[k, k]


@arithmetic
def _fit(layout, picture, slow, fit):
    """Local least squares; the weights into fit.solution."""
    pixels, trained = picture.pixels, picture.trained
    channels, stride = layout.channels, layout.stride
    at, channel = picture.place[AT], picture.place[CHANNEL]
    count = layout.features[channel]
    matrix, right, row, here = fit.matrix, fit.right, fit.row, fit.here
    for i in range(FEATURES):
        right[i] = np.float32(0)
        row[i] = np.float32(0)
        here[i] = np.float32(picture.features[i])
        for j in range(FEATURES):
            matrix[i, j] = np.float32(0)
    own = np.float32(fit.mean[channel])
    for index in range(count):
        fit.shift[index] = np.float32(fit.mean[layout.channel[channel, index]])
        fit.offset[index] = layout.offset[channel, index]
    most_up = min(REACH, picture.place[ROW] - 1)
    for up in range(most_up + 1):
        for dx in range(-REACH, REACH + 1 if up else 0):
            p = at - up * stride + dx * channels
            if trained[p] == 0:
                continue
            apart = np.float32(0)
            for index in range(count):
                row[index] = np.float32(pixels[p + fit.offset[index]]) - fit.shift[index]
            for index in range(4):
                apart += abs(row[index] - here[index])
            weight = fit.nearness[up, dx + REACH] / (np.float32(8) + apart)
            target = weight * (np.float32(pixels[p]) - own)
            for i in range(count):
                factor = weight * row[i]
                chosen = matrix[i]
                for j in range(FEATURES):
                    chosen[j] += factor * row[j]
            for j in range(FEATURES):
                right[j] += target * row[j]
    for i in range(count):
        for j in range(i, count):
            fit.system[i, j] = np.float64(matrix[i, j])
        fit.system[i, i] += STIFF
        fit.answer[i] = np.float64(right[i]) + STIFF * slow[channel, i]
    solve(fit.system, fit.answer, fit.solution, count)


@arithmetic
def _applied(features, weights, count):
    """The prediction that weights make, in sixteenths."""
    total = features[FEATURES]
    for index in range(count):
        total += weights[index] * features[index]
    total = total * 16.0 + 0.5
    total = total if total > 0.0 else 0.0  # this way round what is no number becomes 0
    return int64(min(total, 4080.0))


@arithmetic
def learn_slow(layout, picture, learned, fit, value):
    """Enter the byte at `place`, which is `value`, into the sums; solve them now and then."""
    channel = picture.place[CHANNEL]
    if picture.place[ROW] == 0:
        return
    features, moments = picture.features, learned.moments[channel]
    target = np.float64(value) - features[FEATURES]
    for i in range(FEATURES):
        factor = features[i]
        for j in range(FEATURES):
            moments[i, j] = moments[i, j] * FORGETTING + factor * features[j]
        moments[i, FEATURES] = moments[i, FEATURES] * FORGETTING + factor * target
    if (picture.place[LEARNED] // layout.channels) % SOLVE_EVERY == 0:
        count = layout.features[channel]
        for i in range(count):
            for j in range(i, count):
                fit.system[i, j] = moments[i, j]
            fit.system[i, i] += SLOW_STIFF
            fit.answer[i] = moments[i, FEATURES] + SLOW_STIFF * fit.first_slow[i]
        solve(fit.system, fit.answer, fit.solution, count)
        for i in range(count):
            learned.slow[channel, i] = fit.solution[i]


@kernel
def _simple(layout, picture):
    """The predictions that are mere formulas."""
    pixels, predicted = picture.pixels, picture.predicted[VALUE]
    channels, stride = layout.channels, layout.stride
    at, channel = picture.place[AT], picture.place[CHANNEL]
    north_at = at - stride if picture.place[ROW] > 0 else at - channels
    corner_at, east_at, high_at = north_at - channels, north_at + channels, north_at - stride
    if picture.place[ROW] == 0:
        corner_at = east_at = high_at = north_at
    elif picture.place[ROW] == 1:
        high_at = north_at
    west, north = int64(pixels[at - channels]), int64(pixels[north_at])
    corner, east, high = int64(pixels[corner_at]), int64(pixels[east_at]), int64(pixels[high_at])
    predicted[PLAIN] = _median(west, north, corner) << 4
    now = int64(0)
    if channel:
        now = int64(pixels[at - 1])
        west -= int64(pixels[at - channels - 1])
        north -= int64(pixels[north_at - 1])
        corner -= int64(pixels[corner_at - 1])
        east -= int64(pixels[east_at - 1])
        high -= int64(pixels[high_at - 1])
    predicted[MEDIAN] = (now + _median(west, north, corner)) << 4
    predicted[PLANE] = (now << 4) + 4 * (2 * west + 2 * north + east - corner)
    predicted[SLANT] = (now << 4) + 16 * west + 8 * (east - north)
    predicted[STEEP] = (now << 4) + 16 * north + 8 * (north - high)
    predicted[WIDE] = (now << 4) + 5 * (west + north + east) + (west + north) // 2
    for which in (MEDIAN, PLANE, SLANT, STEEP, WIDE):
        predicted[which] = min(max(predicted[which], 0), _TOP)


@kernel
def _set_energies(layout, picture):
    """How far each prediction is off at the neighbours, and at this pixel's channel before."""
    place, channels = picture.place, layout.channels
    x = (place[COLUMN] + MARGIN) * channels + place[CHANNEL]
    row, above, high = place[ROW] % 3, (place[ROW] + 2) % 3, (place[ROW] + 1) % 3
    for which in range(PREDICTIONS):
        errors = picture.errors[which]
        now, up, top = errors[row], errors[above], errors[high]
        energy = 3 * (abs(int64(now[x - channels])) + abs(int64(up[x])))
        energy += 2 * (abs(int64(up[x - channels])) + abs(int64(up[x + channels])))
        energy += abs(int64(now[x - 2 * channels])) + abs(int64(top[x]))
        if place[CHANNEL]:
            energy = (energy * 3 + 12 * abs(int64(now[x - 1]))) // 4 // 2 + energy // 8
        picture.predicted[ENERGY, which] = energy // 12


@kernel
def predict_all(layout, picture, slow, fit, search, level):
    """All predictions of the byte at `place`, and their scales; its features must be set."""
    place, predicted = picture.place, picture.predicted[VALUE]
    count = layout.features[place[CHANNEL]]
    _fit(layout, picture, slow, fit)
    predicted[LOCAL] = _applied(picture.features, fit.solution, count)
    predicted[SLOW] = _applied(picture.features, slow[place[CHANNEL]], count)
    _simple(layout, picture)
    predicted[ALIKE] = predicted[LOCAL]
    weigh_nearest(layout, picture, search, level)
    _set_energies(layout, picture)
    energy = picture.predicted[ENERGY]
    total = weighed = int64(0)
    least, most = predicted[0], predicted[0]
    for which in range(SINGLE):
        weight = (1 << 24) // (energy[which] * energy[which] + 16)
        weight = 1 + ((weight * weight) >> 24)
        total += weight
        weighed += weight * predicted[which]
        least, most = min(least, predicted[which]), max(most, predicted[which])
    predicted[BLEND] = (weighed + total // 2) // total
    for which in range(PREDICTIONS):
        scale = energy[which] * 10 // 16 + 4
        picture.predicted[INVERSE, which] = (1 << 24) // scale
    place[SPREAD] = level[min((most - least) // 2, 1023)]
    pixels, at = picture.pixels, place[AT]
    channels, stride = layout.channels, layout.stride
    texture = 0
    for there in (at - channels, at - stride, at - stride - channels, at - stride + channels):
        texture = 2 * texture + int64((int64(pixels[there]) << 4) > predicted[BLEND])
    place[TEXTURE] = texture


@kernel
def note_errors(layout, picture, value):
    """Keep by how much each prediction missed the byte at `place`, which is `value`."""
    place = picture.place
    x = (place[COLUMN] + MARGIN) * layout.channels + place[CHANNEL]
    row = place[ROW] % 3
    for which in range(PREDICTIONS):
        picture.errors[which, row, x] = (value << 4) - picture.predicted[VALUE, which]
