"""Means over draws, worked out by hand."""

from __future__ import annotations

from promptsearch.report.document import SeedRow
from promptsearch.report.html.seeds import Mean, seed_means
from tests.report.documents import figure, summary


def seed_row(seed: int, test: float | None, manual: float | None) -> SeedRow:
    """A draw with dev at 90 %."""
    return SeedRow(
        seed=seed,
        prompt=summary(),
        dev=figure(0.9),
        test=None if test is None else figure(test),
        manual=None if manual is None else figure(manual),
    )


def test_means_over_seeds() -> None:
    means = seed_means([seed_row(0, 0.80, 0.70), seed_row(1, 0.82, 0.78), seed_row(2, 0.84, 0.77)])
    assert means == {
        "dev": Mean("90.0", "0.0", "90.0 to 90.0"),
        "test": Mean("82.0", "2.0", "80.0 to 84.0"),
        "manual": Mean("75.0", "4.4", "70.0 to 78.0"),
        "gain": Mean("7.0", "3.0", "4.0 to 10.0"),
    }


def test_no_mean_where_a_seed_lacks_the_figure() -> None:
    means = seed_means([seed_row(0, 0.8, None), seed_row(1, None, 0.7)])
    assert [means[name] for name in ("test", "manual", "gain")] == [None, None, None]
    assert seed_means([seed_row(0, 0.8, 0.7)])["test"] == Mean("80.0", "–", "80.0 to 80.0")
