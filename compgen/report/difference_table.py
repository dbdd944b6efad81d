"""The small table below a comparison's rows: what each differs by from one of them."""

from collections.abc import Collection, Sequence
from math import isnan

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from compgen.experiment.paired import Difference
from compgen.metrics.intervals import Mean

LEGEND = (
    "Less the row that is named, paired: prompt by prompt, byte by byte of the same held-out "
    "text. |gap|: below 0 is nearer to real text. *: 0 is outside the 95 % interval; of twenty "
    "such intervals one leaves it outside by chance."
)


def difference_table(
    differences: Sequence[Difference], reference: str, dim: Collection[str] = ()
) -> RenderableType:
    """A line a row; those whose labels are in `dim` were not asked for."""
    table = Table(box=None, padding=(0, 1), header_style="dim", pad_edge=False)
    table.add_column(Text(f"against {reference}"), overflow="fold")
    for name in ("bits/byte", "gap", "|gap|", "copied"):
        table.add_column(name, justify="right", no_wrap=True)
    for one in differences:
        table.add_row(
            Text(one.label, style="dim italic" if one.label in dim else ""),
            *map(signed, (one.cross_entropy, one.gap, one.distance, one.copied)),
        )
    return Group(table, Text(LEGEND, style="dim"))


def signed(mean: Mean | None) -> str:
    """A difference, half its interval, and a star where 0 is outside it."""
    if mean is None or isnan(mean.value):
        return "–"
    if isnan(mean.half_width):  # one prompt, or an infinite cost
        return f"{mean.value:+.2f}  "
    return f"{mean.value:+.2f} ±{mean.half_width:.2f}{'*' if mean.excludes_zero else ' '}"
