"""The process as training wants it, and as it was again afterwards."""

import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import torch

from compgen.errors import FailureError

CPU_OUT_OF_MEMORY = "allocate memory"
"""What torch's RuntimeError says when a CPU has none left."""


@contextmanager
def surroundings(device: torch.device, threads: int) -> Iterator[None]:
    """`threads` on a CPU, repeatable results on CUDA, one line where the memory does not suffice.

    Raises FailureError there.
    """
    before = torch.get_num_threads()
    strict = torch.are_deterministic_algorithms_enabled()
    if device.type == "cuda":
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
        torch.use_deterministic_algorithms(True, warn_only=True)
    else:
        torch.set_num_threads(threads)
    try:
        with warnings.catch_warnings():
            if device.type == "cuda":  # of each operation that is not repeatable
                warnings.simplefilter("ignore", UserWarning)
            yield
    except MemoryError as error:
        raise _out_of_memory(device) from error
    except RuntimeError as error:
        if not isinstance(error, torch.OutOfMemoryError) and CPU_OUT_OF_MEMORY not in str(error):
            raise
        raise _out_of_memory(device) from error
    finally:
        torch.set_num_threads(before)
        torch.use_deterministic_algorithms(strict)


def _out_of_memory(device: torch.device) -> FailureError:
    return FailureError(
        f"out of memory on {device}: lower --batch or --length, or choose a smaller --preset"
    )
