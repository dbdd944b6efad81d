"""From runs to the rows of a table of pictures or sounds: means, and what the rows differ by.

    figures of each (input, seed) ─► mean over the seeds of an input ─► mean over the inputs
    the same, of a row less the null score: what the compressor does

The inputs are what is resampled for the intervals: two samples of one picture are not two
pictures. With a single input it is the seeds, and then the interval is about this input.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from compgen.experiment.exhibit import Exhibit, Figure, Sample
from compgen.experiment.fill import FillRun
from compgen.experiment.media_grid import Line
from compgen.experiment.quality import spread
from compgen.experiment.store import Store
from compgen.experiment.way import Way
from compgen.metrics.intervals import Mean, mean_of

TRUTH = "the truth"
AGREEMENT = Figure(
    "agreement",
    "as null",
    "truth",
    "how often the choice among proposals was the one that the null score makes",
    "a compressor whose opinion is strong and wrong",
)
SECONDS = Figure("seconds", "CPU s", "lower", "seconds of the processor for one sample", "nothing")
OWN = Figure(
    "own_excess",
    "own Δ",
    "truth",
    "bits per pixel or sample that the row's own compressor pays for the whole with the sample, "
    "less those with the truth; 0 is right",
    "whatever the compressor is good at: copies, for one that copies",
)
OF_RUNS = (AGREEMENT, OWN, SECONDS)
"""Figures that only a run has."""
Cells = Mapping[tuple[int, int], float]
"""A figure of each input, by its place, and seed."""


@dataclass(frozen=True)
class Cell:
    """One sample and its figures."""

    sample: Sample
    figures: dict[str, float]
    run: FillRun | None = None


@dataclass(frozen=True)
class MediaRow:
    """A row: the samples of one way, or of no way at all."""

    label: str
    kind: Literal["truth", "forgery", "null", "ours"]
    cells: dict[tuple[int, int], Cell]
    """By the input's place and the seed."""
    means: dict[str, Mean]
    way: Way | None = None
    versus: str | None = None
    """The label of the row that it is compared with."""
    against_null: bool = False
    """Whether that is its null score."""
    differences: dict[str, Mean] | None = None
    """Less that row, on the same inputs and seeds. Of figures that should be the truth's, how
    much farther they are from it: below 0 is nearer."""
    pairs: Mapping[str, int] = field(default_factory=dict)
    """How many values the interval of each difference comes from."""

    def as_dict(self) -> dict[str, Any]:
        """For JSON and CSV: one flat object, intervals as `…_low` and `…_high`."""
        fields: dict[str, Any] = {"label": self.label, "kind": self.kind}
        if self.way is not None:
            fields |= {
                "compressor": self.way.compressor,
                "unit": self.way.unit,
                "reading": self.way.reading,
                "norm": self.way.norm,
                "temperature": self.way.temperature,
                "min_p": self.way.min_p,
            }
        fields["inputs"] = len({place for place, _ in self.cells})
        fields["samples"] = len(self.cells)
        for name, mean in self.means.items():
            fields |= spread(name, mean)
        fields["versus"] = self.versus
        for name, mean in (self.differences or {}).items():
            fields |= spread(f"difference_{name}", mean)
        return fields


def measured(
    exhibits: Sequence[Exhibit],
    lines: Sequence[Line],
    seeds: Sequence[int],
    store: Store,
    *,
    baselines: bool = True,
) -> list[MediaRow]:
    """The rows: the truth, forgeries, then every line of which there is a run in `store`."""
    truths = [exhibit.measure(exhibit.truth) for exhibit in exhibits]
    table = _Table(exhibits[0].figures, truths)
    truth = {
        (place, 0): Cell(exhibit.truth, truths[place]) for place, exhibit in enumerate(exhibits)
    }
    rows = [table.row(TRUTH, "truth", truth)]
    if baselines:
        rows += [
            table.row(label, "forgery", cells) for label, cells in _forged(exhibits, seeds).items()
        ]
    run = [(line, cells) for line in lines if (cells := _run(exhibits, line, seeds, store))]
    nulls = {
        line.way.unit: table.row(line.label, "null", cells, line.way)
        for line, cells in run
        if line.way.is_null
    }
    first: MediaRow | None = None
    for line, cells in run:
        null = nulls.get(line.way.unit)
        if line.way.is_null and null is not None:
            rows.append(null)
        else:
            rows.append(table.row(line.label, "ours", cells, line.way, null or first))
            first = first or rows[-1]
    return rows


def _forged(
    exhibits: Sequence[Exhibit], seeds: Sequence[int]
) -> dict[str, dict[tuple[int, int], Cell]]:
    found: dict[str, dict[tuple[int, int], Cell]] = {}
    for place, exhibit in enumerate(exhibits):
        for seed in seeds:
            for label, sample in exhibit.forgeries(seed).items():
                cell = Cell(sample, exhibit.measure(sample))
                found.setdefault(label, {})[place, seed] = cell
    return found


def _run(
    exhibits: Sequence[Exhibit], line: Line, seeds: Sequence[int], store: Store
) -> dict[tuple[int, int], Cell]:
    found = {}
    for place, exhibit in enumerate(exhibits):
        for seed in seeds:
            if (run := store.get(exhibit.spec(line.way, seed))) is not None:
                sample = exhibit.sample_of(run)
                figures = exhibit.measure(sample) | _figures_of(run, exhibit.gap)
                found[place, seed] = Cell(sample, figures, run)
    return found


def _figures_of(run: FillRun, gap: int) -> dict[str, float]:
    """Those that only a run has."""
    choices, own = run.choices, run.code_lengths
    null = run.spec.way.is_null  # whose compressor plays no part
    return {
        "agreement": np.nan if choices is None else choices["agreement_with_null"],
        "own_excess": np.nan if null else (own.sample - own.truth) / gap,
        "seconds": run.seconds,
    }


class _Table:
    """What all rows share: the columns, and what each figure is for the truth."""

    def __init__(self, figures: Sequence[Figure], truths: Sequence[Mapping[str, float]]) -> None:
        self._figures = (*figures, *OF_RUNS)
        self._truths = truths

    def row(
        self,
        label: str,
        kind: Literal["truth", "forgery", "null", "ours"],
        cells: dict[tuple[int, int], Cell],
        way: Way | None = None,
        reference: MediaRow | None = None,
    ) -> MediaRow:
        means, differences, pairs = {}, {}, {}
        for figure in self._figures:
            values = {key: cell.figures.get(figure.name, np.nan) for key, cell in cells.items()}
            if np.isfinite(list(values.values())).any():
                means[figure.name] = mean_over_inputs(values)
            if reference is None or figure in OF_RUNS:
                continue
            theirs = {
                key: cell.figures.get(figure.name, np.nan) for key, cell in reference.cells.items()
            }
            apart = paired(self._off(figure, values), self._off(figure, theirs))
            differences[figure.name] = mean_over_inputs(apart)
            pairs[figure.name] = len(independent(apart))
        row = MediaRow(label, kind, cells, means, way)
        if reference is None:
            return row
        against_null = reference.kind == "null"
        return replace(
            row,
            versus=reference.label,
            against_null=against_null,
            differences=differences,
            pairs=pairs,
        )

    def _off(self, figure: Figure, values: Cells) -> Cells:
        """How far figures are from the truth's, where that is what matters."""
        if figure.better != "truth":
            return values
        return {
            (place, seed): abs(value - self._truths[place][figure.name])
            for (place, seed), value in values.items()
        }


def independent(values: Cells) -> NDArray[np.float64]:
    """What an interval comes from: the mean of each input over its seeds, or the seeds of a
    single input. What is not finite is left out."""
    inputs: dict[int, list[float]] = {}
    for (place, _), value in sorted(values.items()):
        if np.isfinite(value):
            inputs.setdefault(place, []).append(value)
    seeds = list(inputs.values())
    return np.array(seeds[0] if len(seeds) == 1 else [np.mean(one) for one in seeds], np.float64)


def mean_over_inputs(values: Cells) -> Mean:
    """The mean over inputs of the means over their seeds, with its interval."""
    return mean_of(independent(values), np.random.default_rng(0))


def paired(ours: Cells, theirs: Cells) -> Cells:
    """`ours - theirs`, where both have the input and the seed."""
    return {key: ours[key] - theirs[key] for key in ours if key in theirs}
