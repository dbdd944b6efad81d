"""numba's cache does not notice that a kernel which another kernel calls has changed.

So the tests keep a cache of their own for each state of the sources.
"""

import hashlib
import os
import tempfile
from pathlib import Path

KERNELS = Path(__file__).parents[1] / "compgen" / "kernels"


def _state_of_the_kernels() -> str:
    digest = hashlib.sha256()
    for path in sorted(KERNELS.glob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


os.environ.setdefault(
    "NUMBA_CACHE_DIR",
    str(Path(tempfile.gettempdir()) / f"compgen-numba-{_state_of_the_kernels()}"),
)
