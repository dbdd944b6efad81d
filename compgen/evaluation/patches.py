"""Pictures as the paper's patches: grey, 32 rows of 64 pixels, each row after row."""

import io

import numpy as np
from numpy.typing import NDArray

from compgen.compressors.picture import pillow
from compgen.errors import InputError
from compgen.media.png_rows import missing_row_bytes

ROWS, COLUMNS = 32, 64
DEEP = ("I", "F")
"""How the names of Pillow's modes begin that have more than 8 bits a channel."""


def patches_of(data: bytes, name: str) -> bytes:
    """All whole patches of a picture, from left to right and from top to bottom.

    Raises InputError if it cannot be opened, has more than 8 bits a channel, or is smaller
    than a patch; MissingPackageError without Pillow.
    """
    image_module = pillow()
    try:
        with image_module.open(io.BytesIO(data)) as picture:
            if picture.mode.startswith(DEEP):
                raise InputError(f"{name} has more than 8 bits a channel; convert it to 8 first")
            pixels = np.asarray(picture.convert("RGB"), np.uint16)
            if picture.format == "PNG" and missing_row_bytes(io.BytesIO(data)):
                raise InputError(f"{name}: the picture is cut short: its last rows are missing")
    except InputError:
        raise
    except image_module.UnidentifiedImageError:  # whose words are about an object in memory
        raise InputError(f"{name} cannot be read as a picture by Pillow") from None
    except Exception as error:  # Pillow's decoders raise whatever they stumble over
        raise InputError(f"{name} cannot be read as a picture: {error}") from error
    grey = (pixels.sum(axis=2) // 3).astype(np.uint8)
    down, across = grey.shape[0] // ROWS, grey.shape[1] // COLUMNS
    if not down * across:
        raise InputError(
            f"{name} has {grey.shape[1]} x {grey.shape[0]} pixels, less than one patch of "
            f"{COLUMNS} x {ROWS}"
        )
    whole = grey[: down * ROWS, : across * COLUMNS]
    patches: NDArray[np.uint8] = whole.reshape(down, ROWS, across, COLUMNS).swapaxes(1, 2)
    return patches.tobytes()
