"""Decompressing one whole stream: all of it, and nothing after it."""

from typing import Protocol

from compgen.errors import CompressorError


class Decoder(Protocol):
    """What zlib, bz2 and zstandard call a decompression object."""

    @property
    def eof(self) -> bool: ...

    @property
    def unused_data(self) -> bytes: ...

    def decompress(self, data: bytes, /) -> bytes: ...


def decompress_whole(
    name: str, decoder: Decoder, stream: bytes, failures: tuple[type[Exception], ...]
) -> bytes:
    """The data of `stream`, which must be exactly one stream of `decoder`'s format.

    `failures` are the exceptions by which the library reports damage. Raises CompressorError
    on damage, on a stream that ends too early, and on anything that follows it.
    """
    try:
        data = decoder.decompress(stream)
    except failures as error:
        raise CompressorError(f"{name}: the stream is damaged: {error}") from error
    if not decoder.eof:
        raise CompressorError(f"{name}: the stream is cut short after {len(stream)} bytes")
    if decoder.unused_data:
        raise CompressorError(
            f"{name}: {len(decoder.unused_data)} bytes follow the end of the stream"
        )
    return data
