"""The checkpoint that no one asked for."""

from __future__ import annotations

import logging
import os
import time

import pytest

from promptsearch.corpus import Corpus
from promptsearch.engines.mining.running import automatic, count
from promptsearch.paths import cache_dir
from tests.engines.mining.running.corpora import COUNTER, whole, write_text
from tests.engines.mining.running.stopping import SIZE, Told, stop


@pytest.fixture
def corpus(tmp_path, monkeypatch):
    monkeypatch.setenv("PROMPTSEARCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(automatic, "WORTH_SECONDS", 0.0)
    write_text(tmp_path / "a.txt", seed=1)
    return Corpus.of([tmp_path / "a.txt"], sentences="rules")


def files():
    return list((cache_dir() / "mining").glob("*.json.gz"))


def test_finished_counts_outlive_counting_as_part_of_more(corpus, caplog):
    with automatic.keep_finished():
        counts = count(COUNTER, corpus, workers=1, size=SIZE, checkpoint="automatic")
    assert len(files()) == 1
    told = Told()
    with automatic.keep_finished() as kept, caplog.at_level(logging.WARNING):
        again = count(COUNTER, corpus, workers=1, size=SIZE, checkpoint="automatic", progress=told)
        assert len(files()) == 1
        kept.remove()
    assert (again, told) == (counts, [])
    assert "the text is not read again" in caplog.text
    assert files() == []


def test_a_short_rest_of_a_long_run_is_kept_too(corpus, monkeypatch):
    stop(corpus)
    monkeypatch.setattr(automatic, "WORTH_SECONDS", 60.0)
    with automatic.keep_finished():
        count(COUNTER, corpus, workers=1, size=SIZE, checkpoint="automatic")
    told = Told()
    count(COUNTER, corpus, workers=1, size=SIZE, checkpoint="automatic", progress=told)
    assert told == []


def test_what_is_not_worth_it_is_not_kept(corpus, monkeypatch):
    monkeypatch.setattr(automatic, "WORTH_SECONDS", 60.0)
    with automatic.keep_finished():
        count(COUNTER, corpus, workers=1, size=SIZE, checkpoint="automatic")
    assert files() == []


def test_counting_goes_on_and_leaves_nothing(corpus):
    stop(corpus)
    assert len(files()) == 1
    told = Told()
    counts = count(COUNTER, corpus, workers=1, size=SIZE, checkpoint="automatic", progress=told)
    assert counts == whole(COUNTER, corpus)
    assert len(told) == 1 + sum(1 for _ in corpus.segments(SIZE)) - 5
    assert files() == []


def test_each_run_has_its_own(corpus):
    stop(corpus)
    stop(corpus, most=1000)
    assert len(files()) == 2


def test_none_is_written_before_it_is_worth_it(corpus, monkeypatch):
    monkeypatch.setattr(automatic, "WORTH_SECONDS", 60.0)
    stop(corpus)
    assert files() == []


def test_a_damaged_one_is_dropped(corpus, caplog):
    stop(corpus)
    files()[0].write_bytes(b"nothing")
    with caplog.at_level(logging.WARNING):
        assert count(COUNTER, corpus, workers=1, size=SIZE, checkpoint="automatic") == whole(COUNTER, corpus)
    assert "counting starts from the beginning: the checkpoint is damaged" in caplog.text
    assert files() == []


def test_a_cache_that_cannot_be_written_ends_nothing(corpus, tmp_path, caplog):
    (tmp_path / "cache").write_text("a file, not a folder")
    with caplog.at_level(logging.WARNING):
        stop(corpus)
    assert caplog.text.count("a run that is killed will start from the beginning") == 1


def test_old_ones_are_removed(corpus):
    (cache_dir() / "mining").mkdir(parents=True)
    old, new = (cache_dir() / "mining" / f"{name}.json.gz" for name in ("old", "new"))
    for file in (old, new):
        file.write_bytes(b"x")
    os.utime(old, (time.time() - 90 * 24 * 3600,) * 2)
    stop(corpus)
    assert not old.exists()
    assert new.exists()
