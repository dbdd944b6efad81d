"""The neural compressor: exact, in lanes, beside context mixing, and back again."""

import hashlib
import io
import itertools
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from compgen import distribution
from compgen.coding.container import compress_file, decompress_file
from compgen.coding.header import read_header
from compgen.coding.model_coder import ModelCoder, SelfCoding, Weighing
from compgen.compressor import Compressor
from compgen.compressors.neural import Neural
from compgen.conditional import Conditional
from compgen.conditionals.context_mixing import ContextMixing
from compgen.conditionals.neural import NeuralConditional, PortableNeural
from compgen.conditionals.neural_mixing import NeuralMixing, PortableMixing
from compgen.errors import CompressorError, InputError, SpecError, UnsupportedError, UsageError
from compgen.generation import generate
from compgen.kernels.repeats import start, with_room
from compgen.neural.checkpoint import Checkpoint, save
from compgen.neural.config import GruConfig, TransformerConfig
from compgen.neural.engine import Engine
from compgen.neural.engines import engine_for, engine_of
from compgen.neural.lanes import ALONE, MIXED, LaneRule
from compgen.neural.lockstep import read_together
from compgen.neural.portable import PortableGru
from compgen.primed import prime
from compgen.registry import get_compressor
from compgen.sampling.compiled import Compiled, sample
from compgen.sampling.shaping import Shaping
from compgen.scoring import score
from tests.contract import check_compressor, check_conditional
from tests.formula_model import CONFIG, formula_checkpoint, formula_tensors
from tests.texts import ENGLISH, RANDOM

BITS = 14
NARROW = LaneRule(64, 5)
GOLDEN_MIXED = "8520158cf47005607e51c39bff4c2ce3db6932bc6d58f866136c2a7a87ea8c41"
ENGINE = PortableGru(formula_checkpoint())
CONDITIONALS: dict[str, Callable[[bytes], Any]] = {
    "alone": lambda context: PortableNeural(ENGINE, context),
    "mixed": lambda context: PortableMixing(ENGINE, context, bits=BITS),
    "mixed, after a corpus": lambda context: PortableMixing(
        ENGINE, context, corpus=ENGLISH[-900:], bits=BITS
    ),
}
each = pytest.mark.parametrize("condition", CONDITIONALS.values(), ids=CONDITIONALS)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint on disk."""
    return checkpoint(tmp_path_factory.mktemp("model"), CONFIG)


def checkpoint(directory: Path, config: GruConfig) -> Path:
    save(directory, config, formula_tensors(config))
    return directory


# ------------------------------------------------------------------------------ conditionals


@each
def test_it_keeps_the_contract(condition: Any) -> None:
    check_conditional(condition)


@each
def test_code_lengths_are_those_of_the_next_byte(condition: Any) -> None:
    whole, steps = condition(b"so "), condition(b"so ")
    lengths = whole.code_lengths(ENGLISH[:300])
    for index in range(300):
        expected = steps.next_byte()[ENGLISH[index]]
        assert lengths[index] == pytest.approx(expected, abs=1e-12)
        steps.advance(ENGLISH[index : index + 1])


@each
def test_weights_are_the_probabilities_in_whole_numbers(condition: Any) -> None:
    state = condition(ENGLISH[:500])
    weights = state.weights()
    assert weights.dtype == np.float32
    assert weights.sum(dtype=np.int64) == (1 << 24) - 256
    np.testing.assert_allclose((weights + 1) / (1 << 24), np.exp2(-state.next_byte()), atol=2e-5)


def test_candidates_are_read_together_and_their_prefixes_once() -> None:
    asked = []

    class Counting(PortableGru):
        def step(self, state: Any, data: Any) -> None:
            asked.append(data.size)
            super().step(state, data)

    engine = Counting(formula_checkpoint())
    state = engine.begin(1)
    candidates = [b"the cat", b"the car", b"", b"the", b"dog", b"the cart"]
    asked.clear()
    found = list(read_together(engine, state, candidates))
    assert asked == [2, 2, 1, 1, 1, 1, 1]  # t d, h o, e, " ", c, a, r (of cart)
    for data, expected in zip(candidates, found, strict=True):
        alone = engine.read(engine.choose(state, np.zeros(1, np.intp)), as_bytes(data))
        np.testing.assert_array_equal(expected, alone)


def as_bytes(data: bytes) -> Any:
    return np.frombuffer(bytearray(data), np.uint8)


def test_a_network_that_knows_the_text_helps_the_counts() -> None:
    """One that always expects what comes: mixing must find out that it is right."""

    class Prophet(PortableGru):
        """Expects, with 15/16, the byte after the one that was read last, in the alphabet."""

        def read(self, state: Any, data: Any) -> Any:
            found = np.empty((data.size, 257), np.int32)
            last = getattr(self, "last", 0)
            for row, value in zip(found, data, strict=True):
                frequencies = np.full(256, (1 << 16) // 16, np.int32)
                frequencies[(last + 1) % 256] += (1 << 24) - frequencies.sum()
                row[0], row[1:] = 0, np.cumsum(frequencies)
                last = int(value)
            self.last = last
            return found

    rng = np.random.default_rng(1)
    data = bytes((int(x) + k) % 256 for x in rng.integers(0, 256, 40) for k in range(50))
    told = NeuralMixing(Prophet(formula_checkpoint()), bits=BITS).code_lengths(data).mean()
    untold = ContextMixing(bits=BITS).code_lengths(data).mean()
    assert told < 0.5 < untold


def test_writing_teaches_nothing() -> None:
    state = PortableMixing(ENGINE, ENGLISH[:3000], bits=BITS)
    writer, reader = state.writing(), state.fork()
    assert writer.next_byte().tolist() == state.next_byte().tolist()
    novel = b"xqzvw " * 12
    writer.advance(novel)
    reader.advance(novel)
    assert reader.next_byte()[ord("x")] < writer.next_byte()[ord("x")] - 1


# ------------------------------------------------------------------------------------ coding


@pytest.mark.parametrize("length", [0, 1, 4095, 4096, 8191, 8192, 8193, 12_300, 65_600])
def test_lanes_share_a_block_evenly(length: int) -> None:
    for rule in (ALONE, MIXED, NARROW):
        starts, lengths = rule.lanes(length)
        assert lengths.sum() == length
        assert starts.tolist() == [0, *np.cumsum(lengths)[:-1]]
        assert lengths.max() - lengths.min() <= 1
        assert (np.diff(lengths) <= 0).all()
        assert len(lengths) <= rule.most
        assert len(lengths) == 1 or lengths.min() >= rule.least


@each
def test_what_was_encoded_is_decoded(condition: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """In one lane and several, after one another, and where a block is skipped instead."""
    for kind in (NeuralConditional, NeuralMixing):
        monkeypatch.setattr(kind, "lane_rule", NARROW)
    blocks = [b"", b"x", ENGLISH[:63], ENGLISH[63:191], RANDOM[:333], ENGLISH[191:1000], b"no" * 99]
    encoder, decoder = condition(b"context"), condition(b"context").fork()
    assert all(isinstance(encoder, protocol) for protocol in (SelfCoding, Weighing))
    for index, block in enumerate(blocks):
        stream = encoder.encode(block)
        if index == 4:
            decoder.skip(block)
        else:
            assert decoder.decode(stream, len(block)) == block
        assert encoder.next_byte().tolist() == decoder.next_byte().tolist()
    encoder.advance(b"and on, one byte after the other")
    decoder.advance(b"and on, one byte after the other")
    assert encoder.next_byte().tolist() == decoder.next_byte().tolist()


@pytest.mark.parametrize("length", [4095, 4096, 8191, 8192, 8193])
def test_lane_borders(length: int) -> None:
    data = ENGLISH[:length]
    stream = CONDITIONALS["alone"](b"").encode(data)
    assert CONDITIONALS["alone"](b"").decode(stream, length) == data


@each
def test_one_lane_costs_what_the_bytes_do(condition: Any) -> None:
    data = ENGLISH[:3000]
    stream = condition(b"").encode(data)
    assert 8 * len(stream) == pytest.approx(condition(b"").code_lengths(data).sum(), abs=70)


def test_the_compiled_loop_codes_as_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(NeuralMixing, "lane_rule", NARROW)
    compiled = PortableMixing(ENGINE, bits=BITS).encode(ENGLISH[:1007])
    assert compiled == NeuralMixing(ENGINE, bits=BITS).encode(ENGLISH[:1007])


def test_a_mixed_stream_is_the_one_it_always_was(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files must decode on any machine: a change here is a change of format."""
    monkeypatch.setattr(NeuralMixing, "lane_rule", LaneRule(500, 4))
    stream = PortableMixing(ENGINE, bits=BITS).encode(bytes(range(256)) + b"To be or not. " * 150)
    assert hashlib.sha256(stream).hexdigest() == GOLDEN_MIXED


@each
def test_damage_gives_an_error_or_as_many_bytes(condition: Any) -> None:
    data = ENGLISH[:400]
    stream = condition(b"").encode(data)
    for place in (0, 40, len(stream) - 5):
        damaged = bytearray(stream)
        damaged[place] ^= 4
        try:
            decoded = condition(b"").decode(bytes(damaged), len(data))
        except CompressorError:
            continue
        assert len(decoded) == len(data)
        assert decoded != data or place > len(stream) - 6


@each
def test_a_stored_block_leaves_both_sides_alike(condition: Any) -> None:
    """The coder's first positions are coded one by one, skipped or not."""
    first, second = RANDOM[:200], ENGLISH[:300]
    encoder = ModelCoder(condition(b""))
    encoder.encode(first)
    code = encoder.encode(second)
    decoder = ModelCoder(condition(b""), expected=encoder.fingerprint)
    decoder.skip(first)
    assert decoder.decode(code, len(second)) == second


# -------------------------------------------------------------------------------- compressor


@pytest.mark.parametrize("options", [f"bits={BITS}", "mix=off"])
def test_it_keeps_the_compressors_contract(model: Path, options: str) -> None:
    compressor = get_compressor(f"neural:{model},{options}")
    check_compressor(compressor, detects_damage=True, examples=6, largest=2500)


def test_specs() -> None:
    assert get_compressor("neural") == Neural()
    assert get_compressor("neural:runs/x") == get_compressor("neural:model=runs/x")
    found = get_compressor("neural:runs/x, mix=off,bits=20")
    assert found == Neural("runs/x", mixed=False, bits=20)
    assert str(found) == "neural:runs/x,mix=off,bits=20"
    assert str(Neural(mixed=False)) == "neural:mix=off"
    for wrong in ("neural:a,model=b", "neural:a,b", "neural:mix=perhaps", "neural:bits=40"):
        with pytest.raises(SpecError):
            get_compressor(wrong)


def pack(data: bytes, compressor: Compressor, corpus: bytes = b"") -> bytes:
    target = io.BytesIO()
    compress_file(io.BytesIO(data), target, compressor, corpus=corpus)
    return target.getvalue()


def unpack(packed: bytes, compressor: Compressor | None, corpus: bytes = b"") -> bytes:
    target = io.BytesIO()
    decompress_file(io.BytesIO(packed), target, compressor=compressor, corpus=corpus)
    return target.getvalue()


@pytest.mark.parametrize("mixed", [True, False])
def test_files_name_the_model_and_not_where_it_is(model: Path, mixed: bool, tmp_path: Path) -> None:
    compressor = Neural(str(model), mixed=mixed, bits=BITS)
    corpus, data = ENGLISH[:2000], ENGLISH[1800:2600]
    packed = pack(data, compressor, corpus)
    header = read_header(io.BytesIO(packed)).header
    assert str(model).encode() not in packed
    assert header.spec == compressor.file_spec
    assert header.model["sha256"] == formula_checkpoint().sha256
    assert {"mode", "device", "dtype", "torch", "threads", "lanes"} < set(header.model)
    assert unpack(packed, compressor, corpus) == data
    moved = checkpoint(tmp_path / "elsewhere", CONFIG)
    assert unpack(packed, Neural(str(moved), mixed=mixed, bits=BITS), corpus) == data
    with pytest.raises(UsageError, match="was compressed with"):
        unpack(packed, Neural(str(model), mixed=not mixed, bits=BITS), corpus)


def test_another_model_is_refused_with_both_hashes(model: Path, tmp_path: Path) -> None:
    packed = pack(b"data of some length", Neural(str(model), mixed=False))
    other = checkpoint(tmp_path / "other", GruConfig(embedding=9, hidden=40))
    theirs = engine_of(other).sha256
    with pytest.raises(InputError, match=rf"{formula_checkpoint().sha256}.*{theirs}.*-c neural:"):
        unpack(packed, Neural(str(other), mixed=False))
    with pytest.raises(InputError, match="-c neural:DIR"):
        unpack(packed, None)


def test_a_corpus_with_the_wrong_lanes_is_refused(
    model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    compressor = Neural(str(model), mixed=False)
    packed = pack(ENGLISH[:100], compressor)
    monkeypatch.setattr("compgen.neural.lanes.ALONE", NARROW)
    with pytest.raises(CompressorError, match="lanes length // 4096"):
        unpack(packed, compressor)


def test_a_damaged_file_is_refused(model: Path) -> None:
    compressor = Neural(str(model), bits=BITS)
    packed = bytearray(pack(ENGLISH[:900], compressor))
    rng = random.Random(4)
    for place in rng.sample(range(len(packed)), 25):
        packed[place] ^= 16
        with pytest.raises((CompressorError, InputError)):
            unpack(bytes(packed), compressor)
        packed[place] ^= 16


def test_a_checkpoint_is_read_again_when_it_has_changed(tmp_path: Path) -> None:
    directory = checkpoint(tmp_path, CONFIG)
    first = engine_of(directory)
    assert engine_of(directory) is first
    checkpoint(directory, GruConfig(embedding=9, hidden=33))
    assert engine_of(directory).sha256 != first.sha256


def test_what_cannot_be_run_portably_is_refused() -> None:
    config = TransformerConfig(width=32, layers=1, heads=2, window=16)
    with pytest.raises(UnsupportedError, match="transformer"):
        engine_for(Checkpoint(config, {}, ""))
    with pytest.raises(UsageError, match="no such checkpoint"):
        Neural("no/such/place").condition()


def test_the_default_model_is_there_and_knows_english() -> None:
    engine: Engine[Any] = engine_of("")
    lengths = NeuralConditional(engine).code_lengths(b"It was the best of times, I said to her. ")
    assert lengths.mean() < 3.5


# ---------------------------------------------------------------------------------- sampling

SHAPINGS: dict[str, dict[str, Any]] = {
    "ancestral": {},
    "greedy": {"temperature": 0.0},
    "all": {"top_k": 40, "typical": 0.95, "top_p": 0.9, "min_p": 0.02, "temperature": 1.3},
}


def step_by_step(
    state: Conditional, uniforms: Any, shaping: Shaping, history: bytes
) -> tuple[bytes, list[float]]:
    state = state.fork()
    out, bits = bytearray(), []
    for uniform in uniforms:
        wanted = state.next_byte()
        value = distribution.draw(shaping.apply(wanted, history + out), float(uniform))
        out.append(value)
        bits.append(float(wanted[value]))
        state.advance(bytes(out[-1:]))
    return bytes(out), bits


@pytest.mark.parametrize("options", SHAPINGS.values(), ids=SHAPINGS)
@each
def test_the_compiled_loop_writes_the_same_bytes(condition: Any, options: dict[str, Any]) -> None:
    states = [condition(ENGLISH[:500]), condition(ENGLISH[:400])]
    assert all(isinstance(state, Compiled) for state in states)
    uniforms = np.random.default_rng(5).random((2, 60))
    names = {"typical": "typical_p"}
    named = {names.get(name, name): value for name, value in options.items()}
    shaping = Shaping(**({"min_p": 0.0} | named))
    rows = sample(states, uniforms, threads=2, **options)
    for state, row, uniform in zip(states, rows, uniforms, strict=True):
        expected, bits = step_by_step(state, uniform, shaping, b"")
        assert row.tobytes() == expected
        data, lengths = state.fork().generate(uniform, **options)
        assert data == expected
        np.testing.assert_allclose(lengths, bits, atol=1e-9)


@each
def test_the_compiled_loop_penalises_repeats(condition: Any) -> None:
    history = b"over and over and over and over "
    state = condition(history)
    assert state.penalises_repeats
    shaping = Shaping(dry_multiplier=0.8, dry_allowed_length=2, min_p=0.1)
    uniforms = np.random.default_rng(6).random(100)
    repeats = start(
        history,
        multiplier=shaping.dry_multiplier,
        base=shaping.dry_base,
        allowed=shaping.dry_allowed_length,
        last_n=shaping.dry_penalty_last_n,
        breakers=shaping.dry_sequence_breakers,
    )
    data, _ = state.fork().generate(uniforms, min_p=0.1, repeats=with_room(repeats, 100))
    assert data == step_by_step(state, uniforms, shaping, history)[0]
    assert data != state.fork().generate(uniforms, min_p=0.1)[0]


def test_every_pair_of_forks_goes_its_own_way() -> None:
    for condition in CONDITIONALS.values():
        state = condition(ENGLISH[:300])
        twins = [state.fork() for _ in range(3)]
        for twin, text in zip(twins, (b"a", b"bb", b"ccc"), strict=True):
            twin.advance(text)
        for one, other in itertools.pairwise(twins):
            assert one.next_byte().tolist() != other.next_byte().tolist()


def test_it_writes_without_a_corpus_and_is_scored(model: Path) -> None:
    compressor = Neural(str(model), bits=BITS)
    written, again = (generate("so ", compressor=compressor, n=30, seed=3)[0] for _ in range(2))
    assert written.data == again.data
    assert written.corpus_sha256 == hashlib.sha256(b"").hexdigest()
    primed = prime([compressor], None)
    data = ENGLISH[:200]
    result = score(primed, data, np.arange(200))
    lengths = primed.conditional.fork().code_lengths(data)
    np.testing.assert_allclose(result.bits, lengths, atol=1e-9)
    assert result.code_length_bits_per_byte == pytest.approx(lengths.mean())


def test_a_corpus_is_counted_and_the_network_is_not_asked(model: Path) -> None:
    corpus = ENGLISH[:5000]
    asked = PortableMixing(ENGINE, corpus, bits=BITS)
    counted = Neural(str(model), bits=BITS).after(corpus, b"", reading="auto", dither=None)
    expected = PortableMixing(ENGINE, b"", corpus=corpus, bits=BITS)
    assert counted.next_byte().tolist() == expected.next_byte().tolist()
    assert counted.next_byte().tolist() != asked.next_byte().tolist()
    with pytest.raises(UnsupportedError, match="dither"):
        Neural(str(model)).after(corpus, b"", reading="auto", dither=3)
