"""bzip2's exact bits: every bit that is claimed, an independent decoder must have read."""

import bz2
import functools
import random

import numpy as np
import pytest

from compgen.compressors.bz2 import Bz2
from compgen.conditionals.stream_bits import StreamBits
from compgen.errors import CompgenWarning, CompressorError
from compgen.formats.bzip2_stream import Accounting, account, information_bits, payload_bits
from compgen.generation import generate
from compgen.reading import Reading
from compgen.sampling import Ancestral, Spans
from tests.reference_bzip2 import Decoded, decode
from tests.texts import BINARY, DNA, ENGLISH, RANDOM

STEPS = b"".join(bytes([value]) * (value % 7 + 1) for value in range(256)) * 2
CORPORA = {
    "empty": b"",
    "one byte": b"x",
    "zeros": bytes(20_000),
    "noise": RANDOM[:9_000],
    "two symbols": bytes(byte & 1 for byte in RANDOM[:4_000]),
    "dna": DNA[:9_000],
    "numbers": BINARY[:20_000],
    "runs": STEPS,
    "short prose": ENGLISH[:300],
    "page": ENGLISH[:1_000],
    "prose": ENGLISH[:20_000],
    "prose over blocks": ENGLISH[:104_000],
    **{f"{size} bytes": ENGLISH[:size] for size in range(200, 260, 4)},
}


@functools.cache
def decoded(name: str, level: int) -> tuple[bytes, Decoded]:
    stream = bz2.compress(CORPORA[name], level)
    return stream, decode(stream)


@pytest.mark.parametrize("level", [1, 9])
@pytest.mark.parametrize("name", CORPORA)
def test_every_bit_that_is_claimed_was_read(name: str, level: int) -> None:
    stream, reference = decoded(name, level)
    assert reference.data == CORPORA[name]
    assert account(stream) == Accounting(
        reference.headers,
        reference.tables,
        reference.selectors,
        reference.symbols,
        reference.padding,
    )
    assert information_bits(stream) == 8 * len(stream) - reference.padding


def test_every_variant_of_the_format_occurred() -> None:
    found = [decoded(name, level)[1] for name in CORPORA for level in (1, 9)]
    assert {max(one.groups, default=0) for one in found} == {0, 2, 3, 4, 5, 6}
    assert {one.padding for one in found} == set(range(8))
    assert {one.blocks for one in found} == {0, 1, 2}


def test_payload_leaves_out_headers_and_tables() -> None:
    stream, _ = decoded("prose", 9)
    parts = account(stream)
    assert parts.tables > 1_000
    assert parts.selectors > 400
    assert payload_bits(stream) == information_bits(stream) - parts.headers - parts.tables


def test_a_magic_number_in_the_symbols_does_not_deceive() -> None:
    """A block that only looks like one has no part in the CRC of all blocks."""
    stream = bytearray(bz2.compress(RANDOM[:20_000]))
    stream[9_000:9_006] = bytes.fromhex("314159265359")
    with pytest.raises(CompressorError, match="block"):
        account(bytes(stream))


@pytest.mark.parametrize("cut", [0, 3, 30, 2_000, -1])
def test_a_cut_stream_is_refused(cut: int) -> None:
    with pytest.raises(CompressorError, match="not a sound bzip2 stream"):
        account(bz2.compress(ENGLISH[:20_000])[:cut])


def test_damage_raises_nothing_but_compressor_error() -> None:
    stream = bz2.compress(ENGLISH[:6_000])
    rng = random.Random(0)
    refused = 0
    for _ in range(1_000):
        broken = bytearray(stream)
        broken[rng.randrange(120)] = rng.randrange(256)
        try:
            account(bytes(broken))
        except CompressorError:
            refused += 1
    assert refused > 100


@pytest.mark.parametrize(
    ("reading", "measure"), [(Reading.BITS, information_bits), (Reading.PAYLOAD, payload_bits)]
)
def test_the_compressor_reads_below_the_byte(reading: Reading, measure: object) -> None:
    assert callable(measure)
    compressor, context = Bz2(level=3), ENGLISH[:5_000]
    conditional = compressor.condition(context, reading=reading)
    assert isinstance(conditional, StreamBits)
    candidates = [b"", b"the statement", b"\xff\xfe", ENGLISH[5_000:5_060]]
    base = measure(compressor.compress(context))
    expected = [measure(compressor.compress(context + x)) - base for x in candidates]
    assert conditional.bits(candidates).tolist() == expected
    assert np.exp2(-conditional.next_byte()).sum() == pytest.approx(1, abs=1e-12)


def test_byte_by_byte_it_warns_and_spans_are_its_default() -> None:
    options = {"compressor": "bz2:level=1", "corpus": ENGLISH[:600], "n": 2, "seed": 1}
    with pytest.warns(CompgenWarning, match="sorts its block.*'spans' suits it"):
        generate("The ", sampler=Ancestral(), **options)  # type: ignore[arg-type]
    (chosen,) = generate("The ", **options)  # type: ignore[arg-type]
    (spans,) = generate("The ", sampler=Spans(), **options)  # type: ignore[arg-type]
    assert chosen.data == spans.data
    assert chosen.sampler == "spans"
    assert Bz2().resolve(Reading.AUTO) is Reading.PAYLOAD
