"""Checkpoints: what is saved comes back, what is damaged is refused before it costs anything."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save as serialise

from compgen.errors import InputError, UsageError
from compgen.neural.checkpoint import CONFIG, MODEL, Tensors, identity, load, load_config, save
from compgen.neural.config import AnyConfig, GruConfig, TransformerConfig
from compgen.neural.presets import PRESETS

GRU = GruConfig(4, 8, provenance={"corpus": ["Æsop"], "steps": 3})
TRANSFORMER = TransformerConfig(width=8, layers=2, heads=2, window=16)


def random_tensors(config: AnyConfig, seed: int = 0) -> Tensors:
    rng = np.random.default_rng(seed)
    return {
        name: rng.normal(size=shape).astype(np.float32) for name, shape in config.shapes().items()
    }


def saved(directory: Path, config: AnyConfig = GRU) -> Path:
    save(directory, config, random_tensors(config))
    return directory


def rewrite(directory: Path, **entries: Any) -> None:
    """Change entries of config.json; None removes one."""
    file = directory / CONFIG
    found = json.loads(file.read_text()) | entries
    file.write_text(json.dumps({key: value for key, value in found.items() if value is not None}))


@pytest.mark.parametrize("config", [GRU, TRANSFORMER], ids=lambda config: config.kind)
def test_what_is_saved_comes_back(tmp_path: Path, config: AnyConfig) -> None:
    tensors = random_tensors(config)
    save(tmp_path / "deep" / "model", config, tensors)
    found = load(tmp_path / "deep" / "model")
    assert found.config == config
    assert found.config.provenance == config.provenance
    assert list(found.tensors) == list(config.shapes())
    for name, values in tensors.items():
        np.testing.assert_array_equal(found.tensors[name], values)
        assert found.tensors[name].dtype == np.float32
    assert found.sha256 == identity(config, tensors)
    assert sorted(path.name for path in (tmp_path / "deep" / "model").iterdir()) == [CONFIG, MODEL]


def test_the_identity_is_that_of_what_is_computed() -> None:
    tensors = random_tensors(TRANSFORMER)
    first = identity(TRANSFORMER, tensors)
    assert identity(TRANSFORMER.with_provenance({"seed": 1}), tensors) == first
    assert identity(TransformerConfig(8, 2, 2, window=17), tensors) != first
    changed = {name: values.copy() for name, values in tensors.items()}
    changed["blocks.1.up.weight"][3, 2] = np.nextafter(changed["blocks.1.up.weight"][3, 2], 9)
    assert identity(TRANSFORMER, changed) != first
    assert identity(GruConfig(4, 8, dropout=0.0), random_tensors(GRU)) == identity(
        GRU, random_tensors(GRU)
    )


def test_the_identity_is_golden() -> None:
    """Files name it: it must not change between versions."""
    tensors = {name: np.zeros(shape, np.float32) for name, shape in GRU.shapes().items()}
    assert identity(GRU, tensors) == GOLDEN


GOLDEN = "ba10f76786bb71e2674b74b5f76841dad3933af867bca0b0c12bcac25309fb23"


@pytest.mark.parametrize("name", PRESETS)
def test_presets_have_the_parameters_that_they_are_named_for(name: str) -> None:
    named = {"gru": 0.33}.get(name) or float(name.removesuffix("M"))
    assert PRESETS[name].config.parameters == pytest.approx(1e6 * named, rel=0.15)


def test_a_window_is_no_parameter_and_a_layer_is() -> None:
    assert TransformerConfig(8, 2, 2, 99).parameters == TRANSFORMER.parameters
    assert TransformerConfig(8, 3, 2, 16).parameters == TRANSFORMER.parameters + 12 * 64


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ({"format": 2}, "format 2"),
        ({"format": None}, "format None"),
        ({"kind": "lstm"}, "unknown kind of model, 'lstm'; there are gru, transformer"),
        ({"kind": ["gru"]}, "unknown kind"),
        ({"hidden": None}, "lacks 'hidden'"),
        ({"layers": 2}, "unknown entry, 'layers'"),
        ({"x" * 10_000: 2}, r"unknown entry, 'xxx.*\.\.\.$"),
        ({"hidden": 1 << 40}, "hidden must be a whole number from 1 to"),
        ({"hidden": 1 << 24}, "parameters; at most"),
        ({"hidden": 10**400}, "hidden must be"),
        ({"hidden": 0}, "hidden must be"),
        ({"hidden": True}, "hidden must be"),
        ({"hidden": 8.0}, "hidden must be"),
        ({"hidden": "8"}, "hidden must be"),
        ({"dropout": 1.0}, "dropout must be"),
        ({"dropout": "x"}, "dropout must be"),
        ({"provenance": [1]}, "provenance must be an object"),
        ({"hidden": 9}, "is damaged: it has"),
    ],
)
def test_a_config_that_means_nothing(tmp_path: Path, entries: dict[str, Any], message: str) -> None:
    rewrite(saved(tmp_path), **entries)
    with pytest.raises(InputError, match=message) as caught:
        load(tmp_path)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ({"heads": 3}, "cannot be shared evenly"),
        ({"heads": 8}, "cannot be shared evenly"),
        ({"window": 1 << 30}, "window must be at most"),
        ({"layers": 100_000_000}, "layers must be at most"),
        ({"width": 1 << 20, "heads": 1}, "at most"),
        ({"layers": 3}, "is damaged"),
    ],
)
def test_a_transformer_that_means_nothing(
    tmp_path: Path, entries: dict[str, Any], message: str
) -> None:
    rewrite(saved(tmp_path, TRANSFORMER), **entries)
    with pytest.raises(InputError, match=message):
        load(tmp_path)


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"{",
        b"[1]",
        b'"gru"',
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"format": NaN}',
        b" " * (2 << 20),
    ],
    ids=["empty", "cut", "list", "string", "no text", "deep", "nan", "large"],
)
def test_a_config_that_is_no_config(tmp_path: Path, text: bytes) -> None:
    (saved(tmp_path) / CONFIG).write_bytes(text)
    with pytest.raises(InputError, match=CONFIG):
        load(tmp_path)


def test_a_directory_that_is_no_checkpoint(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such checkpoint"):
        load(tmp_path / "missing")
    with pytest.raises(InputError, match=f"is no checkpoint: it has no {CONFIG}"):
        load(tmp_path)
    (tmp_path / "file").write_bytes(b"text")
    with pytest.raises(UsageError, match="is a file; a checkpoint is a directory"):
        load(tmp_path / "file")
    saved(tmp_path / "model")
    (tmp_path / "model" / MODEL).unlink()
    with pytest.raises(InputError, match=f"it has no {MODEL}"):
        load(tmp_path / "model")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
@pytest.mark.parametrize("name", [CONFIG, MODEL])
def test_a_named_pipe_is_not_waited_for(tmp_path: Path, name: str) -> None:
    (saved(tmp_path) / name).unlink()
    os.mkfifo(tmp_path / name)
    with pytest.raises(InputError, match="not a regular file"):
        load(tmp_path)


def test_a_model_that_is_cut_or_too_long(tmp_path: Path) -> None:
    file = saved(tmp_path) / MODEL
    whole = file.read_bytes()
    for damaged in (
        b"",
        whole[:7],
        whole[:100],
        whole[:-1],
        whole + b"\0",
        b"\xff" * 8 + whole[8:],
    ):
        file.write_bytes(damaged)
        with pytest.raises(InputError, match="is damaged"):
            load(tmp_path)


def test_every_damaged_byte_of_the_header_is_refused_or_harmless(tmp_path: Path) -> None:
    file = saved(tmp_path, GruConfig(1, 1)) / MODEL
    whole = file.read_bytes()
    tensors = load(tmp_path).tensors
    refused = 0
    for place in range(8 + int.from_bytes(whole[:8], "little")):
        file.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        try:
            found = load(tmp_path).tensors
        except InputError:
            refused += 1
        else:
            for name, values in tensors.items():
                np.testing.assert_array_equal(found[name], values)
    assert refused > 100


def test_a_hostile_model_costs_nothing(tmp_path: Path) -> None:
    """A terabyte that is not there (a sparse file), and a header that is a gigabyte long."""
    file = saved(tmp_path) / MODEL
    with file.open("r+b") as opened:
        opened.truncate(1 << 40)
    with pytest.raises(InputError, match="is damaged"):
        load(tmp_path)
    size = 4 * GRU.parameters
    with file.open("wb") as opened:
        opened.write((1 << 30).to_bytes(8, "little"))
        opened.truncate(8 + (1 << 30) + size)
    with pytest.raises(InputError, match="short header"):
        load(tmp_path)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_weight_that_is_no_number(tmp_path: Path, value: float) -> None:
    tensors = random_tensors(GRU)
    tensors["head.bias"][17] = value
    with pytest.raises(ValueError, match=r"head\.bias holds a weight that is not a finite number"):
        save(tmp_path, GRU, tensors)
    assert not (tmp_path / MODEL).exists()
    saved(tmp_path)
    (tmp_path / MODEL).write_bytes(serialise(tensors))
    with pytest.raises(InputError, match=r"head\.bias holds a weight that is not"):
        load(tmp_path)


def test_tensors_of_another_model(tmp_path: Path) -> None:
    tensors = random_tensors(GRU)
    with pytest.raises(ValueError, match="not the tensors of gru, embedding 4, hidden 8"):
        save(tmp_path, GRU, {name: tensors[name] for name in list(tensors)[1:]})
    wide = {name: values.astype(np.float64) for name, values in tensors.items()}
    with pytest.raises(ValueError, match="is float64"):
        save(tmp_path, GRU, wide)  # type: ignore[arg-type]
    saved(tmp_path)
    swapped = dict(tensors)
    swapped["rnn.bias_ih_l0"] = swapped["rnn.bias_ih_l0"].astype(np.float16)
    swapped["embedding.weight"] = np.zeros(4 * 256 + 6, np.float32)[: 4 * 256 + 12]
    (tmp_path / MODEL).write_bytes(serialise(swapped))
    with pytest.raises(InputError, match="is damaged"):
        load(tmp_path)
    renamed = {name.replace("head", "foot"): values for name, values in tensors.items()}
    (tmp_path / MODEL).write_bytes(serialise(renamed))
    with pytest.raises(InputError, match="its tensors are not those of gru"):
        load(tmp_path)


@pytest.mark.parametrize("dies_at", range(1, 7))
@pytest.mark.parametrize(
    "other", [GRU.with_provenance({"new": 1}), TRANSFORMER], ids=["same", "other"]
)
def test_saving_may_end_at_any_point(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, dies_at: int, other: AnyConfig
) -> None:
    """Whatever call to the system is the last, what is there is the old, the new, or nothing."""
    saved(tmp_path)
    old, new = random_tensors(GRU), random_tensors(other, seed=1)
    calls = 0

    class Killed(BaseException):
        pass

    def mortal(call: Any) -> Any:
        def wrapped(*words: Any, **options: Any) -> Any:
            nonlocal calls
            calls += 1
            if calls == dies_at:
                raise Killed
            return call(*words, **options)

        return wrapped

    with monkeypatch.context() as patched:
        for name in ("fsync", "replace", "chmod"):
            patched.setattr(os, name, mortal(getattr(os, name)))
        try:
            save(tmp_path, other, new)
        except Killed:
            pass
        else:
            pytest.fail("the test does not reach so far")
    try:
        found = load(tmp_path)
    except InputError as error:
        assert "is no checkpoint" in str(error)  # noqa: PT017
        assert other is TRANSFORMER
        return
    expected = old if found.sha256 == identity(GRU, old) else new
    for name, values in expected.items():
        np.testing.assert_array_equal(found.tensors[name], values)


def test_remains_of_a_killed_process_are_cleared_away(tmp_path: Path) -> None:
    (saved(tmp_path) / f".{MODEL}.abcdefgh").write_bytes(b"half a model")
    saved(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == [CONFIG, MODEL]


def test_a_checkpoint_of_another_kind_replaces_one(tmp_path: Path) -> None:
    saved(saved(tmp_path), TRANSFORMER)
    assert load_config(tmp_path) == TRANSFORMER
    load(tmp_path)


def test_loading_needs_no_torch(tmp_path: Path) -> None:
    saved(tmp_path)
    program = (
        "import sys; sys.modules['torch'] = None\n"
        "from compgen.neural.checkpoint import load\n"
        "print(load(sys.argv[1]).config.kind)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True, check=True
    )
    assert done.stdout == "gru\n"


def test_the_embedded_default_is_a_checkpoint_of_at_most_two_megabytes() -> None:
    import compgen.neural

    directory = Path(compgen.neural.__file__).parent / "default"
    found = load(directory)
    assert found.config.kind == "gru"
    assert found.config.provenance["finished"] is True
    assert found.config.provenance["held_out_bits_per_byte"] < 2.2
    assert sum(path.stat().st_size for path in directory.iterdir()) < 2_000_000
