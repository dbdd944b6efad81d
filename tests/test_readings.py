"""The contract of a conditional, over every reading of every compressor, and over mixtures."""

import numpy as np
import pytest

from compgen import Reading, get_compressor
from compgen.conditionals.mixture import Mixture
from compgen.registry import BUILTIN
from tests import contract
from tests.texts import ENGLISH

CONTEXTS = (b"", b"a", ENGLISH[:700])
SPECS = [name for name in BUILTIN if name not in ("numcodecs", "command", "coded", "hf")]
PAIRS = [
    (spec, reading)
    for spec in [*SPECS, "gzip:level=1", "zlib:level=6,wbits=9", "deflate:tables=huffman"]
    for reading in get_compressor(spec).readings
    if reading is not Reading.BYTES
]


@pytest.mark.parametrize(("spec", "reading"), PAIRS)
def test_every_reading_keeps_the_contract(spec: str, reading: Reading) -> None:
    compressor = get_compressor(spec)
    contract.check_conditional(
        lambda context: compressor.condition(context, reading=reading), contexts=CONTEXTS
    )
    assert compressor.condition(b"x", reading=reading).reading is reading


@pytest.mark.parametrize("spec", ["gzip", "zstd:level=1"])
def test_dithering_keeps_the_contract(spec: str) -> None:
    compressor = get_compressor(spec)
    contract.check_conditional(
        lambda context: compressor.condition(context, reading=Reading.BYTES, dither=3),
        contexts=(b"", ENGLISH[:300]),
    )


@pytest.mark.parametrize("spec", ["gzip", "zstd"])
@pytest.mark.parametrize("lengths", [(0, 0), (4, 3), (3, 0)])
def test_expert_mixtures_keep_the_contract(spec: str, lengths: tuple[int, ...]) -> None:
    compressor = get_compressor(spec)
    primes = [ENGLISH[:900], ENGLISH[900:1800]]
    contract.check_conditional(
        lambda context: compressor.mix(primes, lengths, context, Reading.MARGINAL),
        contexts=(b"", b"the ", ENGLISH[2000:2400]),
    )


def test_a_mixture_of_compressors_keeps_the_contract() -> None:
    both = [get_compressor("gzip"), get_compressor("zstd")]
    contract.check_conditional(
        lambda context: Mixture([compressor.condition(context) for compressor in both]),
        contexts=(b"", ENGLISH[:500]),
    )


@pytest.mark.parametrize(("spec", "reading"), PAIRS)
def test_a_pattern_makes_its_next_byte_likely(spec: str, reading: Reading) -> None:
    """After two hundred times `abcdefgh`, `a` is expected above all: what a reading is for."""
    if spec in ("bz2", "uniform"):
        pytest.skip("a block sort predicts a byte from what follows it, and uniform nothing")
    conditional = get_compressor(spec).condition(b"abcdefgh" * 200, reading=reading)
    bits = conditional.next_byte()
    if reading in (Reading.MARGINAL, Reading.FROZEN):
        assert bits.argmin() == ord("a")
    assert bits[ord("a")] <= np.median(bits)
