from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

import pytest

from promptsearch.tasks import draw_splits, facts_of, load_task, other_relations
from promptsearch.tasks.task import gold

DATA = os.environ.get("PROMPTSEARCH_DATA")
pytestmark = [
    pytest.mark.shared_data,
    pytest.mark.skipif(not DATA, reason="PROMPTSEARCH_DATA names no folder of real data sets"),
]


@pytest.mark.parametrize(
    ("name", "kind", "fields", "labels", "sizes"),
    [
        ("sst2", "sentiment", ("text",), ("negative", "positive"), {"train": 67349, "validation": 872}),
        ("imdb", "sentiment", ("text",), ("negative", "positive"), {"train": 3000, "validation": 1000}),
        (
            "subj", "subjectivity", ("text",), ("subjective", "objective"),
            {"train": 8000, "validation": 1000, "test": 1000},
        ),
        (
            "ag_news", "topic", ("text",), ("world", "sports", "business", "science and technology"),
            {"train": 4000, "validation": 1000},
        ),
        (
            "rte", "nli", ("text_a", "text_b"), ("entailment", "not_entailment"),
            {"train": 2490, "validation": 277},
        ),
    ],
)  # fmt: skip
def test_a_data_set_is_read_whole(name, kind, fields, labels, sizes):
    task = load_task(name)
    assert (task.kind, task.fields, task.labels, task.source.kind) == (kind, fields, labels, "folder")
    assert {split: len(examples) for split, examples in task.splits.items()} == sizes
    drawn = draw_splits(task, shots=16, seed=0)
    assert Counter(gold(drawn.train)) == Counter(gold(drawn.dev)) == dict.fromkeys(range(len(labels)), 16)
    assert len(drawn.test) == sizes.get("test", sizes["validation"])


def test_control_characters_in_texts_are_kept():
    texts = [example.values["text"] for example in load_task("subj").splits["train"]]
    assert any("\u0085" in text for text in texts)


def test_one_relation_of_lama():
    task = load_task("lama:P103")
    assert {split: len(examples) for split, examples in task.splits.items()} == {
        "train": 800, "validation": 200, "test": 919,
    }  # fmt: skip
    assert "French" in task.labels
    drawn = draw_splits(task, shots=None, seed=0)
    assert {split: len(examples) for split, examples in drawn.splits.items()} == {
        "train": 800, "dev": 200, "test": 919,
    }  # fmt: skip
    first = task.splits["test"][0]
    assert (first.values["subject"], task.labels[first.label or 0]) == ("Fernand David", "French")


def test_facts_of_lama_and_its_other_relations():
    task = draw_splits(load_task("lama:P103"), shots=None, seed=0)
    assert len(facts_of(task)) == 800
    others = other_relations(task)
    # P190 has no train facts.
    assert len(others) == 18
    assert "P103" not in others
    assert 800 + sum(map(len, others.values())) == 12744


def test_a_relation_with_a_single_split_is_cut():
    drawn = draw_splits(load_task("lama:P190"), shots=None, seed=0)
    assert len(drawn.train) + len(drawn.dev) + len(drawn.test) == 119


def test_one_file_of_a_data_set():
    task = load_task(data=Path(str(DATA)) / "sst2" / "validation.jsonl.gz")
    assert (task.name, task.labels, len(task.splits["train"])) == ("validation", (0, 1), 872)
