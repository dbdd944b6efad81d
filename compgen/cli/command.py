"""What every command has in common: one line for an error, and the right exit status.

0 done · 1 it failed · 2 it was asked wrongly · 130 Ctrl-C

A command's body returns its status, or nothing for 0.
"""

import os
from collections.abc import Callable

from compgen.cli import console
from compgen.cli.interrupt import INTERRUPTED
from compgen.errors import CompgenError

FAILED = 1


def exit_status(body: Callable[[], int | None]) -> int:
    """Run `body` and turn however it ends into an exit status."""
    console.route_warnings()
    try:
        status = body() or 0
        console.flush()
        return status
    except BrokenPipeError:  # the reader has what it wanted
        console.discard_stdout()
        return 0
    except SystemExit:  # rich's way to end when it was printing help into a closed pipe
        return 0
    except KeyboardInterrupt:
        console.flush()
        return INTERRUPTED
    except CompgenError as error:
        console.fail(str(error))
        return error.exit_status
    except MemoryError:
        console.fail("out of memory; use less of the corpus (--prime-bytes) or a smaller file")
    except OSError as error:
        # most likely the output cannot be written, and nothing more should be
        console.discard_stdout()
        place = f"{error.filename}: " if error.filename else ""
        console.fail(f"{place}{error.strerror or error}")
    except Exception as error:
        if os.environ.get("COMPGEN_DEBUG"):
            raise
        console.fail(
            f"this is a bug: {type(error).__name__}: {error} "
            "(COMPGEN_DEBUG=1 shows where; please report it)"
        )
    return FAILED
