"""Any picture that Pillow opens, as 8-bit gray or RGB; what had to be changed is said.

file ─► orientation ─► depth, palette, alpha, CMYK ─► size ─► gray ─► Pixels, notes

EXIF orientation   applied                 16 and 32 bit   scaled to 8
palette, 1 bit     as the colours say      alpha           laid on white
CMYK, Lab, YCbCr   converted to RGB        animated        the first frame
"""

import contextlib
import io
import threading
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from compgen.compressors.picture import pillow
from compgen.errors import InputError, UsageError
from compgen.media.pixels import Pixels
from compgen.media.png_rows import missing_row_bytes

if TYPE_CHECKING:
    from PIL.Image import Image

LARGEST_WORK = 1 << 20
"""Pixels that are worked on: a thousand a second is a good speed."""
LARGEST_READ = 1 << 29
"""Pixels that are decoded at all, to be shrunk by `--size`; twenty times what a camera has."""
SIXTEEN_BIT = 65535

_pillow_limit = threading.Lock()


@dataclass(frozen=True)
class ImageFile:
    """A picture that was read."""

    pixels: Pixels
    notes: tuple[str, ...]
    """What is not as it was in the file, one phrase each."""
    original_size: tuple[int, int]
    """Width and height before `--size`."""


def read_image(
    source: Path | bytes,
    *,
    size: tuple[int, int] | None = None,
    gray: bool = False,
    any_size: bool = False,
    label: str | None = None,
) -> ImageFile:
    """Read a picture from a file, or from a file's bytes.

    `size`, width and height, crops to that shape about the middle and resamples (Lanczos).
    `any_size` is for what is not going to be worked on, such as a mask.

    Raises UsageError for a missing file, a directory, and a picture that is too large without
    `size`; InputError for what is no picture, or a damaged one.
    """
    label = label or ("the input" if isinstance(source, bytes) else str(source))
    with _opened(source, label) as image:
        original = image.size
        _check_size(label, original, original if any_size else size)
        notes = ["its first frame"] if getattr(image, "n_frames", 1) > 1 else []
        if image.format == "JPEG" and size is not None:
            image.draft(None, size)  # decodes at an eighth of the size, if that is enough
        try:
            image.load()
        except Exception as error:  # Pillow's decoders raise whatever they stumble over
            reason = str(error).partition("\n")[0]
            raise InputError(f"{label}: the picture is damaged or cut short: {reason}") from error
        if image.format == "PNG":
            _check_rows(source, label)
        upright = _upright(image)
        if upright is not image:
            notes.append("turned as its EXIF orientation says")
        if upright.size != image.size:
            original = original[::-1]
        plain, changes = _eight_bit(upright)
        notes += changes
        if size is not None and plain.size != size:
            plain = fitted(plain, size)
            notes.append(f"resampled from {original[0]} x {original[1]}")
        if gray and plain.mode != "L":
            plain = plain.convert("L")
            notes.append("converted to gray")
    pixels = np.asarray(plain)
    if pixels.ndim == 2:
        pixels = pixels[..., None]
    elif (pixels == pixels[..., :1]).all():
        pixels = pixels[..., :1]
        notes.append("gray, though stored as colour")
    return ImageFile(np.ascontiguousarray(pixels), tuple(notes), original)


def fitted(image: "Image", size: tuple[int, int], *, smooth: bool = True) -> "Image":
    """`image` cropped about its middle to the shape of `size` and resampled to it."""
    from PIL import ImageOps

    method = pillow().Resampling.LANCZOS if smooth else pillow().Resampling.NEAREST
    return ImageOps.fit(image, size, method=method)


def looks_like_an_image(data: bytes) -> bool:
    """Whether a file that begins so is a picture, by the signatures of the usual formats."""
    signatures = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF87a", b"GIF89a", b"II*\0", b"MM\0*")
    return data.startswith(signatures) or (data[:4] == b"RIFF" and data[8:12] == b"WEBP")


@contextlib.contextmanager
def _opened(source: Path | bytes, label: str) -> "Iterator[Image]":
    """The picture, its header read; its size is checked here, not by Pillow's bomb alarm."""
    image_class = pillow()
    file: io.BytesIO | Path
    if isinstance(source, bytes):
        file = io.BytesIO(source)
    else:
        file = source
        if not file.exists():
            raise UsageError(f"{label}: no such file")
        if file.is_dir():
            raise UsageError(f"{label} is a directory; name a file in it")
    with _pillow_limit, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        limit, image_class.MAX_IMAGE_PIXELS = image_class.MAX_IMAGE_PIXELS, None
        try:
            image = image_class.open(file)
        except image_class.UnidentifiedImageError:
            raise InputError(f"{label} is no picture that Pillow can read") from None
        except OSError as error:
            raise InputError(f"{label}: {error.strerror or error}") from error
        except Exception as error:  # a damaged header
            reason = str(error).partition("\n")[0]
            raise InputError(f"{label}: the picture is damaged: {reason}") from error
        finally:
            image_class.MAX_IMAGE_PIXELS = limit
    with image, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield image


def _check_size(label: str, found: tuple[int, int], wanted: tuple[int, int] | None) -> None:
    width, height = found
    pixels = f"{width} x {height} pixels"
    if width * height > LARGEST_READ:
        raise UsageError(f"{label}: {pixels} are too many to decode; --size cannot help here")
    if wanted is None and width * height > LARGEST_WORK:
        raise UsageError(
            f"{label}: {pixels} are more than the {LARGEST_WORK:,} that can be worked on; "
            "--size 256x256 shrinks it"
        )
    if wanted not in (None, found) and wanted[0] * wanted[1] > LARGEST_WORK:
        raise UsageError(
            f"--size {wanted[0]}x{wanted[1]}: at most {LARGEST_WORK:,} pixels can be worked on"
        )


def _check_rows(source: Path | bytes, label: str) -> None:
    """Refuse a PNG with too few rows, which Pillow fills up."""
    with io.BytesIO(source) if isinstance(source, bytes) else source.open("rb") as file:
        missing = missing_row_bytes(file)
    if missing:
        raise InputError(
            f"{label}: the picture is damaged or cut short: the last {missing:,} bytes of its rows "
            "are missing"
        )


def _upright(image: "Image") -> "Image":
    from PIL import ImageOps

    if image.getexif().get(0x0112, 1) == 1:
        return image
    turned: Image = ImageOps.exif_transpose(image)
    return turned


def _eight_bit(image: "Image") -> "tuple[Image, list[str]]":
    """`image` in mode L or RGB, and what was changed."""
    notes = []
    if image.mode.startswith(("I", "F")):
        image, note = _scaled(image)
        notes.append(note)
    if image.mode in ("LA", "La", "PA", "RGBA", "RGBa") or "transparency" in image.info:
        coloured = image.mode not in ("LA", "La", "L", "1")
        image = image.convert("RGBA")
        if np.asarray(image)[..., 3].min() < 255:
            notes.append("laid on white where it is transparent")
        ground = pillow().new("RGBA", image.size, "white")
        ground.alpha_composite(image)
        return ground.convert("RGB" if coloured else "L"), notes
    if image.mode == "1":
        return image.convert("L"), notes
    if image.mode not in ("L", "RGB"):
        if image.mode != "P":
            notes.append(f"converted from {image.mode} to RGB")
        image = image.convert("RGB")
    return image, notes


def _scaled(image: "Image") -> "tuple[Image, str]":
    """A picture of 16 or 32 bits in 8: by 257 where 16 bits hold it, else by its own range."""
    values = np.nan_to_num(np.asarray(image, np.float64))
    low, high = float(values.min()), float(values.max())
    if image.mode != "F" and low >= 0 and high <= SIXTEEN_BIT:
        values, note = values / 257, "scaled from 16 bits to 8"
    else:
        values = (values - low) * (255 / max(high - low, 1e-300))
        note = f"scaled from {low:g} … {high:g} to 8 bits"
    return pillow().fromarray(np.rint(values).astype(np.uint8)), note
