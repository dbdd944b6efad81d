"""`compgen compressors`: what is there, how it can be read, what is missing."""

import json

import typer

from compgen.cli import console
from compgen.cli import parameters as options
from compgen.cli.command import command


@command
def compressors(as_json: options.Json = False) -> None:
    """List the compressors: version, readings, window, and what is missing."""
    from rich.table import Table

    from compgen.registry import available

    found = available()
    if as_json:
        rows = [
            {
                "name": info.name,
                "origin": info.origin,
                "description": info.description,
                "library": info.library,
                "readings": list(info.readings),
                "window": info.window,
                "options": list(info.options),
                "missing": info.missing,
            }
            for info in found
        ]
        typer.echo(json.dumps(rows))
        return
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for header in ("name", "what", "readings", "window", "library"):
        table.add_column(header)
    for info in found:
        if info.missing:
            table.add_row(info.name, f"[yellow]missing[/]: {info.missing}", "", "", info.origin)
        else:
            table.add_row(
                f"[bold]{info.name}[/]",
                info.description,
                " ".join(info.readings),
                _size(info.window),
                info.library,
            )
    console.results().print(table)
    console.note("the first reading is what 'auto' means; options: compgen compressors --json")


def _size(window: int | None) -> str:
    if window is None:
        return "all"
    for unit, size in (("MB", 1 << 20), ("KB", 1 << 10)):
        if window >= size:
            return f"{window / size:g} {unit}"
    return f"{window} bytes"
