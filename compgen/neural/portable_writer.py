"""`PortableWriter`: n continuations at once by the compiled loop of a recurrent network."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from compgen.kernels.gru import Gru, Lanes

ROOM = 4096
"""Continuations side by side: some 10 KB of states and scratch for each."""


class PortableWriter:
    """Continues each lane of a state, which is its own from now on."""

    def __init__(
        self,
        weights: "Gru",
        state: "Lanes",
        temperature: float,
        top_k: int,
        typical: float,
        top_p: float,
        min_p: float,
    ) -> None:
        self._weights = weights
        self._state = state
        self._options = (
            float(temperature),
            int(top_k),
            float(typical),
            float(top_p),
            float(min_p),
        )

    def write(self, uniforms: NDArray[np.float64]) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
        """As `compgen.sampling.side_by_side.Writer`."""
        from compgen.conditionals.decoder_marginal import no_repeats
        from compgen.kernels.gru_sample import generate

        data, lengths = generate(
            self._weights, self._state, np.array(uniforms, np.float64), *self._options, no_repeats()
        )
        return data, lengths
