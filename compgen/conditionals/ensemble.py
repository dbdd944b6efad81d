"""Several conditionals asked as one: each continuation's lengths are combined.

What the members have in common lives here; `Mixture` and `Dithered` say how to combine.
"""

import copy
from collections.abc import Sequence
from typing import Generic, Self, TypeVar

from compgen.conditional import Conditional

Member = TypeVar("Member", bound=Conditional)


class Ensemble(Conditional, Generic[Member]):
    """Members that advance and fork together."""

    def __init__(self, members: Sequence[Member]) -> None:
        if not members:
            raise ValueError("an ensemble has at least one member")
        self._members = list(members)
        self.reading = members[0].reading

    def advance(self, data: bytes) -> None:
        for member in self._members:
            member.advance(data)

    def fork(self) -> Self:
        twin = copy.copy(self)
        twin._members = [member.fork() for member in self._members]
        return twin
