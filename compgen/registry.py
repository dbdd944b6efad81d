"""Compressors by name: `get_compressor("zstd:level=19")`.

    spec ──► name ──► class ──► class.from_options(rest of the spec)
                      │
                      ├── built in         "module:Class", imported when first asked for
                      ├── registered       `register(cls)`, for scripts and notebooks
                      └── of other packages, by the entry-point group "compgen.compressors":
                              [project.entry-points."compgen.compressors"]
                              lzx = "their_package.module:Lzx"

Where two claim a name, the first of this list has it. Importing this module imports no
compressor and searches for no entry point.
"""

import functools
import importlib
import inspect
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from compgen.compressor import Compressor
from compgen.errors import (
    CompgenError,
    FailureError,
    MissingPackageError,
    SpecError,
    UsageError,
)
from compgen.options import describe_options
from compgen.reading import Reading
from compgen.suggest import did_you_mean

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

GROUP = "compgen.compressors"
BUILTIN = {
    "gzip": "compgen.compressors.deflate:Gzip",
    "zlib": "compgen.compressors.deflate:Zlib",
    "deflate": "compgen.compressors.deflate:Deflate",
    "bz2": "compgen.compressors.bz2:Bz2",
    "zstd": "compgen.compressors.zstd:Zstd",
    "brotli": "compgen.compressors.brotli:Brotli",
    "png": "compgen.compressors.png:Png",
    "webp": "compgen.compressors.webp:Webp",
    "flac": "compgen.compressors.flac:Flac",
    "numcodecs": "compgen.compressors.numcodecs:Numcodecs",
    "command": "compgen.compressors.command:Command",
    "coded": "compgen.compressors.coded:Coded",
    "cm": "compgen.compressors.cm:ContextMixer",
    "ngram": "compgen.compressors.baselines:Ngram",
    "uniform": "compgen.compressors.baselines:Uniform",
    "pixelcm": "compgen.compressors.pixelcm:PixelMixer",
    "samplecm": "compgen.compressors.samplecm:SampleMixer",
    "neural": "compgen.compressors.neural:Neural",
    "hf": "compgen.compressors.hf:Hf",
}
EXTRAS = {"neural": "neural", "hf": "hf", "flac": "audio"}
"""Names that come with an extra: what to install where they are not found."""
NAME = re.compile(r"[a-z][a-z0-9_-]*")
FREE_FORM = "command"
"""The compressor whose spec runs to the end of the text, plus signs included."""
WRAPPER = "coded"
"""The compressor whose options are another's spec."""

_registered: dict[str, type[Compressor]] = {}
C = TypeVar("C", bound=type[Compressor])


@dataclass(frozen=True)
class CompressorInfo:
    """What `available` says of one compressor; with `missing`, only `name` and `origin` too."""

    name: str
    origin: str
    """Who provides it: `compgen`, `registered`, or the name and version of a package."""
    cls: type[Compressor] | None = None
    description: str = ""
    options: tuple[str, ...] = ()
    """One phrase an option: `level=9 (a whole number from 0 to 9)`. Empty where a spec has a
    form of its own, which the description shows."""
    readings: tuple[Reading, ...] = ()
    is_model: bool = False
    """Whether it is a model with an entropy coder; else a real program or library is read."""
    window: int | None = None
    """How many bytes back it sees by default; None: all, or it depends on its options."""
    library: str = ""
    """The library that does the work, and its version."""
    missing: str = ""
    """Why it cannot be used, and what to do about it; empty if it can."""


def get_compressor(spec: str) -> Compressor:
    """The compressor that a spec names: `name` or `name:key=value,key=value`.

    Raises SpecError where the spec means nothing, MissingPackageError where the compressor
    needs a package that is not installed, FailureError where another package's compressor
    cannot be loaded.
    """
    name, _, options = spec.strip().partition(":")
    return _load(name.strip()).from_options(options)


def get_compressors(specs: str) -> tuple[Compressor, ...]:
    """The compressors of `"gzip:level=6+zstd"`, one or several. Raises as `get_compressor`."""
    return tuple(get_compressor(spec) for spec in split_specs(specs))


def split_specs(text: str) -> list[str]:
    """`"gzip:level=6+zstd"` as `["gzip:level=6", "zstd"]`.

    A plus sign separates where the name of a compressor follows it, and never inside a
    `command:` (or `coded:command:`), whose command line runs to the end of the text.
    """
    specs, start, known = [], 0, names()
    for plus in re.finditer(rf"\+(?=\s*({NAME.pattern})\s*(?:[:+]|$))", text):
        if runs_a_program(text[start:]):
            break
        if plus[1] in known:
            specs.append(text[start : plus.start()].strip())
            start = plus.end()
    return [*specs, text[start:].strip()]


def runs_a_program(spec: str) -> bool:
    """Whether a spec holds a command line: not to be taken from a file that anyone wrote."""
    return bool(re.match(rf"\s*(?:{WRAPPER}\s*:\s*)*{FREE_FORM}\s*(?::|$)", spec))


def register(cls: C) -> C:
    """Make a compressor known by its name in this process; usable as a decorator.

    Raises UsageError where the name is taken or cannot stand in a spec.
    """
    name = getattr(cls, "name", None)
    if not (inspect.isclass(cls) and issubclass(cls, Compressor) and isinstance(name, str)):
        raise UsageError(f"{cls!r} is not a Compressor with a name")
    if not NAME.fullmatch(name):
        raise UsageError(f"'{name}' cannot name a compressor: letters a-z, digits, - and _ only")
    if name in names() and _registered.get(name) is not cls:
        raise UsageError(f"the name '{name}' is taken; give {cls.__qualname__} another one")
    if inspect.isabstract(cls):
        missing = ", ".join(sorted(cls.__abstractmethods__))
        raise UsageError(f"the compressor '{name}' does not define: {missing}")
    _registered[name] = cls
    return cls


def names() -> list[str]:
    """Every name that a spec can begin with: built in, registered, then other packages'."""
    return [*BUILTIN, *_registered, *_entry_points()]


def available() -> list[CompressorInfo]:
    """What there is, whether it can be used or not; no failure of one hides another."""
    return [*map(_info, names()), *map(_shadowed_info, _shadowed_entry_points())]


def _load(name: str) -> type[Compressor]:
    if name in BUILTIN:
        return _load_builtin(name)
    if name in _registered:
        return _registered[name]
    if name in _entry_points():
        return _load_entry_point(_entry_points()[name])
    if name in EXTRAS:
        raise MissingPackageError(
            f"the compressor '{name}' is not installed: pip install 'compgen[{EXTRAS[name]}]'"
        )
    if not name:
        raise SpecError("a compressor spec begins with a name: gzip, or zstd:level=19")
    unknown = next((part for part in name.split("+") if part not in names()), name)
    raise SpecError(
        f"there is no compressor '{unknown}'{did_you_mean(unknown, [*names(), *EXTRAS])}"
        f" (compressors: {', '.join(names())})"
    )


def _load_builtin(name: str) -> type[Compressor]:
    module, _, attribute = BUILTIN[name].partition(":")
    try:
        cls: type[Compressor] = getattr(importlib.import_module(module), attribute)
    except ImportError as error:
        if error.name is None or error.name.startswith("compgen"):
            raise  # not a missing package, a fault of ours
        hint = f"compgen[{EXTRAS[name]}]" if name in EXTRAS else error.name
        raise MissingPackageError(
            f"the compressor '{name}' needs the package '{error.name}', which cannot be imported: "
            f"pip install '{hint}'"
        ) from error
    return cls


def _load_entry_point(entry_point: "EntryPoint") -> type[Compressor]:
    """The class of another package. Whatever goes wrong there is a FailureError here."""
    label = f"the compressor '{entry_point.name}' of {_origin(entry_point)}"
    try:
        cls = entry_point.load()
    except Exception as error:
        raise FailureError(
            f"{label} cannot be loaded: {type(error).__name__}: {error}; update or remove it"
        ) from error
    if not (inspect.isclass(cls) and issubclass(cls, Compressor)):
        raise FailureError(f"{label} is not a compgen.Compressor but {cls!r}")
    if getattr(cls, "name", None) != entry_point.name:
        raise FailureError(
            f"{label} calls itself {getattr(cls, 'name', None)!r}; the two names must be equal"
        )
    return cls


@functools.cache
def _all_entry_points() -> tuple["EntryPoint", ...]:
    from importlib.metadata import entry_points

    return tuple(sorted(entry_points(group=GROUP), key=lambda found: (found.name, found.value)))


def _entry_points() -> dict[str, "EntryPoint"]:
    """The entry points whose names are free."""
    found: dict[str, EntryPoint] = {}
    for entry_point in _all_entry_points():
        if entry_point.name not in BUILTIN and entry_point.name not in _registered:
            found.setdefault(entry_point.name, entry_point)
    return found


def _shadowed_entry_points() -> list["EntryPoint"]:
    taken = _entry_points()
    return [found for found in _all_entry_points() if taken.get(found.name) is not found]


def _origin(entry_point: "EntryPoint") -> str:
    package = entry_point.dist
    return f"{package.name} {package.version}" if package else "a plug-in"


def _info(name: str) -> CompressorInfo:
    if name in BUILTIN:
        origin = "compgen"
    elif name in _registered:
        origin = "registered"
    else:
        origin = _origin(_entry_points()[name])
    try:
        cls = _load(name)
        return CompressorInfo(
            name=name,
            origin=origin,
            cls=cls,
            description=(inspect.getdoc(cls) or "").partition("\n")[0].rstrip("."),
            options=() if _has_own_form(cls) else tuple(describe_options(cls)),
            readings=cls.readings,
            is_model=cls.is_model,
            window=_default_window(cls),
            library=cls.library(),
        )
    except CompgenError as error:
        return CompressorInfo(name, origin, missing=str(error))
    except Exception as error:
        if name in BUILTIN:
            raise
        return CompressorInfo(name, origin, missing=f"fails: {type(error).__name__}: {error}")


def _shadowed_info(entry_point: "EntryPoint") -> CompressorInfo:
    owner = _info(entry_point.name).origin
    reason = f"the name is taken by {owner}; its author has to choose another"
    return CompressorInfo(entry_point.name, _origin(entry_point), missing=reason)


def _has_own_form(cls: type[Compressor]) -> bool:
    static = inspect.getattr_static
    return static(cls, "from_options") is not static(Compressor, "from_options")


def _default_window(cls: type[Compressor]) -> int | None:
    """The window without options; None where the class cannot do without them."""
    try:
        return cls().window
    except TypeError:
        return None
