"""Predictors that compress: frequencies, the entropy coder, coded streams."""

import itertools
import random
import sys
import zlib
from decimal import Decimal
from typing import Self

import constriction
import numpy as np
import pytest

from compgen.coding import stream as streams
from compgen.coding.entropy_coder import ByteDecoder, ByteEncoder
from compgen.coding.model_coder import FINGERPRINTED, ModelCoder
from compgen.coding.quantise import Weights, fingerprint, frequencies, quantise
from compgen.conditional import Bits, Conditional, NextByteConditional
from compgen.conditionals.deflate_marginal import DeflateMarginal
from compgen.distribution import normalise
from compgen.errors import CompressorError, MissingPackageError, SpecError
from compgen.reading import Reading
from compgen.registry import get_compressor, runs_a_program, split_specs
from tests import contract
from tests.texts import ENGLISH

EXACT = [
    "gzip",
    "zlib:level=6",
    "deflate:tables=huffman",
    "zstd",
    "zstd:level=19",
    "brotli",
    "cm:bits=16",
]
TOTAL = 1 << 24
GOLDEN_STREAM = "accf1d48"


# ------------------------------------------------------------------------------ frequencies


def distributions() -> list[Bits]:
    """Flat, peaked to the last bit, impossible bytes, and everything between."""
    rng = np.random.default_rng(5)
    found = [np.full(256, 8.0)]
    for concentration in (1e-3, 0.01, 0.1, 1.0, 100.0):
        for _ in range(20):
            p = rng.dirichlet(np.full(256, concentration))
            found.append(normalise(-np.log2(np.maximum(p, 1e-300))))
    certain = np.full(256, np.inf)
    certain[7] = -1e-13
    two = np.full(256, np.inf)
    two[[3, 200]] = 1.0
    return [*found, certain, two]


def test_frequencies_are_whole_and_leave_no_byte_impossible() -> None:
    for bits in distributions():
        found = frequencies(bits)
        assert found.sum() == TOTAL
        assert found.min() >= 1


def test_a_frequency_costs_what_the_byte_does() -> None:
    """At most 256 parts of 2^24 more, and one part of rounding; 24 bits at most."""
    for bits in distributions():
        cost = 24 - np.log2(frequencies(bits))
        allowed = np.minimum(bits - np.log2(1 - 256 / TOTAL), 24)
        assert (cost <= allowed + 1e-6).all()


def test_frequencies_are_those_of_the_definition() -> None:
    """floor(p · (2^24 - 256)) + 1 by thirty decimal digits, for the lesser of two bytes."""
    for length in np.linspace(1.0001, 2.2, 1500).tolist():
        bits = np.full(256, np.inf)
        bits[9], bits[7] = length, -np.log2(1 - 2.0**-length)
        exact = Decimal(2) ** -Decimal(length) * (TOTAL - 256)
        found = frequencies(bits)
        if 1e-3 < exact % 1 < 1 - 1e-3:
            assert found[9] == int(exact) + 1
        assert found[7] == TOTAL - 254 - found[9]


def test_frequencies_are_the_same_everywhere() -> None:
    """Of code lengths that are exact in binary, so that nothing but our own arithmetic decides."""
    parts = np.arange(1, 257) * 3 % 257 / 64 + np.arange(256) / 32
    checks = []
    for bits in (parts + 5.0, 2 * parts + 4.0, np.where(np.arange(256) % 3, parts + 6, np.inf)):
        weights = np.empty(256, np.float32)
        quantise(bits, weights)
        checks.append(fingerprint(weights, 0))
    assert checks == [3280728073, 1291730804, 278497590]


def test_what_is_no_distribution_is_refused() -> None:
    with pytest.raises(CompressorError, match="more than 1"):
        frequencies(np.full(256, 0.5))
    nothing = frequencies(np.full(256, np.nan))
    assert nothing.sum() == TOTAL


# ------------------------------------------------------------------------- the entropy coder


def rows(count: int) -> Weights:
    rng = np.random.default_rng(6)
    found = np.empty((count, 256), np.float32)
    for row in found:
        quantise(normalise(-np.log2(rng.dirichlet(np.full(256, 0.05)) + 1e-12)), row)
    return found


def test_constriction_codes_by_exactly_our_frequencies() -> None:
    """The first word of a stream picks a quantile; at both ends of each byte's, the byte."""
    unit = ((1 << 64) - 1) >> 24
    for weights in rows(12):
        border = np.concatenate([[0], np.cumsum(weights.astype(np.int64) + 1)])
        assert border[-1] == TOTAL
        for value in range(256):
            for quantile in (border[value], border[value + 1] - 1):
                point = int(quantile) * unit + unit // 2
                code = np.array([point >> 32, point & 0xFFFFFFFF], "<u4").tobytes()
                assert ByteDecoder(code).decode(weights) == value


def test_golden_stream_of_the_entropy_coder() -> None:
    """What constriction has once written it must decode for ever."""
    coder = ByteEncoder()
    weights = np.zeros((8, 256), np.float32)
    for index, row in enumerate(weights):
        row[: index + 2] = (TOTAL - 256) // (index + 2)
        row[0] += TOTAL - 256 - row.sum()
    coder.encode(bytes(range(8)), weights)
    assert coder.finish().hex() == GOLDEN_STREAM
    decoder = ByteDecoder(bytes.fromhex(GOLDEN_STREAM))
    assert [decoder.decode(row) for row in weights] == list(range(8))
    decoder.finish()


def test_the_decoder_notices_what_cannot_be() -> None:
    weights = rows(4)
    with pytest.raises(CompressorError, match="cut short"):
        ByteDecoder(b"\x00" * 7)
    coder = ByteEncoder()
    coder.encode(b"abcd", weights)
    longer = ByteDecoder(coder.finish() + b"\x01" * 8)
    assert bytes(longer.decode(row) for row in weights) == b"abcd"
    with pytest.raises(CompressorError, match="goes on"):
        longer.finish()
    beyond = ByteDecoder(b"\xff" * 8)
    with pytest.raises(CompressorError, match="damaged"):
        _ = [beyond.decode(row) for row in itertools.cycle(weights)]


def test_bytes_coded_in_pieces_are_the_same_stream() -> None:
    weights = rows(30)
    whole, pieces = ByteEncoder(), ByteEncoder()
    data = random.Random(7).randbytes(30)
    whole.encode(data, weights)
    for start in range(0, 30, 7):
        pieces.encode(data[start : start + 7], weights[start : start + 7])
    pieces.encode(b"", weights[:0])
    assert whole.finish() == pieces.finish()


# ------------------------------------------------------------------------------- the streams


@pytest.mark.parametrize("spec", EXACT)
def test_everything_comes_back(spec: str) -> None:
    coded = get_compressor(f"coded:{spec}")
    for data in (*(sample[:400] for sample in contract.SAMPLES.values()), ENGLISH[:2500]):
        assert coded.decompress(coded.compress(data)) == data


@pytest.mark.parametrize("spec", ["bz2", "png"])
def test_what_has_code_lengths_only_is_coded_by_those_of_the_next_byte(spec: str) -> None:
    coded = get_compressor(f"coded:{spec}")
    data = b"abcabc \xff"
    assert coded.decompress(coded.compress(data)) == data
    conditional = coded.condition(b"ab")
    inner = coded.inner.condition(b"ab")  # type: ignore[attr-defined]
    first = inner.next_byte()
    assert conditional.exact
    assert not inner.exact
    np.testing.assert_array_equal(conditional.next_byte(), first)
    twin = conditional.fork()
    inner.advance(b"c")
    conditional.advance(b"c")
    np.testing.assert_array_equal(conditional.next_byte(), inner.next_byte())
    by_chain_rule = first[ord("c")] + inner.next_byte()[ord("a")]
    assert twin.bits([b"ca"]) == pytest.approx([by_chain_rule])


@pytest.mark.parametrize("spec", EXACT)
@pytest.mark.parametrize("text", [ENGLISH[40_000:44_000], bytes(2000), ENGLISH[:20]])
def test_the_length_is_the_code_length(spec: str, text: bytes) -> None:
    coded = get_compressor(f"coded:{spec}")
    ideal = float(coded.condition().bits([text])[0]) / 8
    length = len(coded.compress(text))
    assert ideal <= length <= 1.001 * ideal + 32


@pytest.mark.parametrize("spec", ["coded:gzip", "cm:bits=16"])
def test_nothing_grows_by_more_than_the_headers(spec: str) -> None:
    coded = get_compressor(spec)
    noise = random.Random(8).randbytes(2000)
    for data in (b"", b"\x07", noise[:15], noise[:17], noise):
        stream = coded.compress(data)
        assert len(stream) <= len(data) + 9 + 11
        assert coded.decompress(stream) == data
    assert noise in coded.compress(noise)


@pytest.mark.parametrize("spec", ["coded:gzip", "cm:bits=16"])
def test_blocks_go_on_where_the_last_one_ended(spec: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Text, noise that is stored, and the same text again, which is then known."""
    monkeypatch.setattr(streams, "BLOCK_BYTES", 600)
    coded = get_compressor(spec)
    data = ENGLISH[:600] + random.Random(9).randbytes(600) + ENGLISH[:600] + b"end"
    stream = coded.compress(data)
    assert coded.decompress(stream) == data
    assert data[600:1200] in stream
    assert len(stream) < len(coded.compress(data[:1200])) + 60


def test_coded_generates_as_what_it_codes_by() -> None:
    context = ENGLISH[:3000]
    inner = get_compressor("gzip")
    coded = get_compressor("coded:gzip")
    conditional = coded.condition(context)
    assert isinstance(conditional, DeflateMarginal)
    np.testing.assert_array_equal(
        conditional.next_byte(), inner.condition(context, reading=Reading.MARGINAL).next_byte()
    )
    assert coded.tuning(Reading.MARGINAL) == inner.tuning(Reading.MARGINAL)
    assert coded.prime_bytes == inner.prime_budget(Reading.MARGINAL)
    assert coded.window == inner.window
    mixed = [
        one.mix([context[:900], context[900:]], [3, 0], b"the ", Reading.MARGINAL)
        for one in (coded, inner)
    ]
    assert type(mixed[0]) is type(mixed[1])
    np.testing.assert_array_equal(mixed[0].next_byte(), mixed[1].next_byte())


# --------------------------------------------------------------------- another environment


class Counted(NextByteConditional):
    """A conditional that counts the questions, and from one of them on answers otherwise."""

    reading = Reading.MARGINAL

    def __init__(self, inner: Conditional, changes_at: int | None = None) -> None:
        self.inner, self.changes_at, self.asked = inner, changes_at, 0

    def next_byte(self) -> Bits:
        self.asked += 1
        bits = self.inner.next_byte()
        if self.changes_at is not None and self.asked > self.changes_at:
            bits = normalise(bits + 1e-5 * np.arange(256))
        return bits

    def advance(self, data: bytes) -> None:
        self.inner.advance(data)

    def fork(self) -> Self:
        raise NotImplementedError


@pytest.mark.parametrize("changes_at", [0, 3, FINGERPRINTED - 1])
def test_other_predictions_are_noticed_after_sixteen_bytes(changes_at: int) -> None:
    gzip = get_compressor("gzip")
    stream = streams.encode(gzip.condition(), ENGLISH[:2000])
    elsewhere = Counted(gzip.condition(), changes_at)
    with pytest.raises(CompressorError, match="computes otherwise"):
        streams.decode(elsewhere, stream)
    assert elsewhere.asked <= FINGERPRINTED


@pytest.mark.parametrize("changes_at", [FINGERPRINTED, 100, 500])
def test_predictions_that_stray_later_give_no_data(changes_at: int) -> None:
    gzip = get_compressor("gzip")
    stream = streams.encode(gzip.condition(), ENGLISH[:2000])
    with pytest.raises(CompressorError):
        streams.decode(Counted(gzip.condition(), changes_at), stream)


def test_encoder_and_decoder_ask_the_same_questions() -> None:
    gzip = get_compressor("gzip")
    one, other = Counted(gzip.condition()), Counted(gzip.condition())
    streams.decode(other, streams.encode(one, ENGLISH[:500]))
    assert one.asked == other.asked == 500


def test_a_fingerprint_is_of_the_first_positions_alone() -> None:
    gzip = get_compressor("gzip")
    found = []
    for size in (0, FINGERPRINTED - 1, FINGERPRINTED, 40):
        coder = ModelCoder(gzip.condition())
        coder.encode(ENGLISH[:size])
        found.append(coder.fingerprint)
    assert found[0] == 0
    assert found[2] == found[3] != found[1]


def test_a_forged_length_costs_sixteen_bytes_of_decoding() -> None:
    gzip = get_compressor("gzip")
    stream = bytearray(streams.encode(gzip.condition(), ENGLISH[:300]))
    stream[4] = 0xFF
    counted = Counted(gzip.condition())
    with pytest.raises(CompressorError):
        streams.decode(counted, bytes(stream))
    assert counted.asked <= FINGERPRINTED


def test_damage_is_noticed_before_anything_is_decoded() -> None:
    stream = bytearray(streams.encode(get_compressor("gzip").condition(), ENGLISH[:300]))
    stream[-1] ^= 1
    counted = Counted(get_compressor("gzip").condition())
    with pytest.raises(CompressorError, match="checksum of a block"):
        streams.decode(counted, bytes(stream))
    assert counted.asked == 0


def test_the_data_has_its_own_checksum() -> None:
    """What the first positions do not tell and the coder does not notice: another last byte."""
    coded = get_compressor("coded:gzip")
    one, other = (coded.compress(ENGLISH[:40] + last) for last in (b"a", b"b"))
    assert one[:9] == other[:9]
    with pytest.raises(CompressorError, match="checksum of the data"):
        coded.decompress(one[:16] + other[16:20] + one[20:])


def test_the_checks_are_what_the_format_says() -> None:
    data = ENGLISH[:50]
    stream = get_compressor("coded:zstd").compress(data)
    assert stream[:5] == (50).to_bytes(5, "little")
    size = int.from_bytes(stream[9:12], "little")
    assert len(stream) == 20 + size
    assert stream[12:16] == zlib.crc32(stream[20:]).to_bytes(4, "little")
    assert stream[16:20] == zlib.crc32(data).to_bytes(4, "little")


# ------------------------------------------------------------------------------------- specs


def test_the_rest_of_the_spec_is_the_others() -> None:
    coded = get_compressor("coded:zstd:level=19")
    assert str(coded) == "coded:zstd:level=19"
    assert str(get_compressor("coded: gzip:level=9")) == "coded:gzip"
    assert coded != get_compressor("coded:zstd")
    assert coded.is_model
    assert not get_compressor("zstd").is_model
    assert split_specs("coded:gzip:level=6+coded:zstd+cm") == [
        "coded:gzip:level=6",
        "coded:zstd",
        "cm",
    ]
    assert split_specs("zstd+coded:command:cat + gzip") == ["zstd", "coded:command:cat + gzip"]


@pytest.mark.parametrize(
    ("spec", "complaint"),
    [("coded", "coded:gzip"), ("coded:", "coded:gzip"), ("coded:gzop", "did you mean 'gzip'")],
)
def test_senseless_specs(spec: str, complaint: str) -> None:
    with pytest.raises(SpecError, match=complaint):
        get_compressor(spec)


def test_programs_are_known_by_their_spec() -> None:
    for spec in (
        "command",
        "command:xz",
        " command : xz",
        "coded:command:xz",
        "coded:coded:command",
    ):
        assert runs_a_program(spec)
    for spec in ("gzip", "coded:gzip", "commander", "numcodecs:id=command"):
        assert not runs_a_program(spec)


def test_the_entropy_coder_is_constriction() -> None:
    assert get_compressor("cm").library().startswith("constriction ")
    assert hasattr(constriction.stream.queue, "RangeEncoder")


def test_without_constriction_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "constriction", None)
    for use in (ByteEncoder, lambda: ByteDecoder(b"")):
        with pytest.raises(MissingPackageError, match="pip install constriction"):
            use()
