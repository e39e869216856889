from __future__ import annotations

import gzip
import math

import pytest

from promptsearch.errors import TaskError
from promptsearch.tasks import load_task
from tests.tasks.conftest import error_of, jsonl, rows_of, seen

FOUR = rows_of(("dull", "neg"), ("witty", "pos"), ("slow", "neg"), ("warm", "pos"))


def test_one_file_is_all_train(write):
    task = load_task("films", data=write("films.jsonl", FOUR))
    assert (task.name, task.kind, task.fields, task.labels) == (
        "films",
        "sentiment",
        ("text",),
        ("neg", "pos"),
    )
    assert list(task.splits) == ["train"]
    assert seen(task, "train") == [("dull", 0), ("witty", 1), ("slow", 0), ("warm", 1)]
    assert task.source.kind == "file"
    assert any("guessed" in notice and "sentiment" in notice for notice in task.notices)


def test_the_file_names_the_task_where_nothing_else_does(write):
    assert load_task(data=write("films.v2.jsonl.gz", gzip.compress(jsonl(FOUR)))).name == "films.v2"


def test_a_folder_of_split_files_by_their_usual_names(write, tmp_path):
    write("d/train.csv", "text,label\na,x\nb,y\n")
    write("d/dev.tsv", "text\tlabel\nc\tx\n")
    write("d/test.jsonl.gz", gzip.compress(jsonl([{"text": "d"}, {"text": "e"}])))
    write("d/notes.txt", "not data")
    task = load_task("mine", data=tmp_path / "d")
    assert list(task.splits) == ["train", "validation", "test"]
    assert seen(task, "validation") == [("c", 0)]
    assert seen(task, "test") == [("d", None), ("e", None)]


def test_shards_of_a_split_are_read_as_one(write, tmp_path):
    write("d/train-00000-of-00002.jsonl", rows_of(("a", 0)))
    write("d/train-00001-of-00002.jsonl", rows_of(("b", 1)))
    assert seen(load_task("mine", data=tmp_path / "d"), "train") == [("a", 0), ("b", 1)]


def test_shards_may_name_columns_that_their_first_row_lacks(write, tmp_path):
    write("d/train-00000-of-00002.jsonl", [{"text": "z"}, *rows_of(("a", 0))])
    write("d/train-00001-of-00002.jsonl", rows_of(("b", 1)))
    assert seen(load_task("mine", data=tmp_path / "d"), "train") == [("a", 0), ("b", 1)]


def test_two_files_for_one_split_are_refused(write, tmp_path):
    write("d/train.jsonl", FOUR)
    write("d/valid.jsonl", FOUR)
    write("d/dev.csv", "text,label\na,neg\n")
    assert (
        error_of("mine", data=tmp_path / "d").message
        == "several files for the validation split: dev.csv, valid.jsonl"
    )


def test_datasets_folders_and_parquet_bring_their_class_names(tmp_path):
    import datasets

    features = datasets.Features(
        {"text": datasets.Value("string"), "label": datasets.ClassLabel(names=["bad", "good"])}
    )
    data = datasets.Dataset.from_dict({"text": ["a", "b"], "label": [1, 0]}, features=features)
    data.save_to_disk(str(tmp_path / "one"))
    datasets.DatasetDict({"train": data, "validation": data}).save_to_disk(str(tmp_path / "many"))
    data.to_parquet(str(tmp_path / "a.parquet"))
    for place, splits in (("one", ["train"]), ("many", ["train", "validation"]), ("a.parquet", ["train"])):
        task = load_task("own", data=tmp_path / place)
        assert list(task.splits) == splits
        assert task.labels == ("bad", "good")
        assert seen(task, "train") == [("a", 1), ("b", 0)]


def test_a_data_set_of_the_datasets_library_in_memory():
    import datasets

    rows = datasets.Dataset.from_list(FOUR).cast_column("label", datasets.ClassLabel(names=["pos", "neg"]))
    task = load_task(data=rows)
    assert (task.labels, seen(task, "train")[:2]) == (("pos", "neg"), [("dull", 1), ("witty", 0)])
    assert error_of(data=datasets.DatasetDict(train=rows)).message == "a DatasetDict was given, not rows"


def test_numbers_without_0_that_might_count_from_1_are_told():
    def notices(*labels):
        rows = [{"text": f"film {label}", "label": label} for label in labels]
        return [notice for notice in load_task("sst5", data=rows).notices if "none is 0" in notice]

    (told,) = notices(1, 2, "4")
    assert "1 = 'negative', 2 = 'neutral', 4 = 'very positive'" in told
    assert not notices(0, 1, 2) + notices(1, 2, 5) + notices("negative", "positive")


def test_columns_in_memory_may_be_numbers():
    rows = [{0: row["text"], 1: row["label"]} for row in FOUR]
    task = load_task(data=rows, mapping={"text": "0", "label": "1"})
    assert seen(task, "train")[:2] == [("dull", 0), ("witty", 1)]
    assert "Columns: '0', '1'" in str(error_of(data=rows, mapping="text=0,label=2"))


def test_rows_in_memory_and_frames():
    class Frame:
        """The part of a pandas frame that is used."""

        def to_dict(self, orient: str):
            assert orient == "records"
            return [
                {"text": "a", "label": 1.0},
                {"text": "b", "label": 0.0},
                {"text": math.nan, "label": math.nan},
            ]

    assert load_task("own", data=FOUR).labels == ("neg", "pos")
    task = load_task("own", data=Frame())
    assert task.labels == (0.0, 1.0)
    assert seen(task, "train") == [("a", 1), ("b", 0)]
    assert load_task("sst2", data=Frame()).labels == ("negative", "positive")
    assert error_of("own", data=[]).message == "there are no rows"
    assert error_of("own", data=["text"]).message == "a row is a str, not a mapping"


def test_lama_without_data_says_which_relations_there_are():
    assert "P1412" in str(error_of("lama").hint)
    assert error_of("lama:P9999").message == "P9999 is no relation of lama"


def test_the_data_folder_comes_before_the_hub(write, monkeypatch, tmp_path):
    write("sst2/train.jsonl", rows_of(("a", 0), ("b", 1)))
    write("my_own/train.jsonl", FOUR)
    monkeypatch.setenv("PROMPTSEARCH_DATA", str(tmp_path))
    assert load_task("sst2").source.location == str(tmp_path / "sst2")
    assert load_task("SST-2").source.location == str(tmp_path / "sst2")
    assert load_task("my_own").labels == ("neg", "pos")
    assert load_task("imdb").stand_in_for == "imdb"
    monkeypatch.setenv("PROMPTSEARCH_DATA", str(tmp_path / "none"))
    assert error_of("sst2").message == "PROMPTSEARCH_DATA does not name a folder"


def test_a_stand_in_is_announced(monkeypatch):
    task = load_task("sst2")
    assert (task.name, task.stand_in_for, task.kind) == ("reviews", "sst2", "sentiment")
    assert (task.source.kind, task.source.location) == ("sample", "reviews")
    notice = task.notices[-1]
    assert "'reviews'" in notice
    assert "stands in for sst2, because HF_HUB_OFFLINE is set" in notice
    assert "--data FILE_OR_FOLDER" in notice
    assert "$PROMPTSEARCH_DATA/sst2" in notice
    monkeypatch.delenv("HF_HUB_OFFLINE")
    assert "working offline was asked for" in load_task("sst2", offline=True).notices[-1]


@pytest.mark.parametrize(("asked", "sample"), [("ag_news", "topics"), ("rte", "entail"), ("imdb", "reviews")])
def test_a_stand_in_is_of_the_same_kind(asked, sample):
    task = load_task(asked)
    assert (task.name, task.stand_in_for) == (sample, asked)


def test_a_stand_in_can_be_ruled_out():
    error = error_of("sst2", stand_in=False)
    assert isinstance(error, TaskError)
    assert "HF_HUB_OFFLINE is set" in error.message
    assert "a stand-in was ruled out" in error.message
    assert "--data" in str(error.hint)
    assert "no bundled sample is of its kind (choice)" in error_of("copa").message


@pytest.mark.parametrize("name", ["reviews", "topics", "entail"])
def test_samples_are_tasks_of_their_own(name):
    task = load_task(name)
    assert (task.name, task.stand_in_for) == (name, None)
    assert list(task.splits) == ["train", "validation", "test"]
    assert all(len(task.splits[split]) >= 16 for split in task.splits)


def test_facts_are_asked_for_by_relation():
    task = load_task("facts:P19")
    assert (task.name, task.kind, task.fields, task.stand_in_for) == ("facts:P19", "fact", ("subject",), None)
    assert (task.source.kind, task.source.location) == ("sample", "facts")
    objects = {task.labels[label or 0] for split in task.splits for _, label in seen(task, split)}
    assert objects == set(task.labels)
    error = error_of("facts")
    assert error.message == "facts holds facts of 12 relations; a task is one of them"
    assert error.hint == (
        "Choose one, for example facts:P17. "
        "Relations: P17, P19, P20, P30, P36, P37, P103, P106, P136, P159, P178, P1303."
    )
    error = error_of("facts:P27")
    assert error.message == "the data has no facts of the relation P27"
    assert "P17, P19, P20" in str(error.hint)
    assert error_of("reviews:P19").message == "no task is called 'reviews:P19'"


def test_the_same_relation_stands_in_for_one_of_lama():
    task = load_task("lama:P19")
    assert (task.name, task.stand_in_for, task.kind) == ("facts:P19", "lama:P19", "fact")
    assert task.labels == load_task("facts:P19").labels
    assert task.notices[-1].startswith(
        "The bundled sample 'facts:P19' (place of birth) stands in for lama:P19, because HF_HUB_OFFLINE"
    )
    assert "not of lama:P19." in task.notices[-1]
    error = error_of("lama:P27")
    assert error.message == (
        "the task lama:P27 cannot be had: HF_HUB_OFFLINE is set, which forbids the network, and the bundled "
        "sample 'facts' has no facts of P27"
    )
    assert str(error.hint).endswith(
        "The sample has P17, P19, P20, P30, P36, P37, P103, P106, P136, P159, P178, P1303."
    )
    assert "a stand-in was ruled out" in error_of("lama:P19", stand_in=False).message


def test_a_data_folder_of_facts_that_lacks_the_relation_is_refused(write, monkeypatch, tmp_path):
    write("lama_trex/train.jsonl", [{"relation": "P103", "subject": "Proust", "object": "French"}])
    monkeypatch.setenv("PROMPTSEARCH_DATA", str(tmp_path))
    error = error_of("lama:P19")
    assert error.message == "the data has no facts of the relation P19"
    assert "Relations: P103." in str(error.hint)


def test_an_unknown_name_gets_near_matches_and_how_to_give_data(write):
    error = error_of("sst3")
    assert error.message == "no task is called 'sst3'"
    assert str(error.hint).startswith("Did you mean sst")
    assert "reviews" in str(error.hint)
    assert "--data FILE_OR_FOLDER" in str(error.hint)
    path = write("films.csv", "text,label\n")
    assert error_of(str(path)).hint == f"For a file or folder: --data {path}."
    assert "neither a task nor data" in error_of().message


def test_missing_and_empty_places(write, tmp_path):
    write("films.csv", "text,label\n")
    assert error_of("a", data=tmp_path / "film.csv").hint == f"Did you mean {tmp_path / 'films.csv'}?"
    assert error_of("a", data=tmp_path / "films.csv").message == "the file holds no rows"
    (tmp_path / "empty").mkdir()
    assert error_of("a", data=tmp_path / "empty").message == "the folder has no data files"
