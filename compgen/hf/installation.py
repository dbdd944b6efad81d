"""Whether transformers and torch are there, and the one line that says how they come to be."""

import importlib.util

from compgen.errors import MissingPackageError


def require_transformers() -> None:
    """Raise MissingPackageError unless a Hugging Face model can be loaded."""
    for package in ("torch", "transformers", "tokenizers"):
        if importlib.util.find_spec(package) is None:
            raise MissingPackageError(
                f"the compressor 'hf' needs {package}: pip install 'compgen[hf]'"
            )
