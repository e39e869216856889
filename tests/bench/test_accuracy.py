"""Accuracy over several seeds."""

from __future__ import annotations

import statistics

import pytest

from promptsearch.bench.accuracy import markdown, measure
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
    tests = [result.test for result in found.seeds]
    assert [result.seed for result in found.seeds] == [0, 1]
    assert found.mean("test") == pytest.approx(statistics.fmean(tests))
    assert found.spread("test") == pytest.approx(statistics.stdev(tests))
    assert all(result.n_test == 30 for result in found.seeds)
    assert f"**{100 * statistics.fmean(tests):.1f}**" in markdown(found)
