"""`cgen image` and `cgen score IMAGE`: what comes out, and what is said of what cannot."""

import io
import json
import os
import signal
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from compgen.cli import image as image_command
from compgen.imaging import units
from compgen.imaging.norms import Norm
from compgen.media.layout import Layout
from compgen.report.half_blocks import HalfBlocks

from .command_line import cgen, run, start
from .test_image_files import bomb

BLIND = ("--norm", "null", "--seed", "1")
"""The fastest way to a picture."""


@pytest.fixture(autouse=True)
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory, with pictures of every kind that the tests name."""
    monkeypatch.chdir(tmp_path)
    y, x = np.mgrid[:24, :24]
    light = np.where((x + y) // 3 % 2, 200, 40).astype(np.uint8)
    Image.fromarray(light).save("gray.png")
    Image.fromarray(np.stack([light, light // 2, 255 - light], 2)).save("rgb.png")
    noise = np.random.default_rng(0).integers(0, 256, (24, 24), np.uint8)
    Image.fromarray(noise).save("noise.png")
    Image.fromarray(light[:1, :1]).save("one.png")
    Image.fromarray((x > 9).astype(np.uint8) * 255).save("mask.png")
    Image.fromarray(np.zeros((5, 7), np.uint8)).save("small-mask.png")
    Image.fromarray(np.zeros((24, 24), np.uint8)).save("black.png")
    Image.fromarray(np.full((24, 24), 255, np.uint8)).save("white.png")
    Path("bomb.png").write_bytes(bomb())
    Path("cut.png").write_bytes(Path("rgb.png").read_bytes()[:120])
    Path("text.png").write_text("no picture")
    Path("empty.png").touch()
    Path("directory").mkdir()
    return tmp_path


def pixels(path: str) -> np.ndarray:
    with Image.open(path) as image:
        return np.asarray(image)


def test_names_are_the_librarys() -> None:
    assert image_command.UNITS == units.UNITS
    assert set(image_command.NORMS) == set(Norm)
    assert set(image_command.LAYOUTS) == set(Layout)


@pytest.mark.parametrize("name", ["gray", "rgb"])
def test_the_given_half_stays_and_the_file_tells_how_it_was_made(name: str) -> None:
    ended = cgen("image", f"{name}.png", "-o", "out.png", "-c", "png:level=6", "--seed", "7")
    assert ended.out == b""
    made, truth = pixels("out.png"), pixels(f"{name}.png")
    assert made.shape == truth.shape
    assert (made[:12] == truth[:12]).all()
    with Image.open("out.png") as image:
        story = json.loads(image.text["compgen"])  # type: ignore[attr-defined]
        assert image.text["Software"].startswith("compgen ")  # type: ignore[attr-defined]
    assert story["compressor"] == "png:level=6"
    assert (story["unit"], story["norm"], story["keep"], story["seed"]) == (
        "block", "typical", "top:50%", 7,
    )  # fmt: skip
    assert story["proposals"] == 8
    assert {"compgen", "python", "numpy", "png"} <= set(story["versions"])
    assert "18 choices among 8.0 proposals" in ended.err
    again = cgen("image", f"{name}.png", "-o", "again.png", "-c", "png:level=6", "--seed", "7")
    assert again.status == 0
    assert (pixels("again.png") == made).all()


def test_the_papers_own_command() -> None:
    words = "-c gzip --keep left:50% --size 8x8 --gray --unit pixel --reading bytes --dither 0"
    cgen("image", "rgb.png", "-o", "out.png", *words.split(), "--min-p", "0", "--seed", "1")
    assert pixels("out.png").shape == (8, 8)


def test_samples_make_a_contact_sheet_and_json_tells_of_each() -> None:
    ended = cgen("image", "noise.png", "-o", "out.png", "-N", "2", "--json", *BLIND)
    rows = [json.loads(line) for line in ended.text.splitlines()]
    assert [row["sample"] for row in rows] == [0, 1]
    assert rows[0]["pixels_filled"] == rows[0]["pixels_to_fill"] == 288
    assert rows[0]["choices"]["agreement_with_null"] == 1
    assert rows[0]["measures"]["gradient_distance"] >= 0
    assert rows[0]["measures"] != rows[1]["measures"]
    height, width = pixels("out.png").shape
    assert width > 3 * height  # truth, given, two samples
    bits = rows[0]["webp_bits_per_pixel"]
    excess = rows[0]["measures"]["excess_bits_per_pixel"]
    assert (bits["sample"] - bits["truth"]) * 2 == pytest.approx(excess, abs=1e-4)
    assert f"{bits['sample']:.2f} bits per pixel in lossless WebP; the truth" in ended.err
    alone = json.loads(cgen("image", "noise.png", "--json", *BLIND).text)
    assert alone["measures"] == rows[0]["measures"]


def test_a_compressor_that_changes_nothing_is_told_of() -> None:
    ended = cgen("image", "gray.png", "--json", "-c", "png", "--temperature", "1e9")
    assert "the compressor changes nothing" in ended.err
    assert json.loads(ended.text)["choices"]["compressor_changes_nothing"]
    assert "changes nothing" not in cgen("image", "gray.png", "--json", *BLIND).err


def test_masks_corpora_and_levels() -> None:
    cgen("image", "gray.png", "-o", "out.png", "--keep", "mask:mask.png", *BLIND)
    made, truth = pixels("out.png"), pixels("gray.png")
    assert (made[:, :10] == truth[:, :10]).all()
    cgen("image", "black.png", "-o", "all.png", "--keep", "mask:white.png",
         "--corpus", "rgb.png", *BLIND)  # fmt: skip
    assert len(np.unique(pixels("all.png"))) > 1
    cgen("image", "gray.png", "-o", "two.png", "--levels", "2", *BLIND)
    assert set(np.unique(pixels("two.png"))) == {0, 255}
    cgen("image", "rgb.png", "-o", "unit.png", "--unit", "pixel", "-c", "gzip", "--levels", "2",
         "--layout", "planar", "--size", "8x8")  # fmt: skip
    assert set(np.unique(pixels("unit.png"))) <= {0, 255}


def test_pipes() -> None:
    ended = run("image", "-", "-o", "-", *BLIND, "-q", stdin=Path("gray.png").read_bytes())
    assert ended.err == ""
    with Image.open(io.BytesIO(ended.out)) as image:
        assert image.size == (24, 24)


def test_show() -> None:
    shown = run("image", "rgb.png", "--show", *BLIND, env={"FORCE_COLOR": "1"})
    assert shown.text.count("▀") == 24 * 12
    assert "38;2;" in shown.text or "38;5;" in shown.text
    plain = run("image", "rgb.png", "--show", *BLIND, env={"NO_COLOR": "1", "FORCE_COLOR": "1"})
    assert "\x1b[38" not in plain.text
    assert len(plain.text.splitlines()) == 12
    told = cgen("image", "gray.png", "--show", "--json", *BLIND)
    assert json.loads(told.text)["unit"] == "block"  # the preview is on stderr


def test_previews_fit() -> None:
    from rich.console import Console

    wide = np.zeros((7, 500, 3), np.uint8)
    console = Console(width=60, color_system="truecolor", force_terminal=True)
    with console.capture() as captured:
        console.print(HalfBlocks(wide))
    lines = captured.get().splitlines()
    assert len(lines) == 1
    assert lines[0].count("▀") <= 60


@pytest.mark.parametrize(
    ("status", "words", "complaint"),
    [
        (2, "image missing.png -o x.png", "missing.png: no such file"),
        (2, "image directory -o x.png", "directory is a directory"),
        (1, "image text.png -o x.png", "text.png is no picture that Pillow can read"),
        (1, "image empty.png -o x.png", "empty.png is no picture"),
        (1, "image cut.png -o x.png", "cut.png: the picture is damaged or cut short"),
        (2, "image bomb.png -o x.png", "20000 x 20000 pixels are more than"),
        (2, "image bomb.png -o x.png", "--size 256x256 shrinks it"),
        (2, "image gray.png", "name the result with -o OUT.png"),
        (2, "image gray.png -o x.jpg", "only PNG is written; call it x.png"),
        (2, "image gray.png -o x", "only PNG is written; call it x.png"),
        (2, "image gray.png -o rgb.png", "rgb.png is there already; --force overwrites it"),
        (2, "image gray.png -o gray.png --force", "gray.png is the input itself"),
        (2, "image gray.png -o directory.png/x.png", "there is no directory"),
        (2, "image gray.png -o - --json", "leaves no room"),
        (2, "image gray.png -o x.png --size 0x0", "--size 0x0: write width and height"),
        (2, "image gray.png -o x.png --size 64", "--size 64: write width and height"),
        (2, "image gray.png -o x.png --size 9999x9999", "at most 1,048,576 pixels"),
        (2, "image gray.png -o x.png --keep top:100%", "there is nothing to fill"),
        (2, "image gray.png -o x.png --keep mask:black.png", "there is nothing to fill"),
        (2, "image gray.png -o x.png --keep mask:white.png", "or add --corpus"),
        (2, "image one.png -o x.png", "or add --corpus"),
        (2, "image gray.png -o x.png --keep mask:missing.png", "missing.png: no such file"),
        (1, "image gray.png -o x.png --keep mask:small-mask.png", "the mask has 7 x 5 pixels"),
        (2, "image gray.png -o x.png --keep bottom:50%", "write top:50%"),
        (2, "image gray.png -o x.png --unit blok", "did you mean 'block'?"),
        (2, "image gray.png -o x.png --norm typicle", "did you mean 'typical'?"),
        (2, "image gray.png -o x.png --layout linear", "there is no layout 'linear'"),
        (2, "image gray.png -o x.png --levels 1", "--levels must be from 2 to 256"),
        (2, "image gray.png -o x.png --block 9", "--block must be from 1 to 8"),
        (2, "image gray.png -o x.png -c pgn", "there is no compressor 'pgn'; did you mean 'png'"),
        (2, "image gray.png -o x.png -c png --reading marginal", "has no reading 'marginal'"),
        (2, "image gray.png -o x.png -c numcodecs:id=jpegls,quality=9", "has no option 'quality'"),
        (1, "image gray.png -o x.png --corpus text.png", "text.png is no picture"),
        (2, "image gray.png -o x.png --min-p 2", "--min-p must be"),
        (2, "image gray.png -o x.png --dither 3", "--dither 3: blocks are weighed on pictures"),
        (2, "score gray.png --keep top:50%", "--against names the truth"),
        (1, "score gray.png --against black.png --keep mask:small-mask.png", "the mask has"),
        (1, "score gray.png --against one.png", "they must be equal, or the truth larger"),
        (1, "score cut.png", "cut.png: the picture is damaged"),
        (1, "score text.png --as image", "is no picture"),
        (2, "score text.png --against gray.png", "--against and --keep are for pictures"),
    ],
)
def test_bad_input_is_one_line(status: int, words: str, complaint: str) -> None:
    ended = cgen(*words.split(), ok=False)
    assert ended.status == status, ended
    assert ended.out == b""
    (line,) = ended.err.splitlines()
    assert complaint in line
    assert not Path("x.png").exists()
    assert not list(Path().glob(".cgen-*"))


def test_force_overwrites() -> None:
    cgen("image", "gray.png", "-o", "rgb.png", "--force", *BLIND)
    assert pixels("rgb.png").ndim == 2


def test_ctrl_c_keeps_what_there_is() -> None:
    words = ("noise.png", "-o", "out.png", "--size", "500x500", "--json", *BLIND)
    with start("image", *words) as process:
        deadline = time.monotonic() + 60
        assert process.stderr is not None
        os.set_blocking(process.stderr.fileno(), False)
        said = b""
        while b"given" not in said and time.monotonic() < deadline:
            said += process.stderr.read() or b""
            time.sleep(0.05)
        time.sleep(3)
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=60)
    assert process.returncode == 130
    told = json.loads(out)
    assert told["interrupted"]
    assert 0 < told["pixels_filled"] < told["pixels_to_fill"]
    assert (pixels("out.png")[-1] == 128).all()
    with Image.open("out.png") as image:
        assert json.loads(image.text["compgen"])["interrupted"]  # type: ignore[attr-defined]


# Scores


def test_a_picture_is_scored_as_one() -> None:
    found = json.loads(cgen("score", "rgb.png", "-c", "png", "--json").text)
    assert found["compressor"] == "png:width=24,channels=3"
    assert (found["width"], found["height"], found["channels"]) == (24, 24, 3)
    assert found["code_length_bits_per_pixel"] == found["code_length_bits"] / 576
    assert "bits/pixel" in cgen("score", "rgb.png", "-c", "png").text
    data = json.loads(
        cgen("score", "rgb.png", "--as", "bytes", "--json", "--reading", "bytes").text
    )
    assert data["bytes"] == Path("rgb.png").stat().st_size


def test_a_picture_is_measured_against_the_truth() -> None:
    cgen("image", "rgb.png", "-o", "out.png", *BLIND)
    words = ("score", "out.png", "--against", "rgb.png", "--keep", "top:50%", "-c", "webp")
    measures = json.loads(cgen(*words, "--json").text)["measures"]
    told = json.loads(cgen("image", "rgb.png", "--json", *BLIND).text)
    assert measures == told["measures"]
    table = cgen(*words).text
    assert all(word in table for word in ("gradients", "seam", "PSNR", "punishes diversity"))
    smaller = ("--size", "8x6", "--gray", *BLIND)
    told = json.loads(cgen("image", "rgb.png", "-o", "small.png", "--json", *smaller).text)
    again = cgen("score", "small.png", "--against", "rgb.png", "--keep", "top:50%", "--json")
    assert json.loads(again.text)["measures"] == told["measures"]
    assert "rgb.png: resampled from" in again.err
    assert "converted to gray, as small.png is" in again.err
    perfect = json.loads(cgen("score", "rgb.png", "--against", "rgb.png", "--json").text)
    assert perfect["measures"]["gradient_distance"] == 0
