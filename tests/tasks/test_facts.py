from __future__ import annotations

import gzip

import pytest

from promptsearch.errors import DataError, OptionError, TaskError
from promptsearch.tasks import Triple, draw_splits, facts_of, load_task, other_relations, read_pairs
from tests.tasks.conftest import Write, jsonl


def fact(relation: str, subject: str, object_: str, **more) -> dict:
    return {"relation": relation, "subject": subject, "object": object_, **more}


FACTS = [
    fact("P19", "Marie Curie", "Warsaw", aliases=["Madame Curie", "Curie"]),
    fact("P36", "Poland", "Warsaw", object_aliases="Warszawa|Varsovie"),
    fact("P19", "Bono", "Dublin"),
    fact("P36", "Ireland", "Dublin", aliases=["Éire", " Ireland"]),
]
OTHERS = [fact("P19", "Bowie", "London"), fact("P36", "Peru", "Lima")]


@pytest.fixture
def folder(write: Write, tmp_path):
    """A folder of two relations: two train facts each, one for validation and one for test."""
    write("d/train.jsonl", FACTS)
    write("d/validation.jsonl", OTHERS)
    write("d/test.jsonl", [fact("P19", "Kafka", "Prague"), fact("P36", "Chad", "N'Djamena")])
    return tmp_path / "d"


def by_subject(facts: list[Triple]) -> list[Triple]:
    return sorted(facts, key=lambda found: found.subject)


def test_train_facts_come_with_their_aliases(folder):
    task = draw_splits(load_task("own:P19", data=folder), shots=None, seed=0)
    assert by_subject(facts_of(task)) == [
        Triple("P19", "Bono", "Dublin"),
        Triple("P19", "Marie Curie", "Warsaw", ("Madame Curie", "Curie")),
    ]
    assert [found.subject for found in facts_of(task)] == [e.values["subject"] for e in task.train]


def test_aliases_may_be_a_text_and_never_repeat_the_name(folder):
    task = load_task("own:P36", data=folder)
    assert facts_of(task) == [
        Triple("P36", "Poland", "Warsaw", (), ("Warszawa", "Varsovie")),
        Triple("P36", "Ireland", "Dublin", ("Éire",)),
    ]


def test_other_relations_are_those_of_the_train_split(folder):
    assert other_relations(load_task("own:P36", data=folder)) == {
        "P19": [
            Triple("P19", "Marie Curie", "Warsaw", ("Madame Curie", "Curie")),
            Triple("P19", "Bono", "Dublin"),
        ]
    }


def test_a_source_of_one_relation_has_no_others():
    rows = [
        {"subject": "Norway", "object": "Oslo", "aliases": "Norge"},
        {"subject": "Peru", "object": "Lima"},
    ]
    task = load_task("capitals", data=rows)
    assert facts_of(task) == [
        Triple("capitals", "Norway", "Oslo", ("Norge",)),
        Triple("capitals", "Peru", "Lima"),
    ]
    assert other_relations(task) == {}
    named = load_task("capitals", data=[{**row, "relation": "P36"} for row in rows])
    assert {found.relation for found in facts_of(named)} == {"P36"}
    assert other_relations(named) == {}


def test_aliases_of_a_repeated_fact_are_put_together():
    rows = [
        fact("P36", "Norway", "Oslo", aliases="Norge"),
        fact("P36", "norway ", "Oslo", aliases="Noreg|Norge"),
    ]
    rows += [fact("P36", f"land {i}", f"town {i}") for i in range(9)]
    task = draw_splits(load_task("own", data=rows), shots=None, seed=0)
    found = [found for split in ("train", "dev", "test") for found in task.splits[split]]
    assert sum(example.values["subject"].strip().casefold() == "norway" for example in found) == 1
    seeds = (draw_splits(load_task("own", data=rows), shots=None, seed=seed) for seed in range(9))
    drawn = next(facts for task in seeds if (facts := [f for f in facts_of(task) if f.subject == "Norway"]))
    assert drawn == [Triple("P36", "Norway", "Oslo", ("Norge", "Noreg"))]


def test_names_of_columns_as_published():
    rows = [{"sub_label": "Oslo", "obj_label": "Norway", "predicate_id": "P17", "aliases": ["Christiania"]},
            {"sub_label": "Peru", "obj_label": "Lima", "predicate_id": "P36"}]  # fmt: skip
    task = load_task("lama:P17", data=rows)
    assert facts_of(task) == [Triple("P17", "Oslo", "Norway", ("Christiania",))]
    assert other_relations(task) == {"P36": [Triple("P36", "Peru", "Lima")]}


@pytest.mark.parametrize("seed", range(3))
def test_facts_drawn_into_dev_or_test_are_not_given(seed):
    rows = [fact("P36", f"land {i}", f"town {i}") for i in range(20)]
    task = draw_splits(load_task("own", data=rows), shots=None, seed=seed)
    given = {found.subject for found in facts_of(task)}
    held = {example.values["subject"] for example in (*task.dev, *task.test)}
    assert (len(given), len(held)) == (12, 8)
    assert not given & held


def test_shots_leave_out_train_facts():
    task = draw_splits(load_task("facts:P30"), shots=1, seed=0)
    facts = facts_of(task)
    assert sorted({found.object for found in facts}) == sorted(found.object for found in facts)
    assert len(facts) < 18


def test_a_task_of_another_kind_has_no_facts():
    for ask in (facts_of, other_relations):
        with pytest.raises(TaskError) as caught:
            ask(load_task("reviews"))
        assert caught.value.message == "reviews is a task of kind sentiment, not of facts"


def test_pairs_of_ones_own(write):
    assert read_pairs(write("capitals.csv", "x,y\nNorway,Oslo\nPeru,\n")) == {
        "capitals": [Triple("capitals", "Norway", "Oslo"), Triple("capitals", "Peru", "")]
    }
    tsv = (
        "Relation\tSubject\tObject\tAliases\nP36\tNorway\tOslo\tNorge| Noreg |Norway\nP30\tPeru\tAmerica\t\n"
    )
    assert read_pairs(write("a.tsv", tsv)) == {
        "P36": [Triple("P36", "Norway", "Oslo", ("Norge", "Noreg"))],
        "P30": [Triple("P30", "Peru", "America")],
    }
    rows = [
        {"subject": "Oslo", "object": 1048, "subject_aliases": ["Christiania"], "object_aliases": ["M48"]},
        {"subject": None, "object": "x", "relation": "r"},
    ]
    assert read_pairs(write("b.jsonl.gz", gzip.compress(jsonl(rows)))) == {
        "b": [Triple("b", "Oslo", "1048", ("Christiania",), ("M48",))],
        "r": [Triple("r", "", "x")],
    }


def test_pairs_from_parquet(tmp_path):
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pa.table({"x": ["Norway", "Peru"], "y": ["Oslo", "Lima"], "aliases": [["Norge"], None]})
    pq.write_table(table, tmp_path / "p.parquet")
    assert read_pairs(str(tmp_path / "p.parquet")) == {
        "p": [Triple("p", "Norway", "Oslo", ("Norge",)), Triple("p", "Peru", "Lima")]
    }


@pytest.mark.parametrize("mapping", ["x=who,object=where", {"subject": "who", "y": "where"}])
def test_columns_of_pairs_can_be_mapped(write, mapping):
    path = write("born.csv", "who,where,object\nBono,Dublin,7\n")
    assert read_pairs(path, mapping) == {"born": [Triple("born", "Bono", "Dublin")]}


def test_pairs_that_cannot_be_read_say_why(write, tmp_path):
    path = write("a.csv", "subjekt,object\nBono,Dublin\n")
    with pytest.raises(DataError) as caught:
        read_pairs(path)
    assert caught.value.message == "there is no column 'subject'"
    assert caught.value.hint == (
        "Did you mean 'subjekt'? Columns: 'subjekt', 'object'. Say which is meant: --map subject=subjekt."
    )
    with pytest.raises(DataError, match=r"there is no column 'subjeckt' \(mapped to 'subject'\)"):
        read_pairs(path, "subject=subjeckt")
    with pytest.raises(OptionError) as odd:
        read_pairs(path, "subjet=subjekt")
    assert odd.value.message == "pairs have nothing called 'subjet'"
    assert str(odd.value.hint).startswith("Did you mean 'subject'?")
    with pytest.raises(DataError, match="the column 'subject' of row 2 holds a dict, not a text"):
        read_pairs(write("b.jsonl", [{"subject": "a", "object": "b"}, {"subject": {}, "object": "b"}]))
    with pytest.raises(DataError, match="no such file"):
        read_pairs(tmp_path / "none.csv")


def test_blanks_around_a_relation_do_not_make_its_facts_those_of_another():
    rows = [fact(" P19", name, f"T{name}", aliases=[f"{name}s"]) for name in ("Ada", "Bo", "Cy")]
    task = load_task("own", data=rows, kind="fact")
    assert other_relations(task) == {}
    assert [found.subject_aliases for found in facts_of(task)] == [("Adas",), ("Bos",), ("Cys",)]
