"""Whether torch is there, and the one line that says how it comes to be."""

from compgen.errors import MissingPackageError

OLDEST_TORCH = (2, 9)
"""The first with `torch.optim.Muon`."""


def require_torch(what: str) -> None:
    """Raise MissingPackageError, naming `what` needs it, unless torch can be imported."""
    try:
        import torch
    except ImportError:
        raise MissingPackageError(f"{what} needs torch: pip install 'compgen[neural]'") from None
    release = tuple(int(number) for number in torch.__version__.split("+")[0].split(".")[:2])
    if release < OLDEST_TORCH:
        raise MissingPackageError(
            f"{what} needs torch {OLDEST_TORCH[0]}.{OLDEST_TORCH[1]} or later, and "
            f"{torch.__version__} is installed: pip install --upgrade 'compgen[neural]'"
        )
