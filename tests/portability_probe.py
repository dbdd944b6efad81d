"""Run by test_neural_kernels in processes that are told to compile for lesser processors.

Prints a digest of what the network computes, that of a coded stream, and whether the compiler
has fused a multiplication with an addition ("fused") or not ("separate"); told "mixing", digests
of what the models of sounds and of pictures code, learning and frozen.
"""

import hashlib
import sys
from typing import Any

import numpy as np

from compgen.conditionals.freezing import FreezingModel
from compgen.conditionals.neural import NeuralConditional
from compgen.conditionals.pixel_mixing import PixelMixing
from compgen.conditionals.sample_mixing import SampleMixing
from compgen.neural.portable import PortableGru
from tests.formula_model import formula_checkpoint
from tests.texts import ENGLISH

LANES, STEPS = 7, 30


def numbers() -> str:
    """States, logits and frequencies of several lanes, to the bit."""
    engine = PortableGru(formula_checkpoint())
    state = engine.begin(LANES)
    digest = hashlib.sha256()
    data = np.frombuffer(ENGLISH[: LANES * STEPS], np.uint8).reshape(STEPS, LANES)
    for row in data:
        engine.step(state, row)
        digest.update(state.hidden.astype("<f4").tobytes())
        digest.update(state.logits.astype("<f4").tobytes())
        digest.update(engine.frequencies(state).astype("<i4").tobytes())
    return digest.hexdigest()


def stream() -> str:
    """A stream in two lanes."""
    coded = NeuralConditional(PortableGru(formula_checkpoint())).encode(ENGLISH[:8200])
    return hashlib.sha256(coded).hexdigest()


def fusing() -> str:
    """Of the code that has just been compiled (what comes from numba's cache cannot be seen)."""
    from compgen.kernels.gru import step
    from compgen.kernels.matrix import product
    from compgen.kernels.softmax import frequencies

    marks = ("fmadd", "fmsub", "fnmadd", "fmla\t", "fmuladd", " fast ", " contract ", " reassoc ")
    kernels: list[Any] = [product, step, frequencies]
    for kernel in kernels:
        text = [*kernel.inspect_asm().values(), *kernel.inspect_llvm().values()]
        assert text
        if any(mark in part for part in text for mark in marks):
            return "fused"
    return "separate"


def mixing() -> list[str]:
    """Streams of the two models whose filters are of floating point."""
    models: list[FreezingModel] = [
        SampleMixing(channels=2, law="linear"),
        PixelMixing(width=20, channels=3),
    ]
    found = []
    for model in models:
        learned = model.encode(ENGLISH[:900])
        model.freeze()
        found.append(hashlib.sha256(learned + model.encode(ENGLISH[900:1100])).hexdigest())
    return found


if __name__ == "__main__":
    if sys.argv[1:] == ["mixing"]:
        print(*mixing())
    else:
        print(numbers(), stream(), fusing())
