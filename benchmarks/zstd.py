"""zstd's decoder-marginal beside recompression: time of a next-byte step, and cross-entropy.

    python -m benchmarks.zstd

One thread. A recompression step is 256 candidates, each compressed after the context and
measured to the bit; the marginal's is one `next_byte` and one `advance`, in the compiled loop
and called from Python. Times are the thread's own (processor time), medians of a few runs.
"""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import zstandard

from compgen.conditionals.zstd_marginal import ZstdMarginal
from compgen.formats.zstd_frame import information_bits


def prose() -> bytes:
    """The standard library's help topics: technical English, 466 KB in Python 3.11."""
    from pydoc_data.topics import topics

    return "\n".join(topics.values()).encode()


@dataclass(frozen=True)
class Step:
    """Microseconds of one next-byte step, all 256 candidates."""

    context: int
    level: int
    recompress: float
    compiled: float
    python: float
    fork: float

    @property
    def ratio(self) -> float:
        """How many times faster the compiled step is."""
        return self.recompress / self.compiled


def microseconds(work: Callable[[], object], repeats: int) -> float:
    """Median processor time of `work`."""
    times = []
    for _ in range(repeats):
        start = time.thread_time_ns()
        work()
        times.append((time.thread_time_ns() - start) / 1_000)
    return statistics.median(times)


def next_byte_step(context: int, level: int) -> Step:
    """Time one step after `context` bytes of prose (repeated with its halves swapped if short)."""
    text = prose()
    while len(text) < context + 11_000:
        text = text + text[len(text) // 2 :] + text[: len(text) // 2]
    known, following = text[:context], text[context : context + 11_000]
    compressor = zstandard.ZstdCompressor(level=level)

    def one_candidate() -> int:
        return information_bits(compressor.compress(known + b"e"))

    base = ZstdMarginal(known, level=level)
    base.fork().score(following[:10])  # compiled by now

    def compiled() -> None:
        base.score(following[:10_000])  # long enough that reading the tables anew is in it

    compiled_us = microseconds(compiled, 1) / 10_000

    def python() -> None:
        for value in following[10_000:10_500]:
            base.next_byte()
            base.advance(bytes([value]))

    return Step(
        context,
        level,
        256 * microseconds(one_candidate, 9),
        compiled_us,
        microseconds(python, 1) / 500,
        microseconds(base.fork, 301),
    )


def cross_entropy(
    prime: int | None, *, level: int = 3, positions: int = 2_000, prompt: int = 300
) -> float:
    """Bits per byte on the last 100 KB of the prose, after its first `prime` bytes (None: all
    but those 100 KB) and the `prompt` bytes before the position.

    `positions` 0 is all of them: pieces of 250 bytes, each after 300 bytes of prompt or more.
    """
    text = prose()
    first = len(text) - 100_000
    base = ZstdMarginal(text[: first if prime is None else prime], level=level)
    bits: list[float] = []
    if not positions:
        for position in range(first, len(text), 250):
            state = base.fork()
            state.advance(text[position - prompt : position])
            bits.extend(state.score(text[position : position + 250]))
        return float(np.mean(bits))
    for position in np.linspace(first, len(text) - 1, positions).astype(int):
        state = base.fork()
        state.advance(text[position - prompt : position])
        bits.append(state.next_byte()[text[position]])
    return float(np.mean(bits))


def rolling(prime: int | None, *, level: int = 3) -> float:
    """The same, the context growing by all that was scored."""
    text = prose()
    first = len(text) - 100_000
    return float(ZstdMarginal(text[: prime or first], level=level).score(text[first:]).mean())


def own_rate(prime: int | None, *, level: int = 3) -> float:
    """What zstd itself needs for the last 100 KB after the prime, bits per byte."""
    text = prose()
    first = len(text) - 100_000
    known = text[: prime or first]
    compressor = zstandard.ZstdCompressor(level=level)
    longer = information_bits(compressor.compress(known + text[first:]))
    return (longer - information_bits(compressor.compress(known))) / 100_000


def main() -> None:
    print("next-byte step, 256 candidates, µs      recompress    compiled   Python    fork   ratio")
    for level in (3, 19):
        for context in (30_000, 366_000, 1_000_000):
            step = next_byte_step(context, level)
            print(
                f"  level {level:2d}, {context:9,d} bytes of context"
                f"{step.recompress:14,.0f}{step.compiled:12.2f}{step.python:9.1f}{step.fork:8.1f}"
                f"{step.ratio:8,.0f}"
            )
    print("cross-entropy, bits per byte      2,000 positions   all of them   rolling   zstd's own")
    for level in (3, 19):
        for prime in (30_000, None):
            print(
                f"  level {level:2d}, prime {prime or 366_195:7,d} bytes"
                f"{cross_entropy(prime, level=level):18.3f}"
                f"{cross_entropy(prime, level=level, positions=0):14.3f}"
                f"{rolling(prime, level=level):10.3f}{own_rate(prime, level=level):13.3f}"
            )


if __name__ == "__main__":
    main()
