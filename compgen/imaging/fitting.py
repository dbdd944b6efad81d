"""A compressor that lays its bytes out as a picture, told the picture's true shape."""

import dataclasses

from compgen.compressor import Compressor


def fit(compressor: Compressor, width: int, channels: int) -> Compressor:
    """`compressor` with its options `width` and `channels`, if it has such, set to the picture's.

    One that was given by hand stays as it is.
    """
    wanted = {"width": width, "channels": channels}
    changed = {
        option.name: wanted[option.name]
        for option in dataclasses.fields(compressor)
        if option.name in wanted and getattr(compressor, option.name) == option.default
    }
    return dataclasses.replace(compressor, **changed) if changed else compressor


def sees_pictures(compressor: Compressor) -> bool:
    """Whether it knows of rows: PNG, WebP, pixelcm."""
    return any(option.name == "width" for option in dataclasses.fields(compressor))
