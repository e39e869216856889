from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptsearch.plms.tree import Neighbours, build_tree, common_prefix, split_by_size

# Few tokens, so that sequences share much.
SEQUENCES = st.lists(st.lists(st.integers(0, 2), min_size=1, max_size=6), min_size=1, max_size=8)


def path_to(tree, node: int) -> list[int]:
    """Nodes from the root to `node`."""
    found = [node]
    while tree.parents[found[-1]] >= 0:
        found.append(int(tree.parents[found[-1]]))
    return found[::-1]


@given(SEQUENCES)
def test_each_sequence_is_spelt_by_the_path_to_its_end(sequences):
    tree = build_tree(sequences)
    for sequence, ends in zip(sequences, tree.ends, strict=True):
        assert len(ends) == 1
        path = path_to(tree, ends[0])
        assert tree.tokens[path].tolist() == sequence
        assert tree.depths[path].tolist() == list(range(len(sequence)))


@given(SEQUENCES, st.data())
def test_tails_are_the_last_positions_from_left_to_right(sequences, data):
    tails = [data.draw(st.integers(1, len(sequence))) for sequence in sequences]
    tree = build_tree(sequences, tails)
    for sequence, tail, ends in zip(sequences, tails, tree.ends, strict=True):
        path = path_to(tree, ends[-1])
        assert list(ends) == path[len(sequence) - tail :]


@given(SEQUENCES)
def test_a_tree_has_a_token_for_each_distinct_start(sequences):
    starts = {tuple(sequence[:n]) for sequence in sequences for n in range(1, len(sequence) + 1)}
    tree = build_tree(sequences)
    assert len(tree) == len(starts)
    assert all(parent < node for node, parent in enumerate(tree.parents))


@given(SEQUENCES)
def test_a_token_sees_its_ancestors_and_itself(sequences):
    tree = build_tree(sequences)
    expected = np.zeros((len(tree), len(tree)), dtype=bool)
    for node in range(len(tree)):
        expected[node, path_to(tree, node)] = True
    np.testing.assert_array_equal(tree.attention(), expected)


@given(SEQUENCES)
def test_a_chain_is_where_no_two_sequences_part(sequences):
    longest = max(sequences, key=len)
    chain = all(longest[: len(sequence)] == sequence for sequence in sequences)
    tree = build_tree(sequences)
    assert tree.is_chain == chain
    if chain:
        np.testing.assert_array_equal(tree.attention(), np.tril(np.ones((len(tree),) * 2, dtype=bool)))


@given(st.lists(st.lists(st.integers(0, 1), max_size=5), max_size=5))
def test_common_prefix(sequences):
    shortest = min(map(len, sequences), default=0)
    expected = next(
        n for n in range(shortest, -1, -1) if len({tuple(sequence[:n]) for sequence in sequences}) <= 1
    )
    assert common_prefix(sequences) == (sequences[0][:expected] if sequences else [])


@given(SEQUENCES, st.integers(1, 15))
def test_split_by_size(sequences, most):
    groups = split_by_size(sequences, most)
    assert sorted(i for group in groups for i in group) == list(range(len(sequences)))
    for group in groups:
        size = len(build_tree([sequences[i] for i in group]))
        assert size <= most or len(group) == 1
    # Neighbours in lexical order stay together, so that little is run twice.
    order = [sequences[i] for group in groups for i in group]
    assert order == sorted(order)


def test_splitting_by_hand():
    sequences = [[1, 2, 3], [9, 9], [1, 2, 4], [1, 5], [1, 2, 3]]
    # 1 2 3, again, 1 2 4 and 1 5 make five tokens; 9 9 would make seven.
    assert split_by_size(sequences, 5) == [[0, 4, 2, 3], [1]]
    assert split_by_size(sequences, 4) == [[0, 4, 2], [3, 1]]
    assert Neighbours.of(sequences).split(5, number=2) == [[0, 4], [2, 3], [1]]
    assert split_by_size([], 5) == []


@pytest.mark.parametrize("most", [1, 2])
def test_a_sequence_above_the_size_stands_alone(most):
    assert split_by_size([[1, 2, 3], [4, 5, 6]], most) == [[0], [1]]
