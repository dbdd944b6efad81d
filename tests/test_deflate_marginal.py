"""The decoder-marginal of deflate against its O(n · window) definition."""

import zlib
from pydoc_data import topics

import numpy as np
import pytest
from numpy.typing import NDArray

from compgen.conditionals.decoder_marginal import (
    LONGEST_INTERVAL,
    SPAN_TAIL,
    TAIL,
    WARM_UP,
    next_refresh_point,
    refresh_point,
)
from compgen.conditionals.deflate_marginal import DeflateMarginal
from compgen.conditionals.marginal_mixture import MarginalMixture
from compgen.conditionals.marginal_tables import (
    COUNTED,
    DeflateOptions,
    TokenGrammar,
    TokenShape,
    token_grammar,
)
from compgen.errors import UsageError
from compgen.kernels.deflate_format import DISTANCE_CODE, MAX_MATCH

TEXT = "\n".join(topics.topics.values()).encode()
RANDOM = np.random.default_rng(7)
NOISE = RANDOM.integers(0, 256, 40_000, np.uint8).tobytes()
SKEWED = RANDOM.choice(4, 20_000, p=[0.6, 0.2, 0.15, 0.05]).astype(np.uint8).tobytes()


def brute_force(
    data: bytes, boundary: int, grammar: TokenGrammar, max_distance: int
) -> NDArray[np.float64]:
    """-log2 p of the next byte, by the definition: every distance, every length, every step.

    A token boundary is certain at `boundary` and everything before it is only a source.
    """
    x = np.frombuffer(data, np.uint8)
    n = len(x)
    weight = grammar.distance[DISTANCE_CODE[: max_distance + 1]]
    longer = np.array([grammar.length[length + 1 :].sum() for length in range(MAX_MATCH)])
    run = np.zeros(max_distance + 1, np.int16)  # by distance, up to MAX_MATCH
    alpha = np.zeros(n + 1)  # scaled; where it overflows, a run that used it would give inf
    alpha[boundary] = 1.0
    lengths = np.arange(3, MAX_MATCH + 1)
    ends = np.zeros(MAX_MATCH + 1)
    for t in range(boundary, n):
        reach = min(t, max_distance)
        same = x[t - reach : t][::-1] == x[t]
        run[1 : reach + 1] = np.minimum(run[1 : reach + 1] + 1, MAX_MATCH) * same
        starts = alpha[np.maximum(t + 1 - lengths, 0)] * (t + 1 >= lengths)
        ends[3:] = np.cumsum(starts * grammar.length[3:])
        # not @: BLAS would wake its threads for each step, and wait for them
        matched = (weight[1 : reach + 1] * ends[run[1 : reach + 1]]).sum()
        alpha[t + 1] = alpha[t] * grammar.literal[x[t]] + matched
        if alpha[t + 1] < 1e-100:
            with np.errstate(over="ignore"):
                alpha *= 1e100
    backs = np.arange(min(n + 1, MAX_MATCH))
    under_way = np.cumsum(alpha[n - backs] * longer[backs])
    probability = alpha[n] * grammar.literal
    reach = min(n, max_distance)
    deepest = np.minimum(run[1 : reach + 1], MAX_MATCH - 1)
    np.add.at(probability, x[n - reach : n][::-1], weight[1 : reach + 1] * under_way[deepest])
    bits: NDArray[np.float64] = -np.log2(probability / probability.sum())
    return bits


def expected(context: bytes, tables: str = "fractional", **options: int) -> NDArray[np.float64]:
    """The brute force with the tables and the warm-up that the documented rule gives."""
    deflate = DeflateOptions(**options)  # type: ignore[arg-type]
    point = refresh_point(len(context), 0)
    grammar = token_grammar(context[:point], deflate, tables=tables)  # type: ignore[arg-type]
    return brute_force(context, max(0, point - WARM_UP), grammar, deflate.max_distance)


def assert_same(found: NDArray[np.float64], reference: NDArray[np.float64]) -> None:
    assert np.abs(found - reference).max() < 1e-9
    assert abs(np.exp2(-found).sum() - 1) < 1e-12


CONTEXTS = {
    "empty": b"",
    "one byte": b"a",
    "two bytes": b"ab",
    "repeat": b"abcabcabc",
    "text": TEXT[:16_900],
    "text past the window": TEXT[1000:42_300],
    "noise": NOISE[:9_000],
    "noise twice": NOISE[:700] + NOISE[:650],
    "four letters": SKEWED[:5_000],
    "zeros": bytes(2_000),
    "zeros and a tail": bytes(1_500) + TEXT[:30],
    "all bytes": bytes(range(256)) * 9,
}


@pytest.mark.parametrize("context", CONTEXTS.values(), ids=CONTEXTS)
def test_next_byte_is_the_definition(context: bytes) -> None:
    assert_same(DeflateMarginal(context).next_byte(), expected(context))


@pytest.mark.parametrize("wbits", range(9, 15))
def test_every_window_size(wbits: int) -> None:
    context = TEXT[50_000 : 50_000 + 3 * (1 << wbits) + 77][:16_900]
    assert_same(DeflateMarginal(context, wbits=wbits).next_byte(), expected(context, wbits=wbits))


@pytest.mark.parametrize("level", range(1, 10))
def test_every_level(level: int) -> None:
    context = TEXT[5_000:9_321]
    assert_same(DeflateMarginal(context, level=level).next_byte(), expected(context, level=level))


def test_memory_level_strategy_and_huffman_tables() -> None:
    context = TEXT[:6_000]
    found = DeflateMarginal(context, memlevel=3, filtered=True, tables="huffman").next_byte()
    assert_same(found, expected(context, "huffman", memlevel=3, filtered=True))


@pytest.mark.parametrize("forked", [False, True], ids=["alone", "forked at every step"])
def test_advance_byte_by_byte(forked: bool) -> None:
    """Through tails, windows of one's own, absorbed tails and refreshes, at every step."""
    context = TEXT[:3_990]
    state = DeflateMarginal(context)
    for step in range(2 * TAIL + 75):  # the refresh point is 4096
        if step % 13 == 0:
            assert_same(state.next_byte(), expected(TEXT[: 3_990 + step]))
        elder = state
        state = elder.fork() if forked else elder
        state.advance(TEXT[3_990 + step : 3_991 + step])


def test_a_fork_is_independent() -> None:
    parent = DeflateMarginal(TEXT[:3_000])
    before = parent.next_byte()
    child, other = parent.fork(), parent.fork()
    child.advance(TEXT[3_000:3_100])
    other.advance(b"zzz")
    assert np.array_equal(parent.next_byte(), before)
    parent.advance(b"quite different")
    assert_same(child.next_byte(), expected(TEXT[:3_100]))
    assert_same(other.next_byte(), expected(TEXT[:3_000] + b"zzz"))
    assert_same(parent.next_byte(), expected(TEXT[:3_000] + b"quite different"))


@pytest.mark.parametrize("split", [0, 1, 100, 32_760, 32_768, 32_775, 40_000])
def test_the_split_of_the_context_does_not_matter(split: int) -> None:
    whole = DeflateMarginal(TEXT[:40_500])
    parts = DeflateMarginal(TEXT[:split])
    parts.advance(TEXT[split:40_500])
    assert np.abs(whole.next_byte() - parts.next_byte()).max() < 1e-9


def test_the_warm_up_forgets_its_start() -> None:
    """From a boundary 984 bytes earlier, the distribution is the same to 1e-6 bits."""
    context = TEXT[:16_384]
    deflate = DeflateOptions()
    grammar = token_grammar(context, deflate)
    earlier = brute_force(context, len(context) - 1_500, grammar, deflate.max_distance)
    assert np.abs(DeflateMarginal(context).next_byte() - earlier).max() < 1e-6


def test_boundary() -> None:
    context = TEXT[:5_000]
    grammar = token_grammar(context, DeflateOptions())
    reference = brute_force(context, len(context), grammar, DeflateOptions().max_distance)
    state = DeflateMarginal(context, boundary=True)
    assert_same(state.next_byte(), reference)
    state.advance(TEXT[5_000:5_040])
    reference = brute_force(TEXT[:5_040], 5_000, grammar, DeflateOptions().max_distance)
    assert_same(state.next_byte(), reference)


def test_bits_is_the_chain_rule() -> None:
    state = DeflateMarginal(TEXT[:8_100])  # the next refresh point is 8192
    state.fork()
    spans = [
        b"",
        b"\x00",
        TEXT[8_100:8_140],
        TEXT[100 : 100 + SPAN_TAIL],
        b"abab" * 20,
        TEXT[8_100:8_400],
        NOISE[:200],
        bytes(92),
    ]
    found = state.bits(spans)
    for span, bits in zip(spans, found, strict=True):
        twin = state.fork()
        total = 0.0
        for value in span:
            total += twin.next_byte()[value]
            twin.advance(bytes([value]))
        assert bits == pytest.approx(total, abs=1e-8)
    assert state.history_length == 8_100


def test_next_bytes_follows_each_prefix() -> None:
    state = DeflateMarginal(TEXT[:8_100])
    prefixes = [b"", b"the", TEXT[8_100:8_191], TEXT[8_100:8_192], TEXT[8_100:8_500]]
    grid = state.next_bytes(prefixes)
    for prefix, row in zip(prefixes, grid, strict=True):
        twin = state.fork()
        twin.advance(prefix)
        assert np.abs(row - state.bits([prefix])[0] - twin.next_byte()).max() < 1e-8


PERIODIC = {
    "spaces": TEXT[:900] + b" " * 2_000 + TEXT[900:960],
    "live loop": TEXT[:500] + b"fisff" * 500,
    "loop in a loop": (b"ab" * 400 + b" " * 400) * 3 + b"ab" * 350,
    "loop, twice": TEXT[:200] + TEXT[:57] * 20 + TEXT[300:500] + TEXT[:57] * 15 + TEXT[57:62],
    "longest period": TEXT[:258] * 9 + TEXT[258:270] + TEXT[:258] * 3,
    "no period": TEXT[:259] * 9,
    "period of a period": b"abcabd" * 200 + b"abc" * 300 + b"abcabd" * 60,
}


@pytest.mark.parametrize("data", PERIODIC.values(), ids=PERIODIC)
@pytest.mark.parametrize("wbits", [10, 12])
def test_one_position_stands_for_many(data: bytes, wbits: int) -> None:
    """Loops: at their end, in mid-loop through forks and tails, and where they break off."""
    state = DeflateMarginal(data[:-150], wbits=wbits)
    for value in data[-150:-110]:  # a fork's tail, and a window of its own
        state = state.fork()
        state.advance(bytes([value]))
    state.advance(data[-110:])
    assert_same(state.next_byte(), expected(data, wbits=wbits))
    for broken in (b"?", data[-1:] + b"x", data[:30]):
        twin = state.fork()
        twin.advance(broken)
        assert_same(twin.next_byte(), expected(data + broken, wbits=wbits))


@pytest.mark.parametrize("data", [b" ", b"he said to the ", TEXT[:257]], ids=len)
def test_a_loop_is_a_short_list(data: bytes) -> None:
    """However long the loop: what stands for all is a position or two, and the loop's start."""
    state = DeflateMarginal(data * (40_000 // len(data)))
    assert state._matches.counts[0] < 40
    state.advance((data * 700)[:700])
    assert state._matches.counts[0] < 40


def test_long_zeros_stay_bounded() -> None:
    """Every position matches and every run is full: work per byte must not grow with the run."""
    state = DeflateMarginal(bytes(33_000), wbits=12)
    assert state.next_byte()[0] < 0.1
    state.advance(bytes(20_000))
    assert state.next_byte()[0] < 0.1


def test_refresh_points() -> None:
    for known in (0, 5, 300, 15_000):
        points = [0]
        while points[-1] < 90_000:
            points.append(next_refresh_point(points[-1], known))
        last = np.searchsorted(points, np.arange(20_000), side="right") - 1
        assert [refresh_point(history, known) for history in range(20_000)] == [
            points[index] for index in last
        ]
        gaps = np.diff(points)
        assert gaps.min() >= 1
        assert gaps.max() == LONGEST_INTERVAL
        if known == 0:
            assert points[1:9] == list(range(16, 144, 16))
            assert (gaps[4:] * 4 <= np.array(points[5:])).all()


@pytest.mark.parametrize(
    "data",
    [TEXT[:18_000] + NOISE[:300] + bytes(1_000), NOISE[:3_000]],
    ids=["more than is counted", "stored"],
)
def test_grammar_is_the_encoders_parse(data: bytes) -> None:
    """Counts of an independent walk: inflate the stream, token by token, bit by bit."""
    for level in (1, 6, 9):
        options = DeflateOptions(level)
        stream = options.compress(data)
        assert zlib.decompress(stream, -15) == data
        tokens = slow_inflate(stream)
        starts = np.cumsum([0] + [length if distance else 1 for length, distance in tokens])
        assert starts[-1] == len(data)
        counted = [
            token
            for token, start in zip(tokens, starts, strict=False)
            if start >= len(data) - COUNTED
        ]
        literals = np.zeros(256)
        for value, distance in counted:
            if not distance:
                literals[value] += 1
        matches = [token for token in counted if token[1]]
        grammar = token_grammar(data, options)
        total = len(counted) + 28.5  # 285 symbols at 0.1: no end of block
        assert grammar.literal == pytest.approx((literals + 0.1) / total)
        single = sum(length == 5 for length, _ in matches)
        assert grammar.length[5] == pytest.approx((single + 0.1) / total)
        near = sum(distance in (5, 6) for _, distance in matches)
        assert grammar.distance[4] == pytest.approx((near + 0.1) / (len(matches) + 3) / 2)
        assert grammar.literal.sum() + grammar.length.sum() == pytest.approx(1, abs=1e-12)


def slow_inflate(stream: bytes) -> list[tuple[int, int]]:
    """The tokens of a raw deflate stream: (literal, 0) or (match length, distance)."""
    bits = np.unpackbits(np.frombuffer(stream, np.uint8), bitorder="little").tolist()
    at = 0

    def read(count: int) -> int:
        nonlocal at
        at += count
        return sum(bit << index for index, bit in enumerate(bits[at - count : at]))

    def codes(lengths: list[int]) -> dict[tuple[int, int], int]:
        code, table = 0, {}
        for length in range(1, 16):
            for symbol, own in enumerate(lengths):
                if own == length:
                    table[length, code] = symbol
                    code += 1
            code <<= 1
        return table

    def symbol_of(table: dict[tuple[int, int], int]) -> int:
        code = length = 0
        while (length, code) not in table:
            code, length = code << 1 | read(1), length + 1
        return table[length, code]

    length_base = [3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67]
    length_base += [83, 99, 115, 131, 163, 195, 227, 258]
    length_extra = [0] * 8 + [1] * 4 + [2] * 4 + [3] * 4 + [4] * 4 + [5] * 4 + [0]
    tokens: list[tuple[int, int]] = []
    final = 0
    while not final:
        final, kind = read(1), read(2)
        if kind == 0:
            at = -(-at // 8) * 8
            stored = read(16)
            read(16)
            tokens += [(read(8), 0) for _ in range(stored)]
            continue
        if kind == 1:
            both = [8] * 144 + [9] * 112 + [7] * 24 + [8] * 8 + [5] * 30
            count = 288
        else:
            count, extra, own = read(5) + 257, read(5) + 1, read(4) + 4
            order = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15]
            header = [0] * 19
            for index in order[:own]:
                header[index] = read(3)
            table, both = codes(header), []
            while len(both) < count + extra:
                symbol = symbol_of(table)
                if symbol < 16:
                    both.append(symbol)
                elif symbol == 16:
                    both += [both[-1]] * (3 + read(2))
                else:
                    both += [0] * (3 + read(3) if symbol == 17 else 11 + read(7))
        literal_codes, distance_codes = codes(both[:count]), codes(both[count:])
        while (symbol := symbol_of(literal_codes)) != 256:
            if symbol < 256:
                tokens.append((symbol, 0))
                continue
            length = length_base[symbol - 257] + read(length_extra[symbol - 257])
            code = symbol_of(distance_codes)
            extra = max(0, code // 2 - 1)
            distance = (code if code < 4 else (2 + code % 2) * 2**extra) + 1 + read(extra)
            tokens.append((length, distance))
    return tokens


def test_a_decoder_fed_with_coin_flips() -> None:
    """A token sampler, which knows nothing of the algorithm, agrees in frequency."""
    context = b"the cat sat on the mat; the dog sat on the log; "
    state = DeflateMarginal(context, boundary=True)
    grammar = token_grammar(context, DeflateOptions())
    random = np.random.default_rng(3)
    n, samples, known = len(context), 40_000, 2
    weight = grammar.distance[DISTANCE_CODE[1 : n + 1 + 8]]
    counts: dict[bytes, int] = {}
    symbols = np.concatenate([grammar.literal, grammar.length])
    tokens = random.choice(symbols.size, (samples, known), p=symbols / symbols.sum())
    everywhere = np.append(weight, 1 - weight.sum())
    far = random.choice(everywhere.size, (samples, known), p=everywhere) + 1
    for row in range(samples):
        out = bytearray(context)
        for token, distance in zip(tokens[row], far[row], strict=True):
            if token < 256:
                out.append(token)
            elif distance > len(out):
                break  # a distance too far back: this decoder has failed
            else:
                for _ in range(min(8, token - 256)):
                    out.append(out[-distance])
        if len(out) >= n + known:
            made = bytes(out[n : n + known])
            counts[made] = counts.get(made, 0) + 1
    total = sum(counts.values())
    common = sorted(counts, key=lambda made: -counts[made])[:30]
    predicted = np.exp2(-state.bits(common))
    measured = np.array([counts[made] for made in common]) / total
    assert predicted == pytest.approx(measured, abs=4 * np.sqrt(measured.max() / total) + 2e-3)


def test_token_shape() -> None:
    context = TEXT[:5_000]
    plain = token_grammar(context, DeflateOptions())
    shaped = plain.shaped(TokenShape(match_weight=2, literal_temperature=2, length_temperature=3))
    assert shaped.literal.sum() + shaped.length.sum() == pytest.approx(1)
    odds = plain.length.sum() / plain.literal.sum()
    assert shaped.length.sum() / shaped.literal.sum() == pytest.approx(2 * odds)
    assert shaped.literal[101] / shaped.literal[122] == pytest.approx(
        np.sqrt(plain.literal[101] / plain.literal[122])
    )
    assert shaped.length[3] / shaped.length[9] == pytest.approx(
        np.cbrt(plain.length[3] / plain.length[9])
    )
    state = DeflateMarginal(context, shape=TokenShape(length_temperature=3))
    reference = brute_force(
        context,
        4_096 - WARM_UP,
        token_grammar(context[:4_096], DeflateOptions()).shaped(TokenShape(length_temperature=3)),
        DeflateOptions().max_distance,
    )
    assert_same(state.next_byte(), reference)


def truncated_reference(
    prime: bytes, context: bytes, grammar: TokenGrammar, max_distance: int
) -> NDArray[np.float64]:
    """-log2 p of the next byte where only the prime is a source: every one, for every run.

    The weight of a source is that of its distance to the end of the prime; the first eight
    bytes of a prime are none.
    """
    sources = range(max(8, len(prime) - max_distance), len(prime))
    weight = {q: grammar.distance[DISTANCE_CODE[len(prime) - q]] for q in sources}
    k = len(context)
    alpha = [1.0]
    for t in range(k):
        value = alpha[t] * grammar.literal[context[t]]
        for length in range(3, t + 2):
            run = context[t + 1 - length : t + 1]
            reach = sum(weight[q] for q in sources if prime[q - length : q] == run)
            value += alpha[t + 1 - length] * grammar.length[length] * reach
        alpha.append(value)
    probability = alpha[k] * grammar.literal
    for back in range(k + 1):
        longer = alpha[k - back] * grammar.length[back + 1 :].sum()
        run = context[k - back :]
        for q in sources:
            if prime[q - back : q] == run:
                probability[prime[q]] += weight[q] * longer
    bits: NDArray[np.float64] = -np.log2(probability / probability.sum())
    return bits


def mixture_reference(
    primes: list[bytes], contexts: list[int], history: bytes, experts: int
) -> NDArray[np.float64]:
    whole = [
        primes[expert % len(primes)]
        for expert in range(experts)
        if contexts[expert % len(contexts)] == 0
    ]
    point = refresh_point(len(history), min(map(len, whole), default=0))
    deflate = DeflateOptions()
    total = np.zeros(256)
    for expert in range(experts):
        prime, context = primes[expert % len(primes)], contexts[expert % len(contexts)]
        if context:
            known = history[-context:]
            grammar = token_grammar(prime, deflate)
            bits = truncated_reference(prime, known, grammar, deflate.max_distance)
        else:
            grammar = token_grammar(prime + history[:point], deflate)
            start = len(prime) + max(0, point - WARM_UP)
            bits = brute_force(prime + history, start, grammar, deflate.max_distance)
        total += np.exp2(-bits)
    bits = -np.log2(total / experts)
    return bits


@pytest.mark.parametrize("contexts", [[0], [5, 4, 3], [0, 3, 8, 1]], ids=str)
def test_mixture_is_the_mean_of_its_experts(contexts: list[int]) -> None:
    primes = [TEXT[:4_000], TEXT[9_000:12_500], TEXT[20_000:20_700]]
    text = TEXT[30_000:30_200]
    for length in (0, 2, 60):
        mixture = MarginalMixture(primes, contexts, text[:length], experts=7)
        assert_same(mixture.next_byte(), mixture_reference(primes, contexts, text[:length], 7))
    child = mixture.fork()
    for length in range(61, 180):
        child.advance(text[length - 1 : length])
        if length % 29 == 0:
            reference = mixture_reference(primes, contexts, text[:length], 7)
            assert_same(child.next_byte(), reference)
    spans = [text[60:100], text[60:64], b"no"]
    for span, bits in zip(spans, mixture.bits(spans), strict=True):
        assert mixture.fork().code_lengths(span).sum() == pytest.approx(bits, abs=1e-8)


def test_truncated_experts_at_the_edges() -> None:
    """Bytes 0 and 255, where search keys end; primes too short to hold a source; long primes."""
    random = np.random.default_rng(4)
    extreme = random.choice(np.array([0, 255], np.uint8), 400, p=[0.3, 0.7]).tobytes()
    for primes in ([extreme, b"\xff" * 50], [b"", b"12345678", b"123456789"], [NOISE + extreme]):
        for history in (b"", b"\xff", b"\xff" * 9, b"\x00\xff\xff\xff\x00", b"\x00" * 8, b"45678"):
            mixture = MarginalMixture(primes, [7, 3, 8], history, experts=5)
            assert_same(mixture.next_byte(), mixture_reference(primes, [7, 3, 8], history, 5))


def test_options_out_of_range() -> None:
    with pytest.raises(UsageError, match="level"):
        DeflateMarginal(b"", level=0)
    with pytest.raises(UsageError, match="wbits"):
        DeflateMarginal(b"", wbits=16)
    with pytest.raises(UsageError, match="tables"):
        DeflateMarginal(b"", tables="magic")  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="positive"):
        TokenShape(match_weight=0)
    with pytest.raises(UsageError, match="context lengths"):
        MarginalMixture([b"a"], [9])
    with pytest.raises(UsageError, match="at least one"):
        MarginalMixture([], [3])
