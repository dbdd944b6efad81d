"""The replica of zlib's encoder is held to zlib itself, and its readings to their definitions."""

import math
import random
import subprocess
import sys
import zlib
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from compgen.conditional import BYTES
from compgen.conditionals import deflate_state
from compgen.conditionals.deflate_bits import DeflateBits
from compgen.conditionals.deflate_state import DeflateState
from compgen.conditionals.zlib_probe import ZlibProbe, is_classic_zlib, samples, shared_zlib
from compgen.errors import UnsupportedError, UsageError
from compgen.kernels.deflate_ledger import add_token, make_coder, make_ledger, stream_length
from compgen.reading import Reading
from tests import reference_inflate
from tests.contract import check_conditional
from tests.texts import ENGLISH

PIXELS = 255 * np.random.default_rng(3).normal(0.5, 0.01, 310_000)
PIXELS += 60 * np.sin(np.arange(310_000) % 250 / 9) + 40 * np.cos(np.arange(310_000) / 4000)
KINDS = {
    "text": ENGLISH,
    "binary": np.arange(80_000, dtype=np.uint32).astype("<f4").tobytes(),
    "image": PIXELS.clip(0, 255).astype(np.uint8).tobytes(),
    "dna": bytes(random.Random(1).choices(b"ACGT", k=310_000)),
    "zeros": bytes(310_000),
    "random": random.Random(2).randbytes(310_000),
    "mixed": b"".join(ENGLISH[i : i + 90] + bytes([i % 256]) * 37 for i in range(0, 9**6, 190)),
}
SMALL = (0, 1, 2, 3, 5, 40, 300, 900)
LARGE = (3000, 30_000, 70_000, 140_000, 300_000)

classic = pytest.mark.usefixtures("classic_zlib")
probe = pytest.mark.skipif(shared_zlib() is None, reason="there is no shared zlib")


CLASSIC_LENGTHS = [
    [1757, 1706, 1609, 1569, 1493, 1484, 1486, 1486, 1486],
    [361, 338, 341, 293, 286, 289, 290, 288, 288],
    [897, 896, 895, 883, 879, 879, 879, 879, 879],
]
"""What zlib 1.2.13 and 1.3.1 make of the self-check's samples, levels 1 to 9."""


@pytest.fixture(scope="session")
def classic_zlib() -> None:
    """Skip what holds for the classic zlib only. (Not by the replica: it is what is tested.)"""
    lengths = [
        [len(deflate(sample, level=level)) for level in range(1, 10)] for sample in samples()
    ]
    if lengths != CLASSIC_LENGTHS:
        pytest.skip("zlib here is not the classic one")


def some_options(rng: random.Random) -> dict[str, Any]:
    return {
        "level": rng.randrange(1, 10),
        "wbits": rng.choice([15, 15, 15, 9, 10, 11, 12, 13, 14]),
        "memlevel": rng.choice([8, 8, 8, 9, 1, 2, 3, 4, 5, 6, 7]),
        "filtered": rng.random() < 0.2,
    }


def encoder(level: int = 9, wbits: int = 15, memlevel: int = 8, filtered: bool = False) -> Any:
    strategy = zlib.Z_FILTERED if filtered else zlib.Z_DEFAULT_STRATEGY
    return zlib.compressobj(level, zlib.DEFLATED, -wbits, memlevel, strategy)


def deflate(data: bytes, **options: Any) -> bytes:
    state = encoder(**options)
    start: bytes = state.compress(data)
    rest: bytes = state.flush()
    return start + rest


def lengths_after(context: bytes, candidates: Sequence[bytes], **options: Any) -> list[int]:
    """Bytes of the stream with each candidate, from copies of one encoder."""
    state = encoder(**options)
    emitted = len(state.compress(context))
    lengths = []
    for candidate in candidates:
        copy = state.copy()
        lengths.append(emitted + len(copy.compress(candidate)) + len(copy.flush()))
    return lengths


def some_candidates(rng: random.Random, context: bytes, source: bytes, count: int) -> list[bytes]:
    """Natural continuations, copies, loops and noise, 0 to 300 bytes."""
    candidates = [b""]
    for kind in range(count):
        size = rng.choice([1, 1, 2, 3, 4, 7, 20, 65, 262, 300])
        start = rng.randrange(len(source) - size)
        natural, noise = source[start : start + size], rng.randbytes(size)
        tail = context[-rng.randrange(1, 40) :]
        seen = context.find(tail[-8:])
        again = context[seen + len(tail[-8:]) :][:size]
        candidates.append([natural, again, (tail * size)[:size], noise][kind % 4])
    return candidates


def check(context: bytes, candidates: Sequence[bytes], **options: Any) -> None:
    bits = DeflateBits(context, **options)
    whole = bits.bits(candidates) + bits.code_length()
    expected = lengths_after(context, candidates, **options)
    np.testing.assert_array_equal(np.ceil(whole / 8), expected, str((len(context), options)))


@classic
@pytest.mark.parametrize("kind", KINDS)
def test_small_contexts_are_as_zlib_has_them(kind: str) -> None:
    rng = random.Random(kind)
    for size in SMALL:
        for _ in range(3):
            start = rng.randrange(3000)
            context = KINDS[kind][start : start + size]
            candidates = [*BYTES, *some_candidates(rng, context, KINDS[kind], 16)]
            check(context, candidates, **some_options(rng))


@classic
@pytest.mark.parametrize("kind", KINDS)
def test_large_contexts_are_as_zlib_has_them(kind: str) -> None:
    rng = random.Random(kind)
    for size in LARGE:
        for singles in (0, 1):
            options = some_options(rng)
            if size == LARGE[-1] and not singles:
                options |= {"wbits": 15, "memlevel": 8}
            start = rng.randrange(4000)
            context = KINDS[kind][start : start + size]
            candidates = some_candidates(rng, context, KINDS[kind], 24)
            check(context, [*BYTES[:: 1 if singles else 256], *candidates], **options)


@classic
def test_every_level_window_and_memory() -> None:
    rng = random.Random(5)
    for level in range(1, 10):
        for wbits in range(9, 16):
            memlevel = rng.randrange(1, 10)
            options = {"level": level, "wbits": wbits, "memlevel": memlevel}
            context = ENGLISH[: 2 * (1 << min(wbits, 13)) + 1000 * level]
            candidates = some_candidates(rng, context, ENGLISH, 8)
            check(context, candidates, filtered=bool(level % 2), **options)


@classic
@pytest.mark.parametrize("level", [1, 9])
def test_block_ends_and_slides(level: int) -> None:
    """Every context length around the end of a block and around a slide of the window."""
    rng = random.Random(level)
    block = 127  # symbols, at memlevel 1
    for size in (*range(block - 4, block + 4), *range(2 * block - 3, 2 * block + 3)):
        noise = KINDS["random"][:size]
        check(noise, [b"", *BYTES[:60], rng.randbytes(block + 1)], level=level, memlevel=1)
    for size in range(1024 - 266, 1024 - 258):
        context = ENGLISH[7 : size + 7]
        check(context, some_candidates(rng, context, ENGLISH, 12), level=level, wbits=9)


@classic
def test_candidates_longer_than_a_window() -> None:
    candidates = [ENGLISH[50_000:150_000], KINDS["random"][:100_000], KINDS["zeros"][:100_000]]
    check(ENGLISH[:40_000], candidates)
    check(ENGLISH[:4000], candidates, level=1, wbits=10, memlevel=2)


@classic
def test_all_input_counts_as_one_call() -> None:
    """zlib slides earlier if a call ends just there; what is replicated is the single call."""
    data = bytearray(random.Random(1).randbytes(1124))
    data[762:802] = data[512:552]  # a match at the farthest distance, where a slide is due
    context, rest = bytes(data[:1023]), bytes(data[1023:])
    in_pieces = lengths_after(context, [rest], wbits=9)[0]
    bits = DeflateBits(context, wbits=9)
    whole = bits.code_length() + bits.bits([rest])[0]
    bits.advance(rest)
    assert bits.code_length() == whole
    assert math.ceil(whole / 8) == len(deflate(bytes(data), wbits=9)) == in_pieces - 2


TEXTS = st.lists(
    st.one_of(
        st.binary(max_size=40),
        st.text("ab", max_size=60).map(str.encode),
        st.builds(lambda start, size: ENGLISH[start : start + size], *[st.integers(0, 900)] * 2),
        st.builds(lambda unit, n: unit * n, st.binary(max_size=4), st.integers(0, 300)),
    ),
    max_size=8,
).map(b"".join)


@classic
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    context=TEXTS,
    candidates=st.lists(TEXTS, max_size=5),
    level=st.integers(1, 9),
    wbits=st.integers(9, 15),
    memlevel=st.integers(1, 9),
    filtered=st.booleans(),
)
def test_whatever_the_input(
    context: bytes, candidates: list[bytes], level: int, wbits: int, memlevel: int, filtered: bool
) -> None:
    options = {"level": level, "wbits": wbits, "memlevel": memlevel, "filtered": filtered}
    bits = DeflateBits(context, **options)  # type: ignore[arg-type]
    candidates = [*candidates, b"", b"a"]
    whole = bits.bits(candidates) + bits.code_length()
    expected = [len(deflate(context + candidate, **options)) for candidate in candidates]
    assert np.ceil(whole / 8).tolist() == expected


@classic
@probe
def test_bit_positions_are_those_of_deflate_pending() -> None:
    rng = random.Random(8)
    for kind, size in [("text", 20_000), ("random", 17_000), ("dna", 3000), ("image", 40_000)]:
        options = some_options(rng)
        context = KINDS[kind][:size]
        candidates = some_candidates(rng, context, KINDS[kind], 60)
        oracle, bits = ZlibProbe(context, **options), DeflateBits(context, **options)
        whole = bits.bits(candidates) + bits.code_length()
        assert whole.tolist() == [oracle.bits(candidate) for candidate in candidates]


@classic
@probe
def test_the_probe_counts_the_last_block_even_if_it_is_empty() -> None:
    noise = KINDS["random"][:127]  # a full block at memlevel 1: deflate_fast closes it at once
    for size in (126, 127):
        end = reference_inflate.read(deflate(noise[:size], level=1, memlevel=1))[1]
        assert ZlibProbe(b"", level=1, memlevel=1).bits(noise[:size]) == end
        assert DeflateBits(noise[:size], level=1, memlevel=1).code_length() == end


@pytest.mark.parametrize("level", [1, 9])
@pytest.mark.parametrize(
    ("context", "memlevel"), [(ENGLISH[:30_000], 8), (ENGLISH[:9], 8), (ENGLISH[900:9000], 2)]
)
def test_all_bytes_at_once_are_each_byte_alone(context: bytes, memlevel: int, level: int) -> None:
    for reading in (Reading.BITS, Reading.PAYLOAD, Reading.FROZEN):
        for tables in (False, True):
            bits = DeflateBits(
                context, reading=reading, level=level, memlevel=memlevel, integer_tables=tables
            )
            for step in range(3):
                alone = np.concatenate([bits.bits([byte]) for byte in BYTES])
                np.testing.assert_allclose(bits.bits(BYTES), alone, rtol=0, atol=1e-9)
                bits.advance(ENGLISH[step : step + 2])


def test_a_literal_more_for_every_shape_of_code() -> None:
    """The shared trees against a rebuilt one: ties, gaps, long codes and few symbols."""
    rng = np.random.default_rng(4)
    for trial in range(60):
        symbols = rng.integers(1, 257)
        alphabet = rng.permutation(256)[:symbols]
        weights = 2.0 ** -rng.uniform(0, rng.choice([0, 3, 12]), symbols)
        text = rng.choice(alphabet, rng.integers(1, 6000), p=weights / weights.sum())
        context = text.astype(np.uint8).tobytes()
        bits = DeflateBits(context, level=1 + trial % 9)
        alone = np.concatenate([bits.bits([byte]) for byte in BYTES])
        assert bits.bits(BYTES).tolist() == alone.tolist()


@classic
@pytest.mark.parametrize("seed", range(4))
def test_codes_of_any_counts_are_zlibs(seed: int) -> None:
    """Literals alone (Z_HUFFMAN_ONLY), Fibonacci counts among them: codes over 15 bits long."""
    rng = np.random.default_rng(seed)
    fibonacci = [1, 1]
    while sum(fibonacci) + fibonacci[-1] < 20_000:
        fibonacci.append(fibonacci[-1] + fibonacci[-2])
    for trial in range(12):
        counts = np.zeros(256, np.int64)
        if trial == 0:
            counts[rng.permutation(256)[: len(fibonacci)]] = fibonacci
        else:
            counts[:] = rng.geometric(rng.uniform(0.01, 0.9), 256) * (rng.random(256) < 0.6)
        text = rng.permutation(np.repeat(np.arange(256), counts)).astype(np.uint8)
        ledger = make_ledger()
        for literal in text:
            add_token(ledger, literal, -1, 1)
        bits, _ = stream_length(ledger, len(text), 0, make_coder())
        state = zlib.compressobj(9, zlib.DEFLATED, -15, 9, zlib.Z_HUFFMAN_ONLY)
        stream = state.compress(text.tobytes()) + state.flush()
        assert bits == reference_inflate.read(stream)[1]


def ideal_bits(lengths: Sequence[int], counts: Counter[int]) -> int:
    return sum(lengths[symbol] * count for symbol, count in counts.items())


@classic
@pytest.mark.parametrize(("memlevel", "size"), [(8, 12_000), (3, 6000), (9, 90_000)])
def test_payload_is_the_body_of_dynamic_blocks(memlevel: int, size: int) -> None:
    for level in (2, 6, 9):
        options = {"level": level, "memlevel": memlevel}
        bits = DeflateBits(ENGLISH[:size], reading=Reading.PAYLOAD, **options)  # type: ignore[arg-type]
        candidates = [b"", b"e", b"\xff", ENGLISH[size : size + 200], b"the " * 70]
        whole = bits.bits(candidates) + bits.code_length()
        for candidate, length in zip(candidates, whole, strict=True):
            blocks, _ = reference_inflate.read(deflate(ENGLISH[:size] + candidate, **options))
            assert {block.kind for block in blocks} == {2}
            assert length == sum(block.body_bits for block in blocks)


@classic
def test_payload_has_no_cliff_where_zlib_changes_the_kind_of_block() -> None:
    """It is that of a dynamic code in every kind: here for static blocks, rebuilt by hand."""
    for size in (1, 5, 60):
        blocks, _ = reference_inflate.read(deflate(ENGLISH[:size]))
        (block,) = blocks
        assert block.kind == 1
        counts = sorted(Counter([symbol for symbol, _ in block.tokens] + [256]).values())
        distances = sorted(Counter(d for _, d in block.tokens if d >= 0).values())
        expected = block.extra_bits
        for alphabet in (counts, distances):
            expected += sum(alphabet) if len(alphabet) == 1 else 0  # one symbol, one bit
            while len(alphabet) > 1:  # Huffman: the sum of the inner nodes
                alphabet.append(alphabet.pop(0) + alphabet.pop(0))
                expected += alphabet[-1]
                alphabet.sort()
        assert DeflateBits(ENGLISH[:size], reading=Reading.PAYLOAD).code_length() == expected


def tokens_of(data: bytes, **options: Any) -> tuple[Counter[int], Counter[int], int]:
    """Counts of literal/length and distance symbols, and the extra bits, of one-block streams."""
    (block,) = reference_inflate.read(deflate(data, **options))[0]
    literals = Counter(symbol for symbol, _ in block.tokens)
    return literals, Counter(d for _, d in block.tokens if d >= 0), block.extra_bits


@classic
@pytest.mark.parametrize("level", [3, 9])
def test_frozen_fractional_is_the_ideal_adaptive_code(level: int) -> None:
    def adaptive(data: bytes) -> float:
        """Dirichlet-multinomial code length of all tokens, a pseudo-count of 0.1 a symbol."""
        literals, distances, extra = tokens_of(data, level=level)
        literals[256] += 1
        total = float(extra)
        for counts, size in ((literals, 286), (distances, 30)):
            total += math.lgamma(sum(counts.values()) + 0.1 * size) / math.log(2)
            total -= sum(
                (math.lgamma(n + 0.1) - math.lgamma(0.1)) / math.log(2) for n in counts.values()
            )
        return total

    context = ENGLISH[:9000]
    bits = DeflateBits(context, reading=Reading.FROZEN, level=level)
    candidates = [b"", b"e", b"\xff", b" the", ENGLISH[9000:9300], b"zq" * 40, *BYTES[::9]]
    expected = [adaptive(context + candidate) - adaptive(context) for candidate in candidates]
    np.testing.assert_allclose(bits.bits(candidates), expected, rtol=0, atol=1e-5)


@classic
@pytest.mark.parametrize("level", [3, 9])
def test_frozen_integer_has_the_lengths_of_the_contexts_own_code(level: int) -> None:
    context = ENGLISH[:9000]
    ((block,), _) = reference_inflate.read(deflate(context, level=level))
    literals, distances, _ = tokens_of(context, level=level)

    def price(data: bytes) -> int:
        total = 0
        symbols, codes, extra = tokens_of(data, level=level)
        for counts, lengths, shown, size in (
            (symbols, block.literal_lengths, literals, 286),
            (codes, block.distance_lengths, distances, 30),
        ):
            known = sum(shown.values()) + (size == 286)  # the end of block
            escape = math.ceil(math.log2((known + 0.1 * size) / 0.1))
            total += sum(
                n * (lengths[symbol] if shown[symbol] else escape) for symbol, n in counts.items()
            )
        return total + extra

    bits = DeflateBits(context, reading=Reading.FROZEN, level=level, integer_tables=True)
    candidates = [b"", b"e", b"\xff", b" the", ENGLISH[9000:9300], b"zq" * 40, *BYTES[::9]]
    expected = [price(context + candidate) - price(context) for candidate in candidates]
    assert bits.bits(candidates).tolist() == expected


@pytest.mark.parametrize("reading", [Reading.BITS, Reading.PAYLOAD, Reading.FROZEN])
def test_contract(reading: Reading) -> None:
    check_conditional(lambda context: DeflateBits(context, reading=reading))
    contexts = [ENGLISH[:35_000]]
    options = {"level": 2, "wbits": 10, "memlevel": 2}
    check_conditional(
        lambda context: DeflateBits(context, reading=reading, **options),  # type: ignore[arg-type]
        contexts=contexts,
    )


@pytest.mark.parametrize("reading", [Reading.BITS, Reading.PAYLOAD])
def test_lengths_add_up_as_the_context_grows(reading: Reading) -> None:
    bits = DeflateBits(b"", reading=reading, memlevel=3)
    for start in range(0, 9000, 450):
        piece = ENGLISH[start : start + 450]
        expected = bits.code_length() + bits.bits([piece])[0]
        bits.advance(piece)
        assert bits.code_length() == expected


@pytest.mark.parametrize("level", [1, 9])
def test_pieces_and_forks_make_no_difference(level: int) -> None:
    rng = random.Random(level)
    data = KINDS["mixed"][:60_000]
    candidates = some_candidates(rng, data, ENGLISH, 12)
    trunk, position = DeflateBits(level=level, wbits=13), 0
    branches = []
    while position < len(data):
        size = rng.choice([1, 5, 300, 2000])
        trunk.advance(data[position : position + size])
        position += size
        if rng.random() < 0.1:
            branch = trunk.fork()
            branch.advance(bytes(rng.choices(b"xyz", k=rng.choice([3, 700, 5000]))))
            branches.append(branch)
            if rng.random() < 0.5:
                trunk = trunk.fork()
    whole = DeflateBits(data, level=level, wbits=13)
    assert trunk.bits(candidates).tolist() == whole.bits(candidates).tolist()
    assert trunk.code_length() == whole.code_length()
    assert len(branches) > 3


def test_a_fork_shares_the_dictionary_until_it_outgrows_it() -> None:
    trunk = DeflateState(9, 15, 8, False)
    trunk.advance(ENGLISH[:50_000])
    fork = trunk.fork()
    shared = trunk._context.dictionary
    fork.advance(ENGLISH[50_000:51_000])
    assert fork._context.dictionary is shared
    before = [array.copy() for array in shared]
    fork.advance(ENGLISH[51_000:56_000])
    trunk.advance(ENGLISH[:5000])
    assert fork._context.dictionary is not shared is not trunk._context.dictionary
    for array, copy in zip(shared, before, strict=True):
        np.testing.assert_array_equal(array, copy)


@classic
def test_positions_may_start_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deflate_state, "_POSITIONS", 100_000)
    for options in ({"level": 9}, {"level": 2, "wbits": 11, "memlevel": 9}):
        state = DeflateBits(KINDS["mixed"][:290_000], **options)  # type: ignore[arg-type]
        assert state._state._known < 150_000
        check(KINDS["mixed"][:290_000], [b"", *BYTES[::5], ENGLISH[:300]], **options)


def test_threads_may_score_one_state() -> None:
    bits = DeflateBits(ENGLISH[:20_000])
    batches = [[ENGLISH[i : i + 30] for i in range(j, j + 900, 3)] for j in range(8)]
    expected = [bits.bits(batch).tolist() for batch in batches]
    with ThreadPoolExecutor(4) as pool:
        for _ in range(4):
            found = pool.map(lambda batch: bits.fork().bits(batch).tolist(), batches)
            assert list(found) == expected
            assert list(pool.map(lambda batch: bits.bits(batch).tolist(), batches)) == expected


def test_scratch_of_one_context_does_not_reach_another() -> None:
    """A context that ends early in its window, after one that ends late."""
    candidates = [ENGLISH[5000:5060], b"the of ", b"e"]
    expected = DeflateBits(ENGLISH[:300]).bits(candidates).tolist()
    DeflateBits(ENGLISH[:60_000]).bits(candidates)
    assert DeflateBits(ENGLISH[:300]).bits(candidates).tolist() == expected


def test_no_candidates() -> None:
    bits = DeflateBits(b"abc")
    assert bits.bits([]).shape == (0,)
    assert bits.next_bytes([]).shape == (0, 256)


@pytest.mark.parametrize(
    "options", [{"level": 0}, {"level": 10}, {"wbits": 8}, {"wbits": 16}, {"memlevel": 0}]
)
def test_options_out_of_range(options: dict[str, int]) -> None:
    with pytest.raises(UsageError, match=next(iter(options))):
        DeflateBits(b"", **options)  # type: ignore[arg-type]


def test_other_readings_are_refused() -> None:
    with pytest.raises(UnsupportedError, match="marginal"):
        DeflateBits(b"", reading=Reading.MARGINAL)


@classic
def test_the_self_check_knows_the_classic_zlib() -> None:
    assert is_classic_zlib()


def test_the_self_check_notices_another_encoder() -> None:
    class Other:
        DEFLATED = zlib.DEFLATED

        def compressobj(self, level: int, method: int, wbits: int, /) -> Any:
            return zlib.compressobj(max(level - (level == 7), 1), method, wbits)

    assert not is_classic_zlib(Other())


def test_without_numba_only_construction_fails() -> None:
    program = (
        "import sys; sys.modules['numba'] = None\n"
        "from compgen.conditionals.deflate_bits import DeflateBits\n"
        "try: DeflateBits(b'')\n"
        "except ImportError: print('as documented')\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert run.stdout == "as documented\n"
