"""The units `block` and `row`: pieces proposed by what is known, chosen by code length.

    canvas ─► the cell with the most filled neighbours ─► 8 proposals (proposals.py), each at
                                                          the level of what is here (level.py)
                                                             │
       paste one ◄── draw by 2^-(bits / T) ◄── norm ◄── code lengths of the window (window.py)

A row is a block of height one, as wide as the unknown pixels that lie side by side.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from compgen.conditional import Bits
from compgen.distribution import probabilities
from compgen.errors import UsageError
from compgen.imaging.canvas import Canvas
from compgen.imaging.cells import Cell, in_order, squares, stretches
from compgen.imaging.choices import Choices
from compgen.imaging.level import Leveller, touching
from compgen.imaging.norms import Norm, importance, typical
from compgen.imaging.proposals import Home, Places
from compgen.imaging.surroundings import Surroundings
from compgen.imaging.unit import Unit
from compgen.imaging.window import Geometry
from compgen.imaging.window_coder import WindowCoder
from compgen.media.pixels import Pixels
from compgen.sampling.shaping import Shaping

CONTEXTS = 24
"""Random places at which `importance` asks what a proposal costs anywhere."""


@dataclass(frozen=True)
class BlockUnit(Unit):
    """Good at: looking like the picture, with any encoder that knows pictures. Bad at: showing
    what the encoder knows: the proposals do most of it, which the null score tells."""

    name: ClassVar[str] = "block"

    coder: WindowCoder
    norm: Norm = Norm.TYPICAL
    height: int = 4
    width: int = 4
    proposals: int = 8
    ring: int = 3
    levelled: bool = True
    """Whether proposals come to the level of what is here, or as they are."""
    reach: int = 12
    """How far the window of the code lengths goes beyond the block."""
    shaping: Shaping = field(default_factory=Shaping)

    def cells(self, canvas: Canvas) -> list[Cell]:
        """The pieces that the unknown is filled by."""
        return squares(~canvas.known, self.height, self.width)

    def fill(self, canvas: Canvas, choices: Choices, rng: np.random.Generator) -> Iterator[int]:
        weigher = _Weigher(self, canvas, rng)
        places: dict[tuple[int, int], Places] = {}
        done = 0
        for cell in in_order(self.cells(canvas), canvas.filled, self.ring):
            shape = cell.height, cell.width
            if shape not in places:
                places[shape] = Places(canvas.sources, *shape, self.ring)
            window = Surroundings.of(canvas.pixels, canvas.filled, cell, self.ring)
            homes = places[shape].nearest(window.pixels, window.visible, self.proposals, rng)
            if not homes:
                raise UsageError(
                    f"nothing that is known holds a block of {cell.width} x {cell.height} pixels "
                    "to copy: keep more, give --corpus, or try --unit pixel"
                )
            patches = weigher.patches(homes, cell)
            bits = weigher.weigh(cell, homes, patches)
            p = self.shaping.truncate(probabilities(bits))
            chosen = patches[choices.make(p, rng)]
            here = np.s_[cell.y : cell.y + cell.height, cell.x : cell.x + cell.width]
            wanted = ~canvas.filled[here]
            canvas.pixels[here][wanted] = chosen[wanted]
            canvas.filled[here] = True
            done += int(np.count_nonzero(wanted))
            yield done


@dataclass(frozen=True)
class RowUnit(BlockUnit):
    """Good at: layered pictures. Bad at: all others, for want of rows to choose from."""

    name: ClassVar[str] = "row"

    def cells(self, canvas: Canvas) -> list[Cell]:
        return stretches(~canvas.known)


class _Weigher:
    """What proposals weigh: their code lengths here, and where the norm wants them as well."""

    def __init__(self, unit: BlockUnit, canvas: Canvas, rng: np.random.Generator) -> None:
        self._unit = unit
        self._canvas = canvas
        self._sources = canvas.sources
        self._rng = rng
        self._leveller = Leveller(canvas.sources)
        self._costs: dict[object, float] = {}
        self._contexts: dict[tuple[int, int], list[Home]] = {}

    def patches(self, homes: list[Home], cell: Cell) -> list[Pixels]:
        """The proposals from `homes` as they would be pasted into `cell`."""
        here = touching(self._canvas.pixels, self._canvas.filled, cell)
        return [self._patch(home, cell, here) for home in homes]

    def _patch(self, home: Home, cell: Cell, here: Surroundings) -> Pixels:
        pixels, known = self._sources[home.source]
        place = Cell(home.y, home.x, cell.height, cell.width)
        patch = pixels[home.y : home.y + cell.height, home.x : home.x + cell.width]
        if not self._unit.levelled:
            return patch
        return self._leveller.move(patch, touching(pixels, known, place), here)

    def weigh(self, cell: Cell, homes: list[Home], patches: list[Pixels]) -> Bits:
        """Bits of each proposal, less a constant, shape (n,)."""
        norm, filled = self._unit.norm, self._canvas.filled
        if norm is Norm.NULL:
            return np.zeros(len(homes))
        shape = cell.height, cell.width
        geometry = Geometry.about(filled, cell.y, cell.x, *shape, self._unit.reach)
        kept = filled[cell.y : cell.y + cell.height, cell.x : cell.x + cell.width]
        if kept.any():  # a known pixel in the block is not replaced
            shown = self._canvas.pixels[cell.y : cell.y + cell.height, cell.x : cell.x + cell.width]
            patches = [np.where(kept[..., None], shown, patch) for patch in patches]
        here = self._added(self._canvas.pixels, filled, cell.y, cell.x, geometry, patches)
        if norm is Norm.RAW:
            return here
        if norm is Norm.TYPICAL:
            home = [self._cost(geometry, place, place, cell) for place in homes]
            return typical(here, np.array(home))
        contexts = self._random_places(cell)
        elsewhere = [
            [self._cost(geometry, context, place, cell) for context in contexts] for place in homes
        ]
        return importance(here, np.array(elsewhere))

    def _cost(self, geometry: Geometry, context: Home, proposal: Home, cell: Cell) -> float:
        """What a proposal adds to the window at `context`."""
        key = geometry.key, context, proposal
        if key not in self._costs:
            pixels, known = self._sources[context.source]
            place = Cell(context.y, context.x, cell.height, cell.width)
            patch = self._patch(proposal, cell, touching(pixels, known, place))
            added = self._added(pixels, known, context.y, context.x, geometry, [patch])
            self._costs[key] = float(added[0])
        return self._costs[key]

    def _added(
        self,
        pixels: Pixels,
        known: np.ndarray,
        y: int,
        x: int,
        geometry: Geometry,
        patches: list[Pixels],
    ) -> Bits:
        """How many bits each patch adds to the window about (y, x), shape (n,)."""
        base, rows, columns = geometry.base(pixels, known, y, x)
        windows = [base]
        for patch in patches:
            window = base.copy()
            window[rows, columns] = patch
            windows.append(window)
        bits = self._unit.coder.bits(windows)
        added: Bits = bits[1:] - bits[0]
        return added

    def _random_places(self, cell: Cell) -> list[Home]:
        shape = cell.height, cell.width
        if shape not in self._contexts:
            places = Places(self._sources, *shape, 0)
            nothing = np.zeros(shape, np.bool_)
            window = np.zeros((*shape, self._canvas.pixels.shape[2]), np.uint8)
            self._contexts[shape] = places.nearest(window, nothing, CONTEXTS, self._rng)
        return self._contexts[shape]
