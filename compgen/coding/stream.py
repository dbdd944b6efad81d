"""A coded stream that can stand alone: what `Coded.compress` returns.

    length │ fingerprint │ block │ block │ …         little-endian
       5   │      4      │

    block:   size │ CRC-32 of the code │ CRC-32 of the data │ code or data
               3  │          4         │         4          │     size

A block holds BLOCK_BYTES of data, the last one what is left; its size has the highest bit set
where the data is stored as it is. The fingerprint is carried on from the length, so it tells
of a damaged length, too, before more is decoded than 16 bytes; the CRC of the code tells of
damage before anything is decoded; the CRC of the data tells where the model computes otherwise
than where it was written.
"""

import struct
import zlib

from compgen.coding.model_coder import ModelCoder
from compgen.conditional import Conditional
from compgen.errors import CompressorError

BLOCK_BYTES = 1 << 20
LENGTH_BYTES = 5
FINGERPRINT = struct.Struct("<I")
SIZE_BYTES = 3
STORED = 1 << 23
CHECKS = struct.Struct("<II")


def encode(conditional: Conditional, data: bytes) -> bytes:
    """`data` after the conditional's context, at most 9 bytes and 11 a block longer than it.

    Advances the conditional. Raises CompressorError where it gives no distribution.
    """
    length = len(data).to_bytes(LENGTH_BYTES, "little")
    coder = ModelCoder(conditional, seed=zlib.crc32(length))
    blocks = []
    for start in range(0, len(data), BLOCK_BYTES):
        block = data[start : start + BLOCK_BYTES]
        code = coder.encode(block)
        stored = len(code) >= len(block)
        body = block if stored else code
        size = len(body) | (STORED if stored else 0)
        checks = CHECKS.pack(zlib.crc32(body), zlib.crc32(block))
        blocks.append(size.to_bytes(SIZE_BYTES, "little") + checks + body)
    return length + FINGERPRINT.pack(coder.fingerprint) + b"".join(blocks)


def decode(conditional: Conditional, stream: bytes) -> bytes:
    """The data of which `stream` is the coded stream, after the same context.

    Advances the conditional. Raises CompressorError on damage, on a stream that is cut short
    or goes on, and where the conditional's predictions are not those of the encoder.
    """
    position = LENGTH_BYTES + FINGERPRINT.size
    _require(stream, position)
    length = stream[:LENGTH_BYTES]
    (expected,) = FINGERPRINT.unpack_from(stream, LENGTH_BYTES)
    coder = ModelCoder(conditional, seed=zlib.crc32(length), expected=expected)
    if length == bytes(LENGTH_BYTES) and coder.fingerprint != expected:
        raise CompressorError("the stream is damaged: its first bytes")
    data = []
    left = int.from_bytes(length, "little")
    while left:
        front = position + SIZE_BYTES
        _require(stream, front + CHECKS.size)
        size = int.from_bytes(stream[position:front], "little")
        code_check, data_check = CHECKS.unpack_from(stream, front)
        position = front + CHECKS.size
        stored = bool(size & STORED)
        size &= ~STORED
        _require(stream, position + size)
        body = stream[position : position + size]
        position += size
        block = _decode_block(coder, body, min(left, BLOCK_BYTES), stored, code_check)
        if zlib.crc32(block) != data_check:
            raise CompressorError(
                "the checksum of the data is wrong: the model computes otherwise than where the "
                "stream was written"
            )
        data.append(block)
        left -= len(block)
    if position != len(stream):
        raise CompressorError(f"{len(stream) - position} bytes follow the end of the stream")
    return b"".join(data)


def _decode_block(
    coder: ModelCoder, body: bytes, length: int, stored: bool, code_check: int
) -> bytes:
    if zlib.crc32(body) != code_check:
        raise CompressorError("the stream is damaged: the checksum of a block is wrong")
    if not stored:
        return coder.decode(body, length)
    if len(body) != length:
        raise CompressorError("the stream is damaged: a stored block has another length")
    coder.skip(body)
    return body


def _require(stream: bytes, end: int) -> None:
    if len(stream) < end:
        raise CompressorError(f"the stream is cut short after {len(stream)} bytes")
