"""Brotli's exact bits: every bit that is claimed, an independent decoder must have read."""

import functools
import random
import zlib

import brotli
import numpy as np
import pytest

from compgen.compressors.brotli import Brotli
from compgen.conditionals.stream_bits import StreamBits
from compgen.errors import CompressorError
from compgen.formats.brotli_dictionary import FORMS, INDEX_BITS, dictionary
from compgen.formats.brotli_stream import Accounting, account, information_bits, payload_bits
from compgen.kernels import brotli_format
from compgen.kernels.brotli_tokens import parse
from compgen.kernels.brotli_words import LONGEST_FORM, write_word
from compgen.reading import Reading
from tests import reference_brotli
from tests.reference_brotli import Decoded, decode, word_text
from tests.texts import BINARY, DNA, ENGLISH, RANDOM

MIXED = ENGLISH[:4_000] + RANDOM[:2_000] + bytes(3_000) + BINARY[:3_000] + ENGLISH[2_000:5_000]
THREE_KINDS = b"".join(
    (ENGLISH[5_000:], DNA, bytes(byte % 50 + 180 for byte in RANDOM))[kind][at : at + 2_500]
    for at, kind in enumerate([0, 1, 2, 1, 2, 0, 1, 0])
)
WORDS = b"".join(
    word_text(length, word)
    for length, word in (
        (length, (form << INDEX_BITS[length]) + 3) for form in range(121) for length in (4, 7, 12)
    )
)
CORPORA = {
    "empty": b"",
    "one byte": b"x",
    "zeros": bytes(20_000),
    "noise": RANDOM[:3_000],
    "dna": DNA[:3_000],
    "numbers": BINARY[:6_000],
    "words": WORDS,
    "short prose": ENGLISH[:300],
    "prose": ENGLISH[:8_000],
    "mixed": MIXED,
    "three kinds": THREE_KINDS,
    "noise over meta-blocks": RANDOM,
}
LARGE = 50_000
QUALITIES = (0, 1, 2, 3, 4, 5, 9, 10, 11)


def cases() -> list[tuple[str, int, int]]:
    """Corpus, quality, logarithm of the window."""
    found = [
        (name, quality, 22)
        for name, data in CORPORA.items()
        for quality in (QUALITIES if len(data) < LARGE else (1, 5))
    ]
    return [
        *found,
        *(("prose", 5, window) for window in (10, 15, 16, 17, 18, 24)),
        ("mixed", 11, 10),
    ]


@functools.cache
def decoded(name: str, quality: int, window: int) -> tuple[bytes, Decoded]:
    stream = brotli.compress(CORPORA[name], quality=quality, lgwin=window)
    return stream, decode(stream)


@pytest.mark.parametrize(("name", "quality", "window"), cases())
def test_every_bit_that_is_claimed_was_read(name: str, quality: int, window: int) -> None:
    stream, reference = decoded(name, quality, window)
    assert reference.data == CORPORA[name]
    assert account(stream) == Accounting(
        reference.headers,
        reference.tables,
        reference.switches,
        reference.commands,
        reference.literals,
        reference.distances,
        reference.padding,
    )
    assert information_bits(stream) + reference.padding == 8 * len(stream)


def test_every_variant_of_the_format_occurred() -> None:
    seen = set().union(*(decoded(*case)[1].seen for case in cases()))
    seen |= decode(brotli.compress(ENGLISH[:3_000], quality=5, mode=brotli.MODE_FONT)).seen
    seen |= decode(one_word(7, (3 << 11) + 5, 6)).seen  # a form that the encoder never uses
    assert seen >= {
        *(f"ring {symbol}" for symbol in range(16)),
        *(f"simple code of {used}" for used in (1, 2, 3, 4)),
        *(f"complex code, {skipped} skipped" for skipped in (0, 2, 3)),
        *(f"block type symbol {symbol}" for symbol in (0, 1, 2)),
        *(f"word {change}" for change in "IFA-+"),
        *("simple code of 4, deep", "repeated 16", "repeated 17", "direct distance"),
        *("mode 2", "mode 3", "postfix 1", "move to front", "run in a context map"),
        "uncompressed",
    }


@pytest.mark.parametrize(("name", "quality", "window"), cases())
def test_a_flush_ends_where_the_finished_stream_does(name: str, quality: int, window: int) -> None:
    """What `process` and `flush` show of the end of the data: the marker, where there is one."""
    encoder = brotli.Compressor(quality=quality, lgwin=window)
    flushed = encoder.process(CORPORA[name]) + encoder.flush()
    reference = decode(flushed, whole=False)
    assert reference.data == CORPORA[name]
    # some data ends with an empty last meta-block of two bits
    assert decoded(name, quality, window)[1].end - reference.end in (0, 2)
    if reference.end % 8:
        stripped = flushed.rstrip(b"\0")
        marker = 8 * (len(stripped) - 1) + stripped[-1].bit_length() - 3
        assert marker == reference.end


@pytest.mark.parametrize(("name", "quality", "window"), cases())
def test_commands_are_those_of_an_independent_decoder(name: str, quality: int, window: int) -> None:
    stream, reference = decoded(name, quality, window)
    found = parse(stream)
    assert found.data == CORPORA[name]
    assert found.window == (1 << window) - 16
    keys = ["symbol", "copy", "distance_symbol", "distance", "word", "insert", "produced"]
    expected = []
    for one in reference.parse:
        distance = (one.distance_symbol, one.distance, one.word)
        expected.append((one.symbol, one.copy, *distance, len(one.literals), len(one.produced)))
    assert found.commands[keys].tolist() == expected


def test_the_dictionary_is_the_one_of_the_rfc() -> None:
    words = dictionary().words.tobytes()
    assert len(words) == 122_784
    assert zlib.crc32(words) == 0x5136CB04
    assert words.startswith(b"timedownlifeleft")


def test_every_form_of_every_word_is_the_librarys() -> None:
    """Streams that refer to a sample of words in each of the 121 forms, decoded by the library."""
    out = np.empty(LONGEST_FORM, np.uint8)
    for length in range(4, 25):
        for form in range(len(FORMS)):
            word = (form << INDEX_BITS[length]) + (7 * form + length) % (1 << INDEX_BITS[length])
            text = word_text(length, word)
            assert len(text) <= LONGEST_FORM
            end = write_word(dictionary(), length, word, out, 0)
            assert out[:end].tobytes() == text
            if text:
                assert brotli.decompress(one_word(length, word, len(text))) == text


def one_word(length: int, word: int, size: int) -> bytes:
    """A brotli stream of nothing but a reference to a word."""
    bits: list[str] = []

    def put(value: int, width: int) -> None:
        bits.append(f"{value:0{width}b}"[::-1] if width else "")

    code = max(c for c, (base, _) in enumerate(reference_brotli.COPIES) if base <= length)
    base, extra = reference_brotli.COPIES[code]
    symbol = 128 + code if code < 8 else 184 + code
    put(0b0, 1)  # window 16
    put(0b01, 2)  # last, not empty
    put(0, 2)
    put(size - 1, 16)
    put(0, 3 + 6 + 2 + 2)
    for name, width in ((0, 8), (symbol, 10)):  # literals and commands: a code of one symbol
        put(0b0001, 4)
        put(name, width)
    value = word + 1 + 3
    width = value.bit_length() - 2
    put(0b0001, 4)
    put(16 + 2 * (width - 1) + (value >> width & 1), 6)
    put(length - base, extra)
    put(value & (1 << width) - 1, width)
    text = "".join(bits)[::-1]
    return int(text, 2).to_bytes(-(-len(text) // 8), "little")


def test_format_constants_are_those_of_the_reference() -> None:
    for name, expected in (
        ("INSERT", reference_brotli.INSERTS),
        ("COPY", reference_brotli.COPIES),
        ("COUNT", reference_brotli.COUNTS),
    ):
        base, extra = (getattr(brotli_format, f"{name}_{part}") for part in ("BASE", "EXTRA"))
        assert list(zip(base, extra, strict=True)) == expected
    # the check values of section 7.1
    last, second = brotli_format.CONTEXT_OF_LAST, brotli_format.CONTEXT_OF_SECOND
    assert zlib.crc32(last[2].tobytes()) == 0x8E91EFB7
    assert zlib.crc32(second[2].tobytes()) == 0xD01A32F4
    assert zlib.crc32(second[3].tobytes()) == 0x0DD7A0D6
    for mode in range(4):
        for one, two in ((97, 200), (200, 97), (255, 0), (32, 46), (0, 255), (65, 13)):
            context = reference_brotli.context_id(mode, one, two)
            assert last[mode, one] | second[mode, two] == context


def test_payload_leaves_out_headers_and_tables() -> None:
    stream = brotli.compress(ENGLISH[:20_000], quality=11)
    parts = account(stream)
    assert parts.tables > 1_000
    assert parts.headers > 20
    assert payload_bits(stream) == information_bits(stream) - parts.headers - parts.tables


def test_metadata_is_skipped() -> None:
    # window 16; empty meta-block of two bytes of metadata; last, empty
    stream = bytes([0b1_01_0_11_0_0, 0, 7, 9, 0b11])
    assert brotli.decompress(stream) == decode(stream).data == b""
    assert account(stream).bits == decode(stream).headers


@pytest.mark.parametrize("cut", [0, 1, 9, 200, -1])
def test_a_cut_stream_is_refused(cut: int) -> None:
    stream = brotli.compress(ENGLISH[:5_000])
    with pytest.raises(CompressorError, match="not a sound brotli stream"):
        account(stream[:cut])
    with pytest.raises(CompressorError, match="not a sound brotli stream"):
        account(stream + b"\0")


@pytest.mark.parametrize("quality", [1, 5, 11])
def test_damage_is_seen_as_the_library_sees_it(quality: int) -> None:
    stream = brotli.compress(MIXED, quality=quality)
    rng = random.Random(quality)
    refused = 0
    for _ in range(800):
        broken = bytearray(stream)
        broken[rng.randrange(min(400, len(broken)))] = rng.randrange(256)
        try:
            expected = brotli.decompress(bytes(broken))
        except brotli.error:
            with pytest.raises(CompressorError):
                parse(bytes(broken))
            refused += 1
        else:
            assert parse(bytes(broken)).data == expected
    assert refused > 100


@pytest.mark.parametrize(
    ("reading", "measure"), [(Reading.BITS, information_bits), (Reading.PAYLOAD, payload_bits)]
)
def test_the_compressor_reads_below_the_byte(reading: Reading, measure: object) -> None:
    assert callable(measure)
    compressor, context = Brotli(quality=4, lgwin=18, mode="text"), ENGLISH[:5_000]
    conditional = compressor.condition(context, reading=reading)
    assert isinstance(conditional, StreamBits)
    candidates = [b"", b"the statement", b"\xff\xfe", ENGLISH[5_000:5_060]]
    base = measure(compressor.compress(context))
    expected = [measure(compressor.compress(context + x)) - base for x in candidates]
    assert conditional.bits(candidates).tolist() == expected
    assert np.exp2(-conditional.next_byte()).sum() == pytest.approx(1, abs=1e-12)
