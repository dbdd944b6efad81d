"""Splits share no byte, runs are what their specs say, and nothing is lost or run twice."""

import hashlib
import json
import pickle
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from compgen import get_compressor
from compgen.errors import (
    FailureError,
    InputError,
    MissingPackageError,
    SpecError,
    UnsupportedError,
    UsageError,
)
from compgen.experiment import executors
from compgen.experiment.executors import run_all, run_elsewhere, workers_for
from compgen.experiment.grid import grid
from compgen.experiment.quality import Bench
from compgen.experiment.run import CONTEXT_LENGTHS, Run, execute
from compgen.experiment.spec import RunSpec
from compgen.experiment.split import split_of, split_text
from compgen.experiment.store import Store
from tests.texts import ENGLISH

TEXT = ENGLISH[:60_000]
TEXTS = {hashlib.sha256(TEXT).hexdigest(): TEXT}
BASE = RunSpec(
    text_sha256=next(iter(TEXTS)),
    compressor="ngram:order=4",
    prompts=4,
    prompt_bytes=60,
    length=50,
    positions=6,
)


def test_no_byte_is_in_two_parts() -> None:
    lines = b"".join(b"line %06d of the text, which says nothing else\n" % i for i in range(3000))
    split = split_text(lines, seed=3, prompts=20)
    pool, judged = set(split.pool.split(b"\n")), set(split.judged.split(b"\n"))
    held_out = {line for part in split.held_out for line in part.split(b"\n")}
    for first, second in ((pool, judged), (pool, held_out), (judged, held_out)):
        assert first & second <= {b""}
    assert len(split.pool) + len(split.judged) + sum(map(len, split.held_out)) == len(lines)
    for prompt, real in zip(split.prompts, split.real, strict=True):
        assert any(prompt + real in part for part in split.held_out)
        assert (len(prompt), len(real)) == (200, 200)
    assert all(any(piece in part for part in split.held_out) for piece in split.others)


def test_a_split_is_decided_by_its_seed() -> None:
    assert split_text(TEXT, seed=1).sha256 == split_text(TEXT, seed=1).sha256
    assert split_text(TEXT, seed=1).sha256 != split_text(TEXT, seed=2).sha256
    assert split_text(TEXT, seed=1).sha256 != split_text(TEXT, seed=1, prompts=39).sha256


@pytest.mark.parametrize("text", [b"", b"x", ENGLISH[:2000], bytes(1000)])
def test_texts_that_are_too_short_are_refused(text: bytes) -> None:
    with pytest.raises(InputError, match="too few to be split"):
        split_text(text)


def test_texts_without_lines_are_split() -> None:
    assert len(split_text(bytes(range(256)) * 400).prompts) == 40


def test_a_spec_is_its_identity() -> None:
    assert pickle.loads(pickle.dumps(BASE)) == BASE
    assert RunSpec.from_dict(json.loads(json.dumps(BASE.as_dict()))) == BASE
    others = [
        replace(BASE, seed=1),
        replace(BASE, compressor="gzip"),
        replace(BASE, shaping=(("temperature", 0.5),)),
        replace(BASE, contexts=(4, 3)),
        replace(BASE, split_seed=9),
    ]
    assert len({spec.id for spec in [BASE, *others]}) == 6
    again = RunSpec.from_dict(json.loads(json.dumps(others[3].as_dict())))
    assert again == others[3]
    assert again.id == others[3].id


def test_a_run_is_what_its_spec_says() -> None:
    run = execute(BASE, split_of(BASE, TEXT))
    assert [len(sample) for sample in run.samples] == [50] * 4
    assert run.candidates == 0
    assert np.exp2(-run.distributions).sum(axis=1) == pytest.approx(1)
    assert run.curve.shape[0] == len(CONTEXT_LENGTHS)
    again = execute(BASE, split_of(BASE, TEXT))
    assert again.samples == run.samples
    assert execute(replace(BASE, seed=1), split_of(BASE, TEXT)).samples != run.samples
    greedy = replace(BASE, shaping=(("temperature", 0.0),))
    assert execute(greedy, split_of(BASE, TEXT)).samples != run.samples


def test_candidates_are_counted() -> None:
    spec = replace(BASE, compressor="zlib", reading="bytes", prompts=2, length=3)
    run = execute(spec, split_of(spec, TEXT))
    alphabet = len(set(split_of(spec, TEXT).pool + split_of(spec, TEXT).prompts[0]))
    assert 0 < run.candidates <= 6 * (alphabet + 9)


def test_a_run_survives_its_file(tmp_path: Path) -> None:
    store = Store(tmp_path / "runs")
    assert store.get(BASE) is None
    run = execute(BASE, split_of(BASE, TEXT))
    store.put(run)
    (file,) = (tmp_path / "runs").iterdir()
    assert file.name == f"{BASE.id}.json"
    back = Store(tmp_path / "runs").get(BASE)
    assert back is not None
    assert (back.samples, back.versions) == (run.samples, run.versions)
    np.testing.assert_allclose(back.distributions, run.distributions, rtol=1e-3)
    np.testing.assert_allclose(back.curve, run.curve)
    for damage in (b"", b"{}", file.read_bytes()[:-5], b"[1]", b"\xff"):
        file.write_bytes(damage)
        assert Store(tmp_path / "runs").get(BASE) is None


def test_what_is_kept_is_not_run_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    specs = [replace(BASE, seed=seed) for seed in range(3)]
    first = run_all(specs, TEXTS, Store(tmp_path))
    executed = []
    plainly = RunSpec.execute

    def execute_and_note(spec: RunSpec, text: bytes) -> Run:
        executed.append(spec)
        return plainly(spec, text)

    monkeypatch.setattr(RunSpec, "execute", execute_and_note)
    (tmp_path / f"{specs[1].id}.json").unlink()
    told: list[Run] = []
    second = run_all(specs, TEXTS, Store(tmp_path), progress=told.append)
    assert executed == [specs[1]]
    assert [run.samples for run in second] == [run.samples for run in first]
    assert len(told) == 3


def test_processes_do_what_this_one_does() -> None:
    specs = [replace(BASE, seed=seed) for seed in range(3)]
    here = run_all(specs, TEXTS, Store(None))
    there = run_all(specs, TEXTS, Store(None), workers=workers_for(2, None))
    assert [run.samples for run in there] == [run.samples for run in here]


class Dying(Executor):
    """Loses the first run that it is given, as often as it has lives to lose."""

    deaths = 0

    def __init__(self) -> None:
        self.handed_out: list[RunSpec] = []

    def submit(self, _function: Any, spec: RunSpec, text: bytes) -> Future[Any]:  # type: ignore[override]
        self.handed_out.append(spec)
        future: Future[Any] = Future()
        if self.deaths:
            self.deaths -= 1
            future.set_exception(BrokenProcessPool("a worker died"))
        else:
            future.set_result(run_elsewhere(spec, text))
        return future


def test_a_run_whose_worker_died_is_handed_out_again() -> None:
    specs = [replace(BASE, seed=seed) for seed in range(3)]
    pool = Dying()
    pool.deaths = 1

    def workers() -> AbstractContextManager[Executor]:
        return nullcontext(pool)

    told: list[Run] = []
    runs = run_all(specs, TEXTS, Store(None), workers=workers, progress=told.append)
    assert [run.spec for run in runs] == specs
    assert pool.handed_out == [*specs, specs[0]]
    assert len(told) == 3
    pool.deaths = 10
    with pytest.raises(FailureError, match="died 2 times"):
        run_all([replace(BASE, seed=7)], TEXTS, Store(None), workers=workers)


def die(*_: object) -> None:
    import os

    os._exit(1)


def test_a_process_that_really_dies_is_noticed() -> None:
    pool = ProcessPoolExecutor(1, mp_context=get_context("spawn"))
    with pool, pytest.raises(BrokenProcessPool) as caught:
        pool.submit(die).result()
    assert executors._is_death(caught.value)


def test_addresses_of_executors() -> None:
    assert workers_for(1, None) is None
    for wrong in ("localhost:1", "dask://", "ray://x:1"):
        with pytest.raises(UsageError, match="dask://HOST:PORT"):
            workers_for(1, wrong)
    try:
        import distributed  # noqa: F401
    except ImportError:
        with pytest.raises(MissingPackageError, match="compgen\\[dask\\]"):
            workers_for(1, "dask://localhost:1")


def test_a_grid_has_its_baselines_and_null_scores() -> None:
    rows, skipped = grid(
        BASE, compressors=["gzip", "zstd"], readings=["auto", "frozen"], samplers=["", "spans"]
    )
    labels = [row.label for row in rows]
    assert labels[:3] == ["gzip", "gzip, spans", "null score, spans"]
    assert {"uniform", "ngram", "a quotation"} <= set(labels)
    assert len({row.spec.id for row in rows}) == len(rows)
    assert [one.label for one in skipped] == ["zstd, frozen", "zstd, frozen, spans"]
    plain, _ = grid(BASE, compressors=["gzip"], seeds=[1, 2], baselines=False)
    assert [row.label for row in plain] == ["gzip, seed 1", "gzip, seed 2"]


def test_a_model_that_has_read_the_text_is_marked() -> None:
    known = next(iter(get_compressor("neural").learned_from))
    rows, _ = grid(replace(BASE, text_sha256=known), compressors=["neural", "gzip"])
    assert [row.label for row in rows[:2]] == ["neural †", "gzip"]
    rows, _ = grid(BASE, compressors=["neural"])
    assert rows[0].label == "neural"


def test_a_grid_refuses_what_there_is_not() -> None:
    for wrong in ({"compressors": ["gzip"], "samplers": ["x"]}, {"compressors": ["nope"]}):
        with pytest.raises((UsageError, SpecError)):
            grid(BASE, **wrong)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="no reading"):
        grid(BASE, compressors=["gzip"], readings=["x"])
    with pytest.raises(UnsupportedError, match="no reading 'frozen'"):
        grid(BASE, compressors=["zstd"], readings=["frozen"])
    with pytest.raises(UsageError, match="no shaping"):
        execute(replace(BASE, shaping=(("heat", 1.0),)), split_of(BASE, TEXT))


def test_rows_stand_beside_real_text() -> None:
    bench = Bench(split_of(BASE, TEXT))
    real = bench.real()
    assert real.gap.value == 0
    assert real.prediction is None
    quoted = bench.measure(execute(replace(BASE, sampler="quote"), bench.split))
    assert quoted.covered.value == 1
    assert quoted.longest_copy.value == 50
    noise = bench.measure(execute(replace(BASE, compressor="uniform"), bench.split))
    assert noise.gap.value > 2
    assert noise.covered.value == 0
    assert noise.valid_words.value < real.valid_words.value
    found = noise.as_dict()
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert found["gap_low"] < found["gap"] < found["gap_high"]
    assert found["cross_entropy"] == 8
