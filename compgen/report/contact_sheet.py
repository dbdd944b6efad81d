"""A contact sheet: pictures side by side, so that one can look at them."""

from collections.abc import Sequence

import numpy as np

from compgen.compressors.picture import pillow
from compgen.media.pixels import Pixels

GROUND = 60
INK = 235
GAP = 6
LINE = 14
"""Pixels: between pictures, and for a line of text."""
SMALLEST = 128
"""Pictures are enlarged, each pixel to a square, until they are at least so wide."""


def contact_sheet(
    rows: Sequence[Sequence[Pixels]],
    columns: Sequence[str] = (),
    names: Sequence[str] = (),
    *,
    smallest: int = SMALLEST,
) -> Pixels:
    """All pictures on one, in rows; gray if all are. `columns` and `names` are written beside
    the columns and above the rows."""
    from PIL import ImageDraw, ImageFont

    cells = [picture for row in rows for picture in row]
    scale = max(1, -(-smallest // max(picture.shape[1] for picture in cells)))
    height = scale * max(picture.shape[0] for picture in cells)
    width = scale * max(picture.shape[1] for picture in cells)
    font = ImageFont.load_default(size=11)
    margin = GAP + (max(int(font.getlength(name)) for name in names) + GAP if names else 0)
    head = GAP + (LINE if columns else 0)
    count = max(map(len, rows))
    size = margin + count * (width + GAP), head + len(rows) * (height + GAP)
    coloured = any(picture.shape[2] == 3 for picture in cells)
    sheet = pillow().new("RGB" if coloured else "L", size, (GROUND,) * 3 if coloured else GROUND)
    draw = ImageDraw.Draw(sheet)
    ink = (INK,) * 3 if coloured else INK
    for column, title in enumerate(columns):
        fits = (end for end in range(len(title), 0, -1) if font.getlength(title[:end]) <= width)
        shown = title[: next(fits, 0)]
        draw.text((margin + column * (width + GAP), 2), shown, fill=ink, font=font)
    for row, pictures in enumerate(rows):
        top = head + row * (height + GAP)
        if names:
            draw.text((GAP, top + height // 2 - LINE // 2), names[row], fill=ink, font=font)
        for column, picture in enumerate(pictures):
            enlarged = picture.repeat(scale, 0).repeat(scale, 1)
            flat = enlarged[..., 0] if enlarged.shape[2] == 1 else enlarged
            sheet.paste(pillow().fromarray(flat), (margin + column * (width + GAP), top))
    pixels: Pixels = np.asarray(sheet)
    return pixels[..., None] if pixels.ndim == 2 else pixels
