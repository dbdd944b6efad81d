"""What every command has in common: one line for an error, and the right exit status.

0 done · 1 it failed · 2 it was asked wrongly · 130 Ctrl-C
"""

import functools
import sys
from collections.abc import Callable
from typing import ParamSpec

import typer

from compgen.cli import console
from compgen.errors import CompgenError

Parameters = ParamSpec("Parameters")
INTERRUPTED = 130


def command(body: Callable[Parameters, int | None]) -> Callable[Parameters, None]:
    """Run the body of a command and turn however it ends into an exit status."""

    @functools.wraps(body)
    def wrapped(*args: Parameters.args, **kwargs: Parameters.kwargs) -> None:
        status = 0
        try:
            status = body(*args, **kwargs) or 0
            sys.stdout.flush()
        except CompgenError as error:
            console.fail(str(error))
            status = error.exit_status
        except BrokenPipeError:  # the reader has what it wanted
            console.discard_stdout()
        except KeyboardInterrupt:
            status = INTERRUPTED
        except MemoryError:
            console.fail("out of memory; use less of the corpus (--prime-bytes) or a smaller file")
            status = 1
        except OSError as error:
            console.fail(str(error))
            status = 1
        raise typer.Exit(status)

    return wrapped
