"""The portable network: right, and the same bits whatever runs it."""

import math
import os
import platform
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numba import njit

from compgen.kernels import gru, portable_math
from compgen.kernels.cm_tables import LOGARITHM_UNIT, tables
from compgen.kernels.matrix import DEPTH, TILE, filled, padded, product, tiled
from compgen.kernels.softmax import TOTAL, frequencies
from tests.formula_model import CONFIG, formula_tensors
from tests.portability_probe import mixing, numbers, stream

GOLDEN_NUMBERS = "17899439e73f4c133e8b9f9b6f77575a6476cc5ec721da9d2a92f8084a52fa48"
GOLDEN_STREAM = "fc607b2fff02ec2fb7ee2c6e36170d957ff60e49d19c6d85f6fae5f64cbacca7"
LESSER: dict[str, dict[str, str]] = {
    "generic": {"NUMBA_CPU_NAME": "generic"},
    "avx, no fma": {"NUMBA_CPU_NAME": "sandybridge"},
    "avx2 and fma, no avx512": {"NUMBA_CPU_NAME": "haswell"},
}
X86 = platform.machine().lower() in ("x86_64", "amd64")


# ------------------------------------------------------------------------------- arithmetic


@njit
def each(function: Any, x: Any) -> Any:
    found = np.empty_like(x)
    for index in range(x.size):
        found[index] = function(x[index])
    return found


def test_exp_sigmoid_and_tanh_are_as_good_as_they_say() -> None:
    rng = np.random.default_rng(1)
    x = np.concatenate([np.linspace(-87, 87, 40_001), rng.normal(size=40_000) * 3])
    x = x.astype(np.float32)
    wide = x.astype(np.float64)
    assert np.abs(each(portable_math.exp, x) / np.exp(wide) - 1).max() < 1.5e-7
    assert np.abs(each(portable_math.sigmoid, x) - 1 / (1 + np.exp(-wide))).max() < 1.2e-7
    assert np.abs(each(portable_math.tanh, x) - np.tanh(wide)).max() < 2.0e-7
    assert each(portable_math.exp, np.zeros(1, np.float32))[0] == 1


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 3e38, -3e38])
def test_nothing_that_comes_in_makes_a_nan(value: float) -> None:
    x = np.full(1, value, np.float32)
    for function in (portable_math.exp, portable_math.sigmoid, portable_math.tanh):
        assert np.isfinite(each(function, x)).all()


def test_a_product_adds_in_its_order_whatever_the_number_of_lanes() -> None:
    rng = np.random.default_rng(2)
    weights = rng.normal(size=(150, 37)).astype(np.float32)
    bias = rng.normal(size=150).astype(np.float32)
    x = np.zeros((9, padded(37, DEPTH)), np.float32)
    x[:, :37] = rng.normal(size=(9, 37))
    out = np.empty((9, padded(150, TILE)), np.float32)
    product(x, tiled(weights), filled(bias, out.shape[1]), out)
    for lane in range(9):
        total = bias.copy()
        for k in range(37):
            total += x[lane, k] * weights[:, k]
        np.testing.assert_array_equal(out[lane, :150], total)
    for lanes in (1, 3, 5):
        fewer = np.empty((lanes, out.shape[1]), np.float32)
        product(x[:lanes], tiled(weights), filled(bias, out.shape[1]), fewer)
        np.testing.assert_array_equal(fewer, out[:lanes])


def test_the_network_is_that_of_the_definition() -> None:
    """In float64, by the formulas that PyTorch documents."""
    tensors = formula_tensors()
    wide = {name: tensor.astype(np.float64) for name, tensor in tensors.items()}
    network = gru.pack(tensors)
    state = gru.lanes(network, 3)
    hidden = np.zeros((3, CONFIG.hidden))
    data = np.random.default_rng(3).integers(0, 256, (40, 3)).astype(np.uint8)
    for row in data:
        gru.step(network, state, row)
        x = wide["embedding.weight"][row] @ wide["rnn.weight_ih_l0"].T + wide["rnn.bias_ih_l0"]
        h = hidden @ wide["rnn.weight_hh_l0"].T + wide["rnn.bias_hh_l0"]
        (xr, xz, xn), (hr, hz, hn) = np.split(x, 3, 1), np.split(h, 3, 1)
        keep = 1 / (1 + np.exp(-(xz + hz)))
        new = np.tanh(xn + hn / (1 + np.exp(-(xr + hr))))
        hidden = (1 - keep) * new + keep * hidden
    np.testing.assert_allclose(state.hidden[:, : CONFIG.hidden], hidden, atol=2e-6)
    assert not state.hidden[:, CONFIG.hidden :].any()
    logits = hidden @ wide["head.weight"].T + wide["head.bias"]
    np.testing.assert_allclose(state.logits, logits, atol=1e-5)


def test_a_lane_does_not_depend_on_those_beside_it() -> None:
    network = gru.pack(formula_tensors())
    data = np.random.default_rng(4).integers(0, 256, (20, 11)).astype(np.uint8)
    together = gru.lanes(network, 11)
    for row in data:
        gru.step(network, together, row)
    for first, last in ((0, 1), (3, 5), (6, 11)):
        state = gru.lanes(network, last - first)
        for row in data:
            gru.step(network, state, row[first:last].copy())
        np.testing.assert_array_equal(state.logits, together.logits[first:last])
        np.testing.assert_array_equal(state.hidden, together.hidden[first:last])


def test_frequencies_are_those_of_a_softmax() -> None:
    rng = np.random.default_rng(5)
    logits = (rng.normal(size=(20, 256)) * rng.uniform(0.1, 12, (20, 1))).astype(np.float32)
    logits[0] = 0
    logits[1, 7] = 300
    logits[2] = np.nan
    logits[3, 5] = np.inf
    cumulative = np.empty((20, 257), np.int32)
    frequencies(logits, cumulative)
    found = np.diff(cumulative, axis=1)
    assert found.min() >= 1
    assert (cumulative[:, 0] == 0).all()
    assert (cumulative[:, -1] == TOTAL).all()
    wide = logits[4:].astype(np.float64)
    exact = np.exp(wide - wide.max(1, keepdims=True))
    exact *= (TOTAL - 256) / exact.sum(1, keepdims=True)
    largest = exact.argmax(1)
    difference = found[4:] - 1 - exact
    difference[np.arange(16), largest] = 0
    assert np.abs(difference).max() < 2 + 1e-6 * TOTAL


def test_logarithms_of_whole_numbers() -> None:
    exact = [math.log(n) * LOGARITHM_UNIT for n in range(1, 4096)]
    assert np.abs(tables().logarithm[1:] - exact).max() <= 0.5 + 1e-6


# ------------------------------------------------------------------ the same on every machine


def test_golden_values() -> None:
    """Files must decode on any machine: a change here is a change of format."""
    assert numbers() == GOLDEN_NUMBERS
    assert stream() == GOLDEN_STREAM


@pytest.mark.parametrize("target", [name for name in LESSER if X86 or name == "generic"])
def test_code_for_a_lesser_processor_computes_the_same(target: str, tmp_path: Path) -> None:
    """Without vectors of 64 bytes, without fused multiplication and addition, and so on."""
    settings = {**LESSER[target], "NUMBA_OPT": "3"}
    assert probed(tmp_path, settings) == [GOLDEN_NUMBERS, GOLDEN_STREAM, "separate"]


def test_filters_for_a_generic_processor_compute_the_same(tmp_path: Path) -> None:
    """Those of samplecm and pixelcm; barely optimised besides, which takes less time to compile
    and leaves sums in the order in which they are written."""
    assert probed(tmp_path, {**LESSER["generic"], "NUMBA_OPT": "1"}, "mixing") == mixing()


def probed(cache: Path, settings: dict[str, str], *arguments: str) -> list[str]:
    """What the probe prints, compiled with these settings."""
    settings = {**settings, "NUMBA_CACHE_DIR": str(cache)}
    if settings["NUMBA_CPU_NAME"] == "generic":
        settings["NUMBA_CPU_FEATURES"] = ""
    found = subprocess.run(
        [sys.executable, "-m", "tests.portability_probe", *arguments],
        env={**os.environ, **settings},
        cwd=Path(__file__).parent.parent,
        capture_output=True,
        text=True,
        check=True,
    )
    return found.stdout.split()
