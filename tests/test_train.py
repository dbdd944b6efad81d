"""Models and training: what is computed, what is learned, and what survives an interruption."""

import json
import math
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from compgen.errors import FailureError, InputError, UsageError
from tests.command_line import cgen, start
from tests.texts import ENGLISH

torch = pytest.importorskip("torch")

from compgen.neural import training  # noqa: E402
from compgen.neural.batches import Streams, Windows, fitting_batch  # noqa: E402
from compgen.neural.byte_model import ByteModel  # noqa: E402
from compgen.neural.checkpoint import identity, load, save  # noqa: E402
from compgen.neural.config import AnyConfig, GruConfig, TransformerConfig  # noqa: E402
from compgen.neural.corpus_split import Text, split  # noqa: E402
from compgen.neural.devices import device_of  # noqa: E402
from compgen.neural.held_out import PRIMING, held_out_of  # noqa: E402
from compgen.neural.modules import model_of, new_model, tensors_of  # noqa: E402
from compgen.neural.presets import PRESETS, Preset  # noqa: E402
from compgen.neural.progress import Outcome, Progress  # noqa: E402
from compgen.neural.schedule import Budget, rate_factor  # noqa: E402
from compgen.neural.settings import Settings  # noqa: E402
from compgen.neural.training import train  # noqa: E402

CPU = torch.device("cpu")
WINDOW = 7
GRU = GruConfig(6, 16)
TRANSFORMER = TransformerConfig(width=16, layers=3, heads=2, window=WINDOW)
BOTH = pytest.mark.parametrize("config", [GRU, TRANSFORMER], ids=lambda config: config.kind)
TEXT = Text("english", ENGLISH[:6000])
PATTERN = Text("pattern", b"abcdefgh" * 500)


def random_model(config: AnyConfig) -> ByteModel:
    """No weight is zero, as some are in a model that is new."""
    model = new_model(config, 0)
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for weights in model.parameters():
            weights.normal_(0, 0.3, generator=generator)
    model.requires_grad_(False)
    return model


def random_tokens(*shape: int) -> Any:
    return torch.from_numpy(np.random.default_rng(2).integers(0, 256, shape))


def assert_close(one: Any, other: Any) -> None:
    torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-4)


@pytest.fixture(autouse=True)
def _tiny_presets(monkeypatch: pytest.MonkeyPatch) -> None:
    """Models that a test can afford, under the names of the real ones."""
    tiny = {
        "gru": Preset("gru", GruConfig(8, 24), 4, 16, 1e-2, 0.0),
        "0.2M": Preset("0.2M", TransformerConfig(16, 2, 2, 16), 4, 32, 1e-2, 0.05),
    }
    for name, preset in tiny.items():
        monkeypatch.setitem(PRESETS, name, preset)


# the models


@BOTH
def test_a_step_is_the_forward_pass_far_beyond_the_window(config: AnyConfig) -> None:
    model, tokens = random_model(config), random_tokens(3, 5 * WINDOW)
    parallel, _ = model.forward(tokens)
    state = model.initial_state(3)
    stepped = torch.stack([model.step(tokens[:, at], state) for at in range(5 * WINDOW)], 1)
    assert_close(stepped, parallel)
    assert parallel.abs().max() > 1


@BOTH
def test_a_text_may_come_in_pieces(config: AnyConfig) -> None:
    model, tokens = random_model(config), random_tokens(2, 40)
    parallel, _ = model.forward(tokens)
    state, pieces = model.initial_state(2), []
    for start_at, stop in ((0, 3), (3, 4), (4, 20), (20, 29), (29, 39)):
        logits, state = model.forward(tokens[:, start_at:stop], state)
        pieces.append(logits)
    pieces.append(model.step(tokens[:, 39], state)[:, None])
    assert_close(torch.cat(pieces, 1), parallel)


@BOTH
def test_selecting_forks_a_state(config: AnyConfig) -> None:
    model, tokens = random_model(config), random_tokens(3, 12)
    state = model.initial_state(3)
    model.forward(tokens[:, :10], state)
    _, state = model.forward(tokens[:, :10], model.initial_state(3))
    rows = torch.tensor([2, 0, 2, 2])
    forked = state.select(rows)
    once = model.step(tokens[rows, 10], forked)
    model.step(tokens[rows, 11], forked)
    assert_close(model.step(tokens[:, 10], state)[rows], once)  # the fork did not move it


@BOTH
def test_nothing_is_seen_of_what_comes_later(config: AnyConfig) -> None:
    model, tokens = random_model(config), random_tokens(1, 30)
    before, _ = model.forward(tokens)
    tokens[0, 20] ^= 1
    after, _ = model.forward(tokens)
    assert_close(before[:, :20], after[:, :20])
    assert (before[:, 20:] - after[:, 20:]).abs().amax(-1).min() > 1e-5


def test_attention_reaches_as_far_as_the_window() -> None:
    """One layer sees `window` bytes, itself included; the next one sees through it."""
    for layers in (1, 2):
        model = random_model(TransformerConfig(16, layers, 2, WINDOW))
        tokens = random_tokens(1, 40)
        before, _ = model.forward(tokens)
        tokens[0, 10] ^= 1
        after, _ = model.forward(tokens)
        moved = (before != after).any(-1)[0].nonzero()[:, 0]
        assert moved.tolist() == list(range(10, 10 + layers * (WINDOW - 1) + 1))


def test_a_new_transformer_knows_nothing_and_its_seed_decides_the_rest() -> None:
    logits, _ = new_model(TRANSFORMER, 0).forward(random_tokens(1, 20))
    assert not logits.any()
    one, same, other = (tensors_of(new_model(GRU, seed)) for seed in (0, 0, 1))
    assert identity(GRU, one) == identity(GRU, same) != identity(GRU, other)
    state = torch.random.get_rng_state()
    new_model(GRU, 3)
    assert torch.equal(state, torch.random.get_rng_state())


def test_dropout_hides_units_only_where_it_is_asked_for() -> None:
    model, tokens = random_model(GRU), random_tokens(2, 9)
    plain, _ = model.train().forward(tokens)
    hidden = [
        model.forward(tokens, None, torch.Generator().manual_seed(seed))[0] for seed in (1, 1, 2)
    ]
    assert_close(plain, model.eval().forward(tokens)[0])
    assert torch.equal(hidden[0], hidden[1])
    assert not torch.equal(hidden[0], hidden[2])
    assert not torch.equal(hidden[0], plain)


@BOTH
def test_a_checkpoint_is_the_model(tmp_path: Path, config: AnyConfig) -> None:
    model, tokens = random_model(config), random_tokens(2, 20)
    save(tmp_path, config, tensors_of(model))
    assert torch.equal(model_of(load(tmp_path), CPU).forward(tokens)[0], model.forward(tokens)[0])


# what is learned from, and how fast


def test_the_last_part_of_every_file_is_held_out() -> None:
    texts = [Text("one", bytes(range(100))), Text("two", b"x" * 30 + b"y" * 10), Text("3", b"z")]
    found = split(texts, 0.25)
    assert found.learned.tobytes() == bytes(range(75)) + b"x" * 30 + b"z"
    assert found.held_out.tobytes() == bytes(range(75, 100)) + b"y" * 10
    assert [facts["held_out_bytes"] for facts in found.facts] == [25, 10, 0]
    assert found.facts[2]["sha256"][:8] == "594e519a"
    assert split(texts, 0).held_out.size == 0


def test_streams_go_on_where_they_stopped_and_miss_nothing() -> None:
    data = np.arange(1000) % 251
    streams = Streams(data.astype(np.uint8), batch=3, length=20, seed=5)
    begins = [step for step in range(33) if streams.begins(step)]
    assert begins == [0, 16, 32]
    seen = np.concatenate([streams.starts(step)[:, None] + np.arange(20) for step in range(16)], 1)
    assert np.unique(seen).size == 3 * 16 * 20
    for step in (1, 5, 20):
        before, after = streams.starts(step - 1), streams.starts(step)
        assert ((after - before) % (1000 - 20) == 20).all()
    assert (streams.at(7)[:, 1:-1] == streams.at(7, slice(None))[:, 1:-1]).all()
    assert (streams.at(3) == data[streams.starts(3)[:, None] + np.arange(21)]).all()
    other = Streams(data.astype(np.uint8), batch=3, length=20, seed=6)
    assert (other.starts(0) == streams.starts(0)).all()  # the first pass begins at the beginning
    assert (other.starts(16) != streams.starts(16)).any()


def test_windows_come_from_everywhere_and_depend_on_the_seed_and_the_step() -> None:
    data = np.arange(60, dtype=np.uint8)
    windows = Windows(data, batch=64, length=8, seed=1)
    starts = np.concatenate([windows.starts(step) for step in range(20)])
    assert (starts.min(), starts.max()) == (0, 60 - 8 - 1)
    assert (windows.starts(3) == Windows(data, 64, 8, 1).starts(3)).all()
    assert (windows.starts(3) != windows.starts(4)).any()
    assert (windows.starts(3) != Windows(data, 64, 8, 2).starts(3)).any()


def test_a_batch_shrinks_to_what_there_is() -> None:
    assert fitting_batch(1000, 16, 32) == 16
    assert fitting_batch(100, 16, 32) == 3
    assert fitting_batch(33, 16, 32) == 1
    with pytest.raises(
        InputError, match="leaves 32 bytes to learn from, and one sequence takes 33"
    ):
        fitting_batch(32, 16, 32)
    for size in range(33, 200):  # the smallest corpora do not reach over their end
        for kind in (Streams, Windows):
            batches = kind(np.zeros(size, np.uint8), fitting_batch(size, 16, 32), 32, 0)
            for step in range(9):
                batches.at(step)


def test_the_rate_rises_stays_and_falls_to_nothing() -> None:
    assert rate_factor(0, 0.0) == pytest.approx(1 / 20)
    assert rate_factor(9, 0.1) == pytest.approx(10 / 20)
    assert rate_factor(20, 0.3) == rate_factor(1000, 0.5) == 1
    assert rate_factor(1000, 0.75) == pytest.approx(0.5)
    assert rate_factor(1000, 1.0) == 0
    assert Budget(seconds=8).fraction(step=10**6, seconds=2) == 0.25
    assert Budget(steps=8).fraction(step=2, seconds=10**6) == 0.25


def test_held_out_bits_are_the_code_length_of_every_byte_once() -> None:
    """Against the plain way: each lane by itself, after the bytes before it."""
    corpus = split([TEXT], 0.1)
    lanes = held_out_of(corpus, most=10**6)
    assert lanes is not None
    assert lanes.size == 600 // 9 * 9  # nine lanes of 66
    model = random_model(GRU)
    text = np.frombuffer(TEXT.data, np.uint8).astype(np.int64)
    total = 0.0
    for lane in range(9):
        first = 5400 + 66 * lane
        tokens = torch.from_numpy(text[None, first - PRIMING : first + 66])
        logits, _ = model.forward(tokens[:, :-1])
        lengths = -torch.log_softmax(logits[0].double(), -1) / math.log(2)
        total += float(lengths[range(PRIMING - 1, PRIMING + 65), tokens[0, PRIMING:]].sum())
    assert lanes.bits_per_byte(model) == pytest.approx(total / 594, abs=1e-4)
    short = held_out_of(corpus, most=180)
    assert short is not None
    assert short.size == 180
    assert held_out_of(split([TEXT], 0.001), most=10**6) is None
    assert lanes.bits_per_byte(new_model(TRANSFORMER, 0)) == pytest.approx(8, abs=1e-5)


# training


def trained(
    directory: Path,
    text: Text = TEXT,
    *,
    observe: Callable[[Progress], None] = lambda _: None,
    **options: Any,
) -> Outcome:
    given: dict[str, Any] = {"steps": 60, "preset": "gru"}
    controls = {name: options.pop(name) for name in ("force", "must_resume") if name in options}
    settings = Settings(**(given | options))
    return train([text], directory, settings, device=CPU, observe=observe, **controls)


def contents(directory: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in directory.rglob("*") if path.is_file()}


def curve(outcome: Outcome) -> list[tuple[Any, ...]]:
    return [
        tuple(point[key] for key in ("step", "learned", "held_out")) for point in outcome.history
    ]


@pytest.mark.parametrize("preset", ["gru", "0.2M"])
def test_it_learns(tmp_path: Path, preset: str) -> None:
    seen: list[Progress] = []
    outcome = trained(tmp_path, PATTERN, preset=preset, steps=120, observe=seen.append)
    assert outcome.held_out_bits is not None
    assert outcome.held_out_bits < 0.5
    assert [progress.step for progress in seen] == list(range(1, 121))
    assert sum(progress.evaluated for progress in seen) == 16
    assert sorted(contents(tmp_path)) == ["config.json", "history.json", "model.safetensors"]
    found = load(tmp_path)
    assert found.sha256 == outcome.sha256
    made = found.config.provenance
    assert made["finished"]
    assert made["options"]["steps"] == made["step"] == 120
    assert made["corpus"][0]["name"] == "pattern"
    assert json.loads(contents(tmp_path)["history.json"]) == outcome.history


@pytest.mark.parametrize("preset", ["gru", "0.2M"])
def test_the_seed_decides_everything(tmp_path: Path, preset: str) -> None:
    one, same, other = (
        trained(tmp_path / name, preset=preset, seed=seed)
        for name, seed in (("one", 0), ("same", 0), ("other", 1))
    )
    assert curve(one) == curve(same)
    assert one.sha256 == same.sha256 != other.sha256


def test_every_step_of_every_process_hides_other_units(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seeds = [training._seed_of(seed, step, rank) for seed, step, rank in np.ndindex(5, 20, 2)]
    assert len(set(seeds)) == 200
    asked: list[tuple[int, int, int]] = []

    def note(seed: int, step: int, rank: int) -> int:
        asked.append((seed, step, rank))
        return 7

    monkeypatch.setattr(training, "_seed_of", note)
    trained(tmp_path, steps=4, seed=3)
    assert asked == [(3, 0, 0), (3, 1, 0), (3, 2, 0), (3, 3, 0)]


@pytest.mark.parametrize("preset", ["gru", "0.2M"])
def test_an_interrupted_training_goes_on_as_if_nothing_had_been(
    tmp_path: Path, preset: str
) -> None:
    whole = trained(tmp_path / "whole", preset=preset)
    for last in (1, 7, 30, 59):

        def interrupt(progress: Progress, last: int = last) -> None:
            if progress.step == last:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            trained(tmp_path / "parts", preset=preset, observe=interrupt)
        load(tmp_path / "parts")
    seen: list[Progress] = []
    parts = trained(tmp_path / "parts", preset=preset, observe=seen.append, must_resume=True)
    assert [progress.step for progress in seen] == [60]
    assert curve(parts) == curve(whole)
    assert parts.sha256 == whole.sha256


KILLING = """
import os, signal, sys, time
from pathlib import Path
import numpy as np, torch
from compgen.neural import training
from compgen.neural.checkpoint import load
from compgen.neural.config import GruConfig
from compgen.neural.corpus_split import Text
from compgen.neural.presets import PRESETS, Preset
from compgen.neural.settings import Settings

training.SECONDS_BETWEEN_SAVES = 0.0
training.SAVING_SHARE = 1e9
PRESETS["gru"] = Preset("gru", GruConfig(8, 24), 4, 16, 1e-2, 0.0)
directory, text = Path(sys.argv[1]), Path(sys.argv[2]).read_bytes()
rng = np.random.default_rng(int(sys.argv[3]))

def train(place, steps):
    training.train([Text("english", text)], place, Settings(steps=steps),
                   device=torch.device("cpu"))

train(directory.with_name("other"), 2)  # what is imported late is there before the first fork
killed, patience = 0, 0.05
while True:
    child = os.fork()
    if not child:
        train(directory, 60)
        os._exit(0)
    time.sleep(rng.uniform(0, patience))
    patience *= 1.1  # on a machine so busy that nothing is done in that time
    os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    if status == 0:
        break
    killed += 1
    if (directory / "config.json").exists():
        load(directory)  # valid whenever it is there
    elif (directory / "training" / "state.safetensors").exists():
        print("before its first checkpoint")
print(killed, load(directory).sha256)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs processes that can be forked")
def test_killed_at_any_time(tmp_path: Path) -> None:
    """SIGKILL again and again, in the middle of steps and of saving; at last it is done."""
    (tmp_path / "text").write_bytes(TEXT.data)
    words = [tmp_path / "model", tmp_path / "text", "0"]
    done = subprocess.run(
        [sys.executable, "-c", KILLING, *map(str, words)],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        timeout=300,
    )
    print(done.stdout)
    killed, sha256 = done.stdout.splitlines()[-1].split()
    assert int(killed) >= 2
    assert sha256 == trained(tmp_path / "whole").sha256


def test_what_is_there_is_not_replaced_unasked(tmp_path: Path) -> None:
    def stop(progress: Progress) -> None:
        if progress.step == 5:
            raise KeyboardInterrupt

    with pytest.raises(UsageError, match="holds no unfinished training to go on with"):
        trained(tmp_path, must_resume=True)
    with pytest.raises(KeyboardInterrupt):
        trained(tmp_path, observe=stop)
    with pytest.raises(UsageError, match=r"with another --seed \(0, not 1\); --force trains anew"):
        trained(tmp_path, seed=1)
    with pytest.raises(UsageError, match=r"another --steps \(60, not 61\)"):
        trained(tmp_path, steps=61)
    with pytest.raises(UsageError, match="with another corpus"):
        trained(tmp_path, PATTERN)
    anew = trained(tmp_path, seed=1, force=True)
    with pytest.raises(UsageError, match="holds a finished training; --force"):
        trained(tmp_path, seed=1)
    assert load(tmp_path).sha256 == anew.sha256
    save(tmp_path / "foreign", GRU, tensors_of(new_model(GRU, 0)))
    with pytest.raises(UsageError, match="holds a model; --force"):
        trained(tmp_path / "foreign")


def test_a_damaged_state_is_one_line(tmp_path: Path) -> None:
    def stop(progress: Progress) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        trained(tmp_path, observe=stop)
    state = tmp_path / "training" / "state.safetensors"
    whole = state.read_bytes()
    hostile = whole.replace(b'\\"step\\": 1', b'\\"stop\\": 1').replace(b"0.rnn", b"0.run")
    for damaged in (b"", whole[:1000], whole[:-1], hostile):
        assert damaged != whole
        state.write_bytes(damaged)
        with pytest.raises(InputError, match=r"damaged.*; --force trains anew"):
            trained(tmp_path)
    load(tmp_path)


@pytest.mark.parametrize("held_out", [0.0, 0.05])
@pytest.mark.parametrize("pause", [0.0, 15.0])
def test_a_loss_that_is_no_number_stops_and_the_last_good_model_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, held_out: float, pause: float
) -> None:
    """Whoever notices: the loss, the held-out text, or the state that is to be saved."""
    monkeypatch.setattr(training, "SECONDS_BETWEEN_SAVES", pause)
    with pytest.raises(FailureError, match=r"no longer a number.*--rate 3.3e\+37 --force"):
        trained(tmp_path, rate=1e38, held_out=held_out)
    load(tmp_path)
    assert training.recorded_options(tmp_path) is not None


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB"),
        RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 8 bytes"),
    ],
)
def test_out_of_memory_names_the_options_that_help(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fail(self: Any) -> Any:
        raise error

    monkeypatch.setattr(training._Training, "_learn", fail)
    with pytest.raises(FailureError, match="lower --batch or --length, or choose a smaller"):
        trained(tmp_path)


def test_another_programs_bug_is_not_taken_for_a_lack_of_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(self: Any) -> Any:
        raise RuntimeError("shape mismatch")

    monkeypatch.setattr(training._Training, "_learn", fail)
    with pytest.raises(RuntimeError, match="shape mismatch"):
        trained(tmp_path)


def test_the_best_weights_are_kept_not_the_last(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bits = iter([5.0, 4.0, 3.0, 6.0] + [7.0] * 12)
    monkeypatch.setattr("compgen.neural.held_out.HeldOut.bits_per_byte", lambda *_: next(bits, 9.0))
    outcome = trained(tmp_path, steps=160)
    assert outcome.config.provenance["step"] == 30
    assert outcome.config.provenance["held_out_bits_per_byte"] == 9.0


def test_without_held_out_text_the_last_weights_are_kept(tmp_path: Path) -> None:
    outcome = trained(tmp_path, held_out=0.0)
    assert outcome.held_out_bits is None
    assert outcome.config.provenance["step"] == 60


def test_a_budget_in_minutes_is_kept(tmp_path: Path) -> None:
    seen: list[Progress] = []
    trained(tmp_path, steps=None, minutes=0.5 / 60, observe=seen.append)
    assert seen[-1].fraction == 1
    assert 0.5 <= seen[-1].seconds < 1.5
    assert [progress.rate_factor for progress in seen][-1] == 0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"preset": "gro"}, "no preset 'gro'; did you mean 'gru'"),
        ({"steps": 1, "minutes": 1.0}, "in steps or in minutes, not both"),
        ({"steps": 0}, "steps must be 1 or more"),
        ({"minutes": 0.0}, "minutes must be above 0"),
        ({"held_out": 1.0}, "held-out share"),
        ({"preset": "0.2M", "dropout": 0.1}, "only the preset 'gru' has dropout"),
        ({"dropout": 1.5}, "dropout must be"),
    ],
)
def test_settings_that_make_no_sense(options: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        Settings(**options)


@pytest.mark.parametrize("word", ["gpu", "cuda:x", "cuda:", "cpu:1", "", "Cuda"])
def test_a_device_that_there_is_not(word: str) -> None:
    with pytest.raises(UsageError, match="there is no device"):
        device_of(word)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is one")
def test_a_device_that_this_machine_has_not() -> None:
    assert device_of("cpu") == CPU
    with pytest.raises(FailureError, match="sees no CUDA device; use --device cpu"):
        device_of("cuda:1")


# several processes


def test_two_processes_learn_what_one_does(tmp_path: Path) -> None:
    """A batch of four, in two halves: gloo on the CPU."""
    program = (
        "import sys, torch; from pathlib import Path\n"
        "from compgen.neural.config import GruConfig\n"
        "from compgen.neural.corpus_split import Text\n"
        "from compgen.neural.presets import PRESETS, Preset\n"
        "from compgen.neural.settings import Settings\n"
        "from compgen.neural.training import train\n"
        "PRESETS['gru'] = Preset('gru', GruConfig(8, 24), 4, 16, 1e-2, 0.0)\n"
        "train([Text('english', Path(sys.argv[2]).read_bytes())], Path(sys.argv[1]),\n"
        "      Settings(steps=20, dropout=0.0), device=torch.device('cpu'))\n"
    )
    (tmp_path / "text").write_bytes(TEXT.data)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", program, tmp_path / "both", tmp_path / "text"],
            env=os.environ
            | {"RANK": str(rank), "LOCAL_RANK": str(rank), "WORLD_SIZE": "2"}
            | {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "OMP_NUM_THREADS": "1"}
            | {"TORCHELASTIC_RUN_ID": "test"},
        )
        for rank in range(2)
    ]
    alone = trained(tmp_path / "alone", steps=20, dropout=0.0)
    assert [process.wait(300) for process in processes] == [0, 0]
    both = json.loads((tmp_path / "both" / "training" / "history.json").read_text())
    assert len(both) == 20
    for one, two in zip(alone.history, both, strict=True):
        assert two["learned"] == pytest.approx(one["learned"], abs=1e-3)
    found, expected = load(tmp_path / "both"), load(tmp_path / "alone")
    for name, values in expected.tensors.items():
        np.testing.assert_allclose(found.tensors[name], values, atol=1e-3)
    assert found.config.provenance["processes"] == 2


# the command


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    path = tmp_path / "english.txt"
    path.write_bytes(TEXT.data)
    return path


def test_the_command_trains_and_says_what_came_of_it(tmp_path: Path, corpus: Path) -> None:
    done = cgen("train", corpus, "-o", tmp_path / "model", "--steps", "40", "--json")
    result = json.loads(done.text)
    found = load(tmp_path / "model")
    assert result["sha256"] == found.sha256
    assert result["config"] == found.config.as_dict()
    assert len(result["history"]) == 40
    assert result["held_out_bits_per_byte"] < 8
    assert re.search(r"100 % · \d+ CPU seconds · [\d.]+ bits/byte · rate 0", done.err)
    assert "40 steps in" in done.err


def test_the_command_reads_standard_input_and_several_files(tmp_path: Path, corpus: Path) -> None:
    cgen("train", "-", corpus, "-o", tmp_path / "m", "--steps", "2", "-q", stdin=b"hello " * 200)
    made = load(tmp_path / "m").config.provenance["corpus"]
    assert [facts["name"] for facts in made] == ["standard input", "english.txt"]
    assert made[0]["bytes"] == 1200


def test_the_loss_curve(tmp_path: Path, corpus: Path) -> None:
    done = cgen("train", corpus, "-o", tmp_path / "m", "--steps", "40", "--plot", "-", "-q")
    assert done.err == ""
    lines = done.text.splitlines()
    assert lines[0].startswith("bits/byte   · learned   ● held out")
    assert lines[-1].endswith("40 steps")
    assert sum("●" in line for line in lines) > 3
    assert max(map(len, lines)) < 80


def test_a_loss_curve_as_a_picture(tmp_path: Path, corpus: Path) -> None:
    pytest.importorskip("matplotlib")
    picture = tmp_path / "curve.png"
    cgen("train", corpus, "-o", tmp_path / "m", "--steps", "20", "--plot", picture, "-q")
    assert picture.read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("words", "status", "message"),
    [
        (["-o", "DIR"], 2, "name the files to learn from"),
        (["TEXT"], 2, "name a directory for the model: -o DIR"),
        (["TEXT", "-o", "TEXT"], 2, "is a file; -o names a directory"),
        (["TEXT", "-o", "DIR", "--stepz", "3"], 2, "did you mean '--steps' or"),
        (["TEXT", "-o", "DIR", "--preset", "0.3M"], 2, "there is no preset '0.3M'"),
        (["TEXT", "-o", "DIR", "--steps", "3", "--minutes", "3"], 2, "not both"),
        (["TEXT", "-o", "DIR", "--minutes", "0"], 2, "--minutes must be above 0"),
        (["TEXT", "-o", "DIR", "--device", "gpu"], 2, "there is no device 'gpu'"),
        (["TEXT", "-o", "DIR", "--resume"], 2, "holds no unfinished training"),
        (["TEXT", "-o", "DIR", "--resume", "--force"], 2, "give one of them"),
        (["TEXT", "-o", "DIR", "--plot", "-", "--json"], 2, "give one of them"),
        (["TEXT", "-o", "DIR", "--plot", "no/such/place.png"], 2, "there is no directory no/such"),
        (["MISSING", "-o", "DIR"], 2, "missing: no such file"),
        ([".", "-o", "DIR"], 2, ". is a directory; name a file in it"),
        (["EMPTY", "-o", "DIR"], 1, "is empty"),
        (["-", "-o", "DIR"], 1, "standard input is empty"),
        (["SHORT", "-o", "DIR"], 1, "and one sequence takes 17; give more text or lower --length"),
        (["-", "-", "-o", "DIR"], 2, "for one thing only"),
    ],
)
def test_what_is_asked_wrongly_is_one_line(
    tmp_path: Path, corpus: Path, words: list[str], status: int, message: str
) -> None:
    (tmp_path / "empty").write_bytes(b"")
    (tmp_path / "short").write_bytes(b"0123456789")
    names = {"TEXT": corpus} | {
        word: tmp_path / word.lower() for word in ("DIR", "MISSING", "EMPTY", "SHORT")
    }
    done = cgen("train", *(str(names.get(word, word)) for word in words), ok=False)
    assert done.status == status
    assert message in done.err
    assert len(done.err.splitlines()) == 1
    assert not (tmp_path / "dir").exists()


def test_a_short_corpus_is_read_in_smaller_batches(tmp_path: Path) -> None:
    (tmp_path / "short").write_bytes(b"0123456789" * 5)
    done = cgen("train", tmp_path / "short", "-o", tmp_path / "m", "--steps", "3")
    assert "the corpus is short: batches of 2 sequences instead of 4" in done.err
    assert "too little text to hold any out" in done.err


def test_without_torch_it_is_one_line(
    tmp_path: Path, corpus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    done = cgen("train", corpus, "-o", tmp_path / "m", ok=False)
    assert done.status == 1
    assert done.err == "compgen: cgen train needs torch: pip install 'compgen[neural]'\n"


def test_ctrl_c_keeps_what_there_is(tmp_path: Path, corpus: Path) -> None:
    """The real signal, in a process of its own, and the real preset."""
    options = ["--steps", "8000", "--batch=1", "--length=8"]
    with start("train", corpus, "-o", tmp_path / "m", *options) as process:
        assert process.stderr is not None
        first = os.read(process.stderr.fileno(), 100)  # the held-out text has been looked at
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=120)
    assert process.returncode == 130
    assert b" 6 % " in first
    assert b"interrupted" in err
    assert b"the same command goes on" in err
    assert 0 < load(tmp_path / "m").config.provenance["step"] < 8000
    recorded = training.recorded_options(tmp_path / "m")
    assert recorded is not None
    assert recorded["batch"] == 1
