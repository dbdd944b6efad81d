"""Compressors by name: specs, options, plug-ins, and what is said when something is missing."""

import dataclasses
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import pytest

from compgen import registry
from compgen.compressor import Compressor
from compgen.compressors.deflate import Gzip
from compgen.compressors.zstd import Zstd
from compgen.errors import (
    FailureError,
    MissingPackageError,
    SpecError,
    UsageError,
)
from compgen.options import one_of, within
from compgen.registry import (
    BUILTIN,
    available,
    get_compressor,
    get_compressors,
    register,
    split_specs,
)


@dataclass(frozen=True)
class Plain(Compressor):
    """A compressor that does not compress."""

    name = "plain"

    depth: int = 3
    fast: bool = False
    rate: float = within(0, 1, default=0.5)
    label: str = "none"
    block: int = one_of(1, 2, 4, default=2)
    strength: float = within(1.5, default=2)
    gait: Literal["walk", "trot"] = "walk"

    def compress(self, data: bytes) -> bytes:
        return data

    def decompress(self, data: bytes) -> bytes:
        return data


@dataclass(frozen=True)
class Needy(Plain):
    name = "needy"

    model: str = dataclasses.field(kw_only=True)
    layers: tuple[int, ...] = ()


@pytest.fixture(autouse=True)
def _own_registry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "_registered", {"plain": Plain, "needy": Needy})


# ------------------------------------------------------------------------------------ specs


def test_a_spec_is_its_class_and_options() -> None:
    assert get_compressor("gzip") == Gzip()
    assert get_compressor(" gzip : level = 6 , wbits=12 ") == Gzip(level=6, wbits=12)
    assert get_compressor("zstd:level=-7,long=27") == Zstd(-7, 27)
    assert get_compressor("zstd:") == Zstd()
    assert get_compressors("gzip:level=6+zstd") == (Gzip(6), Zstd())


def test_values_have_the_types_of_their_fields() -> None:
    spec = "plain:depth=-2,fast=Yes,rate=1,label=x y,block=4"
    plain = get_compressor(spec)
    assert plain == Plain(-2, True, 1.0, "x y", 4)
    assert isinstance(plain, Plain)
    assert [type(value) for value in dataclasses.astuple(plain)][:4] == [int, bool, float, str]
    assert str(plain) == "plain:depth=-2,fast=True,rate=1.0,label=x y,block=4"
    assert get_compressor(str(plain)) == plain
    assert str(get_compressor("plain:strength=2,fast=off")) == "plain"
    assert get_compressor("plain:gait=trot") == Plain(gait="trot")


def test_numbers_of_other_libraries_are_numbers() -> None:
    plain = Plain(depth=np.int64(7), rate=np.float32(0.25), strength=3)  # type: ignore[arg-type]
    assert plain == Plain(7, rate=0.25, strength=3.0)
    assert str(plain) == "plain:depth=7,rate=0.25,strength=3.0"


@pytest.mark.parametrize(
    ("spec", "complaint"),
    [
        ("", "begins with a name"),
        (":level=3", "begins with a name"),
        ("gzpi", "no compressor 'gzpi'; did you mean 'gzip'"),
        ("GZIP", "did you mean 'gzip'"),
        ("qqqqqq", r"no compressor 'qqqqqq' \(compressors: gzip, .*plain"),
        ("gzip+ztsd", "no compressor 'ztsd'; did you mean 'zstd'"),
        ("gzip:lvl=3", "no option 'lvl'; did you mean 'level'.*options: level=9"),
        ("gzip:level", "'level' is not an option; write key=value"),
        ("gzip:level=", "is not an option"),
        ("gzip:level=1,", "'' is not an option"),
        ("gzip:level=1,level=2", "given twice"),
        ("gzip:level=ten", "level=ten is not a whole number from 0 to 9"),
        ("gzip:level=10", "level=10 is not a whole number from 0 to 9"),
        ("gzip:level=-1", "level=-1 is not a whole number from 0 to 9"),
        ("gzip:level=6.5", "whole number"),
        ("gzip:wbits=8", "wbits=8 is not a whole number from 9 to 15"),
        ("gzip:memlevel=0", "from 1 to 9"),
        ("gzip:strategy=rle", "strategy=rle is not default or filtered"),
        ("deflate:tables=both", "fractional or huffman"),
        ("bz2:level=0", "from 1 to 9"),
        ("zstd:level=23", "from -7 to 22"),
        ("zstd:long=9", "0 .off. or a whole number from 10"),
        ("zstd:long=99", "from 0 to 3"),
        ("brotli:quality=12", "from 0 to 11"),
        ("brotli:lgwin=9", "from 10 to 24"),
        ("brotli:mode=prose", "generic, text or font"),
        ("png:channels=2", "1, 3 or 4"),
        ("png:width=-1", "from 0"),
        ("webp:width=0", "from 1 to 16383"),
        ("webp:method=7", "from 0 to 6"),
        ("plain:rate=nan", "a number from 0 to 1"),
        ("plain:rate=1.01", "a number from 0 to 1"),
        ("plain:strength=1", "a number of at least 1.5"),
        ("plain:strength=inf", "a number of at least 1.5"),
        ("plain:fast=maybe", "true or false"),
        ("plain:block=3", "1, 2 or 4"),
        ("plain:gait=crawl", "gait=crawl is not walk or trot"),
        ("needy", "needs the option 'model'"),
        ("needy:model=x,layers=3", "cannot be written in a spec"),
    ],
)
def test_a_senseless_spec_says_what_would_make_sense(spec: str, complaint: str) -> None:
    with pytest.raises(SpecError, match=complaint) as caught:
        get_compressor(spec)
    assert "\n" not in str(caught.value)
    assert caught.value.exit_status == 2


@pytest.mark.parametrize(
    "make",
    [
        lambda: Gzip(level=10),
        lambda: Gzip(level=True),
        lambda: Gzip(level="9"),  # type: ignore[arg-type]
        lambda: Gzip(level=6.0),  # type: ignore[arg-type]
        lambda: Plain(fast=1),  # type: ignore[arg-type]
        lambda: Plain(rate=float("nan")),
        lambda: Plain(gait="run"),  # type: ignore[arg-type]
        lambda: Plain(label=None),  # type: ignore[arg-type]
    ],
)
def test_the_constructor_checks_as_well(make: Callable[[], Compressor]) -> None:
    with pytest.raises(SpecError):
        make()


@pytest.mark.parametrize("name", registry.EXTRAS)
def test_the_name_of_an_extra_says_what_to_install(name: str) -> None:
    if name in BUILTIN:
        pytest.skip("it is there")
    with pytest.raises(MissingPackageError, match=rf"compgen\[{registry.EXTRAS[name]}\]"):
        get_compressor(f"{name}:model=x")


@pytest.mark.parametrize(
    ("text", "specs"),
    [
        ("gzip", ["gzip"]),
        ("gzip+zstd", ["gzip", "zstd"]),
        ("gzip:level=6 + zstd:level=19+bz2", ["gzip:level=6", "zstd:level=19", "bz2"]),
        ("gzip+plain:label=a+b", ["gzip", "plain:label=a+b"]),
        ("gzip+zstdx", ["gzip+zstdx"]),
        ("gzip+command:xz -9 -c | xz+gzip -dc", ["gzip", "command:xz -9 -c | xz+gzip -dc"]),
        ("command:a+zstd", ["command:a+zstd"]),
        ("numcodecs:id=lz4+gzip", ["numcodecs:id=lz4", "gzip"]),
    ],
)
def test_splitting_at_plus_signs(text: str, specs: list[str]) -> None:
    assert split_specs(text) == specs


# ---------------------------------------------------------------------------------- imports


def test_the_registry_imports_no_compressor() -> None:
    code = (
        "import sys, compgen.registry; heavy = ['numpy', 'numba', 'PIL', 'zstandard', 'brotli', "
        "'numcodecs', 'lzma', 'bz2', 'importlib.metadata']; "
        "print([name for name in heavy if name in sys.modules])"
    )
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert printed.stdout.strip() == b"[]"


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "zstandard", None)
    monkeypatch.delitem(sys.modules, "compgen.compressors.zstd")
    with pytest.raises(MissingPackageError, match=r"'zstd' needs the package 'zstandard'.*pip"):
        get_compressor("zstd")
    infos = {info.name: info for info in available()}
    assert "zstandard" in infos["zstd"].missing
    assert infos["gzip"].missing == ""


# -------------------------------------------------------------------------------- available


def test_available_describes_every_compressor() -> None:
    infos = {info.name: info for info in available()}
    assert {*BUILTIN, "plain", "needy"} <= set(infos)
    for name in BUILTIN:
        info = infos[name]
        assert info.origin == "compgen"
        if info.missing:
            assert "pip install" in info.missing
            continue
        assert info.cls is not None
        assert info.cls.name == name
        assert info.description
        assert info.readings == info.cls.readings
        assert info.library or name == "command"
    assert infos["gzip"].window == 32768
    assert "level=9 (a whole number from 0 to 9)" in infos["gzip"].options
    assert infos["command"].options == ()
    assert infos["plain"].origin == "registered"
    assert infos["plain"].description == "A compressor that does not compress"
    assert infos["needy"].window is None
    assert "model=… (a word)" in infos["needy"].options


def test_available_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "PIL", None)
    monkeypatch.setitem(sys.modules, "numcodecs", None)
    monkeypatch.setitem(sys.modules, "soundfile", None)
    missing = {info.name: info.missing for info in available() if info.missing}
    assert set(missing) == {"png", "webp", "flac", "numcodecs"}
    assert "pip install 'compgen[audio]'" in missing["flac"]
    assert "pip install 'compgen[numcodecs]'" in missing["numcodecs"]


# ------------------------------------------------------------------------------ registering


def test_a_registered_class_is_found() -> None:
    @register
    @dataclass(frozen=True)
    class Mine(Plain):
        name = "mine"

    assert get_compressor("mine:depth=1") == Mine(1)
    assert register(Mine) is Mine
    assert split_specs("gzip+mine") == ["gzip", "mine"]


def test_what_cannot_be_registered() -> None:
    class Another(Plain):
        name = "gzip"

    class Twin(Plain):
        name = "plain"

    class Spaced(Plain):
        name = "my zip"

    class Half(Compressor):
        name = "half"

        def compress(self, data: bytes) -> bytes:
            return data

    class Nameless(Half):
        name = None  # type: ignore[assignment]

    cases: list[tuple[object, str]] = [
        (Another, "'gzip' is taken"),
        (Twin, "'plain' is taken"),
        (Spaced, "cannot name"),
        (Half, "does not define: decompress"),
        (Nameless, "not a Compressor with a name"),
        (dict, "not a Compressor"),
        (Plain(), "not a Compressor"),
    ]
    for cls, complaint in cases:
        with pytest.raises(UsageError, match=complaint):
            register(cls)  # type: ignore[type-var]
    assert set(registry._registered) == {"plain", "needy"}


# --------------------------------------------------------------------------------- plug-ins

PLUGINS = '''
from __future__ import annotations
from dataclasses import dataclass
from compgen.compressor import Compressor

@dataclass(frozen=True)
class Good(Compressor):
    """Leaves everything as it is."""
    name = "good"
    level: int = 1
    def compress(self, data): return data
    def decompress(self, data): return data

class Renamed(Good):
    name = "other"

class Gzip(Good):
    name = "gzip"

class Explosive(Good):
    name = "explosive"
    @classmethod
    def library(cls): raise RuntimeError("boom")

number = 3
'''
ENTRY_POINTS = """
[compgen.compressors]
good = their_plugins:Good
absent = no_such_module:Absent
attribute = their_plugins:NoSuch
number = their_plugins:number
renamed = their_plugins:Renamed
explosive = their_plugins:Explosive
gzip = their_plugins:Gzip
"""


@pytest.fixture
def _plugins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An installed distribution with plug-ins, good and bad."""
    metadata = tmp_path / "their_plugins-2.1.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: their-plugins\nVersion: 2.1\n")
    (metadata / "entry_points.txt").write_text(ENTRY_POINTS)
    (tmp_path / "their_plugins.py").write_text(PLUGINS)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "their_plugins", raising=False)
    registry._all_entry_points.cache_clear()
    yield
    registry._all_entry_points.cache_clear()


@pytest.mark.usefixtures("_plugins")
def test_a_plugin_is_a_compressor_like_any_other() -> None:
    good = get_compressor("good:level=4")
    assert str(good) == "good:level=4"
    with pytest.raises(SpecError, match="a whole number"):
        get_compressor("good:level=four")
    assert good.decompress(good.compress(b"x")) == b"x"
    assert split_specs("good+gzip") == ["good", "gzip"]
    with pytest.raises(SpecError, match="did you mean 'good'"):
        get_compressor("goood")


@pytest.mark.usefixtures("_plugins")
@pytest.mark.parametrize(
    ("name", "complaint"),
    [
        ("absent", "ModuleNotFoundError: No module named 'no_such_module'"),
        ("attribute", "NoSuch"),
        ("number", "not a compgen.Compressor but 3"),
        ("renamed", "calls itself 'other'"),
    ],
)
def test_a_broken_plugin_is_blamed_by_name(name: str, complaint: str) -> None:
    with pytest.raises(FailureError, match=rf"'{name}' of their-plugins 2\.1.*{complaint}"):
        get_compressor(name)


@pytest.mark.usefixtures("_plugins")
def test_broken_plugins_break_no_others() -> None:
    assert type(get_compressor("gzip")) is Gzip
    infos = available()
    assert {info.name for info in infos if not info.missing} >= {"gzip", "good", "plain"}
    theirs = {info.name: info for info in infos if info.origin == "their-plugins 2.1"}
    assert theirs["good"].missing == ""
    assert theirs["good"].description == "Leaves everything as it is"
    assert all(theirs[name].missing for name in ("absent", "attribute", "number", "renamed"))
    assert "RuntimeError: boom" in theirs["explosive"].missing
    assert "taken by compgen" in theirs["gzip"].missing
    assert get_compressor("explosive").compress(b"x") == b"x"
