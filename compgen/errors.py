"""The error tree. Everything that compgen raises on purpose is a `CompgenError`.

    CompgenError
    ├── UsageError            what was asked cannot be asked        (exit status 2)
    │   ├── SpecError         a compressor spec that means nothing
    │   └── UnsupportedError  this compressor cannot do that
    └── FailureError          what was asked did not work           (exit status 1)
        ├── InputError        an input cannot be read or used
        ├── MissingPackageError  an optional package is not installed
        └── CompressorError   a compressor failed while it ran
            └── LossyError    it does not give back what it was given

Each carries one line that says what is wrong and what to do about it. The command line
prints that line and exits with `exit_status`; a traceback never reaches a user.
"""

from typing import ClassVar


class CompgenWarning(UserWarning):
    """Something that still works, and not as one may think: said once, through `warnings`."""


class CompgenError(Exception):
    """Base of the tree; catch this to catch everything that compgen raises on purpose."""

    exit_status: ClassVar[int] = 1


class UsageError(CompgenError):
    """What was asked cannot be asked: an option out of range, a contradiction."""

    exit_status = 2


class SpecError(UsageError):
    """A compressor spec names no compressor, or gives it an option that it does not have."""


class UnsupportedError(UsageError):
    """This compressor, reading or sampler cannot do what was asked of it."""


class FailureError(CompgenError):
    """What was asked made sense and did not work."""


class InputError(FailureError):
    """An input cannot be read, or cannot be used (an empty corpus, say)."""


class MissingPackageError(FailureError):
    """An optional package is needed; the message names the extra to install."""


class CompressorError(FailureError):
    """A compressor failed while it ran: a missing program, a non-zero exit, a time limit."""


class LossyError(CompressorError):
    """A compressor's output does not decompress to its input, so its lengths mean nothing."""
