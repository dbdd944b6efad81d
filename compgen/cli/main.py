"""The entry point of the programs `compgen` and `cgen`, and of `python -m compgen`.

They are one program. In bash `compgen` is a shell builtin, which hides a program of that
name; `cgen` is what one types there.
"""

import sys
from pathlib import Path

INTERRUPTED = 130


def run() -> None:
    """Run the command line; ends the process."""
    try:
        # imported here so that Ctrl-C finds us waiting while the imports last
        from compgen.cli.app import app
        from compgen.cli.console import accept_any_encoding

        accept_any_encoding()
        name = Path(sys.argv[0]).stem
        app(prog_name="python -m compgen" if name == "__main__" else name)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
