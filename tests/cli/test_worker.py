"""`promptsearch worker`."""

from __future__ import annotations

from pathlib import Path

import pytest

from promptsearch.study.storage import open_study
from tests.cli.conftest import ROWS, lines
from tests.cli.running import refused, run

SMALL = ("--plm", "minilm-mlm", "--shots", "4", "--engine", "manual", "--template", "{text} It was {mask}.")


@pytest.fixture
def place() -> str:
    """A study that is over."""
    data = lines("rows.jsonl", ROWS)
    outcome = run("discover", "--data", data, *SMALL, "--out", "run", "--quiet")
    assert outcome.code == 0, outcome.err
    return f"journal://{Path('run/study.log').resolve()}"


def test_a_worker_that_comes_too_late_has_nothing_to_do(place):
    outcome = run("worker", "--storage", place, "--threads", "1", "--quiet")
    assert (outcome.code, outcome.out) == (0, "Tried 0 templates.\n")


def test_the_study_is_named_where_there_are_several(place):
    open_study(Path("run"), "another")
    said = refused("worker", "--storage", place)
    assert "The storage holds several studies" in said
    assert "Name one by --study" in said
    assert run("worker", "--storage", place, "--study", "promptsearch", "--quiet").code == 0
    assert "no study 'third'" in refused("worker", "--storage", place, "--study", "third")


def test_a_place_without_a_study():
    assert "holds no study" in refused("worker", "--storage", f"journal://{Path.cwd() / 'study.log'}")
    assert "A study cannot be kept in 'mysql'" in refused("worker", "--storage", "mysql://there/base")


def test_the_data_must_lie_at_the_same_place(place):
    Path("rows.jsonl").rename("moved.jsonl")
    assert "rows.jsonl" in refused("worker", "--storage", place)
    lines("rows.jsonl", [{**row, "text": f"other {row['text']}"} for row in ROWS])
    said = refused("worker", "--storage", place)
    assert "The data here are not those of the run" in said
