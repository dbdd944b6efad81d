"""A file that is there whole or not at all, whenever the process is killed.

    data ─► .NAME.XXXX, in its directory ─► fsync ─► rename to NAME ─► fsync of the directory

A reader sees the old file or the new one.
"""

import contextlib
import os
import tempfile
from pathlib import Path


def write_atomically(path: Path, data: bytes) -> None:
    """Let `path` hold `data`; before that it holds what it held. Raises OSError."""
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(name, 0o666 & ~_umask())
        os.replace(name, path)
    except BaseException as error:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name)
        if isinstance(error, OSError):  # of a full disk it does not say which file
            raise OSError(error.errno, error.strerror, str(path)) from error
        raise
    persist_names(path.parent)


def remove_remains(directory: Path, names: tuple[str, ...]) -> None:
    """Remove what a killed `write_atomically` left of the files of these names."""
    for name in names:
        for remains in directory.glob(f".{name}.????????"):
            with contextlib.suppress(OSError):
                remains.unlink()


def persist_names(directory: Path) -> None:
    """Let renames and removals in `directory` survive a power failure, where that can be asked."""
    with contextlib.suppress(OSError):  # Windows opens no directories
        descriptor = os.open(directory, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
