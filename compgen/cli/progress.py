"""A line on stderr while something takes its time: who, how far, how fast, how much longer."""

import time
from typing import TYPE_CHECKING, Any, Self

from compgen.cli import console

if TYPE_CHECKING:
    from rich.progress import ProgressColumn


class ProgressLine:
    """Shown while it is entered, and gone afterwards; nothing where stderr is no terminal.

    total   what `completed` counts up to; None: nobody knows
    facts   columns between the bar and the remaining time: rich's, or texts with fields of a
            task, such as "{task.completed:,.0f} bytes" or "{task.fields[rate]}"
    fields  what those fields are at first
    """

    def __init__(
        self,
        total: float | None,
        *facts: "ProgressColumn | str",
        hidden: bool,
        what: str = "",
        **fields: Any,
    ) -> None:
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

        screen = console.notes()
        self.hidden = hidden or not console.can_redraw(screen)
        described = [TextColumn("{task.description}", markup=False)] if what else []
        self._bar = Progress(
            *described,
            BarColumn(bar_width=20),
            *(TextColumn(fact) if isinstance(fact, str) else fact for fact in facts),
            TimeRemainingColumn(),
            console=screen,
            transient=True,
            disable=self.hidden,
        )
        self._task = self._bar.add_task(console.printable(what, keep=""), total=total, **fields)
        self._started = time.perf_counter()

    def __enter__(self) -> Self:
        self._bar.__enter__()
        return self

    def __exit__(self, *details: object) -> None:
        self._bar.stop()

    def show(self, *, what: str | None = None, **changes: Any) -> None:
        """What has changed: `completed` or `advance`, a field, or who it is about."""
        if self.hidden:
            return
        if what is not None:
            changes["description"] = console.printable(what, keep="")
        self._bar.update(self._task, **changes)

    def per_second(self, count: float) -> float:
        """`count` over the seconds since the line was made."""
        return count / max(time.perf_counter() - self._started, 1e-9)
