"""Does a text repeat itself?"""

import re


def longest_repeat(text: bytes) -> int:
    """Length of the longest piece that occurs twice, perhaps overlapping; 0 if none does."""
    longest = 0
    for start in range(len(text)):
        while text.find(text[start : start + longest + 1], start + 1) >= 0:
            longest += 1
            if start + longest >= len(text):
                break
    return longest


def distinct(text: bytes, width: int = 4) -> float:
    """Share of the pieces of `width` bytes that are different ones; 1 for shorter texts."""
    count = len(text) - width + 1
    if count < 1:
        return 1.0
    return len({text[start : start + width] for start in range(count)}) / count


WORD = re.compile(rb"[A-Za-z][A-Za-z']*")


def words(text: bytes) -> list[bytes]:
    """The words of a text, in lower case."""
    return [word.lower() for word in WORD.findall(text)]


def valid_words(text: bytes, known: frozenset[bytes]) -> float:
    """Share of the words that are `known`, the first and last, which may be cut, left out.

    1 where there are none: a text without words has no wrong ones (look at the others).
    """
    inner = words(text)[1:-1]
    return sum(word in known for word in inner) / len(inner) if inner else 1.0


def valid_utf8(text: bytes) -> float:
    """Share of the bytes that are part of valid UTF-8, a character cut at either end forgiven."""
    if not text:
        return 1.0
    start = next((at for at in range(min(4, len(text))) if text[at] & 0xC0 != 0x80), 0)
    body = text[start:]
    wrong = 0
    while body:
        try:
            body.decode("utf-8")
            break
        except UnicodeDecodeError as error:
            if error.reason == "unexpected end of data":
                break
            wrong += error.end - error.start
            body = body[error.end :]
    return 1 - wrong / len(text)
