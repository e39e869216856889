"""What holds for every plot."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promptsearch.report import plots
from promptsearch.report.document import ReportDocument
from tests.report.documents import bare_document, history_of, large_document, small_document
from tests.report.plots.reading import SVG, coordinates, document, point

ALL = [getattr(plots, name) for name in plots.__all__ if name.endswith("_plot")]
EACH = pytest.mark.parametrize("plot", ALL, ids=lambda plot: plot.__name__)
Plot = Callable[[ReportDocument], str]


@EACH
def test_a_bare_document_has_no_plot(plot: Plot):
    assert plot(bare_document()) == ""


@EACH
def test_it_is_named_and_described_for_who_does_not_see_it(plot: Plot):
    picture = ElementTree.fromstring(plot(small_document()))
    title, desc = picture[0], picture[1]
    assert picture.get("role") == "img"
    assert picture.get("aria-labelledby") == f"{title.get('id')} {desc.get('id')}"
    assert (title.tag, desc.tag) == (SVG + "title", SVG + "desc")
    assert title.text
    assert desc.text


def test_no_id_is_given_twice_on_a_page():
    found = re.findall(r' id="(.*?)"', "".join(plot(small_document()) for plot in ALL))
    assert len(found) == len(set(found)) == 2 * len(ALL)


@EACH
def test_it_loads_nothing_and_changes_nothing_around_it(plot: Plot):
    drawn = plot(small_document()).replace('xmlns="http://www.w3.org/2000/svg"', "")
    assert not re.search("<style|<script|<image|<use|href|url|http|@import", drawn)


@EACH
def test_every_colour_is_a_variable_of_the_page_with_a_fallback(plot: Plot):
    colours = re.findall(r"(?:fill|stroke):([^;\"]+)", plot(small_document()))
    assert colours
    assert all(re.fullmatch(r"none|var\(--[a-z0-9-]+,#[0-9a-f]+\)", colour) for colour in colours)


@EACH
def test_all_text_is_large_enough_for_a_phone(plot: Plot):
    picture = ElementTree.fromstring(plot(small_document()))
    width = float(picture.get("viewBox", "").split()[2])
    sizes = [float(element.get("font-size", "nan")) for element in picture.iter() if element.get("font-size")]
    assert len(sizes) == 1
    # Pixels on a screen of 360 with margins of 16.
    assert sizes[0] * (360 - 32) / width > 8


@EACH
def test_nothing_stands_outside_the_picture(plot: Plot):
    picture = ElementTree.fromstring(plot(small_document()))
    *_, width, height = map(float, picture.get("viewBox", "").split())
    assert min(coordinates(picture)) >= 0
    assert max(coordinates(picture)) <= max(width, height)
    rows = [float(text.get("y", "nan")) for text in picture.iter(SVG + "text")]
    assert max(rows) < height


@EACH
def test_two_thousand_candidates_stay_small(plot: Plot):
    assert len(plot(large_document(2000)).encode()) < 150_000


@pytest.mark.parametrize("engines", [1, 8])
def test_two_thousand_candidates_of_long_names_stay_small(engines: int):
    rng = random.Random(0)
    points = tuple(
        point(
            rng.random(),
            engine=f"engine {i % engines}",
            plm=f"PLM {i % 5} of a long name",
            template="作品<b>" * 50,
            tokens=rng.uniform(1, 500),
            on_front=True,
        )
        for i in range(2000)
    )
    full = document(candidates=points, history=history_of(points))
    for plot in ALL:
        assert len(plot(full).encode()) < 150_000


@settings(max_examples=40)
@given(
    st.lists(
        st.builds(
            point,
            st.floats(-1, 1) | st.none(),
            engine=st.text(min_size=1, max_size=30).filter(str.strip),
            plm=st.sampled_from(["one", "two", "<&>"]),
            template=st.text(max_size=80),
            tokens=st.floats(0, 1e9),
            manual=st.booleans(),
            finalist=st.booleans(),
            on_front=st.booleans(),
        ),
        max_size=12,
    )
)
def test_any_candidates_can_be_drawn(points: list):
    full = document(candidates=tuple(points), history=history_of([p for p in points if p.dev is not None]))
    for plot in ALL:
        drawn = plot(full)
        assert "nan" not in re.sub("<title>.*?</title>|<desc.*?</desc>|<text.*?</text>", "", drawn)
        if drawn:
            ElementTree.fromstring(drawn)
