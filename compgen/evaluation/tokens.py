"""A text as tokens before it is compressed: the tokenization view of `cgen rates`.

    text ─► byte pairs ─► ranks by frequency ─► varints ─► any compressor
    "the cat" ─► "the", " cat" ─► 0, 412 ─► 00 9c 03

"Language Modeling Is Compression", section 3.5, calls tokenization a compression of its own: a
larger vocabulary makes a text shorter, so that more of it fits into a context, and its symbols
harder to predict. Here anything that compresses bytes can be asked whether it gains.

The vocabulary is learned from the very text (byte-pair encoding, Gage 1994; Sennrich et al.
2016), pairs do not cross from one word to the next, and the most frequent token is number 0.
A decoder needs the vocabulary too, so its size is told beside every rate.

A varint (LEB128) has 7 bits a byte, the lowest first; the high bit says that more follow.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from compgen.errors import LossyError, MissingPackageError

if TYPE_CHECKING:
    from tokenizers import Tokenizer

FEWEST, MOST = 257, 1 << 20
"""Tokens: every byte is one."""
LONGEST = 64
"""Bytes of a token."""
WORDS = r" ?\w+| ?[^\w\s]+|\s+"
"""Within which bytes are paired, as GPT-2's tokenizer does, less its English contractions."""
LATIN = "latin-1"
"""A character for each byte, so that any data is a text."""


@dataclass(frozen=True)
class Vocabulary:
    """Byte pairs of a text, by frequency. See `learn`."""

    tokens: tuple[bytes, ...]
    """What each rank stands for."""
    _tokenizer: "Tokenizer" = field(repr=False, compare=False)
    _ranks: tuple[int, ...] = field(repr=False, compare=False)
    """The rank of each of the tokenizer's own numbers."""

    @property
    def spelled(self) -> bytes:
        """All that a decoder needs: each token's length, a byte, and the token."""
        return b"".join(bytes([len(token)]) + token for token in self.tokens)

    def ranks(self, data: bytes) -> list[int]:
        """The tokens of `data`."""
        return [self._ranks[each] for each in self._tokenizer.encode(data.decode(LATIN)).ids]

    def write(self, data: bytes) -> bytes:
        """`data` as varints. Raises LossyError if `read` would give anything else back."""
        ranks = self.ranks(data)
        if b"".join(map(self.tokens.__getitem__, ranks)) != data:
            raise LossyError("the tokens of the text are not the text; this is a bug")
        return varints(ranks)

    def read(self, stream: bytes) -> bytes:
        """What was written."""
        return b"".join(map(self.tokens.__getitem__, numbers(stream)))


def learn(text: bytes, size: int) -> Vocabulary:
    """A vocabulary of `size` tokens, fewer where there are not so many pairs that come twice.

    Raises MissingPackageError without tokenizers.
    """
    try:
        from tokenizers import Regex, Tokenizer, models, pre_tokenizers, trainers
    except ImportError:
        raise MissingPackageError(
            "tokens need the package tokenizers: pip install 'compgen[hf]'"
        ) from None
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex(WORDS), "isolated")
    trainer = trainers.BpeTrainer(
        vocab_size=size,
        min_frequency=2,
        initial_alphabet=[chr(value) for value in range(256)],
        max_token_length=LONGEST,
        show_progress=False,
    )
    decoded = text.decode(LATIN)
    tokenizer.train_from_iterator([decoded], trainer)
    found = tokenizer.get_vocab_size()
    count = np.bincount(tokenizer.encode(decoded).ids, minlength=found)
    order = np.argsort(-count, kind="stable")
    ranks = np.argsort(order)
    spelled = [(tokenizer.id_to_token(int(each)) or "").encode(LATIN) for each in order]
    return Vocabulary(tuple(spelled), tokenizer, tuple(ranks.tolist()))


def varints(ranks: Sequence[int]) -> bytes:
    """Numbers as LEB128."""
    written = bytearray()
    for rank in ranks:
        left = rank
        while left > 127:
            written.append(left & 127 | 128)
            left >>= 7
        written.append(left)
    return bytes(written)


def numbers(stream: bytes) -> list[int]:
    """The numbers of `varints`."""
    found, value, shift = [], 0, 0
    for byte in stream:
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            found.append(value)
            value = shift = 0
    return found
