"""A PNG with the story of how it was made in its metadata (iTXt, UTF-8)."""

import io
import json
from collections.abc import Mapping
from typing import Any

from compgen.compressors.picture import pillow
from compgen.media.pixels import Pixels

SOFTWARE = "Software"
"""One of the keywords that the PNG specification knows (section 11.3.3.2)."""


def png_bytes(pixels: Pixels, metadata: Mapping[str, Any]) -> bytes:
    """The file. Values that are no text are written as JSON."""
    from PIL.PngImagePlugin import PngInfo

    info = PngInfo()
    for key, value in metadata.items():
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        info.add_itxt(key, text)
    image = pillow().fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels)
    file = io.BytesIO()
    image.save(file, format="PNG", pnginfo=info, optimize=True)
    return file.getvalue()
