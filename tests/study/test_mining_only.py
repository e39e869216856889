"""Mining without a PLM, from Python."""

from __future__ import annotations

import json

import pytest

from promptsearch.engines.mining.config import MiningConfig
from promptsearch.errors import DataError, StorageError
from promptsearch.study.config import DiscoverConfig
from promptsearch.study.mining_only import mining_task, run
from promptsearch.study.observer import Observer
from promptsearch.tasks import load_task


class Told(Observer):
    def __init__(self):
        self.notices = []

    def notice(self, text):
        self.notices.append(text)


def config(out, **options):
    return DiscoverConfig(task="facts:P103", offline=True, out=out, **options)


def test_the_train_split_alone_is_mined_with(tmp_path):
    found = run(config(tmp_path / "run"), Observer())
    assert found.mining.pairs == len(load_task("facts:P103").splits["train"])
    assert list(found.task.splits) == ["train"]
    record = json.loads((found.folder / "mined.json").read_text("utf-8"))
    assert [entry["template"] for entry in record["templates"]] == [
        str(template.cloze) for template in found.mining.templates
    ]


def test_a_source_without_train_is_mined_with_what_it_has(tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "test.jsonl").write_text('{"subject": "Ada", "object": "Rome"}\n' * 2, "utf-8")
    task = mining_task(load_task(data=tmp_path / "data", kind="fact"))
    assert [example.values["subject"] for example in task.train] == ["Ada", "Ada"]


def test_why_nothing_was_found_is_told(tmp_path):
    (tmp_path / "text.txt").write_text("Nothing.\n")
    told = Told()
    found = run(config(tmp_path / "run", mining=MiningConfig(corpora=(tmp_path / "text.txt",))), told)
    assert found.mining.templates == ()
    assert any("No sentence holds both sides of a pair" in notice for notice in told.notices)
    assert "No sentence holds both sides of a pair" in (found.folder / "report.md").read_text("utf-8")


def test_a_failure_leaves_no_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DataError):
        run(config(None, mining=MiningConfig(corpora=("nowhere.txt",))), Observer())
    (tmp_path / "named.json.gz").write_bytes(b"x")
    with pytest.raises(DataError, match="damaged"):
        run(config(None, mining=MiningConfig(checkpoint=tmp_path / "named.json.gz")), Observer())
    assert not list(tmp_path.glob("runs/*"))


def test_a_folder_of_other_files_is_refused(tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "letter.txt").write_text("")
    with pytest.raises(StorageError, match="holds other files"):
        run(config(tmp_path / "run"), Observer())


def test_a_run_takes_the_place_of_an_earlier_one(tmp_path):
    first = run(config(tmp_path / "run"), Observer())
    again = run(config(tmp_path / "run"), Observer())
    assert [t.support for t in first.mining.templates] == [t.support for t in again.mining.templates]
    assert sorted(path.name for path in again.folder.iterdir()) == ["config.json", "mined.json", "report.md"]


def test_a_file_of_ones_own_that_is_called_like_an_ensemble_is_not_removed(tmp_path):
    (tmp_path / "run").mkdir()
    own = tmp_path / "run" / "ensemble-notes.json"
    own.write_text("[1]")
    with pytest.raises(StorageError, match="holds other files"):
        run(config(tmp_path / "run"), Observer())
    assert own.read_text() == "[1]"
