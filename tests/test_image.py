"""Pictures by compressors: units, proposals, norms, choices."""

import math
import random
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from compgen.compressor import Compressor
from compgen.compressors.deflate import Deflate
from compgen.conditional import BYTES, Bits
from compgen.errors import UnsupportedError, UsageError
from compgen.imaging.block import BlockUnit
from compgen.imaging.canvas import UNFILLED, Canvas
from compgen.imaging.cells import Cell, in_order, squares, stretches
from compgen.imaging.choices import Choices
from compgen.imaging.fitting import fit
from compgen.imaging.level import Leveller, level_step, touching
from compgen.imaging.norms import Norm, importance, typical
from compgen.imaging.painting import Painting, Sitting
from compgen.imaging.palette import Palette
from compgen.imaging.pixel import PixelUnit
from compgen.imaging.proposals import Home, Places
from compgen.imaging.surroundings import Surroundings
from compgen.imaging.units import UNITS, UnitPlan, default_unit
from compgen.imaging.window import Geometry, filled_in
from compgen.imaging.window_coder import ByteCoder
from compgen.media.layout import Layout
from compgen.media.pixels import Mask, Pixels, level_values, posterise
from compgen.metrics.image_structure import copied_fraction
from compgen.reading import Reading
from compgen.registry import get_compressor
from compgen.sampling.shaping import Shaping
from tests.texts import ENGLISH

SIDE = 16


def stripes(height: int = SIDE, width: int = SIDE, channels: int = 1) -> Pixels:
    y, x = np.mgrid[:height, :width]
    light = np.where((x + y) // 2 % 2, 220, 30)[..., None] + 10 * np.arange(channels)
    return light.astype(np.uint8)


def unknown_of(kind: str, height: int = SIDE, width: int = SIDE) -> Mask:
    unknown = np.zeros((height, width), np.bool_)
    if kind == "top":
        unknown[height // 2 :] = True
    elif kind == "left":
        unknown[:, width // 2 :] = True
    else:
        unknown[5:10, 6:13] = True
    return unknown


def paint(
    spec: str = "gzip",
    truth: Pixels | None = None,
    unknown: Mask | None = None,
    seed: int = 1,
    sample: int = 0,
    **options: Any,
) -> Painting:
    truth = stripes() if truth is None else truth
    unknown = unknown_of("top", *truth.shape[:2]) if unknown is None else unknown
    plan = UnitPlan(**options)
    unit = plan.make(get_compressor(spec), truth.shape[2])
    painting = Painting(
        Sitting(truth, unknown, unit, blind=plan.norm is Norm.NULL, seed=seed), sample
    )
    painting.finish()
    return painting


# Every unit


@pytest.mark.parametrize("region", ["top", "left", "hole"])
@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("channels", [1, 3])
def test_units_fill_what_is_unknown_and_nothing_else(unit: str, region: str, channels: int) -> None:
    truth, unknown = stripes(channels=channels), unknown_of(region)
    painting = paint(truth=truth, unknown=unknown, unit=unit, block=3)
    assert painting.filled == len(painting) == unknown.sum()
    assert (painting.pixels[~unknown] == truth[~unknown]).all()


@pytest.mark.parametrize("unit", UNITS)
def test_the_truth_is_never_looked_at(unit: str) -> None:
    truth, unknown = stripes(), unknown_of("left")
    other = np.where(unknown[..., None], np.uint8(77), truth)
    samples = [paint(truth=one, unknown=unknown, unit=unit).pixels for one in (truth, other)]
    assert (samples[0] == samples[1]).all()


@pytest.mark.parametrize("unit", UNITS)
def test_a_seed_fixes_the_picture(unit: str) -> None:
    rng = np.random.default_rng(2)
    truth = rng.integers(0, 256, (SIDE, SIDE, 1), np.uint8)
    first, again, other, next_sample = (
        paint(truth=truth, unit=unit, seed=seed, sample=sample, temperature=30.0).pixels
        for seed, sample in ((1, 0), (1, 0), (2, 0), (1, 1))
    )
    assert (first == again).all()
    assert (first != other).any()
    assert (first != next_sample).any()


@pytest.mark.parametrize("unit", ["record", "row", "block"])
def test_what_is_written_is_taken_from_what_is_known(unit: str) -> None:
    truth = posterise(np.random.default_rng(3).integers(0, 256, (SIDE, SIDE, 3), np.uint8), 3)
    painting = paint(truth=truth, unit=unit)
    known = {tuple(pixel) for pixel in truth[: SIDE // 2].reshape(-1, 3).tolist()}
    assert {tuple(pixel) for pixel in painting.pixels.reshape(-1, 3).tolist()} <= known


@pytest.mark.parametrize(
    ("spec", "unit"),
    [("png", "block"), ("webp", "block"), ("bz2", "block"), ("gzip", "record"),
     ("zstd", "record"), ("cm:bits=16", "record"), ("pixelcm", "pixel")],
)  # fmt: skip
def test_default_units(spec: str, unit: str) -> None:
    assert default_unit(get_compressor(spec)) == unit


def test_an_interrupted_picture_is_gray_where_it_is_not_filled() -> None:
    unit = UnitPlan().make(get_compressor("png"))
    painting = Painting(Sitting(stripes(), unknown_of("top"), unit))
    steps = iter(painting)
    assert next(steps) == painting.filled == 16
    assert (painting.pixels[8:] == UNFILLED).sum() == 128 - 16


def test_one_pixel() -> None:
    one = np.full((1, 1, 1), 9, np.uint8)
    everything = np.ones((1, 1), np.bool_)
    for unit in UNITS:
        plan = UnitPlan(unit=unit)
        sitting = Sitting(one, everything, plan.make(get_compressor("gzip")), corpus=(one,))
        sample = Painting(sitting).finish()
        assert sample.shape == (1, 1, 1)
        if unit != "pixel":
            assert sample.item() == 9


def test_everything_may_be_unknown_where_there_is_a_corpus() -> None:
    truth, everything = stripes(), np.ones((SIDE, SIDE), np.bool_)
    for unit in UNITS:
        made = UnitPlan(unit=unit).make(get_compressor("gzip"))
        corpus = (stripes(12, SIDE), stripes(12, SIDE))
        painting = Painting(Sitting(np.zeros_like(truth), everything, made, corpus=corpus))
        assert painting.finish().std() > 50
        if unit != "pixel":
            with pytest.raises(UsageError, match="known"):
                Painting(Sitting(truth, everything, made)).finish()


def test_records_have_a_null_score_as_well() -> None:
    truth = np.random.default_rng(8).integers(0, 256, (SIDE, SIDE, 1), np.uint8)
    blind, weighed = (
        paint(truth=truth, unit="record", norm=norm) for norm in (Norm.NULL, Norm.TYPICAL)
    )
    assert blind.choices.agreement < 1
    assert (blind.pixels != weighed.pixels).any()


# The pixel unit


class Remembering(Compressor):
    """Its conditional is told what happens."""

    name = "remembering"

    def compress(self, data: bytes) -> bytes:
        return data

    def decompress(self, data: bytes) -> bytes:
        return data


def test_known_pixels_teach_and_made_up_ones_do_not(monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[tuple[str, bytes]] = []

    class Told:
        exact = True

        def freeze(self) -> None:
            heard.append(("freeze", b""))

        def thaw(self) -> None:
            heard.append(("thaw", b""))

        def advance(self, data: bytes) -> None:
            heard.append(("advance", data))

        def next_byte(self) -> Bits:
            bits = np.full(256, np.inf)
            bits[7] = 0
            return bits

    monkeypatch.setattr(Remembering, "condition", lambda *_, **__: Told())
    truth = np.arange(6, dtype=np.uint8).reshape(2, 3, 1)
    unknown = np.array([[False, True, False], [False, False, True]])
    canvas = Canvas.of(truth, unknown)
    list(PixelUnit(Remembering()).fill(canvas, Choices(), np.random.default_rng(0)))
    assert heard == [
        ("thaw", b""), ("advance", b"\x00"),
        ("freeze", b""), ("advance", b"\x07"),
        ("thaw", b""), ("advance", b"\x02\x03\x04"),
        ("freeze", b""), ("advance", b"\x07"),
    ]  # fmt: skip


def test_pixels_are_drawn_from_the_levels() -> None:
    truth = posterise(np.random.default_rng(0).integers(0, 256, (8, 8, 1), np.uint8), 4)
    for reading in ("bytes", "marginal"):
        plan = UnitPlan(unit="pixel", reading=reading)
        sitting = Sitting(
            truth, unknown_of("top", 8, 8), plan.make(get_compressor("gzip")), levels=4
        )
        assert set(np.unique(Painting(sitting).finish())) <= set(level_values(4))


@pytest.mark.parametrize("layout", Layout)
def test_layouts_order_what_the_compressor_reads(layout: Layout) -> None:
    truth = np.zeros((8, 8, 3), np.uint8)
    truth[..., 0], truth[..., 2] = 200, 100
    sample = paint(truth=truth, unit="pixel", layout=layout, temperature=0.0).pixels
    if layout is Layout.PLANAR:  # channel after channel: each continues itself
        assert (sample == truth).all()
    else:
        assert (sample[..., 0] != sample[..., 1]).mean() > 0.5


def test_the_paper_writes_noise_and_records_do_not() -> None:
    truth, unknown = stripes(24, 24), unknown_of("left", 24, 24)
    paper = paint("gzip", truth, unknown, unit="pixel", reading="bytes", dither=0, min_p=0.0)
    record = paint("gzip", truth, unknown, unit="record")
    off_paper, off_record = (
        np.abs(one.pixels.astype(int) - truth)[unknown].mean() for one in (paper, record)
    )
    assert off_record < 20 < off_paper


@pytest.mark.parametrize("spec", ["gzip", "zlib:level=6", "deflate:level=1,memlevel=3,wbits=10"])
def test_whole_bytes_are_the_same_without_compressing(spec: str) -> None:
    compressor, data = get_compressor(spec), ENGLISH[:9500] + random.Random(0).randbytes(500)
    assert isinstance(compressor, Deflate)
    for cut in (0, 1, 700, 9400):
        fast, slow = compressor.whole_bytes(data[:cut]), compressor.read(data[:cut], Reading.BYTES)
        wanted = [b"", b"x", data[cut : cut + 30], *BYTES[::9]]
        assert fast.bits(wanted).tolist() == slow.bits(wanted).tolist()
        for one in (fast, slow):
            one.advance(data[cut : cut + 50])
        assert fast.fork().bits(BYTES).tolist() == slow.bits(BYTES).tolist()
    stored = get_compressor("gzip:level=0")
    assert isinstance(stored, Deflate)
    assert stored.whole_bytes(b"abc").bits([b"d"]) == 8


def test_what_knows_of_rows_is_told_their_length() -> None:
    png = get_compressor("png")
    assert str(fit(png, 7, 3)) == "png:width=7,channels=3"
    assert str(fit(get_compressor("png:width=9"), 7, 1)) == "png:width=9"
    assert fit(get_compressor("gzip"), 7, 3) == get_compressor("gzip")
    wide = stripes(4, 20)
    unit = UnitPlan(unit="pixel").make(png)
    with pytest.raises(UsageError, match="--size makes them equal"):
        Painting(Sitting(stripes(), unknown_of("top"), unit, corpus=(wide,))).finish()


def test_palettes() -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (500, 3), np.uint8)
    palette = Palette.of(pixels, 16)
    assert len(palette.values) <= 16
    error = np.abs(palette.values[palette.nearest(pixels)].astype(int) - pixels).mean()
    assert error < np.abs(pixels.mean(0) - pixels).mean() * 0.7
    few = Palette.of(pixels[:5], 16)
    assert (few.values[few.nearest(pixels[:5])] == pixels[:5]).all()


# Proposals


def test_the_nearest_places_are_those_of_a_brute_force_search() -> None:
    rng = np.random.default_rng(4)
    picture = rng.integers(0, 256, (12, 11, 3), np.uint8)
    known = rng.random((12, 11)) < 0.93
    visible = rng.random((6, 7)) < 0.6  # a block of 2 x 3 with a ring of 2
    visible[2:4, 2:5] = False
    window = rng.integers(0, 256, (6, 7, 3), np.uint8)
    compared = []
    for y in range(11):
        for x in range(9):
            if not known[y : y + 2, x : x + 3].all():
                continue
            errors = [
                ((picture[y + dy - 2, x + dx - 2].astype(int) - window[dy, dx]) ** 2).sum()
                for dy, dx in np.argwhere(visible)
                if 0 <= y + dy - 2 < 12 and 0 <= x + dx - 2 < 11 and known[y + dy - 2, x + dx - 2]
            ]
            compared.append((len(errors), float(np.mean(errors)), Home(0, y, x)))
    largest = max(count for count, _, _ in compared)
    expected = sorted((mean, home) for count, mean, home in compared if count >= 0.7 * largest)
    assert len(expected) < len(compared)
    places = Places([(picture, known)], 2, 3, ring=2)
    found = places.nearest(window, visible, 5, rng)
    assert found == [home for _, home in expected[:5]]
    assert places.count == len(
        [1 for y in range(11) for x in range(9) if known[y : y + 2, x : x + 3].all()]
    )


def test_places_are_in_every_source() -> None:
    dark, light = np.zeros((4, 4, 1), np.uint8), np.full((4, 4, 1), 250, np.uint8)
    known = np.ones((4, 4), np.bool_)
    places = Places([(dark, known), (light, known)], 2, 2, ring=1)
    window, visible = np.full((4, 4, 1), 250, np.uint8), np.zeros((4, 4), np.bool_)
    visible[0] = True
    rng = np.random.default_rng(0)
    assert {home.source for home in places.nearest(window, visible, 4, rng)} == {1}
    assert places.nearest(window, visible & False, 4, rng) != places.nearest(
        window, visible & False, 4, rng
    )  # nothing to go by: by chance


def test_cells_cover_what_is_unknown_from_its_edge_inwards() -> None:
    unknown = unknown_of("hole")
    for cells in (squares(unknown, 4, 3), stretches(unknown)):
        covered = np.zeros_like(unknown)
        for cell in cells:
            covered[cell.y : cell.y + cell.height, cell.x : cell.x + cell.width] = True
        assert (covered == unknown).all()
    filled = ~unknown_of("top")
    cells = squares(~filled, 4, 4)
    order = []
    for cell in in_order(list(cells), filled, 2):
        order.append(cell)
        filled[cell.y : cell.y + 4, cell.x : cell.x + 4] = True
    assert order == cells  # row by row
    filled = np.ones((30, 30), np.bool_)
    filled[5:25, 5:25] = False
    middle = Cell(13, 13, 4, 4)
    order = []
    for cell in in_order(squares(~filled, 4, 4), filled, 2):
        order.append(cell)
        filled[cell.y : cell.y + 4, cell.x : cell.x + 4] = True
    assert len(order) == 25
    assert order.index(middle) > 16


def test_surroundings_show_what_may_be_seen_and_no_more() -> None:
    picture = np.arange(1, 17, dtype=np.uint8).reshape(4, 4, 1)
    seen = np.ones((4, 4), np.bool_)
    seen[2:] = False
    found = Surroundings.of(picture, seen, Cell(1, 0, 1, 2), ring=2)
    assert found.pixels[..., 0].tolist() == [
        [0, 0, 0, 0, 0, 0],
        [0, 0, 1, 2, 3, 4],
        [0, 0, 5, 6, 7, 8],
        [0, 0, 0, 0, 0, 0],
        [0, 0, 0, 0, 0, 0],
    ]
    assert (found.visible == (found.pixels[..., 0] > 0)).all()


# Levels


def test_a_proposal_comes_to_the_level_of_what_it_touches() -> None:
    ramp = np.arange(0, 240, 10, dtype=np.uint8).reshape(1, 24, 1).repeat(6, 0)
    known = np.ones((6, 24), np.bool_)
    home, place = Cell(2, 3, 2, 2), Cell(2, 13, 2, 2)
    filled = known.copy()
    filled[2:, 13:] = False
    here, there = touching(ramp, filled, place), touching(ramp, known, home)
    assert level_step(there, here).tolist() == [100]
    patch = ramp[2:4, 3:5]
    moved = Leveller([(ramp, known)]).move(patch, there, here)
    assert (moved == ramp[2:4, 13:15]).all()
    nothing = touching(ramp, known & False, place)
    assert level_step(there, nothing).tolist() == [0]
    assert not here.visible[1:-1, 1:-1].any()  # the block itself tells nothing


def test_of_two_medians_the_smaller_move_is_taken() -> None:
    dark = Surroundings(np.zeros((1, 4, 1), np.uint8), np.ones((1, 4), np.bool_))
    for here, step in ([0, 0, 90, 90], 0), ([7, 9, 90, 90], 9), ([0, 8, 8, 90], 8):
        light = Surroundings(np.array(here, np.uint8).reshape(1, 4, 1), dark.visible)
        assert level_step(dark, light).tolist() == [step]
        assert level_step(light, dark).tolist() == [-step]


def test_levelled_blocks_are_no_copies() -> None:
    rng = np.random.default_rng(9)
    texture = rng.normal(128, 20, (24, 24)).clip(0, 255).astype(np.uint8)[..., None]
    unknown = unknown_of("top", 24, 24)
    copied = {
        levelled: copied_fraction(paint("gzip", texture, unknown, unit="block", norm=Norm.NULL,
                                        levelled=levelled).pixels, unknown)
        for levelled in (True, False)
    }  # fmt: skip
    assert copied[False] >= 18 / (9 * 21)  # every block
    assert copied[True] < copied[False] / 3


# Weights


def test_windows_hide_elsewhere_what_is_hidden_here() -> None:
    picture = np.arange(100, dtype=np.uint8).reshape(10, 10, 1)
    filled = np.zeros((10, 10), np.bool_)
    filled[:5] = True
    filled[5, :4] = True
    geometry = Geometry.about(filled, 5, 4, 2, 2, 3)
    assert (geometry.top, geometry.left) == (-3, -3)
    assert geometry.visible.shape == (5, 8)
    assert not geometry.visible[3:, 3:].any()
    base, rows, columns = geometry.base(picture, np.ones((10, 10), np.bool_), 5, 4)
    assert (rows, columns) == (slice(3, 5), slice(3, 5))
    assert (base[geometry.visible] == picture[2:7, 1:9][geometry.visible]).all()
    assert base[3, 4].item() == picture[4, 5].item()  # the nearest that is seen
    base, rows, columns = geometry.base(picture, np.ones((10, 10), np.bool_), 0, 0)
    assert (rows, columns) == (slice(0, 2), slice(0, 2))  # cut off at the border
    assert (filled_in(picture, np.zeros((10, 10), np.bool_)) == 128).all()


class ByDarkness:
    """A coder that knows nothing of context: a picture costs the sum of its values."""

    def bits(self, pictures: Sequence[Pixels]) -> Bits:
        return np.array([float(picture.sum()) for picture in pictures]) + 12345


def test_a_taste_that_is_everywhere_the_same_is_in_the_proposals_already() -> None:
    """`typical` and `importance` cancel it; `raw` takes the darkest."""
    truth = np.random.default_rng(5).integers(0, 256, (SIDE, SIDE, 1), np.uint8)
    chosen = {}
    for norm in Norm:
        unit = BlockUnit(
            ByDarkness(),
            norm=norm,
            proposals=16,
            levelled=False,
            shaping=Shaping(min_p=0, temperature=20),
        )
        painting = Painting(Sitting(truth, unknown_of("top"), unit, blind=norm is Norm.NULL))
        painting.finish()
        chosen[norm] = painting.choices, painting.pixels[8:].mean()
    assert chosen[Norm.IMPORTANCE][0].changes_nothing
    assert chosen[Norm.NULL][0].agreement == 1
    assert not chosen[Norm.RAW][0].changes_nothing
    assert chosen[Norm.RAW][1] < chosen[Norm.NULL][1] - 20


def test_norms() -> None:
    here, home = np.array([10.0, 12.0, 30.0]), np.array([12.0, 12.0, 10.0])
    assert typical(here, home).tolist() == [2, 0, 20]
    elsewhere = np.array([[3.0, 3.0], [1.0, math.inf]])
    assert importance(np.array([5.0, 5.0]), elsewhere).tolist() == [2.0, 3.0]


def test_a_window_costs_what_the_encoder_says() -> None:
    rng = np.random.default_rng(6)
    pictures = [rng.integers(0, 9, (9, 7, 3), np.uint8) for _ in range(3)]
    for picture in pictures[1:]:
        picture[:5] = pictures[0][:5]
    for spec in ("png", "webp", "gzip"):
        coder = ByteCoder(get_compressor(spec), Reading.BYTES)
        wanted = [
            8 * len(fit(get_compressor(spec), 7, 3).compress(picture.tobytes()))
            for picture in pictures
        ]
        assert np.diff(coder.bits(pictures)).tolist() == np.diff(wanted).tolist(), spec
    assert (ByteCoder(get_compressor("png"), Reading.BITS).bits(pictures[:1] * 3) == 0).all()


def test_choices_tell_what_the_compressor_changed() -> None:
    rng = np.random.default_rng(7)
    equal, sure = Choices(), Choices()
    for _ in range(50):
        equal.make(np.full(8, 1 / 8), rng)
        assert sure.make(np.eye(8)[3], rng) == 3
    assert equal.changes_nothing
    assert equal.agreement == 1
    assert not sure.changes_nothing
    assert sure.agreement < 0.5
    assert equal.as_dict()["entropy_bits"] == 3
    assert sure.as_dict()["entropy_bits"] == 0
    assert "8.0 proposals" in str(sure)
    blind = Choices(blind=True)
    assert len({blind.make(np.eye(8)[3], rng) for _ in range(100)}) == 8


# Asking for what is not there


@pytest.mark.parametrize(
    "options",
    [{"unit": "voxel"}, {"block": 0}, {"block": 9}, {"proposals": 0}],
)
def test_plans_are_checked(options: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        UnitPlan(**options)


def test_a_block_larger_than_what_is_known() -> None:
    unknown = np.ones((SIDE, SIDE), np.bool_)
    unknown[:2] = False
    with pytest.raises(UsageError, match="holds a block of 4 x 4 pixels"):
        paint(unknown=unknown, unit="block")


@pytest.mark.parametrize("unit", ["row", "block"])
def test_blocks_are_not_dithered(unit: str) -> None:
    with pytest.raises(UsageError, match=f"--dither 3: {unit}s are weighed"):
        UnitPlan(unit=unit, dither=3).make(get_compressor("bz2"))
    UnitPlan(unit=unit, dither=0).make(get_compressor("bz2"))


def test_how_many_proposals_suits_the_unit() -> None:
    for unit, wanted in (("block", 8), ("row", 8), ("record", 16)):
        made: Any = UnitPlan(unit=unit).make(get_compressor("gzip"))
        assert made.proposals == wanted
        made = UnitPlan(unit=unit, proposals=5).make(get_compressor("gzip"))
        assert made.proposals == 5


def test_codecs_of_imagecodecs_weigh_blocks() -> None:
    pytest.importorskip("imagecodecs")
    from compgen.imaging.models import image_compressor

    for spec in ("numcodecs:id=jpegls", "numcodecs:id=jpegxl,effort=1"):
        codec = image_compressor(spec)
        for channels in (1, 3):
            truth = stripes(channels=channels)
            unit = UnitPlan().make(codec, channels)
            assert Painting(Sitting(truth, unknown_of("top"), unit)).finish().shape == truth.shape
        with pytest.raises(UnsupportedError, match="--unit block"):
            UnitPlan(unit="pixel").make(codec)
