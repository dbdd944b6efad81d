"""The unit `grain`: pieces of the known part, chosen by code length.

tape ─► its last samples ─► 16 proposals that fit on (places.py)
                                    │
append one ◄── draw by 2^-(bits/T) ◄── norm ◄── code lengths after a window (span_coder.py)
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from compgen.conditional import Bits
from compgen.distribution import probabilities
from compgen.errors import UsageError
from compgen.imaging.choices import Choices
from compgen.imaging.norms import Norm, importance, typical
from compgen.media.samples import Samples
from compgen.sampling.shaping import Shaping
from compgen.sound.places import Home, Places
from compgen.sound.span_coder import SpanCoder
from compgen.sound.tape import Tape
from compgen.sound.unit import Unit

CONTEXTS = 24
"""Random places at which `importance` asks what a proposal costs anywhere."""
MOST_APART = 1000.0
"""Bits: 2^-1074 is zero to a computer, whatever the temperature then makes of it."""
BLOCK = 4096
"""Samples: window and grain fill one block of FLAC, whose header would count otherwise."""


@dataclass(frozen=True)
class GrainUnit(Unit):
    """Good at: sounding like the sound. Bad at: showing what the compressor knows: the proposals
    do most of it, which the null score tells; and at novelty, since all of it is copied."""

    name: ClassVar[str] = "grain"

    coder: SpanCoder
    norm: Norm = Norm.TYPICAL
    grain: float = 0.06
    """Seconds."""
    overlap: float = 0.012
    """Seconds before a place that are compared with the last ones here."""
    crossfade: float = 0.0
    """Seconds before a join that are blended with what was before the grain at its home."""
    proposals: int = 16
    shaping: Shaping = field(default_factory=Shaping)

    def fill(self, tape: Tape, choices: Choices, rng: np.random.Generator) -> Iterator[int]:
        grain = max(1, round(self.grain * tape.rate))
        overlap = max(1, round(self.overlap * tape.rate))
        places = Places(tape.sources, tape.rate, overlap, grain)
        if not places.count or len(tape.known) < overlap:
            raise UsageError(
                f"{len(tape.known) / tape.rate:.3g} s are known, and a grain of "
                f"{1000 * self.grain:g} ms needs {self.grain + self.overlap:.3g} s: keep more, "
                "give --corpus, or a shorter --grain"
            )
        weigher = _Weigher(self, tape, grain, overlap, rng)
        last: Home | None = None
        while tape.missing:
            end = tape.samples[tape.end - overlap : tape.end]
            homes = places.nearest(end, self.proposals, last)
            if not homes:
                homes = places.nearest(end, self.proposals, None)
            bits = weigher.weigh(homes)
            bits = np.minimum(bits - bits.min(), MOST_APART)
            p = self.shaping.truncate(probabilities(bits))
            last = homes[choices.make(p, rng)]
            self._blend(tape, last)
            tape.append(weigher.grain_at(last))
            yield tape.done

    def _blend(self, tape: Tape, home: Home) -> None:
        """Let what is made fade into what leads to the grain at its home; the known part stays."""
        length = min(round(self.crossfade * tape.rate), tape.done, home.start)
        if length:
            rising = ((np.arange(length) + 0.5) / length)[:, None]
            before = tape.sources[home.source][home.start - length : home.start]
            here = tape.samples[tape.end - length : tape.end]
            here[:] = np.rint(here * (1 - rising) + before * rising).astype(np.int16)


class _Weigher:
    """What proposals weigh: their code lengths here, and where the norm wants them as well."""

    def __init__(
        self, unit: GrainUnit, tape: Tape, grain: int, overlap: int, rng: np.random.Generator
    ) -> None:
        self._unit = unit
        self._tape = tape
        self._sources = tape.sources
        self._grain = grain
        self._window = max(grain, BLOCK - grain)
        self._costs: dict[tuple[Home, Home], float] = {}
        self._contexts = self._random_places(overlap, rng) if unit.norm is Norm.IMPORTANCE else []

    def grain_at(self, home: Home) -> Samples:
        return self._sources[home.source][home.start : home.start + self._grain]

    def weigh(self, homes: list[Home]) -> Bits:
        """Bits of each proposal, less a constant, shape (n,)."""
        norm, end = self._unit.norm, self._tape.end
        if norm is Norm.NULL:
            return np.zeros(len(homes))
        base = self._tape.samples[max(0, end - self._window) : end]
        here = self._unit.coder.added(base, [self.grain_at(home) for home in homes])
        if norm is Norm.RAW:
            return here
        if norm is Norm.TYPICAL:
            return typical(here, np.array([self._cost(home, home) for home in homes]))
        elsewhere = [[self._cost(context, home) for context in self._contexts] for home in homes]
        return importance(here, np.array(elsewhere))

    def _cost(self, context: Home, proposal: Home) -> float:
        """What a proposal adds to the window before `context`."""
        key = context, proposal
        if key not in self._costs:
            start = context.start
            base = self._sources[context.source][max(0, start - self._window) : start]
            added = self._unit.coder.added(base, [self.grain_at(proposal)])
            self._costs[key] = float(added[0])
        return self._costs[key]

    def _random_places(self, overlap: int, rng: np.random.Generator) -> list[Home]:
        lengths = [max(0, len(source) - overlap - self._grain + 1) for source in self._sources]
        borders = np.cumsum([0, *lengths])
        drawn = rng.integers(int(borders[-1]), size=CONTEXTS)
        sources = np.searchsorted(borders, drawn, side="right") - 1
        return [
            Home(int(source), int(place - borders[source]) + overlap)
            for source, place in zip(sources, drawn, strict=True)
        ]
