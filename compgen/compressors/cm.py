"""`cm`: context mixing, coded. The model is compgen.conditionals.context_mixing."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from compgen.compressors.model import ModelCompressor
from compgen.conditionals.context_mixing import DEFAULT_BITS, LEAST_BITS, ContextMixing
from compgen.errors import MissingPackageError
from compgen.kernels import why_unavailable
from compgen.options import within
from compgen.reading import Reading
from compgen.tuning import CONTEXT_MIXING, Tuning

if TYPE_CHECKING:
    from compgen.conditional import Conditional

LARGEST_BITS = 26
"""A quarter of a gigabyte: as much as a file that names its compressor may ask for."""


@dataclass(frozen=True)
class ContextMixer(ModelCompressor):
    """Context mixing: many orders, mixed by a network that learns as it reads."""

    name = "cm"
    prime_bytes = 1 << 20  # read in some six seconds

    bits: int = within(LEAST_BITS, LARGEST_BITS, default=DEFAULT_BITS)
    """Base-2 logarithm of the number of counters, of 4 bytes each."""

    def tuning(self, reading: Reading) -> Tuning:  # noqa: ARG002
        return CONTEXT_MIXING

    def read(self, context: bytes, reading: Reading) -> "Conditional":  # noqa: ARG002
        if obstacle := why_unavailable():
            raise MissingPackageError(f"cm: {obstacle}")
        return ContextMixing(context, bits=self.bits)
