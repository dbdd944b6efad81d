"""`neural` in the mode `fast`, from a spec to files and samples, on the CPU."""

import io
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from compgen.coding.codec import ModelBlocks, VerifiedBlocks, block_codec  # noqa: E402
from compgen.coding.container import compress_file, decompress_file  # noqa: E402
from compgen.coding.header import read_header  # noqa: E402
from compgen.compressor import Compressor  # noqa: E402
from compgen.compressors.neural import Neural  # noqa: E402
from compgen.conditionals.neural import NeuralConditional, PortableNeural  # noqa: E402
from compgen.conditionals.neural_fast import FastMixing, FastNeural  # noqa: E402
from compgen.conditionals.neural_mixing import PortableMixing  # noqa: E402
from compgen.errors import CompgenError, CompressorError, LossyError, UnsupportedError  # noqa: E402
from compgen.generation import generate  # noqa: E402
from compgen.neural.checkpoint import save  # noqa: E402
from compgen.neural.engines import engine_of  # noqa: E402
from compgen.neural.portable import PortableGru  # noqa: E402
from compgen.neural.torch_engine import Lanes, TorchEngine  # noqa: E402
from compgen.neural.way import Way  # noqa: E402
from compgen.registry import get_compressor  # noqa: E402
from compgen.sampling import Shaping  # noqa: E402
from tests.test_neural_torch import GRU, TRANSFORMER, checkpoint_of  # noqa: E402
from tests.texts import ENGLISH  # noqa: E402

BITS = 14


@pytest.fixture(scope="module")
def gru(tmp_path_factory: pytest.TempPathFactory) -> str:
    return saved(tmp_path_factory.mktemp("gru"), GRU)


@pytest.fixture(scope="module")
def transformer(tmp_path_factory: pytest.TempPathFactory) -> str:
    return saved(tmp_path_factory.mktemp("transformer"), TRANSFORMER)


def saved(directory: Path, config: Any) -> str:
    save(directory, config, checkpoint_of(config).tensors)
    return str(directory)


def pack(data: bytes, compressor: Compressor, corpus: bytes = b"") -> bytes:
    target = io.BytesIO()
    compress_file(io.BytesIO(data), target, compressor, corpus=corpus)
    return target.getvalue()


def unpack(packed: bytes, compressor: Compressor, corpus: bytes = b"") -> bytes:
    target = io.BytesIO()
    decompress_file(io.BytesIO(packed), target, compressor=compressor, corpus=corpus)
    return target.getvalue()


# -------------------------------------------------------------------------------- which engine


def test_a_recurrent_network_is_portable_unless_asked_otherwise(gru: str) -> None:
    assert isinstance(get_compressor(f"neural:{gru},mix=off").condition(), PortableNeural)
    assert isinstance(Neural(gru, bits=BITS).condition(), PortableMixing)
    for options in ("mode=fast", "threads=2", "mode=fast,device=cpu"):
        found = get_compressor(f"neural:{gru},mix=off,{options}")
        assert isinstance(found.condition(), FastNeural)
    assert isinstance(Neural(gru, mode="fast", bits=BITS).condition(), FastMixing)


def test_a_transformer_is_fast(transformer: str) -> None:
    assert isinstance(Neural(transformer, mixed=False).condition(), FastNeural)
    with pytest.raises(UnsupportedError, match="only 'gru' can: mode=fast"):
        Neural(transformer, mode="portable").condition()


def test_portable_is_one_thread_of_a_cpu(gru: str) -> None:
    with pytest.raises(UnsupportedError, match="mode=fast for another device"):
        Neural(gru, mode="portable", threads=2).condition()
    assert Way("portable", "cpu").is_portable("gru")


def test_an_engine_is_kept(gru: str) -> None:
    way = Way("fast")
    assert engine_of(gru, way) is engine_of(gru, way)
    assert engine_of(gru, way) is not engine_of(gru)


def test_specs() -> None:
    for spec in (
        "neural:x,mode=fast,device=cpu,threads=3",
        "neural:device=cuda",
        "neural:mix=on,device=cuda:1,dtype=bfloat16",
        "neural:mix=off,mode=fast",
    ):
        found = get_compressor(spec)
        assert str(found) == spec
        assert get_compressor(str(found)) == found
    assert not Neural.from_options("device=cuda").mixed
    assert Neural.from_options("device=cpu").mixed
    assert (
        Neural("x", device="cuda", mixed=False, mode="fast").file_spec == "neural:mix=off,mode=fast"
    )
    assert Neural("x", device="cpu", threads=4).file_spec == "neural"


def test_devices_that_are_not_there(gru: str) -> None:
    with pytest.raises(CompgenError, match="there is no device 'gpu'"):
        Neural(gru, device="gpu").condition()
    if not torch.cuda.is_available():
        with pytest.raises(CompgenError, match="sees no CUDA device"):
            Neural(gru, device="cuda").condition()


def test_without_torch(transformer: str) -> None:
    program = (
        "import sys; sys.modules['torch'] = None\n"
        "from compgen import get_compressor\n"
        "from compgen.errors import MissingPackageError\n"
        f"try: get_compressor('neural:{transformer}').condition(b'')\n"
        "except MissingPackageError as error: print(error)\n"
    )
    finished = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert "pip install 'compgen[neural]'" in finished.stdout
    assert finished.stdout.count("\n") == 1


# --------------------------------------------------------------------------------------- files


@pytest.mark.parametrize("mixed", [True, False])
@pytest.mark.parametrize("kind", ["gru", "transformer"])
def test_files(kind: str, mixed: bool, request: pytest.FixtureRequest) -> None:
    model = request.getfixturevalue(kind)
    compressor = Neural(model, mixed=mixed, bits=BITS, mode="fast")
    corpus, data = ENGLISH[:300], ENGLISH[200:700]
    packed = pack(data, compressor, corpus)
    header = read_header(io.BytesIO(packed)).header
    assert header.model["mode"] == "fast"
    assert header.model["torch"] == torch.__version__
    assert unpack(packed, compressor, corpus) == data
    assert unpack(pack(b"", compressor), compressor) == b""
    noise = np.random.default_rng(0).bytes(300)  # stored, as it does not get shorter
    assert unpack(pack(noise + data, compressor), compressor) == noise + data


def test_a_file_of_another_machine_is_refused(gru: str) -> None:
    packed = pack(ENGLISH[:100], Neural(gru, mixed=False, mode="fast", threads=1))
    elsewhere = Neural(gru, mixed=False, mode="fast")
    traits = {**elsewhere.traits, "device": "cuda NVIDIA H200", "torch": "9.9"}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Neural, "traits", property(lambda self: traits))
        with pytest.raises(CompressorError) as refusal:
            unpack(packed, elsewhere)
    with pytest.raises(CompressorError, match="threads 1 there and 2 here"):
        unpack(packed, Neural(gru, mixed=False, mode="fast", threads=2))
    message = str(refusal.value)
    assert "\n" not in message
    assert "device cpu" in message
    assert "cuda NVIDIA H200 here" in message
    assert "torch" in message


class Unsteady(TorchEngine):
    """A device that does not compute the same twice: a little less each time it is set up."""

    set_up = 0
    strays_after = 0

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        type(self).set_up += 1
        self.turn = type(self).set_up
        self.steps = 0

    def renewed(self) -> "Unsteady":
        return type(self)(self.checkpoint, self.device)

    def step(self, state: Lanes, data: Any) -> None:
        super().step(state, data)
        self.steps += 1
        if self.steps > self.strays_after:
            for part in state.parts:
                part.logits[:, 7] = part.logits[:, 7] + 1e-3 * self.turn


@pytest.mark.parametrize("after", [0, 100])
def test_a_device_that_strays_writes_no_file(
    gru: str, monkeypatch: pytest.MonkeyPatch, after: int
) -> None:
    engine = Unsteady(checkpoint_of(GRU), torch.device("cpu"))
    portable = engine_of(gru)
    assert isinstance(portable, PortableGru)
    uniforms = np.random.default_rng(0).random(400)
    data, _ = PortableNeural(portable).generate(uniforms, temperature=0.5)  # gets shorter
    monkeypatch.setattr(Unsteady, "strays_after", after)
    monkeypatch.setattr(Neural, "engine", lambda self: engine)
    with torch.inference_mode(), pytest.raises(LossyError, match="not compute the same twice"):
        pack(data, Neural(gru, mixed=False, mode="fast"))


def test_what_is_portable_is_not_decoded_again(gru: str) -> None:
    assert type(block_codec(Neural(gru, bits=BITS))) is ModelBlocks
    fast = Neural(gru, mode="fast", bits=BITS)
    assert type(block_codec(fast)) is VerifiedBlocks
    assert type(block_codec(fast, b"", fingerprint=3)) is ModelBlocks


# ------------------------------------------------------------------------------------- samples


@pytest.mark.parametrize("mode", ["portable", "fast"])
def test_samples_are_the_same_together_and_alone(gru: str, mode: str) -> None:
    compressor = Neural(gru, mixed=False, mode=mode)
    shaping = Shaping(temperature=0.9, min_p=0.01)
    options: dict[str, Any] = {"compressor": compressor, "n": 40, "seed": 3, "shaping": shaping}
    together = generate(b"The ", samples=5, **options)
    (alone,) = generate(b"The ", samples=1, **options)
    assert together[0].data == alone.data
    assert len({sample.data for sample in together}) == 5
    conditional = compressor.condition(b"The ")
    for sample in together:
        assert len(sample.data) == 40
        assert sample.bits == pytest.approx(conditional.bits([sample.data])[0], abs=0.05)


def test_stop_strings_end_one_sample_and_not_the_others(gru: str) -> None:
    options: dict[str, Any] = {"compressor": Neural(gru, mixed=False, mode="fast"), "seed": 3}
    whole = generate(b"The ", samples=4, n=60, shaping=Shaping(), **options)
    stop = whole[1].data[20:22]
    cut = generate(b"The ", samples=4, n=60, shaping=Shaping(), stop=[stop], **options)
    for before, after in zip(whole, cut, strict=True):
        assert after.data == before.data.partition(stop)[0]
        assert after.stopped == (stop in before.data)
    assert cut[1].stopped


def test_penalties_are_the_hosts(gru: str) -> None:
    """What looks at the text so far is not written together, and not forgotten."""
    compressor = Neural(gru, mixed=False, mode="fast")

    def written(shaping: Shaping) -> list[bytes]:
        found = generate(b"a" * 9, compressor=compressor, n=40, seed=1, samples=2, shaping=shaping)
        return [sample.data for sample in found]

    plain = written(Shaping(temperature=0.3))
    for penalty in ({"repeat_penalty": 3.0}, STRICT):
        assert written(Shaping(temperature=0.3, **penalty)) != plain


STRICT: dict[str, Any] = {"dry_multiplier": 5.0, "dry_allowed_length": 1}
"""No pair of bytes twice, as good as."""


def test_mixed_with_counts(gru: str) -> None:
    """The loop on the host draws what the compiled one draws."""

    def written(mode: str, **penalty: Any) -> bytes:
        compressor = Neural(gru, mode=mode, bits=BITS)
        shaping = Shaping(temperature=0.6, **penalty)
        options: dict[str, Any] = {"corpus": ENGLISH[:2000], "n": 30, "seed": 5}
        return generate(b"The ", compressor=compressor, shaping=shaping, **options)[0].data

    assert written("portable") == written("fast")
    assert written("portable", **STRICT) == written("fast", **STRICT)
    assert written("fast", **STRICT) != written("fast")


def test_scores_agree_with_the_portable_engine(gru: str) -> None:
    candidates = [b"", b"e", b"the", b"then", ENGLISH[60:90]]
    expected = NeuralConditional(engine_of(gru), ENGLISH[:60]).bits(candidates)
    found = Neural(gru, mixed=False, mode="fast").condition(ENGLISH[:60]).bits(candidates)
    np.testing.assert_allclose(found, expected, atol=0.02)
