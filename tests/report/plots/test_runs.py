from __future__ import annotations

import re
from xml.etree import ElementTree

from promptsearch.report.plots.runs import runs_plot
from tests.report.documents import finalist


def test_a_run_a_row_with_its_interval():
    svg = runs_plot("A", [("first", finalist("best", 0, 0.841)), ("second", None)], "accuracy")
    ElementTree.fromstring(svg)
    assert "first: test 84.1, dev 87.0; second: no figures</desc>" in svg
    # The whisker reaches from 80.1 to 88.1 on the axis that the labels below it mark.
    places = {float(x): label for x, label in _labels(svg)}
    (x0, low), (x1, high) = min(places.items()), max(places.items())
    per_point = (x1 - x0) / (high - low)
    row = svg[svg.index("<title>first: ") :]
    whisker = re.search(r'<line x1="([\d.]+)" y1="[\d.]+" x2="([\d.]+)"', row)
    assert whisker is not None
    left, right = map(float, whisker.groups())
    assert abs((right - left) - 8.0 * per_point) < 0.3
    assert abs(left - (x0 + (80.1 - low) * per_point)) < 0.3


def _labels(svg: str) -> list[tuple[str, float]]:
    found = re.findall(r'<text x="([\d.]+)" y="[\d.]+" text-anchor="middle">(\d+)</text>', svg)
    return [(x, float(label)) for x, label in found]


def test_nothing_without_figures():
    assert runs_plot("A", [("first", None)], "accuracy") == ""


def test_names_are_escaped():
    svg = runs_plot("A", [("<script>", finalist("best", 0, None))], "accuracy")
    ElementTree.fromstring(svg)
    assert "<script>" not in svg
