"""What `cgen rates` compresses: files as bytes, cut as in the paper's Table 1.

    text     the files as they are, one after another
    image    pictures in grey, cut into patches of 32 rows of 64 pixels, flattened
    audio    one channel, 16 kHz, 8 bit, cut into pieces of 2048 samples
    random   bytes that nothing can compress: the control

A patch and a piece are 2048 bytes, the paper's chunk; what is left over at the right and at
the bottom of a picture, and at the end of a recording, is left out, as there.

Source: Delétang et al., ICLR 2024, section 3.1, and data_loaders.py of
google-deepmind/language_modeling_is_compression (grey is the mean of red, green and blue,
rounded down; 8 bit is the high byte of 16, plus 128).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from compgen.corpus import read_whole
from compgen.errors import InputError
from compgen.evaluation.patches import patches_of
from compgen.evaluation.recording import pieces_of

Kind = Literal["text", "image", "audio", "random"]
KINDS: tuple[Kind, ...] = ("text", "image", "audio", "random")
CHUNK_BYTES = 2048
"""The paper's chunk length."""
IMAGES = {".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif", ".tif", ".tiff", ".ppm", ".pgm", ".pnm"}
RECORDINGS = {".wav", ".wave", ".flac"}


@dataclass(frozen=True)
class Material:
    """Data of one kind."""

    kind: Kind
    data: bytes
    files: int
    note: str = ""
    """What had to be done to it beyond the protocol: resampling, say."""


def gather(
    paths: Iterable[Path], *, kind: Kind | None = None, limit: int | None = None
) -> list[Material]:
    """The files by kind, in the order of KINDS; `kind` says what all of them are.

    By default the name tells: .png, .jpg … are pictures, .wav and .flac recordings, the rest
    text. `limit` keeps at most so many bytes of each kind: of each file the beginning, whole
    patches and pieces, all files the same share.

    Raises UsageError for a file that is missing, InputError for one that cannot be read as its
    kind or is too small to be cut, MissingPackageError for FLAC without soundfile.
    """
    pieces: dict[Kind, list[bytes]] = {}
    notes: dict[Kind, dict[str, None]] = {}
    for path in paths:
        data = read_whole(path)
        its_kind = kind or kind_of(path)
        note = ""
        if its_kind == "image":
            data = patches_of(data, str(path))
        elif its_kind == "audio":
            data, note = pieces_of(data, str(path), CHUNK_BYTES)
        pieces.setdefault(its_kind, []).append(data)
        notes.setdefault(its_kind, {})[note] = None
    found = []
    for its_kind in KINDS:
        if its_kind in pieces:
            found_pieces = pieces[its_kind]
            share = None if limit is None else _share(limit, len(found_pieces), its_kind)
            whole = b"".join(piece[:share] for piece in found_pieces)
            if not whole:
                raise InputError("the files are empty; there is nothing to compress")
            note = "; ".join(filter(None, notes[its_kind]))
            found.append(Material(its_kind, whole, len(found_pieces), note))
    return found


def _share(limit: int, files: int, kind: Kind) -> int:
    """How much of each of `files` files is used where `limit` bytes are."""
    share = max(limit // files, 1)
    return share if kind == "text" else max(share // CHUNK_BYTES, 1) * CHUNK_BYTES


def random_control(size: int, rng: np.random.Generator) -> Material:
    """So many random bytes."""
    return Material("random", rng.bytes(size), 0)


def kind_of(path: Path) -> Kind:
    """What a file is, by its name."""
    suffix = path.suffix.lower()
    return "image" if suffix in IMAGES else "audio" if suffix in RECORDINGS else "text"
