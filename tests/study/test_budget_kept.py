"""A command keeps within its minutes."""

from __future__ import annotations

import time

import pytest

from promptsearch.study.runs import run_of
from tests.study.workers import end, start

SEARCH = ("--task", "sst2", "--plm", "minilm-mlm", "--max-test", "100", "--offline", "--quiet")


@pytest.mark.slow
@pytest.mark.alone
@pytest.mark.parametrize("workers", [1, 2])
def test_a_search_that_is_not_done_in_time_ends_in_time(tmp_path, workers):
    """One minute, of which starting processes may take another half where a machine is busy."""
    begun = time.monotonic()
    options = [*SEARCH, "--minutes", "1", "--workers", str(workers), "--out", str(tmp_path / "run")]
    end(start("discover", *options, cache=tmp_path / "cache"))
    assert time.monotonic() - begun < 90
    found = run_of(tmp_path / "run")
    assert found.state == "done"
    assert found.seconds is not None
    assert found.seconds < 72
