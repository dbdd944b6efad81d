"""A trained model on disk: safetensors and JSON, never pickle. Needs no torch.

    DIR/config.json          kind, sizes, provenance
    DIR/model.safetensors    float32 tensors, whose names and shapes follow from the config
    DIR/training/            what resuming needs (training_state.py); not needed to use the model

What is read is not trusted: the config bounds the sizes, the sizes give the file's length to the
byte, and only a file of that length is read at all.

    config.json ─► sizes in bounds? ─► length of model.safetensors ─► its header ─► finite weights?

Saving can be killed at any point. The model is renamed into place before its config; both are
whole files, so what is there afterwards is the old checkpoint, the new model with the provenance
of the last save, or the new checkpoint. Where the sizes differ, the old config goes first: then
for a moment the directory is no checkpoint, but never a wrong one.
"""

import contextlib
import hashlib
import json
import math
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from compgen.atomic import persist_names, remove_remains, write_atomically
from compgen.errors import InputError, UsageError
from compgen.neural.config import AnyConfig, Config, config_of

CONFIG = "config.json"
MODEL = "model.safetensors"
LARGEST_CONFIG = 1 << 20
LARGEST_HEADER = 1 << 20

Tensors = dict[str, NDArray[np.float32]]


@dataclass(frozen=True)
class Checkpoint:
    """A model as it is on disk."""

    config: AnyConfig
    tensors: Tensors
    sha256: str
    """`identity(config, tensors)`: equal for two checkpoints that compute the same."""


def load(path: str | Path) -> Checkpoint:
    """The checkpoint in the directory `path`, whole and valid.

    Raises UsageError if there is no such directory, InputError if it is no checkpoint or a
    damaged one.
    """
    config = load_config(path)
    tensors = _load_tensors(Path(path) / MODEL, config)
    return Checkpoint(config, tensors, identity(config, tensors))


def load_config(path: str | Path) -> AnyConfig:
    """The config alone of the checkpoint in the directory `path`; raises as `load` does."""
    directory = _require_directory(Path(path))
    file = directory / CONFIG
    if not file.exists():
        raise InputError(f"{directory} is no checkpoint: it has no {CONFIG}")
    return config_of(parse_json(_read(file, LARGEST_CONFIG), file), file)


def save(path: str | Path, config: AnyConfig, tensors: Mapping[str, NDArray[np.float32]]) -> None:
    """Let the directory `path` (made if need be) hold this checkpoint.

    Raises ValueError on tensors that are not those of the config or not finite, OSError where
    it cannot be written.
    """
    from safetensors.numpy import save as serialise

    _check_tensors(config, tensors)
    directory = Path(path)
    directory.mkdir(parents=True, exist_ok=True)
    remove_remains(directory, (CONFIG, MODEL))
    text = json.dumps(config.as_dict(), indent=2, allow_nan=False, ensure_ascii=False) + "\n"
    model = serialise({name: np.ascontiguousarray(tensors[name]) for name in config.shapes()})
    if not _holds(directory, config):
        (directory / CONFIG).unlink(missing_ok=True)
        persist_names(directory)
    write_atomically(directory / MODEL, model)
    write_atomically(directory / CONFIG, text.encode())


def identity(config: Config, tensors: Mapping[str, NDArray[np.float32]]) -> str:
    """SHA-256 of what the model computes: kind and sizes as JSON with sorted keys, then the
    little-endian float32 of every tensor in the order of their names. Provenance and dropout
    are not part of it.
    """
    sizes = {"kind": config.kind, **config.sizes}
    digest = hashlib.sha256(json.dumps(sizes, sort_keys=True).encode())
    for name in sorted(tensors):
        digest.update(np.ascontiguousarray(tensors[name], dtype="<f4").tobytes())
    return digest.hexdigest()


def parse_json(text: bytes, source: object) -> Any:
    """The value of `text`, which may be anything. Raises InputError naming `source`."""
    try:
        return json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        raise InputError(f"{source} is damaged: it is no JSON") from None


def _refuse_constant(name: str) -> Any:
    raise ValueError(name)


def _require_directory(path: Path) -> Path:
    if path.is_dir():
        return path
    if path.exists():
        raise UsageError(f"{path} is a file; a checkpoint is a directory with a {CONFIG}")
    raise UsageError(f"{path}: no such checkpoint")


def _holds(directory: Path, config: Config) -> bool:
    """Whether a checkpoint of these very sizes is there already."""
    try:
        found = load_config(directory)
    except (InputError, UsageError):
        return False
    return found.kind == config.kind and found.sizes == config.sizes


def _read(file: Path, most: int) -> bytes:
    """A regular file of at most `most` bytes; raises InputError."""
    _require_regular(file)
    with _open(file) as opened:
        data = opened.read(most + 1)
    if len(data) > most:
        raise InputError(f"{file} is damaged: it is larger than {most:,} bytes")
    return data


@contextlib.contextmanager
def _open(file: Path) -> Iterator[BinaryIO]:
    try:
        with file.open("rb") as opened:
            yield opened
    except OSError as error:
        raise InputError(f"{file}: {error.strerror or error}") from error


def _require_regular(file: Path) -> int:
    """The size of a regular file; raises InputError for anything else."""
    try:
        found = file.stat()
    except FileNotFoundError:
        raise InputError(f"{file.parent} is no checkpoint: it has no {file.name}") from None
    except OSError as error:
        raise InputError(f"{file}: {error.strerror or error}") from error
    if not stat.S_ISREG(found.st_mode):
        raise InputError(f"{file} is not a regular file")
    return found.st_size


def _load_tensors(file: Path, config: Config) -> Tensors:
    from safetensors import SafetensorError
    from safetensors.numpy import load as deserialise

    _check_layout(file, config)
    data = _read(file, _require_regular(file))
    try:
        tensors: Tensors = deserialise(data)
        _check_tensors(config, tensors)
    except (SafetensorError, ValueError) as error:
        raise InputError(f"{file} is damaged: {_one_line(error)}") from None
    return {name: tensors[name] for name in config.shapes()}


def _check_layout(file: Path, config: Config) -> None:
    """Hold the length and the header of `file` to the config, having read nothing else.

    safetensors: the header's length (8 bytes, little endian), the header (JSON), the data.
    """
    size, expected = _require_regular(file), 4 * config.parameters
    with _open(file) as opened:
        header_size = int.from_bytes(opened.read(8), "little")
        if size != 8 + header_size + expected or header_size > LARGEST_HEADER:
            raise InputError(
                f"{file} is damaged: it has {size:,} bytes, and {config.sizes_spelled()} needs "
                f"{expected:,} and a short header"
            )
        header = parse_json(opened.read(header_size), file)
    if not isinstance(header, dict):
        raise InputError(f"{file} is damaged: its header is no object")
    header.pop("__metadata__", None)
    shapes = config.shapes()
    if set(header) != set(shapes):
        raise InputError(
            f"{file} is damaged: its tensors are not those of {config.sizes_spelled()}"
        )
    for name, shape in shapes.items():
        entry = header[name] if isinstance(header[name], dict) else {}
        if entry.get("dtype") != "F32" or entry.get("shape") != list(shape):
            raise InputError(f"{file} is damaged: {name} is not float32 of {_spelled(shape)}")


def _check_tensors(config: Config, tensors: Mapping[str, NDArray[np.float32]]) -> None:
    """Raise ValueError unless these are the tensors of the config, all of them finite."""
    shapes = config.shapes()
    if set(tensors) != set(shapes):
        raise ValueError(f"these are not the tensors of {config.sizes_spelled()}")
    for name, shape in shapes.items():
        tensor = tensors[name]
        if tensor.dtype != np.float32 or tensor.shape != shape:
            raise ValueError(
                f"{name} is {tensor.dtype} of {_spelled(tensor.shape)}, "
                f"not float32 of {_spelled(shape)}"
            )
        if not math.isfinite(float(np.max(np.abs(tensor)))):
            raise ValueError(f"{name} holds a weight that is not a finite number")


def _spelled(shape: tuple[int, ...]) -> str:
    return " × ".join(map(str, shape))


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:200]
