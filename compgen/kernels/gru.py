"""A recurrent network over bytes, one step for many lanes: the same bits on every machine.

    byte ─► inputs (256, 3 K)  ─┐         r = sigmoid(inputs_r + recurrent_r)
                                ├─ gates  z = sigmoid(inputs_z + recurrent_z)
    hidden (n, K) ─► recurrent ─┘         c = tanh(inputs_c + r · recurrent_c)
         ▲                                hidden = c + z · (hidden - c)
         └───────────────────────────────────┴─► head ─► logits (n, 256)

`inputs` is the embedding seen through the input weights, a row for each byte, computed once.
K is the number of hidden units, rounded up: the units that are added stay at 0. A lane's
result depends on nothing but its own byte and state, and float32 sums have one order
(matrix.py), so batch size, threads and vector width change nothing.

Source: the gated recurrent unit of Cho et al. (2014) in the form that PyTorch documents for
`torch.nn.GRU` (the reset gate after the product, gates in the order r, z, n).
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from compgen.kernels.jit import arithmetic
from compgen.kernels.matrix import DEPTH, TILE, Floats, filled, padded, product, tiled
from compgen.kernels.portable_math import sigmoid, tanh
from compgen.kernels.softmax import frequencies

ALPHABET = 256


class Gru(NamedTuple):
    """The weights, packed."""

    inputs: np.ndarray  # float32 (256, tiles · TILE)   r, z, c of K units each, then zeros
    recurrent: np.ndarray  # float32 (tiles, K, TILE)
    recurrent_bias: np.ndarray  # float32 (tiles · TILE,)
    head: np.ndarray  # float32 (2, K, TILE)
    head_bias: np.ndarray  # float32 (256,)


class Lanes(NamedTuple):
    """States of n lanes, and scratch."""

    hidden: np.ndarray  # float32 (n, K)
    gates: np.ndarray  # float32 (n, tiles · TILE)
    logits: np.ndarray  # float32 (n, 256)


def pack(tensors: Mapping[str, Floats]) -> Gru:
    """The weights of a checkpoint, by torch's names, as the kernels read them."""
    recurrent = tensors["rnn.weight_hh_l0"]
    units = recurrent.shape[1]
    width = padded(units, DEPTH)
    columns = padded(3 * width, TILE)

    def spread(gates: Floats) -> Floats:
        """(3 · units, …) as (3 · width, …): each gate with its added units."""
        wide = np.zeros((3, width, *gates.shape[1:]), np.float32)
        wide[:, :units] = gates.reshape(3, units, *gates.shape[1:])
        return wide.reshape(3 * width, *gates.shape[1:])

    embedding = tensors["embedding.weight"]
    letters = np.zeros((ALPHABET, padded(embedding.shape[1], DEPTH)), np.float32)
    letters[:, : embedding.shape[1]] = embedding
    inputs = np.zeros((ALPHABET, columns), np.float32)
    product(
        letters,
        tiled(spread(tensors["rnn.weight_ih_l0"])),
        filled(spread(tensors["rnn.bias_ih_l0"]), columns),
        inputs,
    )
    return Gru(
        inputs,
        tiled(spread(recurrent)),
        filled(spread(tensors["rnn.bias_hh_l0"]), columns),
        tiled(tensors["head.weight"]),
        np.array(tensors["head.bias"], np.float32),
    )


def lanes(gru: Gru, count: int) -> Lanes:
    """States of zeros for so many lanes."""
    return Lanes(
        np.zeros((count, gru.head.shape[1]), np.float32),
        np.zeros((count, gru.recurrent_bias.size), np.float32),
        np.zeros((count, ALPHABET), np.float32),
    )


def nothing() -> Gru:
    """No network: one without units, of which there are no lanes."""
    none = np.zeros(0, np.float32)
    tiles = np.zeros((0, 0, TILE), np.float32)
    return Gru(np.zeros((0, 0), np.float32), tiles, none, tiles, none)


def chosen(state: Lanes, which: NDArray[np.intp]) -> Lanes:
    """Copies of the lanes `which`, of each as often as it is named."""
    return Lanes(
        state.hidden[which],
        np.empty((which.size, state.gates.shape[1]), np.float32),
        state.logits[which],
    )


def joined(states: Sequence[Lanes]) -> Lanes:
    """The lanes of several states as those of one; a copy."""
    return Lanes(*(np.concatenate(arrays) for arrays in zip(*states, strict=True)))


@arithmetic
def step(gru, state, data):
    """Move the first n lanes on by a byte each, `data`, uint8 (n,); logits are what follows."""
    count = data.shape[0]
    hidden, gates, logits = state.hidden[:count], state.gates[:count], state.logits[:count]
    product(hidden, gru.recurrent, gru.recurrent_bias, gates)
    width = hidden.shape[1]
    for lane in range(count):
        row = gru.inputs[data[lane]]
        for half in range(0, 2 * width, width):  # r, then z, in place
            for unit in range(half, half + width):
                gates[lane, unit] = sigmoid(row[unit] + gates[lane, unit])
        for unit in range(width):
            reset, keep = gates[lane, unit], gates[lane, width + unit]
            new = tanh(row[2 * width + unit] + reset * gates[lane, 2 * width + unit])
            hidden[lane, unit] = new + keep * (hidden[lane, unit] - new)
    product(hidden, gru.head, gru.head_bias, logits)


@arithmetic
def read(gru, state, data, cumulative):
    """Move one lane over `data`, uint8 (n,).

    cumulative  int32 (n, 257)   result: the frequencies (softmax.py) before each byte
    """
    for index in range(data.shape[0]):
        frequencies(state.logits, cumulative[index : index + 1])
        step(gru, state, data[index : index + 1])
