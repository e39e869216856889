"""Growing parts of train and dev."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import pytest

from promptsearch.study.rungs import Rungs, examples_of
from promptsearch.tasks.task import Example, Task


def task(train: int, dev: int, classes: int = 2) -> Task:
    splits = {
        name: [Example({"text": f"{name} {i}"}, i % classes) for i in range(n)]
        for name, n in (("train", train), ("dev", dev), ("test", 5))
    }
    names = tuple(f"c{i}" for i in range(classes))
    return Task("made", "topic", ("text",), names, names, "accuracy", splits)


@pytest.mark.parametrize(
    ("train", "dev", "most", "sizes"),
    [
        (16, 16, 1000, [(16, 16)]),
        (32, 32, 1000, [(32, 32)]),
        (64, 64, 1000, [(64, 64)]),
        (65, 65, 1000, [(32, 32), (65, 65)]),
        (100, 20, 1000, [(32, 20), (100, 20)]),
        (20, 100, 1000, [(20, 32), (20, 100)]),
        (256, 256, 1000, [(32, 32), (256, 256)]),
        (257, 257, 1000, [(32, 32), (128, 128), (257, 257)]),
        (1000, 1000, 1000, [(32, 32), (128, 128), (1000, 1000)]),
        (9000, 4000, 1000, [(32, 32), (128, 128), (1000, 1000)]),
        (9000, 500, 1000, [(32, 32), (128, 128), (1000, 500)]),
        (90, 90, 40, [(40, 40)]),
    ],
)
def test_sizes(train, dev, most, sizes):
    rungs = Rungs.of(task(train, dev), 0, most)
    assert [(len(each.train), len(each.dev)) for each in rungs.tasks] == sizes
    assert rungs.left_out == (train - sizes[-1][0], dev - sizes[-1][1])
    assert (len(rungs.whole.train), len(rungs.whole.dev)) == sizes[-1]


@pytest.mark.parametrize("classes", [2, 3, 7])
def test_each_holds_the_one_before_and_classes_in_equal_numbers(classes):
    whole = task(3000, 2000, classes)
    rungs = Rungs.of(whole, 3)
    for split in ("train", "dev"):
        parts = [[example.values["text"] for example in each.splits[split]] for each in rungs.tasks]
        for smaller, larger in pairwise(parts):
            assert set(smaller) < set(larger)
        for each in rungs.tasks:
            counts = Counter(example.label for example in each.splits[split])
            assert len(counts) == classes
            assert max(counts.values()) - min(counts.values()) <= 1
    assert all(each.splits["test"] == whole.splits["test"] for each in rungs.tasks)


def test_the_seed_says_which():
    whole = task(500, 500)
    assert Rungs.of(whole, 1) == Rungs.of(whole, 1)
    assert Rungs.of(whole, 1).tasks[0].dev != Rungs.of(whole, 2).tasks[0].dev
    assert Rungs.of(whole, 1).whole.fingerprint == Rungs.of(whole, 2).whole.fingerprint == whole.fingerprint
    assert Rungs.of(whole, 1).tasks[0].fingerprint != Rungs.of(whole, 2).tasks[0].fingerprint


def test_a_rung_is_found_by_its_examples():
    rungs = Rungs.of(task(300, 100), 0)
    assert [examples_of(each) for each in rungs.tasks] == [64, 228, 400]
    assert [rungs.on(examples) for examples in (64, 228, 400, None, 63)] == [0, 1, 2, 2, 2]
