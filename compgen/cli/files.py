"""Files in, files out: an output is there whole or not at all.

FILE ─► open_input ─► … ─► open_output ─► .cgen-XXXX in the same directory ─► its name
                                                 │
                                                 └─ any error, Ctrl-C: removed
"""

import contextlib
import os
import stat
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from compgen.cli import console
from compgen.cli.interrupt import keep_what_there_is
from compgen.errors import FailureError, InputError, UsageError

SUFFIX = ".cg"
STANDARD = Path("-")
"""Standard input or standard output, as one writes it."""


@contextlib.contextmanager
def open_input(path: Path) -> Iterator[BinaryIO]:
    """A file, or stdin for `-`, to be read. Raises UsageError or InputError if it cannot be."""
    if path == STANDARD:
        if sys.stdin is None:
            raise InputError("standard input is closed; name a file")
        if sys.stdin.isatty():
            raise UsageError("standard input is a terminal; name a file, or pipe one in")
        yield sys.stdin.buffer
        return
    try:
        file = path.open("rb")
    except FileNotFoundError:
        raise UsageError(f"{path}: no such file") from None
    except IsADirectoryError:
        raise UsageError(f"{path} is a directory; name a file in it") from None
    except OSError as error:
        raise InputError(f"{path}: {error.strerror or error}") from error
    with file:
        yield file


def known_size(file: BinaryIO) -> int | None:
    """The length of a regular file from where it is read; None for a pipe or a device."""
    try:
        found = os.fstat(file.fileno())
        return found.st_size - file.tell() if stat.S_ISREG(found.st_mode) else None
    except OSError:  # among them io.UnsupportedOperation: it is no file at all
        return None


@contextlib.contextmanager
def open_output(path: Path, *, force: bool, like: Path) -> Iterator[BinaryIO]:
    """A file, or stdout for `-`, to be written; a file appears once all is written.

    It gets the permissions and the time of the file `like`, if that is a file. Raises
    UsageError for a file that is there already and a terminal, unless `force`.
    """
    if path == STANDARD:
        with _standard_output(force) as stdout:
            yield stdout
        return
    place = Path(os.path.realpath(path))  # a link stays, and the file it leads to is written
    _check_place(path, place, force, like)
    if place.exists() and not place.is_file():  # /dev/null, a named pipe
        with place.open("wb") as device:
            yield device
        return
    keep_what_there_is()  # from here on there is something to clear away
    descriptor, name = tempfile.mkstemp(prefix=".cgen-", dir=place.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
            file.flush()
            os.fsync(descriptor)
        _resemble(Path(name), like)
        _publish(Path(name), place, force)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name)
        raise


@contextlib.contextmanager
def _standard_output(force: bool) -> Iterator[BinaryIO]:
    if sys.stdout is None:
        raise FailureError("standard output is closed; there is nowhere to write")
    if sys.stdout.isatty() and not force:
        raise UsageError(
            "standard output is a terminal, and these bytes are not text for it; redirect it, "
            "name a file with -o, or add --force"
        )
    console.flush()
    yield sys.stdout.buffer
    sys.stdout.buffer.flush()


def _check_place(path: Path, place: Path, force: bool, like: Path) -> None:
    if place.is_dir():
        raise UsageError(f"{path} is a directory; name a file in it")
    if not place.parent.is_dir():
        raise UsageError(f"{path}: there is no directory {place.parent}")
    if like != STANDARD and place == Path(os.path.realpath(like)):
        raise UsageError(f"{path} is the input itself; name another output with -o")
    if place.is_file() and not force:
        raise UsageError(f"{path} is there already; --force overwrites it, -o names another")


def _resemble(file: Path, like: Path) -> None:
    """Give `file` the permissions and the time of `like`, or those of any new file."""
    if like.is_file():
        found = like.stat()
        os.chmod(file, stat.S_IMODE(found.st_mode) & 0o777)
        os.utime(file, ns=(found.st_atime_ns, found.st_mtime_ns))
    else:
        mask = os.umask(0)
        os.umask(mask)
        os.chmod(file, 0o666 & ~mask)


def _publish(file: Path, place: Path, force: bool) -> None:
    """Give `file` its name; without `force`, not over what has come to be there meanwhile."""
    if not force:
        try:
            os.link(file, place)
        except FileExistsError:
            raise UsageError(f"{place} has appeared meanwhile; --force overwrites it") from None
        except OSError:  # a file system without hard links
            pass
        else:
            os.unlink(file)
            return
    os.replace(file, place)
