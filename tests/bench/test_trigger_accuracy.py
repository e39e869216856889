"""Triggers on test: how examples are drawn, how runs are kept, what is told of them."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace

import pytest

from promptsearch.bench import trigger_accuracy
from promptsearch.bench.trigger_accuracy_runs import Case, Chosen, Run
from promptsearch.bench.trigger_accuracy_table import Store, Summary, markdown, summaries
from promptsearch.engines.base import Budget
from promptsearch.engines.trigger import TriggerConfig
from promptsearch.errors import DataError
from promptsearch.study.config import DiscoverConfig
from promptsearch.study.observer import Observer
from promptsearch.tasks import load_task

CASE = Case("reviews", "minilm-mlm", 6)


@pytest.fixture(scope="module")
def source():
    return load_task("reviews")


def counts(examples) -> Counter:
    return Counter(example.label for example in examples)


def test_each_seed_draws_its_own_examples_and_scores_the_same(source):
    drawn = [CASE.draw(source, seed, 20) for seed in range(3)]
    for task in drawn:
        assert counts(task.train) == counts(task.dev) == {0: 6, 1: 6}
        assert len(task.test) == 20
    assert len({str(task.train) for task in drawn}) == 3
    if "test" in source.splits:
        assert len({str(task.test) for task in drawn}) == 1


def test_an_unbalanced_draw_has_as_many_examples(source):
    case = replace(CASE, shots=10, share=0.8)
    task = case.draw(source, 0, None)
    assert counts(task.train) == counts(task.dev) == {0: 16, 1: 4}
    assert "80 % of them the first" in case.title
    assert replace(case, calibrated=False).title == f"{case.title}, searched uncalibrated"


def run(seed: int, without: str, trigger: str, case: Case = CASE, test: str = "a") -> Run:
    """A search that was made up; marks say which test examples were right."""
    chosen = {
        "plain": {
            "without": Chosen("{text} {mask}", "none", 0.5, without),
            "trigger": Chosen("{text} a | b {mask}", "none", 0.75, trigger),
        },
        "calibrated": {
            "without": Chosen("{text} {mask}", "batch", 0.5, without),
            "trigger": Chosen("{text} a | b {mask}", "pmi", 0.75, "1" * len(trigger)),
        },
    }
    return Run(case, seed, 60.0, 61.0, ("bad", "good"), 0.25, 1200, "budget", chosen, test, 0.5)


def test_accuracies_and_differences():
    summary = Summary(CASE, (run(0, "1100", "1110"), run(1, "1000", "1110")))
    assert summary.mean("plain", "without") == pytest.approx(3 / 8)
    assert summary.mean("plain", "trigger") == pytest.approx(6 / 8)
    margin = summary.margin("plain")
    # Differences by example: 0, 1/2, 1, 0.
    assert margin is not None
    assert margin.value == pytest.approx(3 / 8)
    assert margin.low < margin.value < margin.high
    assert summary.record()["calibrated"]["trigger"] == 1.0


def test_other_test_examples_are_not_paired():
    assert Summary(CASE, (run(0, "1100", "1110"), run(1, "1000", "1110", test="b"))).margin("plain") is None


def test_the_page_has_a_line_a_case_and_a_line_a_run():
    other = replace(CASE, shots=64)
    text = markdown([run(1, "10", "11"), run(0, "10", "11"), run(0, "10", "00", other)])
    assert [summary.case for summary in summaries([run(0, "1", "1", other), run(0, "1", "1")])] == [
        other,
        CASE,
    ]
    assert "| reviews, minilm-mlm, 6 a class | 2 | 2 | 50.0 | 50.0 | 100.0 | +50.0" in text
    assert text.index("| 0 | 61 (budget) | 1,200 | 0.250 | pmi | 100.0 | 50.0 |") < text.index("| 1 | 61")
    assert "## reviews, minilm-mlm, 64 a class" in text
    assert "nan" not in text


def test_runs_are_kept(tmp_path):
    store = Store(tmp_path / "runs.jsonl")
    assert store.read() == []
    runs = [
        run(0, "10", "11"),
        run(1, "10", "11", replace(CASE, share=0.8, template="{text} {trigger*2} {mask}")),
    ]
    store.write(runs)
    assert store.read() == runs
    assert Store(None).read() == []
    (tmp_path / "runs.jsonl").write_text('{"seed": 0}\n', "utf-8")
    with pytest.raises(DataError, match="not a record of trigger searches"):
        store.read()


def test_what_is_done_is_not_repeated(monkeypatch, minilm):
    asked = []

    def measure(case, source, plm, seed, budget, max_test):
        assert budget == Budget(seconds=60.0)
        asked.append((case, seed))
        return run(seed, "10", "11", case)

    monkeypatch.setattr(trigger_accuracy, "measure", measure)
    monkeypatch.setattr(trigger_accuracy, "load_search_plm", lambda *_: minilm)
    done = [run(0, "10", "11")]
    config = DiscoverConfig(offline=True)
    found = trigger_accuracy.measured([CASE], range(2), 60.0, config, done, Observer())
    assert [each.seed for each in found] == [1]
    assert asked == [(CASE, 1)]


def test_a_search_is_scored_with_and_without_its_trigger(source, minilm):
    budget, config = Budget(evaluations=450), TriggerConfig(candidates=8, offers=2)
    found = trigger_accuracy.measure(CASE, source, minilm, 0, budget, max_test=10, config=config)
    plain = found.chosen["plain"]
    assert plain["without"].template == "{text} {mask}"
    assert plain["trigger"].template.startswith("{text}")
    assert plain["trigger"].template not in ("{text} {mask}", "{text} {trigger*3} {mask}")
    assert plain["trigger"].calibration == plain["without"].calibration == "none"
    assert all(len(each.correct) == 10 for way in found.chosen.values() for each in way.values())
    assert (found.asked, found.reason, found.words) == (None, "budget", ("terrible", "great"))
    assert 0 < found.evaluations <= 450
    assert Run.restored(json.loads(json.dumps(found.record()))) == found
