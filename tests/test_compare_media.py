"""`compgen compare image` and `audio`: what is run, kept, measured, shown, and refused."""

import base64
import csv
import io
import json
import pickle
import re
import shutil
import subprocess
import wave
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from compgen.cli import compare_media
from compgen.errors import SpecError, UnsupportedError
from compgen.experiment import picture_spec, sound_spec
from compgen.experiment.executors import run_all, workers_for
from compgen.experiment.fill import FillRun, FillSpec
from compgen.experiment.media_grid import Line, lines
from compgen.experiment.media_quality import (
    MediaRow,
    mean_over_inputs,
    measured,
    paired,
)
from compgen.experiment.picture_exhibit import PictureExhibit
from compgen.experiment.picture_spec import PictureSpec
from compgen.experiment.sound_exhibit import SoundExhibit
from compgen.experiment.sound_spec import SoundSpec
from compgen.experiment.store import Store
from compgen.experiment.way import Way
from compgen.imaging.norms import Norm
from compgen.imaging.units import UNITS as PICTURE_UNITS
from compgen.media.wav_file import wav_bytes
from compgen.metrics.intervals import Mean
from compgen.registry import get_compressor
from compgen.report.media_table import SURE, MediaComparison
from compgen.sound.units import UNITS as SOUND_UNITS
from tests.command_line import Ended, cgen
from tests.test_compare import Balanced

SIDE = 20
RATE = 4_000
BLOCK, RECORD = Way("gzip", "block"), Way("gzip", "record")


def picture(seed: int) -> bytes:
    """Stripes with some noise, as PNG."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:SIDE, :SIDE]
    gray = 128 + 60 * np.sin(x / 2 + y / (3 + seed)) + rng.normal(0, 8, (SIDE, SIDE))
    file = io.BytesIO()
    Image.fromarray(np.clip(gray, 0, 255).astype(np.uint8)).save(file, format="PNG")
    return file.getvalue()


def tone(seed: int, seconds: float = 0.6) -> bytes:
    """A voice of sorts, as WAV."""
    rng = np.random.default_rng(seed)
    at = np.arange(round(seconds * RATE)) / RATE
    wave_form = np.sin(2 * np.pi * (120 + 20 * seed) * at + np.sin(9 * at)) * (
        1.2 + np.sin(25 * at)
    )
    noisy = 6000 * wave_form + rng.normal(0, 200, len(at))
    return wav_bytes(np.rint(noisy).astype(np.int16)[:, None], RATE, "a test", {})


def exhibit(seed: int = 1) -> PictureExhibit:
    return PictureExhibit.read(f"p{seed}.png", picture(seed), (SIDE, SIDE), True, "top:50%")


def sound(seed: int = 1) -> SoundExhibit:
    return SoundExhibit.read(
        f"s{seed}.wav", tone(seed), RATE, round(0.4 * RATE), round(0.15 * RATE)
    )


def spec(way: Way = BLOCK, seed: int = 1) -> FillSpec:
    return exhibit().spec(picture_spec.resolve(way), seed)


# specs and runs

PICTURE = PictureSpec("ab" * 32, Way("png", "block", "bits"), 1, (20, 20), True, "top:50%")
SOUND = SoundSpec("cd" * 32, Way("flac", "grain", "bytes", temperature=0.5), 2, 8000, 900, 400)


def test_a_spec_is_its_identity() -> None:
    # as it was when this was written: runs that were kept by then must be found
    assert PICTURE.id == "85b237ed7dd305cd"
    assert SOUND.id == "570fa7e9d0286a36"
    for one, cls in ((PICTURE, PictureSpec), (SOUND, SoundSpec)):
        assert pickle.loads(pickle.dumps(one)) == one
        again = cls.from_dict(json.loads(json.dumps(one.as_dict())))
        assert again == one
        assert (hash(again), again.id) == (hash(one), one.id)
    way = PICTURE.way
    others: list[PictureSpec] = [
        replace(PICTURE, seed=2),
        replace(PICTURE, size=(20, 21)),
        replace(PICTURE, keep="left:50%"),
        replace(PICTURE, gray=False),
        *(
            replace(PICTURE, way=replace(way, **change))
            for change in ({"norm": "raw"}, {"unit": "row"}, {"min_p": 0.1}, {"reading": "bytes"})
        ),
    ]
    assert len({PICTURE.id, *(one.id for one in others)}) == len(others) + 1
    with pytest.raises(ValueError, match="no image"):
        PictureSpec.from_dict(SOUND.as_dict())


def test_a_run_is_what_its_spec_says() -> None:
    run = spec().execute(picture(1))
    assert spec().execute(picture(1)).sample == run.sample
    assert spec(seed=2).execute(picture(1)).sample != run.sample
    made, true = exhibit().sample_of(run), exhibit().truth
    np.testing.assert_array_equal(made[: SIDE // 2], true[: SIDE // 2])
    assert (made[SIDE // 2 :] != true[SIDE // 2 :]).any()
    assert run.choices is not None
    assert run.choices["choices"] == 2 * 5 + 5  # blocks of 4 x 4 in 10 rows of 20
    assert run.code_lengths.truth == 8 * len(get_compressor("gzip").compress(true.tobytes()))
    heard = sound()
    made_sound = heard.spec(sound_spec.resolve(Way("gzip"), RATE), 1).execute(heard.data)
    assert heard.sample_of(made_sound).shape == heard.truth.shape


def test_a_run_survives_its_file(tmp_path: Path) -> None:
    store = Store(tmp_path / "runs")
    run = spec().execute(picture(1))
    store.put(run)
    (file,) = (tmp_path / "runs").iterdir()
    assert file.name == f"{spec().id}.json"
    assert Store(tmp_path / "runs").get(spec()) == run
    for damage in (b"", b"{}", file.read_bytes()[:-5], b"[1]", b"\xff"):
        file.write_bytes(damage)
        assert Store(tmp_path / "runs").get(spec()) is None


def test_a_killed_comparison_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    specs = [spec(seed=seed) for seed in range(3)]
    inputs = {exhibit().sha256: exhibit().data}
    first = run_all(specs, inputs, Store(tmp_path))
    (tmp_path / f"{specs[1].id}.json").unlink()
    executed, plainly = [], PictureSpec.execute

    def execute_and_note(one: PictureSpec, data: bytes) -> FillRun:
        executed.append(one)
        return plainly(one, data)

    monkeypatch.setattr(PictureSpec, "execute", execute_and_note)
    second = run_all(specs, inputs, Store(tmp_path))
    assert executed == [specs[1]]
    assert [run.sample for run in second] == [run.sample for run in first]


def test_processes_do_what_this_one_does() -> None:
    heard = sound()
    specs = [spec(), spec(RECORD), heard.spec(sound_spec.resolve(Way("gzip"), RATE), 1)]
    inputs = {exhibit().sha256: exhibit().data, heard.sha256: heard.data}
    here = run_all(specs, inputs, Store(None))
    there = run_all(specs, inputs, Store(None), workers=workers_for(2, None))
    assert [(run.sample, run.choices) for run in there] == [
        (run.sample, run.choices) for run in here
    ]


# the grid


def test_a_grid_has_a_null_score_for_every_unit_that_proposes() -> None:
    found, skipped = lines(
        picture_spec.resolve,
        picture_spec.PROPOSING,
        compressors=["png", "gzip"],
        units=["", "pixel"],
        norms=["typical", "raw"],
    )
    assert [line.label for line in found] == [
        *("null score, block", "png, block", "png, block, raw", "png, pixel"),
        *("null score, record", "gzip, record", "gzip, pixel"),
    ]
    assert not skipped
    plain, _ = lines(
        picture_spec.resolve, picture_spec.PROPOSING, compressors=["png"], baselines=False
    )
    assert [line.label for line in plain] == ["png, block"]
    assert plain[0].way.reading == "bits"
    asked, _ = lines(
        picture_spec.resolve,
        picture_spec.PROPOSING,
        compressors=["gzip"],
        readings=["auto", "bits"],
        temperatures=[None, 0.5],
        baselines=False,
    )
    assert [line.label for line in asked] == [
        *("gzip, record", "gzip, record, temperature 0.5"),
        *("gzip, record, bits", "gzip, record, temperature 0.5, bits"),
    ]


def test_what_cannot_be_run_is_left_out_where_there_is_more() -> None:
    def resolve(way: Way) -> Way:
        return sound_spec.resolve(way, RATE)

    found, skipped = lines(
        resolve, sound_spec.PROPOSING, compressors=["gzip", "zstd"], readings=["frozen"]
    )
    assert [line.label for line in found] == ["null score, grain", "gzip, grain, frozen"]
    assert [one.label for one in skipped] == ["zstd, frozen"]
    with pytest.raises(UnsupportedError, match="zstd, frozen: "):
        lines(resolve, (), compressors=["zstd"], readings=["frozen"])
    with pytest.raises(UnsupportedError, match="--unit sample has none"):
        lines(resolve, (), compressors=["cm"], norms=["null"], units=["sample"])
    with pytest.raises(SpecError, match="no compressor 'nope'"):
        lines(resolve, (), compressors=["nope"])


@pytest.mark.parametrize("unit", ["block", "row", "record"])
def test_whose_null_score_it_is_plays_no_part(unit: str) -> None:
    ways = [Way(name, unit, norm="null") for name in ("uniform", "gzip", "png")]
    runs = [spec(way).execute(picture(1)) for way in ways]
    assert runs[0].sample == runs[1].sample == runs[2].sample
    assert runs[0].sample != spec(Way("gzip", unit)).execute(picture(1)).sample


@pytest.mark.parametrize("unit", ["grain", "record"])
def test_nor_of_a_sound(unit: str) -> None:
    heard = sound()
    ways = [Way("uniform", unit, norm="null"), Way("gzip", unit, norm="null"), Way("gzip", unit)]
    specs = [heard.spec(sound_spec.resolve(way, RATE), 1) for way in ways]
    made = [heard.sample_of(one.execute(heard.data)).tobytes() for one in specs]
    assert made[0] == made[1]
    assert made[0] != made[2]


def test_names_that_the_command_line_knows() -> None:
    assert compare_media.UNITS == {"image": PICTURE_UNITS, "audio": SOUND_UNITS}
    assert compare_media.NORMS == tuple(map(str, Norm))


# figures


def test_inputs_weigh_alike_however_many_seeds_they_have() -> None:
    found = mean_over_inputs({(0, 1): 0.0, (0, 2): 2.0, (1, 1): 5.0, (2, 1): np.nan})
    assert found.value == (1 + 5) / 2
    assert (found.low, found.high) == (1, 5)  # of the inputs, not of the three samples
    one = mean_over_inputs({(0, 1): 1.0, (0, 2): 3.0})
    assert (one.value, one.low, one.high) == (2, 1, 3)  # of the seeds
    assert np.isnan(mean_over_inputs({(0, 1): np.nan}).value)


def test_differences_are_paired() -> None:
    ours = {(0, 1): 13.0, (0, 2): 105.0, (1, 1): 2.0, (2, 1): 7.0}
    theirs = {(0, 1): 11.0, (0, 2): 101.0, (1, 1): 1.0, (2, 9): 7.0}
    # input 0: (2 + 4) / 2; input 1: 1; input 2 has no pair. The inputs differ much more.
    found = mean_over_inputs(paired(ours, theirs))
    assert (found.value, found.low, found.high) == (2, 1, 3)


def comparison(*ways: Way, seeds: tuple[int, ...] = (1, 2)) -> MediaComparison:
    exhibits = [exhibit(1), exhibit(2)]
    resolved = [picture_spec.resolve(way) for way in ways]
    found = [Line(way, way.label) for way in resolved]
    store = Store(None)
    specs = [one.spec(way, seed) for way in resolved for one in exhibits for seed in seeds]
    run_all(specs, {one.sha256: one.data for one in exhibits}, store)
    return MediaComparison(exhibits, seeds, measured(exhibits, found, seeds, store))


def test_rows_stand_beside_the_truth_forgeries_and_null_scores() -> None:
    found = comparison(BLOCK, Way("uniform", "block", norm="null"), Way("gzip", "pixel"))
    rows = {row.label: row for row in found.rows}
    assert list(rows) == [
        *("the truth", "a mirror image", "flat", "noise", "matched noise"),
        *("gzip, block", "null score, block", "gzip, pixel"),
    ]
    truth, mine, null = rows["the truth"], rows["gzip, block"], rows["null score, block"]
    assert truth.means["gradient"].value == truth.means["excess"].value == 0
    assert truth.means["ssim"].value == 1
    assert rows["noise"].means["gradient"].value > 20
    matched = rows["matched noise"].cells[0, 1].sample.astype(float)
    steps = [np.abs(np.diff(part, axis=1)).mean() for part in (matched[10:], matched[:10])]
    assert steps[0] == pytest.approx(steps[1], rel=0.3)
    assert rows["flat"].means["psnr"].value > rows["noise"].means["psnr"].value
    assert rows["a mirror image"].means["seam"].value < 0.2
    assert null.means["agreement"].value == 1
    assert "own_excess" in mine.means
    assert "own_excess" not in null.means
    assert (mine.versus, mine.against_null) == ("null score, block", True)
    assert (rows["gzip, pixel"].versus, null.versus) == ("gzip, block", None)
    assert mine.differences is not None
    assert mine.differences["gradient"].value == pytest.approx(
        mine.means["gradient"].value - null.means["gradient"].value
    )

    def off(row: MediaRow, key: tuple[int, int]) -> float:
        """How far a figure is from the truth's that should be the truth's."""
        return abs(row.cells[key].figures["patches"] - truth.cells[key[0], 0].figures["patches"])

    assert set(mine.pairs.values()) == {2}
    by_hand = np.mean([off(mine, key) - off(null, key) for key in mine.cells])
    assert mine.differences["patches"].value == pytest.approx(by_hand)


def test_few_inputs_are_sure_of_nothing() -> None:
    heard, plain = sound(), MediaRow("a row", "ours", {}, {})
    for count in (SURE - 1, SURE):
        many = MediaComparison([heard] * count, [1], [])
        assert ("too narrow" in many.scope) == (count < SURE)
        for high in (-1, 1):
            below = {"levels": Mean(-2, -3, high)}
            row = replace(plain, differences=below, pairs={"levels": count})
            assert many.is_sure(row, "levels") == (count == SURE and high < 0)
    assert not many.is_sure(plain, "levels")
    assert MediaComparison([heard], [1], []).scope == (
        "n = 1 input × 1 seed: a single sample has no interval"
    )
    assert "this one input alone" in MediaComparison([heard], [1, 2], []).scope


def test_forgeries_of_sounds() -> None:
    heard = sound()
    forged = heard.forgeries(3)
    quotation = heard.measure(forged["a quotation"])
    assert quotation["copied"] == 1
    assert heard.measure(forged["noise"])["copied"] == 0
    assert heard.measure(np.zeros_like(heard.truth))["silent"] == 1
    assert heard.measure(heard.truth)["silent"] == heard.measure(heard.truth)["to_truth"] == 0
    assert not np.array_equal(forged["a quotation"], heard.forgeries(4)["a quotation"])


# the command line


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Inputs, and a directory of the runs that the tests below have in common."""
    folder = tmp_path_factory.mktemp("media")
    (folder / "a <b>.png").write_bytes(picture(1))
    (folder / "b.png").write_bytes(picture(2))
    (folder / "same.png").write_bytes(picture(1))
    Image.new("L", (1, 1)).save(folder / "dot.png")
    (folder / "a.wav").write_bytes(tone(1))
    (folder / "b.wav").write_bytes(tone(2))
    (folder / "short.wav").write_bytes(tone(1, 0.02))
    (folder / "none.wav").write_bytes(wav_bytes(np.zeros((0, 1), np.int16), RATE, "a test", {}))
    (folder / "text.txt").write_text("no picture, and no sound")
    (folder / "here.csv").write_text("here already")
    return folder


IMAGE = ("compare", "image", "a <b>.png", "b.png", "-c", "gzip", "--size", "20x20", "-q")
AUDIO = ("compare", "audio", "a.wav", "b.wav", "-c", "gzip", "--rate", "4000", "--seconds", "0.15")


def run(folder: Path, *words: str, ok: bool = True) -> Ended:
    """A command with the files of `folder` and the runs that are kept there."""
    named = [
        str(folder / word) if re.fullmatch(r".*\.(png|wav|txt|csv|html)", word) else word
        for word in words
    ]
    return cgen(*named, "--out", str(folder / "runs"), ok=ok)


def test_the_table_of_pictures(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    out = run(folder, *IMAGE, "-c", "png", "--seeds", "2").out.decode()
    for word in ("the truth", "a mirror image", "null score, block", "gzip, record", "SSIM*"):
        assert re.search(rf"^{re.escape(word)} |  ?{re.escape(word)} ", out, re.MULTILINE), out
    for word in ("punish diversity", "less null score, record", "n = 2 inputs × 2 seeds"):
        assert word in " ".join(out.split())
    assert max(map(len, out.splitlines())) <= 100
    assert "…" not in out


def test_the_table_of_sounds(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    out = run(folder, *AUDIO, "-q").out.decode()
    for word in ("the truth", "a quotation", "noise", "null score, grain", "gzip, grain"):
        assert re.search(rf"^{re.escape(word)} ", out, re.MULTILINE), out
    assert max(map(len, out.splitlines())) <= 100


@pytest.mark.parametrize(("columns", "has_room"), [("80", False), ("130", True)])
def test_a_narrow_terminal_gets_fewer_columns(
    folder: Path, monkeypatch: pytest.MonkeyPatch, columns: str, has_room: bool
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    out = run(folder, *IMAGE, "-c", "png", "--seeds", "2").out.decode()
    assert re.search(r"^null score, record .* ±", out, re.MULTILINE)
    assert re.search(r"^what is made .*gradient", out, re.MULTILINE)
    assert bool(re.search(r"^what is made .*PSNR", out, re.MULTILINE)) == has_room
    assert bool(re.search(r"^what differs .*patches", out, re.MULTILINE)) == has_room
    assert max(map(len, out.splitlines())) <= int(columns)


def test_json_and_csv_have_the_rows(folder: Path, tmp_path: Path) -> None:
    table = tmp_path / "rows.csv"
    found = json.loads(run(folder, *IMAGE, "--json", "--csv", str(table)).out)
    labels = [row["label"] for row in found["rows"]]
    assert labels == [
        *("the truth", "a mirror image", "flat", "noise", "matched noise"),
        *("null score, record", "gzip, record"),
    ]
    mine = found["rows"][-1]
    assert mine["versus"] == "null score, record"
    assert mine["difference_gradient_low"] <= mine["difference_gradient"]
    assert (mine["inputs"], mine["samples"], len(mine["cells"])) == (2, 2, 2)
    assert (folder / "runs" / f"{mine['cells'][0]['id']}.json").is_file()
    assert [one["input"].rsplit("/")[-1] for one in found["inputs"]] == ["a <b>.png", "b.png"]
    with table.open() as file:
        rows = list(csv.DictReader(file))
    assert [row["label"] for row in rows] == labels
    assert float(rows[-1]["gradient"]) == pytest.approx(mine["gradient"])


class Media(Balanced):
    """Notes pictures and sounds as well."""

    def __init__(self) -> None:
        super().__init__()
        self.alternatives: list[str | None] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        if tag in ("img", "audio"):
            given = dict(attributes)
            self.alternatives.append(given.get("alt") or given.get("aria-label"))
        if tag == "img":  # is never closed
            self.fetched += [value or "" for name, value in attributes if name == "src"]
        else:
            super().handle_starttag(tag, attributes)


def parsed(page: Path) -> tuple[Media, str]:
    source = page.read_text()
    found = Media()
    found.feed(source)
    assert not found.open
    assert all(src.startswith("data:") for src in found.fetched)
    assert all(found.alternatives)
    assert "http" not in source
    assert "<script" not in source
    return found, source


def test_the_page_of_pictures(folder: Path, tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    run(folder, *IMAGE, "--seeds", "2", "--report", str(page))
    found, _ = parsed(page)
    for word in ("a <b>.png", "null score, record", "What fools what", "What SSIM likes", "given"):
        assert word in found.text
    # of each input: truth, given, four forgeries; null and gzip by 2 seeds
    assert len(found.fetched) == 2 * (6 + 2 * 2)
    pictures = [
        np.asarray(Image.open(io.BytesIO(base64.b64decode(src.partition(",")[2]))))
        for src in found.fetched
    ]
    np.testing.assert_array_equal(pictures[0], exhibit(1).truth[..., 0])
    assert (pictures[1][SIDE // 2 :] == 128).all()
    render(page, tmp_path)


def test_the_page_of_sounds(folder: Path, tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    run(folder, *AUDIO, "-q", "--report", str(page))
    found, source = parsed(page)
    sounds = [src for src in found.fetched if src.startswith("data:audio/wav;base64,")]
    # of each input: truth, given, quotation, noise, null, gzip; and a spectrogram each
    assert len(sounds) == 2 * 6
    assert len(found.fetched) == 2 * len(sounds)
    assert source.count("<audio controls") == len(sounds)
    with wave.open(io.BytesIO(base64.b64decode(sounds[0].partition(",")[2]))) as file:
        heard = np.frombuffer(file.readframes(file.getnframes()), "<i2")
    whole = np.frombuffer(tone(1)[-2 * round(0.6 * RATE) :], "<i2")
    np.testing.assert_array_equal(heard, whole[: len(heard)])
    render(page, tmp_path)


def render(page: Path, folder: Path) -> None:
    """That Chromium, if there is one, shows something, and nothing beyond its window's sides."""
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if browser is None:
        pytest.skip("the page is whole; no Chromium here to render it")
    told = page.with_name("told.html")
    told.write_text(
        page.read_text() + "<script>document.title = 'over by ' + "
        "(document.documentElement.scrollWidth - document.documentElement.clientWidth)</script>"
    )
    image = folder / "page.png"
    command = [browser, "--headless", "--no-sandbox", "--disable-gpu", "--window-size=600,2400"]
    shot = [f"--screenshot={image}", told.as_uri()]
    subprocess.run([*command, *shot], check=True, capture_output=True, timeout=60)
    with Image.open(image) as rendered:
        colours = rendered.convert("RGB").getcolors(1 << 24)
    assert colours is not None
    assert len(colours) > 50
    dumped = subprocess.run(
        [*command, "--dump-dom", told.as_uri()], check=True, capture_output=True, timeout=60
    )
    assert b"<title>over by 0</title>" in dumped.stdout


def test_ctrl_c_keeps_what_is_finished(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plainly, left = PictureSpec.execute, [3]

    def execute(one: PictureSpec, data: bytes) -> FillRun:
        left[0] -= 1
        if not left[0]:
            raise KeyboardInterrupt
        return plainly(one, data)

    monkeypatch.setattr(PictureSpec, "execute", execute)
    words = (str(folder / word) if word.endswith(".png") else word for word in IMAGE)
    found = cgen(*words, "--json", ok=False)
    assert found.status == 130
    rows = {row["label"]: row for row in json.loads(found.out)["rows"]}
    assert rows["null score, record"]["samples"] == 2
    assert "gzip, record" not in rows


def test_results_are_not_overwritten_unasked(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(PictureSpec, "execute", None)  # nothing may be run before it is refused
        found = run(folder, *IMAGE, "--seeds", "9", "--csv", "here.csv", ok=False)
    assert found.status == 2
    assert "here.csv is there already; --force overwrites it" in found.err
    assert (folder / "here.csv").read_text() == "here already"
    run(folder, *IMAGE, "--csv", "here.csv", "--force")
    assert (folder / "here.csv").read_text().startswith("medium,label,kind")
    (folder / "here.csv").write_text("here already")


SOME = ("-c", "gzip", "--size", "20x20")


@pytest.mark.parametrize(
    ("words", "status", "complaint"),
    [
        (("compare", "imag"), 2, "did you mean 'image'"),
        (("compare", "image"), 2, "compare image needs a picture"),
        (("compare", "audio"), 2, "compare audio needs a sound"),
        (("compare", "image", "no.png"), 2, "no.png: no such file"),
        (("compare", "image", "b.png", "text.txt", *SOME), 1, "text.txt is no picture"),
        (("compare", "image", "b.png", "a.wav", *SOME), 1, "a.wav is no picture"),
        (("compare", "audio", "a.wav", "b.png"), 1, "b.png"),
        (("compare", "image", "dot.png"), 1, "dot.png: 1 x 1 pixels would have to be enlarged"),
        (("compare", "image", "dot.png", "--size", "1x1"), 1, "dot.png: 1 x 1 pixels are too few"),
        (("compare", "image", "a <b>.png", "same.png", *SOME), 2, "same.png is the same picture"),
        (("compare", "audio", "none.wav"), 1, "none.wav: a sound of no length"),
        (("compare", "audio", "short.wav"), 1, "short.wav: 0.012 s are given"),
        (("compare", "audio", "a.wav", "--keep", "100%"), 2, "a.wav: --keep 100% of 0.6 s"),
        (("compare", "audio", "a.wav", "--keep", "top:50%"), 2, "--keep top:50%"),
        (("compare", "image", "b.png", *SOME, "--keep", "mask:m"), 2, "top:… or left:…"),
        (("compare", "image", "b.png", *SOME, "--keep", "top:0"), 1, "gives nothing of it"),
        (("compare", "image", "b.png", *SOME, "--keep", "top:100%"), 2, "nothing to fill"),
        (("compare", "image", "b.png", "--sampler", "beam"), 2, "--sampler is for compare text"),
        (("compare", "image", "b.png", "-n", "9"), 2, "--length is for compare text, not image"),
        (("compare", "image", "b.png", "--rate", "8000"), 2, "--rate is for compare audio"),
        (("compare", "audio", "a.wav", "--colour"), 2, "--gray is for compare image, not audio"),
        (("compare", "text", "--unit", "block"), 2, "--unit is for compare image and audio"),
        (("compare", "image", "b.png", "--unit", "blok"), 2, "did you mean 'block'"),
        (("compare", "audio", "a.wav", "--unit", "block"), 2, "(units: sample, record, grain)"),
        (("compare", "image", "b.png", "--norm", "tipical"), 2, "did you mean 'typical'"),
        (("compare", "image", "b.png", "--reading", "bit"), 2, "did you mean 'bits'"),
        (("compare", "image", "b.png", "--sizes", "20x20"), 2, "did you mean '--size'"),
        (("compare", "image", "b.png", "-c", "pgn", "--size", "20x20"), 2, "did you mean 'png'"),
        (("compare", "audio", "a.wav", "--seconds", "0"), 2, "--seconds must be above 0"),
        (("compare", "image", "-", "-"), 2, "standard input"),
        (("compare", "image", "b.png", "--report", "no/x.html"), 2, "there is no directory"),
        (("compare", "image", "b.png", "--csv", "b.png", "-f"), 2, "is an input"),
        (("compare", "image", "b.png", "--csv", "-"), 2, "--csv -: it is a file"),
        (("compare", "image", "b.png", *SOME, "-c", "gzip", "--norm", "null", "--unit", "pixel"),
         2, "pixels have none"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_in_a_line(
    folder: Path, words: tuple[str, ...], status: int, complaint: str
) -> None:
    found = run(folder, *words, ok=False)
    assert complaint.lower() in found.err.lower()
    assert found.status == status
    assert len(found.err.strip().splitlines()) == 1


def test_a_picture_from_standard_input() -> None:
    words: tuple[Any, ...] = ("compare", "image", "-", *SOME, "--json", "-q", "--unit", "block")
    found = json.loads(cgen(*words, stdin=picture(3)).out)
    assert found["inputs"][0]["input"] == "standard input"
