"""`compgen demo`: a tour."""

from compgen.cli.command import command


@command
def demo() -> None:
    """A 30-second tour: no arguments, no network."""
