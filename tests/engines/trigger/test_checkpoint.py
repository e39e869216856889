"""Searches that are killed and gone on with end as those that are not."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from promptsearch.engines.base import Budget, Candidate
from promptsearch.engines.trigger import TriggerConfig, TriggerEngine, arms
from promptsearch.engines.trigger.checkpoint import Checkpoint
from promptsearch.errors import StorageError
from promptsearch.plms import load_plm
from promptsearch.plms.base import PLM
from promptsearch.template import Template
from tests.engines.trigger.small import MASKED, PREFIX, WORDS, small_plm, small_task

CONFIG = TriggerConfig(candidates=8, top_k=32, patience=3, batch=4)
BUDGET = Budget(evaluations=1500)
# For a step or two.
FEW = Budget(evaluations=200)
FREE = {"bert": [MASKED, "{trigger*2} {text} {mask} ."], "gpt2": [PREFIX], "minilm": [MASKED]}


class Killed(Exception):
    """Stands for what ends a process."""


def search(
    name: str, config: TriggerConfig = CONFIG, folder: Path | None = None, budget: Budget = BUDGET
) -> tuple[list[Candidate], TriggerEngine]:
    free = [Template.parse(source) for source in FREE[name]]
    engine = TriggerEngine(config, free, WORDS, folder=folder)
    plm = built_in() if name == "minilm" else small_plm(name)
    return list(engine.search(small_task(), plm, budget, 0)), engine


@cache
def uninterrupted(name: str, config: TriggerConfig = CONFIG) -> tuple[list[Candidate], TriggerEngine]:
    """A search without checkpoints, the same for all who ask."""
    return search(name, config)


@cache
def built_in() -> PLM:
    return load_plm("minilm-mlm", device="cpu", dtype="float32", cache=False)


def told(candidates: list[Candidate]) -> list[dict[str, object]]:
    """What candidates say, but for the time it took."""
    return [{**candidate.provenance, "seconds": 0} for candidate in candidates]


@pytest.mark.parametrize("name", ["bert", "gpt2"])
@pytest.mark.parametrize("options", [{}, {"prune": 25, "fluency": 0.1}, {"method": "edit"}])
def test_a_search_killed_after_any_step_ends_as_one_that_was_not(name, options, tmp_path, monkeypatch):
    config = replace(CONFIG, **options)
    monkeypatch.setattr(arms, "PRUNING_ROWS", 1)
    expected, whole = uninterrupted(name, config)
    write, steps = Checkpoint.write, []

    def killed_at_times(self, search):
        write(self, search)
        steps.append(search.steps)
        if len(steps) % 3 == 0:
            raise Killed

    monkeypatch.setattr(Checkpoint, "write", killed_at_times)
    for _ in range(200):
        try:
            found, resumed = search(name, config, tmp_path)
        except Killed:
            continue
        break
    assert len(steps) > 3
    assert told(found) == told(expected)
    assert resumed.history.restarts == whole.history.restarts
    assert resumed.history.evaluations == whole.history.evaluations


def test_a_step_that_is_cut_short_is_made_again(tmp_path, monkeypatch):
    """The kill comes while candidates are being read."""
    expected, _ = uninterrupted("bert")
    plm = small_plm("bert")
    read, calls = type(plm).read_positions, []

    def killed_at_times(self, prompts):
        calls.append(len(prompts))
        if len(calls) in (7, 16, 25):
            raise Killed
        return read(self, prompts)

    monkeypatch.setattr(type(plm), "read_positions", killed_at_times)
    for _ in range(3):
        with pytest.raises(Killed):
            search("bert", folder=tmp_path)
    found, _ = search("bert", folder=tmp_path)
    assert told(found) == told(expected)


def test_more_budget_goes_on_and_the_same_is_at_once_at_its_end(tmp_path):
    expected, _ = uninterrupted("bert")
    search("bert", folder=tmp_path, budget=Budget(evaluations=700))
    found, _ = search("bert", folder=tmp_path)
    assert told(found) == told(expected)
    written = (tmp_path / "trigger.json").read_bytes()
    again, _ = search("bert", folder=tmp_path)
    assert told(again) == told(expected)
    assert (tmp_path / "trigger.json").read_bytes() == written


def test_seconds_of_earlier_sittings_count(tmp_path):
    search("bert", folder=tmp_path, budget=FEW)
    record = json.loads((tmp_path / "trigger.json").read_text())
    (tmp_path / "trigger.json").write_text(json.dumps({**record, "seconds": 500.0}))
    _, engine = search("bert", folder=tmp_path, budget=Budget(seconds=400.0))
    assert engine.history.seconds == pytest.approx(500.0, abs=5.0)
    assert engine.history.reason == "budget"


def test_an_interrupted_search_has_its_history(monkeypatch):
    engine = TriggerEngine(CONFIG, [Template.parse(MASKED)], WORDS)
    found = []

    def stop(improvement):
        found.append(improvement)
        if len(found) == 2:
            raise KeyboardInterrupt

    engine.watch = stop
    with pytest.raises(KeyboardInterrupt):
        list(engine.search(small_task(), small_plm("bert"), BUDGET, 0))
    assert list(engine.history.improvements) == found


def test_the_checkpoint_of_another_search_is_not_gone_on_with(tmp_path):
    search("bert", folder=tmp_path, budget=FEW)
    with pytest.raises(StorageError, match="of another trigger search") as refusal:
        search("bert", replace(CONFIG, candidates=17), tmp_path)
    assert "Take another folder" in str(refusal.value)


@pytest.mark.parametrize("content", ["", "{", "[]", '{"version": 1}', '{"version": 1, "key": 3}'])
def test_a_damaged_checkpoint_is_named(content, tmp_path):
    (tmp_path / "trigger.json").write_text(content)
    with pytest.raises(StorageError) as refusal:
        search("bert", folder=tmp_path)
    assert "trigger.json" in str(refusal.value)


_PROCESS = """
import sys
from pathlib import Path
from promptsearch.engines.base import Budget
from tests.engines.trigger.test_checkpoint import search
search("minilm", folder=Path(sys.argv[1]), budget=Budget(evaluations=500))
"""


@pytest.mark.slow
def test_killed_processes_are_gone_on_with(tmp_path):
    """SIGKILL as soon as the checkpoint has changed, whatever the process is doing by then."""
    budget = Budget(evaluations=500)
    expected, _ = search("minilm", budget=budget)
    file = tmp_path / "trigger.json"
    for _ in range(2):
        before = file.read_bytes() if file.exists() else b""
        process = subprocess.Popen(
            [sys.executable, "-c", _PROCESS, str(tmp_path)],
            stdout=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])},
        )
        while process.poll() is None and (not file.exists() or file.read_bytes() == before):
            time.sleep(0.02)
        process.kill()
        process.wait()
        assert file.read_bytes() != before
    found, _ = search("minilm", folder=tmp_path, budget=budget)
    assert told(found) == told(expected)
