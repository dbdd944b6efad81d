"""`TokenModel`: a causal language model of transformers, asked for the next token.

    bos, tokens ─► read ─► Said ─┬─ chances   probabilities of the ordinary tokens
                                 └─ after(token) ─► Said

What has been said stays as it is, so that many continuations can share it. The chances of special
and added tokens are shared among the others: a text goes on. A text longer than the model's window
slides: the last half of the window is read anew.

Weights come from safetensors only, never from pickles; code that comes with a model is never run;
nothing is fetched from anywhere.
"""

import copy
import hashlib
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from compgen.errors import CompgenError, FailureError, InputError, UnsupportedError
from compgen.hf.token_trie import Chances, TokenTrie
from compgen.hf.vocabulary import Vocabulary
from compgen.neural.numerics import DTYPES, description, repeatable

LONGEST_WINDOW = 4096
"""Tokens, even where the model could see more."""
PIECE = 1 << 20


@dataclass(frozen=True)
class Said:
    """What the model makes of some tokens."""

    tokens: tuple[int, ...]
    """Without the token that begins a text."""
    chances: Chances
    cache: Any = field(repr=False)


class TokenModel:
    """A model and its tokenizer, ready to run."""

    def __init__(self, name: str, device: torch.device, dtype: str, threads: int) -> None:
        """`name` is a directory, or what Hugging Face's cache knows.

        Raises FailureError where it is not there or cannot be loaded, UnsupportedError where it
        is no causal language model over strings of bytes.
        """
        if dtype != "float32" and device.type != "cuda":
            raise UnsupportedError(f"{dtype} is for CUDA; on {device.type} leave dtype=float32")
        self._arguments = (name, device, dtype, threads)
        self.device, self.dtype = device, dtype
        self.threads = threads if device.type == "cpu" else 1
        directory = _directory(name)
        with _explained(name):
            self._model, tokenizer = _load(directory, device, DTYPES[dtype])
        self.sha256 = _identity(directory)
        self.vocabulary = Vocabulary(tokenizer)
        self.trie = TokenTrie(self.vocabulary.spelling)
        self._ranks = np.empty(int(self.trie.tokens.max()) + 1, np.int64)
        self._ranks[self.trie.tokens] = np.arange(self.trie.tokens.size)
        config = self._model.config
        rows = int(config.vocab_size)
        if self.trie.tokens.max() >= rows:
            raise UnsupportedError(
                f"hf: {name} has {rows} tokens, and its tokenizer numbers them up to "
                f"{self.trie.tokens.max()}"
            )
        begin = tokenizer.bos_token_id
        if begin is None:
            begin = config.bos_token_id if config.bos_token_id is not None else config.eos_token_id
        if not isinstance(begin, int):
            raise UnsupportedError(f"hf: {name} has no token that begins a text (bos, eos)")
        self._begin = begin
        longest = getattr(config, "max_position_embeddings", None)
        self.window = min(int(longest or LONGEST_WINDOW), LONGEST_WINDOW)
        """Tokens that are seen at most, the one that begins a text included."""
        if self.window < 8:
            raise UnsupportedError(f"hf: {name} sees {self.window} tokens; at least 8 are needed")

    def renewed(self) -> "TokenModel":
        """Another one of the same kind, which shares nothing with this one."""
        return TokenModel(*self._arguments)

    @property
    def parameters(self) -> int:
        """Numbers that were learned; a matrix that is both ends of the model counts once."""
        return sum(weight.numel() for weight in self._model.parameters())

    @property
    def traits(self) -> dict[str, str]:
        """How it computes."""
        import transformers

        return {
            "mode": "fast",
            "device": description(self.device),
            "dtype": self.dtype,
            "torch": torch.__version__,
            "transformers": transformers.__version__,
            "threads": str(self.threads),
        }

    def read(self, tokens: Sequence[int]) -> Said:
        """What follows `tokens`, or as many of the last as the window holds."""
        kept = tuple(tokens[-(self.window - 1) :])
        logits, cache = self._forward([self._begin, *kept], None)
        return Said(kept, self._chances(logits[-1]), cache)

    def after(self, said: Said, token: int) -> Said:
        """What follows one more token."""
        tokens = (*said.tokens, token)
        if len(tokens) + 1 > self.window:
            return self.read(tokens[-(self.window // 2) :])
        logits, cache = self._forward([token], said.cache)
        return Said(tokens, self._chances(logits[-1]), cache)

    def code_lengths(self, tokens: Sequence[int]) -> NDArray[np.float64]:
        """-log2 p of each of `tokens` after those before it, in bits, shape (n,).

        Each sees at least half a window, as far as there is so much before it.
        """
        lengths = np.empty(len(tokens))
        done = 0
        while done < len(tokens):
            seen = min(done, self.window // 2)
            count = min(self.window - seen - 1, len(tokens) - done)
            window = [self._begin, *tokens[done - seen : done + count]]
            logits, _ = self._forward(window[:-1], None)
            for place in range(count):
                chances = self._chances(logits[seen + place])
                lengths[done + place] = self.cost(chances, tokens[done + place])
            done += count
        return lengths

    def code_lengths_after(self, said: Said, tokens: Sequence[int]) -> NDArray[np.float64]:
        """The same of tokens that follow others."""
        if len(said.tokens) + len(tokens) >= self.window:
            return self.code_lengths([*said.tokens, *tokens])[len(said.tokens) :]
        lengths = np.empty(len(tokens))
        if len(tokens):
            lengths[0] = self.cost(said.chances, tokens[0])
        if len(tokens) > 1:
            logits, _ = self._forward(list(tokens[:-1]), said.cache)
            for place, token in enumerate(tokens[1:], 1):
                lengths[place] = self.cost(self._chances(logits[place - 1]), token)
        return lengths

    def cost(self, chances: Chances, token: int) -> float:
        """-log2 p of a token, in bits."""
        return float(-np.log2(chances[self._ranks[token]]))

    def _forward(self, tokens: list[int], cache: Any) -> tuple[NDArray[np.float32], Any]:
        """Logits of what follows each of `tokens`, and the cache after them."""
        with repeatable(self.device, self.threads):
            ids = torch.tensor([tokens], device=self.device)
            kept = copy.deepcopy(cache)  # the model adds to the one that it is given
            answer = self._model(input_ids=ids, past_key_values=kept, use_cache=True)
            logits: NDArray[np.float32] = answer.logits[0].float().to("cpu").numpy()
        return logits, answer.past_key_values

    def _chances(self, logits: NDArray[np.float32]) -> Chances:
        likely = logits[self.trie.tokens].astype(np.float64)
        if not np.isfinite(likely).all():
            raise FailureError("hf: the model's predictions are not numbers; use dtype=float32")
        weights = np.exp(likely - likely.max())
        chances: Chances = np.maximum(weights / weights.sum(), 1e-300)
        return chances


def _directory(name: str) -> Path:
    """Where the model is: no network is asked."""
    path = Path(name).expanduser()
    if path.is_dir():
        return path
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError

    try:
        return Path(snapshot_download(name, local_files_only=True))
    except (HFValidationError, LocalEntryNotFoundError, OSError):
        raise FailureError(
            f"hf: {name} is no directory, and Hugging Face's cache on this machine has no such "
            f"model; fetch it (hf download {name}) or name a directory: hf:PATH"
        ) from None


def _load(directory: Path, device: torch.device, dtype: torch.dtype) -> tuple[Any, Any]:
    from transformers import AutoModelForCausalLM, AutoTokenizer

    safe: dict[str, Any] = {"local_files_only": True, "trust_remote_code": False}
    tokenizer = AutoTokenizer.from_pretrained(directory, **safe)
    with repeatable(device, 1):
        model: Any = AutoModelForCausalLM.from_pretrained(
            directory, use_safetensors=True, dtype=dtype, **safe
        )
        return model.to(device).eval(), tokenizer


@contextmanager
def _explained(name: str) -> Iterator[None]:
    """Whatever transformers says of a model that it cannot load, in one line."""
    from transformers import utils

    logging: Any = utils.logging
    before, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of what transformers itself is going to change
            yield
    except CompgenError:
        raise
    except Exception as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise FailureError(
            f"hf: {name} cannot be loaded as a causal language model with weights in safetensors: "
            f"{reason[:300]}"
        ) from error
    finally:
        logging.set_verbosity(before)
        if bars:
            logging.enable_progress_bar()


def _identity(directory: Path) -> str:
    """SHA-256 of the files that decide what the model computes."""
    digest = hashlib.sha256()
    kept = [
        file
        for file in sorted(directory.iterdir())
        if file.suffix == ".safetensors" or file.name in ("config.json", "tokenizer.json")
    ]
    for file in kept:
        digest.update(f"{file.name}\0{file.stat().st_size}\0".encode())
        try:
            with file.open("rb") as opened:
                while piece := opened.read(PIECE):
                    digest.update(piece)
        except OSError as error:
            raise InputError(f"{file}: {error.strerror or error}") from error
    return digest.hexdigest()
