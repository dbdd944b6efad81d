"""Pictures to look at and sounds to listen to, side by side, each in the page itself.

the truth │ given │ row │ row │ …         one below the other: a sample for each seed
"""

import base64
import io
from collections.abc import Sequence
from html import escape

import numpy as np

from compgen.compressors.picture import pillow
from compgen.experiment.exhibit import Exhibit, Sample
from compgen.experiment.media_quality import TRUTH, MediaRow
from compgen.experiment.picture_exhibit import PictureExhibit
from compgen.experiment.sound_exhibit import SoundExhibit
from compgen.imaging.canvas import Canvas
from compgen.media.pixels import Pixels
from compgen.media.png_file import png_bytes
from compgen.media.wav_file import wav_bytes
from compgen.report.media_table import MediaComparison
from compgen.report.spectrogram import spectrogram

SHOWN = 4
"""Seeds of each row that are shown; of forgeries one."""
WIDTH = 140
"""Pixels: pictures are enlarged by a whole number to about this."""
BEFORE = 1.0
"""Seconds of the given part that are heard before what was made."""
GIVEN = "given"
COLOURS = 24
"""Of a spectrogram."""


def gallery(comparison: MediaComparison, place: int) -> str:
    """All samples of one input."""
    exhibit, name = comparison.exhibits[place], comparison.names[place]
    truth, *rows = comparison.rows
    rows.sort(key=lambda row: row.kind == "forgery")  # those last
    cards = [_card(exhibit, truth, place), _given(exhibit)]
    cards += [_card(exhibit, row, place) for row in rows]
    return (
        f"<details open><summary>{escape(name)} <small>{escape(exhibit.description)}"
        f'</small></summary><div class="gallery {exhibit.medium}">{"".join(cards)}</div></details>'
    )


def _card(exhibit: Exhibit, row: MediaRow, place: int) -> str:
    cells = [(seed, cell) for (where, seed), cell in row.cells.items() if where == place]
    most = 1 if row.kind == "forgery" else SHOWN
    shown = "".join(
        _sample(exhibit, cell.sample, _alternative(exhibit, row, seed, len(cells)))
        for seed, cell in cells[:most]
    )
    told = _told(exhibit, [cell.figures for _, cell in cells])
    return (
        f'<figure class="{row.kind}">{shown or "–"}<figcaption><b>{escape(row.label)}</b>'
        f"{told if row.label != TRUTH else ''}</figcaption></figure>"
    )


def _told(exhibit: Exhibit, cells: Sequence[dict[str, float]]) -> str:
    """The first figure of this input, so that what is seen has a number."""
    figure = exhibit.figures[0]
    values = [cell[figure.name] for cell in cells if np.isfinite(cell[figure.name])]
    if not values:
        return ""
    return f"<br>{escape(figure.title)} {np.mean(values):{figure.form}}"


def _alternative(exhibit: Exhibit, row: MediaRow, seed: int, cells: int) -> str:
    """What one reads who cannot see it."""
    return f"{exhibit.name}: {row.label}" + (f", seed {seed}" if cells > 1 else "")


def _given(exhibit: Exhibit) -> str:
    alternative = f"{exhibit.name}: what is given"
    if isinstance(exhibit, PictureExhibit):
        shown = _picture(Canvas.of(exhibit.pixels, exhibit.unknown).pixels, alternative)
    else:
        assert isinstance(exhibit, SoundExhibit)
        shown = _sound(exhibit, exhibit.given[:0], alternative)
    return f'<figure class="truth">{shown}<figcaption><b>{GIVEN}</b></figcaption></figure>'


def _sample(exhibit: Exhibit, sample: Sample, alternative: str) -> str:
    if isinstance(exhibit, SoundExhibit):
        return _sound(exhibit, sample, alternative)
    return _picture(sample, alternative)


def _picture(pixels: Sample, alternative: str) -> str:
    height, width = pixels.shape[:2]
    scale = max(1, round(WIDTH / width))
    return (
        f'<img class="pixels" src="{_data("image/png", png_bytes(pixels, {}))}" '
        f'width="{scale * width}" height="{scale * height}" alt="{escape(alternative)}">'
    )


def _sound(exhibit: SoundExhibit, made: Sample, alternative: str) -> str:
    before = exhibit.given[-round(BEFORE * exhibit.rate) :]
    heard = np.concatenate([before, made])
    picture = _few_colours(spectrogram(heard, exhibit.rate, len(before)))
    sound = wav_bytes(heard, exhibit.rate, "compgen", {})
    label = escape(alternative)
    return (
        f'<img src="{_data("image/png", picture)}" alt="Spectrogram of {label}">'
        f'<audio controls preload="none" src="{_data("audio/wav", sound)}" aria-label="{label}">'
        "</audio>"
    )


def _few_colours(pixels: Pixels) -> bytes:
    """A PNG with a palette: a spectrogram is one row of colours, and a page holds many."""
    from PIL import Image

    image = pillow().fromarray(pixels).quantize(COLOURS, dither=Image.Dither.NONE)
    file = io.BytesIO()
    image.save(file, format="PNG", optimize=True)
    return file.getvalue()


def _data(kind: str, content: bytes) -> str:
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"
