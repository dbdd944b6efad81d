"""`auto`, `cpu`, `cuda`, `cuda:1`, `mps`: the device that a word means here."""

import time
from collections.abc import Callable

import torch

from compgen.errors import FailureError, UsageError
from compgen.suggest import did_you_mean

KINDS = ("auto", "cpu", "cuda", "mps")


def device_of(word: str) -> torch.device:
    """The device; `auto` is CUDA if there is one, then MPS, then the CPU.

    Raises UsageError on a word that names none, FailureError if this machine has it not.
    """
    kind, colon, index = word.partition(":")
    if kind not in KINDS or (colon and not (kind == "cuda" and index.isdecimal())):
        raise UsageError(
            f"there is no device '{word}'{did_you_mean(kind, KINDS)} "
            f"(devices: {', '.join(KINDS)}, cuda:1)"
        )
    if kind == "auto":
        return torch.device(_best())
    if kind == "mps" and not torch.backends.mps.is_available():
        raise FailureError("this torch sees no MPS device; use --device cpu")
    if kind == "cuda":
        count = torch.cuda.device_count()
        if not count:
            raise FailureError(
                f"torch {torch.__version__} sees no CUDA device; use --device cpu, or install a "
                "torch that is built for your GPU (pytorch.org)"
            )
        if int(index or 0) >= count:
            raise FailureError(f"there is no device {word}; the last CUDA device is {count - 1}")
    return torch.device(word)


def clock_of(device: torch.device) -> Callable[[], float]:
    """Seconds of work: of all this process's threads on a CPU, where other programs would
    falsify the time on the wall; on the wall for a device of one's own."""
    return time.process_time if device.type == "cpu" else time.perf_counter


def _best() -> str:
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"
