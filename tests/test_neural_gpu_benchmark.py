"""benchmarks/neural_gpu.py runs, counts what a model does, and writes its report."""

from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

from benchmarks.neural_gpu import (  # noqa: E402
    BEGIN,
    END,
    Machine,
    main,
    matrix_weights,
    put,
    step_work,
    training_operations,
)
from compgen.neural.config import GruConfig, TransformerConfig  # noqa: E402
from compgen.neural.modules import new_model  # noqa: E402
from tests.texts import ENGLISH  # noqa: E402

SMALL = TransformerConfig(width=32, layers=3, heads=2, window=16)


def test_operations_are_those_of_torch() -> None:
    """Counted by torch itself while a step with a full window runs."""
    from torch.utils.flop_counter import FlopCounterMode

    model = new_model(SMALL, 0)
    state = model.initial_state(5)
    counter = FlopCounterMode(display=False)
    with (
        torch.inference_mode(),
        torch.nn.attention.sdpa_kernel(torch.nn.attention.SDPBackend.MATH),
        counter,
    ):
        model.step(torch.zeros(5, dtype=torch.int64), state)
    _, operations = step_work(SMALL, 5, "float32")
    assert counter.get_total_flops() == operations


def test_training_takes_three_times_as_many() -> None:
    short = training_operations(SMALL, 1)
    assert short == 3 * (2 * matrix_weights(SMALL) + 4 * 3 * 32)
    seen = sum(min(place + 1, 16) for place in range(64)) / 64
    expected = 3 * (2 * matrix_weights(SMALL) + 4 * 3 * 32 * seen)
    assert training_operations(SMALL, 64) == pytest.approx(expected)
    gru = GruConfig()
    assert training_operations(gru, 32) == 6 * (gru.parameters - 256 * 64)


def test_bytes_moved_are_weights_and_cache() -> None:
    model = new_model(SMALL, 0)
    state = model.initial_state(7)
    cache = sum(part.numel() for part in [*state.keys, *state.values])
    matrices = sum(weights.numel() for weights in model.parameters()) - 256 * 32
    moved, _ = step_work(SMALL, 7, "bfloat16")
    assert moved == 2 * (cache + matrices)


def test_the_roofline_is_the_longer_of_both() -> None:
    machine = Machine(torch.device("cpu"), 100.0, {"float32": 1000.0})
    assert machine.seconds(200, 100, "float32") == 2
    assert machine.seconds(200, 4000, "float32") == 4


def test_it_runs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text, report = tmp_path / "topics.txt", tmp_path / "report.md"
    text.write_bytes(ENGLISH[:20_000])
    report.write_text("# Before\n")
    main(["--tiny", "--device", "cpu", "--write", str(report), str(text)])
    found = report.read_text()
    assert capsys.readouterr().out in found
    assert found.startswith("# Before\n")
    for line in ("training", "generation, batch 1", "generation, batch 4", "coding", "decoding"):
        assert f"| {line} |" in found
    assert "gave back all of it" in found
    (cost,) = [line for line in found.splitlines() if line.startswith("| topics.txt |")]
    assert 5 < float(cost.split("|")[4]) < 8.2


def test_the_report_takes_its_own_place(tmp_path: Path) -> None:
    file = tmp_path / "neural.md"
    file.write_text("first\n")
    put("one\n", file)
    assert file.read_text() == f"first\n\n{BEGIN}\none\n{END}\n"
    file.write_text(file.read_text() + "last\n")
    put("two\n", file)
    assert file.read_text() == f"first\n\n{BEGIN}\ntwo\n{END}\nlast\n"
