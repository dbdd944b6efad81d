"""Several candidates after one context, read side by side, what they share read once.

ctx ─┬─ t ─┬─ h ─┬─ e          depth 0: 1 state     one batched step for each depth
     │     │     └─ a          depth 1: 2 states
     │     └─ o                depth 2: 3 states …
     └─ a
"""

from collections.abc import Iterator, Sequence
from typing import Any, Protocol, TypeVar, runtime_checkable

import numpy as np

from compgen.neural.engine import Cumulative, Engine

State = TypeVar("State")
LARGEST_BATCH = 1 << 16
"""Bytes, of all candidates, that are read side by side: there is 1 KB of frequencies for each."""


@runtime_checkable
class ReadsTogether(Protocol):
    """An engine that has a better way than steps, at least for some models."""

    def read_together(self, state: Any, continuations: Sequence[bytes]) -> list[Cumulative] | None:
        """As the function; None where steps are the best way."""


def read_together(
    engine: Engine[State], state: State, continuations: Sequence[bytes]
) -> Iterator[Cumulative]:
    """What is expected before each byte of each continuation, shapes (len, 257), in order.

    `state`, of one lane, is what all of them follow; it stays where it is.
    """
    batch: list[bytes] = []
    size = 0
    for data in continuations:
        if batch and size + len(data) > LARGEST_BATCH:
            yield from _read(engine, state, batch)
            batch, size = [], 0
        batch.append(data)
        size += len(data)
    yield from _read(engine, state, batch)


def _read(engine: Engine[State], state: State, continuations: Sequence[bytes]) -> list[Cumulative]:
    if isinstance(engine, ReadsTogether):
        all_at_once = engine.read_together(state, continuations)
        if all_at_once is not None:
            return all_at_once
    expected = [np.empty((len(data), 257), np.int32) for data in continuations]
    open_ones = [index for index, data in enumerate(continuations) if data]
    lane = np.zeros(len(continuations), np.intp)
    now = engine.choose(state, np.zeros(1, np.intp))
    depth = 0
    while open_ones:
        said = engine.frequencies(now)
        for index in open_ones:
            expected[index][depth] = said[lane[index]]
        depth += 1
        open_ones = [index for index in open_ones if len(continuations[index]) > depth]
        if not open_ones:
            break
        branches: dict[tuple[int, int], int] = {}  # (lane, byte that follows) ─► new lane
        for index in open_ones:
            branch = (int(lane[index]), continuations[index][depth - 1])
            lane[index] = branches.setdefault(branch, len(branches))
        now = engine.choose(now, np.array([parent for parent, _ in branches], np.intp))
        engine.step(now, np.array([value for _, value in branches], np.uint8))
    return expected
