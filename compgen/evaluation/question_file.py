"""Multiple-choice files: JSON lines of one of four formats, each row of them a `Question`.

    format     context      endings             label           topic           source
    hellaswag  ctx          endings             label           activity_label  source_id
    piqa       goal         sol1, sol2          label           -               -
    lambada    context      words of the context  continuation  -               -
               (or `text`, the last word of which is the continuation)
    generic    ctx          endings             label           -               -

A label is a whole number from 0, or the same as a string; missing, null, "" and -1 are "not
told", as in test files. Every fault is an InputError that names the line.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from compgen.errors import InputError, UsageError
from compgen.evaluation.last_word import last_word, words_of
from compgen.evaluation.question import Question
from compgen.suggest import did_you_mean

LARGEST_ROW = 1 << 20
"""Bytes; a larger row is no question, and most likely the file no JSON lines."""

Row = dict[str, Any]


def read_questions(data: bytes, name: str, form: str = "auto") -> tuple[str, list[Question]]:
    """The format of a file, and its questions; `name` is the file's, for messages.

    Raises UsageError for an unknown format, InputError for a file or a row that is none.
    """
    if form != "auto" and form not in FORMATS:
        raise UsageError(
            f"there is no format '{form}'{did_you_mean(form, FORMATS)} (formats: auto, "
            f"{', '.join(FORMATS)})"
        )
    found: list[Question] = []
    for line, text in _lines(data):
        place = f"{name}, line {line}"
        row = _parse(text, place)
        if form == "auto":
            form = _recognise(row, place)
        question = FORMATS[form](row, place)
        for piece in (question.context, question.answer, question.topic, *question.endings):
            if not _is_unicode(piece):
                raise InputError(f"{place}: half a surrogate pair (\\ud800 … \\udfff) is no text")
        found.append(replace(question, row=len(found), line=line))
    if not found:
        raise InputError(f"{name} is empty; a multiple-choice file has one JSON object a line")
    return form, found


def _lines(data: bytes) -> Iterator[tuple[int, bytes]]:
    """The lines that are not blank, and their numbers from 1."""
    start, line = 0, 0
    while start < len(data):
        stop = data.find(b"\n", start)
        stop = len(data) if stop < 0 else stop
        line += 1
        text = data[start:stop].strip()
        if line == 1:
            text = text.removeprefix(b"\xef\xbb\xbf")
        if text:
            yield line, text
        start = stop + 1


def _parse(text: bytes, place: str) -> Row:
    if len(text) > LARGEST_ROW:
        raise InputError(
            f"{place}: {len(text):,} bytes in one line, where {LARGEST_ROW:,} are the most; a "
            "multiple-choice file has one JSON object a line"
        )
    try:
        row = json.loads(text.decode())
    except UnicodeDecodeError as error:
        raise InputError(f"{place}: byte {error.start + 1} is not UTF-8") from None
    except json.JSONDecodeError as error:
        raise InputError(
            f"{place}: not JSON ({error.msg} at character {error.pos + 1}); a multiple-choice "
            "file has one JSON object a line"
        ) from None
    except (ValueError, RecursionError):  # a number of thousands of digits, brackets in brackets
        raise InputError(f"{place}: not JSON that can be read") from None
    if not isinstance(row, dict):
        raise InputError(f"{place}: a JSON {_kind(row)} where an object is expected")
    return row


def _recognise(row: Row, place: str) -> str:
    if "endings" in row:
        return "hellaswag" if "activity_label" in row else "generic"
    if "sol1" in row:
        return "piqa"
    if "continuation" in row or "text" in row:
        return "lambada"
    keys = ", ".join(list(row)[:8]) or "no fields"
    raise InputError(
        f"{place}: no known format has these fields ({keys}); expected ctx, endings and label "
        "(generic, hellaswag), goal, sol1, sol2 (piqa), or context and continuation (lambada)"
    )


def _generic(row: Row, place: str) -> Question:
    endings = row.get("endings")
    if not isinstance(endings, list):
        raise InputError(f"{place}: no endings; a question has a list of two or more")
    if len(endings) < 2:
        count = "one ending is" if endings else "no endings are"
        raise InputError(f"{place}: {count} no choice; a question has two or more")
    return _question(_text(row, "ctx", place), endings, row.get("label"), place)


def _hellaswag(row: Row, place: str) -> Question:
    question = _generic(row, place)
    topic, source = row.get("activity_label") or "", row.get("source_id") or ""
    return replace(question, topic=str(topic), source=str(source))


def _piqa(row: Row, place: str) -> Question:
    goal, *solutions = (_text(row, key, place) for key in ("goal", "sol1", "sol2"))
    return _question(goal, solutions, row.get("label"), place)


def _lambada(row: Row, place: str) -> Question:
    if "continuation" in row:
        context, target = _text(row, "context", place), _text(row, "continuation", place).strip()
    else:
        context, target = last_word(_text(row, "text", place))
    candidates = words_of(context)
    if len(candidates) < 2 or not target:
        raise InputError(
            f"{place}: the context needs two different words, and a last word after it"
        )
    return Question(
        row=0,
        line=0,
        context=context,
        endings=candidates,
        label=candidates.index(target) if target in candidates else None,
        labelled=True,
        answer=target,
    )


FORMATS: dict[str, Callable[[Row, str], Question]] = {
    "hellaswag": _hellaswag,
    "piqa": _piqa,
    "lambada": _lambada,
    "generic": _generic,
}


def _question(context: str, endings: list[Any], label: Any, place: str) -> Question:
    for number, ending in enumerate(endings, start=1):
        if not isinstance(ending, str) or not ending:
            shown = "is empty" if ending == "" else f"is a JSON {_kind(ending)}, not a string"
            raise InputError(f"{place}: ending {number} {shown}")
    right = _label(label, len(endings), place)
    return Question(
        row=0,
        line=0,
        context=context,
        endings=tuple(endings),
        label=right,
        labelled=right is not None,
        answer="" if right is None else endings[right],
    )


def _label(label: Any, count: int, place: str) -> int | None:
    if label is None or label in ("", "-1") or (label == -1 and not isinstance(label, bool)):
        return None
    if isinstance(label, str) and label.strip().isdecimal() and len(label) < 20:
        label = int(label)
    if isinstance(label, bool) or not isinstance(label, int):
        raise InputError(f"{place}: the label is {_shown(label)}; expected 0 to {count - 1}")
    if not 0 <= label < count:
        raise InputError(
            f"{place}: the label {_shown(label)} is out of range; there are {count} endings, "
            f"0 to {count - 1}"
        )
    return label


def _text(row: Row, key: str, place: str) -> str:
    value = row.get(key)
    if not isinstance(value, str):
        raise InputError(
            f"{place}: '{key}' is a JSON {_kind(value)}, not a string"
            if key in row
            else f"{place}: there is no '{key}'"
        )
    return value


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _shown(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) <= 40 else text[:40] + "…"


def _kind(value: Any) -> str:
    kinds = {dict: "object", list: "array", str: "string", bool: "boolean", type(None): "null"}
    return kinds.get(type(value), "number")
