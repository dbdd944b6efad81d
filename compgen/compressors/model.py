"""`ModelCompressor`: what compresses by a distribution and an entropy coder."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from compgen.compressor import Compressor
from compgen.errors import CompressorError, MissingPackageError
from compgen.reading import Reading

if TYPE_CHECKING:
    from compgen.conditional import Conditional

VERIFIED = 2048
"""Bytes that `verify` tries."""


@dataclass(frozen=True)
class ModelCompressor(Compressor):
    """A model that reads and codes by one distribution: its reading is exact by construction.

    A subclass defines `name` and `read`.
    """

    is_model = True
    readings: ClassVar[tuple[Reading, ...]] = (Reading.MARGINAL,)

    @property
    def coded_reading(self) -> Reading:
        """Whose distribution it is that is coded: its own."""
        return Reading.MARGINAL

    @property
    def file_spec(self) -> str:
        """Its spec as a file names it: without what is of this machine alone, such as a path."""
        return str(self)

    @property
    def traits(self) -> dict[str, str]:
        """What a file records of the model beside the spec: `sha256`, if it has learned before,
        and how it computes, if that matters; see `compgen.coding.container`."""
        return {}

    @property
    def is_portable(self) -> bool:
        """Whether any machine computes as this one; else what is coded is decoded to make sure."""
        return self.traits.get("mode", "portable") == "portable"

    def anew(self, corpus: bytes) -> "Conditional":
        """The distribution after `corpus` by a model of its own, which shares nothing that it has
        computed with any other: what another process would have."""
        return self.after(corpus, reading=Reading.AUTO, dither=None)

    def libraries(self) -> dict[str, str]:
        """What a stream's decoding depends on, besides compgen, Python and numpy: versions."""
        versions = {self.name: self.library()}
        if numba := _version("numba"):
            versions["numba"] = numba
        return versions

    def verify(self, data: bytes) -> None:
        """Of the beginning: both sides of the coder call one function in one order."""
        super().verify(data[:VERIFIED])

    def compress(self, data: bytes) -> bytes:
        from compgen.coding.stream import encode

        return encode(self.condition(), data)

    def decompress(self, data: bytes) -> bytes:
        from compgen.coding.stream import decode

        try:
            return decode(self.condition(), data)
        except CompressorError as error:
            raise CompressorError(f"{self.name}: {error}") from error

    @classmethod
    def library(cls) -> str:
        version = _version("constriction")
        if not version:
            raise MissingPackageError("the entropy coder is missing: pip install constriction")
        return f"constriction {version}"


def _version(package: str) -> str:
    """The version of an installed package; empty: it is not installed."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(package)
    except PackageNotFoundError:
        return ""
