from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from promptsearch.engines.soft.batches import BalancedBatches

classes_of = st.lists(st.integers(0, 3), min_size=2, max_size=20)


@given(classes_of, st.integers(1, 12), st.integers(0, 5))
def test_every_class_comes_as_often(classes, size, seed):
    rows = [10 * i for i in range(len(classes))]
    batches = BalancedBatches(rows, classes, size, [seed])
    kinds = len(set(classes))
    drawn = [row for step in range(kinds) for row in batches.of(step)]
    assert len(drawn) == kinds * min(size, len(rows))
    assert set(Counter(classes[row // 10] for row in drawn).values()) == {min(size, len(rows))}


@given(classes_of, st.integers(0, 5))
def test_no_row_comes_again_before_all_of_its_class_have(classes, seed):
    batches = BalancedBatches(range(len(classes)), classes, 1, [seed])
    drawn = [batches.of(step)[0] for step in range(60)]
    for each in set(classes):
        members = [row for row in range(len(classes)) if classes[row] == each]
        of_class = [row for row in drawn if classes[row] == each]
        whole = len(of_class) // len(members) * len(members)
        for start in range(0, whole, len(members)):
            assert sorted(of_class[start : start + len(members)]) == members


def test_a_step_is_the_same_whatever_was_asked_before():
    classes = [0, 0, 0, 1, 1]
    one, other = (BalancedBatches(range(5), classes, 2, [1, 7]) for _ in range(2))
    in_order = [one.of(step) for step in range(20)]
    assert [other.of(step) for step in reversed(range(20))] == in_order[::-1]
    assert [BalancedBatches(range(5), classes, 2, [2, 7]).of(step) for step in range(20)] != in_order


def test_a_batch_is_no_larger_than_the_data():
    assert sorted(BalancedBatches([3, 4], [0, 1], 16, [0]).of(0)) == [3, 4]
