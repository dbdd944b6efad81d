"""The unit `pixel`: byte after byte in the order of the layout, as text is written.

    known byte    the conditional advances over it (and learns, where it can: `thaw`)
    unknown byte  drawn from the next-byte distribution, then advanced over (`freeze`: what the
                  model has made up teaches it nothing)

What lies behind an unknown byte, in that order, is not seen when it is drawn.
"""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import ClassVar, Protocol, runtime_checkable

import numpy as np

from compgen.compressor import Compressor
from compgen.compressors.deflate import Deflate
from compgen.conditional import BYTES, Bits, Conditional
from compgen.distribution import draw
from compgen.errors import UsageError
from compgen.imaging.canvas import Canvas
from compgen.imaging.choices import Choices
from compgen.imaging.fitting import fit, sees_pictures
from compgen.imaging.unit import Unit
from compgen.media.layout import Layout, byte_order
from compgen.media.pixels import level_values
from compgen.reading import Reading
from compgen.sampling.shaping import Shaping


@runtime_checkable
class Freezing(Protocol):
    """A conditional that can be told to learn nothing from what it advances over."""

    def freeze(self) -> None:
        """From here on `advance` learns nothing."""

    def thaw(self) -> None:
        """From here on `advance` learns again."""


@dataclass(frozen=True)
class PixelUnit(Unit):
    """Good at: models that see two dimensions (pixelcm). Bad at: all others, for which the
    pixel above is as far away as a row is long; then it is soup, and the paper's way."""

    name: ClassVar[str] = "pixel"

    compressor: Compressor
    reading: Reading | str = Reading.AUTO
    dither: int | None = None
    layout: Layout = Layout.INTERLEAVED
    shaping: Shaping = field(default_factory=Shaping)

    def fill(self, canvas: Canvas, choices: Choices, rng: np.random.Generator) -> Iterator[int]:  # noqa: ARG002
        height, width, channels = canvas.pixels.shape
        order = byte_order((height, width, channels), self.layout)
        known = np.repeat(canvas.known.reshape(-1), channels)[order]
        values = canvas.pixels.reshape(-1)
        conditional = self._start(canvas)
        alphabet = level_values(canvas.levels).tobytes()
        rows = canvas.filled.reshape(-1)
        done = 0
        for start, stop in _runs(known):
            if known[start]:
                _let_learn(conditional, True)
                conditional.advance(values[order[start:stop]].tobytes())
                continue
            _let_learn(conditional, False)
            for place in order[start:stop]:
                bits = self._next_byte(conditional, alphabet)
                value = draw(self.shaping.truncate(np.exp2(-bits)), rng.random())
                values[place] = value
                conditional.advance(BYTES[value])
                rows[place // channels] = True
                done += 1
                yield done // channels

    def _start(self, canvas: Canvas) -> Conditional:
        width, channels = canvas.pixels.shape[1:]
        interleaved = self.layout is Layout.INTERLEAVED
        compressor = fit(self.compressor, width, channels if interleaved else 1)
        if sees_pictures(compressor) and any(one.shape[1] != width for one in canvas.corpus):
            raise UsageError(
                f"{compressor.name} needs pictures of one width, and --corpus has others: "
                "--size makes them equal"
            )
        corpus = b"".join(
            picture.reshape(-1)[byte_order(picture.shape, self.layout)].tobytes()
            for picture in canvas.corpus
        )
        if isinstance(compressor, Deflate) and self.reading == Reading.BYTES and not self.dither:
            return compressor.whole_bytes(corpus)
        return compressor.after(corpus, reading=self.reading, dither=self.dither)

    @staticmethod
    def _next_byte(conditional: Conditional, alphabet: bytes) -> Bits:
        if len(alphabet) == 256:
            return conditional.next_byte()
        if not conditional.exact:
            return conditional.next_byte_of(alphabet)
        bits = np.full(256, np.inf)
        allowed = np.frombuffer(alphabet, np.uint8)
        bits[allowed] = conditional.next_byte()[allowed]
        return bits


def _let_learn(conditional: Conditional, wanted: bool) -> None:
    if isinstance(conditional, Freezing):
        if wanted:
            conditional.thaw()
        else:
            conditional.freeze()


def _runs(known: np.ndarray) -> Iterator[tuple[int, int]]:
    """Where runs of equal values start and stop."""
    borders = np.flatnonzero(np.diff(known)) + 1
    edges = [0, *borders.tolist(), len(known)]
    return itertools.pairwise(edges)
