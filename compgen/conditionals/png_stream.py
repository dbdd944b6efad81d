"""`bits` of PNG for a Pillow with a zlib that no replica knows, and how to tell.

Pillow's wheels bring zlib-ng, which writes other streams than the classic zlib. Its own streams
are decoded up to the end of the last block: exact for whatever is running, at the price of
compressing the context anew for every candidate.
"""

import functools
import struct
import zlib
from collections.abc import Iterator

import numpy as np

from compgen.compressor import Compressor
from compgen.conditionals.deflate_stream import information_bits
from compgen.conditionals.stream_bits import StreamBits
from compgen.formats.png_filters import filtered
from compgen.reading import Reading

FRONT = 8 + 8
"""Bytes before the first chunk: compgen's header and PNG's signature."""
ZLIB_HEADER, ZLIB_CHECKSUM = 2, 4
MEMLEVEL = 9
PROBE_WIDTH = 96


def deflated(stream: bytes) -> bytes:
    """The zlib stream in the IDAT chunks of what `Png` made."""
    return b"".join(data for kind, data in _chunks(stream) if kind == b"IDAT")


def picture_bits(stream: bytes) -> int:
    """Bits of the deflate stream up to its padding. Raises CompressorError on damage."""
    return information_bits(deflated(stream)[ZLIB_HEADER:-ZLIB_CHECKSUM])


def stream_bits(compressor: Compressor, context: bytes) -> StreamBits:
    """The reading `bits` after `context`, by the running Pillow itself."""
    return StreamBits(
        compressor.compress, picture_bits, context, reading=Reading.BITS, parallel=True
    )


@functools.cache
def is_classic(compressor: Compressor) -> bool:
    """Whether Pillow writes the classic zlib's streams with the options of this `Png`.

    A picture that has something for every filter and for the matcher is written by both; and
    Python's own zlib has to be the classic one, for that is what is compared with.
    """
    from compgen.compressors.png import Png
    from compgen.conditionals.zlib_probe import is_classic_zlib

    assert isinstance(compressor, Png)
    if not is_classic_zlib():
        return False
    rng = np.random.default_rng(0)
    rows = (
        np.add.outer(np.arange(PROBE_WIDTH) ** 2 // 9, 3 * np.arange(PROBE_WIDTH)) % 256
    ).astype(np.uint8)
    rows[::3] ^= rng.integers(0, 8, rows[::3].shape, np.uint8)
    rows[50:70] = rows[10:30]
    probe = Png(width=PROBE_WIDTH, level=compressor.level)
    encoder = zlib.compressobj(compressor.level, zlib.DEFLATED, 15, MEMLEVEL, zlib.Z_FILTERED)
    above = np.zeros(PROBE_WIDTH, np.uint8)
    wanted = encoder.compress(filtered(rows, above, 1).tobytes()) + encoder.flush()
    return deflated(probe.compress(rows.tobytes())) == wanted


def _chunks(stream: bytes) -> Iterator[tuple[bytes, bytes]]:
    position = FRONT
    while position < len(stream):
        length, kind = struct.unpack_from(">I4s", stream, position)
        yield kind, stream[position + 8 : position + 8 + length]
        position += length + 12
