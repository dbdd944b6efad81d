"""zstd, brotli, bz2 and deflate read properly, beside recompression: one run, one thread.

    python -m benchmarks.codecs [step|entropy|paths|dither] …      default: all four

step     time of a next-byte step: `marginal` against compressing all 256 candidates
entropy  bits per byte of the true next byte: what a larger window is worth
paths    exact `bits` by every way that a library offers, and which one compgen takes
dither   what averaging over prefixes recovers where whole bytes are all that can be read

Times are the thread's own (processor time), medians of a few runs. The text is the standard
library's help topics: technical English, 466 KB in Python 3.11.
"""

import statistics
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import zstandard

from compgen import Compressor, Conditional, Reading, get_compressor
from compgen.conditional import BYTES
from compgen.conditionals.parallel import threads
from compgen.distribution import normalise
from compgen.formats import brotli_stream, zstd_frame

HELD_OUT = 100_000
"""Bytes at the end of the prose that are scored and prime nothing."""
PROMPT = 300
PIECE = 250


def prose() -> bytes:
    from pydoc_data.topics import topics

    return "\n".join(topics.values()).encode()


def prose_of(length: int) -> bytes:
    """At least `length` bytes: repeated with its halves swapped, so that copies are not whole."""
    text = prose()
    while len(text) < length:
        text = text + text[len(text) // 2 :] + text[: len(text) // 2]
    return text


def milliseconds(work: Callable[[], object], repeats: int) -> float:
    """Median processor time of `work`, in this thread."""
    times = []
    for _ in range(repeats):
        start = time.thread_time_ns()
        work()
        times.append((time.thread_time_ns() - start) / 1e6)
    return statistics.median(times)


# --- the time of a step ---------------------------------------------------------------------


def print_steps() -> None:
    print("A next-byte step, all 256 candidates, one thread")
    print(f"{'':22}{'context':>10}{'recompressing':>16}{'marginal':>12}{'called from Python':>21}")
    for spec in ("gzip", "zstd", "zstd:level=19", "brotli", "brotli:quality=11"):
        for context in (30_000, 366_000, 1_000_000):
            _print_step(spec, context)
    print()


def _print_step(spec: str, context: int) -> None:
    text = prose_of(context + 21_000)
    known, following = text[:context], text[context:]
    compressor = get_compressor(spec)
    # deflate sees no further than its window: recompressing more would flatter the ratio
    seen = known[-compressor.window :] if compressor.window else known
    slow = spec in ("zstd:level=19", "brotli:quality=11")
    recompress = 256 * milliseconds(lambda: compressor.compress(seen + b"e"), 3 if slow else 9)
    marginal: Any = compressor.condition(known, reading=Reading.MARGINAL)
    marginal.fork().code_lengths(following[:10])  # compiled by now
    # long enough that reading the tables anew is in it
    step = milliseconds(lambda: marginal.code_lengths(following[:20_000]), 1) / 20_000

    def one_by_one() -> None:
        for value in following[20_000:20_500]:
            marginal.next_byte()
            marginal.advance(BYTES[value])

    python = milliseconds(one_by_one, 1) / 500
    print(
        f"{spec:22}{context:10,d}{recompress:13,.1f} ms{1000 * step:9.2f} µs"
        f"{1000 * python:18.1f} µs"
        f"{recompress / step:12,.0f} times faster"
    )


# --- cross-entropy --------------------------------------------------------------------------


def print_entropies() -> None:
    print(f"Bits per byte on the last {HELD_OUT:,} bytes, primed with the first so many")
    print(f"{'':22}{'prime':>9}{'marginal':>11}{'growing':>10}{'its own rate':>15}")
    text = prose()
    first = len(text) - HELD_OUT
    for spec in ("gzip", "zstd", "zstd:level=19", "brotli", "brotli:quality=11"):
        compressor = get_compressor(spec)
        for prime in (30_000, first):
            base: Any = compressor.condition(text[:prime], reading=Reading.MARGINAL)
            growing = base.fork().code_lengths(text[first:]).mean()
            print(
                f"{spec:22}{prime:9,d}{_in_pieces(base, text, first):11.3f}{growing:10.3f}"
                f"{_own_rate(compressor, text[:prime], text[first:]):15.3f}"
            )
    print(
        f"marginal: pieces of {PIECE} bytes, each after the prime and the {PROMPT} bytes before "
        "it.\ngrowing: the context grows by all that was scored. its own rate: the bits that the\n"
        "program itself spends on those bytes after the prime.\n"
    )


def _in_pieces(base: Conditional, text: bytes, first: int) -> float:
    bits: list[float] = []
    for position in range(first, len(text) - PIECE + 1, PIECE):
        state = base.fork()
        state.advance(text[position - PROMPT : position])
        bits.extend(state.code_lengths(text[position : position + PIECE]))
    return float(np.mean(bits))


def _own_rate(compressor: Compressor, prime: bytes, data: bytes) -> float:
    after = compressor.condition(prime, reading=Reading.BITS)
    return float(after.bits([data])[0]) / len(data)


# --- ways to the exact length ---------------------------------------------------------------


def print_paths() -> None:
    workers = threads()
    print(f"Exact bits of 256 candidates, milliseconds of wall time ({workers} cores)")
    for context in (3_000, 30_000, 300_000):
        for level in (3, 19):
            if (context, level) != (300_000, 19):
                _print_zstd_paths(prose_of(context)[:context], level, workers)
        for spec in ("gzip", "brotli", "bz2"):
            _print_reading(spec, prose_of(context)[:context])
    print(
        "`dictionary` compresses the candidate alone, with the context as a prepared dictionary:\n"
        "fast, and another question. A frame of one byte is a raw block, so all 256 tie.\n"
    )


def _print_zstd_paths(context: bytes, level: int, workers: int) -> None:
    inputs: list[bytes | bytearray | memoryview[int]] = [context + byte for byte in BYTES]
    kept = zstandard.ZstdCompressor(level=level, write_content_size=False)
    dictionary = zstandard.ZstdCompressionDict(context, dict_type=zstandard.DICT_TYPE_RAWCONTENT)
    dictionary.precompute_compress(level=level)
    prepared = zstandard.ZstdCompressor(level=level, dict_data=dictionary)
    chosen = get_compressor(f"zstd:level={level}").condition(context, reading=Reading.BITS)

    def anew() -> list[bytes]:
        return [
            zstandard.ZstdCompressor(level=level, write_content_size=False).compress(data)
            for data in inputs
        ]

    streams = [kept.compress(data) for data in inputs[:8]]
    batch = kept.multi_compress_to_buffer(inputs[:8], threads=1)
    assert [batch[index].tobytes() for index in range(8)] == streams == anew()[:8]
    ways: dict[str, Callable[[], object]] = {
        "new compressors": anew,
        "one kept": lambda: [kept.compress(data) for data in inputs],
        f"multi_compress × {workers}": lambda: kept.multi_compress_to_buffer(
            inputs, threads=workers
        ),
        "measuring": lambda: [zstd_frame.information_bits(stream) for stream in streams * 32],
        f"compgen, threads × {workers}": lambda: chosen.bits(BYTES),
        "dictionary": lambda: [prepared.compress(byte) for byte in BYTES],
    }
    figures = ", ".join(f"{name} {_wall(way):.1f}" for name, way in ways.items())
    print(f"  zstd:level={level}, {len(context):,} bytes: {figures}")


def _print_reading(spec: str, context: bytes) -> None:
    compressor = get_compressor(spec)
    chosen = compressor.condition(context, reading=Reading.BITS)
    chosen.bits(BYTES)  # compiled by now
    brotli_stream.information_bits(get_compressor("brotli").compress(b"x"))
    some = context[-compressor.window :] if compressor.window else context
    alone = _wall(lambda: [compressor.compress(some + byte) for byte in BYTES[:32]]) * 8
    print(
        f"  {spec}, {len(context):,} bytes: recompressing one by one {alone:.1f}, "
        f"compgen {_wall(lambda: chosen.bits(BYTES)):.1f}"
    )


def _wall(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return 1000 * (time.perf_counter() - start)


# --- dithering ------------------------------------------------------------------------------


def print_dither() -> None:
    print("Reading `bytes`, dithered: bits per byte of the true next byte at T = 1; time of a step")
    text = prose()
    positions = np.linspace(len(text) - HELD_OUT, len(text) - 1, 24).astype(int).tolist()
    for spec in ("gzip", "zstd", "brotli", "png", "webp", "numcodecs:id=lz4"):
        compressor = get_compressor(spec)
        prime = min(compressor.prime_bytes, 30_000)
        figures = [
            _dithered(compressor, text, text[:prime], positions, prefixes) for prefixes in (0, 2, 8)
        ]
        print(f"  {spec:18}{prime:7,d} bytes of prime   " + "   ".join(figures))
    print()


def _dithered(
    compressor: Compressor, text: bytes, prime: bytes, positions: Sequence[int], prefixes: int
) -> str:
    start = time.process_time()
    bits = []
    for position in positions:
        context = prime + text[position - PROMPT : position]
        after = compressor.condition(context, reading=Reading.BYTES, dither=prefixes)
        bits.append(normalise(after.bits(BYTES))[text[position]])
    elapsed = (time.process_time() - start) / len(positions)
    return f"{prefixes} prefixes {np.mean(bits):5.2f} ({1000 * elapsed:,.0f} ms)"


PARTS = {
    "step": print_steps,
    "entropy": print_entropies,
    "paths": print_paths,
    "dither": print_dither,
}


def main() -> None:
    names = sys.argv[1:] or list(PARTS)
    if unknown := set(names) - set(PARTS):
        sys.exit(f"no part is called {', '.join(unknown)}; there are: {', '.join(PARTS)}")
    for name in names:
        PARTS[name]()


if __name__ == "__main__":
    main()
