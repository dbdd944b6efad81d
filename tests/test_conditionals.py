"""Fast paths against the oracle; ensembles against their definitions."""

import zlib
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compgen import Compressor, Conditional, NextByteConditional, Reading, get_compressor
from compgen.compressors.deflate import Deflate, Gzip
from compgen.compressors.png import Png
from compgen.compressors.webp import Webp
from compgen.conditional import BYTES, Bits
from compgen.conditionals.black_box import BlackBox
from compgen.conditionals.dithered import Dithered
from compgen.conditionals.experts import ExpertPlan, split_parts
from compgen.conditionals.mixture import Mixture
from compgen.conditionals.parallel import map_chunks
from compgen.conditionals.truncated import Truncated
from compgen.errors import UnsupportedError
from tests.texts import ENGLISH, KINDS


class Ladder(NextByteConditional):
    """A toy whose distribution depends on the last byte: b costs |b - last| bits, normalised."""

    reading = Reading.MARGINAL

    def __init__(self, context: bytes = b"") -> None:
        self.context = context

    def next_byte(self) -> Bits:
        last = self.context[-1] if self.context else 0
        bits = np.abs(np.arange(256.0) - last)
        normalised: Bits = bits + np.log2(np.exp2(-bits).sum())
        return normalised

    def advance(self, data: bytes) -> None:
        self.context += data

    def fork(self) -> "Ladder":
        return Ladder(self.context)


def candidates(kind: bytes, rng: np.random.Generator) -> list[bytes]:
    starts = rng.integers(0, len(kind) - 300, 6)
    return [b"", *BYTES[::37], *(kind[at : at + int(rng.integers(1, 300))] for at in starts)]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("level", [1, 4, 6, 9])
def test_cloning_equals_recompressing(kind: str, level: int) -> None:
    rng = np.random.default_rng(level)
    data = KINDS[kind]
    for size in (0, 1, 300, 33_000, 66_000):
        compressor = Gzip(level=level)
        clone = compressor.condition(data[:size], reading=Reading.BYTES)
        oracle = BlackBox(compressor, data[:size])
        wanted = candidates(data, rng)
        assert clone.bits(wanted).tolist() == oracle.bits(wanted).tolist()


@pytest.mark.parametrize("spec", ["zlib:wbits=9", "deflate:memlevel=1", "gzip:strategy=filtered"])
def test_cloning_equals_recompressing_with_other_options(spec: str) -> None:
    compressor = get_compressor(spec)
    clone = compressor.condition(ENGLISH[:5000], reading=Reading.BYTES)
    wanted = candidates(ENGLISH, np.random.default_rng(0))
    assert clone.bits(wanted).tolist() == BlackBox(compressor, ENGLISH[:5000]).bits(wanted).tolist()


@settings(max_examples=60, deadline=None)
@given(st.lists(st.binary(max_size=400), max_size=5), st.lists(st.binary(max_size=300), min_size=1))
def test_cloning_does_not_depend_on_how_the_context_came(
    pieces: list[bytes], wanted: list[bytes]
) -> None:
    clone = Gzip().condition(reading=Reading.BYTES)
    for piece in pieces:
        clone.advance(piece)
    expected = BlackBox(Gzip(), b"".join(pieces)).bits(wanted)
    assert clone.bits(wanted).tolist() == expected.tolist()


def test_cloning_equals_recompressing_where_zlib_slides_its_window_early() -> None:
    data = bytearray(np.random.default_rng(1).bytes(1124))
    data[762:802] = data[512:552]  # a match at the farthest distance, where a slide is due
    for size in range(1000, 1040):
        context, rest = bytes(data[:size]), bytes(data[size:])
        clone = Deflate(wbits=9).condition(context, reading=Reading.BYTES)
        grown = Deflate(wbits=9).condition(context[:-7], reading=Reading.BYTES)
        for value in context[-7:]:
            grown.advance(bytes([value]))
        oracle = BlackBox(Deflate(wbits=9), context).bits([rest, b"", rest[:1]]).tolist()
        assert clone.bits([rest, b"", rest[:1]]).tolist() == oracle
        assert grown.bits([rest, b"", rest[:1]]).tolist() == oracle


def test_stored_blocks_are_recompressed() -> None:
    context = ENGLISH[:70_000]
    conditional = Deflate(level=0).condition(context[:40_000], reading=Reading.BYTES)
    conditional.advance(context[40_000:])
    length = len(zlib.compress(context + b"abc", 0)) - len(zlib.compress(context, 0))
    assert conditional.bits([b"abc"])[0] == 8 * length


def test_a_fork_goes_its_own_way() -> None:
    for conditional in (Gzip().condition(b"abc", reading=Reading.BYTES), BlackBox(Gzip(), b"abc")):
        before = conditional.bits(BYTES)
        fork = conditional.fork()
        fork.advance(ENGLISH[:500])
        assert conditional.bits(BYTES).tolist() == before.tolist()
        assert fork.bits([b"xyz"])[0] == BlackBox(Gzip(), b"abc" + ENGLISH[:500]).bits([b"xyz"])[0]


def test_an_alphabet_restricts_and_renormalises() -> None:
    conditional = Gzip().condition(ENGLISH[:3000], reading=Reading.BYTES)
    bits = conditional.next_byte_of(b"aeiou")
    assert np.flatnonzero(np.isfinite(bits)).tolist() == sorted(b"aeiou")
    assert np.exp2(-bits).sum() == pytest.approx(1)
    full = conditional.next_byte()
    assert bits[ord("a")] - bits[ord("u")] == pytest.approx(full[ord("a")] - full[ord("u")])


def test_prefixes_are_scored_with_every_byte() -> None:
    conditional = Gzip().condition(ENGLISH[:3000], reading=Reading.BYTES)
    grid = conditional.next_bytes([b"", b"th"])
    assert grid.shape == (2, 256)
    assert grid[1, ord("e")] == conditional.bits([b"the"])[0]
    ladder = Ladder(b"a")
    assert ladder.next_bytes([b"bc"])[0, 7] == pytest.approx(ladder.bits([b"bc\x07"])[0])


def test_the_chain_rule_gives_code_lengths() -> None:
    ladder = Ladder(b"a")
    total, state = 0.0, ladder.fork()
    for value in b"bad":
        total += state.next_byte()[value]
        state.advance(bytes([value]))
    assert ladder.bits([b"bad", b""]).tolist() == pytest.approx([total, 0.0])
    assert ladder.bits([]).shape == (0,)
    assert ladder.context == b"a"


def test_dithering_recovers_fractions_of_a_byte() -> None:
    """Against the exact next-byte code lengths: zlib's own payload at a byte boundary."""
    plain = Gzip().condition(ENGLISH[:20_000], reading=Reading.BYTES)
    dithered = Gzip().condition(ENGLISH[:20_000], reading=Reading.BYTES, dither=16)
    assert isinstance(dithered, Dithered)
    assert np.unique(dithered.next_byte()).size > 3 * np.unique(plain.next_byte()).size
    again = Gzip().condition(ENGLISH[:20_000], reading=Reading.BYTES, dither=16)
    assert again.next_byte().tolist() == dithered.next_byte().tolist()


def test_whole_bytes_are_dithered_where_that_pays() -> None:
    assert not isinstance(Png().condition(b"abc", reading=Reading.BYTES), Dithered)
    assert not isinstance(Png().condition(b"abc"), Dithered)  # it is read to the bit, too
    assert not isinstance(Webp().condition(b"abc"), Dithered)  # a compression is dear
    assert not isinstance(Gzip().condition(b"abc"), Dithered)  # it is read to the bit
    assert not isinstance(get_compressor("numcodecs:id=lz4").condition(b"abc"), Dithered)
    assert isinstance(get_compressor("numcodecs:id=zlib").condition(b"abc"), Dithered)


def test_dithering_is_for_whole_bytes_only() -> None:
    class Exact(Gzip):
        readings = (Reading.MARGINAL, Reading.BYTES)

    with pytest.raises(UnsupportedError, match="rounds nothing"):
        Exact().condition(b"x", dither=4)


def test_a_reading_that_is_not_offered_is_refused() -> None:
    with pytest.raises(UnsupportedError, match=r"bz2 has no reading 'frozen'; it has: .*bytes"):
        get_compressor("bz2").condition(b"x", reading=Reading.FROZEN)


def mean_of(members: Sequence[Conditional], values: bytes) -> Bits:
    p = np.mean([np.exp2(-member.next_byte()) for member in members], axis=0)
    bits: Bits = -np.log2(p)[list(values)]
    return bits


def test_a_mixture_is_the_mean_of_probabilities() -> None:
    members = [Gzip().condition(ENGLISH[:n], reading=Reading.BYTES) for n in (500, 900)]
    mixture = Mixture(members)
    assert not mixture.exact
    assert mixture.next_byte()[list(b"abc")] == pytest.approx(mean_of(members, b"abc"))
    assert np.exp2(-mixture.next_byte()).sum() == pytest.approx(1)
    assert np.exp2(-mixture.next_byte_of(b"xyz")).sum() == pytest.approx(1)
    whole = [member.bits([b"word"])[0] for member in members]
    assert mixture.bits([b"word"])[0] == pytest.approx(-np.log2(np.mean(np.exp2(-np.array(whole)))))


def test_a_mixture_of_exact_models_is_exact() -> None:
    mixture = Mixture([Ladder(b"a"), Ladder(b"q")])
    assert mixture.exact
    first = mean_of([Ladder(b"a"), Ladder(b"q")], b"d")[0]
    second = mean_of([Ladder(b"ad"), Ladder(b"qd")], b"f")[0]
    assert mixture.bits([b"df"])[0] == pytest.approx(first + second)
    fork = mixture.fork()
    fork.advance(b"zz")
    assert mixture.bits([b"df"])[0] == pytest.approx(first + second)


@pytest.mark.parametrize("exact", [True, False])
def test_a_truncated_context_forgets(exact: bool) -> None:
    prime: Conditional = (
        Ladder() if exact else Gzip().condition(ENGLISH[:900], reading=Reading.BYTES)
    )
    truncated = Truncated(prime, b"history that is long", 4)
    same_tail = Truncated(prime, b"belong"[-4:], 4)
    same_tail.advance(b"long")
    assert truncated.next_byte().tolist() == same_tail.next_byte().tolist()
    reference = prime.fork()
    reference.advance(b"long")
    assert truncated.next_byte().tolist() == reference.next_byte().tolist()
    fork = truncated.fork()
    fork.advance(b"!")
    assert truncated.next_byte().tolist() == reference.next_byte().tolist()


def test_experts_see_different_halves_and_contexts() -> None:
    plan = ExpertPlan(5, (4, 3))
    primes = plan.primes(ENGLISH[:60_000], np.random.default_rng(3))
    assert plan.lengths() == [4, 3, 4, 3, 4]
    assert len(set(primes)) == 5
    assert all(20_000 < len(prime) < 40_000 for prime in primes)
    assert primes == plan.primes(ENGLISH[:60_000], np.random.default_rng(3))
    assert ExpertPlan(0, (9, 0)).primes(b"abc", np.random.default_rng(0)) == [b"abc", b"abc"]
    assert not ExpertPlan()


@given(st.binary(max_size=2000))
def test_the_parts_of_a_corpus_are_the_corpus(corpus: bytes) -> None:
    assert b"".join(split_parts(corpus)) == corpus


def test_expert_mixtures_are_means_of_truncated_primes() -> None:
    primes = [ENGLISH[:2000], ENGLISH[2000:4000]]
    mixed = Gzip().mix(primes, [3, 0], b"history", Reading.BYTES)
    by_hand = [
        BlackBox(Gzip(), primes[0] + b"ory"),
        BlackBox(Gzip(), primes[1] + b"history"),
    ]
    assert mixed.next_byte()[list(b"abc")] == pytest.approx(mean_of(by_hand, b"abc"))


@given(st.lists(st.binary(max_size=3), max_size=200))
def test_chunks_keep_their_order(words: list[bytes]) -> None:
    assert map_chunks(lambda chunk: [len(word) for word in chunk], words, parallel=True) == [
        len(word) for word in words
    ]


def test_any_compressor_is_a_conditional(monkeypatch: pytest.MonkeyPatch) -> None:
    class Plain(Compressor):
        name = "plain"

        def compress(self, data: bytes) -> bytes:
            return zlib.compress(data)

        def decompress(self, data: bytes) -> bytes:
            return zlib.decompress(data)

    conditional = Plain().condition(ENGLISH[:1000], reading=Reading.BYTES)
    assert conditional.reading is Reading.BYTES
    expected = len(zlib.compress(ENGLISH[:1000] + b"abc")) - len(zlib.compress(ENGLISH[:1000]))
    assert conditional.bits([b"abc"])[0] == 8 * expected
