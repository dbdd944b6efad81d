"""From context bytes to brotli's command grammar: what the decoder believes about its next command.

    context ──► brotli's own parse ──► token walker ──► counts + priors ──► Grammar
                (compressed stream)    (brotli_tokens)

The tables are fractional: (count + prior) / total, the code lengths that an arithmetic coder
would have, where brotli rounds to whole bits. What the stream's last meta-block has in force
decides which tables there are: its literal context map and mode, and its block types.

A prior keeps everything possible that the format allows, and lends a rare table the shape of the
common one: literals of a context tree that of all literals, copy lengths after one insert length
those after all, distance symbols of one copy length those of all.

A dictionary word is counted at the distance that it has now, not at the one that it had when the
encoder referred to it: words lie behind the largest distance, which has grown since.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from compgen.errors import CompressorError
from compgen.formats.brotli_dictionary import INDEX_BITS
from compgen.kernels.brotli_format import (
    COMMAND_COPY,
    COMMAND_INSERT,
    CONTEXT_OF_LAST,
    CONTEXT_OF_SECOND,
    CONTEXTS,
    COPY_BASE,
    COPY_EXTRA,
    DISTANCE_CONTEXTS,
    IMPLICIT,
    INSERT_BASE,
    INSERT_EXTRA,
    RING_SYMBOLS,
)
from compgen.kernels.brotli_marginal import (
    COPIES,
    IMPLICIT_COPIES,
    INSERTS,
    MATCHES,
    RUNS,
    TABLES,
    Grammar,
)
from compgen.kernels.brotli_tokens import Parse, parse
from compgen.kernels.brotli_word_trie import weigh, word_trie
from compgen.kernels.brotli_words import FORMS, LONGEST, SHORTEST
from compgen.kernels.context_trie import HALF_CLASSES

COUNTED = 1 << 17
"""Bytes at the end of the context whose commands are counted; of a short context the second
half, since the first had little to copy from."""
PRIOR_LITERALS = 25.6
"""Weight of the uniform distribution of literals, in literals: 0.1 for each byte."""
PRIOR_TREE = 16.0
"""Weight of the distribution of all literals in that of one context tree, in literals."""
PRIOR_INSERTS = 2.0
"""Weight of the uniform distribution of insert classes, in commands."""
PRIOR_COPIES = 2.0
"""… and of that of copy classes, with and without a distance symbol."""
PRIOR_COMMANDS = 16.0
"""Weight of the copy classes after any insert in those after one insert class, in commands."""
PRIOR_SYMBOLS = 2.0
"""Weight of the uniform distribution of distance symbols, one of them "explicit", in symbols."""
PRIOR_CONTEXT = 16.0
"""Weight of the distance symbols of any copy length in those of one distance context."""
PRIOR_CLASSES = 2.0
"""Weight of the uniform distribution of distance classes, in distances."""
OTHER_TYPES = 0.25
"""What a symbol counts that is not of the block type in force, or of an earlier meta-block."""
PRIOR_EXCESS = 64.0
"""What a run of RUNS literals or a copy of MATCHES bytes is taken to have beyond that, on
average, before any was seen; it counts as one."""

Weight = NDArray[np.float64]
"""What each of some symbols counts, (n,)."""

_FIRST_CLASS = 4
"""The class of distance 1."""


def command_grammar(
    context: bytes, compress: Callable[[bytes], bytes], window: int, largest: int
) -> Grammar:
    """The grammar of `context` as `compress` parses it; dictionary words lie behind `largest`.

    Raises CompressorError if the parse does not spell out the context.
    """
    found = parse(compress(context))
    if found.data != context:
        raise CompressorError(
            "brotli's stream does not decode to the context: the token walker and this brotli "
            "disagree about the format; please report it"
        )
    return grammar_of(found, window, largest)


def grammar_of(found: Parse, window: int, largest: int) -> Grammar:
    """The grammar of a parse."""
    tables = np.zeros(1, TABLES)
    record = tables[0]
    produced = found.commands["insert"] + found.commands["produced"]
    starts = np.cumsum(produced, dtype=np.int64) - produced
    size = len(found.data)
    counted = min((size + 1) // 2, COUNTED)
    first = max(0, int(np.searchsorted(starts, size - counted, "right")) - 1)
    commands, starts = found.commands[first:], starts[first:]
    last = found.last[0]
    present = starts >= last["begin"]

    def weight(types: NDArray[np.uint8], category: int, present: NDArray[np.bool_]) -> Weight:
        return np.where(present & (types == last["type"][category]), 1.0, OTHER_TYPES)

    inserts = commands["insert"].astype(np.int64)
    literals = np.repeat(starts - np.cumsum(inserts) + inserts, inserts)
    literals += np.arange(inserts.sum())
    types = found.literal_types[int(found.commands["insert"][:first].sum()) :]
    literal_weight = weight(types, 0, np.repeat(present, inserts))
    _literals(found.data, literals, literal_weight, last, record)
    _lengths(commands, weight(commands["command_type"], 1, present), record)
    distance_weight = weight(commands["distance_type"], 2, present)
    distance = _distances(commands, distance_weight, largest, record)
    record["farthest"] = window
    words = word_trie()
    word = _words(record, distance, largest)
    sums = np.empty(words.child.size)
    weigh(words, word, sums)
    return Grammar(tables, distance, words, word, sums)


def _literals(
    data: bytes,
    positions: NDArray[np.int64],
    weight: Weight,
    last: NDArray[np.void],
    record: NDArray[np.void],
) -> None:
    """Literal trees and their contexts, as the last meta-block has them."""
    kind = int(last["type"][0])
    mode = int(last["mode"][kind])
    tree_of = last["literal_map"][CONTEXTS * kind : CONTEXTS * (kind + 1)]
    names, tree_of = np.unique(tree_of, return_inverse=True)
    record["last"], record["second"] = CONTEXT_OF_LAST[mode], CONTEXT_OF_SECOND[mode]
    record["tree"] = tree_of

    padded = np.frombuffer(bytes(2) + data, np.uint8)
    second, first, value = (padded[positions + place] for place in range(3))
    tree = tree_of[CONTEXT_OF_LAST[mode][first] | CONTEXT_OF_SECOND[mode][second]]
    pooled = np.bincount(value, weight, minlength=256) + PRIOR_LITERALS / 256
    pooled /= pooled.sum()
    counts = np.bincount(256 * tree + value, weight, minlength=256 * names.size)
    literal = counts.reshape(names.size, 256) + PRIOR_TREE * pooled
    record["literal"][: names.size] = literal / literal.sum(axis=1, keepdims=True)


def _lengths(commands: NDArray[np.void], weight: Weight, record: NDArray[np.void]) -> None:
    """Command symbols, by classes of insert and copy lengths."""
    raw = commands["symbol"] < 0
    code = np.searchsorted(INSERT_BASE, commands["insert"], "right") - 1
    insert = np.minimum(np.where(raw, code, COMMAND_INSERT[commands["symbol"]]), INSERTS - 1)
    inserts = np.bincount(insert, weight, minlength=INSERTS) + PRIOR_INSERTS / INSERTS
    inserts = inserts / inserts.sum()

    # joint counts of insert class, whether a distance symbol follows, and copy class
    whole = commands["copy"] > 0
    symbol = commands["symbol"][whole]
    copy = np.minimum(COMMAND_COPY[symbol], COPIES - 1)
    joint = np.zeros((INSERTS, 2, COPIES))
    np.add.at(joint, (insert[whole], (symbol >= IMPLICIT).astype(int), copy), weight[whole])
    allowed = np.ones((INSERTS, 2, COPIES))
    allowed[8:, 0] = 0
    allowed[:, 0, IMPLICIT_COPIES:] = 0
    any_insert = joint.sum(axis=0) + PRIOR_COPIES / (2 * COPIES)
    prior = np.where(allowed > 0, any_insert, 0)
    prior /= prior.sum(axis=(1, 2), keepdims=True)
    joint += PRIOR_COMMANDS * prior
    joint *= (inserts / joint.sum(axis=(1, 2)))[:, None, None]
    record["implicit"], record["explicit"] = joint[:, 0], joint[:, 1]
    record["insert"] = inserts

    exactly = np.zeros(RUNS)
    for index in range(INSERTS - 1):
        base, extra = INSERT_BASE[index], INSERT_EXTRA[index]
        exactly[base : base + (1 << extra)] = inserts[index] * 0.5**extra
    longer = np.append(np.cumsum(exactly[:0:-1])[::-1], 0.0) + inserts[-1]
    record["run_longer"] = longer
    record["run_stops"] = _stops(commands["insert"], RUNS)
    record["match_stops"] = _stops(commands["copy"], MATCHES)


def _stops(lengths: NDArray[np.int32], limit: int) -> float:
    """Probability that a length of at least `limit` is over: one over its mean excess and 1."""
    excess = lengths[lengths >= limit] - limit
    return float(1 / (1 + (excess.sum() + PRIOR_EXCESS) / (excess.size + 1)))


def _distances(
    commands: NDArray[np.void],
    weight: Weight,
    largest: int,
    record: NDArray[np.void],
) -> NDArray[np.float64]:
    """Distance symbols by copy length, into `record`; and the probability of one explicit
    distance of each class."""
    is_coded = (commands["copy"] > 0) & (commands["symbol"] >= IMPLICIT)
    coded, weight = commands[is_coded], weight[is_coded]
    symbol = np.minimum(coded["distance_symbol"], RING_SYMBOLS)
    context = np.minimum(coded["copy"], 5) - 2
    counts = np.zeros((DISTANCE_CONTEXTS, RING_SYMBOLS + 1))
    np.add.at(counts, (context, symbol), weight)
    pooled = counts.sum(axis=0) + PRIOR_SYMBOLS / (RING_SYMBOLS + 1)
    counts += PRIOR_CONTEXT * pooled / pooled.sum()
    counts /= counts.sum(axis=1, keepdims=True)
    record["ring"] = counts[:, :RING_SYMBOLS].T
    record["share"] = counts[:, RING_SYMBOLS]

    is_said = coded["distance_symbol"] >= RING_SYMBOLS
    said, weight = coded[is_said], weight[is_said]
    distance = np.where(said["word"] >= 0, largest + 1 + said["word"], said["distance"])
    top = int(_class_of(np.array([largest + (FORMS << max(INDEX_BITS))]))[0])
    classes = np.bincount(_class_of(distance), weight, minlength=HALF_CLASSES).astype(float)
    classes[_FIRST_CLASS : top + 1] += PRIOR_CLASSES / (top + 1 - _FIRST_CLASS)
    per_distance: NDArray[np.float64] = classes / classes.sum() / np.diff(_borders())
    return per_distance


def _class_of(distance: NDArray[np.int64]) -> NDArray[np.int64]:
    """The half-octave of each distance (context_trie.weight_class)."""
    found: NDArray[np.int64] = np.searchsorted(_borders(), distance, "right") - 1
    return found


def _borders() -> NDArray[np.int64]:
    """The smallest distance of each class, and of the one after the last; (HALF_CLASSES + 1,)."""
    index = np.arange(_FIRST_CLASS, HALF_CLASSES + 1)
    borders = ((2 + (index & 1)) << ((index >> 1) - 1)) - 3
    return np.concatenate([np.arange(1 - _FIRST_CLASS, 1), borders])


def _words(
    record: NDArray[np.void], distance: NDArray[np.float64], largest: int
) -> NDArray[np.float64]:
    """Probability, of copies with an explicit distance symbol, of one word of each form and copy
    length, (121, 25)."""
    copies = record["explicit"].sum(axis=0)
    copies /= copies.sum()
    borders = _borders()
    below = np.concatenate([[0.0], np.cumsum(distance * np.diff(borders))])
    word = np.zeros((FORMS, LONGEST + 1))
    for length in range(SHORTEST, LONGEST + 1):
        code = int(np.searchsorted(COPY_BASE, length, "right")) - 1
        chance = copies[code] * 0.5 ** COPY_EXTRA[code] * record["share"][min(length, 5) - 2]
        ends = largest + 1 + (np.arange(FORMS + 1) << INDEX_BITS[length])
        word[:, length] = chance * np.diff(np.interp(ends, borders, below))
        word[:, length] *= 0.5 ** INDEX_BITS[length]
    return word
