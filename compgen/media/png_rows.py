"""Whether a PNG holds all of its rows. Pillow leaves black, without a word, what is missing.

IHDR ─► the bytes that width, height, depth, colour and interlacing ask for ─┐
IDAT, IDAT, … ─► inflate, 64 KB at a time, and count, no further than that ──┴─► missing
"""

import struct
import zlib
from collections.abc import Iterator
from typing import BinaryIO

CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
"""Samples of a pixel by colour type: gray, RGB, palette, gray and alpha, RGBA (section 11.2.2)."""
WHOLE = ((0, 0, 1, 1),)
ADAM7 = (
    *((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4)),
    *((0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)),
)
"""First column, first row, column step and row step of each interlacing pass (section 8.2)."""
PIECE = 1 << 16


def missing_row_bytes(png: BinaryIO) -> int:
    """How many bytes of its filtered rows a PNG does not have; 0: all are there.

    For a file whose chunks a decoder has found in order. Source: Portable Network Graphics
    Specification (Third Edition), sections 5.3, 7.2, 8.2 and 11.2.2.
    """
    missing = 0
    inflate = zlib.decompressobj()
    for kind, piece in _pieces(png):
        if kind == b"IHDR":
            missing = _row_bytes(piece)
        if kind != b"IDAT":
            continue
        unread = piece
        while unread and missing > 0:
            try:
                missing -= len(inflate.decompress(unread, PIECE))
            except zlib.error:
                return missing
            unread = inflate.unconsumed_tail
    return max(missing, 0)


def _pieces(png: BinaryIO) -> Iterator[tuple[bytes, bytes]]:
    """The kind and the data of every chunk, those of long ones in pieces."""
    png.seek(8)  # the signature
    while len(head := png.read(8)) == 8:
        length, kind = struct.unpack(">I4s", head)
        while length > 0 and (piece := png.read(min(length, PIECE))):
            yield kind, piece
            length -= len(piece)
        png.seek(4, 1)  # the checksum


def _row_bytes(header: bytes) -> int:
    """The length of all rows, each after the byte that names its filter."""
    width, height, depth, colour, _, _, interlaced = struct.unpack(">IIBBBBB", header)
    total = 0
    for left, top, across, down in ADAM7 if interlaced else WHOLE:
        columns = len(range(left, width, across))
        if columns:
            row = 1 + (columns * depth * CHANNELS[colour] + 7) // 8
            total += len(range(top, height, down)) * row
    return total
