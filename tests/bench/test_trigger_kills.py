"""Killed trigger searches, from made runs."""

from __future__ import annotations

from dataclasses import replace

from promptsearch.bench.trigger_kills import KilledRun, Outcome, TriggerKills

BETTER = ("{text} {trigger*1} {mask}", ((7,),), 0.5, 3)
EXPECTED = Outcome({"minilm-mlm": (BETTER,)}, ("{text} a {mask}", "", ""))
RUN = KilledRun((1.5, 0.2), 1, (), True, 30.0)


def test_a_run_that_came_to_the_same_is_sound():
    found = TriggerKills(EXPECTED, 12.0, (RUN, replace(RUN, kills=(3.0,), in_search=1)))
    assert found.sound
    record = found.record()
    assert (record["kills"], record["in_the_search"], record["same"]) == (3, 2, 2)
    assert record["better_triggers"] == {"minilm-mlm": 1}
    assert record["last"]["minilm-mlm"] == {"template": BETTER[0], "ids": ((7,),), "loss": 0.5}


def test_another_trigger_or_a_broken_file_is_not():
    assert not TriggerKills(EXPECTED, 12.0, (RUN, replace(RUN, same=False))).sound
    assert not TriggerKills(EXPECTED, 12.0, (replace(RUN, broken=("a.json, line 1: cut",)),)).sound
