"""What a picture costs, and its measures, as a table; each with what it means."""

import math

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from compgen.imaging.score import ImageScore
from compgen.metrics.image import ImageMeasures

EXPLAINED = (
    ("gradient_distance", "gradients", ".2f", "gray levels off the truth's"),
    ("spectrum_distance", "spectrum", ".2f", "bits off the truth's"),
    ("patch_distance", "patches", ".2f", "gray levels off the known part's"),
    (
        "excess_bits_per_pixel",
        "Δ code length",
        "+.2f",
        "WebP bits/pixel above the truth's; 0 is right",
    ),
    ("seam_ratio", "seam", ".2f", "steps at the border over others; 1 is right"),
    ("copied_fraction", "copied", ".2f", "share of 4 x 4 patches from the known part"),
    ("psnr", "PSNR", ".1f", "dB; punishes diversity: prefers a blur"),
    ("ssim", "SSIM", ".2f", "punishes diversity as well"),
)


def image_score_table(score: ImageScore, measures: ImageMeasures | None) -> RenderableType:
    """What a picture costs, and its measures where there are some, one a line."""
    table = Table(box=None, show_header=False, padding=(0, 1))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(justify="right")
    table.add_column(style="dim")
    colours = {1: "gray", 3: "RGB"}[score.channels]
    table.add_row("picture", f"{score.width} x {score.height}", f"pixels, {colours}")
    table.add_row(
        "code length",
        f"{score.bits_per_pixel:.3f}",
        f"bits/pixel; {score.bits / 8:,.0f} bytes in all",
    )
    if measures is not None:
        for field, title, form, meaning in EXPLAINED:
            value = getattr(measures, field)
            table.add_row(title, "–" if math.isnan(value) else format(value, form), meaning)
    return Group(Text(score.compressor, overflow="fold"), table)
