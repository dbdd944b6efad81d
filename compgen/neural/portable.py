"""`PortableGru`: the recurrent network in float32 that is the same on every machine.

It needs numba, not torch. What makes it portable is said in compgen/kernels/{gru,matrix,
portable_math,softmax}.py.
"""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from compgen.errors import MissingPackageError
from compgen.kernels import why_unavailable
from compgen.neural.checkpoint import Checkpoint
from compgen.neural.engine import Bytes, Cumulative

if TYPE_CHECKING:
    from compgen.kernels.gru import Lanes

BEFORE_ALL = 10
"""The byte that a lane has read when it has read nothing: a newline."""


class PortableGru:
    """An `Engine` on one processor core, in the mode `portable`."""

    def __init__(self, checkpoint: Checkpoint) -> None:
        """Raises MissingPackageError without numba."""
        if obstacle := why_unavailable():
            raise MissingPackageError(f"a neural model needs numba: {obstacle}")
        from compgen.kernels.gru import pack

        self.sha256 = checkpoint.sha256
        self.weights = pack(checkpoint.tensors)
        """compgen.kernels.gru.Gru, for loops that are compiled."""

    @property
    def traits(self) -> dict[str, str]:
        return {
            "mode": "portable",
            "device": "cpu",
            "dtype": "float32",
            "torch": "none",
            "threads": "1",
        }

    def begin(self, lanes: int) -> "Lanes":
        from compgen.kernels.gru import lanes as empty

        state = empty(self.weights, lanes)
        self.step(state, np.full(lanes, BEFORE_ALL, np.uint8))
        return state

    def choose(self, state: "Lanes", which: NDArray[np.intp]) -> "Lanes":
        from compgen.kernels.gru import chosen

        return chosen(state, which)

    def step(self, state: "Lanes", data: Bytes) -> None:
        from compgen.kernels.gru import step

        step(self.weights, state, data)

    def frequencies(self, state: "Lanes") -> Cumulative:
        from compgen.kernels.softmax import frequencies

        cumulative = np.empty((state.logits.shape[0], 257), np.int32)
        frequencies(state.logits, cumulative)
        return cumulative

    def read(self, state: "Lanes", data: Bytes) -> Cumulative:
        from compgen.kernels.gru import read

        cumulative = np.empty((data.size, 257), np.int32)
        read(self.weights, state, data, cumulative)
        return cumulative
