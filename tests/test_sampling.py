"""Samplers are held to their distributions; guards, stops and seeds to their word."""

import zlib
from collections import Counter
from collections.abc import Iterator

import numpy as np
import pytest
from scipy.stats import chisquare

from compgen import (
    Ancestral,
    Beam,
    CoinFlips,
    Corpus,
    Shaping,
    Spans,
    generate,
    get_compressor,
    prime,
)
from compgen.compressors.deflate import Gzip
from compgen.conditional import BYTES
from compgen.distribution import probabilities
from compgen.errors import UnsupportedError, UsageError
from compgen.formats.deflate_codes import canonical_codes, read_block_head
from compgen.formats.deflate_noise import _tokens, coin_flips
from compgen.generation import Plan, Writing
from compgen.reading import Reading
from compgen.sampling import Chunk, CopyGuard, Quote, Sampler, Source
from tests.test_conditionals import Ladder
from tests.texts import ENGLISH

CORPUS = ENGLISH[:6000]
AS_IT_IS = Shaping(min_p=0)


def source_of(conditional: object, **options: object) -> Source:
    return Source(conditional, Gzip(), CORPUS, b"The ", **options)  # type: ignore[arg-type]


def first_bytes(sampler: Sampler, source: Source, count: int, length: int = 1) -> Iterator[bytes]:
    """The beginnings of many continuations of one source."""
    start = source.conditional
    for seed in range(count):
        source.conditional = start.fork()
        written = b""
        for chunk in sampler.chunks(source, np.random.default_rng(seed)):
            written += chunk.data
            if len(written) >= length:
                break
        yield written[:length]


def assert_drawn_from(counts: Counter[bytes], expected: dict[bytes, float]) -> None:
    """Chi-square on the outcomes expected at least five times, the rest pooled."""
    total = sum(counts.values())
    common = [outcome for outcome, p in expected.items() if p * total >= 5]
    observed = [counts[outcome] for outcome in common]
    wanted = [expected[outcome] * total for outcome in common]
    rest = total - sum(wanted)
    if rest >= 5:
        observed.append(total - sum(observed))
        wanted.append(rest)
    else:
        wanted = list(np.array(wanted) * sum(observed) / sum(wanted))
    assert len(wanted) > 2
    assert chisquare(observed, wanted).pvalue > 1e-4


def test_ancestral_sampling_follows_the_chain_rule() -> None:
    """Pairs of bytes, with the probability that the model gives to the pair."""
    ladder = Ladder(b"m")
    source = source_of(ladder, shaping=AS_IT_IS)
    counts = Counter(first_bytes(Ancestral(), source, 4000, length=2))
    pairs = [a + b for a in BYTES[100:120] for b in BYTES[100:120]]
    expected = dict(zip(pairs, np.exp2(-ladder.bits(pairs)), strict=True))
    assert_drawn_from(counts, expected)


def test_ancestral_sampling_of_a_scorer_is_over_its_alphabet() -> None:
    conditional = Gzip().condition(CORPUS + b"The ", reading=Reading.BYTES)
    source = source_of(conditional, shaping=Shaping(min_p=0, temperature=3), alphabet=b"abcdefgh")
    counts = Counter(first_bytes(Ancestral(), source, 1500))
    bits = conditional.next_byte_of(b"abcdefgh") / 3
    expected = {BYTES[value]: 2 ** -bits[value] for value in b"abcdefgh"}
    scale = sum(expected.values())
    assert_drawn_from(counts, {byte: p / scale for byte, p in expected.items()})


def test_spans_are_drawn_by_their_code_lengths() -> None:
    ladder = Ladder(b" ")
    sampler = Spans(horizon=3, commit=3, longest=1)
    source = Source(ladder, Gzip(), b"x!! x%% x&( x#$ ", b"x", AS_IT_IS)
    counts = Counter(first_bytes(sampler, source, 2000, length=3))
    spans = [b"!! ", b"%% ", b"&( ", b"#$ "]
    p = probabilities(ladder.bits(spans))
    assert set(counts) <= set(spans)
    assert_drawn_from(counts, dict(zip(spans, p, strict=True)))


def test_a_beam_as_wide_as_the_alphabet_is_exact_over_its_horizon() -> None:
    ladder = Ladder(b"m")
    source = source_of(ladder, shaping=AS_IT_IS)
    counts = Counter(first_bytes(Beam(width=256, horizon=1, commit=1), source, 2000))
    assert_drawn_from(counts, dict(zip(BYTES, np.exp2(-ladder.next_byte()), strict=True)))


def test_a_beam_finds_the_cheapest_continuation() -> None:
    class Trap(Ladder):
        """`a` is cheaper at first, and everything after it dear."""

        def next_byte(self) -> np.ndarray:
            bits = np.full(256, 20.0)
            bits[ord("a")], bits[ord("b")] = (0.5, 1.8) if not self.context else (6, 6)
            if self.context.endswith(b"b"):
                bits[ord("c")] = 0.01
            return bits

        def fork(self) -> "Trap":
            return Trap(self.context)

    source = source_of(Trap(), shaping=Shaping(temperature=0))
    assert next(Beam(2, 2, 2).chunks(source, np.random.default_rng(0))).data == b"bc"
    greedy = source_of(Trap(), shaping=Shaping(temperature=0))
    assert next(Beam(1, 2, 2).chunks(greedy, np.random.default_rng(0))).data.startswith(b"a")


def test_coin_flips_follow_the_code_lengths_of_the_context() -> None:
    """A literal's probability is 2^-length of its code; a block's end is flipped away."""
    context = ENGLISH[:3000]
    head = read_block_head(_raw(context))
    lengths = head.literal_lengths
    ends = 2.0 ** -lengths[256]
    expected = {
        BYTES[value]: 2.0 ** -lengths[value] / (1 - ends) for value in range(256) if lengths[value]
    }
    counts: Counter[bytes] = Counter()
    tokens = _tokens(head, np.random.default_rng(4))
    codes = {symbol: key for key, symbol in canonical_codes(lengths).items()}
    spelled = {
        tuple(code >> place & 1 for place in range(length - 1, -1, -1)): BYTES[symbol]
        for symbol, (length, code) in codes.items()
        if symbol < 256
    }
    for _, token in zip(range(6000), tokens, strict=False):
        counts[spelled.get(tuple(token.bits), b"match")] += 1
    assert_drawn_from(counts, expected)


def _raw(data: bytes) -> bytes:
    state = zlib.compressobj(9, zlib.DEFLATED, -15, 9)
    return state.compress(data) + state.flush()


def test_what_the_decoder_says_is_what_the_bits_mean() -> None:
    """The decoder's output, token by token, equals a decoding of the same tokens by hand."""
    context = ENGLISH[:9000]
    head = read_block_head(_raw(context))
    literals = canonical_codes(head.literal_lengths)
    text = bytearray(context)
    for _, token in zip(range(800), _tokens(head, np.random.default_rng(9)), strict=False):
        if token.distance > len(text):
            continue
        if token.distance:
            for _ in range(token.length):
                text.append(text[-token.distance])
        else:
            code = int("".join(map(str, token.bits)), 2)
            text.append(literals[len(token.bits), code])
    said = b""
    for piece in coin_flips(context, 9, 0, np.random.default_rng(9)):
        said += piece
        if len(said) > 800:
            break
    assert bytes(text[9000:]).startswith(said[:800])


@pytest.mark.parametrize("context", [b"", b"a", b"ab" * 9, bytes(100), bytes(range(256)) * 3])
def test_coin_flips_work_after_any_context(context: bytes) -> None:
    said = b""
    for piece in coin_flips(context, 9, 0, np.random.default_rng(1)):
        said += piece
        if len(said) > 50:
            return


def test_coin_flips_are_refused_where_the_format_has_none() -> None:
    with pytest.raises(UnsupportedError, match="use gzip"):
        generate("x", compressor="bz2", corpus=CORPUS, sampler="coinflips", n=5)


SAMPLERS = [Ancestral(), Beam(2, 3, 2), Spans(), CoinFlips(), Quote()]


@pytest.mark.filterwarnings("ignore:bz2 drawn:compgen.errors.CompgenWarning")
@pytest.mark.parametrize("sampler", SAMPLERS, ids=lambda sampler: str(sampler.name))
@pytest.mark.parametrize("compressor", ["gzip", "bz2", "zstd", "brotli"])
def test_the_same_seed_gives_the_same_bytes(sampler: Sampler, compressor: str) -> None:
    if sampler.name == "coinflips" and compressor != "gzip":
        pytest.skip("this format has no coin flips")

    def write(seed: int, samples: int) -> list[bytes]:
        found = generate(
            "The ",
            compressor=compressor,
            corpus=CORPUS[:1500],
            sampler=sampler,
            reading=Reading.BYTES,
            n=6,
            seed=seed,
            samples=samples,
        )
        return [continuation.data for continuation in found]

    first, second = write(7, 2)
    assert len(first) == len(second) == 6
    assert write(7, 1) == [first]
    assert write(7, 2) == [first, second]


def longest_copy(data: bytes, corpus: bytes) -> int:
    longest = 0
    for start in range(len(data)):
        while data[start : start + longest + 1] in corpus and start + longest < len(data):
            longest += 1
    return longest


@pytest.mark.parametrize("sampler", SAMPLERS, ids=lambda sampler: str(sampler.name))
@pytest.mark.parametrize("limit", [4, 12])
def test_no_sampler_copies_more_than_it_may(sampler: Sampler, limit: int) -> None:
    if sampler.name == "quote":
        with pytest.raises(UsageError, match="nothing but copy"):
            generate("", corpus=CORPUS, sampler=sampler, n=9, max_copy=limit)
        return
    options = {"compressor": "gzip", "corpus": CORPUS, "sampler": sampler, "n": 120, "seed": 3}
    free = generate("", **options, reading="bytes")[0].data  # type: ignore[arg-type]
    guarded = generate("", **options, reading="bytes", max_copy=limit)[0].data  # type: ignore[arg-type]
    assert longest_copy(guarded, CORPUS) <= limit
    if sampler.name in ("spans", "beam") and limit == 4:
        assert longest_copy(free, CORPUS) > limit


def test_a_quotation_is_of_the_corpus() -> None:
    for one in generate("", corpus=CORPUS, sampler="quote", n=200, samples=5, seed=1):
        assert one.data in CORPUS + CORPUS  # it may run on from the end to the beginning


def test_the_guard_forbids_exactly_what_would_copy() -> None:
    guard = CopyGuard(b"abcdabce", 3)
    assert np.flatnonzero(guard.forbidden(b"xabc")).tolist() == sorted(b"de")
    assert not guard.forbidden(b"bc").any()
    assert not guard.forbidden(b"xyz").any()
    assert guard.allowed_length(b"xab", b"cdz") == 1
    assert guard.allowed_length(b"", b"abcx") == 4
    assert guard.allowed_length(b"", b"abcd") == 3
    assert not CopyGuard(b"ab", 5).forbidden(b"abcdefg").any()
    with pytest.raises(UsageError):
        CopyGuard(b"ab", 0)


class Parrot(Sampler):
    """Says the same again and again, in pieces of a fixed size."""

    name = "parrot"

    def __init__(self, text: bytes, size: int) -> None:
        self.text, self.size = text, size

    def chunks(self, source: Source, rng: np.random.Generator) -> Iterator[Chunk]:
        endless = self.text * 50
        for start in range(0, len(endless), self.size):
            yield Chunk(endless[start : start + self.size])


@pytest.mark.parametrize("size", [1, 2, 3, 7, 40])
def test_a_stop_string_ends_the_sample_and_is_not_shown(size: int) -> None:
    primed = prime([Gzip()], Corpus([CORPUS]), b"", reading=Reading.BYTES)
    plan = Plan(Parrot(b"one two STOP three", size), Shaping(), length=60, stop=(b"STOP", b"no"))
    writing = Writing(primed, plan)
    assert b"".join(writing) == b"one two "
    result = writing.result()
    assert result.stopped
    assert result.data == b"one two "
    assert result.bits == primed.conditional.bits([b"one two "])[0]


@pytest.mark.parametrize("size", [1, 3, 40])
def test_what_might_have_been_a_stop_string_is_shown_in_the_end(size: int) -> None:
    primed = prime([Gzip()], Corpus([CORPUS]), b"", reading=Reading.BYTES)
    plan = Plan(Parrot(b"ST ST STO ", size), Shaping(), length=19, stop=(b"STOP",))
    assert b"".join(Writing(primed, plan)) == (b"ST ST STO " * 2)[:19]


def test_a_continuation_knows_its_cost_and_its_origin() -> None:
    (one,) = generate(
        "The ", compressor="zstd:level=5", corpus=CORPUS, sampler="spans", n=30, seed=4
    )
    primed = prime([get_compressor("zstd:level=5")], Corpus([CORPUS]), b"The ")
    assert one.bits == primed.conditional.bits([one.data])[0]
    assert one.bits_per_byte == one.bits / 30
    assert (one.compressor, one.sampler, one.seed) == ("zstd:level=5", "spans", 4)
    assert one.corpus_sha256 == primed.prime.sha256
    assert one.data.decode("utf-8", "replace") == one.text
    assert {"compgen", "python", "numpy", "zstd"} <= set(one.versions)


def test_an_exact_model_pays_on_the_way_what_it_pays_as_a_whole() -> None:
    source = source_of(Ladder(b"m"), shaping=Shaping())
    sampler = Ancestral().chunks(source, np.random.default_rng(0))
    chunks = [next(sampler) for _ in range(20)]
    written = b"".join(chunk.data for chunk in chunks)
    paid = sum(float(chunk.bits.sum()) for chunk in chunks if chunk.bits is not None)
    assert paid == pytest.approx(Ladder(b"m").bits([written])[0])


def test_an_empty_context_can_be_continued() -> None:
    for sampler in ("ancestral", "spans", "coinflips", "beam"):
        (one,) = generate("", corpus=b"a", sampler=sampler, n=3, seed=0, reading="bytes")
        assert len(one.data) == 3
