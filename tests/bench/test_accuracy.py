"""Accuracy over several seeds."""

from __future__ import annotations

import json
import math
import statistics

import numpy as np
import pytest

from promptsearch.bench.accuracy import Accuracy, Margin, SeedResult, markdown, measure, record
from promptsearch.study.config import DiscoverConfig


@pytest.mark.slow
def test_each_seed_draws_its_own_examples_and_the_mean_is_theirs():
    config = DiscoverConfig(
        task="reviews",
        plms=["minilm-mlm"],
        shots=4,
        max_test=30,
        templates=["{text} It was {mask}."],
        calibrations=["none", "batch"],
    )
    found = measure(config, range(2))
    tests = [result.test["best"] for result in found.seeds]
    assert [result.seed for result in found.seeds] == [0, 1]
    assert found.mean("best") == pytest.approx(statistics.fmean(tests))
    assert found.spread("best") == pytest.approx(statistics.stdev(tests))
    assert all(result.n_test == 30 for result in found.seeds)
    assert f"**{100 * statistics.fmean(tests):.1f}**" in markdown(found)


def seed_result(seed: int, best: str, together: str) -> SeedResult:
    """One whose test answers are right where there is a 1."""
    correct = {
        "best": np.array([mark == "1" for mark in best]),
        "together": np.array([mark == "1" for mark in together]),
    }
    test = {kind: float(right.mean()) for kind, right in correct.items()}
    test |= {"hand-written": math.nan, "manual": math.nan}
    return SeedResult(seed, "plm", "{text} {mask}", "", "none", 0.5, test, correct, len(best), 1.0, 9, "done")


def test_a_margin_is_the_mean_over_seeds_and_examples():
    seeds = (seed_result(0, "1100", "1110"), seed_result(1, "1000", "1110"))
    found = Accuracy("task", None, "accuracy", ("plm",), 4, 0.5, seeds)
    margin = found.margin("together", "best")
    assert margin is not None
    # Differences are 0 0 1 0 and 0 1 1 0, by example 0, 1/2, 1 and 0.
    assert margin.value == pytest.approx(3 / 8)
    assert margin.low <= margin.value <= margin.high <= 1
    assert found.margin("together", "manual") is None
    assert "together minus best: +37.5 points" in markdown(found)
    assert "nan" not in markdown(found)
    assert json.loads(json.dumps(record(found)))["seeds"][0]["test"]["manual"] is None


def test_equal_answers_have_no_margin():
    found = Accuracy("task", None, "accuracy", ("plm",), 4, 0.5, (seed_result(0, "1010", "1010"),))
    assert found.margin("together", "best") == Margin(0.0, 0.0, 0.0)
