"""`PictureSpec`: one picture filled one way, by one seed."""

import time
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import ClassVar

import numpy as np

from compgen.errors import InputError, UnsupportedError
from compgen.experiment.fill import CodeLengths, FillRun, FillSpec
from compgen.experiment.way import NULL, Way
from compgen.imaging.models import image_compressor, image_versions
from compgen.imaging.norms import Norm
from compgen.imaging.painting import Painting, Sitting
from compgen.imaging.score import score_image
from compgen.imaging.units import UnitPlan
from compgen.media.image_file import read_image
from compgen.media.pixels import Mask, Pixels
from compgen.media.png_file import png_bytes
from compgen.media.region import Region

SMALLEST = 8
"""Pixels, of each side: below, no figure means anything."""
WEIGHED = ("block", "row")
"""Units whose proposals are weighed by a norm."""
PROPOSING = (*WEIGHED, "record")
"""Units that propose on their own and let the compressor choose."""


@dataclass(frozen=True)
class PictureSpec(FillSpec):
    """A gap in one picture, and how it is filled."""

    medium: ClassVar[str] = "image"

    size: tuple[int, int] | None = None
    """Width and height that it is resampled to first."""
    gray: bool = True
    keep: str = "top:50%"
    """What is given, as `Region` reads it."""

    def __post_init__(self) -> None:
        if self.size is not None:
            object.__setattr__(self, "size", tuple(self.size))  # JSON makes it a list

    def execute(self, data: bytes) -> FillRun:
        """Fill the gap in the picture `data`. Raises CompgenError where that cannot be done."""
        truth, unknown = cut(data, self.size, self.gray, self.keep)
        _warm_up(self.way, truth.shape[2])
        coder = image_compressor(self.way.compressor)
        painting = _painting(self.way, truth, unknown, self.seed)
        started = time.process_time()
        painting.finish()
        seconds = time.process_time() - started
        count = painting.choices.count
        return FillRun(
            spec=self,
            sample=png_bytes(painting.pixels, {}),
            seconds=seconds,
            choices=painting.choices.as_dict() if count else None,
            code_lengths=CodeLengths(
                sample=score_image(painting.pixels, coder).bits,
                truth=score_image(truth, coder).bits,
            ),
            compressor=str(coder),
            versions=image_versions(coder),
        )


def resolve(way: Way) -> Way:
    """`way` with its unit and reading, and without a norm where that changes nothing.

    Raises UsageError where compressor, unit, reading and norm do not go together.
    """
    coder = image_compressor(way.compressor)
    plan = _plan(way)
    unit = plan.make(coder).name
    if way.is_null and unit not in PROPOSING:
        raise UnsupportedError(f"--norm null chooses among proposals, and {unit}s have none")
    return replace(
        way,
        unit=unit,
        reading=str(plan.reading_of(coder)),
        norm=way.norm if unit in WEIGHED or way.is_null else "",
    )


@lru_cache(maxsize=16)
def cut(
    data: bytes, size: tuple[int, int] | None, gray: bool, keep: str, label: str = "the picture"
) -> tuple[Pixels, Mask]:
    """The picture, and which part of it is the gap; the last few are kept.

    Raises InputError for what is no picture, or too small a one.
    """
    found = read_image(data, size=size, gray=gray, label=label)
    width, height = found.original_size
    if size is not None and (width < size[0] or height < size[1]):
        raise InputError(
            f"{label}: {width} x {height} pixels would have to be enlarged to "
            f"{size[0]} x {size[1]}; give a smaller --size"
        )
    height, width = found.pixels.shape[:2]
    if min(width, height) < SMALLEST:
        raise InputError(
            f"{label}: {width} x {height} pixels are too few; {SMALLEST} x {SMALLEST} would do"
        )
    unknown = Region.parse(keep).unknown(found)
    if unknown.all():
        raise InputError(f"{label}: --keep {keep} gives nothing of it; keep some")
    return found.pixels, unknown


def _plan(way: Way) -> UnitPlan:
    return UnitPlan(
        unit=way.unit or None,
        reading=way.reading,
        norm=Norm(way.norm or Norm.TYPICAL),
        temperature=way.temperature,
        min_p=way.min_p,
    )


def _painting(way: Way, truth: Pixels, unknown: Mask, seed: int) -> Painting:
    unit = _plan(way).make(image_compressor(way.compressor), truth.shape[2])
    return Painting(Sitting(truth, unknown, unit, blind=way.norm == NULL, seed=seed))


@lru_cache(maxsize=256)
def _warm_up(way: Way, channels: int) -> None:
    """Let what is compiled or loaded at first use be there before the clock starts."""
    ramp = np.arange(256, dtype=np.uint8).reshape(16, 16, 1).repeat(channels, 2)
    unknown = np.zeros((16, 16), np.bool_)
    unknown[8:10] = True
    _painting(way, ramp, unknown, 0).finish()
