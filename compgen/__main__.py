"""`python -m compgen`."""

from compgen.cli.main import run

run()
