"""The sound model: exact, the same everywhere, frozen when told so, and strong."""

import bz2
import contextlib
import hashlib
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from compgen import distribution
from compgen.compressors.cm import ContextMixer
from compgen.compressors.samplecm import SampleMixer
from compgen.conditional import BYTES
from compgen.conditionals.sample_mixing import LAWS, SampleMixing
from compgen.errors import CompressorError, SpecError, UnsupportedError, UsageError
from compgen.kernels import samplecm_tables
from compgen.kernels.samplecm_state import MARGIN, REACH
from compgen.media.mu_law import decode, encode, levels
from compgen.reading import Reading
from compgen.registry import get_compressor
from compgen.sampling.compiled import Compiled
from compgen.sampling.shaping import Shaping
from compgen.sound.fitting import fit_samples
from compgen.sound.take import Session, Take
from compgen.sound.units import UnitPlan
from tests.contract import (
    check_conditional,
    check_identity,
    check_round_trips,
    check_threads,
)

GOLDEN_LENGTHS = {(1, "mulaw"): 470, (2, "mulaw"): 621, (1, "linear"): 398}
GOLDEN_STREAMS = {
    (1, "mulaw"): "2c3fc6477ca92f16275e150870a4ce04",
    (2, "mulaw"): "fc58ee56b10ac04569c8fde8edddb179",
    (1, "linear"): "381b8454464977ec78219acc6d7bd709",
}
GOLDEN_PROBABILITIES = ["0x1.8d7b1bcc5dab2p-9", "0x1.0f6431203449ep-8", "0x1.3ca1a68cb73d2p-10"]


def tune(length: int, channels: int = 1) -> NDArray[np.int16]:
    """Decaying notes with harmonics and some noise, by integers alone: the same everywhere."""
    t = np.arange(length, dtype=np.int64)
    total = np.zeros(length, np.int64)
    for period, gain in ((61, 90), (97, 60), (31, 25)):
        phase = (t % period) * 256 // period - 128
        total += gain * (phase * (128 - np.abs(phase)) // 32)
    total = total * (400 - t % 400) // 400
    noise = ((t * 7919) ^ (t * t * 31 + 17)) * 2654435761 >> 13 & 255
    left = total + noise - 128
    right = total * 3 // 4 + np.roll(total, 3) // 8 + noise // 2
    return np.stack([left, right][:channels], axis=1).clip(-32768, 32767).astype(np.int16)


def coded(samples: NDArray[np.int16], law: str = "mulaw") -> bytes:
    """The samples as bytes of the law."""
    if law == "mulaw":
        return encode(samples).tobytes()
    return ((samples.astype(np.int64) >> 8) + 128).astype(np.uint8).tobytes()


MONO = coded(tune(1200))
STEREO = coded(tune(700, 2))
NOISE = np.random.default_rng(3).bytes(1500)

# ----------------------------------------------------------------------------- the contract


def test_it_keeps_the_contract_as_a_compressor() -> None:
    compressor = SampleMixer(channels=2)
    check_round_trips(compressor, examples=3, largest=300)
    check_identity(compressor)
    check_threads(compressor, largest=300)
    stream = compressor.compress(STEREO)
    for length in (1, 5, len(stream) // 2, len(stream) - 1):
        with pytest.raises(CompressorError):
            compressor.decompress(stream[:length])
    for place in range(0, len(stream), 97):
        damaged = bytearray(stream)
        damaged[place] ^= 16
        with contextlib.suppress(CompressorError):
            assert compressor.decompress(bytes(damaged)) == STEREO


@pytest.mark.parametrize(
    ("channels", "law", "learn"), [(1, "mulaw", True), (2, "mulaw", False), (1, "linear", False)]
)
def test_it_keeps_the_contract_as_a_conditional(channels: int, law: str, learn: bool) -> None:
    def condition(context: bytes) -> SampleMixing:
        model = SampleMixing(context[:60], channels=channels, law=law, learn=learn)
        model.advance(context[60:])
        return model

    contexts = (STEREO[:301],) if channels == 2 else (MONO[:100],)
    check_conditional(condition, contexts=(b"", *contexts) if learn else contexts)


def test_options_reach_the_model() -> None:
    compressor = get_compressor("samplecm:channels=2,law=linear")
    assert compressor == SampleMixer(channels=2, law="linear")
    model = compressor.condition(b"abc")
    assert repr(model) == "SampleMixing(channels=2, law='linear', learn=True, size=3)"
    assert get_compressor("samplecm") == SampleMixer(channels=1, law="mulaw")
    for spec in ("channels=3", "law=alaw"):
        with pytest.raises(SpecError, match=spec):
            get_compressor(f"samplecm:{spec}")
    for options in ({"channels": 3}, {"law": "alaw"}):
        with pytest.raises(UsageError):
            SampleMixing(**options)


# ----------------------------------------------------------------------------------- sounds


@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize(
    "data",
    [b"", b"\0", NOISE[:701], bytes(900), b"\xff\0" * 300, bytes(range(256)) * 2, STEREO[:801]],
    ids=["empty", "one byte", "noise", "constant", "extremes", "ramp", "sound, partial frame"],
)
def test_sounds_of_any_kind_survive(law: str, channels: int, data: bytes) -> None:
    compressor = SampleMixer(channels=channels, law=law)
    assert compressor.decompress(compressor.compress(data)) == data
    model = SampleMixing(channels=channels, law=law)
    bits = model.fork().code_lengths(data)
    stream = model.fork().encode(data)
    assert 8 * len(stream) == pytest.approx(bits.sum(), rel=1e-3, abs=40)
    assert model.decode(stream, len(data)) == data


@settings(max_examples=20, deadline=None)
@given(st.binary(max_size=200), st.sampled_from(LAWS), st.sampled_from([1, 2]))
def test_any_bytes_survive(data: bytes, law: str, channels: int) -> None:
    model = SampleMixing(channels=channels, law=law)
    assert model.fork().decode(model.fork().encode(data), len(data)) == data


def test_what_is_easy_is_short_and_noise_costs_little_more() -> None:
    assert SampleMixing().code_lengths(bytes([200]) * 3000)[50:].mean() < 0.02
    assert SampleMixing().code_lengths(bytes(NOISE[:100]) * 30)[1000:].mean() < 1
    assert SampleMixing().code_lengths(np.random.default_rng(4).bytes(3000)).mean() < 8.4


def test_distances_are_no_subnormal_numbers_in_silence() -> None:
    """With them a silence of two seconds would take five times as long as noise."""
    apart = SampleMixing(bytes([255]) * 3000)._model.sound.apart[-1500:]
    assert apart.max() < 1  # they have faded away
    assert apart.min() >= np.finfo(np.float32).tiny


@pytest.mark.parametrize("law", LAWS)
def test_sound_beats_bytes_by_far(law: str) -> None:
    """Against bzip2 and against `cm`, which has the same mixers and does not hear."""
    data = coded(tune(5000), law)
    bits = float(SampleMixing(law=law).code_lengths(data).sum())
    assert bits < 0.75 * 8 * len(bz2.compress(data))
    blind = ContextMixer(bits=18).condition()
    assert bits < 0.85 * float(blind.code_lengths(data).sum())


def test_channels_know_of_each_other() -> None:
    data = coded(tune(3000, 2))
    apart = sum(SampleMixing().code_lengths(data[side::2]).sum() for side in range(2))
    assert SampleMixing(channels=2).code_lengths(data).sum() < 0.93 * apart


def test_the_laws_are_those_of_the_formats() -> None:
    samples = np.arange(-32768, 32768).astype(np.int16)
    mulaw = samplecm_tables.law("mulaw")
    assert (mulaw.rank_of[encode(samples)] == levels(samples)).all()
    lowest = np.searchsorted(levels(samples), np.arange(256)) - 32768
    assert (mulaw.border[:-1] == 4 * lowest - 2).all()
    assert np.abs(mulaw.centre[1:-1] - 4 * decode(mulaw.byte_of).astype(int)[1:-1]).max() <= 8
    linear = samplecm_tables.law("linear")
    assert (linear.byte_of == np.arange(256)).all()
    assert linear.border[128] == -2
    for law in (mulaw, linear):
        assert (law.rank_of[law.byte_of] == np.arange(256)).all()
        assert (np.diff(law.border) > 0).all()


# --------------------------------------------------------------------------------- exactness


@pytest.mark.parametrize("channels", [1, 2])
def test_code_lengths_are_those_of_the_next_byte(channels: int) -> None:
    data = (MONO if channels == 1 else STEREO)[:301]
    model = SampleMixing(channels=channels)
    lengths = model.fork().code_lengths(data)
    for value, length in zip(data, lengths, strict=True):
        bits = model.next_byte()
        assert np.exp2(-bits).sum() == pytest.approx(1, abs=1e-12)
        assert bits[value] == length
        model.advance(BYTES[value])


def test_pieces_do_not_matter() -> None:
    data = coded(tune(5000))
    whole = SampleMixing(data)
    pieces = SampleMixing()
    for start in range(0, len(data), 601):
        pieces.advance(data[start : start + 601])
    assert pieces.probabilities().tolist() == whole.probabilities().tolist()
    assert pieces.size == whole.size == len(data)


@pytest.mark.parametrize(("channels", "law"), list(GOLDEN_LENGTHS))
def test_a_coded_stream_is_the_one_it_always_was(channels: int, law: str) -> None:
    """Files must decode on any machine: a change here is a change of format."""
    model = SampleMixing(channels=channels, law=law)
    stream = model.encode(coded(tune(600, channels), law) + NOISE[:200])
    assert len(stream) == GOLDEN_LENGTHS[channels, law]
    assert hashlib.sha256(stream).hexdigest()[:32] == GOLDEN_STREAMS[channels, law]
    if channels == 2:
        assert [p.hex() for p in model.probabilities()[[0, 100, 255]]] == GOLDEN_PROBABILITIES


# ------------------------------------------------------------------------- forks and freezing


def test_forks_share_the_counters_and_diverge() -> None:
    model = SampleMixing(STEREO[:701], channels=2)
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
        expected = SampleMixing(STEREO[:701] + data, channels=2)
        assert state.probabilities().tolist() == expected.probabilities().tolist()


def learned(model: SampleMixing) -> bytes:
    """Everything that learning may change."""
    store, arrays = model._model.store, model._model.learned
    lines = store.base[store.base.any(axis=1)].tobytes()
    return lines + b"".join(array.tobytes() for array in arrays)


def test_frozen_means_frozen() -> None:
    model = SampleMixing(MONO[:600], learn=False)
    before = learned(model)
    model.advance(NOISE[:240])
    assert learned(model) == before
    assert model._model.sound.trained.sum() == 600
    model.thaw()
    model.advance(NOISE[240:241])
    assert learned(model) != before


def test_writing_is_frozen() -> None:
    model = SampleMixing(MONO[:600])
    twin = model.writing()
    assert model.learn
    assert not twin.learn


def test_what_is_generated_is_never_looked_up() -> None:
    """Frozen, known, frozen: the nearest contexts are all among what was known."""
    model = SampleMixing(MONO[:300], learn=False)
    model.advance(MONO[300:700])
    model.thaw()
    model.advance(MONO[700:900])
    model.freeze()
    for value in MONO[900:1000]:
        model.advance(BYTES[value])
        places = model._model.sound.near[0] - MARGIN
        assert ((places < 300) | ((places >= 700) & (places < 900))).all()
    assert (places >= 700).any()


@pytest.mark.parametrize("after", [8, 300])
def test_the_ring_of_distances_says_how_far_places_are(after: int) -> None:
    """By their definition: also where the ring was gone around, and after a gap; a place that
    nothing before was compared with is far away."""
    samples = np.tile(tune(1000), (18, 1))[: REACH + after]
    samples = samples + np.random.default_rng(1).integers(-99, 99, samples.shape).astype(np.int16)
    samples[REACH - 20 :] = samples[REACH - 20]
    data = encode(samples).tobytes()
    model = SampleMixing(data[: REACH - 200])
    model.freeze()
    model.advance(data[REACH - 200 : REACH])
    model.thaw()
    model.advance(data[REACH:])
    sound = model._model.sound
    at, wave = len(data) + MARGIN, sound.wave[0].astype(np.float64)
    decays = 0.9 ** np.arange(200)
    for index in range(12):
        there = int(sound.near[0, index])
        apart = (wave[at - 200 : at][::-1] - wave[there - 200 : there][::-1]) ** 2
        assert sound.near[1, index] == pytest.approx((apart * decays).sum(), rel=1e-3, abs=4)


# --------------------------------------------------------------------------------- sampling


@pytest.mark.parametrize("learn", [True, False])
@pytest.mark.parametrize(
    "options", [{}, {"temperature": 0.0}, {"top_k": 40, "min_p": 0.02, "temperature": 1.3}]
)
def test_the_compiled_loop_writes_the_same_bytes(options: dict[str, Any], learn: bool) -> None:
    state = SampleMixing(STEREO[:605], channels=2, learn=learn)
    assert isinstance(state, Compiled)
    uniforms = np.random.default_rng(5).random(70)
    shaping = Shaping(**({"min_p": 0.0} | options))
    twin, expected, bits = state.fork(), bytearray(), []
    for uniform in uniforms:
        wanted = twin.next_byte()
        value = distribution.draw(shaping.apply(wanted, STEREO + expected), float(uniform))
        expected.append(value)
        bits.append(float(wanted[value]))
        twin.advance(BYTES[value])
    data, lengths = state.fork().generate(uniforms, **options)
    assert data == expected
    np.testing.assert_allclose(lengths, bits, atol=1e-9)


def test_a_tone_goes_on() -> None:
    """At a low temperature, frozen: as loud, and the same note."""
    time = np.arange(2400)
    tone = (6000 * np.sin(time * 0.21) + 2500 * np.sin(time * 0.42 + 1)).astype(np.int16)
    model = SampleMixing(encode(tone).tobytes(), learn=False)
    data, _ = model.generate(np.random.default_rng(8).random(800), temperature=0.5, min_p=0.02)
    made = decode(np.frombuffer(data, np.uint8)).astype(float)
    assert 0.7 < made.std() / tone.std() < 1.4
    spectrum = np.abs(np.fft.rfft(made * np.hanning(800)))
    assert abs(spectrum.argmax() * 2 * np.pi / 800 - 0.21) < 0.012


def test_the_unit_sample_fits_the_model_and_freezes_it() -> None:
    plan = UnitPlan()
    compressor = SampleMixer()
    unit = plan.make(compressor, 8000)
    tuning = compressor.tuning(Reading.MARGINAL)
    assert unit.name == "sample"
    assert (unit.shaping.temperature, unit.shaping.min_p) == (tuning.temperature, tuning.min_p)
    known = tune(300, 2)
    take = Take(Session(known, 20, 8000, unit, seed=3))
    take.finish()
    frozen = SampleMixing(encode(known).tobytes(), channels=2, learn=False)
    uniforms = np.random.default_rng([3, 1]).random(40)
    data, _ = frozen.generate(uniforms, temperature=tuning.temperature, min_p=tuning.min_p)
    assert (take.made == decode(np.frombuffer(data, np.uint8)).reshape(-1, 2)).all()


def test_fitting_refuses_what_was_given_otherwise() -> None:
    assert fit_samples(SampleMixer(), 2) == SampleMixer(channels=2)
    assert fit_samples(ContextMixer(), 2) == ContextMixer()
    for compressor, channels in ((SampleMixer(channels=2), 1), (SampleMixer(law="linear"), 1)):
        with pytest.raises(UnsupportedError):
            fit_samples(compressor, channels)
