"""Which versions made a result: without them nobody can make it again."""

import platform
from collections.abc import Iterable

import numpy as np

from compgen._version import __version__
from compgen.compressor import Compressor


def versions_of(compressors: Iterable[Compressor]) -> dict[str, str]:
    """compgen, Python, numpy, and the library behind each compressor."""
    versions = {
        "compgen": __version__,
        "python": platform.python_version(),
        "numpy": np.__version__,
    }
    versions |= {compressor.name: compressor.library() for compressor in compressors}
    return versions
