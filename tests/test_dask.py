"""The same grid on a real Dask cluster of two workers, one of which is killed in the middle."""

import os
import signal
import threading
import time
import warnings
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from compgen.errors import FailureError
from compgen.experiment.executors import run_all, workers_for
from compgen.experiment.run import Run
from compgen.experiment.store import Store
from tests.test_experiment import BASE, TEXTS

distributed = pytest.importorskip("distributed")


@pytest.fixture
def cluster() -> Iterator[Any]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
        ) as running:
            yield running


@pytest.mark.filterwarnings("ignore")
def test_nothing_is_lost_when_a_worker_is_killed(cluster: Any) -> None:
    address = cluster.scheduler_address.removeprefix("tcp://")
    workers = workers_for(1, f"dask://{address}")
    specs = [replace(BASE, seed=seed) for seed in range(8)]
    told: list[Run] = []
    victim = next(iter(cluster.workers.values())).pid

    def kill_once_begun() -> None:
        while not told:
            time.sleep(0.01)
        os.kill(victim, signal.SIGKILL)

    killer = threading.Thread(target=kill_once_begun)
    killer.start()
    runs = run_all(specs, TEXTS, Store(None), workers=workers, progress=told.append)
    killer.join()
    assert [run.spec for run in runs] == specs
    assert sorted(run.spec.seed for run in told) == list(range(8))  # each once
    here = run_all(specs[:2], TEXTS, Store(None))
    assert [run.samples for run in runs[:2]] == [run.samples for run in here]


@pytest.mark.filterwarnings("ignore")
def test_a_scheduler_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("compgen.experiment.executors.PATIENCE", 0.5)
    workers = workers_for(1, "dask://127.0.0.1:1")
    assert workers is not None
    with pytest.raises(FailureError, match="no Dask scheduler answers"):
        run_all([BASE], TEXTS, Store(None), workers=workers)
