"""The entry point of the programs `compgen` and `cgen`, and of `python -m compgen`.

They are one program. In bash `compgen` is a shell builtin, which hides a program of that
name; `cgen` is what one types there.
"""

import os
import sys

from compgen.cli.interrupt import INTERRUPTED, end_at_once


def run() -> None:
    """Run the command line; ends the process."""
    end_at_once()
    from compgen.cli.app import app
    from compgen.cli.console import accept_any_encoding

    accept_any_encoding()
    name = os.path.splitext(os.path.basename(sys.argv[0]))[0]
    try:
        app(prog_name="python -m compgen" if name == "__main__" else name)
    except SystemExit as ending:
        if ending.code == INTERRUPTED:
            # threads may still be compressing, and nobody wants to wait for them
            os._exit(INTERRUPTED)
        raise
