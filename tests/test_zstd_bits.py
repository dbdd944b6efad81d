"""zstd's exact bits: every bit that the walk claims, an independent decoder must have read."""

import functools
import random
import struct
from collections.abc import Callable

import numpy as np
import pytest
import zstandard

from compgen.conditionals.stream_bits import StreamBits
from compgen.errors import CompressorError
from compgen.formats.zstd_frame import Accounting, account, information_bits, payload_bits
from compgen.reading import Reading
from tests.reference_zstd import Decoded, decode


@functools.cache
def prose() -> bytes:
    from pydoc_data.topics import topics

    return "\n".join(topics.values()).encode()


def noise(size: int, seed: int, alphabet: int = 256) -> bytes:
    return np.random.default_rng(seed).integers(0, alphabet, size, np.uint8).tobytes()


def records(size: int) -> bytes:
    """Binary rows with fields that repeat at a fixed distance: repeat offsets of every kind."""
    rng = random.Random(3)
    rows: list[bytes] = []
    while 20 * len(rows) < size:
        rows.append(struct.pack("<IHHdI", len(rows), rng.randrange(40), 7, 0.25 * len(rows), 0))
    return b"".join(rows)[:size]


def ramp(size: int) -> bytes:
    """A drifting sawtooth: offsets that shrink by one."""
    rng = random.Random(5)
    base = noise(600, 11)
    out = bytearray(base)
    while len(out) < size:
        start = len(out) - rng.choice((300, 299, 298, 301, 600))
        out += out[start : start + rng.randrange(4, 30)]
        if rng.random() < 0.3:
            out.append(rng.randrange(256))
    return bytes(out[:size])


def rigid() -> bytes:
    """A block of noise, then one of sequences that are all alike: a byte, a copy of twenty."""
    rng = random.Random(6)
    source = noise(1 << 17, 6)
    copies = (rng.randrange(6_000, 60_000) for _ in range(400))
    return source + b"".join(b"\xaa" + source[start : start + 20] for start in copies)


CORPORA = {
    "empty": b"",
    "one byte": b"x",
    "zeros": bytes(70_000),
    "zeros over a block": bytes(300_000),
    "noise": noise(3_000, 1),
    "noise over a block": noise(140_000, 2),
    "skewed noise": noise(20_000, 3, 7),
    "two symbols": noise(900, 4, 2),
    "rigid": rigid(),
    "records": records(30_000),
    "ramp": ramp(9_000),
    "short prose": prose()[:300],
    "prose": prose()[:12_000],
    "prose over blocks": prose()[: 2 * (1 << 17) + 999],
    "mixed": prose()[:5_000] + noise(2_000, 5) + bytes(4_000) + prose()[2_000:6_000],
}
LEVELS = (-7, -1, 1, 2, 3, 5, 7, 9, 13, 16, 19, 22)
LARGE = 100_000
"""Corpora above this are tried at three levels only: the decoder takes seconds a megabyte."""


def cases() -> list[tuple[str, int]]:
    return [
        (name, level)
        for name, data in CORPORA.items()
        for level in (LEVELS if len(data) < LARGE else (1, 19))
    ]


@functools.cache
def decoded(name: str, level: int) -> tuple[bytes, Decoded]:
    stream = zstandard.ZstdCompressor(level=level).compress(CORPORA[name])
    return stream, decode(stream)


@pytest.mark.parametrize(("name", "level"), cases())
def test_every_bit_that_is_claimed_was_read(name: str, level: int) -> None:
    stream, reference = decoded(name, level)
    assert reference.data == CORPORA[name]
    assert account(stream) == Accounting(
        reference.headers,
        reference.tables,
        reference.literals,
        reference.sequences,
        reference.padding,
    )
    assert sum((*_fields(account(stream)),)) == 8 * len(stream)


def test_every_variant_of_the_format_occurred() -> None:
    seen = set().union(*(decoded(name, level)[1].seen for name, level in cases()))
    kinds = ("literal lengths", "offsets", "match lengths")
    modes = ("predefined", "RLE", "compressed", "repeat")
    assert seen >= {
        *(f"{kind} {mode}" for kind in kinds for mode in modes),
        *("raw literals", "RLE literals", "treeless literals"),
        *("direct weights", "FSE weights"),
        *("one stream", "four streams", "raw block", "RLE block"),
        *("repeat 1", "repeat 2", "repeat 3", "repeat 1 minus 1"),
    }


def test_checksum_content_size_and_dictionary_id_are_headers() -> None:
    data = prose()[:4_000]
    bare = zstandard.ZstdCompressor(level=3, write_content_size=False).compress(data)
    full = zstandard.ZstdCompressor(level=3, write_checksum=True).compress(data)
    assert decode(full).data == data
    more, less = account(full), account(bare)
    assert more.payload == less.payload
    assert more.headers - less.headers == 8 * (len(full) - len(bare))


def test_several_frames_and_skippable_ones_add_up() -> None:
    first = zstandard.ZstdCompressor(level=3).compress(prose()[:1_000])
    second = zstandard.ZstdCompressor(level=9).compress(prose()[1_000:9_000])
    skippable = struct.pack("<II", 0x184D2A57, 5) + b"hello"
    total = account(first + skippable + second)
    assert total == account(first) + account(second) + Accounting(headers=8 * 13)


def test_payload_leaves_out_headers_and_tables() -> None:
    stream = zstandard.ZstdCompressor(level=19).compress(prose()[:12_000])
    parts = account(stream)
    assert parts.tables > 300
    assert payload_bits(stream) == information_bits(stream) - parts.headers - parts.tables
    assert 8 * len(stream) - information_bits(stream) == parts.padding > 0


@pytest.mark.parametrize("cut", [0.1, 0.5, 0.9])
def test_a_cut_stream_is_refused(cut: float) -> None:
    stream = zstandard.ZstdCompressor(level=3).compress(prose()[:300_000])
    with pytest.raises(CompressorError, match="not a sound zstd stream"):
        account(stream[: int(cut * len(stream))])


def test_damage_raises_nothing_but_compressor_error() -> None:
    stream = zstandard.ZstdCompressor(level=5).compress(prose()[:6_000])
    rng = random.Random(0)
    refused = 0
    for _ in range(3_000):
        broken = bytearray(stream)
        broken[rng.randrange(min(len(broken), 200))] = rng.randrange(256)
        try:
            account(bytes(broken))
        except CompressorError:
            refused += 1
    assert refused > 100


@pytest.mark.parametrize(
    ("reading", "measure"),
    [(Reading.BITS, information_bits), (Reading.PAYLOAD, payload_bits)],
)
@pytest.mark.parametrize("parallel", [False, True])
def test_stream_bits_are_differences_of_measured_streams(
    reading: Reading, measure: Callable[[bytes], int], parallel: bool
) -> None:
    def compress(data: bytes) -> bytes:
        return zstandard.ZstdCompressor(level=3).compress(data)

    context = prose()[:5_000]
    conditional = StreamBits(compress, measure, context, reading=reading, parallel=parallel)
    assert conditional.reading is reading
    candidates = [b"", b"the", b"statement", b"the", b"\xff\xfe", prose()[5_000:5_100]]
    base = measure(compress(context))
    expected = [measure(compress(context + x)) - base for x in candidates]
    assert conditional.bits(candidates).tolist() == expected
    assert expected[0] == 0

    twin = conditional.fork()
    twin.advance(b"statement")
    longer = measure(compress(context + b"statement"))
    assert twin.bits([b" is"])[0] == measure(compress(context + b"statement is")) - longer
    assert conditional.bits(candidates).tolist() == expected
    assert np.exp2(-twin.next_byte()).sum() == pytest.approx(1, abs=1e-12)


def test_bits_see_what_bytes_cannot() -> None:
    def compress(data: bytes) -> bytes:
        return zstandard.ZstdCompressor(level=3).compress(data)

    context = prose()[:20_000]
    byte_lengths = {len(compress(context + bytes([b]))) for b in range(256)}
    bit_lengths = set(StreamBits(compress, information_bits, context).bits(
        [bytes([b]) for b in range(256)]
    ))  # fmt: skip
    assert len(bit_lengths) > 3 * len(byte_lengths)


def _fields(parts: Accounting) -> tuple[int, ...]:
    return parts.headers, parts.tables, parts.literals, parts.sequences, parts.padding
