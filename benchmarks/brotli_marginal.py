"""Brotli's decoder-marginal beside recompression: time of a next-byte step, and cross-entropy.

    python -m benchmarks.brotli_marginal

One thread. A recompression step is 256 candidates, each compressed after the context (and, in the
second column, measured to the bit); the marginal's is one `next_byte` and one `advance`, in the
compiled loop and called from Python. Times are the thread's own (processor time), medians of a
few runs.
"""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from compgen.compressors.brotli import Brotli
from compgen.conditionals.brotli_marginal import BrotliMarginal
from compgen.formats.brotli_stream import information_bits

HELD_OUT = 100_000
"""Bytes at the end of the prose that are scored and prime nothing."""


def prose() -> bytes:
    """The standard library's help topics: technical English, 466 KB in Python 3.11."""
    from pydoc_data.topics import topics

    return "\n".join(topics.values()).encode()


def marginal(context: bytes, quality: int) -> BrotliMarginal:
    compressor = Brotli(quality=quality)
    return BrotliMarginal(context, compress=compressor.compress, window=compressor.window)


@dataclass(frozen=True)
class Step:
    """Microseconds of one next-byte step, all 256 candidates."""

    context: int
    quality: int
    recompress: float
    measure: float
    """… with the exact bits of each stream."""
    compiled: float
    """The marginal, with all that reading the tables anew adds."""
    python: float
    fork: float

    @property
    def ratio(self) -> float:
        """How many times faster the compiled step is than recompression alone."""
        return self.recompress / self.compiled


def microseconds(work: Callable[[], object], repeats: int) -> float:
    """Median processor time of `work`."""
    times = []
    for _ in range(repeats):
        start = time.thread_time_ns()
        work()
        times.append((time.thread_time_ns() - start) / 1_000)
    return statistics.median(times)


def next_byte_step(context: int, quality: int) -> Step:
    """Time one step after `context` bytes of prose (repeated with its halves swapped if short)."""
    text = prose()
    while len(text) < context + 21_000:
        text = text + text[len(text) // 2 :] + text[: len(text) // 2]
    known, following = text[:context], text[context : context + 21_000]
    compressor = Brotli(quality=quality)
    repeats = 9 if quality < 10 else 3
    recompress = microseconds(lambda: compressor.compress(known + b"e"), repeats)
    stream = compressor.compress(known + b"e")
    information_bits(stream)  # compiled by now
    measure = microseconds(lambda: information_bits(stream), repeats)

    base = marginal(known, quality)
    base.fork().score(following[:10])
    compiled = microseconds(lambda: base.score(following[:20_000]), 1) / 20_000

    def python() -> None:
        for value in following[20_000:20_500]:
            base.next_byte()
            base.advance(bytes([value]))

    return Step(
        context,
        quality,
        256 * recompress,
        256 * (recompress + measure),
        compiled,
        microseconds(python, 1) / 500,
        microseconds(base.fork, 301),
    )


def cross_entropy(prime: int | None, quality: int, *, prompt: int = 300, every: int = 250) -> float:
    """Bits per byte on the last 100 KB of the prose, after its first `prime` bytes (None: all but
    those 100 KB) and the `prompt` bytes before each piece of 250 bytes, one at every `every`."""
    text = prose()
    first = len(text) - HELD_OUT
    base = marginal(text[: first if prime is None else prime], quality)
    bits: list[float] = []
    for position in range(first, len(text) - 249, every):
        state = base.fork()
        state.advance(text[position - prompt : position])
        bits.extend(state.score(text[position : position + 250]))
    return float(np.mean(bits))


def rolling(prime: int | None, quality: int, size: int) -> tuple[float, float]:
    """Bits per byte of what follows the prime (for 300 bytes) or of the last 100 KB, the context
    growing by all that was scored; and what brotli itself takes for it."""
    text = prose()
    first = len(text) - HELD_OUT
    known = text[: prime or first]
    following = text[first:] if size == HELD_OUT else text[len(known) : len(known) + size]
    compressor = Brotli(quality=quality)
    longer = information_bits(compressor.compress(known + following))
    own = (longer - information_bits(compressor.compress(known))) / len(following)
    return float(marginal(known, quality).score(following).mean()), own


def main() -> None:
    print("next-byte step, 256 candidates, µs          recompress     to the bit", end="")
    print("   compiled  Python   fork    ratio")
    for quality in (5, 11):
        for context in (30_000, 366_000, 1_000_000):
            step = next_byte_step(context, quality)
            print(
                f"  quality {quality:2d}, {context:9,d} bytes of context"
                f"{step.recompress:14,.0f}{step.measure:15,.0f}{step.compiled:11.1f}"
                f"{step.python:8.1f}{step.fork:7.1f}{step.ratio:9,.0f}"
            )
    print("cross-entropy, bits per byte      pieces of the last 100 KB", end="")
    print("   rolling, 300 B (own rate)   rolling, 100 KB (own rate)")
    for quality in (5, 9, 11):
        for prime in (30_000, None):
            short, own_short = rolling(prime, quality, 300)
            long, own_long = rolling(prime, quality, HELD_OUT)
            print(
                f"  quality {quality:2d}, prime {prime or 366_195:7,d} bytes"
                f"{cross_entropy(prime, quality):27.3f}"
                f"{short:18.3f} ({own_short:.3f}){long:22.3f} ({own_long:.3f})"
            )


if __name__ == "__main__":
    main()
