"""Which engine runs a checkpoint, and where the checkpoint is."""

from functools import lru_cache
from pathlib import Path
from typing import Any

from compgen.errors import UnsupportedError
from compgen.neural.checkpoint import CONFIG, MODEL, Checkpoint, load
from compgen.neural.engine import Engine
from compgen.neural.portable import PortableGru
from compgen.neural.way import Way, fast_engine

DEFAULT = Path(__file__).parent / "default"
"""The model that comes with compgen."""
PLAIN = Way()


def engine_of(directory: str | Path, way: Way = PLAIN) -> Engine[Any]:
    """The engine for the checkpoint in `directory`, ready to run; "": for the one of compgen.

    It is kept: a second call does not read the checkpoint again, unless that has changed.

    Raises UsageError and InputError as `checkpoint.load`, UnsupportedError for a model that
    cannot be run that way, MissingPackageError without numba, or torch where that is needed.
    """
    path = Path(directory) if str(directory) else DEFAULT
    return _kept(str(path.absolute()), str(path), _marks(path), way)


def engine_for(checkpoint: Checkpoint) -> Engine[Any]:
    """An engine of the mode `portable`."""
    if checkpoint.config.kind == "gru":
        return PortableGru(checkpoint)
    raise UnsupportedError(
        f"a model of the kind '{checkpoint.config.kind}' cannot be run portably; only 'gru' can"
    )


@lru_cache(maxsize=4)
def _kept(_absolute: str, path: str, _marks: tuple[tuple[int, int], ...], way: Way) -> Engine[Any]:
    checkpoint = load(path)
    if way.is_portable(checkpoint.config.kind):
        return engine_for(checkpoint)
    return fast_engine(checkpoint, way)


def _marks(directory: Path) -> tuple[tuple[int, int], ...]:
    """What changes when the checkpoint does."""
    found = []
    for name in (CONFIG, MODEL):
        try:
            status = (directory / name).stat()
        except OSError:
            continue  # `load` says what is wrong
        found.append((status.st_mtime_ns, status.st_size))
    return tuple(found)
