"""Sampling on a device, here the CPU: the same shaping, the same bytes, the right distribution."""

from typing import Any

import numpy as np
import pytest
from scipy import stats

torch = pytest.importorskip("torch")

from compgen import distribution  # noqa: E402
from compgen.kernels.softmax import frequencies as portable_frequencies  # noqa: E402
from compgen.neural.cuda_graph import Step  # noqa: E402
from compgen.neural.device_shaping import (  # noqa: E402
    TOTAL,
    Options,
    draw,
    frequencies,
    truncate,
)
from compgen.neural.device_writer import BLOCK, DeviceWriter  # noqa: E402
from compgen.sampling.shaping import Shaping  # noqa: E402
from tests.test_neural_torch import GRU, TRANSFORMER, engine_of  # noqa: E402
from tests.texts import ENGLISH  # noqa: E402

SHAPINGS: list[dict[str, Any]] = [
    {},
    {"top_k": 7},
    {"top_k": 255},
    {"typical": 0.6},
    {"top_p": 0.8},
    {"top_p": 1e-9},
    {"min_p": 0.1},
    {"min_p": 1.0},
    {"temperature": 0.7},
    {"temperature": 1.6},
    {"temperature": 0.0},
    {"top_k": 40, "typical": 0.9, "top_p": 0.9, "min_p": 0.05, "temperature": 0.8},
]
each_shaping = pytest.mark.parametrize("options", SHAPINGS, ids=str)


def distributions() -> np.ndarray[Any, np.dtype[np.float64]]:
    """Peaked ones, flat ones, ties, and one that is sure."""
    rng = np.random.default_rng(0)
    rows = np.exp2(rng.normal(size=(20, 256)) * np.linspace(0.1, 6, 20)[:, None])
    rows[3, 50:] = 0
    rows[4] = np.repeat(np.arange(16.0), 16)
    rows[5] = 0
    rows[5, 9] = 1
    rows[6] = 1
    return np.asarray(rows / rows.sum(1, keepdims=True))


@each_shaping
def test_shaping_is_that_of_the_host(options: dict[str, Any]) -> None:
    rows = distributions()
    spelled = {"typical_p" if key == "typical" else key: value for key, value in options.items()}
    shaping = Shaping(**{"min_p": 0.0, **spelled})
    expected = np.array([shaping.truncate(row) for row in rows])
    found = truncate(torch.from_numpy(rows), Options(**options)).numpy()
    np.testing.assert_array_equal(found > 0, expected > 0)
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_drawing_is_that_of_the_host() -> None:
    rows = np.repeat(distributions(), 50, axis=0)
    uniforms = np.random.default_rng(1).random(len(rows))
    uniforms[::50] = 0.0
    uniforms[1::50] = np.nextafter(1, 0)
    expected = [
        distribution.draw(row, uniform) for row, uniform in zip(rows, uniforms, strict=True)
    ]
    found = draw(torch.from_numpy(rows), torch.from_numpy(uniforms)).tolist()
    assert found == expected
    assert len(set(found)) > 50


def test_frequencies_are_those_of_the_coder() -> None:
    rng = np.random.default_rng(2)
    logits = (rng.normal(size=(50, 256)) * np.linspace(0, 8, 50)[:, None]).astype(np.float32)
    expected = np.empty((50, 257), np.int32)
    portable_frequencies(logits, expected)
    found = frequencies(torch.from_numpy(logits)).numpy()
    assert (found.sum(1) == TOTAL).all()
    assert found.min() >= 1
    counts = np.diff(expected, axis=1)
    others = counts < counts.max(1, keepdims=True)  # the largest gets what rounding leaves over
    np.testing.assert_allclose(found[others], counts[others], atol=4)
    np.testing.assert_allclose(found, counts, atol=256)


@pytest.mark.parametrize("config", [GRU, TRANSFORMER], ids=lambda config: config.kind)
@pytest.mark.parametrize("options", [SHAPINGS[0], SHAPINGS[-1]], ids=str)
def test_it_writes_what_the_host_would(config: Any, options: dict[str, Any]) -> None:
    engine = engine_of(config)
    lanes, count = 5, BLOCK + 7
    uniforms = np.random.default_rng(3).random((lanes, count))
    start = engine.begin(1)
    engine.read(start, np.frombuffer(ENGLISH[:50], np.uint8))
    many = engine.choose(start, np.zeros(lanes, np.intp))
    writer = DeviceWriter(engine, many, Options(**options))
    first, first_bits = writer.write(uniforms[:, :9])
    rest, rest_bits = writer.write(uniforms[:, 9:])
    data, bits = np.hstack([first, rest]), np.hstack([first_bits, rest_bits])
    spelled = {"typical_p" if key == "typical" else key: value for key, value in options.items()}
    shaping = Shaping(**{"min_p": 0.0, **spelled})
    for lane in range(lanes):
        state = engine.choose(start, np.zeros(1, np.intp))
        for index in range(count):
            counts = np.diff(engine.frequencies(state)[0])
            value = distribution.draw(shaping.truncate(counts / TOTAL), uniforms[lane, index])
            assert data[lane, index] == value
            assert bits[lane, index] == pytest.approx(24 - np.log2(counts[value]), abs=0.01)
            engine.step(state, np.array([value], np.uint8))
    assert len({row.tobytes() for row in data}) == lanes


def test_the_draws_follow_the_distribution() -> None:
    """Chi-square of the second byte, over all first bytes; a wrong model fails it."""
    engine = engine_of(TRANSFORMER)
    options = Options(top_k=6, temperature=1.5)
    start = engine.begin(1)
    samples = 6000
    writer = DeviceWriter(engine, engine.choose(start, np.zeros(samples, np.intp)), options)
    data, _ = writer.write(np.random.default_rng(4).random((samples, 2)))
    shaping = Shaping(min_p=0.0, top_k=6, temperature=1.5)

    def expected_after(prefix: list[int]) -> np.ndarray[Any, np.dtype[np.float64]]:
        state = engine.choose(start, np.zeros(1, np.intp))
        for value in prefix:
            engine.step(state, np.array([value], np.uint8))
        return shaping.truncate(np.diff(engine.frequencies(state)[0]) / TOTAL)

    first = expected_after([])
    likely = [int(value) for value in np.flatnonzero(first)]
    second = np.sum([first[value] * expected_after([value]) for value in likely], axis=0)
    for column, p in ((0, first), (1, second)):
        counts = np.bincount(data[:, column], minlength=256)
        assert counts[p == 0].sum() == 0
        alive = p * samples > 5
        observed = np.append(counts[alive], counts[~alive].sum())
        expected = samples * np.append(p[alive], p[~alive].sum())
        keep = expected > 0
        assert stats.chisquare(observed[keep], expected[keep]).pvalue > 1e-4
    wrong = np.roll(first, 1)
    assert (np.bincount(data[:, 0], minlength=256)[wrong == 0]).sum() > 0


def test_a_step_runs_every_time() -> None:
    count = torch.zeros(1)
    step = Step(lambda: count.add_(1), torch.device("cpu"))
    for _ in range(9):
        step()
    assert count.item() == 9
