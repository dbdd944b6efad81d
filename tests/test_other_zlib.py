"""What happens where zlib is not the classic one, and where numba is not there."""

import sys
from collections.abc import Iterator

import numpy as np
import pytest

from compgen import Reading, get_compressor, kernels
from compgen.conditional import BYTES
from compgen.conditionals import zlib_probe
from compgen.conditionals.deflate_bits import DeflateBits
from compgen.conditionals.deflate_clone import DeflateClone
from compgen.conditionals.deflate_stream import information_bits
from compgen.conditionals.stream_bits import StreamBits
from compgen.errors import CompgenWarning, CompressorError, UnsupportedError
from tests.texts import ENGLISH, KINDS


@pytest.fixture
def another_zlib(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zlib_probe, "is_classic_zlib", lambda: False)


@pytest.mark.usefixtures("another_zlib")
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("spec", ["gzip", "zlib:level=1", "deflate:level=6,memlevel=2"])
def test_bits_then_come_from_the_library_itself(kind: str, spec: str) -> None:
    """Measured on the classic zlib, where the replica gives the same."""
    data = KINDS[kind]
    compressor = get_compressor(spec)
    with pytest.warns(CompgenWarning, match="is not the classic one.*its own streams"):
        measured = compressor.condition(data[:5000], reading=Reading.BITS)
    assert isinstance(measured, StreamBits)
    options = compressor._parse_options  # type: ignore[attr-defined]
    replica = DeflateBits(data[:5000], reading=Reading.BITS, **options)
    wanted = [b"", *BYTES[::15], data[9000:9100], data[:300]]
    assert measured.bits(wanted).tolist() == replica.bits(wanted).tolist()


@pytest.mark.usefixtures("another_zlib")
def test_payload_and_frozen_stay_and_are_labelled() -> None:
    for reading in (Reading.PAYLOAD, Reading.FROZEN):
        with pytest.warns(CompgenWarning, match="what the classic algorithm would need"):
            conditional = get_compressor("gzip").condition(ENGLISH[:2000], reading=reading)
        assert isinstance(conditional, DeflateBits)


@pytest.mark.usefixtures("another_zlib")
def test_the_decoder_is_nobodys_in_particular() -> None:
    conditional = get_compressor("gzip").condition(ENGLISH[:2000])
    assert conditional.reading is Reading.MARGINAL


def test_a_damaged_stream_has_no_length() -> None:
    with pytest.raises(CompressorError, match="damaged"):
        information_bits(b"\x07")


@pytest.fixture
def without_numba(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setitem(sys.modules, "numba", None)
    kernels.why_unavailable.cache_clear()
    yield
    monkeypatch.undo()
    kernels.why_unavailable.cache_clear()


@pytest.mark.usefixtures("without_numba")
def test_without_numba_whole_bytes_are_read_and_a_note_says_so() -> None:
    gzip = get_compressor("gzip")
    with pytest.warns(CompgenWarning, match="'bytes', not 'marginal': numba cannot be imported"):
        conditional = gzip.condition(ENGLISH[:2000], dither=0)
    assert isinstance(conditional, DeflateClone)
    with pytest.raises(UnsupportedError, match="pip install numba"):
        gzip.condition(ENGLISH[:2000], reading=Reading.MARGINAL)
    with pytest.warns(CompgenWarning, match="'payload', not 'marginal'"):
        zstd = get_compressor("zstd").condition(ENGLISH[:2000])
    assert np.isfinite(zstd.next_byte()).all()


def test_level_0_has_nothing_to_read() -> None:
    with pytest.raises(UnsupportedError, match="level 0 stores"):
        get_compressor("gzip:level=0").condition(b"x", reading=Reading.BITS)
