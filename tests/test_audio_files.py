"""Sounds in and out of files, µ-law, measures, and the compressor of sound."""

import io
import json
import wave
from pathlib import Path

import numpy as np
import pytest

from compgen.errors import InputError, UsageError
from compgen.media import mu_law
from compgen.media.samples import Samples, pcm_bytes
from compgen.media.sound_file import read_sound
from compgen.media.wav_file import wav_bytes
from compgen.metrics.sound import level, measure_sound, pitch_statistics

RATE = 8_000


def tone(seconds: float, pitch: float = 200.0, channels: int = 1, volume: float = 0.3) -> Samples:
    """A voice of sorts: harmonics of a pitch, louder and softer three times a second."""
    at = np.arange(round(seconds * RATE)) / RATE
    wave_ = sum(np.sin(2 * np.pi * pitch * n * at) / n for n in range(1, 8))
    swell = 0.6 + 0.4 * np.sin(2 * np.pi * 3 * at)
    values = np.rint(32767 * volume * 0.5 * wave_ * swell).astype(np.int16)
    return np.repeat(values[:, None], channels, axis=1)


def noise(seconds: float, seed: int = 0) -> Samples:
    rng = np.random.default_rng(seed)
    return rng.normal(0, 2000, (round(seconds * RATE), 1)).astype(np.int16)


def wav(raw: bytes, width: int, channels: int = 1, rate: int = RATE) -> bytes:
    """A file by the standard library, not by us."""
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(channels)
        out.setsampwidth(width)
        out.setframerate(rate)
        out.writeframes(raw)
    return file.getvalue()


# µ-law


def test_mu_law_is_g711() -> None:
    """Values of ITU-T G.711, table 2a, and of every implementation, 14 bits shifted to 16."""
    samples = np.array([0, 8, -8, 32767, -32768, 1000, -1000], np.int16)
    assert mu_law.encode(samples).tolist() == [0xFF, 0xFE, 0x7E, 0x80, 0x00, 0xCE, 0x4E]
    codes = np.array([0xFF, 0xFE, 0x80, 0x00, 0x7F], np.uint8)
    assert mu_law.decode(codes).tolist() == [0, 8, 32124, -32124, 0]


def test_mu_law_codes_survive_and_no_nearer_value_is_missed() -> None:
    codes = np.arange(256, dtype=np.uint8)
    values = mu_law.decode(codes)
    again = mu_law.encode(values)
    assert (mu_law.decode(again) == values).all()
    assert [int(code) for code in codes[again != codes]] == [0x7F]  # -0 becomes 0
    everything = np.arange(-32768, 32768).astype(np.int16)
    error = np.abs(mu_law.decode(mu_law.encode(everything)).astype(int) - everything)
    assert (error <= np.maximum(4, (np.abs(everything.astype(int)) + 132) / 32 + 1)).all()
    assert (np.diff(mu_law.levels(everything).astype(int)) >= 0).all()
    assert set(mu_law.levels(everything)) >= set(range(256)) - {127, 128}


# files


@pytest.mark.parametrize("channels", [1, 2])
def test_sixteen_bits_come_back_as_they_were(channels: int) -> None:
    samples = tone(0.1, channels=channels)
    found = read_sound(wav(pcm_bytes(samples), 2, channels))
    assert found.rate == RATE
    assert found.notes == ()
    assert (found.samples == samples).all()
    assert found.samples.shape == samples.shape


def test_other_depths() -> None:
    samples = tone(0.05)
    eight = ((samples.astype(int) >> 8) + 128).astype(np.uint8).tobytes()
    found = read_sound(wav(eight, 1))
    assert (found.samples == (samples >> 8) * 256).all()
    assert found.notes == ("8 bits made 16",)
    wide = (samples.astype("<i4") << 8).view(np.uint8).reshape(-1, 4)[:, :3].tobytes()
    assert (read_sound(wav(wide, 3)).samples == samples).all()


def test_channels_and_rates() -> None:
    stereo = np.concatenate([tone(0.1), np.zeros_like(tone(0.1))], axis=1)
    data = wav(pcm_bytes(stereo), 2, 2, rate=48_000)
    found = read_sound(data)
    assert found.rate == 16_000
    assert found.notes == ("resampled from 48,000 Hz",)
    assert found.samples.shape == (267, 2)
    mixed = read_sound(data, rate=48_000, channels=1)
    assert mixed.notes == ("2 channels mixed into one",)
    np.testing.assert_allclose(mixed.samples[:, 0], stereo[:, 0] / 2, atol=1)
    many = read_sound(wav(pcm_bytes(tone(0.1, channels=6)), 2, 6))
    assert many.notes == ("6 channels mixed into one",)
    assert read_sound(wav(pcm_bytes(tone(0.1)), 2), channels=2).samples.shape[1] == 2


def test_resampling_keeps_the_pitch() -> None:
    found = read_sound(wav(pcm_bytes(tone(0.5)), 2), rate=11_025)
    pitch, voiced = pitch_statistics(found.samples[:, 0] / 32768, 11_025)
    assert pitch == pytest.approx(200, abs=5)
    assert voiced > 0.9


def test_what_is_written_is_a_wav_with_its_story() -> None:
    samples = tone(0.1, channels=2)
    data = wav_bytes(samples, RATE, "compgen 1", {"seed": 3, "name": "é"})
    assert (read_sound(data).samples == samples).all()
    with wave.open(io.BytesIO(data)) as file:
        assert (file.getnchannels(), file.getframerate(), file.getnframes()) == (2, RATE, 800)
    start = data.index(b"ICMT")
    length = int.from_bytes(data[start + 4 : start + 8], "little")
    assert json.loads(data[start + 8 : start + 8 + length].rstrip(b"\0")) == {
        "seed": 3, "name": "é",
    }  # fmt: skip
    assert int.from_bytes(data[4:8], "little") == len(data) - 8


def test_what_is_no_sound_is_refused(tmp_path: Path) -> None:
    good = wav(pcm_bytes(tone(0.1)), 2)
    for data, complaint in (
        (b"", "is empty"),
        (good[:2], "cut short within its header"),
        (good[:20], "cut short within its header"),
        (good[:-100], "cut short: 750 of 800 samples"),
        (wav(b"", 2), "no length"),
        (wav(b"\0\0", 2, rate=5), "5 samples a second are no sound"),
        (wav(bytes(2000), 2, rate=100), "more than the 4,194,304"),
    ):
        with pytest.raises((InputError, UsageError), match=complaint):
            read_sound(data, rate=192_000 * 3 if "more" in complaint else None)
    with pytest.raises(UsageError, match="no such file"):
        read_sound(tmp_path / "missing.wav")
    with pytest.raises(UsageError, match="is a directory"):
        read_sound(tmp_path)


def test_soundfile_reads_the_rest() -> None:
    soundfile = pytest.importorskip("soundfile")
    samples = tone(0.1)
    file = io.BytesIO()
    soundfile.write(file, samples, RATE, format="FLAC", subtype="PCM_16")
    assert (read_sound(file.getvalue()).samples == samples).all()
    with pytest.raises(InputError, match="no sound that can be read"):
        read_sound(b"this is text")
    with pytest.raises(InputError, match=r"cut short|no sound that can be read"):
        read_sound(file.getvalue()[:300])
    for bad in (np.nan, np.inf):
        values = np.zeros((100, 1))
        values[50] = bad
        file = io.BytesIO()
        soundfile.write(file, values, RATE, format="WAV", subtype="FLOAT")
        with pytest.raises(InputError, match="not all of its samples are numbers"):
            read_sound(file.getvalue())


def test_flac_needs_less_for_a_tone_than_gzip() -> None:
    pytest.importorskip("soundfile")
    from compgen.registry import get_compressor

    data = pcm_bytes(tone(1))
    flac = len(get_compressor(f"flac:rate={RATE}").compress(data))
    assert flac < 0.7 * len(get_compressor("gzip").compress(data))
    assert len(get_compressor("flac:bits=8").compress(data)) > flac


# measures


def test_measures_of_the_truth_itself() -> None:
    known, truth = tone(1), tone(1, pitch=125)
    found = measure_sound(truth, truth, known, RATE)
    assert found.log_spectral_distance == 0
    assert found.log_spectral_distance_known == found.truth_log_spectral_distance_known > 0
    assert found.level_difference == 0
    assert found.pitch == found.truth_pitch == pytest.approx(125, rel=0.02)
    assert found.copied_fraction == 0
    assert measure_sound(known[:4000], truth, known, RATE).copied_fraction == 1


def test_measures_tell_noise_and_silence_from_a_tone() -> None:
    known, truth = tone(1), tone(1, pitch=210)
    hiss = measure_sound(noise(1), truth, known, RATE)
    assert hiss.voiced_fraction < 0.1
    assert hiss.truth_voiced_fraction > 0.9
    assert hiss.log_spectral_distance > 5
    silence = measure_sound(np.zeros_like(truth), truth, known, RATE)
    assert silence.level_difference < -50
    assert silence.as_dict()["pitch"] is None
    assert level(np.sin(np.arange(8000)) / 2) == pytest.approx(-9.03, abs=0.01)
    nothing = measure_sound(truth[:0], truth[:0], known, RATE).as_dict()
    assert set(nothing.values()) == {None}
