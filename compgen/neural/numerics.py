"""Arithmetic that is the same each time: the settings of torch that decide on the last bits.

threads              of a CPU: how a sum is split among them
TF32                 of CUDA: products with 10 bits in the place of float32's 23
deterministic        of CUDA: sums in one order

They belong to the process and others may have set them otherwise, so they are ours for one call
at a time, and theirs again after it.
"""

import os
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch

from compgen.errors import FailureError
from compgen.neural.surroundings import CPU_OUT_OF_MEMORY

DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16}
_one_at_a_time = threading.RLock()


@contextmanager
def repeatable(device: torch.device, threads: int) -> Iterator[None]:
    """Compute with these settings, without gradients; what is inside is one thread's alone.

    Raises FailureError, in one line, where the memory does not suffice.
    """
    with _one_at_a_time, torch.inference_mode():
        try:
            if device.type == "cuda":
                with _repeatable_cuda():
                    yield
            else:
                with _threads(threads):
                    yield
        except MemoryError as error:
            raise _out_of_memory(device) from error
        except RuntimeError as error:
            if not (isinstance(error, torch.OutOfMemoryError) or CPU_OUT_OF_MEMORY in str(error)):
                raise
            raise _out_of_memory(device) from error


def description(device: torch.device) -> str:
    """The device as a file names it: "cuda NVIDIA H200", "cpu AVX512"."""
    if device.type == "cuda":
        return f"cuda {torch.cuda.get_device_name(device)}"
    if device.type == "cpu":
        return f"cpu {torch.backends.cpu.get_cpu_capability()}"
    return device.type


@contextmanager
def _threads(threads: int) -> Iterator[None]:
    before = torch.get_num_threads()
    if before == threads:
        yield
        return
    torch.set_num_threads(threads)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@contextmanager
def _repeatable_cuda() -> Iterator[None]:
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    backends: tuple[Any, ...] = (torch.backends.cuda.matmul, torch.backends.cudnn.rnn)
    precisions = [backend.fp32_precision for backend in backends]
    strict = torch.are_deterministic_algorithms_enabled()
    lenient = torch.is_deterministic_algorithms_warn_only_enabled()
    for backend in backends:
        backend.fp32_precision = "ieee"
    torch.use_deterministic_algorithms(True, warn_only=True)
    try:
        with warnings.catch_warnings():
            # an operation that has no repeatable form is found out by decoding what was coded
            warnings.filterwarnings("ignore", ".*deterministic", UserWarning)
            yield
    finally:
        torch.use_deterministic_algorithms(strict, warn_only=lenient)
        for backend, precision in zip(backends, precisions, strict=True):
            backend.fp32_precision = precision


def _out_of_memory(device: torch.device) -> FailureError:
    return FailureError(
        f"out of memory on {device}: use dtype=bfloat16, fewer samples, or a smaller model"
    )
