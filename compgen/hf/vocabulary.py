"""Which bytes each token stands for, and which tokens a text is made of.

    byte-level BPE (GPT-2, Llama 3, Qwen …)      "Ġthe" ─► b" the"     256 letters for 256 bytes
    SentencePiece with byte fallback (Llama 2)   "▁the" ─► b" the",  "<0x0A>" ─► a newline

Both can spell every string of bytes. Special and added tokens spell nothing: no text is made of
them. The canonical tokens of a text are those that its tokenizer gives; where that would not give
the text back (bytes that are no UTF-8, a normaliser), each byte is a token of its own.

Source: openai/gpt-2, src/encoder.py, bytes_to_unicode.
"""

import functools
import json
import re
from collections.abc import Iterator
from typing import Any

from compgen.errors import UnsupportedError

BYTE_TOKEN = re.compile(r"<0x([0-9A-F]{2})>")
SPACE = "\u2581"
"""What SentencePiece writes for a space."""


class Vocabulary:
    """The ordinary tokens of a tokenizer."""

    def __init__(self, tokenizer: Any) -> None:
        """`tokenizer` is one of transformers. Raises UnsupportedError where its tokens are not
        strings of bytes, or cannot spell every byte."""
        backend = getattr(tokenizer, "backend_tokenizer", None)
        if backend is None:
            raise UnsupportedError(
                "hf: the model's tokenizer is not one of the package tokenizers (tokenizer.json)"
            )
        self._backend = backend
        description = json.loads(backend.to_str())
        decode = _decoder_of(description)
        added = set(tokenizer.get_added_vocab().values()) | set(tokenizer.all_special_ids)
        self.spelling: dict[int, bytes] = {}
        """The bytes of each ordinary token."""
        for word, token in backend.get_vocab(with_added_tokens=False).items():
            if token not in added and (spelled := decode(word)):
                self.spelling[token] = spelled
        singles = {data[0]: token for token, data in self.spelling.items() if len(data) == 1}
        if _falls_back(
            description
        ):  # of "a" and "<0x61>", the one that the tokenizer falls back to
            words = backend.get_vocab(with_added_tokens=False)
            singles |= {
                value: words[name]
                for value in range(256)
                if (name := f"<0x{value:02X}>") in words and words[name] in self.spelling
            }
        if missing := sorted(set(range(256)) - set(singles)):
            raise UnsupportedError(
                f"hf: the model's vocabulary cannot spell {len(missing)} of the 256 bytes (the "
                f"first is {missing[0]}); byte-level BPE and SentencePiece with byte fallback can"
            )
        self._singles = singles
        self.before = self._prefix()
        """What the tokenizer puts before every text: a space, or nothing."""

    def tokens(self, data: bytes) -> list[int]:
        """The canonical tokens of `data`: together they spell it, to the byte."""
        found: list[int] = []
        for run, is_text in _runs(data):
            found += self._of_text(run.decode()) if is_text else self._bytewise(run)
        return found

    def spell(self, tokens: list[int]) -> bytes:
        """The bytes of tokens, all ordinary. Raises KeyError for others."""
        return b"".join(self.spelling[token] for token in tokens)

    def _of_text(self, text: str) -> list[int]:
        data = text.encode()
        for prefix in dict.fromkeys((self.before, b"")):
            # the tokenizer puts its prefix there by itself
            if data.startswith(prefix):
                tokens = self._encoded(data[len(prefix) :].decode())
                if tokens is not None and self.spell(tokens) == data:
                    return tokens
        if len(text) == 1:
            return self._bytewise(data)
        middle = len(text) // 2
        return self._of_text(text[:middle]) + self._of_text(text[middle:])

    def _encoded(self, text: str) -> list[int] | None:
        tokens: list[int] = self._backend.encode(text, add_special_tokens=False).ids
        return tokens if all(token in self.spelling for token in tokens) else None

    def _bytewise(self, data: bytes) -> list[int]:
        return [self._singles[value] for value in data]

    def _prefix(self) -> bytes:
        tokens = self._encoded("a")
        return b" " if tokens is not None and self.spell(tokens) == b" a" else b""


@functools.cache
def byte_letters() -> dict[str, int]:
    """The 256 letters that byte-level BPE writes for the bytes; see the module."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [value for value in range(256) if value not in printable]
    letters = {chr(value): value for value in printable}
    return letters | {chr(256 + place): value for place, value in enumerate(others)}


def _decoder_of(description: dict[str, Any]) -> Any:
    """From a word of the vocabulary to its bytes; b"": it has none."""
    if _mentions(description.get("decoder"), "ByteLevel"):
        return _of_letters
    if _falls_back(description):
        return _of_sentence_piece
    kind = (description.get("model") or {}).get("type")
    raise UnsupportedError(
        f"hf: the tokens of the model's {kind} vocabulary are not strings of bytes; byte-level BPE "
        "(as GPT-2's) and SentencePiece with byte fallback are"
    )


def _falls_back(description: dict[str, Any]) -> bool:
    return bool((description.get("model") or {}).get("byte_fallback"))


def _mentions(part: object, kind: str) -> bool:
    """Whether a part of a tokenizer's description is, or holds, one of the type `kind`."""
    if isinstance(part, dict):
        return part.get("type") == kind or any(_mentions(value, kind) for value in part.values())
    return isinstance(part, list) and any(_mentions(entry, kind) for entry in part)


def _of_letters(word: str) -> bytes:
    letters = byte_letters()
    if all(letter in letters for letter in word):
        return bytes(letters[letter] for letter in word)
    return b""


def _of_sentence_piece(word: str) -> bytes:
    if fallen_back := BYTE_TOKEN.fullmatch(word):
        return bytes([int(fallen_back[1], 16)])
    return word.replace(SPACE, " ").encode("utf-8", "surrogatepass")


def _runs(data: bytes) -> Iterator[tuple[bytes, bool]]:
    """`data` in pieces, each UTF-8 as far as it goes, or no UTF-8."""
    while data:
        try:
            data.decode()
        except UnicodeDecodeError as error:
            if error.start:
                yield data[: error.start], True
            yield data[error.start : error.end], False
            data = data[error.end :]
        else:
            yield data, True
            return
