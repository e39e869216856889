"""What `promptsearch mine` refuses, in one panel and before any work."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.mining import write_pairs, write_text
from tests.cli.running import refused

P19 = ("--task", "facts", "--relation", "P19")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ((), "Nothing to mine for: neither a task nor pairs were given."),
        (("--relation", "P19"), "--task facts --relation P19, or --pairs FILE"),
        (("--task", "facts"), "Facts holds facts of 12 relations"),
        (("--task", "facts", "--relation", "P999"), "The data has no facts of the relation P999."),
        (("--task", "facts:P19", "--relation", "P20"), "names a relation, and --relation another one"),
        (("--task", "sst2", "--relation", "P19"), "is a task of kind sentiment; only facts have relations"),
        ((*P19, "--pairs", "towns.csv"), "--pairs is a task of its own"),
        (("--pairs", "missing.csv"), "No such file. missing.csv"),
        ((*P19, "--corpus", "nowhere.txt"), "No such file or folder. nowhere.txt"),
        ((*P19, "--corpus", "no*.txt"), "no*.txt"),
        ((*P19, "--workers", "0"), "Invalid value for '--workers'"),
        ((*P19, "--between", "0"), "Invalid value for '--between'"),
        ((*P19, "--sentences", "spacy"), "Invalid value for '--sentences'"),
        ((*P19, "--miner", "middles"), "There is no miner 'middles'."),
        ((*P19, "--no-plm", "--plm", "minilm-mlm"), "--no-plm and --plm contradict each other"),
        (
            (*P19, "--scheduler", "tcp://127.0.0.1:1", "--checkpoint", "c"),
            "a checkpoint cannot be kept of work on a cluster",
        ),
    ],
)
def test_bad_options(given, said):
    write_pairs()
    assert said.lower() in refused("mine", *given).lower()
    assert not Path("runs").exists()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("a,b\n1,2\n", "There is no column 'subject'. pairs.csv"),
        ("x,b\n1,2\n", "There is no column 'object'. pairs.csv"),
        ("", "The file holds no rows. pairs.csv"),
        ("x,y\n,\nA,\n", "2 pairs left out: an empty side"),
        ("x,y\nRome,rome\n", "1 pair left out: the same name on both sides, as 'Rome', 'rome'."),
        ("relation,x,y\nP1,A,B\nP2,C,D\n", "Choose one, for example --relation P1. Relations: P1, P2."),
    ],
)
def test_pairs_that_are_none(content, said):
    Path("pairs.csv").write_text(content, "utf-8")
    assert said in refused("mine", "--pairs", "pairs.csv")
    assert not Path("runs").exists()


def test_a_relation_that_the_file_lacks():
    Path("pairs.csv").write_text("relation,x,y\nborn,A,B\nlives,C,D\n", "utf-8")
    said = refused("mine", "--pairs", "pairs.csv", "--relation", "borne")
    assert "no pairs of the relation borne. pairs.csv Did you mean born?" in said


def test_facts_of_a_data_file_that_are_none():
    Path("own.csv").write_text("subject,object\nRome,Rome\nOslo,oslo\n", "utf-8")
    said = refused("mine", "--data", "own.csv", "--kind", "fact")
    assert "No pair can be mined with. own.csv 2 pairs left out" in said


def test_a_corpus_without_text():
    Path("empty.txt").write_text("")
    Path("folder").mkdir()
    Path("folder/a.pdf").write_text("x")
    for task in (P19, ("--task", "reviews")):
        assert "The corpus is empty. empty.txt Give" in refused("mine", *task, "--corpus", "empty.txt")
        said = refused("mine", *task, "--corpus", "folder")
        assert "The folder holds no text that can be read. folder" in said.replace("Reading the data ", "")


@pytest.mark.parametrize("task", [P19, ("--task", "reviews")])
@pytest.mark.parametrize("alone", [(), ("--no-plm",)])
def test_a_blank_corpus(task, alone):
    Path("blank.txt").write_text(" \n\t\n\n")
    said = refused("mine", *task, *alone, "--corpus", "blank.txt")
    assert "The corpus holds no text: it has 3 lines and 5 characters, nothing but white space. blank" in said
    assert "Give files that hold text with --corpus" in said
    assert not Path("runs").exists()


def test_a_column_that_is_missing_names_the_option():
    Path("own.jsonl").write_text('{"id": 1, "a review": "Fine."}\n', "utf-8")
    for column in ((), ("--column", "a_review")):
        said = refused("mine", *P19, "--corpus", "own.jsonl", *column)
        assert "Columns: 'id', 'a review'. Name the one that holds the text: `promptsearch mine" in said
    assert "--column 'a review'`." in said


def test_a_column_of_no_texts_names_the_option():
    pa, pq = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    pq.write_table(pa.table({"text": [1, 2], "said": ["a", "b"]}), "own.parquet")
    said = refused("mine", *P19, "--corpus", "own.parquet")
    assert "Column 'text' holds int64, not texts. own.parquet" in said
    assert "--column" in said


def test_a_scheduler_that_does_not_answer(monkeypatch):
    cluster = pytest.importorskip("promptsearch.engines.mining.running.cluster")
    pytest.importorskip("distributed")
    monkeypatch.setattr(cluster.count_on_cluster, "__kwdefaults__", {
        **cluster.count_on_cluster.__kwdefaults__, "timeout": 1.0,
    })  # fmt: skip
    given = ("--pairs", write_pairs(), "--corpus", write_text(), "--no-plm")
    said = refused("mine", *given, "--scheduler", "tcp://127.0.0.1:1")
    assert "No Dask scheduler answers" in said
    assert "tcp://127.0.0.1:1" in said
    assert not list(Path("runs").iterdir())


def test_a_checkpoint_that_the_user_named_is_not_dropped():
    Path("named.json.gz").write_bytes(b"no checkpoint")
    given = ("--pairs", write_pairs(), "--corpus", write_text(), "--no-plm")
    said = refused("mine", *given, "--checkpoint", "named.json.gz")
    assert "The checkpoint is damaged. named.json.gz" in said
    assert Path("named.json.gz").read_bytes() == b"no checkpoint"
