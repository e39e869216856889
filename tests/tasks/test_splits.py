from __future__ import annotations

import time
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptsearch.errors import DataError, OptionError
from promptsearch.tasks import draw_splits, load_task
from promptsearch.tasks.task import Example, Task, gold
from tests.tasks.conftest import rows_of


def task_of(
    metric="accuracy", kind="topic", labels=("a", "b"), **splits: list[tuple[str, int | None]]
) -> Task:
    examples = {
        name: [Example({"text": text}, label) for text, label in rows] for name, rows in splits.items()
    }
    return Task("t", kind, ("text",), labels, labels, metric, examples)


def many(n: int, classes: int = 2, prefix: str = "text") -> list[tuple[str, int | None]]:
    return [(f"{prefix} {i}", i % classes) for i in range(n)]


def texts(examples) -> list[str]:
    return [example.values["text"] for example in examples]


def test_k_of_each_class_in_train_and_in_dev_alike():
    task = draw_splits(
        task_of(train=many(100), validation=many(40, prefix="dev"), test=many(30, prefix="t")),
        shots=8,
        seed=1,
    )
    assert Counter(gold(task.train)) == Counter(gold(task.dev)) == {0: 8, 1: 8}
    assert all(text.startswith("dev") for text in texts(task.dev))
    assert texts(task.test) == [f"t {i}" for i in range(30)]
    assert (task.shots, task.seed, task.notices) == (8, 1, ())


def test_without_a_labelled_test_validation_is_the_test_and_dev_comes_from_train():
    unlabelled = [("x", None), ("y", None)]
    source = task_of(train=many(100), validation=many(30, prefix="v"), test=unlabelled)
    task = draw_splits(source, shots=8, seed=1)
    assert texts(task.test) == [f"v {i}" for i in range(30)]
    assert Counter(gold(task.dev)) == {0: 8, 1: 8}
    assert not set(texts(task.train)) & set(texts(task.dev))
    assert "its labels are not published" in task.notices[0]
    assert (
        "there is no test split"
        in draw_splits(task_of(train=many(9), validation=many(4, prefix="v")), shots=1, seed=0).notices[0]
    )


def test_without_validation_dev_comes_from_train():
    task = draw_splits(task_of(train=many(100), test=many(30, prefix="t")), shots=8, seed=1)
    assert len(task.train) == len(task.dev) == 16
    assert not set(texts(task.train)) & set(texts(task.dev))
    assert task.notices == ("Dev is drawn from train, since there is no validation split.",)


def test_a_single_split_is_cut_60_20_20_in_each_class():
    rows = [(f"a {i}", 0) for i in range(70)] + [(f"b {i}", 1) for i in range(30)]
    task = draw_splits(task_of(train=rows), shots=None, seed=3)
    assert [Counter(gold(split)) for split in (task.train, task.dev, task.test)] == [
        {0: 42, 1: 18},
        {0: 14, 1: 6},
        {0: 14, 1: 6},
    ]
    everything = texts(task.train) + texts(task.dev) + texts(task.test)
    assert sorted(everything) == sorted(text for text, _ in rows)
    assert texts(task.test) == [text for text, _ in rows if text in texts(task.test)]
    assert "60/20/20" in task.notices[0]
    assert texts(draw_splits(task_of(test=rows), shots=None, seed=3).test) == texts(task.test)


def test_taking_everything():
    task = draw_splits(
        task_of(train=many(100), validation=many(300, prefix="v"), test=many(6, prefix="t")),
        shots=None,
        seed=0,
    )
    assert (len(task.train), len(task.dev)) == (100, 100)
    task = draw_splits(task_of(train=many(100), test=many(6, prefix="t")), shots=None, seed=0)
    assert (len(task.train), len(task.dev)) == (80, 20)


def test_a_class_short_of_k_gives_what_it_has_and_says_so():
    train = [*((f"a {i}", 0) for i in range(20)), *((f"b {i}", 1) for i in range(3))]
    dev = [*((f"c {i}", 0) for i in range(20)), *((f"d {i}", 1) for i in range(9))]
    task = draw_splits(task_of(train=train, validation=dev, test=many(10, prefix="t")), shots=8, seed=0)
    assert Counter(gold(task.train)) == Counter(gold(task.dev)) == {0: 8, 1: 3}
    assert task.notices == (
        "Fewer than 8 examples a class in train: 'b' has 3.",
        "Fewer than 8 examples a class in dev: 'b' has 3.",
    )
    # Where dev comes from train, a class of 5 is halved: 3 and 2.
    rows = [*((f"a {i}", 0) for i in range(20)), *((f"b {i}", 1) for i in range(5))]
    task = draw_splits(task_of(train=rows, test=many(10, prefix="t")), shots=8, seed=0)
    assert (Counter(gold(task.train)), Counter(gold(task.dev))) == ({0: 8, 1: 3}, {0: 8, 1: 2})


def test_duplicates_leave_train_and_dev_text_and_label_together():
    train = [
        ("Only in train", 0),
        ("In  TEST too", 0),  # stands in test
        ("twice", 1),
        ("Twice ", 1),  # repeats
        ("torn", 0),  # contradicts the next and one in validation
        ("torn", 1),
        ("also in dev", 1),
        ("more a", 0),
        ("more b", 1),
    ]
    dev = [("dev a", 0), ("dev b", 1), ("also in dev", 1), ("TORN", 1), ("in test too", 1)]
    test = [("in test too", 1), ("in test too", 0), ("test b", 1)]
    task = draw_splits(task_of(train=train, validation=dev, test=test), shots=None, seed=0)
    labelled = {example.values["text"]: example.label for example in (*task.train, *task.dev)}
    assert labelled == {
        "Only in train": 0, "twice": 1, "also in dev": 1, "more a": 0, "more b": 1, "dev a": 0, "dev b": 1,
    }  # fmt: skip
    assert texts(task.test) == ["in test too", "in test too", "test b"]
    assert task.notices == (
        "Left out of train and dev: 2 rows whose text also stands in the test split.",
        "Left out of train and dev: 3 rows whose text occurs with different labels.",
        "Left out of train and dev: 2 rows with the same text and label as an earlier one.",
    )


def test_a_single_split_is_rid_of_duplicates_before_it_is_cut():
    rows = [*many(20), ("text 0", 0), ("text 1", 0)]
    task = draw_splits(task_of(train=rows), shots=None, seed=0)
    everything = texts(task.train) + texts(task.dev) + texts(task.test)
    assert sorted(everything) == sorted(f"text {i}" for i in range(20) if i != 1)
    assert "Left out of the data: 2 rows whose text occurs with different labels." in task.notices
    assert "Left out of the data: 1 row with the same text and label as an earlier one." in task.notices


def test_a_subject_with_two_objects_is_two_facts():
    train = [("Rome", 0), ("Rome", 1), ("rome", 0), ("Oslo", 1), ("Bonn", 0)]
    task = draw_splits(task_of(kind="fact", train=train, test=[("Oslo", 0), ("Bonn", 0)]), shots=None, seed=0)
    left = sorted((e.values["text"], e.label) for e in (*task.train, *task.dev))
    assert left == [("Oslo", 1), ("Rome", 0), ("Rome", 1)]


def test_pairs_are_the_same_when_both_texts_are():
    def pair(a: str, b: str, label: int) -> Example:
        return Example({"text_a": a, "text_b": b}, label)

    train = [pair("a", "b", 0), pair("b", "a", 1), pair("a b", "", 1), pair("A", "b", 0)]
    splits = {
        "train": train,
        "validation": [pair("x", "y", 0)],
        "test": [pair("t", "u", 0), pair("u", "t", 1)],
    }
    task = Task("t", "pair", ("text_a", "text_b"), (0, 1), ("0", "1"), "accuracy", splits)
    assert len(draw_splits(task, shots=None, seed=0).train) == 3


def test_the_same_seed_draws_the_same_and_another_seed_does_not():
    source = task_of(train=many(200), test=many(50, prefix="t"))
    first, again, other = (draw_splits(source, shots=8, seed=seed, max_test=20) for seed in (5, 5, 6))
    assert first.fingerprint == again.fingerprint
    for split in ("train", "dev", "test"):
        assert first.splits[split] == again.splits[split]
        assert set(texts(first.splits[split])) != set(texts(other.splits[split]))


def test_the_draw_stays_the_same_from_release_to_release():
    task = draw_splits(task_of(train=many(20), test=many(4, prefix="t")), shots=2, seed=0)
    assert texts(task.train) == ["text 0", "text 17", "text 12", "text 15"]
    assert texts(task.dev) == ["text 8", "text 18", "text 9", "text 5"]


def test_the_order_of_the_splits_in_the_source_does_not_matter():
    train, dev, test = many(60), many(60, prefix="v"), many(10, prefix="t")
    one = draw_splits(task_of(train=train, validation=dev, test=test), shots=4, seed=0)
    two = draw_splits(task_of(test=test, validation=dev, train=train), shots=4, seed=0)
    assert one.splits == two.splits


@given(st.integers(0, 3), st.integers(1, 12), st.booleans())
def test_more_shots_keep_the_examples_of_fewer(seed, shots, own_dev):
    splits = {"train": many(60), "test": many(6, prefix="t")}
    if own_dev:
        splits["validation"] = many(40, prefix="v")
    few, more = (draw_splits(task_of(**splits), shots=k, seed=seed) for k in (shots, shots + 3))
    assert set(texts(few.train)) <= set(texts(more.train))
    assert set(texts(few.dev)) <= set(texts(more.dev))
    assert not set(texts(more.train)) & set(texts(more.dev))


@given(
    st.lists(st.tuples(st.sampled_from("abcdefgh"), st.integers(0, 2)), min_size=1, max_size=40),
    st.lists(st.tuples(st.sampled_from("ghij"), st.integers(0, 2)), max_size=10),
    st.none() | st.integers(1, 4),
)
def test_no_text_is_shared_between_splits(train, test, shots):
    source = task_of(labels=("x", "y", "z"), train=train, test=test)
    try:
        task = draw_splits(source, shots=shots, seed=0)
    except DataError:
        return
    parts = [texts(task.train), texts(task.dev), texts(task.test)]
    assert len(set(parts[0])) == len(parts[0])
    assert not set(parts[0]) & set(parts[1])
    assert not (set(parts[0]) | set(parts[1])) & set(parts[2])
    assert len(task.dev) <= len(task.train)


def test_classes_do_not_stand_in_blocks():
    rows = sorted(many(200), key=lambda row: row[1])
    task = draw_splits(task_of(train=rows, test=many(10, prefix="t")), shots=None, seed=0)
    assert 5 < sum(gold(task.train)[:20]) < 15


def test_max_test_keeps_the_sources_order():
    task = draw_splits(task_of(train=many(40), test=many(100, prefix="t")), shots=4, seed=0, max_test=10)
    numbers = [int(text.split()[1]) for text in texts(task.test)]
    assert len(numbers) == 10
    assert numbers == sorted(numbers)
    assert "The test split is a random 10 of 100 examples." in task.notices


def test_rows_of_test_without_label_are_counted():
    test = [*many(6, prefix="t"), ("u", None)]
    task = draw_splits(task_of(train=many(40), test=test), shots=4, seed=0)
    assert len(task.test) == 6
    assert "test: 1 row without a label left out." in task.notices


def test_one_class_only():
    with pytest.raises(
        DataError, match="train has only the label 'a', but a search needs at least two classes"
    ):
        draw_splits(task_of(train=[("x", 0), ("y", 0)], test=[("z", 0)]), shots=1, seed=0)
    with pytest.raises(DataError, match="train has no example"):
        draw_splits(task_of(train=[("x", 0), ("y", 1)], test=[("x", 0), ("y", 1)]), shots=1, seed=0)


def test_a_label_that_train_never_has_is_named_with_its_count():
    source = {"train": many(20), "test": [("x", 2), ("y", 2), ("z", 0)]}
    with pytest.raises(DataError) as caught:
        draw_splits(task_of(labels=("a", "b", "c"), **source), shots=2, seed=0)
    assert caught.value.message == "labels of test that never occur in train: 'c' (2 times)"
    assert len(draw_splits(task_of(labels=("a", "b", "c"), kind="fact", **source), shots=2, seed=0).test) == 3


def test_too_few_examples_for_three_splits():
    with pytest.raises(DataError, match="2 examples are too few"):
        draw_splits(task_of(train=[("x", 0), ("y", 1)]), shots=1, seed=0)


def test_nothing_to_draw_from():
    with pytest.raises(DataError, match="no labelled training examples"):
        draw_splits(task_of(validation=many(4), test=many(4, prefix="t")), shots=1, seed=0)


@pytest.mark.parametrize(("shots", "max_test"), [(0, None), (-1, None), (None, 0)])
def test_counts_below_one_are_refused(shots, max_test):
    with pytest.raises(OptionError, match="must be at least 1"):
        draw_splits(task_of(train=many(10)), shots=shots, seed=0, max_test=max_test)


def test_unequal_classes_are_told():
    test = [(f"t {i}", int(i < 8)) for i in range(10)]
    told = draw_splits(task_of(train=many(20), test=test), shots=2, seed=0).notices[-1]
    assert told.startswith("80% of the test examples are 'b'")
    assert "macro-f1" in told
    assert not any(
        "80%" in n
        for n in draw_splits(task_of("macro-f1", train=many(20), test=test), shots=2, seed=0).notices
    )


def test_notices_of_reading_are_passed_on(write):
    rows = rows_of(*((f"t{i}", i % 2) for i in range(40)), ("lost", None), ("", 1))
    task = draw_splits(load_task("own", data=write("a.jsonl", rows)), shots=2, seed=0)
    assert "train: 1 of 42 rows have no label and were left out." in task.notices
    assert "train: 1 of 42 rows have an empty text; they are kept as they are." in task.notices


def test_as_many_rows_as_sst2_take_less_than_a_second():
    source = task_of(
        train=many(67_349, prefix="a film that is rather more than"), validation=many(872, prefix="v")
    )
    start = time.process_time()
    draw_splits(source, shots=16, seed=0)
    assert time.process_time() - start < 1


def facts_task(**splits: list[tuple[str, int | None]]) -> Task:
    """Facts whose object is one of 40 towns."""
    return task_of(kind="fact", labels=tuple(f"town {i}" for i in range(40)), **splits)


def test_dev_of_facts_is_the_whole_validation_split():
    train = [("a", 0), ("b", 0), ("c", 0), ("d", 1), ("e", 2)]
    source = facts_task(train=train, validation=[("f", 7), ("g", 8), ("h", 0)], test=[("i", 9)])
    task = draw_splits(source, shots=None, seed=3)
    assert sorted(texts(task.train)) == ["a", "b", "c", "d", "e"]
    assert sorted(texts(task.dev)) == ["f", "g", "h"]
    assert (texts(task.test), task.notices) == (["i"], ())


def test_shots_of_facts_are_facts_an_object_in_train_only():
    train = [("a", 0), ("b", 0), ("c", 0), ("d", 1), ("e", 2)]
    source = facts_task(train=train, validation=[("f", 7), ("g", 0), ("h", 0)], test=[("i", 9)])
    drawn = {shots: draw_splits(source, shots=shots, seed=3) for shots in (1, 2, 3)}
    assert {shots: Counter(gold(task.train)) for shots, task in drawn.items()} == {
        1: {0: 1, 1: 1, 2: 1}, 2: {0: 2, 1: 1, 2: 1}, 3: {0: 3, 1: 1, 2: 1},
    }  # fmt: skip
    assert set(texts(drawn[1].train)) < set(texts(drawn[2].train)) < set(texts(drawn[3].train))
    assert all(sorted(texts(task.dev)) == ["f", "g", "h"] for task in drawn.values())
    assert drawn[2].notices == ("Train holds 4 of 5 facts, at most 2 of each object.",)
    assert drawn[3].notices == ()


def test_facts_of_objects_that_occur_once_can_be_shared_out():
    rows = [(f"land {i}", i) for i in range(20)]
    one = draw_splits(facts_task(train=rows), shots=None, seed=0)
    assert [len(one.splits[name]) for name in ("train", "dev", "test")] == [12, 4, 4]
    assert sorted(texts([*one.train, *one.dev, *one.test])) == sorted(subject for subject, _ in rows)
    assert one.notices == (
        "There is one labelled split only: train, dev and test are drawn from it, 60/20/20.",
    )
    two = draw_splits(facts_task(train=rows, validation=[("x", 30)]), shots=1, seed=0)
    assert (len(two.train), len(two.dev), texts(two.test)) == (16, 4, ["x"])
    assert not set(texts(two.train)) & set(texts(two.dev))


@pytest.mark.parametrize("seed", range(8))
def test_train_keeps_two_objects_where_facts_have_two(seed):
    rows = [("a", 0), ("b", 0), ("c", 0), ("d", 0), ("e", 1)]
    one = draw_splits(facts_task(train=rows), shots=None, seed=seed)
    two = draw_splits(facts_task(train=rows, test=[("x", 1)]), shots=None, seed=seed)
    assert "e" in texts(one.train)
    assert "e" in texts(two.train)
    assert [len(one.splits[name]) for name in ("train", "dev", "test")] == [3, 1, 1]
