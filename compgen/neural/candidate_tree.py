"""Candidates of different lengths after one context: one forward pass over their common tree.

    context ─┬─ t ─┬─ h       nodes  t  h  o  a      what all but the last byte of each
             │     └─ o       depth  0  1  1  0      candidate share, once
             └─ a             sees   every node: the context in its window, its ancestors, itself

The keys and values of the context are there once, for all nodes. Used for scoring only: it rounds
otherwise than a step does.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from compgen.neural.attention_cache import AttentionCache
from compgen.neural.rotary import rotations
from compgen.neural.transformer import Block, Transformer

MOST_NODES = 2048
"""Nodes in one pass: the scores of attention are nodes × (window + nodes) × heads numbers."""


@dataclass(frozen=True)
class Tree:
    """Nodes in the order in which they came up: a parent before its children."""

    values: NDArray[np.int64]  # (n,)   the byte of each
    depths: NDArray[np.int64]  # (n,)   from 0
    parents: NDArray[np.int64]  # (n,)   -1: the context

    def ancestry(self) -> NDArray[np.bool_]:
        """Which node is an ancestor of which, or the same: bool of shape (n, n), [node, above]."""
        sees = np.eye(self.values.size, dtype=np.bool_)
        for node, parent in enumerate(self.parents.tolist()):
            if parent >= 0:
                sees[node] |= sees[parent]
        return sees


def plant(candidates: Sequence[bytes]) -> tuple[Tree, list[NDArray[np.int64]]]:
    """The tree of all but the last byte of each candidate, and each one's path through it."""
    known: dict[tuple[int, int], int] = {}
    depths: list[int] = []
    paths = []
    for candidate in candidates:
        path, node = [], -1
        for depth, value in enumerate(candidate[:-1]):
            node = known.setdefault((node, value), len(known))
            if node == len(depths):
                depths.append(depth)
            path.append(node)
        paths.append(np.array(path, np.int64))
    edges = np.array(list(known), np.int64).reshape(-1, 2)
    return Tree(edges[:, 1], np.array(depths, np.int64), edges[:, 0]), paths


def passes(candidates: Sequence[bytes], most: int = MOST_NODES) -> list[list[int]]:
    """The candidates' indices, in groups of at most `most` nodes (or of one candidate).

    Neighbours in the alphabet share most, so they come together.
    """
    groups: list[list[int]] = []
    nodes = most + 1
    before = b""
    for index in sorted(range(len(candidates)), key=lambda index: candidates[index][:-1]):
        own = candidates[index][:-1]
        new = len(own) - _shared(before, own)
        if nodes + new > most:
            groups.append([])
            nodes, new = 0, len(own)
        groups[-1].append(index)
        nodes += new
        before = own
    return groups


def forward(model: Transformer, state: AttentionCache, tree: Tree) -> Tensor:
    """Logits, (n, 256), of what follows each node. `state`, of one lane, stays as it is."""
    device = model.device
    depths = torch.from_numpy(tree.depths).to(device)
    positions = state.position + depths
    turns = rotations(positions, model.config.width // model.config.heads)
    held = state.held_positions()
    distance = positions[:, None] - held[None, :]
    ancestry = torch.from_numpy(tree.ancestry()).to(device)
    within = depths[:, None] - depths[None, :] < model.config.window
    context = (distance < model.config.window) & (held[None, :] >= 0)
    mask = torch.cat([context, ancestry & within], 1)
    tokens = torch.from_numpy(tree.values).to(device)
    hidden = _normalise(model.embedding(tokens[None]))
    for layer, block in enumerate(model.blocks):
        assert isinstance(block, Block)
        query, key, value = block.project(hidden, turns)
        keys = torch.cat([state.keys[layer][:1].to(key.dtype), key], 2)
        values = torch.cat([state.values[layer][:1].to(value.dtype), value], 2)
        attended = functional.scaled_dot_product_attention(query, keys, values, attn_mask=mask)
        hidden = block.finish(hidden, attended)
    logits: Tensor = model.head(_normalise(hidden[0])).float()
    return logits


def _shared(one: bytes, other: bytes) -> int:
    """How many bytes two begin with alike."""
    length = min(len(one), len(other))
    differing = np.flatnonzero(
        np.frombuffer(one[:length], np.uint8) != np.frombuffer(other[:length], np.uint8)
    )
    return int(differing[0]) if differing.size else length


def _normalise(vectors: Tensor) -> Tensor:
    return functional.rms_norm(vectors, vectors.shape[-1:])
