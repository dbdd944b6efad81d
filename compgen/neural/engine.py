"""`Engine`: what runs a model over bytes, many lanes side by side.

    Checkpoint ─► Engine ── begin(n) ──► state of n lanes that have read nothing
                            step      ─► each lane reads a byte of its own
                            frequencies ► what each expects next: whole numbers that sum to 2^24
                            read      ─► one lane reads many bytes, and is asked before each

Both sides of a coder ask an engine the same questions in the same order, and must get the same
whole numbers. `mode` says how far that holds: "portable", on any machine; otherwise, on one like
the one where the file was written, as `traits` describe it.
"""

from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]
Cumulative = NDArray[np.int32]
"""Shape (n, 257): the sums of the frequencies of all bytes below each; the last is 2^24."""

State = TypeVar("State")


class Engine(Protocol[State]):
    """A model that is ready to run; what it has read is in the states, which it makes."""

    sha256: str
    """Of the model: `Checkpoint.sha256`."""

    @property
    def traits(self) -> dict[str, str]:
        """How it computes: mode, device, dtype, torch, threads."""

    def begin(self, lanes: int) -> State:
        """The state of so many lanes that have read nothing."""

    def choose(self, state: State, which: NDArray[np.intp]) -> State:
        """Copies of the lanes `which`, of each as often as it is named."""

    def step(self, state: State, data: Bytes) -> None:
        """Move the first n lanes on, in place, by a byte each: `data`, shape (n,)."""

    def frequencies(self, state: State) -> Cumulative:
        """What follows in each lane."""

    def read(self, state: State, data: Bytes) -> Cumulative:
        """Move one lane on, in place, over `data`; returns its `frequencies` before each byte."""
