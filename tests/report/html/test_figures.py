"""Figures of a page as text."""

from __future__ import annotations

import pytest

from promptsearch.report.document import Gap
from promptsearch.report.html.figures import (
    duration,
    gap_interval,
    interval,
    number,
    p_value,
    percent,
    points,
)
from tests.report.documents import figure


def test_figures_are_in_percent_with_one_decimal() -> None:
    assert percent(0.8414) == "84.1"
    assert percent(-0.1) == "−10.0"
    assert percent(None) == "–"
    assert points(0.018) == "+1.8"
    assert points(-0.007) == "−0.7"
    assert number(-1234.5, 1) == "−1,234.5"
    assert interval(figure(0.5)) == "46.0 to 54.0"


@pytest.mark.parametrize(("p", "told"), [(0.16, "p = 0.16"), (0.0004, "p < 0.001"), (1.0, "p = 1")])
def test_gap_is_told_with_its_interval_and_p(p: float, told: str) -> None:
    gap = Gap(value=0.018, low=-0.007, high=0.043, p_value=p)
    assert gap_interval(gap) == "−0.7 to +4.3"
    assert p_value(gap) == told


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(1.26, "1.3 s"), (48.4, "48 s"), (59.6, "1 min 0 s"), (612.5, "10 min 12 s"), (11100, "3 h 5 min")],
)
def test_duration(seconds: float, told: str) -> None:
    assert duration(seconds) == told
