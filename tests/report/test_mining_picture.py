from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise
from xml.etree import ElementTree

import pytest

from promptsearch.report.mined_rows import MinedRow
from promptsearch.report.mining_picture import Line, support_picture
from tests.report.mined import mined_trial, template

SVG = "{http://www.w3.org/2000/svg}"


def row(words: str, support: int, dev: int, plm: str = "minilm-mlm", chosen: bool = False) -> MinedRow:
    mined = template(words, support)
    return MinedRow(mined, mined_trial(mined, dev=dev, plm=plm), chosen)


def drawn(rows, lines=()) -> ElementTree.Element:
    return ElementTree.fromstring(support_picture(rows, "accuracy", lines))


def marks(picture: ElementTree.Element) -> list[tuple[float, float, str, str, str]]:
    """x, y, outline, colour and name of every mark in the field."""
    found = []
    for mark in picture.iter(SVG + "g"):
        title = mark.find(f"{SVG}path/{SVG}title")
        if title is not None:
            x, y = re.findall(r"translate\((\S+) (\S+)\)", mark.get("transform", ""))[0]
            path = mark[0]
            found.append((float(x), float(y), path.get("d", ""), path.get("fill", ""), title.text or ""))
    return found


def texts(picture: ElementTree.Element) -> list[str]:
    return [element.text or "" for element in picture.iter(SVG + "text")]


def test_support_goes_right_by_its_logarithm_and_dev_upwards():
    places = marks(drawn([row("a", 1, 6), row("b", 10, 8), row("c", 100, 6)]))
    (x1, y1, *_), (x2, y2, *_), (x3, y3, *_) = places
    assert x2 - x1 == pytest.approx(x3 - x2, abs=0.11)
    # From 60 to 80 on 300 pixels.
    assert (y1 - y2, y1) == (300, y3)


def test_what_is_compared_with_is_drawn_across():
    picture = drawn([row("a", 4, 8)], [Line("majority class", 0.5), Line("manual", 0.8, "minilm-mlm")])
    high, low = [line for line in picture.iter(SVG + "line") if line.get("class") == "line"]
    # The axis goes from 50 to 80.
    assert float(low.get("y1", 0)) - float(high.get("y1", 0)) == 300
    assert float(high.get("y1", 0)) == marks(picture)[0][1]
    assert {"majority class 50.0", "manual 80.0"} <= set(texts(picture))


def test_each_plm_has_a_colour_and_a_shape():
    picture = drawn([row("a", 4, 8, "one"), row("b", 5, 8, "two")], [Line("manual", 0.5, "two")])
    (_, _, shape, colour, _), (_, _, shape2, colour2, _) = marks(picture)
    assert shape != shape2
    assert colour != colour2
    assert {"one", "two", "manual, two 50.0"} <= set(texts(picture))
    [line] = [line for line in picture.iter(SVG + "line") if line.get("class") == "line"]
    assert line.get("stroke") == colour2


def test_names_show_under_a_pointer():
    [(*_, name)] = marks(drawn([row("a & b", 1234, 8)]))
    # Wilson at 95 %: 8 of 10.
    assert name == "{text} a & b {mask}., minilm-mlm: support 1,234, accuracy 80.0 (49.0 to 94.3)"


def test_marks_on_one_place_stand_side_by_side():
    places = marks(drawn([row(word, 4, 8) for word in "abc"] + [row("d", 4, 6)]))
    xs = [x for x, *_ in places]
    assert xs[1] - xs[0] == pytest.approx(xs[0] - xs[2]) == 11
    assert xs[3] == xs[0]


def test_the_chosen_template_has_a_rim():
    rows = [row("a", 4, 8, chosen=True), row("b", 6, 8)]
    picture = drawn(rows)
    rims = [g[0].get("stroke") for g in picture.iter(SVG + "g")]
    assert rims.count("#1a7f37") == 1
    assert any("Green rim: chosen." in text for text in texts(picture))
    assert not any("Green" in text for text in texts(drawn([replace(rows[0], chosen=False)])))


def test_it_can_be_read_without_being_seen():
    picture = drawn([row("a", 4, 8)], [Line("manual", 0.5, "minilm-mlm"), Line("majority class", 0.5)])
    assert picture.get("role") == "img"
    assert picture[0].text == "support of mined templates against accuracy on dev"
    assert picture[1].text == (
        "{text} a {mask}. found 4 times 80.0, manual on minilm-mlm 50.0, majority class 50.0"
    )


def test_names_write_no_markup():
    hostile = "</title><script>alert(1)</script>&\x1b[31m"
    picture = drawn([row(hostile, 3, 8, plm=hostile), row("b", 3, 8)], [Line(hostile, 0.5, hostile)])
    assert list(picture.iter(SVG + "script")) == []
    assert any("</title><script>" in name and "\x1b" not in name for *_, name in marks(picture))


@pytest.mark.parametrize("supports", [(1, 1), (1, 2), (3, 400), (2, 3_000_000), (999, 1000)])
@pytest.mark.parametrize("value", [0.0, 0.5, 1.0])
def test_nothing_leaves_the_picture(supports, value):
    plms = ["one", "a/very-long-name-of-a-model-1.5b", "three", "four"]
    rows = [row("a", support, dev, plm) for support in supports for dev in (0, 10) for plm in plms]
    lines = [Line("manual", value, plm) for plm in plms] + [Line("majority class", value)]
    picture = drawn(rows, lines)
    height = float(picture.get("height", 0))
    for x, y, *_ in marks(picture):
        assert 0 < x < 720
        assert 0 < y < height
    names = list(picture.iter(SVG + "text"))
    for name in names:
        # No letter of 11 pixels is wider than 7 on the average of a name.
        width = 7 * len(name.text or "") * {"end": -1, "middle": 0.5}.get(name.get("text-anchor", ""), 1)
        assert 0 <= float(name.get("x", 0)) + width <= 720
        assert 0 < float(name.get("y", 0)) < height
    beside = sorted(float(name.get("y", 0)) for name in names if (name.text or "").startswith("m"))
    assert len(beside) == 5
    assert all(b - a >= 12.9 for a, b in pairwise(beside))
    ticks = [name.text for name in names if name.get("text-anchor") == "middle"]
    assert len(ticks) <= 10
