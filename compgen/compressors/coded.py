"""`coded:X`: the distribution that X is read by, coded."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from compgen.compressor import Compressor
from compgen.compressors.model import ModelCompressor
from compgen.errors import SpecError
from compgen.reading import Reading
from compgen.tuning import Tuning

if TYPE_CHECKING:
    from compgen.conditional import Conditional


@dataclass(frozen=True)
class Coded(ModelCompressor):
    """Codes by what another compressor predicts: `coded:gzip`, `coded:zstd:level=19`.

    After `coded:` stands the other's spec, which is read by its best reading: for gzip the
    distribution of what its decoder writes. The stream has the summed -log2 p of that
    distribution, to the byte, and no parse is paid for twice. The bytes of X itself are not
    in it: it takes this program to decode them.

    One whose best reading has code lengths only is coded by the 256 lengths of the next byte:
    256 compressions for every byte, so for short data.
    """

    name = "coded"

    inner: Compressor

    @property
    def window(self) -> int | None:
        return self.inner.window

    @property
    def prime_bytes(self) -> int:
        return self.inner.prime_budget(self.coded_reading)

    @property
    def coded_reading(self) -> Reading:
        return self.inner.resolve(Reading.AUTO)

    @property
    def file_spec(self) -> str:
        inner = self.inner
        spec = inner.file_spec if isinstance(inner, ModelCompressor) else str(inner)
        return f"{self.name}:{spec}"

    @property
    def traits(self) -> dict[str, str]:
        return self.inner.traits if isinstance(self.inner, ModelCompressor) else {}

    def libraries(self) -> dict[str, str]:
        return super().libraries() | {self.inner.name: self.inner.library()}

    def tuning(self, reading: Reading) -> Tuning:  # noqa: ARG002
        return self.inner.tuning(self.coded_reading)

    def read(self, context: bytes, reading: Reading) -> "Conditional":  # noqa: ARG002
        return self._exact(self.inner.condition(context, dither=0))

    def mix(
        self, primes: Sequence[bytes], lengths: Sequence[int], history: bytes, reading: Reading
    ) -> "Conditional":
        if self.coded_reading is Reading.MARGINAL:
            return self.inner.mix(primes, lengths, history, Reading.MARGINAL)
        return super().mix(primes, lengths, history, reading)

    @classmethod
    def from_options(cls, text: str) -> Self:
        from compgen.registry import get_compressor

        if not text.strip():
            raise SpecError("coded needs the compressor whose predictions it codes by: coded:gzip")
        return cls(get_compressor(text))

    def __str__(self) -> str:
        return f"{self.name}:{self.inner}"

    @staticmethod
    def _exact(conditional: "Conditional") -> "Conditional":
        from compgen.conditionals.chain_rule import ByChainRule

        return conditional if conditional.exact else ByChainRule(conditional)
