"""Samples that are written together are those that are written alone."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from compgen.compressors.neural import Neural  # noqa: E402
from compgen.conditionals.neural_fast import FastNeural  # noqa: E402
from compgen.neural.config import AnyConfig  # noqa: E402
from compgen.neural.lanes import LaneRule  # noqa: E402
from compgen.neural.torch_engine import TorchEngine  # noqa: E402
from compgen.sampling import Ancestral, Shaping, Source  # noqa: E402
from compgen.sampling.side_by_side import ManyAtOnce, SideBySide  # noqa: E402
from tests.contract import check_conditional  # noqa: E402
from tests.test_neural_torch import CPU, GRU, TRANSFORMER, checkpoint_of, engine_of  # noqa: E402
from tests.texts import ENGLISH  # noqa: E402

CONFIGS = [GRU, TRANSFORMER]
each_config = pytest.mark.parametrize("config", CONFIGS, ids=lambda config: config.kind)
SHAPING = Shaping(temperature=0.9, top_k=50, top_p=0.9, min_p=0.01)


def generators(samples: int) -> list[np.random.Generator]:
    return [np.random.default_rng([5, sample]) for sample in range(samples)]


@each_config
def test_together_is_alone(config: AnyConfig) -> None:
    conditional = FastNeural(engine_of(config), ENGLISH[:60])
    assert isinstance(conditional, ManyAtOnce)
    before = conditional.next_byte()
    writing = SideBySide(conditional, SHAPING, generators(4), limit=37)
    together = [list(writing.chunks(sample)) for sample in (2, 0, 1, 3)]
    order = [2, 0, 1, 3]
    for sample, chunks in zip(order, together, strict=True):
        data = b"".join(chunk.data for chunk in chunks)
        assert len(data) == 37
        source = Source(conditional.fork(), Neural(), b"", ENGLISH[:60], SHAPING, limit=37)
        alone = b""
        for chunk in Ancestral().chunks(source, generators(4)[sample]):
            alone += chunk.data
            if len(alone) >= 37:
                break
        assert data == alone[:37]
        bits = np.concatenate([chunk.bits for chunk in chunks if chunk.bits is not None])
        np.testing.assert_allclose(bits, conditional.fork().code_lengths(data), atol=0.01)
    assert len({b"".join(chunk.data for chunk in chunks) for chunks in together}) == 4
    np.testing.assert_array_equal(conditional.next_byte(), before)


def test_nothing_is_written_before_it_is_asked_for() -> None:
    conditional = FastNeural(engine_of(GRU))
    drawn = generators(2)
    writing = SideBySide(conditional, SHAPING, drawn, limit=1000)
    first = next(writing.chunks(0))
    assert len(first.data) == 8
    expected = np.random.default_rng([5, 1])
    expected.random(8)
    assert drawn[1].random() == expected.random()


@each_config
def test_alone_it_is_a_conditional(config: AnyConfig) -> None:
    engine = engine_of(config)
    check_conditional(
        lambda context: FastNeural(engine, context),
        contexts=(b"", ENGLISH[:300]),
        tolerance=0.02,  # of one in 2^24 that rounds otherwise
    )


@each_config
def test_coding_in_lanes_round_trips(config: AnyConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    checkpoint = checkpoint_of(config)
    monkeypatch.setattr(FastNeural, "lane_rule", LaneRule(100, 8))
    data = ENGLISH[:701]
    sender = FastNeural(TorchEngine(checkpoint, CPU), ENGLISH[:50])
    receiver = FastNeural(TorchEngine(checkpoint, CPU), ENGLISH[:50])
    skipping = FastNeural(TorchEngine(checkpoint, CPU), ENGLISH[:50])
    stream = sender.encode(data)
    assert receiver.decode(stream, len(data)) == data
    skipping.skip(data)
    expected = sender.next_byte()
    np.testing.assert_array_equal(receiver.next_byte(), expected)
    np.testing.assert_array_equal(skipping.next_byte(), expected)
    ideal = FastNeural(TorchEngine(checkpoint, CPU), ENGLISH[:50]).code_lengths(data).sum()
    assert 8 * len(stream) == pytest.approx(ideal, rel=0.1)


def test_there_is_room_for_some() -> None:
    assert FastNeural(engine_of(GRU)).most_together == 4096
    assert FastNeural(engine_of(TRANSFORMER)).most_together == 4096
