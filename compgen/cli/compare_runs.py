"""What comparisons of every medium have in common: the runs, and what is written of them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from compgen.cli import console
from compgen.cli.interrupt import keep_what_there_is
from compgen.cli.progress import ProgressLine

if TYPE_CHECKING:
    from compgen.experiment.contract import Result, Spec
    from compgen.experiment.executors import Workers
    from compgen.experiment.store import Store


@dataclass(frozen=True)
class Running:
    """Where and how runs are run."""

    out: Path | None
    """The directory that keeps them."""
    workers: "Workers | None"
    quiet: bool
    as_json: bool

    def store(self) -> "Store":
        """The runs that there are."""
        from compgen.experiment.store import Store

        return Store(self.out)


@dataclass(frozen=True)
class Compared:
    """What a comparison has come to, once it has been shown."""

    csv: Callable[[], str]
    page: Callable[[str], str]
    """The report, given what was typed."""
    interrupted: bool
    """Whether Ctrl-C ended it early."""


def run_grid(
    specs: Sequence[tuple["Spec[Any]", str]],
    inputs: Mapping[str, bytes],
    store: "Store",
    running: Running,
) -> bool:
    """Run all specs, each with a label for the progress line; whether Ctrl-C ended it early."""
    from rich.progress import MofNCompleteColumn

    from compgen.experiment.executors import run_all

    labels = {spec.id: label for spec, label in specs}
    done = MofNCompleteColumn()
    with ProgressLine(len(labels), done, hidden=running.quiet, what="running") as progress:

        def finished(run: "Result") -> None:
            keep_what_there_is()
            progress.show(advance=1, what=labels[run.spec.id][:40])

        try:
            run_all(
                [spec for spec, _ in specs],
                inputs,
                store,
                workers=running.workers,
                progress=finished,
            )
        except KeyboardInterrupt:
            return True
    return False


@contextmanager
def saying(what: str, running: Running) -> Iterator[None]:
    """A line on the terminal for as long as it takes."""
    from rich.progress import Progress, SpinnerColumn, TextColumn

    screen = console.notes()
    hidden = running.quiet or not console.can_redraw(screen)
    columns = TextColumn("{task.description}"), SpinnerColumn()
    with Progress(*columns, console=screen, transient=True, disable=hidden) as progress:
        progress.add_task(what, total=None)
        yield
