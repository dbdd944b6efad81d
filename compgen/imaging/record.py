"""The unit `record`: each pixel after its neighbourhood, so that any compressor sees two
dimensions.

    · 0 · 1 ·        a record: the 8 neighbours, far to near, each in one of 8 shades
    · 4 3 5 ·  ..    (0 … 7; 8: there is none), then the pixel as 128 + its place in a
    2 7 x            palette of at most 128 colours

    known pixels ─► records ─► the context
    unknown      ─► the neighbours' bytes ─► which colours followed those most like them
                    (16 proposals) ─► their code lengths ─► one is drawn

The alphabets of neighbours and pixels are disjoint: where they are one, what is copied from a
neighbour's place pulls the picture dark or light. The context stays the same throughout: what
is made up is seen as a neighbour, and never as an example.
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
from compgen.imaging.canvas import Canvas
from compgen.imaging.choices import Choices
from compgen.imaging.palette import Palette
from compgen.imaging.unit import Unit
from compgen.media.pixels import Pixels
from compgen.reading import Reading
from compgen.sampling.shaping import Shaping

NEIGHBOURS = ((-2, 1), (-2, -1), (0, -2), (-2, 0), (-1, 1), (-1, -1), (-1, 0), (0, -1))
"""Rows down and columns right, far to near."""
SHADES = 8
NONE = SHADES
"""The shade of a neighbour that is outside, or not filled yet."""
FIRST_COLOUR = 128
NEARNESS = np.linspace(0.3, 1.0, len(NEIGHBOURS))
"""How much each neighbour counts in likeness."""
REACH = 2


@dataclass(frozen=True)
class RecordUnit(Unit):
    """Good at: making a one-dimensional compressor draw textures. Bad at: smooth gradients,
    which 8 shades of neighbours do not tell apart."""

    name: ClassVar[str] = "record"

    compressor: Compressor
    reading: Reading | str = Reading.AUTO
    dither: int | None = None
    proposals: int = 16
    shaping: Shaping = field(default_factory=Shaping)

    def fill(self, canvas: Canvas, choices: Choices, rng: np.random.Generator) -> Iterator[int]:
        known = np.concatenate(
            [picture[mask].reshape(-1, picture.shape[2]) for picture, mask in canvas.sources]
        )
        if not len(known):
            raise UsageError("records need known pixels to learn from: keep some, or add --corpus")
        colours, shades = Palette.of(known, 256 - FIRST_COLOUR), Palette.of(known, SHADES)
        examples = np.concatenate(
            [_records(picture, mask, colours, shades) for picture, mask in canvas.sources]
        )
        conditional = self.compressor.condition(
            examples.tobytes(), reading=self.reading, dither=self.dither
        )
        distance = _shade_distances(shades)
        height, width, _ = canvas.pixels.shape
        shade = np.full((height + REACH, width + 2 * REACH), NONE, np.uint8)
        inside = shade[REACH:, REACH : REACH + width]
        inside[canvas.known] = shades.nearest(canvas.pixels[canvas.known])
        steps = np.array([dy * shade.shape[1] + dx for dy, dx in NEIGHBOURS])
        flat = shade.reshape(-1)
        for done, (y, x) in enumerate(np.argwhere(~canvas.known), 1):
            place = (y + REACH) * shade.shape[1] + x + REACH
            query = flat[place + steps]
            candidates = self._propose(query, examples, distance)
            bits = _ask(conditional, query.tobytes(), candidates)
            p = self.shaping.truncate(probabilities(bits))
            colour = colours.values[candidates[choices.make(p, rng)] - FIRST_COLOUR]
            canvas.pixels[y, x] = colour
            canvas.filled[y, x] = True
            flat[place] = shades.nearest(colour[None])[0]
            yield done

    def _propose(
        self, query: NDArray[np.uint8], examples: NDArray[np.uint8], distance: NDArray[np.float64]
    ) -> NDArray[np.uint8]:
        """The distinct colours of the examples whose neighbours are most like `query`."""
        unlike = np.zeros(len(examples))
        for place, (shade, weight) in enumerate(zip(query, NEARNESS, strict=True)):
            unlike += (weight * distance[shade])[examples[:, place]]
        most = min(self.proposals, len(examples))
        likest = np.argpartition(unlike, most - 1)[:most]
        return np.unique(examples[likest, -1])


def _records(
    picture: Pixels, known: NDArray[np.bool_], colours: Palette, shades: Palette
) -> NDArray[np.uint8]:
    """The records of the known pixels, in raster order, shape (n, 9)."""
    height, width, _ = picture.shape
    shade = np.full((height + REACH, width + 2 * REACH), NONE, np.uint8)
    shade[REACH:, REACH : REACH + width][known] = shades.nearest(picture[known])
    columns = [
        shade[REACH + dy : REACH + dy + height, REACH + dx : REACH + dx + width][known]
        for dy, dx in NEIGHBOURS
    ]
    return np.stack([*columns, colours.nearest(picture[known]) + np.uint8(FIRST_COLOUR)], 1)


def _shade_distances(shades: Palette) -> NDArray[np.float64]:
    """How unlike two shades are, shape (9, 9): nothing is as unlike as something and nothing."""
    values = shades.values.astype(np.float64)
    table = np.zeros((SHADES + 1, SHADES + 1))
    between = np.abs(values[:, None] - values[None]).sum(2)
    table[: len(values), : len(values)] = between
    table[NONE, :NONE] = table[:NONE, NONE] = between.max(initial=1.0)
    return table


def _ask(conditional: Conditional, query: bytes, candidates: NDArray[np.uint8]) -> Bits:
    if conditional.exact:
        after = conditional.fork()
        after.advance(query)
        return after.next_byte()[candidates]
    return conditional.bits([query + BYTES[value] for value in candidates])
