"""The next byte of a model over tokens: summed over the ways in which the text is tokenised.

    text       t  h  e  ␣  c  a            each hypothesis: whole tokens, then a node of the trie
    ├─ the│␣ca·      w = p(the)            (the beginning of a token that is not yet decided)
    ├─ the│␣│ca·     w = p(the) p(␣)
    ├─ the│␣ca│·     w = p(the) p(␣ca)     complete: at the root of the trie
    └─ …

    p(next byte = b) ∝ Σ over hypotheses of w · (probability of all tokens that go on with b)

Every tokenisation of the text, canonical or not, is in exactly one hypothesis. There are too many:
a beam keeps the `width` heaviest, and those that are not LEAST times lighter than the heaviest.
What the others would have said is lost; docs/neural.md has it measured. The heaviest complete
one always stays, as it alone can go on with any byte.

Sources: Vieira et al., "From Language Models over Tokens to Language Models over Characters",
2024; Phan et al., "Exact Byte-Level Probabilities from Tokenized Language Models", 2024.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from compgen.conditional import Bits
from compgen.hf.token_model import Said
from compgen.hf.token_trie import Node, TokenTrie, continuations

LEAST = 2.0**-20
"""A hypothesis that is so much lighter than the heaviest is not worth a question."""
NEVER = 2.0**-50
"""What every byte gets, whatever the model says: each can be coded."""


class Model(Protocol):
    """A language model over tokens."""

    trie: TokenTrie

    def after(self, said: Said, token: int) -> Said:
        """What follows one more token."""


@dataclass(frozen=True)
class Hypothesis:
    """One way in which the text may have been tokenised so far."""

    said: Said
    node: Node
    depth: int
    """Bytes from the root to the node."""
    weight: float
    """log2 p of the whole tokens, up to a constant of the beam."""


@dataclass(frozen=True)
class Candidate:
    """A hypothesis that has not been asked for: its last token still has to be read."""

    before: Hypothesis
    node: Node
    depth: int
    token: int | None
    """The token that has just come to its end; None: it goes on."""
    weight: float
    heft: float
    """log2 of the probability that the text goes on within it, up to the same constant."""


Beam = Sequence[Hypothesis]


def begin(said: Said, trie: TokenTrie) -> Beam:
    """The beam of a text that is tokenised in one way only."""
    return (Hypothesis(said, trie.root, 0, 0.0),)


def next_byte(beam: Beam) -> Bits:
    """Normalised code length, -log2 p, of each next byte, shape (256,)."""
    heaviest = max(hypothesis.weight for hypothesis in beam)
    total = np.zeros(256)
    for hypothesis in beam:
        total += np.exp2(hypothesis.weight - heaviest) * continuations(
            hypothesis.node, hypothesis.said.chances
        )
    p = total / total.sum() + NEVER
    bits: Bits = -np.log2(p / p.sum())
    return bits


def advance(beam: Beam, value: int, model: Model, width: int) -> Beam:
    """The beam after one more byte, `value`."""
    found: list[Candidate] = []
    for hypothesis in beam:
        found += _going_on(hypothesis, value, model.trie)
    found.sort(key=lambda candidate: -candidate.heft)
    heaviest = found[0]
    kept = [
        candidate for candidate in found[:width] if candidate.heft - heaviest.heft > np.log2(LEAST)
    ]
    if all(candidate.token is None for candidate in kept):
        kept.append(next(candidate for candidate in found if candidate.token is not None))
    return tuple(_asked(candidate, heaviest.heft, model) for candidate in kept)


def _going_on(hypothesis: Hypothesis, value: int, trie: TokenTrie) -> list[Candidate]:
    """What becomes of a hypothesis with one more byte: its token goes on, or ends with it."""
    node = trie.child(hypothesis.node, hypothesis.depth, value)
    if node is None:
        return []
    chances, found = hypothesis.said.chances, []
    first_longer = node.low + node.ends
    if node.high > first_longer:
        longer = float(np.log2(chances[first_longer : node.high].sum()))
        found.append(
            Candidate(
                hypothesis,
                node,
                hypothesis.depth + 1,
                None,
                hypothesis.weight,
                hypothesis.weight + longer,
            )
        )
    for rank in range(node.low, first_longer):
        weight = hypothesis.weight + float(np.log2(chances[rank]))
        token = int(trie.tokens[rank])
        found.append(Candidate(hypothesis, trie.root, 0, token, weight, weight))
    return found


def _asked(candidate: Candidate, heaviest: float, model: Model) -> Hypothesis:
    said = candidate.before.said
    if candidate.token is not None:
        said = model.after(said, candidate.token)
    return Hypothesis(said, candidate.node, candidate.depth, candidate.weight - heaviest)
