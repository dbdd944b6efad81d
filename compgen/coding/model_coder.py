"""`ModelCoder`: a conditional and an entropy coder, over consecutive blocks of data.

    block ──► next_byte ─► weights ─► coder     for each byte, then `advance` over it
              └─ encoder and decoder call the same functions in the same order ─┘

The conditional goes on from block to block; the entropy coder begins each anew. So a block
that does not get shorter may be stored as it is, and both sides still `skip` over it.

A conditional may bring its own `encode` and `decode` (`SelfCoding`): a binary model codes eight
bits in a fraction of the time that the distribution of a byte takes. Only the first positions
of all are coded as above, so that they have their fingerprint:

    the first block:   words │ 16 bytes by constriction │ the rest by the conditional
                         1   │        4 · words         │
    every other:       all of it by the conditional
"""

from collections.abc import Callable
from typing import Protocol, runtime_checkable

import numpy as np

from compgen.coding.entropy_coder import WORD, ByteDecoder, ByteEncoder
from compgen.coding.quantise import Weights, fingerprint, quantise
from compgen.conditional import BYTES, Conditional
from compgen.errors import CompressorError

FINGERPRINTED = 16
"""So many positions, the first ones, make the fingerprint."""
PIECE = 1024
"""So many bytes are coded between two reports of progress."""

Progress = Callable[[int], None]
"""Told how many bytes have been done since it was told last."""


def silent(_count: int) -> None:
    """Nobody wants to know."""


@runtime_checkable
class SelfCoding(Protocol):
    """A conditional that codes faster than by its next-byte distribution."""

    def encode(self, data: bytes) -> bytes:
        """Advance over `data`; returns its code, which costs -log2 p and a few bytes."""

    def decode(self, stream: bytes, length: int) -> bytes:
        """Advance over the `length` bytes that `encode` made `stream` of; returns them, or
        others where the stream is damaged."""

    def skip(self, data: bytes) -> None:
        """Advance over `data`, to where `encode` leads, which may code in an order of its own."""


@runtime_checkable
class Weighing(Protocol):
    """A conditional that gives whole weights, which are the same on every machine."""

    def weights(self) -> Weights:
        """The frequency of each next byte less one, shape (256,); they sum to 2^24 - 256."""


class ModelCoder:
    """Codes data by a conditional's next-byte distributions; it advances the conditional.

    `fingerprint` is that of the weights at the first positions of all data so far, carried on
    from `seed`. With `expected`, decoding raises as soon as it has become another.
    """

    def __init__(
        self, conditional: Conditional, *, seed: int = 0, expected: int | None = None
    ) -> None:
        self.fingerprint = seed
        self._conditional = conditional
        # found out once: what a protocol asks for takes longer than many a byte
        self._weighing = conditional if isinstance(conditional, Weighing) else None
        self._positions = 0
        self._expected = expected

    def encode(self, data: bytes, progress: Progress = silent) -> bytes:
        """The code of `data`. Raises CompressorError if the conditional is no distribution."""
        if not isinstance(self._conditional, SelfCoding):
            return self._encode(data, progress)
        first = min(FINGERPRINTED - self._positions, len(data))
        front = b""
        if first:
            code = self._encode(data[:first], progress)
            front = bytes([len(code) // WORD.itemsize]) + code
        rest = self._conditional.encode(data[first:]) if len(data) > first else b""
        progress(len(data) - first)
        return front + rest

    def _encode(self, data: bytes, progress: Progress) -> bytes:
        coder = ByteEncoder()
        for start in range(0, len(data), PIECE):
            piece = data[start : start + PIECE]
            rows = np.empty((len(piece), 256), np.float32)
            for row, value in zip(rows, piece, strict=True):
                self._weigh(row)
                self._conditional.advance(BYTES[value])
            coder.encode(piece, rows)
            progress(len(piece))
        return coder.finish()

    def decode(self, code: bytes, length: int, progress: Progress = silent) -> bytes:
        """The `length` bytes of which `code` is the code.

        Raises CompressorError where it is not, as far as that shows: what comes back may be
        wrong, and a checksum has to tell.
        """
        if not isinstance(self._conditional, SelfCoding):
            return self._decode(code, length, progress)
        first = min(FINGERPRINTED - self._positions, length)
        front = b""
        if first:
            if not code:
                raise CompressorError("the coded stream is cut short")
            end = 1 + code[0] * WORD.itemsize
            front, code = self._decode(code[1:end], first, progress), code[end:]
        rest = self._conditional.decode(code, length - first) if length > first else b""
        progress(length - first)
        return front + rest

    def _decode(self, code: bytes, length: int, progress: Progress) -> bytes:
        coder = ByteDecoder(code)
        data = bytearray()
        weights = np.empty(256, np.float32)
        while len(data) < length:
            # the first piece ends where the fingerprint can be compared
            piece = PIECE if self._positions >= FINGERPRINTED else FINGERPRINTED
            count = min(piece, length - len(data))
            for _ in range(count):
                self._weigh(weights)
                value = coder.decode(weights)
                self._conditional.advance(BYTES[value])
                data.append(value)
            self._compare()
            progress(count)
        self._compare(at_end=True)
        coder.finish()
        return bytes(data)

    def skip(self, data: bytes, progress: Progress = silent) -> None:
        """Go over `data`, which was not coded, as encoding it would."""
        if isinstance(self._conditional, SelfCoding):
            first = min(FINGERPRINTED - self._positions, len(data))
            self._skip(data[:first], progress)
            if len(data) > first:
                self._conditional.skip(data[first:])
            progress(len(data) - first)
        else:
            self._skip(data, progress)

    def _skip(self, data: bytes, progress: Progress) -> None:
        weights = np.empty(256, np.float32)
        for index, value in enumerate(data, 1):
            if self._positions < FINGERPRINTED:
                self._weigh(weights)
            self._conditional.advance(BYTES[value])
            if index % PIECE == 0:
                progress(PIECE)
        progress(len(data) % PIECE)
        self._compare(at_end=True)

    def _weigh(self, weights: Weights) -> None:
        if self._weighing is not None:
            weights[:] = self._weighing.weights()
        else:
            quantise(self._conditional.next_byte(), weights)
        if self._positions < FINGERPRINTED:
            self.fingerprint = fingerprint(weights, self.fingerprint)
            self._positions += 1

    def _compare(self, *, at_end: bool = False) -> None:
        """At the first positions' end, or the data's: is the fingerprint the expected one?"""
        if self._expected is None or (self._positions < FINGERPRINTED and not at_end):
            return
        if self.fingerprint != self._expected:
            raise CompressorError(
                "the first predictions are not those that the data was coded by: it is damaged, or "
                "was written where the model computes otherwise"
            )
