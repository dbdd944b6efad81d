"""The ways of a comparison of pictures or sounds: every combination that was asked for, and null
scores.

compressors × units × readings × norms × temperatures × min-ps ─► ways that are different
+ the null score of every unit that chooses among proposals: the same unit, and proposals drawn
  by a compressor that has no opinion. What differs between the two is what the compressor does.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from itertools import product

from compgen.compressor import Compressor
from compgen.errors import UnsupportedError
from compgen.experiment.grid import HAS_READ, Skipped
from compgen.experiment.way import NULL, Way
from compgen.imaging.models import image_compressor

Resolve = Callable[[Way], Way]
"""`picture_spec.resolve`, or that of sounds at a rate."""


OPINIONLESS = "uniform"
"""The compressor of a null score. Whose choices are not made plays no part in what is chosen."""


@dataclass(frozen=True)
class Line:
    """A way and its part in the table."""

    way: Way
    label: str


def lines(
    resolve: Resolve,
    proposing: Sequence[str],
    *,
    compressors: Sequence[str],
    units: Sequence[str] = ("",),
    readings: Sequence[str] = ("auto",),
    norms: Sequence[str] = ("typical",),
    temperatures: Sequence[float | None] = (None,),
    min_ps: Sequence[float | None] = (None,),
    inputs: Collection[str] = (),
    baselines: bool = True,
) -> tuple[list[Line], list[Skipped]]:
    """The ways in order, each once; and what was left out of a larger grid.

    `inputs` are the SHA-256 of what is filled: a model that has learned from one is marked.
    Null scores stand before the first way of their unit, if it is one of those `proposing`. A
    combination that makes no sense is left out where there are others, and raises
    UnsupportedError where there are none. Raises SpecError for compressors that do not exist.
    """
    found: dict[Way, Line] = {}
    skipped = []
    for compressor, unit, reading, norm, temperature, min_p in product(
        compressors, units, readings, norms, temperatures, min_ps
    ):
        asked = Way(compressor, unit, reading, norm, temperature, min_p)
        heard = "" if reading == "auto" else f", {reading}"
        try:
            way = resolve(asked)
        except UnsupportedError as error:
            skipped.append(Skipped(asked.label + heard, str(error)))
            continue
        if way.unit in proposing and (baselines or way.is_null):
            null = resolve(Way(OPINIONLESS, way.unit, norm=NULL))
            found.setdefault(null, Line(null, null.label))
        if not way.is_null:
            mark = f" {HAS_READ}" if _has_read(compressor, inputs) else ""
            found.setdefault(way, Line(way, way.label + heard + mark))
    if not found and skipped:
        raise UnsupportedError(f"{skipped[0].label}: {skipped[0].reason}")
    return list(found.values()), skipped


def _has_read(spec: str, inputs: Collection[str]) -> bool:
    """Whether a compressor is a model that has learned from one of the inputs."""
    compressor = image_compressor(spec)
    return isinstance(compressor, Compressor) and any(
        one in compressor.learned_from for one in inputs
    )
