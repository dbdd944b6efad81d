"""How a model is to be run: what the options of `neural` say of the machine."""

from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from compgen.errors import UnsupportedError
from compgen.neural.checkpoint import Checkpoint
from compgen.neural.engine import Engine

MODES = ("auto", "portable", "fast")


@runtime_checkable
class Renewable(Protocol):
    """An engine of the mode `fast`: another one tells whether it computes the same twice."""

    def renewed(self) -> Engine[Any]:
        """Another one of the same kind, which shares nothing with this one."""


@dataclass(frozen=True)
class Way:
    """mode `auto`: portable where that can be and nothing else is asked for; else fast."""

    mode: str = "auto"
    device: str = "auto"
    """As `devices.device_of`; `auto` is the CPU where the mode is portable."""
    dtype: str = "float32"
    threads: int = 1
    """Of a CPU."""

    def is_portable(self, kind: str) -> bool:
        """Whether a model of this kind is run portably.

        Raises UnsupportedError where that is asked for and cannot be.
        """
        plain = self.device in ("auto", "cpu") and self.dtype == "float32" and self.threads == 1
        if self.mode != "portable":
            return self.mode == "auto" and kind == "gru" and plain
        if kind != "gru":
            raise UnsupportedError(
                f"a model of the kind '{kind}' cannot be run portably; only 'gru' can: mode=fast"
            )
        if not plain:
            raise UnsupportedError(
                "the mode 'portable' is one thread of a CPU in float32; mode=fast for another "
                "device, dtype or number of threads"
            )
        return True


def fast_engine(checkpoint: Checkpoint, way: Way) -> Engine[Any]:
    """An engine of the mode `fast`.

    Raises MissingPackageError without torch, UsageError and FailureError for a device that is not
    there, UnsupportedError for a dtype that it does not do.
    """
    from compgen.neural.installation import require_torch

    require_torch("a neural model in the mode 'fast'")
    from compgen.neural.devices import device_of
    from compgen.neural.torch_engine import TorchEngine

    return TorchEngine(checkpoint, device_of(way.device), dtype=way.dtype, threads=way.threads)
