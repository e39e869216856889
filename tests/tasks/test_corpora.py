"""What the bundled facts and mining text promise."""

from __future__ import annotations

import json
import re
from collections import Counter
from functools import cache

import pytest

from promptsearch.tasks import corpora_folder, load_task, read_pairs, sample_relations
from promptsearch.tasks.facts import Triple

SPLITS = ("train", "validation", "test")
RELATIONS = ["P17", "P19", "P20", "P30", "P36", "P37", "P103", "P106", "P136", "P159", "P178", "P1303"]


@cache
def facts(split: str) -> dict[str, list[Triple]]:
    return read_pairs(corpora_folder() / "facts" / f"{split}.jsonl")


@cache
def sentences(name: str) -> tuple[str, ...]:
    text = (corpora_folder() / "mining" / f"{name}.txt").read_text(encoding="utf-8")
    assert text.endswith("\n")
    return tuple(text[:-1].split("\n"))


def words(text: str) -> str:
    """The words of a text, one blank around each, so that whole words can be looked up in it."""
    found = " ".join(re.findall(r"[^\W_]+", text))
    return f" {found} "


def names(fact: Triple) -> tuple[str, ...]:
    return (fact.subject, *fact.subject_aliases)


def test_twelve_relations_in_all_three_splits():
    assert sample_relations("facts") == tuple(RELATIONS)
    for split, count in zip(SPLITS, (18, 9, 9)):
        assert {relation: len(found) for relation, found in facts(split).items()} == dict.fromkeys(
            RELATIONS, count
        )


@pytest.mark.parametrize("relation", RELATIONS)
def test_a_relation_is_a_task(relation):
    task = load_task(f"facts:{relation}")
    assert (task.name, task.kind, task.fields) == (f"facts:{relation}", "fact", ("subject",))
    assert {split: len(examples) for split, examples in task.splits.items()} == dict(zip(SPLITS, (18, 9, 9)))


@pytest.mark.parametrize("relation", RELATIONS)
def test_facts_are_fit_for_cloze_prompts(relation):
    found = [fact for split in SPLITS for fact in facts(split)[relation]]
    subjects = Counter(fact.subject for fact in found)
    assert max(subjects.values()) == 1
    assert all(len(fact.object.split()) == 1 for fact in found)
    assert not any(words(fact.object) in words(name) for fact in found for name in names(fact))
    assert max(Counter(fact.object for fact in found).values()) <= len(found) / 3


def test_meta_counts_the_rows():
    meta = json.loads((corpora_folder() / "facts" / "meta.json").read_text(encoding="utf-8"))
    assert meta["counts"] == {split: sum(map(len, facts(split).values())) for split in SPLITS}


def test_there_is_text_enough():
    assert len(sentences("facts")) >= 1000
    assert len(sentences("reviews")) + len(sentences("news")) >= 500


def test_each_line_is_one_clean_sentence():
    for name in ("facts", "reviews", "news"):
        for line in sentences(name):
            assert line == " ".join(line.split())
            assert line[-1] in ".!?"
            assert 3 <= len(line.split()) <= 36


def test_no_sentence_occurs_twice_or_differs_in_the_names_only():
    found = [fact for split in SPLITS for facts_ in facts(split).values() for fact in facts_]
    known = {name for fact in found for name in (*names(fact), fact.object)}
    longest_first = sorted((words(name).strip() for name in known), key=len, reverse=True)
    name = re.compile(rf"(?<= )(?:{'|'.join(map(re.escape, longest_first))})(?= )")
    lines = [line for file in ("facts", "reviews", "news") for line in sentences(file)]
    frames = Counter(name.sub("@", words(line)).casefold() for line in lines)
    assert [frame for frame, n in frames.items() if n > 1] == []


@pytest.mark.parametrize("relation", RELATIONS)
def test_every_fact_is_stated_twice(relation):
    lines = [words(line) for line in sentences("facts")]
    for split in SPLITS:
        for fact in facts(split)[relation]:
            holding = [line for line in lines if words(fact.object) in line]
            assert sum(any(words(name) in line for name in names(fact)) for line in holding) >= 2, fact


def test_relations_are_mixed():
    """Each tenth of the file has the subject and object of facts of at least ten relations."""
    found = [fact for split in SPLITS for facts_ in facts(split).values() for fact in facts_]
    lines = [words(line) for line in sentences("facts")]
    size = len(lines) // 10
    for start in range(0, 10 * size, size):
        tenth = lines[start : start + size]
        seen = {
            fact.relation
            for fact in found
            if any(words(fact.subject) in line and words(fact.object) in line for line in tenth)
        }
        assert len(seen) >= 10
