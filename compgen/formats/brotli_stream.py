"""Where every bit of a brotli stream goes (RFC 7932).

Brotli's prefix codes say nothing of where they end, and a stream's last byte is filled up with
zeros that might as well be data; so the stream is decoded (compgen.kernels.brotli_tokens) and
each bit counted as it is read.

An encoder that is flushed tells the same without a decoder: a stream from `process` and `flush`
ends with an empty meta-block, the bits 0 11 0 00, whose last 1 is its third bit. But only where
the data ended within a byte; where they ended with one, nothing is added, and their last bits
may look the same. Decoding is never in doubt.
"""

from dataclasses import dataclass

from compgen.kernels.brotli_tokens import (
    DISTANCE_BITS,
    HEADERS,
    LITERAL_BITS,
    PADDING,
    SWITCHES,
    SYMBOLS,
    TABLES,
    parse,
)


@dataclass(frozen=True, slots=True)
class Accounting:
    """Every bit of a stream, by what it is for; the seven add up to 8 x its bytes."""

    headers: int = 0
    """Stream and meta-block headers, first block counts, metadata."""
    tables: int = 0
    """Context maps and descriptions of prefix codes, those of block types and counts included."""
    switches: int = 0
    """Block types and counts between the commands: which of the tables is in force."""
    commands: int = 0
    """Insert and copy lengths."""
    literals: int = 0
    """Literals; 8 for each byte of a meta-block that is not compressed."""
    distances: int = 0
    padding: int = 0
    """What fills bytes: the last one, and those before metadata and uncompressed meta-blocks."""

    @property
    def bits(self) -> int:
        """Information: everything but padding."""
        return self.headers + self.tables + self.payload

    @property
    def payload(self) -> int:
        """What was paid for the data alone: a switch is part of how its block is coded."""
        return self.switches + self.commands + self.literals + self.distances


def account(stream: bytes) -> Accounting:
    """Where each bit of a whole brotli stream goes. Raises CompressorError if it is damaged."""
    bits = parse(stream).bits
    return Accounting(
        headers=int(bits[HEADERS]),
        tables=int(bits[TABLES]),
        switches=int(bits[SWITCHES]),
        commands=int(bits[SYMBOLS]),
        literals=int(bits[LITERAL_BITS]),
        distances=int(bits[DISTANCE_BITS]),
        padding=int(bits[PADDING]),
    )


def information_bits(stream: bytes) -> int:
    """The `bits` reading: 8 x the stream's bytes less what carries no information."""
    return account(stream).bits


def payload_bits(stream: bytes) -> int:
    """The `payload` reading: bits of commands, literals, distances and block switches."""
    return account(stream).payload
