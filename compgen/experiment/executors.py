"""Where specs are run: here, in other processes, or on a Dask cluster. The results are the same.

    specs ─► those that the store has ──────────────────────────────────────► results
          └► the others ─► Executor.submit(run_elsewhere, …) ─► as they end ─┴► store

An executor is anything with the interface of `concurrent.futures`. A worker that dies takes its
run with it, not the others: what was finished is kept, and the run is handed out again, once.
"""

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import AbstractContextManager, closing, contextmanager
from multiprocessing import get_context
from typing import Any

from compgen.errors import CompgenError, FailureError, MissingPackageError, UsageError
from compgen.experiment.contract import R, Result, Spec
from compgen.experiment.store import Store

TRIES = 2
"""How often a run is handed out whose worker died."""
PATIENCE = 10.0
"""Seconds within which a scheduler must answer."""

Inputs = Mapping[str, bytes]
"""The inputs' bytes by their SHA-256."""
Workers = Callable[[], AbstractContextManager[Executor]]
"""Opens an executor; a pool that has lost a process is of no more use, so it is opened anew."""


def run_all(
    specs: Sequence[Spec[R]],
    inputs: Inputs,
    store: Store,
    *,
    workers: Workers | None = None,
    progress: Callable[[R], None] = lambda _: None,
) -> list[R]:
    """The result of every spec, in their order; each is in `store` as soon as it is finished.

    Without workers they run here, one after the other. `progress` is told of each, those
    that were in the store too. Raises CompgenError for the first run that fails, after those
    that had begun have ended, FailureError where a worker died twice over one.
    """
    todo = []
    for spec in dict.fromkeys(specs):
        if run := store.get(spec):
            progress(run)
        else:
            todo.append(spec)
    finished = _here(todo, inputs) if workers is None else _there(todo, inputs, workers)
    with closing(finished):  # Ctrl-C hands nothing out any more
        for run in finished:
            store.put(run)
            progress(run)
    return [_kept(store, spec) for spec in specs]


def _kept(store: Store, spec: Spec[R]) -> R:
    run = store.get(spec)
    assert run is not None, spec
    return run


def _here(specs: Sequence[Spec[R]], inputs: Inputs) -> Generator[R, None, None]:
    for spec in specs:
        yield spec.execute(inputs[spec.input_sha256])


def _there(specs: Sequence[Spec[R]], inputs: Inputs, workers: Workers) -> Generator[R, None, None]:
    waiting = list(specs)
    for _ in range(TRIES):
        if not waiting:
            return
        lost: list[Spec[R]] = []
        with workers() as executor:
            yield from _attempt(waiting, inputs, executor, lost)
        waiting = lost
    if waiting:
        raise FailureError(f"a worker died {TRIES} times over '{waiting[0].label}'")


def _attempt(
    specs: Sequence[Spec[R]], inputs: Inputs, executor: Executor, lost: list[Spec[R]]
) -> Generator[R, None, None]:
    """The results as they come; those whose worker died are added to `lost`."""
    futures: dict[Future[dict[str, Any]], Spec[R]] = {
        executor.submit(run_elsewhere, spec, inputs[spec.input_sha256]): spec for spec in specs
    }
    failure: CompgenError | None = None
    try:
        for future in as_completed(futures):
            try:
                yield futures[future].load(future.result())
            except CompgenError as error:
                failure = failure or error
            except Exception as error:  # each executor has its own way to say it
                if not _is_death(error):
                    raise
                lost.append(futures[future])
    finally:
        for future in futures:
            future.cancel()
    if failure:
        raise failure


def _is_death(error: Exception) -> bool:
    return isinstance(error, BrokenProcessPool) or type(error).__name__ in (
        "KilledWorker",
        "CommClosedError",
        "CancelledError",
        "FutureCancelledError",
    )


def run_elsewhere(spec: Spec[Result], data: bytes) -> dict[str, Any]:
    """What a worker does: as JSON, so that versions of numpy may differ."""
    return spec.execute(data).as_dict()


def workers_for(jobs: int, address: str | None) -> Workers | None:
    """What `--jobs N` and `--executor dask://host:port` name; None: run here.

    Raises UsageError for an address that is none, MissingPackageError without dask. Opening them
    raises FailureError where nobody answers.
    """
    if address is None:
        if jobs <= 1:
            return None
        return lambda: ProcessPoolExecutor(jobs, mp_context=get_context("spawn"))
    scheme, separator, host = address.partition("://")
    if scheme != "dask" or not separator or not host:
        raise UsageError(f"--executor {address}: write dask://HOST:PORT")
    try:
        import distributed  # noqa: F401
    except ImportError as error:
        raise MissingPackageError(
            "--executor dask://… needs Dask: pip install 'compgen[dask]'"
        ) from error
    return lambda: _dask(host)


@contextmanager
def _dask(host: str) -> Iterator[Executor]:
    from distributed import Client

    try:
        client = Client(f"tcp://{host}", timeout=PATIENCE)
    except (OSError, ValueError) as error:
        raise FailureError(f"no Dask scheduler answers at {host}") from error
    with client, client.get_executor(pure=False) as executor:
        yield executor
