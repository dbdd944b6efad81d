"""`WindowCoder`: code lengths of small pictures of one shape, under any compressor."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from compgen.compressor import Compressor
from compgen.conditional import Bits
from compgen.imaging.fitting import fit
from compgen.media.layout import Layout, byte_order
from compgen.media.pixels import Pixels
from compgen.reading import Reading


class WindowCoder(Protocol):
    """What weighs blocks."""

    def bits(self, pictures: Sequence[Pixels]) -> Bits:
        """The code length of each of `pictures`, all of one shape, in bits, shape (n,), less a
        constant that may differ from call to call."""


@dataclass(frozen=True)
class ByteCoder:
    """A compressor of bytes; one that knows of rows is told how long they are.

    What all pictures begin with is its context, so that it is read once.
    """

    compressor: Compressor
    reading: Reading | str
    layout: Layout = Layout.INTERLEAVED

    def bits(self, pictures: Sequence[Pixels]) -> Bits:
        shape = pictures[0].shape
        order = byte_order(shape, self.layout)
        compressor = fit(
            self.compressor, shape[1], shape[2] if self.layout is Layout.INTERLEAVED else 1
        )
        data = [picture.reshape(-1)[order].tobytes() for picture in pictures]
        common = _common_prefix(data)
        conditional = compressor.condition(common, reading=self.reading, dither=0)
        return np.asarray(conditional.bits([one[len(common) :] for one in data]))


def block_reading(compressor: Compressor, reading: Reading | str) -> Reading:
    """`auto` for blocks: exact bits, where there are such; a window is a whole small file."""
    offered = Reading.BITS in compressor.readings and not compressor.obstacle(Reading.BITS)
    if reading == Reading.AUTO and offered:
        return Reading.BITS
    return compressor.resolve(reading)


def _common_prefix(data: Sequence[bytes]) -> bytes:
    """What all of `data`, of one length, begin with."""
    first, last = min(data), max(data)
    differ = np.frombuffer(first, np.uint8) != np.frombuffer(last, np.uint8)
    return first[: int(differ.argmax())] if differ.any() else first
