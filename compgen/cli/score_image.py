"""The branch of `compgen score` for pictures."""

from pathlib import Path
from typing import TYPE_CHECKING

from compgen.cli import console
from compgen.errors import InputError, UsageError

if TYPE_CHECKING:
    from compgen.media.pixels import Pixels
    from compgen.metrics.image import ImageMeasures


def score_picture(
    data: bytes,
    label: str,
    spec: str,
    against: Path | None,
    keep: str | None,
    as_json: bool,
) -> int:
    """Print what the picture costs, and its measures `against` the truth where that is given."""
    from compgen.imaging.models import image_compressor
    from compgen.imaging.score import score_image
    from compgen.media.image_file import read_image
    from compgen.report.image_measures import image_score_table

    if against is None and keep is not None:
        raise UsageError("--keep says what was given of the picture; --against names the truth")
    found = read_image(data, any_size=True, label=label)
    score = score_image(found.pixels, image_compressor(spec))
    measures = None
    if against is not None:
        measures = _measure(found.pixels, label, against, keep or "top:50%")
    if as_json:
        told = {} if measures is None else {"measures": measures.as_dict()}
        console.show_json(score.as_dict() | told)
    else:
        console.show(image_score_table(score, measures))
    return 0


def _measure(pixels: "Pixels", label: str, against: Path, keep: str) -> "ImageMeasures":
    from compgen.media.image_file import read_image
    from compgen.media.region import Region
    from compgen.metrics.image import measure_image

    height, width, channels = pixels.shape
    truth = read_image(against, any_size=True)
    is_gray = channels == 1 < truth.pixels.shape[2]
    is_larger = truth.pixels.shape[0] >= height and truth.pixels.shape[1] >= width
    if is_gray or (is_larger and truth.pixels.shape[:2] != (height, width)):
        # as `cgen image --size --gray` made of it what it then filled in
        size = (width, height) if truth.pixels.shape[:2] != (height, width) else None
        truth = read_image(against, any_size=True, size=size, gray=is_gray)
        console.note(f"{against}: {', '.join(truth.notes)}, as {label} is")
    unknown = Region.parse(keep).unknown(truth)
    true = truth.pixels
    sample = pixels.repeat(true.shape[2] // channels or 1, 2)
    true = true.repeat(sample.shape[2] // true.shape[2], 2)
    if sample.shape != true.shape:
        raise InputError(
            f"{label} has {width} x {height} pixels and {against} {true.shape[1]} x "
            f"{true.shape[0]}; they must be equal, or the truth larger"
        )
    return measure_image(sample, true, unknown)
