"""From words on the command line to pictures, and to a place for one."""

import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from compgen.cli.files import STANDARD
from compgen.errors import UsageError

if TYPE_CHECKING:
    from compgen.media.image_file import ImageFile
    from compgen.media.pixels import Pixels

SIZE = re.compile(r"(\d+)[xX×](\d+)")


def parse_size(text: str | None) -> tuple[int, int] | None:
    """`64x48` as width and height."""
    if text is None:
        return None
    found = SIZE.fullmatch(text.strip())
    size = (int(found[1]), int(found[2])) if found else (0, 0)
    if not all(size):
        raise UsageError(f"--size {text}: write width and height, 1 or more: 64x64")
    return size


def check_output(output: Path | None, picture: Path, *, shown: bool, as_json: bool) -> Path | None:
    """Where the result goes; None: it is only looked at, or told of."""
    if output is None:
        if not (shown or as_json):
            raise UsageError("name the result with -o OUT.png, or look at it with --show")
        return None
    if output == STANDARD:
        if shown or as_json:
            raise UsageError(
                "-o - writes the picture to standard output, which leaves no room "
                "there for --show and --json; use -o OUT.png"
            )
        return output
    if output.suffix.lower() != ".png":
        raise UsageError(f"{output}: only PNG is written; call it {output.with_suffix('.png')}")
    if os.path.realpath(output) == os.path.realpath(picture):
        raise UsageError(f"{output} is the input itself; name another output with -o")
    return output


def read_picture(path: Path, size: tuple[int, int] | None, gray: bool) -> "ImageFile":
    """A picture from a file, or from stdin for `-`."""
    from compgen.cli.inputs import read_input
    from compgen.media.image_file import read_image

    if path == STANDARD:
        return read_image(read_input(path), size=size, gray=gray, label="standard input")
    return read_image(path, size=size, gray=gray)


def read_corpus_images(
    paths: Sequence[Path] | None, size: tuple[int, int] | None, channels: int
) -> "list[Pixels]":
    """The pictures, with `channels` channels each, resampled as the one that is filled."""
    from compgen.media.image_file import read_image

    found = []
    for path in paths or ():
        pixels = read_image(path, size=size, gray=channels == 1).pixels
        found.append(pixels.repeat(channels, 2) if pixels.shape[2] < channels else pixels)
    return found
