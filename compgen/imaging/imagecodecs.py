"""JPEG-LS and JPEG XL by the package imagecodecs, if that is installed: weighers of blocks.

They take pictures, not bytes, so they are no compressors of this package; their specs read
`numcodecs:id=jpegls` and `numcodecs:id=jpegxl,effort=3`, since numcodecs is where one finds them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from compgen.conditional import Bits
from compgen.errors import CompressorError, MissingPackageError, SpecError
from compgen.media.pixels import Pixels
from compgen.options import split_pairs

PREFIX = "numcodecs"
OPTIONS = {"jpegls": {}, "jpegxl": {"effort": 3}}
"""Each with its options and what they are by default."""
EFFORTS = range(1, 10)


@dataclass(frozen=True)
class ImageCodec:
    """A codec of imagecodecs, lossless: whole bytes of whole pictures."""

    id: str
    effort: int = 3
    """JPEG XL's, 1 to 9."""

    @classmethod
    def of(cls, spec: str) -> "ImageCodec | None":
        """The codec that a spec names; None if it names none of these.

        Raises SpecError for options that it does not have, MissingPackageError without
        imagecodecs.
        """
        name, _, rest = spec.strip().partition(":")
        pairs = dict(split_pairs(PREFIX, rest)) if name == PREFIX and rest else {}
        codec = pairs.pop("id", "")
        if codec not in OPTIONS:
            return None
        if unknown := set(pairs) - set(OPTIONS[codec]):
            raise SpecError(f"{PREFIX}: '{codec}' has no option '{sorted(unknown)[0]}'")
        effort = pairs.get("effort", "3")
        if not effort.isdecimal() or int(effort) not in EFFORTS:
            raise SpecError(f"{PREFIX}: the effort of '{codec}' is from 1 to 9, not '{effort}'")
        _library()
        return cls(codec, int(effort))

    def bits(self, pictures: Sequence[Pixels]) -> Bits:
        return np.array([8.0 * self._length(picture) for picture in pictures])

    @staticmethod
    def library() -> str:
        """The library and its version."""
        return f"imagecodecs {_library().__version__}"

    def _length(self, picture: Pixels) -> int:
        library = _library()
        plain = np.ascontiguousarray(picture[..., 0] if picture.shape[2] == 1 else picture)
        try:
            if self.id == "jpegls":
                return len(library.jpegls_encode(plain))
            encode = library.jpegxl_encode
            return len(encode(plain, lossless=True, effort=self.effort, numthreads=1))
        except Exception as error:  # each codec has an exception of its own
            raise CompressorError(f"{self}: {error}") from error

    def __str__(self) -> str:
        effort = f",effort={self.effort}" if self.id == "jpegxl" else ""
        return f"{PREFIX}:id={self.id}{effort}"


def _library() -> Any:
    try:
        import imagecodecs
    except ImportError as error:
        raise MissingPackageError(
            "JPEG-LS and JPEG XL need a package of their own: pip install imagecodecs"
        ) from error
    return imagecodecs
