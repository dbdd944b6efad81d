"""The unit `sample`: the next µ-law byte after the next, as text is written.

    corpus, known part ─► µ-law (8 bits a sample, channels interleaved) ─► the context
    next byte ◄── draw ◄── shaping ◄── next-byte distribution, whoever's it is

The known part stays as it is in the result; what is made up has the precision of µ-law.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from compgen.compressor import Compressor
from compgen.compressors.deflate import Deflate
from compgen.conditional import BYTES, Conditional
from compgen.distribution import draw
from compgen.imaging.choices import Choices
from compgen.media.mu_law import decode, encode
from compgen.reading import Reading
from compgen.sampling.shaping import Shaping
from compgen.sound.fitting import fit_samples
from compgen.sound.tape import Tape
from compgen.sound.unit import Unit


@dataclass(frozen=True)
class SampleUnit(Unit):
    """Good at: models, which know how likely every byte is. Bad at: Lempel-Ziv compressors,
    for which two sounds are equal or different, and nothing is near: hiss. The paper's way."""

    name: ClassVar[str] = "sample"

    compressor: Compressor
    reading: Reading | str = Reading.AUTO
    dither: int | None = None
    shaping: Shaping = field(default_factory=Shaping)

    def fill(self, tape: Tape, choices: Choices, rng: np.random.Generator) -> Iterator[int]:  # noqa: ARG002
        conditional = self._start(tape).writing()
        channels = tape.known.shape[1]
        while tape.missing:
            frame = np.empty((1, channels), np.uint8)
            for channel in range(channels):
                p = self.shaping.truncate(np.exp2(-conditional.next_byte()))
                value = draw(p, rng.random())
                conditional.advance(BYTES[value])
                frame[0, channel] = value
            tape.append(decode(frame))
            yield tape.done

    def _start(self, tape: Tape) -> Conditional:
        corpus = b"".join(encode(source).tobytes() for source in tape.corpus)
        known = encode(tape.known).tobytes()
        compressor = fit_samples(self.compressor, tape.known.shape[1])
        if isinstance(compressor, Deflate) and self.reading == Reading.BYTES and not self.dither:
            return compressor.whole_bytes(corpus + known)
        return compressor.after(corpus, known, reading=self.reading, dither=self.dither)
