"""What a sound costs, and its measures, as a table; each with what it means."""

import math

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from compgen.metrics.sound import SoundMeasures
from compgen.sound.score import SoundScore

EXPLAINED = (
    ("log_spectral_distance", "spectrum", ".1f", "dB off the truth's"),
    ("log_spectral_distance_known", "… to the known", ".1f", "dB; the truth's own: {truth}"),
    ("level_difference", "level", "+.1f", "dB louder than the truth; 0 is right"),
    ("level_distance", "levels", ".1f", "dB off the truth's, as distributions"),
    ("pitch", "pitch", ".0f", "Hz, median; the truth's: {truth}"),
    ("pitch_distance", "pitches", ".1f", "semitones off, as distributions"),
    ("voiced_fraction", "voiced", ".2f", "share with a pitch; the truth's: {truth}"),
    ("copied_fraction", "copied", ".2f", "share of 30 ms spans from the known part"),
)


def sound_score_table(score: SoundScore, measures: SoundMeasures | None) -> RenderableType:
    """What a sound costs, and its measures where there are some, one a line."""
    table = Table(box=None, show_header=False, padding=(0, 1))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(justify="right")
    table.add_column(style="dim")
    channels = {1: "mono", 2: "stereo"}[score.channels]
    seconds = score.length / score.rate
    table.add_row("sound", f"{seconds:.2f}", f"seconds, {score.rate:,} Hz, {channels}")
    table.add_row("coded as", score.coded_as, "")
    table.add_row(
        "code length",
        f"{score.bits_per_sample:.3f}",
        f"bits/sample; {score.bits / 8:,.0f} bytes in all",
    )
    if measures is not None:
        for field, title, form, meaning in EXPLAINED:
            truth = _told(getattr(measures, f"truth_{field}", math.nan), form)
            told = _told(getattr(measures, field), form)
            table.add_row(title, told, meaning.format(truth=truth))
    return Group(Text(score.compressor, overflow="fold"), table)


def _told(value: float, form: str) -> str:
    """A figure, or a dash where there is none: too short, silent, without a pitch."""
    return format(value, form) if math.isfinite(value) else "–"
