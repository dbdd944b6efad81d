"""The torch engine: steps, reading and scoring say the same, in lanes, on one device."""

from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from compgen.errors import FailureError, UnsupportedError  # noqa: E402
from compgen.neural.candidate_tree import passes, plant  # noqa: E402
from compgen.neural.checkpoint import Checkpoint, identity  # noqa: E402
from compgen.neural.config import AnyConfig, GruConfig, TransformerConfig  # noqa: E402
from compgen.neural.engine import Cumulative  # noqa: E402
from compgen.neural.lockstep import read_together  # noqa: E402
from compgen.neural.numerics import repeatable  # noqa: E402
from compgen.neural.torch_engine import TorchEngine, cumulative_of  # noqa: E402
from tests.texts import ENGLISH  # noqa: E402

CPU = torch.device("cpu")
GRU = GruConfig(8, 24)
TRANSFORMER = TransformerConfig(width=16, layers=2, heads=2, window=12)
CONFIGS = [GRU, TRANSFORMER]


def checkpoint_of(config: AnyConfig, seed: int = 0, scale: float = 0.4) -> Checkpoint:
    """Weights so large that a byte matters, and so small that nothing saturates."""
    rng = np.random.default_rng(seed)
    tensors = {
        name: (scale * rng.normal(size=shape)).astype(np.float32)
        for name, shape in config.shapes().items()
    }
    return Checkpoint(config, tensors, identity(config, tensors))


def engine_of(config: AnyConfig, **options: Any) -> TorchEngine:
    return TorchEngine(checkpoint_of(config), CPU, **options)


def assert_near(one: Cumulative, other: Cumulative, most: int = 64) -> None:
    """A few of 2^24 apart at most: what another order of additions makes."""
    assert one.shape == other.shape
    assert np.abs(np.diff(one, axis=-1) - np.diff(other, axis=-1)).max(initial=0) <= most


each_config = pytest.mark.parametrize("config", CONFIGS, ids=lambda config: config.kind)


@each_config
def test_frequencies_are_those_of_the_model(config: AnyConfig) -> None:
    engine = engine_of(config)
    state = engine.begin(1)
    text = ENGLISH[:40]
    for value in text:
        engine.step(state, np.array([value], np.uint8))
    said = np.diff(engine.frequencies(state)[0]) / 2.0**24
    with torch.inference_mode():
        tokens = torch.tensor([list(b"\n" + text)])
        logits, _ = engine.model.forward(tokens, engine.model.initial_state(1))
        expected = torch.softmax(logits[0, -1].double(), 0).numpy()
    np.testing.assert_allclose(said, expected, atol=2e-5)  # 256 of 2^24 go to rounding
    assert said.max() > 2 / 256, "the test's model says nothing"


@each_config
def test_reading_is_stepping(config: AnyConfig) -> None:
    engine = engine_of(config)
    data = np.frombuffer(ENGLISH[:300], np.uint8)
    stepped, at_once = engine.begin(1), engine.begin(1)
    rows = []
    for value in data:
        rows.append(engine.frequencies(stepped)[0])
        engine.step(stepped, np.array([value]))
    assert_near(engine.read(at_once, data), np.array(rows))
    assert_near(engine.frequencies(at_once), engine.frequencies(stepped))
    one_by_one = engine.begin(1)
    for value, row in zip(data, rows, strict=True):
        np.testing.assert_array_equal(engine.read(one_by_one, np.array([value]))[0], row)
    assert engine.read(one_by_one, data[:0]).shape == (0, 257)


@each_config
def test_lanes_do_not_touch_each_other(config: AnyConfig) -> None:
    """Some stop before others, and any can be chosen from then on."""
    engine = engine_of(config)
    texts = [ENGLISH[100 * lane :][: 20 - (lane > 1) - (lane > 3)] for lane in range(6)]
    state = engine.begin(6)
    for index in range(20):
        moving = [text[index] for text in texts if index < len(text)]
        engine.step(state, np.array(moving, np.uint8))
    assert [part.count for part in state.parts] == [2, 2, 2]
    alone = []
    for text in texts:
        own = engine.begin(1)
        engine.read(own, np.frombuffer(text, np.uint8))
        alone.append(engine.frequencies(own)[0])
    assert_near(engine.frequencies(state), np.array(alone))
    which = np.array([5, 0, 0, 3, 1])
    chosen = engine.choose(state, which)
    assert_near(engine.frequencies(chosen), np.array(alone)[which])
    before = engine.frequencies(state)
    engine.step(chosen, np.frombuffer(b"abcde", np.uint8))
    np.testing.assert_array_equal(engine.frequencies(state), before)
    own = engine.begin(1)
    engine.read(own, np.frombuffer(texts[3] + b"d", np.uint8))
    assert_near(engine.frequencies(chosen)[3:4], engine.frequencies(own))


@each_config
def test_another_engine_says_the_very_same(config: AnyConfig) -> None:
    """What files depend on: the same questions, the same whole numbers."""
    texts = np.frombuffer(ENGLISH[:160], np.uint8).reshape(4, 40)

    def answers(engine: TorchEngine) -> list[Cumulative]:
        start = engine.begin(1)
        found = [engine.read(start, np.frombuffer(ENGLISH[:100], np.uint8))]
        state = engine.choose(start, np.zeros(4, np.intp))
        for column in texts.T:
            found.append(engine.frequencies(state))
            engine.step(state, column)
        return found

    first = engine_of(config)
    noise = torch.rand(317, 211)  # memory lies elsewhere for the second
    for one, other in zip(answers(first), answers(first.renewed()), strict=True):
        np.testing.assert_array_equal(one, other)
    assert noise.shape == (317, 211)
    assert first.renewed().model is not first.model


CANDIDATES = [b"", b"a", b"the", b"then", b"the", ENGLISH[7:47], b"\x00\xff", b"tha", b"b"]


@pytest.mark.parametrize("context", [b"", ENGLISH[:5], ENGLISH[:70]], ids=len)
def test_candidates_share_a_tree(context: bytes) -> None:
    engine = engine_of(TRANSFORMER)
    state = engine.begin(1)
    engine.read(state, np.frombuffer(context, np.uint8))
    before = engine.frequencies(state)
    together = engine.read_together(state, CANDIDATES)
    assert together is not None
    for candidate, rows in zip(CANDIDATES, together, strict=True):
        own = engine.choose(state, np.zeros(1, np.intp))
        assert_near(rows, engine.read(own, np.frombuffer(candidate, np.uint8)))
    np.testing.assert_array_equal(engine.frequencies(state), before)


def test_recurrent_candidates_go_in_step() -> None:
    engine = engine_of(GRU)
    state = engine.begin(1)
    assert engine.read_together(state, CANDIDATES) is None
    for candidate, rows in zip(CANDIDATES, read_together(engine, state, CANDIDATES), strict=True):
        own = engine.choose(state, np.zeros(1, np.intp))
        assert_near(rows, engine.read(own, np.frombuffer(candidate, np.uint8)))


def test_the_tree_holds_what_is_shared_once() -> None:
    tree, paths = plant([b"then", b"that", b"a", b""])
    assert bytes(tree.values.tolist()) == b"thea"
    assert tree.parents.tolist() == [-1, 0, 1, 1]
    assert tree.depths.tolist() == [0, 1, 2, 2]
    assert [path.tolist() for path in paths] == [[0, 1, 2], [0, 1, 3], [], []]
    assert tree.ancestry().sum(1).tolist() == [1, 2, 3, 3]


def test_passes_are_no_larger_than_allowed() -> None:
    rng = np.random.default_rng(1)
    candidates = [bytes(rng.integers(97, 100, rng.integers(0, 9)).tolist()) for _ in range(200)]
    groups = passes(candidates, most=30)
    assert sorted(index for group in groups for index in group) == list(range(200))
    sizes = [plant([candidates[index] for index in group])[0].values.size for group in groups]
    assert max(sizes) <= 30
    assert len(groups) < 20, "neighbours do not come together"
    assert passes([bytes(50), b"ab"], most=30) == [[0], [1]]


def test_what_it_says_of_itself() -> None:
    engine = engine_of(GRU, threads=2)
    assert engine.traits == {
        "mode": "fast",
        "device": f"cpu {torch.backends.cpu.get_cpu_capability()}",
        "dtype": "float32",
        "torch": torch.__version__,
        "threads": "2",
    }
    assert engine.sha256 == checkpoint_of(GRU).sha256


def test_bfloat16_is_for_cuda() -> None:
    with pytest.raises(UnsupportedError, match="bfloat16 is for CUDA"):
        engine_of(GRU, dtype="bfloat16")


def test_threads_are_the_process_own_again() -> None:
    before = torch.get_num_threads()
    other = 1 if before > 1 else 2
    with repeatable(CPU, other):
        assert torch.get_num_threads() == other
    assert torch.get_num_threads() == before


def test_no_memory_is_one_line() -> None:
    with pytest.raises(FailureError, match="out of memory on cpu"), repeatable(CPU, 1):
        torch.empty(1 << 60)


def test_no_numbers_are_refused() -> None:
    logits = np.zeros((2, 256), np.float32)
    logits[1, 7] = np.nan
    with pytest.raises(FailureError, match="not numbers"):
        cumulative_of(logits)
