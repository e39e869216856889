from __future__ import annotations

from xml.etree import ElementTree

import pytest

from promptsearch.report.label_words import StepRow
from promptsearch.report.pictures import steps_picture, x_of
from tests.study.trials import figures

SVG = "{http://www.w3.org/2000/svg}"
# Wilson intervals of 6 and 8 of 10 at 95 %: [31.3, 83.2] and [49.0, 94.3]: the axis goes from 30 to 100.
STEPS = [
    StepRow("names", 0, 2, 0, figures(6)),
    StepRow("expanded", 2, 40, 3, figures(8), chosen=True),
    StepRow("probe", None, 20, 0, figures(6)),
]


def drawn(rows, lines=()) -> ElementTree.Element:
    return ElementTree.fromstring(steps_picture(rows, "accuracy", "dev", lines))


def of_class(picture: ElementTree.Element, tag: str, kind: str) -> list[ElementTree.Element]:
    return [element for element in picture.iter(SVG + tag) if element.get("class") == kind]


def texts(picture: ElementTree.Element) -> list[str]:
    return [element.text or "" for element in picture.iter(SVG + "text")]


def test_values_stand_where_they_should():
    picture = drawn(STEPS, [("majority class", 0.5)])
    # 510 pixels from 150 on for 70 points: 60 is 30 points in, 150 + 510 * 3/7 = 368.6; 80: 150 + 510 * 5/7.
    dots = [(dot.get("class"), dot.get("cx"), dot.get("cy")) for dot in picture.iter(SVG + "circle")]
    assert dots == [("dot", "368.6", "59.0"), ("chosen", "514.3", "85.0"), ("beside", "368.6", "111.0")]
    whiskers = [(line.get("x1"), line.get("x2")) for line in of_class(picture, "line", "whisker")]
    assert whiskers == [("159.2", "537.5"), ("288.5", "618.7"), ("159.2", "537.5")]
    [dashed] = of_class(picture, "line", "line")
    assert (dashed.get("x1"), dashed.get("x2")) == ("295.7", "295.7")
    ticks = [element.text for element in of_class(picture, "text", "small")][:8]
    assert ticks == ["30", "40", "50", "60", "70", "80", "90", "100"]


def test_only_the_chain_is_joined():
    [line] = drawn(STEPS).iter(SVG + "polyline")
    assert line.get("points") == "368.6,59.0 514.3,85.0"
    assert list(drawn(STEPS[1:]).iter(SVG + "polyline")) == []


def test_it_can_be_read_without_being_seen():
    picture = drawn(STEPS, [("majority class", 0.5)])
    assert picture.get("role") == "img"
    assert picture[0].text == "accuracy on dev, from label names to chosen words"
    assert picture[1].text == "names 60.0, expanded 80.0, probe 60.0, majority class 50.0"
    assert picture.get("aria-labelledby") == f"{picture[0].get('id')} {picture[1].get('id')}"


def test_steps_that_were_not_measured_are_left_out():
    picture = drawn([STEPS[0], StepRow("expanded", 2, 40, 3, None)])
    assert len(list(picture.iter(SVG + "circle"))) == 1
    assert "expanded" not in texts(picture)


def test_names_write_no_markup():
    hostile = '</text><script>alert("1")</script>&\x1b[31m'
    picture = drawn([StepRow(hostile, 0, 1, 0, figures(6))], [(hostile, 0.5)])
    shown = hostile.replace("\x1b", "\N{REPLACEMENT CHARACTER}")
    assert shown in texts(picture)
    assert f"{shown} 50.0" in texts(picture)
    assert list(picture.iter(SVG + "script")) == []


@pytest.mark.parametrize("value", [0.0, 0.001, 0.5, 0.999, 1.0])
def test_nothing_leaves_the_picture(value):
    picture = drawn(STEPS, [("majority class", value), ("manual prompt", value)])
    for element in picture.iter():
        for side in ("x", "x1", "x2", "cx"):
            assert 0 <= float(element.get(side, 0)) <= 720
    for name in (t for t in picture.iter(SVG + "text") if (t.text or "").startswith(("majority", "manual"))):
        # No letter of 11 pixels is wider than 8 on the average of a name.
        width = 8 * len(name.text or "") * (-1 if name.get("text-anchor") == "end" else 1)
        assert 0 <= float(name.get("x", 0)) + width <= 720


def test_names_of_lines_that_coincide_stand_one_above_the_other():
    picture = drawn(STEPS, [("majority class", 0.5), ("manual prompt", 0.5)])
    places = [t.get("y") for t in picture.iter(SVG + "text") if (t.text or "").endswith(" 50.0")]
    assert places == ["12", "26"]


def test_a_metric_may_be_below_zero():
    # All wrong: a Matthews correlation of -1, whatever is drawn from it.
    picture = ElementTree.fromstring(steps_picture([StepRow("names", 0, 2, 0, figures(0))], "mcc", "dev"))
    [dot] = picture.iter(SVG + "circle")
    assert float(dot.get("cx", 0)) == pytest.approx(x_of(-1.0, -1.0, -0.9))
    assert [t.text for t in of_class(picture, "text", "small")][:2] == ["-100", "-90"]
