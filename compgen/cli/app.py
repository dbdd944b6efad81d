"""The `compgen` command: its parts, each in a file of its own.

Nothing heavier than typer is imported before a command runs, so that help is immediate.
"""

from typing import Annotated

import typer

from compgen._version import __version__
from compgen.cli.audio import audio
from compgen.cli.choose import choose
from compgen.cli.compare import compare
from compgen.cli.compress import compress
from compgen.cli.compressors import compressors
from compgen.cli.decompress import decompress
from compgen.cli.demo import demo
from compgen.cli.image import image
from compgen.cli.predict import predict
from compgen.cli.program import Program, Subcommand
from compgen.cli.rates import rates
from compgen.cli.score import score
from compgen.cli.text import text
from compgen.cli.train import train
from compgen.cli.values import flag

app = typer.Typer(
    name="compgen",
    cls=Program,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    rich_markup_mode="rich",
)
for body in (
    text,
    image,
    audio,
    predict,
    score,
    compare,
    compress,
    decompress,
    train,
    rates,
    choose,
    compressors,
    demo,
):
    app.command(cls=Subcommand)(body)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"compgen {__version__}")
        raise typer.Exit


@app.callback()
def compgen(
    version: Annotated[
        bool,
        flag("--version", callback=_show_version, is_eager=True, help="Show the version and exit."),
    ] = False,
) -> None:
    """Turn any lossless compressor into a generative model.

    Start with [bold]cgen demo[/], or [bold]cgen text "The "[/].
    """
