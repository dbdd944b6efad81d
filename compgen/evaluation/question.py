"""`Question`: a row of a multiple-choice file, as bytes that a compressor can code.

    prime │ context │ " " ending 1        its bits, and so for every ending
                    │ " " ending 2

An ending is preceded by one space, as in lm-evaluation-harness (its target_delimiter).
"""

from dataclasses import dataclass

DELIMITER = b" "
"""Between a context and an ending; it belongs to what is scored."""


@dataclass(frozen=True)
class Question:
    """One context and its endings. Nothing that scores or primes it looks at its `label`."""

    row: int
    """Which row of the file it is, from 0; blank lines are not counted."""
    line: int
    """Where in the file it stands, from 1, for messages."""
    context: str
    endings: tuple[str, ...]
    label: int | None
    """Which ending is right; None: the file does not tell, or none of them is (see `labelled`)."""
    labelled: bool
    """Whether it counts: the file tells the answer, be it among the endings or not."""
    answer: str = ""
    """The right ending, if the file tells it."""
    topic: str = ""
    source: str = ""
    """What the file says it was taken from: rows of one source are siblings."""

    @property
    def continuations(self) -> tuple[bytes, ...]:
        """What is scored after the context, one for each ending."""
        return tuple(DELIMITER + ending.encode() for ending in self.endings)

    @property
    def solved(self) -> bytes:
        """The context with its right ending, as another question may be primed with it."""
        text = f"{self.context}{DELIMITER.decode()}{self.answer}" if self.answer else self.context
        return text.encode()
