"""Baselines: what every comparison needs beside it. Models, and so real compressors too."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from compgen.compressors.model import ModelCompressor
from compgen.options import within
from compgen.reading import Reading
from compgen.tuning import Tuning

if TYPE_CHECKING:
    from compgen.conditional import Conditional


@dataclass(frozen=True)
class Ngram(ModelCompressor):
    """Counts of n bytes in a row, smoothed after Kneser and Ney: what a model has to beat."""

    name = "ngram"
    prime_bytes = 1 << 18  # counted in some two seconds

    order: int = within(1, 16, default=6)

    def tuning(self, reading: Reading) -> Tuning:  # noqa: ARG002
        return Tuning(min_p=0.1)

    def read(self, context: bytes, reading: Reading) -> "Conditional":  # noqa: ARG002
        from compgen.conditionals.kneser_ney import KneserNey

        return KneserNey(context, order=self.order)


@dataclass(frozen=True)
class Uniform(ModelCompressor):
    """Eight bits for every byte: it knows nothing. The null score of any sampler."""

    name = "uniform"

    def read(self, context: bytes, reading: Reading) -> "Conditional":  # noqa: ARG002
        from compgen.conditionals.uniform import UniformBytes

        return UniformBytes()

    def tuning(self, reading: Reading) -> Tuning:  # noqa: ARG002
        return Tuning(min_p=0.0)
