"""A model of sound, told this sound's true shape."""

import dataclasses

from compgen.compressor import Compressor
from compgen.errors import UnsupportedError

LAW = "mulaw"
"""What the unit `sample` writes."""


def hears_samples(compressor: Compressor) -> bool:
    """Whether it knows what a byte of sound stands for: samplecm."""
    return any(option.name == "law" for option in dataclasses.fields(compressor))


def fit_samples(compressor: Compressor, channels: int) -> Compressor:
    """`compressor` with its options `channels` and `law`, if it has such, set to the sound's.

    Raises UnsupportedError where another number of channels, or another law, was given by hand.
    """
    if not hears_samples(compressor):
        return compressor
    options = {option.name: option for option in dataclasses.fields(compressor)}
    wanted = {"channels": channels, "law": LAW}
    for name, value in wanted.items():
        if getattr(compressor, name) not in (options[name].default, value):
            raise UnsupportedError(
                f"{compressor}: the samples here have {name}={value}; leave the option out"
            )
    return dataclasses.replace(compressor, **wanted)
