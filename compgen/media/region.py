"""Which part of a picture is given, and which is to be filled.

top:50%     the upper half is given        left:16    the leftmost 16 columns are given
mask:FILE   a picture: what is white in it is to be filled, what is black is given
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from compgen.errors import InputError, UsageError
from compgen.media.image_file import ImageFile, fitted, read_image
from compgen.media.pixels import Mask

AMOUNT = re.compile(r"(\d+(?:\.\d+)?)(%?)")
WHITE = 128
"""From this brightness on a mask says: fill this."""


@dataclass(frozen=True)
class Region:
    """What `--keep` says."""

    kind: Literal["top", "left", "mask"]
    amount: float = 0.0
    """Of top and left: how much is given, in per cent or pixels."""
    percent: bool = True
    mask: Path | None = None

    @classmethod
    def parse(cls, text: str) -> "Region":
        """`top:50%`, `left:16` or `mask:FILE`. Raises UsageError for anything else."""
        kind, _, rest = text.partition(":")
        if kind == "mask" and rest:
            return cls("mask", mask=Path(rest))
        amount = AMOUNT.fullmatch(rest)
        if kind not in ("top", "left") or amount is None:
            raise UsageError(f"--keep {text}: write top:50%, left:50% or mask:FILE")
        number, percent = float(amount[1]), bool(amount[2])
        if percent and number > 100:
            raise UsageError(f"--keep {text}: there are no more than 100 %")
        return cls(kind, number, percent)  # type: ignore[arg-type]

    def unknown(self, image: ImageFile) -> Mask:
        """What is to be filled in `image`, shape (height, width).

        Raises UsageError if that is nothing, InputError for a mask of another size.
        """
        height, width = image.pixels.shape[:2]
        unknown = np.zeros((height, width), np.bool_)
        if self.mask is not None:
            unknown = self._from_file(self.mask, image)
        elif self.kind == "top":
            unknown[self._given(height) :] = True
        else:
            unknown[:, self._given(width) :] = True
        if not unknown.any():
            raise UsageError(f"--keep {self}: the whole picture is given; there is nothing to fill")
        return unknown

    def _given(self, length: int) -> int:
        return round(length * self.amount / 100) if self.percent else round(self.amount)

    @staticmethod
    def _from_file(path: Path, image: ImageFile) -> Mask:
        height, width = image.pixels.shape[:2]
        found = read_image(path, gray=True, any_size=True).pixels[..., 0]
        size = found.shape[1], found.shape[0]
        if size == image.original_size and size != (width, height):
            from compgen.compressors.picture import pillow

            shrunk = fitted(pillow().fromarray(found), (width, height), smooth=False)
            found = np.asarray(shrunk)
        elif size != (width, height):
            raise InputError(
                f"{path}: the mask has {size[0]} x {size[1]} pixels and the picture "
                f"{width} x {height}; they must be equal"
            )
        white: Mask = found >= WHITE
        return white

    def __str__(self) -> str:
        if self.mask is not None:
            return f"mask:{self.mask}"
        return f"{self.kind}:{self.amount:g}{'%' * self.percent}"
