"""Pairs of one's own as a task of facts."""

from __future__ import annotations

from pathlib import Path

import pytest

from promptsearch.errors import DataError
from promptsearch.study.own_pairs import own_pairs
from promptsearch.tasks import load_task
from promptsearch.tasks.facts import Triple, facts_of, other_relations


def write(folder: Path, content: str, name: str = "own.csv") -> Path:
    path = folder / name
    path.write_text(content, "utf-8")
    return path


def test_a_task_made_of_them_has_all_that_the_file_says(tmp_path):
    path = write(
        tmp_path,
        "Predicate_ID,X,Y,Aliases,object_aliases\n"
        "P19,Ada,Rome,Ada L.|Adele,Roma\nP36,Italy,Rome,,\nP19,Bo,Oslo,,\n",
    )
    own = own_pairs(path, "P19")
    task = load_task(own.name, data=own.rows, kind="fact")
    assert (task.name, task.kind, task.fields) == ("own:P19", "fact", ("subject",))
    assert facts_of(task) == [
        Triple("P19", "Ada", "Rome", ("Ada L.", "Adele"), ("Roma",)),
        Triple("P19", "Bo", "Oslo"),
    ]
    assert other_relations(task) == {"P36": [Triple("P36", "Italy", "Rome")]}


def test_pairs_without_a_relation_take_the_one_that_is_given(tmp_path):
    path = write(tmp_path, "subject,object\nAda,Rome\n")
    assert own_pairs(path).name == "own:own"
    own = own_pairs(path, "P19")
    assert own.name == "own:P19"
    assert [row["relation"] for row in own.rows] == ["P19"]


def test_columns_are_mapped(tmp_path):
    own = own_pairs(write(tmp_path, "who,where\nAda,Rome\n"), None, "subject=who,object=where")
    assert [(row["subject"], row["object"]) for row in own.rows] == [("Ada", "Rome")]


def test_a_file_named_like_a_task_is_not_that_task(tmp_path):
    own = own_pairs(write(tmp_path, "x,y\nAda,Rome\nBo,Oslo\n", "sst2.csv"))
    assert own.name == "pairs:sst2"
    assert load_task(own.name, data=own.rows, kind="fact").labels == ("Rome", "Oslo")


def test_what_cannot_be_mined_is_left_out_and_told(tmp_path):
    own = own_pairs(write(tmp_path, "x,y\nAda,Rome\nRome,ROME\nada,rome\nBo,\n"))
    assert len(own.rows) == 1
    assert sorted(notice.split(",")[0] for notice in own.notices) == [
        "1 pair left out: an empty side",
        "1 pair left out: repeated",
        "1 pair left out: the same name on both sides",
    ]
    with pytest.raises(DataError, match="no pair can be mined with"):
        own_pairs(write(tmp_path, "x,y\nRome,ROME\n"))
