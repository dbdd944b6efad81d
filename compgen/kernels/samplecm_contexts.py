"""Contexts of the next byte of sound: hashed ones, and those of the maps.

The last ranks exactly or coarsely; positions of predictions, with how large errors are lately;
by how much the last predictions missed (residual contexts); the other channel.

Source: the choice is this project's.
"""

from compgen.kernels.cm_jit import int64
from compgen.kernels.jit import kernel
from compgen.kernels.pixelcm_contexts import hashed
from compgen.kernels.pixelcm_inputs import sign_and_size, sixteen
from compgen.kernels.pixelcm_state import CONTEXTS, ENERGY, MAP_CONTEXTS, MAPS, VALUE
from compgen.kernels.pixelcm_tables import FINE
from compgen.kernels.samplecm_predict import position
from compgen.kernels.samplecm_state import (
    ALIKE,
    AT,
    BLEND,
    CASCADE,
    CHANNEL,
    EXCITED,
    LOCAL,
    NEAREST,
    NEAREST_LEVEL,
    RECALLED,
    SLOW,
    SPREAD,
    STACK,
    STEADY,
)

MAP_PREDICTION = (
    *(LOCAL, SLOW, BLEND, STACK, CASCADE, RECALLED),  # by the error lately
    *(ALIKE, EXCITED, NEAREST),  # by how near the nearest context is
    *(BLEND, STACK),  # by how the last two predictions missed
    *(STACK, BLEND),  # by how far predictions differ; by the error of a longer time
    BLEND,  # by where it lies; of a second channel, by how the first one's prediction missed
)
"""Which prediction each map is about, and what its context is."""


@kernel
def set_hashes(layout, sound, level):
    """Hashes of all contexts of the next byte, whose predictions are known."""
    place, border, wave = sound.place, layout.law.border, sound.wave
    channel, at = place[CHANNEL], place[AT]
    spots, energy = sound.predicted[VALUE], sound.predicted[ENERGY]
    loud = int64(level[min(energy[BLEND], 1023)])
    w = position(border, int64(wave[channel, at - 1])) >> 4
    ww = position(border, int64(wave[channel, at - 2])) >> 4
    www = position(border, int64(wave[channel, at - 3])) >> 4
    far = position(border, int64(wave[channel, at - 4])) >> 4
    beside = int64(0)
    if layout.channels > 1:
        beside = 1 + (position(border, int64(wave[1 - channel, at - 1 + channel])) >> 4)
    first = sixteen(level, sound.steps[channel, 0])
    second = sixteen(level, sound.steps[channel, 1])
    h = sound.hashes
    h[0] = w
    h[1] = w << 8 | ww
    h[2] = (w << 8 | ww) << 8 | www
    h[3] = (spots[BLEND] >> 4) << 8 | loud
    h[4] = (spots[STACK] >> 3) << 8 | loud
    h[5] = (spots[LOCAL] >> 4) << 8 | first
    h[6] = ((spots[BLEND] >> 5) << 8 | first) << 8 | second
    h[7] = (w >> 2) << 16 | (ww >> 2) << 8 | www >> 2
    h[8] = ((w >> 3) << 16 | (ww >> 3) << 8 | www >> 3) << 8 | far >> 3
    h[9] = (spots[EXCITED] >> 4) << 8 | place[NEAREST_LEVEL]
    h[10] = (spots[ALIKE] >> 5) << 8 | spots[SLOW] >> 6
    h[11] = (spots[STACK] >> 5) << 8 | w >> 4
    h[12] = beside << 8 | w
    h[13] = (beside >> 2) << 16 | spots[BLEND] >> 5
    h[14] = ((w << 8 | ww) << 8 | www) << 8 | far
    h[15] = (spots[CASCADE] >> 4) << 8 | place[SPREAD]
    for context in range(CONTEXTS):
        h[context] = hashed(h[context], context * 4 + channel + 1)


@kernel
def set_selected(layout, sound, level):
    """The context of each map."""
    place, selected, energy = sound.place, sound.selected, sound.predicted[ENERGY]
    channel, border = place[CHANNEL], layout.law.border
    selected[0] = level[min(energy[LOCAL], 1023)]
    selected[1] = level[min(energy[SLOW], 1023)]
    selected[2] = level[min(energy[BLEND], 1023)]
    selected[3] = level[min(energy[STACK], 1023)]
    selected[4] = level[min(energy[CASCADE], 1023)]
    selected[5] = level[min(energy[RECALLED], 1023)]
    selected[6] = selected[7] = selected[8] = place[NEAREST_LEVEL]
    first = sign_and_size(level, sound.steps[channel, 0]) >> 1
    second = sign_and_size(level, sound.steps[channel, 1]) >> 1
    selected[9] = selected[10] = first * 4 + second
    selected[11] = place[SPREAD]
    amplitude = int64(sound.linear[BLEND])
    error = int64(sound.errors[STEADY, channel, BLEND])
    apart = position(border, amplitude + error) - position(border, amplitude - error)
    selected[12] = level[min(apart >> 1, 1023)]
    if channel:
        selected[13] = sixteen(level, sound.steps[0, 0])
    else:
        selected[13] = sound.predicted[VALUE, BLEND] >> 8
    for index in range(MAPS):
        selected[index] = (channel * MAP_CONTEXTS + min(selected[index], 15)) * 8 * FINE
