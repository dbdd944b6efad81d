"""The context-mixing model: exact, the same everywhere, cheap to fork, and strong."""

import bz2
import hashlib
import math
import zlib
from typing import Any

import numpy as np
import pytest

from compgen import distribution
from compgen.conditionals.context_mixing import ContextMixing
from compgen.errors import UsageError
from compgen.kernels.cm_tables import LIMIT, ONE, UNIT, tables
from compgen.sampling.compiled import Compiled, CompiledDry, sample
from compgen.sampling.shaping import Shaping
from tests.contract import check_conditional
from tests.texts import ENGLISH, KINDS

BITS = 16
RHYME = (
    b"The Queen of Hearts, she made some tarts,\n  All on a summer's day:\n"
    b"The Knave of Hearts, he stole those tarts,\n  And took them quite away!\n"
)

GOLDEN_LENGTH = 1129
GOLDEN_STREAM = "bb8338abe38ef01b751ca60e0daa71b628594c6d5b01bcf1f34be5d6457c7ef4"
GOLDEN_PROBABILITIES = [
    "0x1.a71743252ba27p-15",
    "0x1.05e6e8ced985bp-13",
    "0x1.377c50a6d8b56p-12",
    "0x1.126f8a7a887ccp-10",
    "0x1.4ff5e2cfe6ef6p-5",
]
GOLDEN_TABLES = "9ac6f9907198647a"

SHAPINGS: dict[str, dict[str, Any]] = {
    "ancestral": {},
    "greedy": {"temperature": 0.0},
    "all": {"top_k": 40, "typical": 0.95, "top_p": 0.9, "min_p": 0.02, "temperature": 1.3},
}


def fixed_bytes() -> bytes:
    """Text, noise, runs and a record format: the same in every version of Python."""
    state, noise = 1, bytearray()
    for _ in range(600):
        state = (state * 1103515245 + 12345) % (1 << 31)
        noise.append(state >> 16 & 255)
    table = b"".join(b"%d;%d;row\n" % (i, i * i) for i in range(60))
    return RHYME + bytes(noise) + RHYME.upper() + b"\0" * 300 + table + RHYME + bytes(range(256))


def test_it_keeps_the_contract() -> None:
    check_conditional(lambda context: ContextMixing(context, bits=BITS))


# --------------------------------------------------------------- the same on every machine


def test_a_coded_stream_is_the_one_it_always_was() -> None:
    """Files must decode on any machine: a change here is a change of format."""
    model = ContextMixing(bits=BITS)
    stream = model.encode(fixed_bytes())
    assert len(stream) == GOLDEN_LENGTH
    assert hashlib.sha256(stream).hexdigest() == GOLDEN_STREAM
    assert [p.hex() for p in model.probabilities()[[0, 10, 65, 101, 255]]] == GOLDEN_PROBABILITIES


def test_tables_are_what_they_say() -> None:
    squash, stretch = tables().squash, tables().stretch
    exact = [ONE / (1 + math.exp(-x / UNIT)) for x in range(-LIMIT, LIMIT + 1)]
    assert np.abs(squash - np.clip(exact, 1, ONE - 1)).max() <= 0.5 + 1e-6
    for index in range(stretch.size):
        p = (index + 0.5) / stretch.size
        assert abs(stretch[index] - UNIT * math.log(p / (1 - p))) <= 0.51
    digest = hashlib.sha256(squash.astype("<i4").tobytes() + stretch.astype("<i2").tobytes())
    assert digest.hexdigest()[:16] == GOLDEN_TABLES


# ------------------------------------------------------------------------------- the coder


@pytest.mark.parametrize("kind", KINDS)
def test_what_was_encoded_is_decoded(kind: str) -> None:
    data = KINDS[kind][:9000]
    prime = ENGLISH[-2000:]
    model = ContextMixing(prime, bits=BITS)
    bits = model.fork().code_lengths(data).sum()
    stream = model.fork().encode(data)
    assert 8 * len(stream) == pytest.approx(bits, rel=1e-4, abs=40)
    assert model.decode(stream, len(data)) == data
    assert ContextMixing(prime, bits=BITS).decode(stream[: len(stream) // 2], 50) == data[:50]


def test_a_damaged_stream_gives_bytes_and_no_more() -> None:
    data = ENGLISH[:3000]
    stream = bytearray(ContextMixing(bits=BITS).encode(data))
    stream[40] ^= 4
    decoded = ContextMixing(bits=BITS).decode(bytes(stream), len(data))
    assert len(decoded) == len(data)
    assert decoded != data
    assert len(ContextMixing(bits=BITS).decode(b"", 100)) == 100
    assert ContextMixing(bits=BITS).decode(ContextMixing(bits=BITS).encode(b""), 0) == b""


# ------------------------------------------------------------------------------------ forks


def test_forks_share_the_table_and_diverge() -> None:
    model = ContextMixing(ENGLISH[:6000], bits=BITS)
    twin = model.fork()
    twin.advance(b"one way")
    model.advance(b"another")
    grandchild = twin.fork()
    grandchild.advance(b" and on")
    assert np.shares_memory(model._model.store.base, grandchild._model.store.base)
    for state, text in ((model, b"another"), (twin, b"one way"), (grandchild, b"one way and on")):
        expected = ContextMixing(ENGLISH[:6000] + text, bits=BITS)
        assert state.probabilities().tolist() == expected.probabilities().tolist()


def test_an_overlay_that_has_outgrown_the_table_is_merged() -> None:
    model = ContextMixing(ENGLISH[:500], bits=12)
    model.fork()
    text = ENGLISH[500:40_500]
    expected = ContextMixing(ENGLISH[:500], bits=12).code_lengths(text)
    found = []
    for start in range(0, len(text), 5000):
        found.append(model.code_lengths(text[start : start + 5000]))
        twin = model.fork()
        twin.advance(b"elsewhere" * 100)
    assert np.concatenate(found).tolist() == expected.tolist()
    assert model._model.store.used[0] * 8 <= len(model._model.store.base)


def test_pieces_do_not_matter() -> None:
    text = ENGLISH[:9000]
    whole = ContextMixing(text, bits=BITS)
    pieces = ContextMixing(bits=BITS)
    for start in range(0, len(text), 701):
        pieces.advance(text[start : start + 701])
    assert pieces.probabilities().tolist() == whole.probabilities().tolist()
    assert pieces.size == len(text)


def test_without_learning_the_counters_stand_still() -> None:
    frozen = ContextMixing(ENGLISH[:8000], bits=BITS, learn=False)
    learning = ContextMixing(ENGLISH[:8000], bits=BITS)
    assert frozen.next_byte().tolist() == learning.next_byte().tolist()
    before = frozen._model
    novel = b"xq zvw xq zvw xq zvw xq zvw xq "
    frozen.advance(novel)
    learning.advance(novel)
    after = frozen._model
    assert after.store.base is before.store.base
    assert after.learned.weights is before.learned.weights
    assert learning.next_byte()[ord("z")] < frozen.next_byte()[ord("z")] - 2


# --------------------------------------------------------------------------------- sampling


def step_by_step(
    state: ContextMixing, uniforms: np.ndarray[Any, np.dtype[np.float64]], shaping: Shaping
) -> tuple[bytes, list[float]]:
    state = state.fork()
    out, bits = bytearray(), []
    for uniform in uniforms:
        wanted = state.next_byte()
        value = distribution.draw(shaping.apply(wanted, ENGLISH[:4000] + out), float(uniform))
        out.append(value)
        bits.append(float(wanted[value]))
        state.advance(bytes(out[-1:]))
    return bytes(out), bits


@pytest.mark.parametrize("options", SHAPINGS.values(), ids=SHAPINGS)
@pytest.mark.parametrize("learn", [True, False])
def test_the_compiled_loop_writes_the_same_bytes(options: dict[str, Any], learn: bool) -> None:
    state = ContextMixing(ENGLISH[:4000], bits=BITS, learn=learn)
    assert isinstance(state, Compiled)
    uniforms = np.random.default_rng(5).random((2, 120))
    names = {"typical": "typical_p"}
    named = {names.get(name, name): value for name, value in options.items()}
    shaping = Shaping(**({"min_p": 0.0} | named))
    rows = sample([state, state], uniforms, threads=2, **options)
    for row, uniform in zip(rows, uniforms, strict=True):
        expected, bits = step_by_step(state, uniform, shaping)
        assert row.tobytes() == expected
        data, lengths = state.fork().generate(uniform, **options)
        assert data == expected
        np.testing.assert_allclose(lengths, bits, atol=1e-9)


def test_the_compiled_loop_penalises_repeats() -> None:
    from compgen.kernels.repeats import start, with_room

    state = ContextMixing(ENGLISH[:4000], bits=BITS)
    assert isinstance(state, CompiledDry)
    shaping = Shaping(dry_multiplier=0.8, min_p=0.05)
    uniforms = np.random.default_rng(6).random(150)
    repeats = start(
        ENGLISH[:4000],
        multiplier=shaping.dry_multiplier,
        base=shaping.dry_base,
        allowed=shaping.dry_allowed_length,
        last_n=shaping.dry_penalty_last_n,
        breakers=shaping.dry_sequence_breakers,
    )
    data, _ = state.fork().generate(uniforms, min_p=0.05, repeats=with_room(repeats, 150))
    assert data == step_by_step(state, uniforms, shaping)[0]
    assert data != state.fork().generate(uniforms, min_p=0.05)[0]


# --------------------------------------------------------------------------------- strength


def test_it_beats_the_usual_compressors_by_far() -> None:
    prime, text = ENGLISH[:60_000], ENGLISH[60_000:80_000]
    cold = ContextMixing().code_lengths(text).sum() / 8
    assert cold < 0.88 * len(bz2.compress(text, 9))
    primed = ContextMixing(prime).code_lengths(text).sum() / 8
    gzipped = len(zlib.compress(prime[-32_000:] + text, 9)) - len(zlib.compress(prime[-32_000:], 9))
    assert primed < 0.7 * gzipped
    assert primed < cold


@pytest.mark.parametrize(
    ("data", "most"),
    [
        (bytes(20_000), 0.01),
        (b"abcab" * 4000, 0.02),
        (np.random.default_rng(3).bytes(20_000), 8.12),
        (np.arange(10_000, dtype=">u2").tobytes(), 2.0),
    ],
    ids=["zeros", "period", "noise", "counter"],
)
def test_what_is_easy_is_short_and_noise_costs_little_more(data: bytes, most: float) -> None:
    assert ContextMixing().code_lengths(data).mean() < most


@pytest.mark.parametrize("bits", [11, 31])
def test_a_table_of_absurd_size_is_refused(bits: int) -> None:
    with pytest.raises(UsageError, match=f"bits={bits}"):
        ContextMixing(bits=bits)
