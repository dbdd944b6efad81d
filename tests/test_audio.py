"""Units of sound, and `cgen audio`: what comes out, and what is said of what cannot."""

import io
import itertools
import json
import os
import signal
import time
import wave
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from compgen.cli import audio as audio_command
from compgen.errors import UnsupportedError, UsageError
from compgen.imaging.choices import Choices
from compgen.imaging.norms import Norm
from compgen.media.mu_law import decode, encode, levels
from compgen.media.samples import pcm_bytes
from compgen.media.sound_file import read_sound
from compgen.reading import Reading
from compgen.registry import get_compressor
from compgen.sound import units
from compgen.sound.grain import GrainUnit
from compgen.sound.places import Home, Places
from compgen.sound.span_coder import SpanCoder
from compgen.sound.take import Session, Take
from compgen.sound.tape import Tape
from compgen.sound.units import UnitPlan

from .command_line import cgen, run, start
from .test_audio_files import RATE, noise, tone, wav

BLIND = ("-c", "gzip", "--norm", "null", "--seed", "1")
"""The fastest way to a sound."""


def take(plan: UnitPlan, spec: str = "gzip", seconds: float = 0.3, **changes: object) -> Take:
    unit = plan.make(get_compressor(spec), RATE)
    session = Session(tone(1), round(seconds * RATE), RATE, unit, **changes)  # type: ignore[arg-type]
    found = Take(session)
    found.finish()
    return found


# places and grains


def test_the_place_with_the_same_before_it_is_nearest() -> None:
    source = noise(1)
    places = Places([noise(0.5, seed=9), source], RATE, 96, 400)
    homes = places.nearest(source[904:1000], 5, None)
    assert homes[0] == Home(1, 1000)
    assert len(set(homes)) == 5
    assert places.count == (4000 - 495) + (8000 - 495)
    voice = tone(1, pitch=10)  # where the next best is always beside the best
    homes = Places([voice], RATE, 96, 400).nearest(voice[904:1000], 16, None)
    ordered = sorted(home.start for home in homes)
    assert all(later - sooner > 4 for sooner, later in itertools.pairwise(ordered))


def test_a_grain_s_own_continuation_is_forbidden() -> None:
    source = noise(1)
    places = Places([source], RATE, 96, 400)
    end = source[1304:1400]  # of the grain that begins at 1000
    assert places.nearest(end, 1, None) == [Home(0, 1400)]
    elsewhere = places.nearest(end, 16, Home(0, 1000))
    assert all(abs(home.start - 1400) > 8 for home in elsewhere)


@pytest.mark.parametrize("norm", list(Norm))
@pytest.mark.parametrize("spec", ["gzip", "flac"])
def test_grains_are_pieces_of_the_known_part(norm: Norm, spec: str) -> None:
    if spec == "flac":
        pytest.importorskip("soundfile")
    found = take(UnitPlan(unit="grain", norm=norm), spec)
    known, made = pcm_bytes(tone(1)), found.made
    assert len(made) == 2400
    for at in range(0, 2400, 480):
        assert pcm_bytes(made[at : at + 480]) in known
    assert found.choices.count == 5
    assert (found.samples[:RATE] == tone(1)).all()


def test_the_corpus_is_copied_from_as_well() -> None:
    other = tone(1, volume=0.31)
    found = take(UnitPlan(unit="grain"), corpus=(other,))
    grains = [pcm_bytes(found.made[at : at + 480]) for at in range(0, 2400, 480)]
    assert all(grain in pcm_bytes(tone(1)) + pcm_bytes(other) for grain in grains)
    assert any(grain in pcm_bytes(other) for grain in grains)


def test_the_compressor_tells_a_tone_from_noise() -> None:
    """After a tone noise costs more, whoever codes it."""
    specs = ["gzip", "zstd"]
    base, more, hiss = tone(0.4)[:-480], tone(0.4)[-480:], noise(0.06)
    for spec in specs:
        bits = SpanCoder(get_compressor(spec), Reading.AUTO, RATE).added(base, [more, hiss])
        assert bits[1] > bits[0] + 500


def test_other_costs_are_those_of_level_differences() -> None:
    base, span = tone(0.3), noise(0.06)
    whole = levels(np.concatenate([base, span])).astype(int)[:, 0]
    residuals = (np.diff(whole, prepend=128) % 256).astype(np.uint8).tobytes()
    conditional = get_compressor("cm:bits=16").condition(residuals[: len(base)])
    bits = SpanCoder(get_compressor("cm:bits=16"), Reading.AUTO, RATE).added(base, [span])
    assert bits == pytest.approx(conditional.bits([residuals[len(base) :]]))


def test_flac_costs_are_those_of_whole_files() -> None:
    pytest.importorskip("soundfile")
    flac = get_compressor("flac:rate=8000")
    base, spans = tone(0.3), [noise(0.06), tone(0.06)]
    bits = SpanCoder(get_compressor("flac"), Reading.AUTO, RATE).added(base, spans)
    alone = len(flac.compress(pcm_bytes(base)))
    whole = [len(flac.compress(pcm_bytes(base) + pcm_bytes(span))) for span in spans]
    assert bits.tolist() == [8 * (length - alone) for length in whole]


def test_crossfades_smooth_joins_and_leave_the_known_part_alone() -> None:
    hard = take(UnitPlan(unit="grain", norm=Norm.NULL), blind=True)
    soft = take(UnitPlan(unit="grain", norm=Norm.NULL, crossfade=4), blind=True)
    assert (soft.samples[:RATE] == tone(1)).all()
    assert (soft.samples[: RATE + 448] == hard.samples[: RATE + 448]).all()
    assert (soft.made != hard.made).any()


def test_too_little_to_go_by() -> None:
    unit = UnitPlan(unit="grain").make(get_compressor("gzip"), RATE)
    tape = Tape(tone(0.05), 100, RATE)
    with pytest.raises(UsageError, match=r"a grain of 60 ms needs 0\.072 s"):
        list(unit.fill(tape, Choices(), np.random.default_rng(0)))


# samples


@pytest.mark.parametrize("spec", ["cm:bits=16", "gzip", "uniform"])
def test_samples_are_mu_law(spec: str) -> None:
    found = take(UnitPlan(unit="sample"), spec, seconds=0.01)
    assert len(found.made) == 80
    assert (decode(encode(found.made)) == found.made).all()
    assert (found.samples[:RATE] == tone(1)).all()


def test_a_model_goes_on_with_a_simple_tone() -> None:
    """Of a square wave all is known, so that what follows is one too."""
    square = np.where(np.arange(4000) // 20 % 2, 8000, -8000).astype(np.int16)[:, None]
    unit = UnitPlan().make(get_compressor("cm:bits=16"), RATE)
    found = Take(Session(square, 400, RATE, unit, seed=1))
    found.finish()
    expected = decode(encode(np.concatenate([square, square])))[4000:4400]
    assert (found.made == expected).mean() > 0.95


def test_stereo() -> None:
    left_right = np.concatenate([tone(1), tone(1, pitch=150)], axis=1)
    for plan in (UnitPlan(unit="grain"), UnitPlan(unit="sample", reading=Reading.AUTO)):
        unit = plan.make(get_compressor("gzip"), RATE)
        found = Take(Session(left_right, 40, RATE, unit))
        assert found.finish().shape == (8040, 2)


def test_each_compressor_gets_the_unit_that_suits_it() -> None:
    plan = UnitPlan()
    assert plan.name_for(get_compressor("cm")) == "sample"
    assert plan.name_for(get_compressor("gzip")) == plan.name_for(get_compressor("flac")) == "grain"
    grains = plan.make(get_compressor("gzip"), RATE)
    assert isinstance(grains, GrainUnit)
    assert (grains.shaping.temperature, grains.shaping.min_p) == (8, 0)
    with pytest.raises(UnsupportedError, match="use --unit grain"):
        UnitPlan(unit="sample").make(get_compressor("flac"), RATE)
    with pytest.raises(UnsupportedError, match="leave the option out"):
        take(UnitPlan(), "flac:bits=24")


# the command


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory, with sounds of every kind that the tests name."""
    monkeypatch.chdir(tmp_path)
    Path("tone.wav").write_bytes(wav(pcm_bytes(tone(1.5)), 2))
    Path("stereo.wav").write_bytes(wav(pcm_bytes(tone(0.5, channels=2)), 2, 2))
    Path("empty.wav").touch()
    Path("short.wav").write_bytes(wav(pcm_bytes(tone(0.02)), 2))
    Path("none.wav").write_bytes(wav(b"", 2))
    Path("cut.wav").write_bytes(wav(pcm_bytes(tone(1)), 2)[:999])
    Path("there.png").touch()
    Path("directory").mkdir()
    return tmp_path


@pytest.mark.usefixtures("files")
class TestCommand:
    def test_names_are_the_librarys(self) -> None:
        assert audio_command.UNITS == units.UNITS
        assert set(audio_command.NORMS) == set(Norm)

    def test_a_second_is_appended(self) -> None:
        ended = cgen("audio", "tone.wav", "-o", "out.wav", "-c", "gzip", "--seed", "7")
        assert ended.out == b""
        assert "1.50 s given, 1.00 s to write" in ended.err
        assert "17 choices among 16.0 proposals" in ended.err
        made = read_sound(Path("out.wav"))
        assert len(made.samples) == 20_000
        assert (made.samples[:12_000] == tone(1.5)).all()
        assert b'"seed": 7' in Path("out.wav").read_bytes()
        cgen("audio", "tone.wav", "-o", "again.wav", "-c", "gzip", "--seed", "7", "-q")
        assert Path("again.wav").read_bytes() == Path("out.wav").read_bytes()

    def test_a_part_is_replaced_and_measured(self) -> None:
        ended = cgen("audio", "tone.wav", "--keep", "1s", "--json", *BLIND)
        found = json.loads(ended.text)
        assert (found["samples_known"], found["samples_made"]) == (8000, 4000)
        assert found["measures"]["copied_fraction"] > 0.4
        assert found["choices"]["agreement_with_null"] == 1
        assert "the truth's own" in ended.err
        half = json.loads(cgen("audio", "tone.wav", "--keep", "50%", "--json", *BLIND).text)
        assert half["samples_known"] == half["samples_made"] == 6000
        both = ("--keep", "500ms", "--seconds", "0.2")
        some = json.loads(cgen("audio", "tone.wav", *both, "--json", *BLIND).text)
        assert (some["samples_known"], some["samples_made"]) == (4000, 1600)
        appended = json.loads(cgen("audio", "tone.wav", "--json", *BLIND).text)
        assert appended["measures"] is None

    def test_many_samples_and_a_plot(self) -> None:
        words = ("-N", "2", "--keep", "1s", "--plot", "plot.png", "--json", *BLIND)
        ended = cgen("audio", "tone.wav", "-o", "out.wav", *words)
        rows = [json.loads(line) for line in ended.text.splitlines()]
        assert [row["sample"] for row in rows] == [0, 1]
        one, two = (read_sound(Path(f"out-{number}.wav")).samples for number in (1, 2))
        assert (one != two).any()
        with Image.open("plot.png") as image:
            picture = np.asarray(image)
        height, width, _ = picture.shape
        assert height > 3 * 120  # the truth, two samples
        assert width > 300
        alone = json.loads(cgen("audio", "tone.wav", "--keep", "1s", "--json", *BLIND).text)
        assert alone["measures"] == rows[0]["measures"]

    def test_the_papers_own_command(self) -> None:
        words = "-c gzip --unit sample --reading bytes --dither 0 --min-p 0 --seconds 0.005"
        cgen("audio", "tone.wav", "-o", "out.wav", "--rate", "8000", *words.split())
        assert len(read_sound(Path("out.wav")).samples) == 12_040

    def test_a_corpus_of_another_kind(self) -> None:
        cgen("audio", "tone.wav", "-o", "out.wav", "--corpus", "stereo.wav", *BLIND)
        cgen("audio", "stereo.wav", "-o", "two.wav", "--corpus", "tone.wav", *BLIND)
        assert read_sound(Path("two.wav")).samples.shape == (12_000, 2)

    def test_a_compressor_that_changes_nothing_is_told_of(self) -> None:
        ended = cgen("audio", "tone.wav", "--json", "-c", "gzip", "--temperature", "1e9")
        assert "the compressor changes nothing" in ended.err

    def test_pipes(self) -> None:
        data = Path("tone.wav").read_bytes()
        ended = run("audio", "-", "-o", "-", *BLIND, "-q", stdin=data)
        assert ended.err == ""
        with wave.open(io.BytesIO(ended.out)) as file:
            assert file.getnframes() == 20_000

    def test_without_soundfile(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(__import__("sys").modules, "soundfile", None)
        ended = cgen("audio", "tone.wav", "-o", "out.wav")
        assert "gzip chooses; pip install 'compgen[audio]' brings flac" in ended.err
        ended = cgen("audio", "tone.wav", "-o", "x.wav", "-c", "flac", ok=False)
        assert ended.status == 1
        assert "pip install 'compgen[audio]'" in ended.err
        Path("sound.flac").write_bytes(b"fLaC")
        ended = cgen("audio", "sound.flac", "-o", "x.wav", "-c", "gzip", ok=False)
        assert "pip install 'compgen[audio]'" in ended.err

    @pytest.mark.parametrize(
        ("status", "words", "complaint"),
        [
            (2, "missing.wav -o x.wav", "missing.wav: no such file"),
            (2, "directory -o x.wav", "directory is a directory"),
            (1, "empty.wav -o x.wav", "empty.wav is empty"),
            (1, "none.wav -o x.wav", "a sound of no length"),
            (1, "cut.wav -o x.wav", "cut.wav: the sound is cut short"),
            (2, "short.wav -o x.wav", "a grain of 60 ms needs"),
            (2, "tone.wav", "name the result with -o OUT.wav"),
            (2, "tone.wav -o x.mp3", "only WAV is written; call it x.wav"),
            (2, "tone.wav -o tone.wav --force", "tone.wav is the input itself"),
            (2, "tone.wav -o cut.wav", "cut.wav is there already"),
            (2, "tone.wav -o directory.wav/x.wav", "there is no directory"),
            (2, "tone.wav -o - --json", "leaves no room"),
            (2, "tone.wav -o x.wav --plot x.jpg", "it is a PNG; call it x.png"),
            (2, "tone.wav -o x.wav --plot there.png", "there.png is there already"),
            (2, "tone.wav -o x.wav --keep half", "write seconds or a share"),
            (2, "tone.wav -o x.wav --keep 100%", "nothing to replace"),
            (2, "tone.wav -o x.wav --keep 9s", "nothing to replace"),
            (2, "tone.wav -o x.wav --keep 0s", "nothing of the sound is given"),
            (2, "tone.wav -o x.wav --seconds 0", "--seconds must be above 0"),
            (2, "tone.wav -o x.wav --seconds 1e9", "--seconds must be at most 600"),
            (2, "tone.wav -o x.wav --rate 5", "--rate must be from 1000"),
            (2, "tone.wav -o x.wav --unit grian", "did you mean 'grain'?"),
            (2, "tone.wav -o x.wav --norm typicle", "did you mean 'typical'?"),
            (2, "tone.wav -o x.wav --grain 0", "--grain must be from 1 to 2000"),
            (2, "tone.wav -o x.wav --overlap 9999", "--overlap must be from 1 to 2000"),
            (2, "tone.wav -o x.wav --crossfade -1", "--crossfade must be from 0"),
            (2, "tone.wav -o x.wav -c gzip --unit sample --norm null", "has none"),
            (2, "tone.wav -o x.wav -c flca", "did you mean 'flac'"),
            (1, "tone.wav -o x.wav --corpus cut.wav", "cut.wav: the sound is cut short"),
        ],
    )
    def test_bad_input_is_one_line(self, status: int, words: str, complaint: str) -> None:
        chosen = () if "-c" in words.split() else ("-c", "gzip")
        ended = cgen("audio", *words.split(), *chosen, "-q", ok=False)
        assert ended.status == status, ended
        assert ended.out == b""
        (line,) = ended.err.splitlines()
        assert complaint in line
        assert not Path("x.wav").exists()
        assert not list(Path().glob(".cgen-*"))

    def test_ctrl_c_keeps_what_there_is(self) -> None:
        words = ("tone.wav", "-o", "out.wav", "--seconds", "600", "--json", "--grain", "5")
        with start("audio", *words, *BLIND) as process:
            deadline = time.monotonic() + 60
            assert process.stderr is not None
            os.set_blocking(process.stderr.fileno(), False)
            said = b""
            while b"given" not in said and time.monotonic() < deadline:
                said += process.stderr.read() or b""
                time.sleep(0.05)
            time.sleep(2)
            process.send_signal(signal.SIGINT)
            out, _ = process.communicate(timeout=60)
        assert process.returncode == 130
        told = json.loads(out)
        assert told["interrupted"]
        assert 0 < told["samples_made"] < told["samples_to_make"]
        assert len(read_sound(Path("out.wav")).samples) == 12_000 + told["samples_made"]
