"""Pictures in and out: every kind that Pillow opens, regions, layouts, the file that is written."""

import io
import json
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from compgen.errors import InputError, UsageError
from compgen.media import image_file, png_rows
from compgen.media.image_file import ImageFile, looks_like_an_image, read_image
from compgen.media.layout import Layout, byte_order
from compgen.media.pixels import Pixels, grayscale, level_values, posterise
from compgen.media.png_file import png_bytes
from compgen.media.png_rows import missing_row_bytes
from compgen.media.region import Region


def picture(height: int = 6, width: int = 8, channels: int = 3) -> Pixels:
    rng = np.random.default_rng(1)
    return rng.integers(0, 256, (height, width, channels), np.uint8)


def stored(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, format=kind, **options)
    return file.getvalue()


def bomb() -> bytes:
    """A PNG whose header says 20,000 x 20,000 pixels; nothing may come to read the rest."""
    header = struct.pack(">II", 20_000, 20_000) + bytes([1, 0, 0, 0, 0])
    checksum = struct.pack(">I", zlib.crc32(b"IHDR" + header))
    rows = zlib.compress(bytes(2501 * 100))
    data = struct.pack(">I", len(rows)) + b"IDAT" + rows + struct.pack(">I", 0)
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + b"IHDR" + header + checksum + data


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "BMP"])
def test_plain_pictures_come_back_as_they_are(kind: str) -> None:
    for channels in (1, 3):
        pixels = picture(channels=channels)
        plain = Image.fromarray(pixels[..., 0] if channels == 1 else pixels)
        found = read_image(stored(plain, kind))
        assert (found.pixels == pixels).all()
        assert found.notes == ()


def test_what_is_changed_is_said() -> None:
    rgb = Image.fromarray(picture())
    alpha = rgb.convert("RGBA")
    alpha.putalpha(Image.fromarray(np.zeros((6, 8), np.uint8)))
    found = read_image(stored(alpha))
    assert (found.pixels == 255).all()  # laid on white, and therefore gray
    assert found.notes == ("laid on white where it is transparent", "gray, though stored as colour")

    deep = np.array([[0, 257 * 7, 65535]], np.uint16)
    found = read_image(stored(Image.fromarray(deep)))
    assert found.pixels[..., 0].tolist() == [[0, 7, 255]]
    assert found.notes == ("scaled from 16 bits to 8",)

    floats = np.array([[-1.0, 0.0, 1.0]], np.float32)
    found = read_image(stored(Image.fromarray(floats), "TIFF"))
    assert found.pixels[..., 0].tolist() == [[0, 128, 255]]
    assert found.notes == ("scaled from -1 … 1 to 8 bits",)

    found = read_image(stored(rgb.convert("CMYK"), "TIFF"))
    assert found.notes == ("converted from CMYK to RGB",)

    frames = [Image.fromarray(np.full((4, 4), shade, np.uint8)) for shade in (10, 200)]
    found = read_image(stored(frames[0], "GIF", save_all=True, append_images=frames[1:]))
    assert (found.pixels == 10).all()
    assert found.notes[0] == "its first frame"


def test_palettes_and_bits_are_colours() -> None:
    palette = Image.fromarray(picture()).quantize(5)
    found = read_image(stored(palette))
    assert (found.pixels == np.asarray(palette.convert("RGB"))).all()
    bits = Image.fromarray(picture(channels=1)[..., 0] > 127)
    assert set(np.unique(read_image(stored(bits)).pixels)) == {0, 255}


def test_exif_orientation_is_obeyed() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # the top is on the right: turn it clockwise
    pixels = picture()
    found = read_image(stored(Image.fromarray(pixels), exif=exif))
    assert (found.pixels == np.rot90(pixels, -1)).all()
    assert found.notes == ("turned as its EXIF orientation says",)
    assert found.original_size == (6, 8)


def test_size_crops_to_shape_and_gray_converts() -> None:
    found = read_image(stored(Image.fromarray(picture(40, 80))), size=(10, 10), gray=True)
    assert found.pixels.shape == (10, 10, 1)
    assert found.notes == ("resampled from 80 x 40", "converted to gray")


def test_what_is_too_large_is_refused_before_it_is_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    huge = bomb()
    limit = Image.MAX_IMAGE_PIXELS
    with pytest.raises(UsageError, match=r"20000 x 20000 pixels are more than .* --size 256x256"):
        read_image(huge)
    assert limit == Image.MAX_IMAGE_PIXELS
    monkeypatch.setattr(image_file, "LARGEST_READ", 1 << 20)
    with pytest.raises(UsageError, match="too many to decode"):
        read_image(huge, size=(64, 64))
    with pytest.raises(UsageError, match="at most 1,048,576 pixels"):
        read_image(stored(Image.fromarray(picture())), size=(4000, 4000))


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "TIFF", "WEBP"])
def test_pictures_are_known_by_their_first_bytes(kind: str) -> None:
    assert looks_like_an_image(stored(Image.fromarray(picture()), kind))
    assert not looks_like_an_image(b"PNG is a format")


def test_damage_is_one_line() -> None:
    whole = stored(Image.fromarray(picture(64, 64)))
    for data in (whole[:200], whole[:40], b"no picture at all", b""):
        with pytest.raises(InputError, match=r"damaged|no picture") as raised:
            read_image(data)
        assert "\n" not in str(raised.value)


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_of(header: bytes, rows: bytes, *others: bytes) -> bytes:
    """A PNG whose checksums are all right, its rows in chunks of ten bytes."""
    stream = zlib.compress(rows)
    pieces = [chunk(b"IDAT", stream[at : at + 10]) for at in range(0, len(stream), 10)]
    return b"".join(
        [b"\x89PNG\r\n\x1a\n", chunk(b"IHDR", header), *others, *pieces, chunk(b"IEND", b"")]
    )


ROWS = [  # width, height, depth, colour type, interlaced; bytes of the rows, counted by hand
    ((9, 5, 1, 0, 0), 5 * (1 + 2)),
    ((9, 5, 4, 3, 0), 5 * (1 + 5)),
    ((9, 5, 16, 2, 0), 5 * (1 + 54)),
    ((9, 5, 8, 4, 0), 5 * (1 + 18)),
    ((9, 5, 8, 6, 0), 5 * (1 + 36)),
    ((9, 5, 8, 0, 1), (1 + 2) + (1 + 1) + (1 + 3) + 2 * (1 + 2) + (1 + 5) * 1 + 3 * 5 + 2 * 10),
    ((1, 1, 8, 2, 1), 1 + 3),
]


@pytest.mark.parametrize(("shape", "length"), ROWS)
def test_the_rows_of_a_png_are_counted(shape: tuple[int, ...], length: int) -> None:
    header = struct.pack(">IIBBBBB", *shape[:4], 0, 0, shape[4])
    palette = [chunk(b"PLTE", bytes(48))] if shape[3] == 3 else []
    whole = png_of(header, bytes(length), *palette)
    assert read_image(whole).pixels.shape[:2] == shape[1::-1]
    for found in (0, 1, length - 1, length, length + 1):
        data = png_of(header, bytes(found), *palette)
        assert missing_row_bytes(io.BytesIO(data)) == max(length - found, 0)
    with pytest.raises(InputError, match="cut short"):
        read_image(png_of(header, bytes(length - 1), *palette))


def test_a_png_with_too_few_rows_is_refused(tmp_path: Path) -> None:
    """Its stream is whole, and Pillow has no complaint; a few bytes inflate to all there is."""
    header = struct.pack(">IIBBBBB", 1000, 1000, 8, 0, 0, 0, 0)
    file = tmp_path / "picture.png"
    file.write_bytes(png_of(header, bytes(1001 * 1000)))
    assert read_image(file).pixels.shape == (1000, 1000, 1)
    file.write_bytes(png_of(header, bytes(1001 * 900)))
    with Image.open(file) as image:
        assert np.asarray(image).shape == (1000, 1000)
    with pytest.raises(InputError, match=r"the last 100,100 bytes of its rows are missing"):
        read_image(file)


def test_rows_are_counted_in_small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Zlib keeps the checksum unread for as long as it has rows to give."""
    monkeypatch.setattr(png_rows, "PIECE", 16)
    header = struct.pack(">IIBBBBB", 500, 10, 8, 0, 0, 0, 0)
    assert missing_row_bytes(io.BytesIO(png_of(header, bytes(501 * 10)))) == 0
    assert missing_row_bytes(io.BytesIO(png_of(header, bytes(501 * 9)))) == 501


def test_alpha_that_hides_nothing_is_not_spoken_of() -> None:
    pixels = picture()
    found = read_image(stored(Image.fromarray(pixels).convert("RGBA")))
    assert (found.pixels == pixels).all()
    assert found.notes == ()


# Regions


def of_size(height: int, width: int, original: tuple[int, int] | None = None) -> ImageFile:
    return ImageFile(np.zeros((height, width, 1), np.uint8), (), original or (width, height))


def test_regions() -> None:
    unknown = Region.parse("top:50%").unknown(of_size(5, 4))
    assert unknown.any(1).tolist() == [False, False, True, True, True]
    unknown = Region.parse("left:3").unknown(of_size(5, 4))
    assert unknown.any(0).tolist() == [False, False, False, True]
    assert Region.parse("top:0").unknown(of_size(5, 4)).all()
    assert [str(Region.parse(text)) for text in ("top:50%", "left:3", "mask:a:b.png")] == [
        "top:50%",
        "left:3",
        "mask:a:b.png",
    ]
    for text in ("top", "top:", "top:-1", "right:50%", "top:101%", "mask:", "50%"):
        with pytest.raises(UsageError, match="--keep"):
            Region.parse(text)
    for text in ("top:100%", "left:9"):
        with pytest.raises(UsageError, match="nothing to fill"):
            Region.parse(text).unknown(of_size(5, 4))


def test_masks(tmp_path: Path) -> None:
    white = np.zeros((4, 6), np.uint8)
    white[1:3, 2:5] = 255
    path = tmp_path / "mask.png"
    Image.fromarray(white).save(path)
    region = Region.parse(f"mask:{path}")
    assert (region.unknown(of_size(4, 6)) == (white > 0)).all()
    shrunk = region.unknown(of_size(2, 3, original=(6, 4)))  # a mask of the file as it was
    assert shrunk.shape == (2, 3)
    assert shrunk.any()
    with pytest.raises(InputError, match=r"the mask has 6 x 4 pixels and the picture 5 x 5"):
        region.unknown(of_size(5, 5))
    Image.fromarray(white * 0).save(path)
    with pytest.raises(UsageError, match="nothing to fill"):
        region.unknown(of_size(4, 6))


# Bytes


def test_layouts_are_what_their_names_say() -> None:
    pixels = np.arange(12, dtype=np.uint8).reshape(2, 2, 3)  # R of the first pixel is 0
    orders = {
        layout: pixels.reshape(-1)[byte_order((2, 2, 3), layout)].tolist() for layout in Layout
    }
    assert orders[Layout.INTERLEAVED] == list(range(12))
    assert orders[Layout.RASTER] == [0, 3, 1, 4, 2, 5, 6, 9, 7, 10, 8, 11]
    assert orders[Layout.PLANAR] == [0, 3, 6, 9, 1, 4, 7, 10, 2, 5, 8, 11]


def test_levels_are_evenly_spaced() -> None:
    assert level_values(2).tolist() == [0, 255]
    assert level_values(256).tolist() == list(range(256))
    every = np.arange(256, dtype=np.uint8).reshape(16, 16, 1)
    assert set(np.unique(posterise(every, 5))) == set(level_values(5))
    assert (posterise(every, 256) == every).all()
    assert np.abs(posterise(every, 5).astype(int) - every).max() <= 32


def test_the_written_png_tells_its_story() -> None:
    for channels in (1, 3):
        pixels = picture(channels=channels)
        with Image.open(io.BytesIO(png_bytes(pixels, {"Software": "é", "a": {"b": 1}}))) as image:
            assert (np.asarray(image).reshape(pixels.shape) == pixels).all()
            assert image.text["Software"] == "é"  # type: ignore[attr-defined]
            assert json.loads(image.text["a"]) == {"b": 1}  # type: ignore[attr-defined]


def test_gray_is_what_pillow_says() -> None:
    pixels = picture()
    wanted = np.asarray(Image.fromarray(pixels).convert("L"), np.float64)
    assert np.abs(grayscale(pixels) - wanted).max() <= 1
