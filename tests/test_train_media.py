"""`compgen train --as image|sound`, and what such networks are then asked."""

import json
import wave
from pathlib import Path

import numpy as np
import pytest

from compgen.errors import InputError, UsageError
from compgen.media.crops import crops
from compgen.media.image_file import read_image
from compgen.media.sound_file import read_sound
from compgen.neural.config import GruConfig, TransformerConfig
from compgen.neural.medium import FILES, IMAGE, SOUND, Medium
from compgen.neural.presets import PRESETS, Preset
from compgen.neural.settings import Settings
from tests.command_line import Ended, cgen

torch = pytest.importorskip("torch")
Image = pytest.importorskip("PIL.Image")

SIDE = 16
TONE = 440.0
RATE = 8_000


@pytest.fixture(scope="module", autouse=True)
def _tiny_presets() -> "object":
    """Models that a test can afford, under the names of the real ones."""
    with pytest.MonkeyPatch.context() as patch:
        small = TransformerConfig(width=16, layers=2, heads=2, window=16)
        patch.setitem(PRESETS, "gru", Preset("gru", GruConfig(8, 24), 4, 32, 1e-2, 0.0))
        patch.setitem(PRESETS, "0.2M", Preset("0.2M", small, 4, 32, 1e-2, 0.05))
        yield


def draw(place: Path, width: int = 40, height: int = 40, *, colour: bool = False) -> Path:
    """Slanted stripes of two shades."""
    y, x = np.mgrid[:height, :width]
    pixels = np.where((x + y // 2) % 8 < 4, 60, 200).astype(np.uint8)
    if colour:
        pixels = np.stack([pixels, 255 - pixels, pixels], 2)
    Image.fromarray(pixels).save(place)
    return place


def sing(place: Path, seconds: float = 0.5, rate: int = RATE, channels: int = 1) -> Path:
    time = np.arange(round(seconds * rate)) / rate
    samples = np.rint(9000 * np.sin(2 * np.pi * TONE * time)).astype("<i2")
    with wave.open(str(place), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(samples.repeat(channels).tobytes())
    return place


def config_in(directory: Path) -> dict[str, object]:
    found: dict[str, object] = json.loads((directory / "config.json").read_text())
    return found


@pytest.fixture(scope="module")
def painter(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A network that has learned stripes, 16 pixels wide, gray."""
    place = tmp_path_factory.mktemp("painter")
    sources = [draw(place / "one.png", SIDE, 60), draw(place / "other.png", SIDE, 50)]
    cgen("train", *sources, "-o", place / "model", "--as", "image", "--steps", "50")
    return place / "model"


@pytest.fixture(scope="module")
def singer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A network that has learned a tone at 8,000 Hz."""
    place = tmp_path_factory.mktemp("singer")
    words = ["--as", "sound", "--sample-rate", str(RATE), "--steps", "60"]
    ended = cgen("train", sing(place / "tone.wav", rate=16_000), "-o", place / "model", *words)
    assert "sound of 8,000 Hz, mono" in ended.err
    return place / "model"


def fill(picture: Path, output: Path, spec: str, *words: str) -> Ended:
    return cgen("image", picture, "-o", output, "-c", spec, "--seed", "1", "--force", *words)


# training


def test_a_checkpoint_says_what_it_has_learned(painter: Path, singer: Path) -> None:
    for directory, medium in (
        (painter, {"kind": "image", "width": 16, "channels": 1}),
        (singer, {"kind": "sound", "channels": 1, "rate": RATE}),
    ):
        provenance = config_in(directory)["provenance"]
        assert isinstance(provenance, dict)
        assert provenance["medium"] == medium
        assert Medium.of(provenance).as_dict() == medium


def test_pictures_are_learned_by_what_sees_two_rows(painter: Path, tmp_path: Path) -> None:
    found = config_in(painter)
    assert (found["kind"], found["window"]) == ("transformer", 2 * SIDE)
    flat = draw(tmp_path / "flat.png", 16, 16)
    words = ["--as", "image", "--preset", "gru", "--steps", "1"]
    assert "hardly remembers" in cgen("train", flat, "-o", tmp_path / "gru", *words).err
    assert Settings("0.2M", medium=Medium(IMAGE, 600, 600, 3)).doubt
    assert Settings("0.2M", medium=Medium(IMAGE, 64, 64, 3)).doubt is None
    assert Settings("gru").doubt is Settings("0.2M").doubt is None
    assert Settings("0.2M").as_dict()["length"] == PRESETS["0.2M"].length


def test_stripes_have_been_learned(painter: Path, tmp_path: Path) -> None:
    from compgen.registry import get_compressor

    other = read_image(draw(tmp_path / "other.png", 16, 16), gray=True).pixels.tobytes()
    network = get_compressor(f"neural:model={painter},mix=off")
    assert network.condition(b"").code_lengths(other).mean() < 3.5


def test_crops_are_pieces_and_the_lowest_rows_are_held_out(tmp_path: Path) -> None:
    from compgen.cli.train_inputs import Wanted, read_texts

    pixels = np.full((100, 80, 1), 20, np.uint8)
    pixels[90:] = 220
    Image.fromarray(pixels[..., 0]).save(tmp_path / "two.png")
    wanted = Wanted(IMAGE, (16, 12), gray=True, crops=7)
    (text,), medium = read_texts([tmp_path / "two.png"], wanted, 0.1, 0)
    assert medium == Medium(IMAGE, 16, 12, 1, crops=7)
    assert text.data == bytes([20]) * (7 * 16 * 12)
    assert set(text.held_out) == {220}
    assert 0.1 <= len(text.held_out) / len(text.data) < 0.3
    (same,), _ = read_texts([tmp_path / "two.png"], Wanted.as_before(medium), 0.1, 0)
    assert same == text


def test_of_a_sound_every_piece_gives_its_end(tmp_path: Path) -> None:
    from compgen.cli.train_inputs import PIECES, Wanted, read_texts
    from compgen.media.mu_law import encode

    source = sing(tmp_path / "tone.wav", 0.4)
    (text,), medium = read_texts([source], Wanted(SOUND), 0.1, 0)
    assert medium == Medium(SOUND, channels=1, rate=RATE)
    pieces = np.split(encode(read_sound(source).samples)[:, 0], PIECES)
    assert text.data == b"".join(piece[:360].tobytes() for piece in pieces)
    assert text.held_out == b"".join(piece[360:].tobytes() for piece in pieces)


def test_crops_vary_in_scale_and_side() -> None:
    ramp = np.arange(128, dtype=np.uint8)[None, :, None].repeat(128, 0)
    found = crops(ramp, (16, 16), 40, np.random.default_rng(0))
    assert {piece.shape for piece in found} == {(16, 16, 1)}
    slopes = [(int(piece[0, -1, 0]) - int(piece[0, 0, 0])) / 15 for piece in found]
    assert {slope > 0 for slope in slopes} == {True, False}
    sizes = np.abs(slopes)
    assert sizes.min() < 1.5
    assert 4 < sizes.max() < 8.5
    assert crops(ramp[:5], (16, 16), 1, np.random.default_rng(0))[0].shape[0] <= 5


def test_colours_are_kept_where_one_picture_has_them(tmp_path: Path) -> None:
    from compgen.cli.train_inputs import Wanted, read_texts

    sources = [draw(tmp_path / "a.png", 8, 6), draw(tmp_path / "b.png", 8, 9, colour=True)]
    texts, medium = read_texts(sources, Wanted(IMAGE), 0.05, 0)
    assert medium == Medium(IMAGE, 8, 0, 3)
    assert [len(text.data) for text in texts] == [8 * 6 * 3, 8 * 9 * 3]
    assert texts[1].data == read_image(sources[1]).pixels.tobytes()
    texts, medium = read_texts(sources, Wanted(IMAGE, (5, 4), gray=True), 0.05, 0)
    assert medium == Medium(IMAGE, 5, 4, 1)
    assert [len(text.data) for text in texts] == [20, 20]


def test_a_training_on_pictures_is_resumed(tmp_path: Path) -> None:
    from compgen.cli.train_inputs import Wanted, read_texts
    from compgen.neural.progress import Progress
    from compgen.neural.training import train

    source = draw(tmp_path / "picture.png")
    texts, medium = read_texts([source], Wanted(IMAGE, (16, 16), crops=12), 0.05, 0)
    settings = Settings("0.2M", steps=6, medium=medium)

    def stop(progress: Progress) -> None:
        if progress.step == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(texts, tmp_path / "cut", settings, device=torch.device("cpu"), observe=stop)
    other = cgen("train", source, "-o", tmp_path / "cut", "--resume", "--as", "bytes", ok=False)
    assert (other.status, "another corpus" in other.err) == (2, True)
    cgen("train", source, "-o", tmp_path / "cut", "--resume")
    whole = train(texts, tmp_path / "whole", settings, device=torch.device("cpu"))
    model = (tmp_path / "cut" / "model.safetensors").read_bytes()
    assert model == (tmp_path / "whole" / "model.safetensors").read_bytes()
    assert Medium.of(whole.config.provenance) == medium


def test_a_budget_that_was_too_long_is_told_of(tmp_path: Path) -> None:
    from compgen.cli.train import _overlearned

    def told(*held_out: float | None) -> str | None:
        points = [{"step": 1 + number, "held_out": bits} for number, bits in enumerate(held_out)]
        return _overlearned(points)

    assert "after 25 % of the budget" in str(told(5.0, 5.5, None, 6.0))
    assert told(5.0, 4.0, 3.0, 3.2) is None
    assert told(3.0, 3.01, 3.02, 3.02) is None
    assert told(None, None) is told(3.0) is told() is None
    source = tmp_path / "noise"
    source.write_bytes(np.random.default_rng(0).integers(0, 16, 600, np.uint8).tobytes())
    words = ["-o", str(tmp_path / "model"), "--steps", "200", "--held-out", "0.4"]
    assert "of the budget, and those weights are kept" in cgen("train", source, *words).err


# use


def test_a_picture_is_continued(painter: Path, tmp_path: Path) -> None:
    picture, output = draw(tmp_path / "in.png", 16, 16), tmp_path / "out.png"
    for spec in (f"neural:model={painter},mix=off", f"neural:model={painter},bits=12"):
        ended = fill(picture, output, spec)
        assert "has learned" not in ended.err
        pixels, truth = read_image(output).pixels, read_image(picture).pixels
        assert (pixels[:8] == truth[:8]).all()
        dark = int(np.count_nonzero(np.abs(pixels[8:].astype(int) - 60) < 30))
        light = int(np.count_nonzero(np.abs(pixels[8:].astype(int) - 200) < 30))
        assert dark + light > 100  # of 128: what it makes has the two shades of what it learned


def test_other_pictures_are_warned_of(painter: Path, singer: Path, tmp_path: Path) -> None:
    output = tmp_path / "out.png"
    narrow = draw(tmp_path / "narrow.png", 8, 4)
    err = fill(narrow, output, f"neural:model={painter},bits=12").err
    assert "learned pictures 16 pixels wide, gray, not pictures 8 pixels wide, gray" in err
    coloured = draw(tmp_path / "coloured.png", 16, 2, colour=True)
    err = fill(coloured, output, f"neural:model={painter},bits=12").err
    assert "not pictures 16 pixels wide, RGB" in err
    err = fill(narrow, output, "neural:bits=12").err
    assert "the network of compgen itself has learned text" in err
    err = fill(narrow, output, f"neural:model={singer},bits=12").err
    assert "learned sound of 8,000 Hz, mono, not pictures 8" in err
    assert "has learned" not in fill(narrow, output, "cm:bits=12").err
    assert "has learned" not in fill(narrow, output, "neural:bits=12", "--unit", "record").err


def test_a_sound_is_continued(singer: Path, tmp_path: Path) -> None:
    source, output = sing(tmp_path / "in.wav"), tmp_path / "out.wav"
    spec = f"neural:model={singer},mix=off"
    words: list[str] = ["-o", str(output), "-c", spec, "--seed", "1", "--force"]
    ended = cgen("audio", source, *words, "--seconds", "0.1")
    assert "has learned" not in ended.err
    made = read_sound(output).samples[:, 0]
    assert len(made) == 4_800
    assert 1_000 < np.median(np.abs(made[4_000:].astype(int))) < 9_100  # the tone's: 6,364
    slow = cgen("audio", source, *words, "--seconds", "0.01", "--rate", "4000")
    assert "learned sound of 8,000 Hz, mono, not sound of 4,000 Hz, mono" in slow.err
    text = ["-o", str(output), "-c", "neural:bits=12", "--force", "--seconds", "0.01"]
    assert "has learned text or other files, not sound" in cgen("audio", source, *text).err


def test_raw_pixels_are_coded_and_come_back(painter: Path, tmp_path: Path) -> None:
    raw = tmp_path / "pixels.raw"
    raw.write_bytes(read_image(draw(tmp_path / "in.png", 16, 24)).pixels.tobytes())
    cgen("compress", raw, "-c", f"neural:model={painter},mix=off", "-o", tmp_path / "coded")
    assert (tmp_path / "coded").stat().st_size < 3.5 / 8 * 16 * 24 + 600
    words = ["-c", f"neural:model={painter},mix=off", "-o", str(tmp_path / "again")]
    cgen("decompress", tmp_path / "coded", *words)
    assert (tmp_path / "again").read_bytes() == raw.read_bytes()


def test_a_corpus_is_counted_and_the_network_is_not_asked(painter: Path) -> None:
    from compgen.imaging.canvas import Canvas
    from compgen.imaging.pixel import PixelUnit
    from compgen.registry import get_compressor

    network = get_compressor(f"neural:model={painter},bits=14")
    rng = np.random.default_rng(0)
    other = rng.integers(0, 256, (16, 16, 1), np.uint8)
    truth = rng.integers(0, 256, (4, 16, 1), np.uint8)
    unit = PixelUnit(network)
    begun = unit._start(Canvas.of(truth, np.ones((4, 16), np.bool_), (other,)))
    counted = network.after(other.tobytes(), reading="auto", dither=None)
    assert (begun.next_byte() == counted.next_byte()).all()
    assert (begun.next_byte() != network.condition(other.tobytes()).next_byte()).any()


def test_what_is_made_up_teaches_nothing_until_it_is_told_to() -> None:
    from compgen.imaging.pixel import Freezing
    from compgen.registry import get_compressor

    def lengths_of_the_rest(frozen: bool) -> float:
        model = get_compressor("neural:bits=14").condition(b"a known part. " * 9)
        assert isinstance(model, Freezing)
        if frozen:
            model.freeze()
        model.advance(b"QXQZ" * 40)
        return float(model.code_lengths(b"QXQZ" * 4).sum())

    assert lengths_of_the_rest(frozen=True) > 2 * lengths_of_the_rest(frozen=False)


def test_thawing_changes_no_fork() -> None:
    from compgen.imaging.pixel import Freezing
    from compgen.registry import get_compressor

    model = get_compressor("neural:bits=14").condition(b"a known part. " * 9)
    assert isinstance(model, Freezing)
    twin = model.fork()
    before = twin.next_byte()
    model.freeze()
    model.advance(b"QXQZ")
    model.thaw()
    model.advance(b"another known part" * 5)
    assert (twin.next_byte() == before).all()


# what is refused


def refused(*words: object) -> str:
    ended = cgen("train", *map(str, words), ok=False)
    assert ended.status in (1, 2), ended
    assert ended.err.count("\n") == 1, ended.err
    return ended.err


def test_pictures_and_sounds_are_not_mistaken_for_text(tmp_path: Path) -> None:
    model = tmp_path / "model"
    picture, sound = draw(tmp_path / "p.png"), sing(tmp_path / "s.wav")
    assert "p.png is a picture: --as image" in refused(picture, "-o", model)
    assert "s.wav is a sound: --as sound" in refused(sound, "-o", model)
    assert not model.exists()
    cgen("train", sound, "-o", model, "--as", "bytes", "--steps", "1")
    assert config_in(model)["provenance"]["medium"] == {"kind": "bytes"}  # type: ignore[index]


def test_what_does_not_go_together_is_refused(tmp_path: Path) -> None:
    small, large = draw(tmp_path / "small.png", 8, 8), draw(tmp_path / "large.png", 20, 20)
    mono, stereo = sing(tmp_path / "mono.wav"), sing(tmp_path / "stereo.wav", channels=2)
    out = ["-o", tmp_path / "model"]
    image, sound = [*out, "--as", "image"], [*out, "--as", "sound"]
    assert "small.png is 8 pixels wide and large.png 20" in refused(small, large, *image)
    assert "--size 0x4" in refused(small, *image, "--size", "0x4")
    assert "8 pixels in a row" in refused(small, *image, "--size", "16x8", "--crops", "3")
    assert "--crops needs" in refused(small, *image, "--crops", "3")
    assert "--size goes with --as image" in refused(small, *out, "--size", "8x8")
    assert "--sample-rate goes with --as sound" in refused(small, *image, "--sample-rate", "8000")
    assert "some of the sounds are mono" in refused(mono, stereo, *sound)
    assert "did you mean" in refused(small, *out, "--as", "imag")
    assert not (tmp_path / "model").exists()


def test_damaged_files_are_refused(tmp_path: Path) -> None:
    whole = draw(tmp_path / "whole.png").read_bytes()
    cut, empty = tmp_path / "cut.png", tmp_path / "empty.png"
    cut.write_bytes(whole[: len(whole) // 2])
    empty.write_bytes(b"")
    out = ["-o", tmp_path / "model", "--as"]
    assert "damaged or cut short" in refused(cut, *out, "image")
    for options in ([], ["--size", "8x8", "--crops", "2"]):
        assert "is no picture" in refused(empty, *out, "image", *options)
    assert "empty" in refused(empty, *out, "sound")
    assert "no sound" in refused(tmp_path / "whole.png", *out, "sound")
    assert "no such file" in refused(tmp_path / "none.png", *out, "image")


@pytest.mark.parametrize(
    "entries", [None, 5, {}, {"kind": "smell"}, {"kind": ["image"]}, {"width": 3}]
)
def test_a_checkpoint_that_tells_nothing_has_learned_files(entries: object) -> None:
    assert Medium.of({"medium": entries}) == FILES
    assert Medium.of({}) == FILES


def test_a_medium_is_as_hostile_as_its_file() -> None:
    found = Medium.of({"medium": {"kind": SOUND, "rate": "fast", "channels": None, "x": 1}})
    assert found == Medium(SOUND)
    assert found.unlike(Medium(SOUND, channels=1, rate=RATE))


def test_errors_have_their_kind(tmp_path: Path) -> None:
    from compgen.cli.train_inputs import Wanted, read_texts

    (tmp_path / "no.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    with pytest.raises(InputError):
        read_texts([tmp_path / "no.png"], Wanted(IMAGE), 0.05, 0)
    with pytest.raises(UsageError):
        Wanted(SOUND, gray=True)
