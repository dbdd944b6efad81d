"""Language models over tokens, on tiny ones that are made here: bytes, tokens, files."""

import itertools
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

from compgen.compressors.hf import Hf  # noqa: E402
from compgen.conditionals.hf import HfConditional, HfTokens  # noqa: E402
from compgen.errors import (  # noqa: E402
    CompgenError,
    FailureError,
    SpecError,
    UnsupportedError,
)
from compgen.hf.beam import advance, begin, next_byte  # noqa: E402
from compgen.hf.token_model import Said, TokenModel  # noqa: E402
from compgen.hf.token_trie import TokenTrie, continuations  # noqa: E402
from compgen.hf.vocabulary import byte_letters  # noqa: E402
from compgen.reading import Reading  # noqa: E402
from compgen.registry import get_compressor  # noqa: E402
from tests.contract import check_conditional  # noqa: E402
from tests.texts import ENGLISH  # noqa: E402

CPU = torch.device("cpu")
STRANGE = b"caf\xc3\xa9 \xff\xfe\x80 na\xc3 \xe2\x82\xac\x00"
"""Text, and bytes that are no UTF-8."""


def save_model(directory: Path, vocabulary: int, *, window: int = 64, scale: float = 8.0) -> None:
    """A random GPT-2, of logits that differ."""
    from transformers import GPT2Config, GPT2LMHeadModel

    config = GPT2Config(
        vocab_size=vocabulary,
        n_positions=window,
        n_embd=32,
        n_layer=2,
        n_head=2,
        bos_token_id=0,
        eos_token_id=0,
    )
    torch.manual_seed(0)
    model = GPT2LMHeadModel(config)
    with torch.no_grad():
        model.transformer.wte.weight.mul_(scale)
    model.save_pretrained(directory)


def save_tokenizer(directory: Path, merges: int) -> int:
    """Byte-level BPE of a little English; returns how many tokens there are."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=257 + merges,
        special_tokens=["<|endoftext|>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator([ENGLISH[:8000].decode()], trainer)
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, bos_token="<|endoftext|>", eos_token="<|endoftext|>"
    )
    fast.save_pretrained(directory)
    return len(fast)


@pytest.fixture(scope="module")
def bpe(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model over 257 + 60 tokens."""
    directory = tmp_path_factory.mktemp("bpe")
    save_model(directory, save_tokenizer(directory, 60))
    return directory


@pytest.fixture(scope="module")
def single(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model over single bytes: a text has one tokenisation."""
    directory = tmp_path_factory.mktemp("single")
    save_model(directory, save_tokenizer(directory, 0))
    return directory


def loaded(directory: Path) -> TokenModel:
    return TokenModel(str(directory), CPU, "float32", 1)


# ------------------------------------------------------------------------------- vocabularies


def test_tokens_spell_the_text(bpe: Path) -> None:
    vocabulary = loaded(bpe).vocabulary
    assert vocabulary.before == b""
    assert len(vocabulary.spelling) == 316
    assert 0 not in vocabulary.spelling, "a special token spells something"
    assert byte_letters()["Ġ"] == 32
    for data in (ENGLISH[:500], STRANGE, bytes(range(256)), b"", b"a<|endoftext|>b"):
        tokens = vocabulary.tokens(data)
        assert vocabulary.spell(tokens) == data
    assert len(vocabulary.tokens(ENGLISH[:500])) < 400
    from transformers import AutoTokenizer

    own = AutoTokenizer.from_pretrained(bpe)
    assert vocabulary.tokens(ENGLISH[:300]) == own(ENGLISH[:300].decode())["input_ids"]


def sentence_piece(directory: Path, *, falls_back: bool = True) -> None:
    """A tokenizer in Llama's manner, with a space before every text."""
    from tokenizers import Tokenizer, decoders, models, normalizers
    from transformers import PreTrainedTokenizerFast

    words = ["<s>", *(f"<0x{value:02X}>" for value in range(256)), "▁", "a", "b", "▁a", "▁ab", "ab"]
    merges = [("▁", "a"), ("a", "b"), ("▁a", "b")]
    tokenizer = Tokenizer(
        models.BPE(
            vocab={word: index for index, word in enumerate(words)},
            merges=merges,
            byte_fallback=falls_back,
            unk_token="<s>",
        )
    )
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")]
    )
    steps = [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()]
    tokenizer.decoder = decoders.Sequence(steps)
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, bos_token="<s>").save_pretrained(directory)
    save_model(directory, len(words))


def test_sentence_piece_with_byte_fallback(tmp_path: Path) -> None:
    sentence_piece(tmp_path)
    model = loaded(tmp_path)
    vocabulary = model.vocabulary
    assert vocabulary.before == b" "
    for data in (b" abba ab", b" " + STRANGE, b"ab", b" \n\xff"):
        assert vocabulary.spell(vocabulary.tokens(data)) == data
    assert [vocabulary.spelling[token] for token in vocabulary.tokens(b" abz")] == [b" ab", b"z"]
    conditional = HfConditional(model, b"ab")
    assert np.exp2(-conditional.next_byte()).sum() == pytest.approx(1)
    fresh = HfConditional(model)
    total = fresh.code_lengths(b"ab").sum() + conditional.next_byte()[ord("a")]
    assert HfConditional(model).bits([b"aba"])[0] == pytest.approx(total)
    compressor = Hf(str(tmp_path))
    assert compressor.decompress(compressor.compress(STRANGE)) == STRANGE


def test_other_vocabularies_are_refused(tmp_path: Path) -> None:
    sentence_piece(tmp_path, falls_back=False)
    with pytest.raises(UnsupportedError, match="BPE vocabulary are not strings of bytes"):
        loaded(tmp_path)


def test_a_vocabulary_without_some_byte_is_refused(tmp_path: Path, single: Path) -> None:
    for file in single.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    description = json.loads((tmp_path / "tokenizer.json").read_text())
    del description["model"]["vocab"]["z"]
    (tmp_path / "tokenizer.json").write_text(json.dumps(description))
    with pytest.raises(UnsupportedError, match="cannot spell 1 of the 256 bytes"):
        loaded(tmp_path)


# ----------------------------------------------------------------------- the trie and the beam

TINY = {1: b"a", 2: b"b", 3: b"ab", 4: b"ba", 5: b"aba", 6: b"bb", 7: b"aa"}


class TinyModel:
    """Chances that depend on the last two tokens, over an alphabet of two letters."""

    def __init__(self, spelling: dict[int, bytes] | None = None) -> None:
        self.trie = TokenTrie(spelling or TINY)
        self.asked = 0

    def say(self, tokens: tuple[int, ...]) -> Said:
        rng = np.random.default_rng([7, *tokens[-2:]])
        weights = np.exp(2 * rng.normal(size=self.trie.tokens.size))
        return Said(tokens, weights / weights.sum(), None)

    def after(self, said: Said, token: int) -> Said:
        self.asked += 1
        return self.say((*said.tokens, token))


def exhaustive(model: TinyModel, text: bytes) -> float:
    """The probability that a text begins with `text`, over all tokenisations."""

    def from_here(said: Said, rest: bytes) -> float:
        total = 0.0
        for chance, token in zip(said.chances, model.trie.tokens.tolist(), strict=True):
            spelled = TINY[token]
            if spelled.startswith(rest):
                total += chance
            elif rest.startswith(spelled):
                total += chance * from_here(model.after(said, token), rest[len(spelled) :])
        return total

    return from_here(model.say(()), text) if text else 1.0


def walked(model: TinyModel, text: bytes, width: int) -> list[np.ndarray[Any, Any]]:
    """The distributions before each byte of `text`, and after it."""
    beam = begin(model.say(()), model.trie)
    found = [next_byte(beam)]
    for value in text:
        beam = advance(beam, value, model, width)
        found.append(next_byte(beam))
    return found


TEXTS = [bytes(letters) for letters in itertools.product(b"ab", repeat=7)]


def losses(width: int) -> Iterator[float]:
    """Bits by which a beam's code length differs from the exhaustive one."""
    model = TinyModel()
    for text in TEXTS[::7]:
        rows = walked(model, text, width)
        length = sum(row[value] for row, value in zip(rows, text, strict=False))
        yield float(length + np.log2(exhaustive(model, text)))


def test_a_wide_beam_is_exhaustive_marginalisation() -> None:
    assert np.abs(list(losses(1000))).max() < 1e-4
    model = TinyModel()
    for text in TEXTS[::19]:
        p = np.exp2(-walked(model, text, 1000)[-1])
        expected = [exhaustive(model, text + letter) for letter in (b"a", b"b")]
        np.testing.assert_allclose(p[list(b"ab")], np.array(expected) / sum(expected), atol=1e-5)
        assert p.sum() == pytest.approx(1)


def test_a_narrow_beam_loses_little_and_a_wider_one_less() -> None:
    lost = [float(np.mean(np.abs(list(losses(width))))) for width in (1, 2, 4, 8, 16)]
    assert lost == sorted(lost, reverse=True)
    assert lost[0] > 0.05, "the test's tokenisations are not ambiguous"
    assert lost[-1] < 0.005


def test_a_narrow_beam_asks_less() -> None:
    asked = []
    for width in (1, 1000):
        model = TinyModel()
        walked(model, TEXTS[37], width)
        asked.append(model.asked)
    assert asked[0] < asked[1]
    assert asked[0] <= 2 * len(TEXTS[37])


def test_every_byte_stays_possible() -> None:
    """A beam of one that is in the middle of a token has a way out of it."""
    spelling = {value: bytes([value]) for value in range(256)} | {300: b"abcdefgh"}

    class Sure(TinyModel):
        def say(self, tokens: tuple[int, ...]) -> Said:
            chances = np.full(self.trie.tokens.size, 1e-12)
            chances[self.trie.tokens == 300] = 1
            return Said(tokens, chances / chances.sum(), None)

    model = Sure(spelling)
    rows = walked(model, b"abcdeXYZab", width=1)
    assert rows[5][ord("f")] < 0.01
    assert all(np.isfinite(row).all() for row in rows)
    assert rows[-1][ord("c")] < 0.01


def test_the_trie_holds_every_token_once() -> None:
    rng = np.random.default_rng(3)
    spelling = {
        index: bytes(rng.integers(97, 100, rng.integers(1, 6)).tolist()) for index in range(200)
    }
    trie = TokenTrie(spelling)
    chances = rng.random(200)
    root = continuations(trie.root, chances)
    assert root.sum() == pytest.approx(chances.sum())
    rank = {token: place for place, token in enumerate(trie.tokens.tolist())}
    for prefix in (b"a", b"ab", b"abc", b"cba"):
        node = trie.root
        for depth, value in enumerate(prefix):
            found = trie.child(node, depth, value)
            assert found is not None
            node = found
        beginning = {token for token, data in spelling.items() if data.startswith(prefix)}
        assert node.high - node.low == len(beginning)
        assert node.ends == sum(data == prefix for data in spelling.values())
        for value, chance in enumerate(continuations(node, chances)):
            longer = [t for t in beginning if spelling[t].startswith(prefix + bytes([value]))]
            assert chance == pytest.approx(sum(chances[rank[token]] for token in longer))
    assert trie.child(trie.root, 0, ord("z")) is None


# -------------------------------------------------------------------------------- conditionals


def test_it_is_a_conditional(bpe: Path) -> None:
    model = loaded(bpe)
    check_conditional(
        lambda context: HfConditional(model, context, width=3),
        contexts=(ENGLISH[:30],),
        continuations=(b"", b"e", b"the \xff"),
        tolerance=1e-4,
    )


def test_the_lengths_of_tokens_share_what_they_begin_with(bpe: Path) -> None:
    model = loaded(bpe)
    for size in (0, 30, 200):  # the last is longer than the window
        context = ENGLISH[:size]
        conditional = HfTokens(model, context)
        continuations = [b"", b"e", b"the ", ENGLISH[size : size + 25], b"\xff"]
        tokens = model.vocabulary.tokens
        expected = [
            model.code_lengths(tokens(context + data)).sum()
            - model.code_lengths(tokens(context)).sum()
            for data in continuations
        ]
        found = conditional.bits(continuations)
        if size < model.window:
            np.testing.assert_allclose(found, expected, atol=1e-3)
        else:  # other halves of the window are seen
            np.testing.assert_allclose(found, expected, atol=12)
        assert found[0] == pytest.approx(0, abs=1e-3)
        twin = conditional.fork()
        twin.advance(b"the ")
        moved = HfTokens(model, context + b"the ").bits(continuations)
        np.testing.assert_allclose(twin.bits(continuations), moved, atol=1e-3)
        np.testing.assert_array_equal(conditional.bits(continuations), found)
    assert np.exp2(-conditional.next_byte()).sum() == pytest.approx(1)


def test_bytes_cost_what_tokens_cost_where_there_is_one_tokenisation(single: Path) -> None:
    model = loaded(single)
    for data in (ENGLISH[:14], STRANGE[:14]):  # before the first anchor, which slides
        by_bytes = HfConditional(model).code_lengths(data)
        tokens = model.vocabulary.tokens(data)
        assert len(tokens) == len(data)
        np.testing.assert_allclose(by_bytes, model.code_lengths(tokens), atol=1e-4)
        assert HfTokens(model).bits([data])[0] == pytest.approx(by_bytes.sum(), abs=1e-3)
        assert by_bytes.std() > 0.3, "the test's model says nothing"


def test_the_canonical_tokens_cost_no_less_than_all_together(bpe: Path) -> None:
    model = loaded(bpe)
    data = ENGLISH[100:114]
    marginal = HfConditional(model, width=200).code_lengths(data).sum()
    tokens = model.vocabulary.tokens(data)
    assert len(tokens) < len(data)
    assert marginal < model.code_lengths(tokens).sum()


def test_tokens_are_scored_as_the_model_scores_them(bpe: Path) -> None:
    from transformers import AutoModelForCausalLM

    model = loaded(bpe)
    tokens = model.vocabulary.tokens(ENGLISH[:60])
    own = AutoModelForCausalLM.from_pretrained(bpe)
    with torch.no_grad():
        logits = own(torch.tensor([[0, *tokens]])).logits[0].double().clone()
    logits[:, 0] = -torch.inf  # the special token
    expected = -torch.log_softmax(logits, -1)[range(len(tokens)), tokens].numpy() / np.log(2)
    np.testing.assert_allclose(model.code_lengths(tokens), expected, atol=1e-4)
    said = model.read(tokens[:-1])
    rank = model.trie.tokens.tolist().index(tokens[-1])
    assert -np.log2(said.chances[rank]) == pytest.approx(expected[-1], abs=1e-4)
    stepped = model.read(tokens[:5])
    for token in tokens[5:]:
        before, stepped = stepped, model.after(stepped, token)
    assert -np.log2(before.chances[rank]) == pytest.approx(expected[-1], abs=1e-4)


def test_a_text_longer_than_the_window_slides(bpe: Path) -> None:
    model = loaded(bpe)
    text = ENGLISH[:700]
    tokens = model.vocabulary.tokens(text)
    assert len(tokens) > 4 * model.window
    lengths = model.code_lengths(tokens)
    assert np.isfinite(lengths).all()
    seen = model.window // 2
    done = model.window - 1
    again = model.code_lengths(tokens[done - seen : done + 3])[seen:]
    np.testing.assert_allclose(lengths[done : done + 3], again, atol=1e-4)
    said = model.read([])
    for token in tokens[:150]:
        said = model.after(said, token)
        assert len(said.tokens) < model.window
    far = HfConditional(model, text)
    assert np.exp2(-far.next_byte()).sum() == pytest.approx(1)


# --------------------------------------------------------------------------------------- files


def test_it_compresses(bpe: Path) -> None:
    compressor = get_compressor(f"hf:{bpe},beam=2")
    assert str(compressor) == f"hf:{bpe},beam=2"
    assert get_compressor(str(compressor)) == compressor
    for data in (b"", STRANGE, ENGLISH[:90]):
        assert compressor.decompress(compressor.compress(data)) == data


def test_the_reading_bits_is_the_canonical_tokenisation(bpe: Path) -> None:
    compressor = Hf(str(bpe))
    assert compressor.resolve("auto") is Reading.MARGINAL
    bits = compressor.condition(ENGLISH[:40], reading="bits").bits([ENGLISH[40:60]])[0]
    model = loaded(bpe)
    before, after = (model.vocabulary.tokens(ENGLISH[:size]) for size in (40, 60))
    expected = model.code_lengths(after).sum() - model.code_lengths(before).sum()
    assert bits == pytest.approx(expected, abs=1e-3)


def test_what_a_file_says_of_it(bpe: Path, single: Path) -> None:
    compressor = Hf(str(bpe), beam=3)
    assert Hf(str(bpe), beam=3, threads=2).file_spec == "hf:beam=3"
    traits = compressor.traits
    assert traits["mode"] == "fast"
    assert traits["device"].startswith("cpu")
    assert len(traits["sha256"]) == 64
    assert Hf(str(single)).traits["sha256"] != traits["sha256"]
    twin = compressor.anew(b"The ")
    np.testing.assert_array_equal(twin.next_byte(), compressor.condition(b"The ").next_byte())


# --------------------------------------------------------------------------------- bad input


def refusal(spec: str) -> str:
    with pytest.raises(CompgenError) as found:
        get_compressor(spec).condition(b"")
    assert "\n" not in str(found.value)
    return str(found.value)


def test_nothing_is_fetched(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    assert "hf download nobody/nothing" in refusal("hf:nobody/nothing")
    assert "no directory" in refusal(f"hf:{tmp_path}/missing/deep/down")


def test_what_is_no_model_is_refused(tmp_path: Path) -> None:
    assert "cannot be loaded" in refusal(f"hf:{tmp_path}")
    (tmp_path / "config.json").write_text("{not json")
    assert "cannot be loaded" in refusal(f"hf:{tmp_path}")


def test_pickles_are_refused(tmp_path: Path, single: Path) -> None:
    for file in single.iterdir():
        if file.suffix != ".safetensors":
            (tmp_path / file.name).write_bytes(file.read_bytes())
    from transformers import AutoModelForCausalLM

    weights = AutoModelForCausalLM.from_pretrained(single).state_dict()
    torch.save(weights, tmp_path / "pytorch_model.bin")  # the right ones, in the wrong form
    assert "safetensors" in refusal(f"hf:{tmp_path}")


def test_code_of_a_model_is_not_run(tmp_path: Path, single: Path) -> None:
    for file in single.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    config = json.loads((tmp_path / "config.json").read_text())
    config["model_type"] = "own"
    config["auto_map"] = {"AutoConfig": "own.Config", "AutoModelForCausalLM": "own.Model"}
    (tmp_path / "config.json").write_text(json.dumps(config))
    (tmp_path / "own.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\n")
    assert "cannot be loaded" in refusal(f"hf:{tmp_path}")
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("spec", ["hf", "hf:beam=3", "hf:x,beam=0", "hf:x,dtype=int4"])
def test_a_spec_that_means_nothing(spec: str) -> None:
    with pytest.raises(SpecError):
        get_compressor(spec)


def test_bfloat16_is_for_cuda(single: Path) -> None:
    with pytest.raises(UnsupportedError, match="bfloat16 is for CUDA"):
        TokenModel(str(single), CPU, "bfloat16", 1)


def test_without_transformers() -> None:
    program = (
        "import sys; sys.modules['transformers'] = None\n"
        "import importlib.util as util; find = util.find_spec\n"
        "util.find_spec = lambda name: None if name == 'transformers' else find(name)\n"
        "from compgen import get_compressor\n"
        "from compgen.errors import MissingPackageError\n"
        "try: get_compressor('hf:x').condition(b'')\n"
        "except MissingPackageError as error: print(error)\n"
    )
    finished = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert "pip install 'compgen[hf]'" in finished.stdout
    assert finished.stdout.count("\n") == 1


def test_it_is_not_loaded_twice(single: Path) -> None:
    compressor = Hf(str(single))
    assert compressor.loaded() is compressor.loaded()
    assert compressor.loaded().renewed() is not compressor.loaded()
    with pytest.raises(FailureError):
        TokenModel("/nowhere/at/all", CPU, "float32", 1)
