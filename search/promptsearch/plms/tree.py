"""Prompts of one example as a tree of tokens, so that what they share on the left is computed once.

All prompts for an example are merged into a trie and laid out as one sequence, parents before children.
Each token attends to its ancestors only and stands at the position of its depth, so one forward pass gives
every prompt the hidden states it would have had alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Token = TypeVar("Token", int, str)


@dataclass(frozen=True)
class TokenTree:
    """A flattened trie.

    Attributes:
        tokens: (m,) token ids, parents before children.
        parents: (m,) index of the parent, -1 at a root.
        depths: (m,) number of ancestors.
        ends: for each sequence, the node of each of its positions that was asked for.
    """

    tokens: NDArray[np.int64]
    parents: NDArray[np.int64]
    depths: NDArray[np.int64]
    ends: tuple[tuple[int, ...], ...]

    def __len__(self) -> int:
        return len(self.tokens)

    @property
    def is_chain(self) -> bool:
        """Whether no two sequences part, so that ordinary causal attention is right."""
        return bool(np.array_equal(self.parents, np.arange(-1, len(self) - 1)))

    def attention(self) -> NDArray[np.bool_]:
        """(m, m) bool: whether a token (row) sees another (column): its ancestors and itself."""
        sees = np.eye(len(self), dtype=np.bool_)
        for node, parent in enumerate(self.parents):
            if parent >= 0:
                sees[node] |= sees[parent]
        return sees


def build_tree(sequences: Sequence[Sequence[int]], tails: Sequence[int] | None = None) -> TokenTree:
    """Merge token sequences into a tree.

    Args:
        sequences: token ids, each of at least one token.
        tails: how many of its last positions each sequence wants to read (1 where not given); `ends`
            lists their nodes from left to right.
    """
    tokens: list[int] = []
    parents: list[int] = []
    depths: list[int] = []
    children: list[dict[int, int]] = []
    roots: dict[int, int] = {}
    ends: list[tuple[int, ...]] = []
    for k, sequence in enumerate(sequences):
        node = -1
        path: list[int] = []
        for depth, token in enumerate(sequence):
            below = roots if node < 0 else children[node]
            child = below.get(token)
            if child is None:
                child = below[token] = len(tokens)
                tokens.append(token)
                parents.append(node)
                depths.append(depth)
                children.append({})
            node = child
            path.append(node)
        tail = 1 if tails is None else tails[k]
        ends.append(tuple(path[len(path) - tail :]))
    as_array = (np.asarray(values, dtype=np.int64) for values in (tokens, parents, depths))
    return TokenTree(*as_array, ends=tuple(ends))


def common_prefix(sequences: Iterable[Sequence[Token]]) -> list[Token]:
    """The longest run of tokens with which every sequence begins."""
    iterator = iter(sequences)
    prefix = list(next(iterator, []))
    for sequence in iterator:
        shared = 0
        for a, b in zip(prefix, sequence):
            if a != b:
                break
            shared += 1
        del prefix[shared:]
        if not prefix:
            break
    return prefix


def split_by_size(sequences: Sequence[Sequence[Token]], most: int) -> list[list[int]]:
    """Group sequences (indices, neighbours in lexical order together) into trees of at most `most` tokens.

    A sequence longer than `most` makes a group of its own.
    """
    return Neighbours.of(sequences).split(most)


@dataclass(frozen=True)
class Neighbours:
    """Sequences in lexical order, in which those that share most stand together.

    Attributes:
        order: indices of the sequences.
        lengths: of each, in that order.
        added: tokens of each with which the one before it does not begin.
    """

    order: tuple[int, ...]
    lengths: tuple[int, ...]
    added: tuple[int, ...]

    @classmethod
    def of(cls, sequences: Sequence[Sequence[Token]]) -> Neighbours:
        order = sorted(range(len(sequences)), key=lambda i: list(sequences[i]))
        lengths = [len(sequences[i]) for i in order]
        shared = [len(common_prefix([sequences[a], sequences[b]])) for a, b in pairwise(order)]
        added = [n - known for n, known in zip(lengths, [0, *shared])]
        return cls(tuple(order), tuple(lengths), tuple(added))

    def split(self, most: int, number: int | None = None) -> list[list[int]]:
        """Groups of neighbours, each a tree of at most `most` tokens or a sequence by itself.

        Args:
            number: of sequences that a group may hold; None for any.
        """
        groups: list[list[int]] = []
        size = 0
        for i, length, added in zip(self.order, self.lengths, self.added):
            if groups and len(groups[-1]) != number and size + added <= most:
                groups[-1].append(i)
                size += added
            else:
                groups.append([i])
                size = length
        return groups
