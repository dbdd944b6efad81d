"""The picture model: exact, the same everywhere, frozen when told so, and strong."""

import contextlib
import hashlib
import zlib
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from compgen import distribution
from compgen.compressors.pixelcm import PixelMixer
from compgen.conditional import BYTES
from compgen.conditionals.pixel_mixing import PixelMixing
from compgen.errors import CompressorError, SpecError, UsageError
from compgen.kernels.pixelcm_tables import BELL_BITS, BELL_LIMIT, FINE, picture_tables
from compgen.reading import Reading
from compgen.registry import get_compressor
from compgen.sampling.compiled import Compiled, CompiledDry
from compgen.sampling.shaping import Shaping
from tests.contract import (
    check_conditional,
    check_identity,
    check_round_trips,
    check_threads,
)

GOLDEN_LENGTHS = {1: 532, 3: 762, 4: 770}
GOLDEN_STREAMS = {
    1: "c92f1279f30b3636c9c154b525c30cc8",
    3: "6dfafbdd67fa74233ceecfd81024e20e",
    4: "da0a749b21d77f2029fa068bde6047aa",
}
GOLDEN_PROBABILITIES = ["0x1.05c4c0ecb98fcp-8", "0x1.54017e3cd6d5dp-7", "0x1.2fe59d47b6079p-9"]
GOLDEN_TABLES = "e60d4712cf72141a"

SHAPINGS: dict[str, dict[str, Any]] = {
    "ancestral": {},
    "greedy": {"temperature": 0.0},
    "all": {"top_k": 40, "typical": 0.95, "top_p": 0.9, "min_p": 0.02, "temperature": 1.3},
}


def landscape(width: int, height: int, channels: int = 1) -> bytes:
    """Slopes, edges, a weave and some noise, by integers alone: the same everywhere."""
    x, y = np.meshgrid(np.arange(width), np.arange(height))
    hill = 90 + (x * x + 2 * y * y) // (width + height) + 40 * ((3 * x + 2 * y) // 23 % 2)
    weave = 12 * ((x % 6 < 3) ^ (y % 4 < 2))
    noise = ((x * 7919 + y * 104729) ^ (x * y * 31 + 17)) * 2654435761 >> 13 & 7
    gray = hill + weave + noise
    planes = [gray, gray * 3 // 4 + 20 + noise % 3, 230 - gray // 2, np.full_like(gray, 255)]
    return np.stack(planes[:channels], axis=-1).astype(np.uint8).tobytes()


GRAY = landscape(40, 30)
RGB = landscape(20, 24, 3)
NOISE = np.random.default_rng(3).bytes(1500)


def mixing(context: bytes = b"", *, width: int = 40, **options: Any) -> PixelMixing:
    return PixelMixing(context, width=width, **options)


# ----------------------------------------------------------------------------- the contract


def test_it_keeps_the_contract_as_a_compressor() -> None:
    """The whole of it, but fewer damaged streams: they are told by the same checksum as cm's."""
    compressor = PixelMixer(width=7, channels=3)
    check_round_trips(compressor, examples=3, largest=300)
    check_identity(compressor)
    check_threads(compressor, largest=300)
    data = landscape(7, 30, 3)
    stream = compressor.compress(data)
    for length in (1, 5, len(stream) // 2, len(stream) - 1):
        with pytest.raises(CompressorError):
            compressor.decompress(stream[:length])
    for place in range(0, len(stream), 29):
        damaged = bytearray(stream)
        damaged[place] ^= 16
        with contextlib.suppress(CompressorError):
            assert compressor.decompress(bytes(damaged)) == data


@pytest.mark.parametrize(
    ("channels", "style", "learn"),
    [(1, "photo", True), (3, "photo", False), (4, "texture", True)],
)
def test_it_keeps_the_contract_as_a_conditional(channels: int, style: str, learn: bool) -> None:
    def condition(context: bytes) -> PixelMixing:
        model = mixing(context[:60], width=9, channels=channels, style=style, learn=learn)
        model.advance(context[60:])
        return model

    contexts = (GRAY[:60], RGB[:301]) if channels == 3 else (b"", GRAY[:100])
    check_conditional(condition, contexts=contexts)


def test_options_reach_the_model() -> None:
    compressor = get_compressor("pixelcm:width=31,channels=3,style=texture")
    assert compressor == PixelMixer(width=31, channels=3, style="texture")
    model = compressor.condition(b"abc")
    assert repr(model) == ("PixelMixing(width=31, channels=3, style='texture', learn=True, size=3)")
    assert compressor.tuning(Reading.MARGINAL) != PixelMixer().tuning(Reading.MARGINAL)
    for spec in ("width=0", "width=70000", "channels=2", "style=oil"):
        with pytest.raises(SpecError, match=spec):
            get_compressor(f"pixelcm:{spec}")
    for options in ({"width": 0}, {"width": 9, "channels": 2}, {"width": 9, "style": "oil"}):
        with pytest.raises(UsageError):
            PixelMixing(**options)


# --------------------------------------------------------------------------------- pictures


@pytest.mark.parametrize(
    ("width", "channels", "data"),
    [
        (1, 1, GRAY[:1]),
        (1, 1, GRAY[:90]),
        (1, 3, RGB[:90]),
        (40, 1, GRAY[: 40 * 7 + 13]),
        (5000, 1, GRAY[:300]),
        (20, 3, RGB[: 60 * 9 + 1]),
        (20, 4, landscape(20, 9, 4)),
        (33, 1, NOISE),
        (16, 3, NOISE[:700]),
        (30, 1, bytes([77]) * 1500),
        (256, 1, bytes(range(256)) * 4),
    ],
    ids=[
        "1x1",
        "width 1",
        "width 1, RGB",
        "partial row",
        "wider than the data",
        "partial pixel",
        "RGBA",
        "noise",
        "noise, RGB",
        "constant",
        "gradient",
    ],
)
def test_pictures_of_any_shape_survive(width: int, channels: int, data: bytes) -> None:
    compressor = PixelMixer(width=width, channels=channels)
    stream = compressor.compress(data)
    assert compressor.decompress(stream) == data
    model = mixing(width=width, channels=channels)
    bits = model.fork().code_lengths(data)
    coded = model.fork().encode(data)
    assert 8 * len(coded) == pytest.approx(bits.sum(), rel=1e-3, abs=40)
    assert model.decode(coded, len(data)) == data


def test_what_is_easy_is_short_and_noise_costs_little_more() -> None:
    assert mixing(width=50).code_lengths(bytes([200]) * 3000)[50:].mean() < 0.02
    ramp = np.add.outer(np.arange(60) * 2, np.arange(60)).astype(np.uint8).tobytes()
    assert mixing(width=60).code_lengths(ramp)[120:].mean() < 0.2
    noise = np.random.default_rng(4).bytes(3000)
    assert mixing(width=60).code_lengths(noise).mean() < 8.5


def test_two_dimensions_beat_one_by_far() -> None:
    picture = landscape(48, 48)
    deflated = len(zlib.compress(picture, 9))
    assert mixing(width=48).code_lengths(picture).sum() / 8 < 0.75 * deflated
    colour = landscape(30, 30, 3)
    separately = sum(mixing(width=30).code_lengths(colour[k::3]).sum() for k in range(3))
    assert mixing(width=30, channels=3).code_lengths(colour).sum() < 0.7 * separately


def test_values_that_never_occur_cost_nothing() -> None:
    rng = np.random.default_rng(5)
    palette = np.sort(rng.choice(256, 40, replace=False)).astype(np.uint8)
    data = palette[rng.integers(0, 40, 4000)].tobytes()
    assert mixing(width=60).code_lengths(data)[2000:].mean() < np.log2(40) + 0.35


# --------------------------------------------------------------------------------- exactness


@pytest.mark.parametrize("channels", [1, 3])
def test_code_lengths_are_those_of_the_next_byte(channels: int) -> None:
    data = landscape(20, 24, channels)[: 20 * 6 * channels + 7]
    model = mixing(width=20, channels=channels)
    lengths = model.fork().code_lengths(data)
    for value, length in zip(data, lengths, strict=True):
        bits = model.next_byte()
        assert np.exp2(-bits).sum() == pytest.approx(1, abs=1e-12)
        assert bits[value] == length
        model.advance(BYTES[value])


def test_a_damaged_stream_gives_bytes_and_no_more() -> None:
    stream = bytearray(mixing().encode(GRAY))
    stream[40] ^= 4
    decoded = mixing().decode(bytes(stream), len(GRAY))
    assert len(decoded) == len(GRAY)
    assert decoded != GRAY
    assert len(mixing().decode(b"", 100)) == 100
    assert mixing().decode(mixing().encode(b""), 0) == b""


def test_pieces_do_not_matter() -> None:
    data = landscape(64, 20)
    data += data[:100]
    whole = mixing(data, width=64)
    pieces = mixing(width=64)
    for start in range(0, len(data), 601):
        pieces.advance(data[start : start + 601])
    assert pieces.probabilities().tolist() == whole.probabilities().tolist()
    assert pieces.size == whole.size == len(data)


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_a_coded_stream_is_the_one_it_always_was(channels: int) -> None:
    """Files must decode on any machine: a change here is a change of format."""
    model = mixing(width=20, channels=channels)
    stream = model.encode(landscape(20, 24, channels) + NOISE[:200])
    assert len(stream) == GOLDEN_LENGTHS[channels]
    assert hashlib.sha256(stream).hexdigest()[:32] == GOLDEN_STREAMS[channels]
    if channels == 3:
        assert [p.hex() for p in model.probabilities()[[0, 100, 255]]] == GOLDEN_PROBABILITIES


def test_tables_are_what_they_say() -> None:
    tables = picture_tables()
    x = (np.arange(2 * BELL_LIMIT + 1) - BELL_LIMIT) / 16
    exact = (7 / (1 + np.exp(-x)) + 1 / (1 + np.exp(-x / 4))) / 8
    assert np.abs(tables.bell[:-1] / (1 << BELL_BITS) - exact).max() < 1e-7
    assert tables.fine.tolist() == sorted(tables.fine)
    assert set(tables.fine.tolist()) == set(range(FINE // 2))
    assert tables.level.tolist() == sorted(tables.level)
    digest = hashlib.sha256(tables.bell.astype("<i4").tobytes())
    assert digest.hexdigest()[:16] == GOLDEN_TABLES


# ------------------------------------------------------------------------------------ forks


def test_forks_share_the_counters_and_diverge() -> None:
    model = mixing(RGB[:700], width=20, channels=3)
    twin = model.fork()
    twin.advance(NOISE[:70])
    model.advance(NOISE[70:170])
    grandchild = twin.fork()
    grandchild.advance(NOISE[200:250])
    assert np.shares_memory(model._model.store.base, grandchild._model.store.base)
    for state, data in (
        (model, NOISE[70:170]),
        (twin, NOISE[:70]),
        (grandchild, NOISE[:70] + NOISE[200:250]),
    ):
        expected = mixing(RGB[:700] + data, width=20, channels=3)
        assert state.probabilities().tolist() == expected.probabilities().tolist()


# --------------------------------------------------------------------------------- freezing


def learned(model: PixelMixing) -> bytes:
    """Everything that learning may change."""
    store, arrays = model._model.store, model._model.learned
    lines = store.base[store.base.any(axis=1)].tobytes()
    return lines + b"".join(array.tobytes() for array in arrays)


def test_frozen_means_frozen() -> None:
    model = mixing(GRAY[:600], learn=False)
    before = learned(model)
    model.advance(NOISE[:240])
    assert learned(model) == before
    assert not model._model.picture.trained.sum() > 600
    model.thaw()
    model.advance(NOISE[240:241])
    assert learned(model) != before


def test_a_frozen_model_says_the_same_of_the_same_neighbourhood() -> None:
    """Rows of noise between, and then the rows that were there when it was frozen."""
    flat = bytes([60]) * (40 * 12)
    model = mixing(GRAY[:720], learn=False)
    model.advance(flat)
    expected = model.probabilities()
    model.advance(NOISE[: 40 * 20])
    model.advance(flat)
    assert model.probabilities().tolist() == expected.tolist()
    learning = mixing(GRAY[:720])
    learning.advance(flat)
    learning.advance(NOISE[: 40 * 20])
    learning.advance(flat)
    assert learning.probabilities().tolist() != expected.tolist()


def test_known_pixels_between_generated_ones_are_learned() -> None:
    """The left half of each row is known: the right halves teach nothing, whatever they are."""
    rows = [GRAY[start : start + 40] for start in range(0, 1200, 40)]

    def alternate(fill: bytes) -> PixelMixing:
        model = mixing()
        for row in rows:
            model.thaw()
            model.advance(row[:20])
            model.freeze()
            model.advance(fill * 20)
        return model

    one, other = alternate(b"\x10"), alternate(b"\x80")
    assert one._model.picture.trained.sum() == other._model.picture.trained.sum() == 600
    assert one._model.learned.seen.tolist() == other._model.learned.seen.tolist()
    store = one._model.store
    buckets = store.base[one._model.layout.lines :]
    stride = one._model.layout.stride
    columns = {int(at) % stride - 9 for at in buckets[buckets > 0]}
    assert columns == set(range(20))


# --------------------------------------------------------------------------------- sampling


def step_by_step(
    state: PixelMixing, uniforms: NDArray[np.float64], shaping: Shaping, context: bytes
) -> tuple[bytes, list[float]]:
    state = state.fork()
    out, bits = bytearray(), []
    for uniform in uniforms:
        wanted = state.next_byte()
        value = distribution.draw(shaping.apply(wanted, context + out), float(uniform))
        out.append(value)
        bits.append(float(wanted[value]))
        state.advance(bytes(out[-1:]))
    return bytes(out), bits


@pytest.mark.parametrize("options", SHAPINGS.values(), ids=SHAPINGS)
@pytest.mark.parametrize("learn", [True, False])
def test_the_compiled_loop_writes_the_same_bytes(options: dict[str, Any], learn: bool) -> None:
    context = RGB[:605]
    state = mixing(context, width=20, channels=3, learn=learn)
    assert isinstance(state, Compiled)
    uniforms = np.random.default_rng(5).random(70)
    named = {{"typical": "typical_p"}.get(name, name): value for name, value in options.items()}
    shaping = Shaping(**({"min_p": 0.0} | named))
    expected, bits = step_by_step(state, uniforms, shaping, context)
    data, lengths = state.fork().generate(uniforms, **options)
    assert data == expected
    np.testing.assert_allclose(lengths, bits, atol=1e-9)


def test_the_compiled_loop_penalises_repeats() -> None:
    from compgen.kernels.repeats import start, with_room

    context = GRAY[:400] * 2
    state = mixing(context)
    assert isinstance(state, CompiledDry)
    shaping = Shaping(dry_multiplier=0.8, dry_allowed_length=3, min_p=0.05)
    uniforms = np.random.default_rng(6).random(60)
    repeats = start(
        context,
        multiplier=shaping.dry_multiplier,
        base=shaping.dry_base,
        allowed=shaping.dry_allowed_length,
        last_n=shaping.dry_penalty_last_n,
        breakers=shaping.dry_sequence_breakers,
    )
    data, _ = state.fork().generate(uniforms, min_p=0.05, repeats=with_room(repeats, 60))
    assert data == step_by_step(state, uniforms, shaping, context)[0]
    assert data != state.fork().generate(uniforms, min_p=0.05)[0]


def test_the_style_texture_continues_what_it_has_seen() -> None:
    tile = np.random.default_rng(7).integers(0, 256, (8, 8)).astype(np.uint8)
    picture = np.tile(tile, (5, 5)).tobytes()
    model = mixing(picture[:1000], width=40, style="texture", learn=False)
    data, _ = model.generate(np.random.default_rng(8).random(600), min_p=0.3)
    assert np.mean(np.frombuffer(data, np.uint8) == np.frombuffer(picture[1000:], np.uint8)) > 0.9
