"""The structure of a bzip2 stream: where every bit of it goes.

    stream   "BZh" level · block … block · footer · padding to a whole byte
    block    magic (48) · CRC (32) · randomised (1) · origin (24) · symbol map (16 … 272)
             · number of tables (3) · number of selectors (15)      headers
             · code tables, 2 to 6                                   tables
             · selectors, one for each group of 50 symbols           selectors
             · Huffman-coded symbols                                 symbols
    footer   magic (48) · CRC of all blocks (32)                     headers

(In the stream the selectors come before the tables.) Blocks begin at any bit and say nothing of
their length. The symbols are not decoded: a block ends where the next magic stands, which a
chance match in the coded symbols would have to imitate in 48 bits. Nor is chance trusted: the
blocks found must have the CRCs of which the footer's is made.

Selectors and tables are read by regular expressions over the bits as text: a selector is
1…10, a code table its first length (5 bits) and then for each symbol any number of steps
(1, and up or down) and a 0.

Source: Julian Seward's bzip2 1.0.8 (decompress.c, compress.c); J. Tsai, "BZIP2 Format
Specification", 2016.
"""

import functools
import re
from dataclasses import dataclass
from itertools import islice

from compgen.errors import CompressorError

BLOCK_MAGIC = format(0x314159265359, "048b")
FOOTER_MAGIC = format(0x177245385090, "048b")
STREAM_HEADER = 32
FOOTER = 48 + 32


@dataclass(frozen=True, slots=True)
class Accounting:
    """Every bit of a stream, by what it is for; the five add up to 8 x its bytes."""

    headers: int = 0
    """Stream header and footer; of each block what stands before its selectors."""
    tables: int = 0
    """Descriptions of the Huffman codes."""
    selectors: int = 0
    """Which of its block's tables each group of 50 symbols is coded with."""
    symbols: int = 0
    """The sorted, move-to-front and run-length coded bytes, and the end of each block."""
    padding: int = 0
    """What fills the last byte."""

    @property
    def bits(self) -> int:
        """Information: everything but padding."""
        return self.headers + self.tables + self.payload

    @property
    def payload(self) -> int:
        """What was paid for the data alone: a selector is part of how its group is coded."""
        return self.selectors + self.symbols


def information_bits(stream: bytes) -> int:
    """The `bits` reading: the bit after the footer's CRC, before padding.

    The footer belongs to the information and is constant, so it cancels in every difference.
    Raises CompressorError where no footer ends the stream.
    """
    at, _ = _footer(stream)
    return at + FOOTER


def payload_bits(stream: bytes) -> int:
    """The `payload` reading: bits of selectors and symbols, headers and code tables left out."""
    return account(stream).payload


def account(stream: bytes) -> Accounting:
    """Where each bit of a whole bzip2 stream goes. Raises CompressorError if damaged.

    Damage that shows only on decoding is not noticed.
    """
    if not re.match(rb"BZh[1-9]", stream):
        raise _damaged(0, "no stream begins here")
    end, combined = _footer(stream)
    text = format(int.from_bytes(stream, "big"), f"0{8 * len(stream)}b")
    headers = STREAM_HEADER + FOOTER
    tables = selectors = symbols = checksum = 0
    at = STREAM_HEADER
    while at < end:
        if not text.startswith(BLOCK_MAGIC, at):
            raise _damaged(at, "no block begins here")
        block = int(text[at + 48 : at + 80], 2)
        checksum = (checksum << 1 & 0xFFFFFFFF | checksum >> 31) ^ block
        header_end, selectors_end, tables_end = _block_header(text, at)
        symbols_end = text.find(BLOCK_MAGIC, tables_end, end)
        if symbols_end < 0:
            symbols_end = end
        headers += header_end - at
        selectors += selectors_end - header_end
        tables += tables_end - selectors_end
        symbols += symbols_end - tables_end
        at = symbols_end
    if checksum != combined:
        raise _damaged(end, "the blocks found are not those that the footer's CRC is of")
    padding = 8 * len(stream) - end - FOOTER
    return Accounting(headers, tables, selectors, symbols, padding)


def _footer(stream: bytes) -> tuple[int, int]:
    """The bit at which the footer begins, and its CRC."""
    tail = int.from_bytes(stream[-(FOOTER // 8 + 1) :], "big")
    magic = int(FOOTER_MAGIC, 2)
    for padding in range(8):
        if tail >> padding + 32 & (1 << 48) - 1 == magic and not tail & (1 << padding) - 1:
            return 8 * len(stream) - padding - FOOTER, tail >> padding & 0xFFFFFFFF
    raise _damaged(8 * len(stream), "no footer ends the stream")


def _block_header(text: str, at: int) -> tuple[int, int, int]:
    """The ends of header, selectors and tables of the block at bit `at`."""
    try:
        at += 48 + 32 + 1 + 24
        used = [place for place in range(16) if text[at + place] == "1"]
        at += 16
        symbols = text.count("1", at, at + 16 * len(used)) + 2  # runs A and B for 0, end of block
        at += 16 * len(used)
        groups, count = int(text[at : at + 3], 2), int(text[at + 3 : at + 18], 2)
        header_end = at + 18
        last = next(islice(re.compile("0").finditer(text, header_end), count - 1, count))
        selectors_end = last.end()
        tables_end = selectors_end
        for _ in range(groups):
            found = _code_table(symbols).match(text, tables_end)
            if not found:
                raise _damaged(tables_end, "no code table stands here")
            tables_end = found.end()
    except (IndexError, ValueError, StopIteration):
        raise _damaged(at, "a block's header is cut short") from None
    return header_end, selectors_end, tables_end


@functools.cache
def _code_table(symbols: int) -> re.Pattern[str]:
    """The description of a code with so many symbols (possessive repeats: no way back)."""
    return re.compile(f"[01]{{5}}(?:(?:1[01])*+0){{{symbols}}}")


def _damaged(bit: int, what: str) -> CompressorError:
    return CompressorError(f"not a sound bzip2 stream: {what} (bit {bit})")
