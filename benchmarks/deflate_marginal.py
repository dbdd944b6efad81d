"""The decoder-marginal of deflate, measured: speed and cross-entropy.

python -m benchmarks.deflate_marginal

steps_per_second      256-way next-byte steps, against cloning zlib 256 times
sampling_rate         bytes a second of the compiled loop, in soup and where it loops
generating_rate       … of the mixture that generates best, with and without DRY
mixture_cost          24 experts against one
fork_cost             microseconds and bytes of a fork and of a fork that moves on
refresh_rules         bits per byte by what is counted, and how often
"""

import time
import tracemalloc
import zlib
from collections.abc import Callable, Iterable
from pydoc_data import topics
from unittest import mock

import numpy as np

from compgen.conditionals import decoder_marginal, marginal_tables
from compgen.conditionals.deflate_marginal import DeflateMarginal
from compgen.conditionals.experts import ExpertPlan
from compgen.conditionals.marginal_mixture import MarginalMixture
from compgen.conditionals.marginal_tables import FLAT_LENGTHS
from compgen.kernels.repeats import start, with_room

TEXT = "\n".join(topics.topics.values()).encode()
PRIME = 30_000


def seconds(action: Callable[[], object], repeats: int) -> float:
    """CPU seconds of one call, the best of three rounds; compiled beforehand."""
    action()
    best = float("inf")
    for _ in range(3):
        started = time.thread_time()
        for _ in range(repeats):
            action()
        best = min(best, (time.thread_time() - started) / repeats)
    return best


def clone_step(context: bytes) -> Callable[[], object]:
    """256 candidates the old way: copy the compressor, add a byte, flush."""
    primed = zlib.compressobj(9, zlib.DEFLATED, -15)
    primed.compress(context)

    def step() -> list[int]:
        lengths = []
        for value in range(256):
            clone = primed.copy()
            lengths.append(len(clone.compress(bytes([value])) + clone.flush()))
        return lengths

    return step


def marginal_steps(context: bytes, count: int) -> Callable[[], object]:
    """`count` next-byte steps over the text that follows, batched in one call."""
    state = DeflateMarginal(context)
    span = TEXT[-count:]
    return lambda: state.bits([span])


def steps_per_second(prime: int) -> tuple[float, float, float]:
    """256-way steps a second: clones; one at a time from Python; batched."""
    context = TEXT[:prime]
    state = DeflateMarginal(context)
    batch = 5_000
    return (
        1 / seconds(clone_step(context), 1),
        1 / seconds(state.next_byte, 1_000),
        batch / seconds(marginal_steps(context, batch), 1),
    )


def sampling_rate(min_p: float, seed: int = 0, count: int = 100_000) -> float:
    """Bytes a second of ancestral sampling from a 30 KB prime, on one thread."""
    state = DeflateMarginal(TEXT[:PRIME])
    uniforms = np.random.default_rng(seed).random(count)
    return count / seconds(lambda: state.fork().generate(uniforms, min_p=min_p), 1)


def generating_rate(dry: float, count: int = 100_000) -> float:
    """Bytes a second of 24 experts, as benchmarks/generation_quality.py finds them best."""
    halves = ExpertPlan(24).primes(TEXT[: 2 * PRIME], np.random.default_rng(0))
    state = MarginalMixture(halves, (4, 3, 3), experts=24, shape=FLAT_LENGTHS)
    uniforms = np.random.default_rng(0).random(count)

    def generate() -> None:
        repeats = start(
            b"", multiplier=dry, base=1.75, allowed=8, last_n=-1, breakers=(b"\n", b":", b'"', b"*")
        )
        repeats = with_room(repeats, count)
        state.fork().generate(uniforms, temperature=0.6, min_p=0.05, repeats=repeats)

    return count / seconds(generate, 1)


def mixture_cost() -> Iterable[tuple[str, float]]:
    """Microseconds a byte of held-out text, for one expert and for mixtures of 24."""
    text = TEXT[-5_000:]
    rng = np.random.default_rng(0)
    halves = ExpertPlan(24).primes(TEXT[:PRIME], rng)
    models = {
        "one": DeflateMarginal(TEXT[:PRIME]),
        "24 halves, whole history": MarginalMixture(halves, (0,)),
        "24 halves, contexts 5 4 3": MarginalMixture(halves, (5, 4, 3)),
        "8 halves x contexts 5 4 3": MarginalMixture(halves[:8], (5, 4, 3)),
    }
    for name, model in models.items():
        yield name, 1e6 * seconds(lambda model=model: model.bits([text]), 1) / len(text)  # type: ignore[misc]


def fork_cost() -> tuple[float, float, float]:
    """Seconds of a fork, of a fork and one byte, and bytes that the latter holds."""
    state = DeflateMarginal(TEXT[:PRIME])

    def move_on() -> DeflateMarginal:
        child = state.fork()
        child.advance(b"e")
        return child

    fork, move = seconds(state.fork, 2_000), seconds(move_on, 500)
    tracemalloc.start()
    children = [move_on() for _ in range(200)]
    held = tracemalloc.get_traced_memory()[0] / len(children)
    tracemalloc.stop()
    return fork, move, held


def cross_entropy(context: bytes, text: bytes) -> float:
    """Bits per byte of `text` after `context`."""
    return float(DeflateMarginal(context).bits([text])[0]) / len(text)


def refresh_rules() -> Iterable[tuple[str, float, float]]:
    """Bits per byte of the last 100 KB after 30 KB, and of the first 100 KB from nothing."""
    for counted, parsed, interval in (
        (1 << 14, 3 << 14, 8192),
        (1 << 15, 1 << 15, 8192),
        (1 << 14, 1 << 15, 8192),
        (1 << 14, 3 << 14, 1024),
        (1 << 14, 3 << 14, 65_536),
    ):
        with (
            mock.patch.object(marginal_tables, "COUNTED", counted),
            mock.patch.object(marginal_tables, "PARSED", parsed),
            mock.patch.object(decoder_marginal, "PARSED", parsed),
            mock.patch.object(decoder_marginal, "LONGEST_INTERVAL", interval),
        ):
            name = f"last {counted} of {parsed} bytes, every {interval}"
            after = cross_entropy(TEXT[:PRIME], TEXT[-100_000:])
            yield name, after, cross_entropy(b"", TEXT[:100_000])


def main() -> None:
    for prime in (30_000, 300_000):
        clones, single, batched = steps_per_second(prime)
        print(f"256-way steps a second, {prime} bytes of context:")
        print(f"  256 clones {clones:10.0f}")
        print(f"  next_byte  {single:10.0f}  ({single / clones:.0f} x)")
        print(f"  batched    {batched:10.0f}  ({batched / clones:.0f} x)")
    print(f"sampling, T = 1: {sampling_rate(0) / 1000:.0f} KB/s")
    for seed in range(3):
        print(f"sampling, min-p .1, seed {seed}: {sampling_rate(0.1, seed) / 1000:.0f} KB/s")
    for dry in (0.0, 0.8):
        print(f"24 experts, DRY {dry}: {generating_rate(dry) / 1000:.0f} KB/s")
    one = 0.0
    for name, cost in mixture_cost():
        one = one or cost
        print(f"{name:30s} {cost:8.2f} µs a byte  {cost / one:5.1f} x")
    fork, move, held = fork_cost()
    print(f"fork {1e6 * fork:.2f} µs, fork and advance {1e6 * move:.1f} µs, {held / 1024:.1f} KB")
    for name, after, cold in refresh_rules():
        print(f"{name:40s} primed {after:.4f}  cold {cold:.4f} bits per byte")


if __name__ == "__main__":
    main()
