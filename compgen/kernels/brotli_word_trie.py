"""Every word of brotli's static dictionary in every form, as a trie over the texts they give.

    root                    all 1.6 million; n = 0 bytes read
     ├─ 't'                 forms that begin with "t"
     │   ├─ 'h' ─ 'e' …
     │   │         └─ ▒▒▒▒  leaf: at most LEAF words, kept in a bit mask and dropped one by one
     │   └─ 'i' ▒▒
     └─ ' '                 " the", " time ", …: many forms begin with a space

A reference to the dictionary that is under way has given some bytes of its word; the trie says
which words these may be, how probable they are together, and by what byte they go on. Node and
leaf hold words that may end at the same place, with the same text: the same word in other forms.

The texts are not stored, they are put together: prefix, a part of the word (as it is, its first
letter raised, or all), suffix. The trie itself is the same for everyone and built once in a
process; what a grammar adds is one weight for every child (`weigh`).

Source: RFC 7932, section 8 and Appendices A and B.
"""

import functools
from typing import NamedTuple

import numpy as np

from compgen.errors import CompressorError
from compgen.formats.brotli_dictionary import Dictionary, dictionary
from compgen.kernels.brotli_words import FORMS, LONGEST, SHORTEST, write_word
from compgen.kernels.jit import kernel

LEAF = 64
"""Words that a leaf may have: as many as fit into a mask."""
_LOW, _HIGH, _DEPTH, _CHILD_START, _ENDS_AT, _ENDS = range(6)
_BYTE, _CHILD, _WORDS = range(3)
_FIRST, _FIRST_LENGTH, _SKIP, _DROP, _LAST, _LAST_LENGTH, _VARIANT = range(7)


class WordTrie(NamedTuple):
    """N words in the order of the trie, which has M nodes and K children. Read-only."""

    text: np.ndarray  # uint8 (3·122784,)   the words as they are, first letter raised, all raised
    affixes: np.ndarray  # uint8            prefixes and suffixes
    form: np.ndarray  # int32 (121, 7)      prefix, bytes of it; bytes of the word to skip at the
    #                                       start, to drop at the end; suffix, bytes of it; variant
    word_at: np.ndarray  # int32 (N,)       where its (whole) word begins in `text`
    word_form: np.ndarray  # uint8 (N,)
    word_length: np.ndarray  # uint8 (N,)   the copy length that refers to it
    child_start: np.ndarray  # int32 (M + 1,)  its children: child_start[m] … child_start[m + 1]
    ends_at: np.ndarray  # int32 (M,)       first of the words that end at the node
    ends: np.ndarray  # int32 (M,)          how many these are
    child_byte: np.ndarray  # uint8 (K,)    ascending within a node
    child: np.ndarray  # int32 (K,)         ≥ 0: a node; < 0: a leaf, ~its first word
    child_words: np.ndarray  # int32 (K,)   how many words it has


@functools.cache
def word_trie() -> WordTrie:
    """The trie of every form; built when it is first asked for, in about a third of a second."""
    words = dictionary()
    form = np.zeros((FORMS, 7), np.int32)
    ends = np.concatenate([[0], words.affix_end])
    form[:, _FIRST], form[:, _LAST] = ends[0:-1:2], ends[1:-1:2]
    form[:, _FIRST_LENGTH], form[:, _LAST_LENGTH] = np.diff(ends)[0::2], np.diff(ends)[1::2]
    change = words.change
    form[:, _DROP] = np.where(change < 10, change, 0)
    form[:, _SKIP] = np.where((change > 10) & (change < 20), change - 10, 0)
    form[:, _VARIANT] = np.maximum(change - 19, 0)
    text = np.concatenate([words.words, _raised(words, 20), _raised(words, 21)])
    at, forms, lengths = _all_words(words)
    room = at.size // 32  # there are some 29,000 nodes, with 159,000 children
    order = np.arange(at.size, dtype=np.int32)
    nodes = np.empty((6, room), np.int32)
    children = np.empty((3, 8 * room), np.int32)
    scratch = np.empty((2, at.size), np.int32), np.empty(258, np.int64)
    used, born = _build(
        text, words.affixes, form, at, forms, lengths, order, nodes, children, *scratch
    )
    if born < 0:
        raise CompressorError("brotli's dictionary is not the one of RFC 7932")
    return WordTrie(
        text,
        words.affixes,
        form,
        at[order],
        forms[order],
        lengths[order],
        np.append(nodes[_CHILD_START, :used], born).astype(np.int32),
        nodes[_ENDS_AT, :used].copy(),
        nodes[_ENDS, :used].copy(),
        children[_BYTE, :born].astype(np.uint8),
        children[_CHILD, :born].copy(),
        children[_WORDS, :born].copy(),
    )


def _raised(words: Dictionary, change: int) -> np.ndarray:
    """All words under a change that keeps their length."""
    plain = next(
        index
        for index in range(FORMS)
        if words.change[index] == change
        and words.affix_end[2 * index + 1] == (words.affix_end[2 * index - 1] if index else 0)
    )
    out = np.empty(words.words.size + 64, np.uint8)
    at = 0
    for length in range(SHORTEST, LONGEST + 1):
        bits = int(words.index_bits[length])
        for index in range(1 << bits):
            at = write_word(words, length, (plain << bits) + index, out, at)
    return out[:at]


def _all_words(words: Dictionary) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Where its word begins in `text`, form and copy length of every word that is not empty."""
    parts = []
    for length in range(SHORTEST, LONGEST + 1):
        count = 1 << int(words.index_bits[length])
        at = words.start[length] + length * np.arange(count)
        for form, change in enumerate(words.change):
            affixes = words.affix_end[2 * form + 1] - (words.affix_end[2 * form - 1] if form else 0)
            if affixes or change % 10 < length or change >= 20:
                moved = at + words.words.size * max(0, change - 19)
                parts.append(np.stack([moved, np.full(count, form), np.full(count, length)]))
    table = np.concatenate(parts, axis=1)
    return table[0].astype(np.int32), table[1].astype(np.uint8), table[2].astype(np.uint8)


@kernel
def _byte(text, affixes, form, at, kind, length, depth):
    """Byte `depth` of the word at `at` in form `kind`; -1: it ends before."""
    if depth < form[kind, _FIRST_LENGTH]:
        return np.int64(affixes[form[kind, _FIRST] + depth])
    depth -= form[kind, _FIRST_LENGTH]
    rest = max(0, np.int64(length) - form[kind, _SKIP] - form[kind, _DROP])
    if depth < rest:
        return np.int64(text[at + form[kind, _SKIP] + depth])
    depth -= rest
    if depth < form[kind, _LAST_LENGTH]:
        return np.int64(affixes[form[kind, _LAST] + depth])
    return np.int64(-1)


@kernel
def word_byte(trie, word, depth):
    """Byte `depth` of a word's text; -1: it ends before."""
    return _byte(
        trie.text,
        trie.affixes,
        trie.form,
        trie.word_at[word],
        trie.word_form[word],
        trie.word_length[word],
        depth,
    )


@kernel
def _build(
    text, affixes, form, at, forms, lengths, order, nodes, children, scratch, place
):  # fmt: skip
    """Sort the words into a trie, breadth first; returns the number of nodes and children, the
    latter -1 if there is no room for them.

    order (N,), nodes (6, …) and children (3, …) receive them; scratch is (2, N), place (258,).
    """
    sorted_order, key = scratch[0], scratch[1]
    nodes[_LOW, 0], nodes[_HIGH, 0], nodes[_DEPTH, 0] = 0, at.shape[0], 0
    used = 1
    born = 0
    node = 0
    while node < used:
        if used + 256 > nodes.shape[1] or born + 256 > children.shape[1]:
            return used, -1
        low, high, depth = nodes[_LOW, node], nodes[_HIGH, node], nodes[_DEPTH, node]
        for value in range(258):
            place[value] = 0
        for index in range(low, high):
            word = order[index]
            key[index] = _byte(text, affixes, form, at[word], forms[word], lengths[word], depth)
            place[key[index] + 2] += 1
        nodes[_ENDS_AT, node] = low
        nodes[_ENDS, node] = place[1]
        nodes[_CHILD_START, node] = born
        place[0] = low
        for value in range(1, 258):
            size = place[value]
            if value >= 2 and size:
                begin = place[value - 1]
                children[_BYTE, born] = value - 2
                children[_WORDS, born] = size
                children[_CHILD, born] = ~begin
                if size > LEAF:
                    children[_CHILD, born] = used
                    nodes[_LOW, used], nodes[_HIGH, used] = begin, begin + size
                    nodes[_DEPTH, used] = depth + 1
                    used += 1
                born += 1
            place[value] = place[value - 1] + size
        for index in range(low, high):
            sorted_order[place[key[index] + 1]] = order[index]
            place[key[index] + 1] += 1
        for index in range(low, high):
            order[index] = sorted_order[index]
        node += 1
    return used, born


@kernel
def weigh(trie, weight, out):
    """The sum of the weights of every child's words into `out` (K,).

    weight[form, length] is that of each word of that form and copy length.
    """
    for node in range(trie.ends.shape[0] - 1, -1, -1):
        for index in range(trie.child_start[node], trie.child_start[node + 1]):
            target = trie.child[index]
            total = 0.0
            if target < 0:
                for word in range(~target, ~target + trie.child_words[index]):
                    total += weight[trie.word_form[word], trie.word_length[word]]
            else:
                for word in range(trie.ends_at[target], trie.ends_at[target] + trie.ends[target]):
                    total += weight[trie.word_form[word], trie.word_length[word]]
                for below in range(trie.child_start[target], trie.child_start[target + 1]):
                    total += out[below]
            out[index] = total
