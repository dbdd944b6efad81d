"""One function over many candidates, on as many threads as there are cores.

zlib, bz2, zstd, brotli and Pillow release the interpreter lock while they compress, and an
external command is a process of its own, so threads are enough.
"""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import TypeVar

T = TypeVar("T")

CHUNKS_PER_THREAD = 4


@cache
def _pool(threads: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(threads, thread_name_prefix="compgen")


def threads() -> int:
    """How many threads score candidates: the cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def map_chunks(
    score: Callable[[Sequence[bytes]], list[T]],
    candidates: Sequence[bytes],
    parallel: bool,
) -> list[T]:
    """`score(candidates)`, computed chunk by chunk on all cores if `parallel`; order is kept."""
    workers = threads()
    if not parallel or workers == 1 or len(candidates) < 2 * workers:
        return score(candidates)
    size = -(-len(candidates) // (workers * CHUNKS_PER_THREAD))
    chunks = [candidates[start : start + size] for start in range(0, len(candidates), size)]
    return [value for part in _pool(workers).map(score, chunks) for value in part]
