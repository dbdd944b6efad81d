"""The parts `code` and `generate` of benchmarks/neural.py: portable coding and writing.

CPU seconds of one thread; compilation is over before anything is measured. Each speed, but those
of lanes, is the best of three: others may be at work on the same machine.

    strength    cm, the network alone, both mixed, on one text each, coded byte after byte
    lanes       what coding a text in lanes costs in length, and gains in speed
    overhead    of the coded stream over the sum of -log2 p of the same lanes
"""

import argparse
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from benchmarks.cm import split
from compgen.conditionals.context_mixing import ContextMixing
from compgen.conditionals.neural import NeuralConditional, PortableNeural
from compgen.conditionals.neural_mixing import NeuralMixing, PortableMixing
from compgen.kernels.matrix import product
from compgen.neural.engines import engine_of
from compgen.neural.lanes import ALONE, MIXED, LaneRule
from compgen.neural.portable import PortableGru

T = TypeVar("T")
TAIL = 100_000
ROUNDS = 1
LANES = (1, 4, 16, 64)
SHAPING: dict[str, Any] = {"temperature": 0.8, "min_p": 0.05}


def timed(work: Callable[[], T], rounds: int = 3) -> tuple[T, float]:
    """What `work` returns, and the CPU seconds that it took, at best."""
    best = np.inf
    for _ in range(rounds):
        started = time.process_time()
        result = work()
        best = min(best, time.process_time() - started)
    return result, best


def portable(directory: Path | str) -> PortableGru:
    engine = engine_of(directory)
    if not isinstance(engine, PortableGru):
        raise SystemExit(f"{directory}: only a GRU is portable")
    PortableMixing(engine, b"compile", bits=12).encode(b"first")
    PortableNeural(engine, b"compile").encode(b"first")
    ContextMixing(b"compile", bits=12).encode(b"first")
    return engine


def code(arguments: argparse.Namespace) -> None:
    """Bits per byte and bytes per second of portable coding."""
    topics = portable(arguments.model) if arguments.model else None
    engine = portable("")
    print("bits per byte, one lane           cm   network     mixed")
    if topics:
        rest, held_out = split()
        row("topics held out, cold", topics, b"", held_out)
        row("the same, primed", topics, rest, held_out)
    for path in arguments.texts:
        data = path.read_bytes()
        row(path.name, engine, b"", data)
    texts = [path.read_bytes() for path in arguments.texts] or [split()[1]]
    in_lanes(engine, max(texts, key=len)[-TAIL:])
    arithmetic(engine)


def row(name: str, engine: PortableGru, prime: bytes, data: bytes) -> None:
    """The last TAIL bytes of `data`, or all of it."""
    data = data[-TAIL:]
    alone = PortableNeural(engine, prime[-4096:])
    models: list[Any] = [
        ContextMixing(prime),
        alone,
        PortableMixing(engine, corpus=prime),
    ]
    found = [float(model.code_lengths(data).mean()) for model in models]
    print(f"{name[:28]:28s}" + "".join(f"{bits:10.3f}" for bits in found), flush=True)


def in_lanes(engine: PortableGru, data: bytes) -> None:
    """Length and speed in so many lanes, then what the entropy coders add."""
    heads = "bits per byte   coding  decoding, thousand bytes a second"
    print(f"\n{len(data):,} bytes             {heads}")
    for lanes in LANES:
        mark = " *" if ALONE.most == lanes else ""
        print(f"network {lanes:4d} lanes{coded(engine, NeuralConditional, lanes, data)}{mark}")
    for lanes in LANES:
        mark = " *" if MIXED.most == lanes else ""
        print(f"mixed   {lanes:4d} lanes{coded(engine, NeuralMixing, lanes, data)}{mark}")
    print(f"* the rule: {ALONE} alone, {MIXED} mixed")
    stream = PortableNeural(engine).encode(data)
    ideal = lanes_cost(engine, data)
    print(f"coder overhead, network alone: {100 * (8 * len(stream) / ideal - 1):.4f} %")
    stream = ContextMixing().encode(data)
    ideal = float(ContextMixing().code_lengths(data).sum())
    print(f"coder overhead, bit by bit:    {100 * (8 * len(stream) / ideal - 1):.4f} %")


def coded(
    engine: PortableGru,
    kind: type[NeuralConditional] | type[NeuralMixing],
    lanes: int,
    data: bytes,
) -> str:
    """Bits per byte and speeds in so many lanes; the rule is put back."""
    own, kind.lane_rule = kind.lane_rule, LaneRule(1, lanes)

    def fresh() -> Any:
        return PortableNeural(engine) if kind is NeuralConditional else PortableMixing(engine)

    stream, coding = timed(lambda: fresh().encode(data), ROUNDS)
    back, decoding = timed(lambda: fresh().decode(stream, len(data)), ROUNDS)
    kind.lane_rule = own
    if back != data:
        raise SystemExit("the data did not come back")
    rates = [len(data) / seconds / 1e3 for seconds in (coding, decoding)]
    return f"{8 * len(stream) / len(data):17.3f}{rates[0]:15.1f}{rates[1]:10.1f}"


def lanes_cost(engine: PortableGru, data: bytes) -> float:
    """The sum of -log2 p, in the lanes that `encode` codes in."""
    starts, lengths = ALONE.lanes(len(data))
    fresh = PortableNeural(engine)
    return float(
        sum(
            fresh.fork().code_lengths(data[start : start + length]).sum()
            for start, length in zip(starts.tolist(), lengths.tolist(), strict=True)
        )
    )


def arithmetic(engine: PortableGru) -> None:
    """Of the matrix product, which is most of a step."""
    print("\nlanes   GFLOP/s of the product   microseconds a byte, whole step")
    for lanes in LANES:
        speed, seconds = one_step(engine, lanes)
        print(f"{lanes:5d}{speed / 1e9:16.1f}{seconds / lanes * 1e6:26.1f}")


def one_step(engine: PortableGru, lanes: int) -> tuple[float, float]:
    """Operations a second in the recurrent product, and seconds of a step."""
    state, weights = engine.begin(lanes), engine.weights
    data = np.zeros(lanes, np.uint8)
    rounds = 400 // lanes + 20

    def products() -> None:
        for _ in range(rounds):
            product(state.hidden, weights.recurrent, weights.recurrent_bias, state.gates)

    def steps() -> None:
        for _ in range(rounds):
            engine.step(state, data)

    operations = 2 * lanes * weights.recurrent.size * rounds
    return operations / timed(products)[1], timed(steps)[1] / rounds


def generate(arguments: argparse.Namespace) -> None:
    """Bytes per second of writing."""
    engine = portable(arguments.model or "")
    uniforms = np.random.default_rng(0).random((16, 2000))
    alone = PortableNeural(engine, b"Once upon a time")
    mixed = PortableMixing(engine, b"Once upon a time").writing()
    for warm in (alone, mixed):
        warm.fork().generate(uniforms[0, :50], **SHAPING)
    print("writing, thousand bytes a second of one core")
    seconds = timed(lambda: alone.fork().generate(uniforms[0], **SHAPING))[1]
    print(f"network, batch 1   {uniforms.shape[1] / seconds / 1e3:8.1f}")
    many = [alone] * 16
    seconds = timed(lambda: PortableNeural.generate_together(many, uniforms, **SHAPING))[1]
    print(f"network, batch 16  {uniforms.size / seconds / 1e3:8.1f}")
    seconds = timed(lambda: mixed.fork().generate(uniforms[0], **SHAPING))[1]
    print(f"mixed, batch 1     {uniforms.shape[1] / seconds / 1e3:8.1f}")
