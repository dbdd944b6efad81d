"""What a sound costs, and how it is measured against the truth: `cgen score SOUND`."""

import io
import json
from pathlib import Path

import numpy as np
import pytest

from compgen.cli.score import KINDS
from compgen.errors import UnsupportedError
from compgen.media.mu_law import encode
from compgen.media.samples import Samples, mono, pcm_bytes
from compgen.media.sound_file import looks_like_a_sound, read_sound
from compgen.metrics.sound import SoundMeasures, levels, measure_sound, pitches_of
from compgen.registry import get_compressor
from compgen.report.sound_measures import EXPLAINED
from compgen.sound.score import score_sound

from .command_line import cgen, run
from .test_audio_files import RATE, noise, tone, wav

# code lengths


def test_bytes_are_those_of_mu_law() -> None:
    sound = np.concatenate([tone(0.5), tone(0.5, pitch=150)], axis=1)
    score = score_sound(sound, RATE, get_compressor("gzip"))
    assert score.coded_as == "8-bit µ-law"
    assert score.bits == 8 * len(get_compressor("gzip").compress(encode(sound).tobytes()))
    assert score.bits_per_sample == score.bits / 8000
    assert (score.length, score.channels, score.rate) == (4000, 2, RATE)


def test_flac_codes_the_samples() -> None:
    pytest.importorskip("soundfile")
    sound = np.concatenate([tone(0.5), tone(0.5, pitch=150)], axis=1)
    score = score_sound(sound, RATE, get_compressor("flac"))
    assert score.compressor == "flac:rate=8000,channels=2"
    assert score.coded_as == "16-bit samples"
    fitted = get_compressor("flac:rate=8000,channels=2")
    assert score.bits == 8 * len(fitted.compress(pcm_bytes(sound)))
    assert score_sound(sound, 192_000, get_compressor("flac")).bits > 0  # more than FLAC writes
    with pytest.raises(UnsupportedError, match="leave the option out"):
        score_sound(sound, RATE, get_compressor("flac:channels=3"))


# what the measures say, and what fools them


def scrambled(sound: Samples, seed: int = 0) -> Samples:
    """The same power at every frequency, and no order in time."""
    spectrum = np.fft.rfft(sound[:, 0])
    turn = np.exp(2j * np.pi * np.random.default_rng(seed).random(len(spectrum)))
    turn[[0, -1]] = 1
    return np.clip(np.fft.irfft(spectrum * turn), -32768, 32767).astype(np.int16)[:, None]


def measured(made: Samples, truth: Samples, known: Samples) -> SoundMeasures:
    return measure_sound(made, truth, known, RATE)


def test_the_truth_is_its_own_equal() -> None:
    truth = tone(1, pitch=125)
    found = measured(truth, truth, tone(1))
    assert (found.level_distance, found.pitch_distance, found.log_spectral_distance) == (0, 0, 0)


def test_pitch_is_compared_as_a_distribution() -> None:
    """An octave is 12 semitones; half of it an octave off, half right, 6."""
    truth = tone(1, pitch=100)
    assert measured(tone(1, pitch=200), truth, truth).pitch_distance == pytest.approx(12, abs=0.3)
    half = np.concatenate([tone(0.5, pitch=100), tone(0.5, pitch=200)])
    found = measured(half, truth, truth)
    assert found.pitch_distance == pytest.approx(6, abs=0.5)
    again = measured(half[::-1].copy(), half, truth)
    assert again.pitch_distance == pytest.approx(0, abs=0.3)
    assert np.isnan(measured(noise(1) // 100, truth, truth).pitch_distance)
    found_pitches, share = pitches_of(mono(half), RATE)
    assert len(found_pitches) == pytest.approx(share * 49, abs=0.01)


def test_levels_are_compared_as_distributions() -> None:
    """6 dB louder is 6 dB; loud and quiet moments in another order are the same."""
    loud, quiet = tone(1), (tone(1) // 2).astype(np.int16)
    assert measured(quiet, loud, loud).level_distance == pytest.approx(6.02, abs=0.05)
    one, other = np.concatenate([loud, quiet]), np.concatenate([quiet, loud])
    assert measured(one, other, loud).level_distance < 0.3
    steady = noise(1)
    assert levels(mono(steady), RATE).std() < 1
    assert levels(np.zeros(RATE), RATE).max() == -60


def test_noise_with_the_right_spectrum_fools_the_level_and_the_copies() -> None:
    truth = tone(1, pitch=125)
    found = measured(scrambled(truth), truth, tone(1))
    assert abs(found.level_difference) < 0.5
    assert found.copied_fraction == 0
    assert found.level_distance > 2 * abs(found.level_difference)


def test_a_reversed_truth_fools_all_but_the_ear() -> None:
    truth = tone(1, pitch=125)
    found = measured(truth[::-1].copy(), truth, tone(1))
    assert found.log_spectral_distance < 0.3
    assert found.level_distance < 0.3
    assert found.pitch_distance < 0.3
    assert found.voiced_fraction == pytest.approx(found.truth_voiced_fraction, abs=0.03)
    assert found.copied_fraction == 0


def test_a_louder_copy_is_no_copy() -> None:
    known = tone(1)
    assert measured(known, known, known).copied_fraction == 1
    louder = np.rint(known * 1.01).astype(np.int16)
    assert measured(louder, known, known).copied_fraction == 0


# the command


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory, with the sounds that the tests name."""
    monkeypatch.chdir(tmp_path)
    truth = np.concatenate([tone(1), tone(0.5, pitch=160)])
    made = np.concatenate([tone(1), tone(0.5, pitch=320, volume=0.15)])
    Path("truth.wav").write_bytes(wav(pcm_bytes(truth), 2))
    Path("made.wav").write_bytes(wav(pcm_bytes(made), 2))
    Path("stereo.wav").write_bytes(wav(pcm_bytes(tone(1.5, channels=2)), 2, 2))
    Path("fast.wav").write_bytes(wav(pcm_bytes(tone(0.5).repeat(6, axis=0)), 2, rate=48_000))
    Path("slow.wav").write_bytes(wav(pcm_bytes(tone(0.2)), 2, rate=4_000))
    Path("shorter.wav").write_bytes(wav(pcm_bytes(tone(1.2)), 2))
    Path("none.wav").write_bytes(wav(b"", 2))
    Path("cut.wav").write_bytes(wav(pcm_bytes(tone(1)), 2)[:999])
    Path("header.wav").write_bytes(wav(b"", 2)[:30])
    Path("text.txt").write_text("just some text")
    return tmp_path


@pytest.mark.usefixtures("files")
class TestCommand:
    def test_a_sound_is_scored_as_one(self) -> None:
        found = json.loads(cgen("score", "made.wav", "--json").text)
        assert found["coded_as"] == "8-bit µ-law"
        assert found["samples"] == 12_000
        assert found["code_length_bits_per_sample"] * 12_000 == found["code_length_bits"]
        assert "bits/sample" in cgen("score", "made.wav", "-c", "zstd").text
        as_bytes = json.loads(cgen("score", "made.wav", "--as", "bytes", "--json").text)
        assert as_bytes["bytes"] == 24_044
        assert json.loads(cgen("score", "text.txt", "--json").text)["bytes"] == 14

    def test_it_stays_at_its_own_rate(self) -> None:
        ended = cgen("score", "fast.wav", "--json")
        assert json.loads(ended.text)["rate"] == 48_000
        assert "resampled" not in ended.err

    def test_stdin(self) -> None:
        data = Path("made.wav").read_bytes()
        named = cgen("score", "made.wav", "--json").text
        for words in (("score", "-", "--json"), ("score", "--json")):
            assert run(*words, stdin=data).text == named

    def test_it_is_measured_against_the_truth(self) -> None:
        words = ("score", "made.wav", "--against", "truth.wav", "--keep", "1s")
        measures = json.loads(cgen(*words, "--json").text)["measures"]
        made, truth = (read_sound(Path(f"{name}.wav")).samples for name in ("made", "truth"))
        expected = measure_sound(made[RATE:], truth[RATE:], truth[:RATE], RATE)
        assert measures == expected.as_dict()
        assert measures["pitch_distance"] == pytest.approx(12, abs=0.5)
        text = cgen(*words).text
        for _, title, _, _ in EXPLAINED:
            assert title in text
        assert "320  Hz, median; the truth's: 160" in text
        alike = cgen("score", "truth.wav", *words[2:]).text
        assert "-0.0" not in alike

    def test_a_truth_at_a_higher_rate_is_resampled_as_audio_does(self) -> None:
        made = ("audio", "fast.wav", "-o", "out.wav", "--rate", "8000", "--keep", "50%")
        told = json.loads(cgen(*made, "-c", "gzip", "--norm", "null", "--json").text)
        words = ("score", "out.wav", "--against", "fast.wav", "--keep", "50%", "--json")
        ended = cgen(*words)
        assert "fast.wav: resampled to 8,000 Hz" in ended.err
        assert json.loads(ended.text)["measures"] == told["measures"]

    @pytest.mark.parametrize(
        ("status", "words", "complaint"),
        [
            (2, "made.wav --keep 50%", "--against names the truth"),
            (2, "made.wav --against truth.wav", "say what was given, --keep"),
            (2, "made.wav --against truth.wav --keep half", "write seconds or a share"),
            (2, "made.wav --against truth.wav --keep 100%", "there is nothing to replace"),
            (2, "made.wav --against truth.wav --keep 0%", "nothing of the sound is given"),
            (2, "made.wav --against missing.wav --keep 50%", "missing.wav: no such file"),
            (1, "made.wav --against stereo.wav --keep 50%", "has 1 channels and stereo.wav 2"),
            (1, "made.wav --against slow.wav --keep 50%", "has 8,000 samples a second and slow"),
            (1, "made.wav --against shorter.wav --keep 1s", "12,000 samples and shorter.wav 9,600"),
            (1, "made.wav --against cut.wav --keep 50%", "cut.wav: the sound is cut short"),
            (1, "cut.wav", "cut.wav: the sound is cut short"),
            (1, "none.wav", "a sound of no length"),
            (1, "header.wav", "cut short within its header"),
            (1, "text.txt --as sound", "is no sound that can be read"),
            (2, "text.txt --against truth.wav", "this is neither"),
            (2, "made.wav --as sound --heatmap", "are about bytes: leave out --as sound"),
            (2, "made.wav --as sond", "did you mean 'sound'?"),
            (2, "made.wav -c gizp", "did you mean 'gzip'"),
        ],
    )
    def test_bad_input_is_one_line(self, status: int, words: str, complaint: str) -> None:
        if "--as sound" in words and "text" in words:
            pytest.importorskip("soundfile")
        ended = cgen("score", *words.split(), "-q", ok=False)
        assert ended.status == status, ended
        assert ended.out == b""
        (line,) = ended.err.splitlines()
        assert complaint in line


def test_what_begins_as_a_sound() -> None:
    assert looks_like_a_sound(wav(b"", 2))
    assert looks_like_a_sound(b"fLaC\0\0\0\x22")
    assert not looks_like_a_sound(b"RIFF\0\0\0\0WEBPVP8L")
    assert not looks_like_a_sound(b"text")
    assert not looks_like_a_sound(b"")
    assert KINDS == ("bytes", "image", "sound")


def test_what_is_too_loud_is_told_of() -> None:
    soundfile = pytest.importorskip("soundfile")
    for volume, told in ((1.0, False), (1.5, True)):
        file = io.BytesIO()
        soundfile.write(file, volume * np.sin(np.arange(800)), RATE, "FLOAT", format="WAV")
        assert ("louder than full scale: clipped" in read_sound(file.getvalue()).notes) is told
