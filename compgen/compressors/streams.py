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


class StoppableDecoder(Decoder, Protocol):
    """One that can be told when to stop, as those of zlib and bz2 can."""

    def decompress(self, data: bytes, /, max_length: int = ...) -> bytes: ...


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
    _require_end(name, decoder, stream)
    return data


def decompress_at_most(
    name: str,
    decoder: StoppableDecoder,
    stream: bytes,
    failures: tuple[type[Exception], ...],
    most: int,
) -> bytes:
    """As `decompress_whole`; raises CompressorError, too, once more than `most` bytes come."""
    try:
        data = decoder.decompress(stream, max_length=most + 1)
    except failures as error:
        raise CompressorError(f"{name}: the stream is damaged: {error}") from error
    if len(data) > most:
        raise CompressorError(f"{name}: more than {most} bytes come out of the stream")
    _require_end(name, decoder, stream)
    return data


def _require_end(name: str, decoder: Decoder, stream: bytes) -> None:
    if not decoder.eof:
        raise CompressorError(f"{name}: the stream is cut short after {len(stream)} bytes")
    if decoder.unused_data:
        raise CompressorError(
            f"{name}: {len(decoder.unused_data)} bytes follow the end of the stream"
        )
