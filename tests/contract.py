"""What every compressor and every conditional must satisfy, as functions that tests call.

    check_compressor(Zstd(level=19))
    check_conditional(lambda context: Zstd().condition(context), compressor=Zstd())

A package that brings a compressor of its own can run both on it.
"""

import itertools
import pickle
import random
import warnings
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from compgen.compressor import Compressor
from compgen.conditional import BYTES, Conditional
from compgen.distribution import normalise
from compgen.errors import CompgenWarning, CompressorError
from compgen.reading import Reading
from compgen.registry import get_compressor
from tests.texts import ENGLISH

SAMPLES = {
    "nothing": b"",
    "one byte": b"\x00",
    "all bytes": bytes(range(256)),
    "random": random.Random(1).randbytes(3001),
    "repetitive": b"abcab" * 1000 + b"c",
    "zeros": bytes(70_000),
    "text": ENGLISH[:20_000],
}

CONTEXTS = (b"", b"a", ENGLISH[:700], bytes(range(256)) * 3)
CONTINUATIONS = (
    b"",
    b"e",
    b"the ",
    b"\x00\xff",
    ENGLISH[700:740],
    b"aaaaaaaaaaaaaaaaaaaaaaa",
    b"e",
)

PIECES = st.one_of(
    st.binary(max_size=60),
    st.sampled_from([b"the ", b"\x00", b"abcabc", bytes(range(200, 256))]),
    st.builds(lambda unit, times: unit * times, st.binary(max_size=5), st.integers(0, 400)),
)
DATA = st.lists(PIECES, max_size=12).map(b"".join)
"""Bytes with something to find in them: pieces that repeat, beside noise."""

Factory = Callable[[bytes], Conditional]


# ------------------------------------------------------------------------------ compressors


def check_compressor(
    compressor: Compressor,
    *,
    detects_damage: bool = False,
    examples: int = 25,
    largest: int | None = None,
) -> None:
    """Everything below. `detects_damage` holds it to what a checksum makes possible: damaged
    streams are refused or decoded correctly, never decoded to something else. For a slow one,
    the samples are cut to the `largest` bytes."""
    check_round_trips(compressor, examples, largest)
    check_identity(compressor)
    check_threads(compressor, largest)
    check_damage(compressor, detects_damage)


def check_round_trips(compressor: Compressor, examples: int, largest: int | None = None) -> None:
    for what, sample in SAMPLES.items():
        data = sample[:largest]
        stream = compressor.compress(data)
        assert type(stream) is bytes, what
        assert compressor.decompress(stream) == data, what
        assert len(compressor.compress(data)) == len(stream), f"{what}: its length varies"
        compressor.verify(data)

    @settings(
        max_examples=examples,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    @given(DATA)
    def gives_back(data: bytes) -> None:
        assert compressor.decompress(compressor.compress(data)) == data

    gives_back()


def check_identity(compressor: Compressor) -> None:
    """Its spec, its pickle and its value name it."""
    spec = str(compressor)
    assert spec.partition(":")[0] == compressor.name
    for twin in (get_compressor(spec), pickle.loads(pickle.dumps(compressor))):
        assert twin == compressor
        assert hash(twin) == hash(compressor)
        assert str(twin) == spec
        assert type(twin) is type(compressor)
        assert twin.compress(b"the same the same") == compressor.compress(b"the same the same")
    assert type(compressor).library() == compressor.library()
    assert compressor.prime_bytes > 0
    assert compressor.window is None or compressor.window > 0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CompgenWarning)  # that `auto` is no more than `bytes`
        assert compressor.resolve(Reading.AUTO) in compressor.readings
    with pytest.raises(AttributeError):
        compressor.name = "changed"  # type: ignore[misc]


def check_threads(compressor: Compressor, largest: int | None = None) -> None:
    """One compressor, asked by several threads at once, gives what it gives one of them."""
    texts = [ENGLISH[start : start + 900 + start][:largest] for start in range(0, 8000, 500)]
    expected = [compressor.compress(text) for text in texts]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(compressor.compress, texts)) == expected


def check_damage(compressor: Compressor, detects_damage: bool) -> None:
    data = ENGLISH[:2000]
    stream = compressor.compress(data)
    for damaged in _cuts(stream):
        with pytest.raises(CompressorError) as refusal:
            compressor.decompress(damaged)
        assert "\n" not in str(refusal.value)
    for damaged in itertools.chain(_flips(stream), _noise()):
        decoded = _decoded_or_refused(compressor, damaged)
        if detects_damage:
            assert decoded in (None, data)
    assert _decoded_or_refused(compressor, stream + b"garbage") in (None, data)


def _decoded_or_refused(compressor: Compressor, stream: bytes) -> bytes | None:
    try:
        decoded = compressor.decompress(stream)
    except CompressorError:
        return None
    assert type(decoded) is bytes
    return decoded


def _cuts(stream: bytes) -> Iterable[bytes]:
    return (stream[:length] for length in (1, 5, len(stream) // 2, len(stream) - 1))


def _flips(stream: bytes) -> Iterable[bytes]:
    """One bit changed: in each of the first bytes, where headers are, and here and there."""
    rng = random.Random(2)
    places = [*range(min(40, len(stream))), *(rng.randrange(len(stream)) for _ in range(25))]
    for place in [*places, len(stream) - 1]:
        flipped = bytearray(stream)
        flipped[place] ^= 1 << rng.randrange(8)
        yield bytes(flipped)


def _noise() -> Iterable[bytes]:
    rng = random.Random(3)
    return (rng.randbytes(length) for length in (2, 9, 20, 400))


# ----------------------------------------------------------------------------- conditionals


def check_conditional(
    condition: Factory,
    *,
    compressor: Compressor | None = None,
    contexts: Sequence[bytes] = CONTEXTS,
    continuations: Sequence[bytes] = CONTINUATIONS,
    tolerance: float = 1e-9,
) -> None:
    """Everything below, at every context. `condition` makes the conditional of a context.

    With `compressor`, code lengths are held to recompression: right for the reading `bytes`.
    `tolerance` is in bits, for what may be computed in another order.
    """
    for context in contexts:
        check_code_lengths(condition(context), continuations, tolerance)
        check_next_byte(condition(context), tolerance)
        check_movement(condition, context, continuations, tolerance)
        if compressor is not None:
            check_oracle(condition(context), compressor, context, continuations)


def check_code_lengths(
    conditional: Conditional, continuations: Sequence[bytes], tolerance: float
) -> None:
    bits = conditional.bits(continuations)
    assert bits.shape == (len(continuations),)
    assert bits.dtype == np.float64
    assert not np.isnan(bits).any()
    assert conditional.bits([]).shape == (0,)
    assert conditional.bits([b""])[0] == pytest.approx(0, abs=tolerance)
    alone = [float(conditional.bits([continuation])[0]) for continuation in continuations]
    np.testing.assert_allclose(bits, alone, atol=tolerance, err_msg="asked together or alone")
    if conditional.exact:
        for continuation, expected in zip(continuations, bits, strict=True):
            state, chained = conditional.fork(), []
            for value in continuation:
                chained.append(state.next_byte()[value])
                state.advance(BYTES[value])
            assert sum(chained) == pytest.approx(expected, abs=tolerance), "the chain rule"
            at_once, after = conditional.fork(), conditional.fork()
            lengths = at_once.code_lengths(continuation)
            np.testing.assert_allclose(lengths, chained, atol=tolerance, err_msg="byte by byte")
            after.advance(continuation)
            np.testing.assert_allclose(at_once.next_byte(), after.next_byte(), atol=tolerance)


def check_next_byte(conditional: Conditional, tolerance: float) -> None:
    bits = conditional.next_byte()
    assert bits.shape == (256,)
    assert bits.dtype == np.float64
    assert np.exp2(-bits).sum() == pytest.approx(1, abs=1e-9)
    np.testing.assert_allclose(bits, normalise(conditional.bits(BYTES)), atol=tolerance)
    few = conditional.next_byte_of(b"eta")
    assert np.isinf(np.delete(few, list(b"eta"))).all()
    np.testing.assert_allclose(few[list(b"eta")], normalise(bits[list(b"eta")]), atol=tolerance)
    prefixes = [b"", b"th"]
    rows = conditional.next_bytes(prefixes)
    assert rows.shape == (2, 256)
    for prefix, row in zip(prefixes, rows, strict=True):
        expected = conditional.bits([prefix + byte for byte in BYTES])
        np.testing.assert_allclose(row, expected, atol=tolerance, err_msg=f"after {prefix!r}")


def check_movement(
    condition: Factory, context: bytes, continuations: Sequence[bytes], tolerance: float
) -> None:
    """Advancing is the same as a longer context, and a fork goes its own way."""

    def assert_same(one: Conditional, other: Conditional, what: str) -> None:
        for ask in (lambda asked: asked.bits(continuations), lambda asked: asked.next_byte()):
            np.testing.assert_allclose(ask(one), ask(other), atol=tolerance, err_msg=what)

    first, second = b"th", b"e quick \x00 the"
    fresh = condition(context)
    moved = condition(context)
    asked = moved.next_byte().copy()
    twin = moved.fork()
    assert type(twin) is type(moved)
    assert twin.reading == moved.reading
    moved.advance(first)
    assert_same(twin, fresh, "the original advanced, its fork did not")
    assert_same(moved, condition(context + first), "advanced once")
    twin.advance(second)
    assert_same(moved, condition(context + first), "the fork advanced, the original did not")
    assert_same(twin, condition(context + second), "a fork advanced")
    moved.advance(b"")
    moved.advance(second)
    assert_same(moved, condition(context + first + second), "advanced twice")
    np.testing.assert_array_equal(fresh.next_byte(), asked, "asking changed it")


def check_oracle(
    conditional: Conditional,
    compressor: Compressor,
    context: bytes,
    continuations: Sequence[bytes],
) -> None:
    """The reading `bytes` is what recompressing everything says, to the bit."""
    assert conditional.reading is Reading.BYTES
    before = len(compressor.compress(context))
    expected = [8 * (len(compressor.compress(context + x)) - before) for x in continuations]
    np.testing.assert_array_equal(conditional.bits(continuations), expected)
