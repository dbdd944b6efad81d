"""`Cell`: the pieces that an unknown region is cut into, and the order to fill them in."""

import heapq
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from compgen.media.pixels import Mask


@dataclass(frozen=True, order=True)
class Cell:
    """A rectangle of pixels."""

    y: int
    x: int
    height: int
    width: int


def squares(unknown: Mask, height: int, width: int) -> list[Cell]:
    """A grid over the bounding box of what is unknown; cells without any of it are left out."""
    rows, columns = np.flatnonzero(unknown.any(1)), np.flatnonzero(unknown.any(0))
    bottom, right = int(rows[-1]) + 1, int(columns[-1]) + 1
    return [
        Cell(y, x, min(height, bottom - y), min(width, right - x))
        for y in range(int(rows[0]), bottom, height)
        for x in range(int(columns[0]), right, width)
        if unknown[y : y + height, x : x + width].any()
    ]


def stretches(unknown: Mask) -> list[Cell]:
    """Each run of unknown pixels in a row."""
    cells = []
    for y, row in enumerate(unknown):
        steps = np.diff(np.concatenate([[0], row.astype(np.int8), [0]]))
        starts, stops = np.flatnonzero(steps == 1).tolist(), np.flatnonzero(steps == -1).tolist()
        cells += [Cell(y, x, 1, stop - x) for x, stop in zip(starts, stops, strict=True)]
    return cells


def in_order(cells: list[Cell], filled: Mask, ring: int) -> Iterator[Cell]:
    """The cells, always the one next whose surroundings are filled most; of equals the uppermost,
    then the leftmost. The caller fills each before it asks for the next.

    Under a known top that is row by row, and about a hole from its edge inwards.
    """
    grid: dict[tuple[int, int], list[Cell]] = {}
    step_y = max(cell.height for cell in cells) + ring
    step_x = max(cell.width for cell in cells) + ring
    for cell in cells:
        grid.setdefault((cell.y // step_y, cell.x // step_x), []).append(cell)
    best = {cell: _share(cell, filled, ring) for cell in cells}
    heap = [(-share, cell.y, cell.x, cell) for cell, share in best.items()]
    heapq.heapify(heap)
    while heap:
        share, _, _, cell = heapq.heappop(heap)
        if best.get(cell) != -share:
            continue  # it has been filled, or stands in the heap anew
        del best[cell]
        yield cell
        row, column = cell.y // step_y, cell.x // step_x
        for near_row in range(row - 1, row + 2):
            for near_column in range(column - 1, column + 2):
                for near in grid.get((near_row, near_column), ()):
                    if near in best and (now := _share(near, filled, ring)) != best[near]:
                        best[near] = now
                        heapq.heappush(heap, (-now, near.y, near.x, near))


def _share(cell: Cell, filled: Mask, ring: int) -> float:
    """How much of a cell and its ring is filled, in thousandths; what is outside does not
    count."""
    window = filled[
        max(0, cell.y - ring) : cell.y + cell.height + ring,
        max(0, cell.x - ring) : cell.x + cell.width + ring,
    ]
    return round(float(window.mean()), 3)
