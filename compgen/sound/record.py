"""The unit `record`: each sample after its past, coarsely, so that any compressor hears what is
near.

    a record: nine figures of the past (analysis.py), far to near, each in one of 8 shades
    (0 … 7), then the sample's residual as 128 + its place in a codebook of at most 128

    known samples ─► records ─► the context
    next sample   ─► the figures' bytes ─► which residuals followed those most like them
                     (16 proposals) ─► their code lengths ─► one is drawn ─► predicted + residual

The alphabets of figures and residuals are disjoint. The context stays the same throughout:
what is made up is seen as a past, and never as an example.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from compgen.compressor import Compressor
from compgen.conditional import BYTES, Bits, Conditional
from compgen.distribution import probabilities
from compgen.errors import UsageError
from compgen.imaging.choices import Choices
from compgen.reading import Reading
from compgen.sampling.shaping import Shaping
from compgen.sound.analysis import AMPLITUDES, FIGURES, PREDICTED, Analysis, compand, expand
from compgen.sound.codebook import codebook, nearest
from compgen.sound.predictor import Predictor
from compgen.sound.tape import Tape
from compgen.sound.unit import Unit

SHADES = 8
FIRST_RESIDUAL = 128
NEARNESS = np.linspace(0.3, 1.0, FIGURES)
"""How much each figure counts in likeness."""
SHORTEST = 0.1
"""Seconds from which anything can be learned."""
SEEN = 0.98
"""Of a window: zlib looks back 262 bytes less (deflate.h, MAX_DIST)."""
MOST_EXAMPLES = 1 << 16
"""So many samples are learned from, the last ones: each choice looks at all of them."""


@dataclass(frozen=True)
class RecordUnit(Unit):
    """Good at: making a one-dimensional compressor speak, in tongues: what it makes has the
    spectrum, roughly, and some of the pitch, and none of it is copied. Bad at: formants
    that move, since the predictor is one for the whole sound; and pauses, which seldom end."""

    name: ClassVar[str] = "record"

    compressor: Compressor
    reading: Reading | str = Reading.AUTO
    dither: int | None = None
    proposals: int = 16
    shaping: Shaping = field(default_factory=Shaping)

    def fill(self, tape: Tape, choices: Choices, rng: np.random.Generator) -> Iterator[int]:
        sources = _last(tape)
        if sum(map(len, sources)) < SHORTEST * tape.rate:
            raise UsageError(
                f"{len(tape.known) / tape.rate:.3g} s are known, and records need {SHORTEST:g} s "
                "to learn from: keep more, or give --corpus"
            )
        predictor = Predictor.of(sources, 8 + tape.rate // 1000)
        *corpus, known = sources
        analysis = Analysis(known, tape.missing, tape.rate, predictor)
        analyses = [*(Analysis(other, 0, tape.rate, predictor) for other in corpus), analysis]
        residuals = np.concatenate([compand(one.residuals) for one in analyses])
        spoken = codebook(residuals, 256 - FIRST_RESIDUAL)
        figures = np.concatenate([one.past() for one in analyses])
        shades = _Shades(figures)
        examples = _Examples(
            shades.of(figures), (nearest(residuals, spoken) + FIRST_RESIDUAL).astype(np.uint8)
        )
        likest = _Likest(shades, examples)
        conditional = self.compressor.condition(
            examples.records(self.compressor.window), reading=self.reading, dither=self.dither
        )
        values = expand(spoken)
        while tape.missing:
            query = shades.of(analysis.ahead()[None])[0]
            candidates = likest.residuals(query, self.proposals)
            bits = _ask(conditional, query.tobytes(), candidates)
            p = self.shaping.truncate(probabilities(bits))
            chosen = candidates[choices.make(p, rng)]
            tape.append(analysis.append(values[chosen - FIRST_RESIDUAL]))
            yield tape.done


@dataclass(frozen=True)
class _Examples:
    """Known samples: the shades of their pasts, shape (n, 9), and residuals, shape (n,)."""

    pasts: NDArray[np.uint8]
    residuals: NDArray[np.uint8]

    def records(self, window: int | None) -> bytes:
        """As many as a compressor can see, `window` bytes back, evenly spread: the last ones
        alone may be all of one pause, which would never end."""
        found = np.concatenate([self.pasts, self.residuals[:, None]], axis=1)
        count = len(found)
        if window is not None:
            count = max(1, min(count, int(window * SEEN) // found.shape[1]))
        spread = (np.arange(count) + 0.5) * len(found) / count
        return found[spread.astype(np.intp)].tobytes()


class _Shades:
    """8 values of each figure that stand for all."""

    def __init__(self, figures: NDArray[np.float64]) -> None:
        self.values = np.full((FIGURES, SHADES), np.inf)
        """Shape (9, 8); where there are fewer, the rest is never nearest."""
        for column, row in zip(figures.T, self.values, strict=True):
            found = codebook(column[:, None], SHADES)[:, 0]
            row[: len(found)] = found

    def of(self, figures: NDArray[np.float64]) -> NDArray[np.uint8]:
        """The nearest shade of each figure, shape (n, 9)."""
        found = np.empty(figures.shape, np.uint8)
        for column, values, shade in zip(figures.T, self.values, found.T, strict=True):
            shade[:] = np.abs(column[:, None] - values).argmin(axis=1)
        return found


class _Likest:
    """The examples whose pasts are most like one: squared distances of shades, all at once."""

    def __init__(self, shades: _Shades, examples: _Examples) -> None:
        found = np.take_along_axis(shades.values.T, examples.pasts, axis=0)
        deviation = found.std(axis=0)
        deviation[AMPLITUDES] = deviation[PREDICTED]  # they are of one kind, and share a scale
        weight = NEARNESS / np.where(deviation > 0, deviation, 1.0)
        self._place = np.where(np.isfinite(shades.values), shades.values, 0.0) * weight[:, None]
        self._pasts = (found * weight).astype(np.float32)
        self._energy = (self._pasts**2).sum(axis=1)
        self._examples = examples

    def residuals(self, query: NDArray[np.uint8], most: int) -> NDArray[np.uint8]:
        """The distinct residuals of the `most` examples most like `query`."""
        place = self._place[np.arange(FIGURES), query].astype(np.float32)
        unlike = self._energy - 2 * (self._pasts @ place)
        most = min(most, len(unlike))
        likest = np.argpartition(unlike, most - 1)[:most]
        return np.unique(self._examples.residuals[likest])


def _last(tape: Tape) -> list[NDArray[np.int16]]:
    """The last samples that are known, of the corpus first and of the known part last."""
    left = MOST_EXAMPLES
    found = []
    for source in tape.sources:
        found.append(source[max(0, len(source) - left) :])
        left -= len(found[-1])
    return found[::-1]


def _ask(conditional: Conditional, query: bytes, candidates: NDArray[np.uint8]) -> Bits:
    if conditional.exact:
        after = conditional.fork()
        after.advance(query)
        return after.next_byte()[candidates]
    return conditional.bits([query + BYTES[value] for value in candidates])
