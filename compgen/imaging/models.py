"""What a spec means where pictures are concerned."""

from compgen.compressor import Compressor
from compgen.imaging.imagecodecs import ImageCodec
from compgen.registry import get_compressor
from compgen.versions import versions_of


def image_compressor(spec: str) -> Compressor | ImageCodec:
    """The compressor of a spec, or a codec that takes nothing but pictures.

    Raises as `get_compressor`.
    """
    return ImageCodec.of(spec) or get_compressor(spec)


def image_versions(compressor: Compressor | ImageCodec) -> dict[str, str]:
    """compgen, Python, numpy, and the library behind the compressor."""
    if isinstance(compressor, ImageCodec):
        return versions_of(()) | {compressor.id: compressor.library()}
    return versions_of([compressor])
