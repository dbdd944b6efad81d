"""The batched, compiled sampling loop: n samples at once on several threads.

    conditional ─ fork ─► generate (compiled, without the GIL) ─► bytes     one thread a sample
    uniforms (n, n_bytes) ─────────┘

The same uniform numbers give the same bytes as the Python-level loop of
`next_byte`, `compgen.distribution` and `advance`; only the speed differs.
"""

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Protocol, Self, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from compgen.errors import UsageError

if TYPE_CHECKING:
    from compgen.kernels.repeats import Repeats


@runtime_checkable
class Compiled(Protocol):
    """A conditional that has a compiled loop of its own."""

    def fork(self) -> Self:
        """An independent conditional with the same context."""

    def generate(
        self,
        uniforms: NDArray[np.float64],
        *,
        temperature: float = 1.0,
        top_k: int = 0,
        typical: float = 1.0,
        top_p: float = 1.0,
        min_p: float = 0.0,
    ) -> tuple[bytes, NDArray[np.float64]]:
        """One byte for each uniform number in [0, 1), advancing over them, and its bits."""


@runtime_checkable
class CompiledDry(Protocol):
    """A conditional whose compiled loop penalises repeats, too."""

    penalises_repeats: bool

    def fork(self) -> Self:
        """An independent conditional with the same context."""

    def generate(
        self,
        uniforms: NDArray[np.float64],
        *,
        temperature: float = 1.0,
        top_k: int = 0,
        typical: float = 1.0,
        top_p: float = 1.0,
        min_p: float = 0.0,
        repeats: "Repeats | None" = None,
    ) -> tuple[bytes, NDArray[np.float64]]:
        """As above; `repeats` holds prompt and output so far, and has room for the bytes."""


@runtime_checkable
class Together(Protocol):
    """A conditional of which several are continued in one batch, faster than one by one."""

    @classmethod
    def generate_together(
        cls,
        conditionals: Sequence[Any],
        uniforms: NDArray[np.float64],
        *,
        temperature: float = 1.0,
        top_k: int = 0,
        typical: float = 1.0,
        top_p: float = 1.0,
        min_p: float = 0.0,
    ) -> NDArray[np.uint8]:
        """The bytes of `sample`; the conditionals stay where they are."""


def sample(
    conditionals: Sequence[Compiled],
    uniforms: NDArray[np.float64],
    *,
    temperature: float = 1.0,
    top_k: int = 0,
    typical: float = 1.0,
    top_p: float = 1.0,
    min_p: float = 0.0,
    threads: int | None = None,
) -> NDArray[np.uint8]:
    """Continue each conditional, which stays where it is: bytes, uint8 (n, n_bytes).

    `uniforms`, float64 (n, n_bytes), decides every draw: uniforms[i, t] byte t of sample i.
    The same conditional may be given n times. The options are those of
    `compgen.distribution`, in its order: top_k, typical, top_p, min_p, temperature.
    `threads` defaults to the processors that this process may use.

    Raises UsageError where the numbers of conditionals and rows differ.
    """
    if uniforms.ndim != 2 or len(conditionals) != uniforms.shape[0]:
        raise UsageError(
            f"{len(conditionals)} conditionals and uniforms of shape {uniforms.shape}; "
            "there must be one row of uniform numbers for each conditional"
        )
    kinds = {type(conditional) for conditional in conditionals}
    if len(kinds) == 1 and issubclass(kind := kinds.pop(), Together):
        together: NDArray[np.uint8] = kind.generate_together(
            conditionals,
            uniforms,
            temperature=temperature,
            top_k=top_k,
            typical=typical,
            top_p=top_p,
            min_p=min_p,
        )
        return together
    forks = [conditional.fork() for conditional in conditionals]

    def one(index: int) -> bytes:
        # the fork is dropped when it is done: it owns a copy of its window by then
        fork, forks[index] = forks[index], None  # type: ignore[call-overload]
        continuation, _ = fork.generate(
            uniforms[index],
            temperature=temperature,
            top_k=top_k,
            typical=typical,
            top_p=top_p,
            min_p=min_p,
        )
        return continuation

    workers = min(threads or _processors(), max(1, len(forks)))
    if workers == 1:
        pieces = [one(index) for index in range(len(forks))]
    else:
        with ThreadPoolExecutor(workers) as executor:
            pieces = list(executor.map(one, range(len(forks))))
    return np.frombuffer(b"".join(pieces), np.uint8).reshape(uniforms.shape)


def _processors() -> int:
    """Processors that this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
