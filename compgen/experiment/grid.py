"""The grid of a comparison: every combination that was asked for, and the baselines beside it.

texts × compressors × readings × samplers × temperatures × seeds  ─► RunSpecs
+ baselines:   uniform bytes · an n-gram model · quotations of the corpus
+ a null score for every sampler that ranks proposals: the same with a compressor that has
  no opinion. What differs between the two is what the compressor does.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import product

import numpy as np

from compgen.errors import UnsupportedError, UsageError
from compgen.experiment.spec import RunSpec, Shape
from compgen.generation import choose_sampler
from compgen.reading import Reading
from compgen.registry import get_compressors

BASELINES = (("uniform", ""), ("ngram", ""), ("uniform", "quote"))
HAS_READ = "†"
"""Marks the row of a model that has learned from the very text."""
PROPOSING = ("spans", "beam")
"""Samplers that propose on their own and let the compressor choose."""


@dataclass(frozen=True)
class Row:
    """A run and its part in the table."""

    spec: RunSpec
    label: str
    is_baseline: bool = False


@dataclass(frozen=True)
class Skipped:
    """A combination that cannot be run, and why."""

    label: str
    reason: str


def grid(
    base: RunSpec,
    *,
    compressors: Sequence[str],
    readings: Sequence[str] = ("auto",),
    samplers: Sequence[str] = ("",),
    shapes: Sequence[Shape] = ((),),
    seeds: Sequence[int] = (0,),
    baselines: bool = True,
) -> tuple[list[Row], list[Skipped]]:
    """The rows for one text, in order, each once; and what was left out of a larger grid.

    `base` gives what all share. A reading that a compressor does not have is left out where
    there are others, and an error where it was the only one asked for. Raises UsageError for
    compressors and samplers that do not exist.
    """
    rows: dict[str, Row] = {}
    skipped = []
    for name, reading, sampler, shape, seed in product(
        compressors, readings, samplers, shapes, seeds
    ):
        spec = replace(
            base, compressor=name, reading=reading, sampler=sampler, shaping=shape, seed=seed
        )
        label = spec.label + (f", seed {seed}" if len(seeds) > 1 else "")
        if obstacle := _obstacle(spec):
            skipped.append(Skipped(label, obstacle))
            continue
        if any(spec.text_sha256 in found.learned_from for found in get_compressors(name)):
            label += f" {HAS_READ}"
        rows.setdefault(spec.id, Row(spec, label))
        chosen = choose_sampler(sampler or None, get_compressors(name)[0]).name
        if baselines and chosen in PROPOSING:
            null = replace(spec, compressor="uniform", reading="auto", sampler=chosen)
            rows.setdefault(null.id, Row(null, f"null score, {chosen}", is_baseline=True))
    if not rows and skipped:
        raise UnsupportedError(f"{skipped[0].label}: {skipped[0].reason}")
    if baselines:
        for name, sampler in BASELINES:
            plain = replace(base, compressor=name, sampler=sampler, seed=seeds[0])
            label = {"quote": "a quotation"}.get(sampler, name)
            rows.setdefault(plain.id, Row(plain, label, is_baseline=True))
    return list(rows.values()), skipped


def _obstacle(spec: RunSpec) -> str:
    """Why a combination cannot be run; empty: it can."""
    compressors = get_compressors(spec.compressor)
    sampler = choose_sampler(spec.sampler or None, compressors[0])
    try:
        Reading(spec.reading)
    except ValueError:
        raise UsageError(
            f"no reading is called '{spec.reading}'; there are: {', '.join(Reading)}"
        ) from None
    for compressor in compressors:
        if spec.reading != Reading.AUTO and spec.reading not in compressor.readings:
            return f"{compressor.name} has no reading '{spec.reading}'"
    if sampler.name == "coinflips":
        try:
            compressors[0].coin_flips(b"", np.random.default_rng(0))
        except UnsupportedError as error:
            return str(error)
        if spec.shaping or len(compressors) > 1:
            return "coin flips take no shaping and drive one decoder"
    return ""
