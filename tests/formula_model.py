"""A small network whose weights come from a formula: the same on every machine, without a file."""

import numpy as np

from compgen.neural.checkpoint import Checkpoint, Tensors, identity
from compgen.neural.config import GruConfig

CONFIG = GruConfig(embedding=10, hidden=40)
SCALES = {"embedding.weight": 6, "head.weight": 8}


def formula_tensors(config: GruConfig = CONFIG) -> Tensors:
    """Sixteen bits of a hash of each weight's number, as multiples of 2^-17 or more."""
    tensors, number = {}, 0
    for name, shape in config.shapes().items():
        count = int(np.prod(shape))
        x = np.arange(number, number + count, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        bits = (x ^ (x >> np.uint64(27))) >> np.uint64(48)
        values = (bits.astype(np.float32) - np.float32(32767.5)) / np.float32(1 << 17)
        tensors[name] = (values * np.float32(SCALES.get(name, 1))).reshape(shape)
        number += count
    return tensors


def formula_checkpoint(config: GruConfig = CONFIG) -> Checkpoint:
    tensors = formula_tensors(config)
    return Checkpoint(config, tensors, identity(config, tensors))
