"""Files in, files out: an output is there whole or not at all.

    FILE ─► open_input ─► … ─► open_output ─► .cgen-XXXX, in its directory ─► its name
                                    │             │
              until the first byte  │             └─ any error, Ctrl-C: removed
              there is nothing    ──┘

Before the first byte Ctrl-C ends the process: that is when numba is imported and compiles, and
an exception there comes out as another one.
"""

import contextlib
import os
import stat
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Protocol

from compgen.cli import console
from compgen.cli.interrupt import keep_what_there_is
from compgen.errors import FailureError, InputError, UsageError

SUFFIX = ".cg"
STANDARD = Path("-")
"""Standard input or standard output, as one writes it."""


class Output(Protocol):
    """Where bytes go."""

    @property
    def begun(self) -> bool:
        """Whether there is something that an interruption must clear away."""

    def write(self, data: bytes, /) -> object:
        """Append `data`."""


class Stream:
    """stdout or a device: what has been written there stays, whatever comes."""

    begun = False

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def write(self, data: bytes, /) -> object:
        return self._file.write(data)


class NewFile:
    """A file that takes its name when it is complete."""

    def __init__(self, place: Path) -> None:
        self._place = place
        self._name = Path()
        self._file: BinaryIO | None = None

    @property
    def begun(self) -> bool:
        return self._file is not None

    def write(self, data: bytes, /) -> object:
        return self._begin().write(data)

    def complete(self, like: Path, force: bool) -> None:
        """Give it the looks of the file `like`, and its name; over another only by `force`."""
        with self._begin() as file:
            file.flush()
            os.fsync(file.fileno())
        _resemble(self._name, like)
        _publish(self._name, self._place, force)

    def discard(self) -> None:
        """Let nothing be left of it."""
        if self._file is not None:
            with contextlib.suppress(OSError):  # a full disk is met again at closing
                self._file.close()
            with contextlib.suppress(FileNotFoundError):
                self._name.unlink()

    def _begin(self) -> BinaryIO:
        if self._file is None:
            keep_what_there_is()  # from here on there is something to clear away
            try:
                descriptor, name = tempfile.mkstemp(prefix=".cgen-", dir=self._place.parent)
            except OSError as error:  # whose name nobody knows
                raise OSError(error.errno, error.strerror, str(self._place)) from error
            self._name = Path(name)
            self._file = os.fdopen(descriptor, "wb")
        return self._file


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
def open_output(path: Path, *, force: bool, like: Path) -> Iterator[Output]:
    """A file, or stdout for `-`, to be written; a file appears once all is written.

    It gets the permissions and the time of the file `like`, if that is a file. Raises
    UsageError for a file that is there already and a terminal, unless `force`;
    FailureError, before anything is yielded, for a directory that cannot be written to.
    """
    if path == STANDARD:
        with _standard_output(force) as stdout:
            yield Stream(stdout)
        return
    place = Path(os.path.realpath(path))  # a link stays, and the file it leads to is written
    _check_place(path, place, force, like)
    if place.exists() and not place.is_file():  # /dev/null, a named pipe
        with place.open("wb") as device:
            yield Stream(device)
        return
    file = NewFile(place)
    try:
        yield file
        file.complete(like, force)
    except BaseException:
        file.discard()
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
    if not place.exists() and not os.access(place.parent, os.W_OK):  # said before the work
        raise FailureError(f"{path}: nothing can be written to the directory {place.parent}")


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
