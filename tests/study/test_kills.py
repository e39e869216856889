"""A search that is killed with SIGKILL keeps what it has finished."""

from __future__ import annotations

import json

import pytest

from promptsearch.bench.kills import finished, run
from promptsearch.bench.sittings import broken_files
from promptsearch.study.runs import run_of

pytestmark = pytest.mark.alone

OPTIONS = "--task reviews --plm minilm-mlm --shots 4 --max-test 20 --engine manual --offline".split()  # noqa: SIM905


@pytest.mark.slow
def test_four_kills(tmp_path):
    found = run(OPTIONS, tmp_path / "run", kills=4, minutes=2, seed=3, longest=12.0)
    assert len(found.kills) >= 2
    assert any(kill.finished > 0 for kill in found.kills)
    assert [kill.lost for kill in found.kills] == [()] * len(found.kills)
    assert [kill.broken for kill in found.kills] == [()] * len(found.kills)
    # Each sitting begins with what the one before it had when it was killed.
    assert [kill.before for kill in found.kills[1:]] == [kill.finished for kill in found.kills[:-1]]
    assert found.trials >= found.kills[-1].finished
    assert (found.lost, found.repeated, found.valid) == ((), 0, True)
    assert found.within_budget
    # What a killed sitting took to start is known to nobody but who started it.
    assert found.counted + found.on_top <= found.seconds
    assert found.sound
    assert run_of(tmp_path / "run").state == "done"


def test_what_is_broken_is_found(tmp_path):
    (tmp_path / "whole.json").write_text("{}\n", "utf-8")
    (tmp_path / "half.json").write_text('{"a": ', "utf-8")
    (tmp_path / "lines.jsonl").write_text('{"a": 1}\n{"a"', "utf-8")
    (tmp_path / ".half.json.1-ab.tmp").write_text("{", "utf-8")
    (tmp_path / "study.log").write_text(json.dumps({"op_code": 0}) + '\n{"op', "utf-8")
    problems, torn = broken_files(tmp_path)
    assert [problem.partition(":")[0] for problem in problems] == ["half.json, line 1", "lines.jsonl, line 2"]
    assert torn


def test_nothing_is_finished_where_there_is_no_study(tmp_path):
    assert finished(tmp_path) == {}
    assert broken_files(tmp_path) == ((), False)
