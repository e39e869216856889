"""Folders of this package's own runs are no text."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from promptsearch.corpus import Corpus
from promptsearch.errors import DataError

CONFIG = {"task": "sst2", "fingerprint": "ab", "command": "promptsearch mine", "versions": {"python": "3"}}
TOLD = "1 run folder of promptsearch was left out of the corpus."


def write_run(folder: Path) -> None:
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps(CONFIG), "utf-8")
    (folder / "candidates.jsonl").write_text('{"template": "{text} {mask}"}\n', "utf-8")


def names(corpus: Corpus) -> list[str]:
    return [Path(source.name).name for source in corpus.sources]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "own.jsonl").write_text('{"text": "one"}\n', "utf-8")
    write_run(tmp_path / "runs" / "a")
    return tmp_path


@pytest.mark.parametrize("place", ["", "*", "**/*.jsonl"])
def test_a_run_below_is_left_out_and_told(home, place):
    corpus = Corpus.of([home / place])
    assert (names(corpus), corpus.notices) == (["own.jsonl"], (TOLD,))


def test_two_are_counted(home):
    write_run(home / "runs" / "b")
    assert Corpus.of([home]).notices == ("2 run folders of promptsearch were left out of the corpus.",)


@pytest.mark.parametrize("place", ["runs", "runs/a", "runs/*", "runs/*/*.jsonl"])
def test_nothing_but_runs_is_refused(home, place):
    with pytest.raises(DataError) as raised:
        Corpus.of([home / place])
    assert "1 run folder of promptsearch" in (raised.value.hint or "")


def test_a_file_that_is_named_is_read(home):
    corpus = Corpus.of([home / "runs" / "a" / "candidates.jsonl"], column="template")
    assert (names(corpus), corpus.notices) == (["candidates.jsonl"], ())


@pytest.mark.parametrize("config", ['{"task": "mine"}', "[]", "no json", '{"a": 1'])
def test_a_config_of_something_else_is_no_run(tmp_path, config):
    (tmp_path / "config.json").write_text(config, "utf-8")
    (tmp_path / "a.txt").write_text("one\n", "utf-8")
    corpus = Corpus.of([tmp_path])
    assert (names(corpus), corpus.notices) == (["a.txt"], ())
