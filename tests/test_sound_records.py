"""The unit `record` for sound: what it tells a compressor of a sample's past, and what follows."""

import json
from pathlib import Path

import numpy as np
import pytest

from compgen.errors import UnsupportedError, UsageError
from compgen.imaging.norms import Norm
from compgen.media.samples import pcm_bytes
from compgen.media.sound_file import read_sound
from compgen.metrics.sound import measure_sound
from compgen.reading import Reading
from compgen.registry import get_compressor
from compgen.sound import record
from compgen.sound.analysis import AMPLITUDES, FIGURES, Analysis, compand, expand
from compgen.sound.codebook import codebook, nearest
from compgen.sound.pitch import PitchMeter
from compgen.sound.predictor import Predictor
from compgen.sound.record import FIRST_RESIDUAL, RecordUnit
from compgen.sound.span_coder import SpanCoder
from compgen.sound.take import Session, Take
from compgen.sound.units import UnitPlan

from .command_line import cgen
from .test_audio_files import RATE, noise, tone, wav


def take(seconds: float = 0.1, spec: str = "gzip", known: object = None, **changes: object) -> Take:
    plan = UnitPlan(unit="record", **changes)  # type: ignore[arg-type]
    unit = plan.make(get_compressor(spec), RATE)
    start = tone(1) if known is None else known
    blind = plan.norm is Norm.NULL
    found = Take(Session(start, round(seconds * RATE), RATE, unit, blind=blind, seed=1))  # type: ignore[arg-type]
    found.finish()
    return found


# the predictor


def test_the_predictor_finds_the_filter_that_made_a_sound() -> None:
    rng = np.random.default_rng(0)
    values = np.zeros(20_000)
    for at in range(2, len(values)):
        values[at] = 1.6 * values[at - 1] - 0.8 * values[at - 2] + rng.normal(0, 100)
    sound = np.rint(values).astype(np.int16)[:, None]
    predictor = Predictor.of([sound[:9000], sound[9000:]], 4)
    assert predictor.coefficients == pytest.approx([1.6, -0.8, 0, 0], abs=0.05)
    predicted = predictor.predict(sound.astype(np.float64))
    assert predicted[500] == pytest.approx(predictor.next(sound[496:500].astype(np.float64)))
    assert (sound - predicted)[10:].std() == pytest.approx(100, rel=0.03)


@pytest.mark.parametrize("sound", [tone(0.2), noise(0.2), np.zeros((900, 1), np.int16)])
def test_the_predictor_cannot_run_away(sound: np.ndarray) -> None:
    """All poles of the filter that makes sound of residuals are within the unit circle."""
    poles = np.roots([1.0, *-Predictor.of([sound], 16).coefficients])
    assert np.abs(poles).max() < 1


# the pitch


@pytest.mark.parametrize("pitch", [80, 125, 200, 320])
def test_the_period_of_a_voice(pitch: float) -> None:
    meter = PitchMeter(RATE)
    wave = tone(0.2, pitch=pitch)[:, 0].astype(np.float64)
    period, likeness = meter.before(wave, 1200)
    assert period == pytest.approx(RATE / pitch, abs=1)
    assert 0.95 < likeness <= 1


def test_of_periods_that_are_nearly_as_good_the_shortest_is_meant() -> None:
    """Every other pulse is weaker by a tenth: twice the period is a better one, but no other."""
    pulses = np.zeros(1600)
    pulses[::40] = 10_000
    pulses[::80] = 9_000
    assert PitchMeter(RATE).before(np.convolve(pulses, np.hanning(9), "same"), 1210)[0] == 40


def test_noise_and_silence_have_no_period() -> None:
    meter = PitchMeter(RATE)
    assert meter.before(noise(0.2)[:, 0].astype(np.float64), 1200)[1] < 0.5
    assert meter.before(np.zeros(1600), 1200)[1] == 0


# the codebook


def test_few_vectors_are_their_own_codebook() -> None:
    vectors = np.array([[3.0, 1.0], [-2.0, 0.0], [3.0, 1.0], [0.0, 0.5]])
    centres = codebook(vectors, 8)
    assert centres.tolist() == [[-2.0, 0.0], [0.0, 0.5], [3.0, 1.0]]
    assert nearest(vectors, centres).tolist() == [2, 0, 2, 1]


def test_a_codebook_is_near_to_all() -> None:
    vectors = np.random.default_rng(0).normal(size=(9000, 1))
    centres = codebook(vectors, 8)
    error = (vectors - centres[nearest(vectors, centres)]).var()
    assert error < 0.04  # the best with 8 levels: 0.0345 (Max, IRE Trans. 1960)


# the analysis


@pytest.mark.parametrize("channels", [1, 2])
def test_what_is_written_is_analysed_as_what_is_known(channels: int) -> None:
    """And so no figure looks ahead: each is the same before there is anything after it."""
    sound = tone(0.3, channels=channels)
    sound[:, 0] += noise(0.3)[:, 0] // 8
    predictor = Predictor.of([sound], 16)
    whole = Analysis(sound, 0, RATE, predictor)
    past, residuals = whole.past(), whole.residuals
    assert past.shape == (2400, FIGURES)
    written = Analysis(sound[:1500], 900, RATE, predictor)
    assert written.past() == pytest.approx(past[:1500])
    for at in range(1500, 2400):
        assert written.ahead() == pytest.approx(past[at])
        assert (written.append(residuals[at]) == sound[at]).all()


def test_the_figures_are_what_they_are_called() -> None:
    sound = tone(0.3, pitch=200)
    analysis = Analysis(sound, 0, RATE, Predictor.of([sound], 16))
    figures, residual = analysis.past()[2000], expand(compand(analysis.residuals[:, 0]))
    loudness = np.sqrt((sound[1840:2000].astype(np.float64) ** 2).mean())
    assert figures[0] == pytest.approx(np.log2(1 + loudness))
    assert figures[1] > 0.95
    places = [2000 - 41, 2000 - 39, 2000 - 40, 1997, 1998, None, 1999]  # a period of 40
    for figure, place in zip(figures[AMPLITUDES], places, strict=True):
        wanted = sound[2000, 0] - residual[2000] if place is None else residual[place]
        assert figure == pytest.approx(compand(np.array(wanted)))


def test_loud_samples_are_clipped() -> None:
    analysis = Analysis(tone(0.1), 1, RATE, Predictor.of([tone(0.1)], 16))
    analysis.ahead()
    assert analysis.append(np.array([1e9])) == 32767


# the unit


def test_what_a_compressor_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    """The alphabets are disjoint, and as many records as the window holds, from everywhere."""
    contexts = []
    gzip = get_compressor("gzip")

    def condition(self: object, context: bytes, **options: object) -> object:
        contexts.append(context)
        return gzip.read(context, Reading.MARGINAL)

    monkeypatch.setattr(type(gzip), "condition", condition)
    quiet_end = np.concatenate([tone(1), np.zeros((RATE, 1), np.int16)])
    take(0.001, known=quiet_end)
    (context,) = contexts
    records = np.frombuffer(context, np.uint8).reshape(-1, FIGURES + 1)
    assert 0.95 * 32768 < len(context) <= 32768 - 262
    assert records[:, :-1].max() == 7
    assert records[:, -1].min() >= FIRST_RESIDUAL
    assert len(np.unique(records[:, -1])) > 50
    loud = (records[:, 0] > records[-1, 0]).mean()
    assert loud == pytest.approx(0.5, abs=0.05)


def test_records_sound_like_the_known_part_where_bytes_are_hiss() -> None:
    """Three voices, and the same gzip, asked in two ways."""
    level, spectrum = [], []
    hiss = UnitPlan(unit="sample", reading=Reading.BYTES, dither=0, min_p=0.0)
    for pitch in (100, 130, 200):
        known, truth = tone(1.2, pitch=pitch), tone(1.4, pitch=pitch)[-1600:]
        made = take(0.2, known=known).made
        assert pcm_bytes(made[:240]) not in pcm_bytes(known)
        unit = hiss.make(get_compressor("gzip"), RATE)
        noisy = Take(Session(known, 300, RATE, unit)).finish()[-300:]
        good = measure_sound(made, truth, known, RATE)
        bad = measure_sound(noisy, truth, known, RATE)
        assert good.log_spectral_distance_known < 0.5 * bad.log_spectral_distance_known
        level.append(good.level_difference)
        spectrum.append(good.log_spectral_distance_known)
    assert np.abs(level).max() < 15
    assert np.median(spectrum) < 5


def test_blind_choices_are_others() -> None:
    made, blind = take(0.05), take(0.05, norm=Norm.NULL)
    assert made.choices.agreement < 0.5
    assert not made.choices.changes_nothing
    assert (made.made != blind.made).mean() > 0.5
    assert (made.samples[:RATE] == tone(1)).all()


def test_the_number_of_proposals_is_obeyed() -> None:
    assert take(0.02, proposals=1).choices.largest_entropy == 0
    few, many = (take(0.02, proposals=count).choices.proposals / 160 for count in (4, 16))
    assert 1 < few <= 4 < many <= 16


def test_code_lengths_and_distributions_choose_alike() -> None:
    """A compressor without a distribution of its own is asked for lengths."""
    for spec, reading in (("gzip", Reading.BITS), ("cm:bits=16", Reading.AUTO)):
        assert len(take(0.003, spec=spec, reading=reading).made) == 24


def test_stereo_is_kept_apart() -> None:
    left_right = np.concatenate([tone(1), tone(1) // 4], axis=1)
    made = take(0.1, known=left_right).made
    assert made.shape == (800, 2)
    assert 2 < np.abs(made[:, 0]).mean() / np.abs(made[:, 1]).mean() < 8


def test_too_little_to_learn_from_and_a_corpus_that_helps() -> None:
    with pytest.raises(UsageError, match=r"0\.05 s are known, and records need 0\.1 s"):
        take(known=tone(0.05))
    unit = UnitPlan(unit="record").make(get_compressor("gzip"), RATE)
    helped = Take(Session(tone(0.05), 80, RATE, unit, corpus=(tone(0.5),)))
    assert len(helped.finish()) == 480


def test_only_the_last_of_too_much_is_learned_from(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(record, "MOST_EXAMPLES", 1000)
    unit = UnitPlan(unit="record").make(get_compressor("gzip"), RATE)
    short, long, longest = (
        Take(Session(known, 40, RATE, unit, corpus=corpus, seed=1)).finish()[-40:]
        for known, corpus in ((tone(1)[-1000:], ()), (tone(1), ()), (tone(1), (noise(1),)))
    )
    assert (short == long).all()
    assert (short == longest).all()


# options


def test_what_does_not_go_together() -> None:
    gzip, flac = get_compressor("gzip"), get_compressor("flac")
    assert isinstance(UnitPlan(unit="record").make(gzip, RATE), RecordUnit)
    with pytest.raises(UnsupportedError, match="use --unit grain"):
        UnitPlan(unit="record").make(flac, RATE)
    for unit in ("record", "sample"):
        with pytest.raises(UnsupportedError, match="--norm raw weighs grains"):
            UnitPlan(unit=unit, norm=Norm.RAW).make(gzip, RATE)


def test_dither_is_applied_to_grains_or_refused() -> None:
    with pytest.raises(UnsupportedError, match="--dither 4 puts letters before the sound"):
        UnitPlan(unit="grain", dither=4).make(get_compressor("flac"), RATE)
    base, spans = tone(0.1), [noise(0.01, seed) for seed in range(8)]
    plain, dithered = (
        SpanCoder(get_compressor("zlib"), Reading.BYTES, RATE, dither).added(base, spans)
        for dither in (0, 8)
    )
    assert not (plain % 8).any()
    assert (dithered % 8).any()
    apart = plain - dithered
    assert np.abs(apart - apart.mean()).max() < 16  # a common constant is no matter
    unit = UnitPlan(unit="grain", dither=4).make(get_compressor("gzip"), RATE)
    exact = Take(Session(tone(1), 40, RATE, unit))
    with pytest.raises(UnsupportedError, match="rounds nothing"):
        exact.finish()


def test_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("tone.wav").write_bytes(wav(pcm_bytes(tone(1.2)), 2))
    words = ("audio", "tone.wav", "--keep", "1s", "-c", "gzip", "--unit", "record", "--seed", "1")
    ended = cgen(*words, "-o", "out.wav", "--json")
    told = json.loads(ended.text)
    assert (told["unit"], told["proposals"], told["temperature"]) == ("record", 16, 0.7)
    assert "norm" not in told
    assert told["choices"]["choices"] == 1600
    assert "drawn blindly" in ended.err
    assert len(read_sound(Path("out.wav")).samples) == 9600
    blind = json.loads(cgen(*words, "--norm", "null", "--json").text)
    assert blind["norm"] == "null"
    assert blind["measures"] != told["measures"]
