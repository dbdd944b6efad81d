"""A network on torch: alone it writes where it computes, mixed with cm on the host."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from compgen.conditional import BYTES, Bits
from compgen.conditionals.neural import NeuralConditional
from compgen.conditionals.neural_mixing import NeuralMixing

if TYPE_CHECKING:
    from compgen.kernels.repeats import Repeats
    from compgen.neural.device_writer import DeviceWriter
    from compgen.neural.torch_engine import TorchEngine


class FastNeural(NeuralConditional):
    """One whose engine is a `TorchEngine`.

    Shaping and drawing are on the device (compgen/neural/device_shaping.py). Penalties on what
    has been written, and the copy guard, are not: with those the samplers on the host ask for one
    byte after another.
    """

    _engine: "TorchEngine"

    def generate(
        self,
        uniforms: NDArray[np.float64],
        *,
        temperature: float = 1.0,
        top_k: int = 0,
        typical: float = 1.0,
        top_p: float = 1.0,
        min_p: float = 0.0,
    ) -> tuple[bytes, Bits]:
        """One byte for each uniform number in [0, 1), advancing over them, and its bits."""
        from compgen.neural.device_shaping import Options
        from compgen.neural.device_writer import DeviceWriter

        options = Options(temperature, top_k, typical, top_p, min_p)
        writer = DeviceWriter(self._engine, self._state, options)
        data, lengths = writer.write(np.array(uniforms, np.float64)[None])
        return data.tobytes(), lengths[0]

    @property
    def most_together(self) -> int:
        """How many continuations the device's memory has room for."""
        return self._engine.most_lanes

    def many(
        self,
        count: int,
        *,
        temperature: float = 1.0,
        top_k: int = 0,
        typical: float = 1.0,
        top_p: float = 1.0,
        min_p: float = 0.0,
    ) -> "DeviceWriter":
        """As `compgen.sampling.side_by_side.ManyAtOnce`."""
        from compgen.neural.device_shaping import Options
        from compgen.neural.device_writer import DeviceWriter

        state = self._engine.choose(self._state, np.zeros(count, np.intp))
        return DeviceWriter(self._engine, state, Options(temperature, top_k, typical, top_p, min_p))


class FastMixing(NeuralMixing):
    """The same, mixed with cm: the network on its device, the counts on the host."""

    def generate(
        self,
        uniforms: NDArray[np.float64],
        *,
        temperature: float = 1.0,
        top_k: int = 0,
        typical: float = 1.0,
        top_p: float = 1.0,
        min_p: float = 0.0,
        repeats: "Repeats | None" = None,
    ) -> tuple[bytes, Bits]:
        """As `ContextMixing.generate`, a byte after another: there is no compiled loop."""
        from compgen.kernels.lz_marginal_sample import draw, shape
        from compgen.kernels.repeats import penalise, write

        data, lengths = bytearray(), np.empty(uniforms.size)
        longest = np.empty(256, np.int64)
        for index, uniform in enumerate(uniforms.tolist()):
            p = self.probabilities()
            bits = -np.log2(p)
            if repeats is not None:
                penalise(repeats, p, longest)
            shape(p, float(temperature), int(top_k), float(typical), float(top_p), float(min_p))
            value = draw(p, uniform)
            if repeats is not None:
                write(repeats, value)
            lengths[index] = bits[value]
            data.append(value)
            self.advance(BYTES[value])
        return bytes(data), lengths
