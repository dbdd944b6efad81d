"""`compgen compressors`: what is there, how it can be read, what is missing."""

from typing import TYPE_CHECKING

from compgen.cli import console
from compgen.cli import parameters as options

if TYPE_CHECKING:
    from rich.text import Text

    from compgen.registry import CompressorInfo

PROGRAMS = "real programs and libraries, read"
MODELS = "ours: models, with an entropy coder"


def compressors(as_json: options.Json = False, quiet: options.Quiet = False) -> None:
    """List the compressors: readings, window, version, and what is missing."""
    from rich.table import Table
    from rich.text import Text

    from compgen.registry import available

    console.be_quiet(quiet)
    found = available()
    if as_json:
        console.show_json([_as_dict(info) for info in found])
        return
    table = Table.grid(padding=(0, 2, 0, 0))
    for heading, wanted in ((PROGRAMS, False), (MODELS, True)):
        table.add_row("", Text(heading, "italic"))
        for info in found:
            if info.is_model is wanted:
                table.add_row(Text(info.name, "bold", no_wrap=True), _about(info))
    console.show(table)
    console.note("'auto' is the first of the readings; --json lists every option")


def _about(info: "CompressorInfo") -> "Text":
    from rich.text import Text

    about = Text(info.description)
    if info.missing:
        return about.append("missing: ", "yellow").append(info.missing)
    return about.append("\n" + " · ".join(_facts(info)), "dim")


def _facts(info: "CompressorInfo") -> list[str]:
    facts = [" ".join(info.readings)]
    if info.window is not None:
        facts.append(f"window {_size(info.window)}")
    if info.library:
        facts.append(info.library)
    if info.origin != "compgen":
        facts.append(info.origin)
    return facts


def _as_dict(info: "CompressorInfo") -> dict[str, object]:
    return {
        "name": info.name,
        "origin": info.origin,
        "is_model": info.is_model,
        "description": info.description,
        "library": info.library,
        "readings": list(info.readings),
        "window": info.window,
        "options": list(info.options),
        "missing": info.missing,
    }


def _size(window: int) -> str:
    for unit, size in (("MB", 1 << 20), ("KB", 1 << 10)):
        if window >= size:
            return f"{window / size:.0f} {unit}"
    return f"{window} bytes"
