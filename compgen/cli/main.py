"""The `compgen` command: its parts, each in a file of its own.

Nothing heavier than typer is imported before a command runs, so that help is immediate.
"""

import sys
from pathlib import Path
from typing import Annotated

import typer

from compgen._version import __version__
from compgen.cli.compressors import compressors
from compgen.cli.demo import demo
from compgen.cli.predict import predict
from compgen.cli.score import score
from compgen.cli.text import text

app = typer.Typer(
    name="compgen",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    rich_markup_mode="rich",
)
for body in (text, predict, score, compressors, demo):
    app.command()(body)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"compgen {__version__}")
        raise typer.Exit


@app.callback()
def compgen(
    version: Annotated[  # noqa: ARG001
        bool,
        typer.Option(
            "--version", callback=_show_version, is_eager=True, help="Show the version and exit."
        ),
    ] = False,
) -> None:
    """Turn any lossless compressor into a generative model.

    Start with [bold]cgen demo[/], or [bold]cgen text "The "[/].
    """


def run() -> None:
    """The entry point of the programs `compgen` and `cgen`, and of `python -m compgen`.

    They are one program. In bash `compgen` is a shell builtin, which hides a program of that
    name; `cgen` is what one types there.
    """
    name = Path(sys.argv[0]).stem
    app(prog_name="python -m compgen" if name == "__main__" else name)
