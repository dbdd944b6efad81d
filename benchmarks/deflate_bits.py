"""deflate's code lengths by the replica of zlib's encoder, beside copies of zlib's own state.

    clone     compressobj.copy() ─ compress(candidate) ─ flush(): whole bytes
    replica   DeflateBits.bits(candidates): exact bits, payload, or frozen prices

Timed in turns within one run, one thread, processor time; the medians' ratio is what to
believe. The text is `pydoc_data.topics`; spans are what follows the context, piece by piece.

    python benchmarks/deflate_bits.py
    python benchmarks/deflate_bits.py --level 6 --context 30000 --json
"""

import argparse
import json
import statistics
import sys
import time
import zlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pydoc_data.topics import topics

from compgen.conditional import BYTES
from compgen.conditionals.deflate_bits import DeflateBits
from compgen.reading import Reading

TEXT = "\n".join(topics.values()).encode()
SPANS = (16, 65)
TARGETS = {
    ("bits", 1, 30_000): 10,
    ("bits", 1, 300_000): 20,
    ("frozen", 1, 30_000): 100,
    ("frozen", 1, 300_000): 250,
    ("frozen", 65, 30_000): 15,
    ("frozen", 65, 300_000): 15,
}
"""Least ratio of candidates per second, by reading, candidate's length and context's."""


@dataclass(frozen=True)
class Measurement:
    """One question put to both sides."""

    reading: str
    context_bytes: int
    candidates: int
    candidate_bytes: int
    clone_microseconds: float
    """Per candidate."""
    replica_microseconds: float
    ratio: float
    target: int | None


def clone_lengths(state: "zlib._Compress", candidates: Sequence[bytes]) -> list[int]:
    """What the replica is measured against: one copy of zlib's state per candidate."""
    lengths = []
    for candidate in candidates:
        copy = state.copy()
        lengths.append(len(copy.compress(candidate)) + len(copy.flush()))
    return lengths


def medians(actions: Iterable[Callable[[], object]], rounds: int) -> list[float]:
    """Median seconds of processor time of each action, taken in turns."""
    actions = list(actions)
    times: list[list[float]] = [[] for _ in actions]
    for turn in range(rounds + 1):
        for action, taken in zip(actions, times, strict=True):
            start = time.thread_time()
            action()
            if turn:  # the first warms up, and compiles
                taken.append(time.thread_time() - start)
    return [statistics.median(taken) for taken in times]


def measure(level: int, context_bytes: int, rounds: int) -> list[Measurement]:
    """Every reading at one context, single bytes and spans."""
    context, rest = TEXT[:context_bytes], TEXT[context_bytes:]
    state = zlib.compressobj(level, zlib.DEFLATED, -15)
    state.compress(context)
    spans = [[rest[at : at + size] for at in range(0, 128 * size, size)] for size in SPANS]
    measurements = []
    for batch in (BYTES, *spans):
        sides: list[Callable[[], object]] = [partial(clone_lengths, state, batch)]
        readings = [(Reading.BITS, False), (Reading.PAYLOAD, False)]
        readings += [(Reading.FROZEN, False), (Reading.FROZEN, True)]
        for reading, tables in readings:
            bits = DeflateBits(context, reading=reading, level=level, integer_tables=tables)
            sides.append(partial(bits.bits, batch))
        clone, *replicas = (seconds / len(batch) for seconds in medians(sides, rounds))
        for (reading, tables), replica in zip(readings, replicas, strict=True):
            measurements.append(
                Measurement(
                    f"{reading} (Huffman)" if tables else str(reading),
                    context_bytes,
                    len(batch),
                    len(batch[0]),
                    clone * 1e6,
                    replica * 1e6,
                    clone / replica,
                    TARGETS.get((reading, len(batch[0]), context_bytes)),
                )
            )
    return measurements


def measure_movement(level: int, context_bytes: int, rounds: int) -> dict[str, float]:
    """Microseconds of what surrounds scoring, and bytes that a fork copies."""
    bits = DeflateBits(TEXT[:context_bytes], level=level)
    state = zlib.compressobj(level, zlib.DEFLATED, -15)
    state.compress(TEXT[:context_bytes])
    position = context_bytes

    def advance() -> None:
        nonlocal position
        for _ in range(100):
            bits.advance(TEXT[position : position + 1])
            position = (position + 1) % len(TEXT)

    def branch() -> None:
        for _ in range(100):
            bits.fork().advance(b"e")

    fork, copy, step, forked_step, context = medians(
        [
            lambda: [bits.fork() for _ in range(100)],
            lambda: [state.copy() for _ in range(100)],
            advance,
            branch,
            lambda: DeflateBits(TEXT[:context_bytes], level=level),
        ],
        rounds,
    )
    return {
        "fork": fork * 1e4,
        "zlib copy": copy * 1e4,
        "advance by a byte": step * 1e4,
        "fork and advance": forked_step * 1e4,
        "read the context": context * 1e6,
    }


def show(measurements: Iterable[Measurement]) -> None:
    """A table of ratios; a target that was missed is marked."""
    print(f"{'reading':18}{'context':>9}{'bytes':>6}{'clone µs':>10}{'ours µs':>9}{'ratio':>8}")
    for m in measurements:
        goal = f"   at least {m.target}" + ("" if m.ratio >= m.target else " !") if m.target else ""
        print(
            f"{m.reading:18}{m.context_bytes:9,}{m.candidate_bytes:6}"
            f"{m.clone_microseconds:10.1f}{m.replica_microseconds:9.2f}{m.ratio:7.0f}×{goal}"
        )


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--context", type=int, action="append", help="bytes; may be repeated")
    parser.add_argument("--level", type=int, default=9)
    parser.add_argument("--rounds", type=int, default=11)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(arguments)
    for context_bytes in options.context or (30_000, 300_000):
        measurements = measure(options.level, context_bytes, options.rounds)
        movement = measure_movement(options.level, context_bytes, options.rounds)
        if options.json:
            print(json.dumps({"measured": [asdict(m) for m in measurements], "µs": movement}))
        else:
            show(measurements)
            print(", ".join(f"{name} {value:.1f} µs" for name, value in movement.items()), "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
