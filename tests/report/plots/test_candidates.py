from __future__ import annotations

from xml.etree import ElementTree

import pytest

from promptsearch.report.plots import candidates_plot, spread_sentence
from promptsearch.report.plots.spread import spread_of
from tests.report.documents import figure, finalist
from tests.report.plots.reading import SVG, circles, document, drawn, point, styled, texts, titles


def dots(picture: ElementTree.Element) -> list[tuple[float, float]]:
    small = [circle for circle in picture.iter(SVG + "circle") if circle.get("r") == "3"]
    return [(float(circle.get("cx", "nan")), float(circle.get("cy", "nan"))) for circle in small]


def test_a_dot_stands_at_its_figure_in_the_middle_of_its_strip():
    # The axis goes from 50 at 128 to 60 at 540. Above the middle: a legend from 4 to 26, 8 between, a heading
    # of 28, half a strip of 46.
    picture = drawn(candidates_plot, candidates=(point(0.5), point(0.55), point(0.6)))
    assert dots(picture) == [(128, 85), (334, 85), (540, 85)]
    assert {"50", "52", "54", "56", "58", "60", "one", "3 tried", "mining", "median 55.0"} <= set(
        texts(picture)
    )


def test_equal_figures_are_stacked_from_the_middle():
    picture = drawn(candidates_plot, candidates=(point(0.5),) * 3 + (point(0.6),))
    assert dots(picture) == [(128, 85), (128, 91), (128, 79), (540, 85)]
    assert "50.0: 3 combinations, such as {text} {mask}" in titles(picture)


def test_the_middle_half_of_a_strip_is_shown():
    # Quartiles of 50, 52, 54, 56, 58 are 52 and 56: the axis goes from 50 at 128 to 58 at 540.
    picture = drawn(candidates_plot, candidates=tuple(point(v / 100) for v in (50, 52, 54, 56, 58)))
    box = styled(picture, "fill-opacity:.16")[-1]
    assert (box.get("x"), box.get("width"), box.get("y"), box.get("height")) == ("231", "206", "65", "40")


def test_a_dot_stands_for_several_where_a_strip_would_overflow():
    # Six dots fit upon each other.
    few = drawn(candidates_plot, candidates=(point(0.5),) * 6)
    many = drawn(candidates_plot, candidates=(point(0.5),) * 15)
    assert len(dots(few)) == 6
    # Of three each, beside the one in the legend.
    assert len(dots(many)) == 5 + 1
    assert "up to 3 combinations" in texts(many)


def test_each_engine_has_a_strip_under_each_plm():
    points = [point(0.5, engine=engine, plm=plm) for plm in ("one", "two") for engine in ("manual", "words")]
    picture = drawn(candidates_plot, candidates=(*points, point(0.6, engine="manual", plm="two")))
    strips = [strip for strip in picture.iter(SVG + "g") if strip.get("class") == "strip"]
    assert [texts(strip) for strip in strips] == [
        ["manual", "one: 50.0"],
        ["words", "one: 50.0"],
        ["manual", "median 55.0"],
        ["words", "one: 50.0"],
    ]
    colours = [styled(strip, "fill-opacity:.85")[0].get("style") for strip in strips]
    assert colours[0] == colours[2] != colours[1] == colours[3]


def test_the_manual_prompt_and_the_majority_class_are_lines():
    points = (point(0.5), point(0.6, manual=True), point(0.55, plm="two"))
    majority = finalist("majority class", None, None)
    picture = drawn(candidates_plot, candidates=points, finalists=(majority,))
    manual, base = (styled(picture, f"stroke-dasharray:{dash}") for dash in ("6 4", "2 4"))
    # One of the legend each; the manual prompt under its own PLM only.
    assert [line[0].get("x1") for line in manual][1:] == ["540"]
    assert [line[0].get("x1") for line in base][1:] == ["128", "128"]
    assert "majority class 50.0" in texts(picture)
    assert "2 tried, manual 60.0" in texts(picture)


def test_a_finalist_has_a_ring_and_a_dot_of_its_own():
    points = (point(0.5),) * 20 + (point(0.5, finalist=True, template="chosen"), point(0.6))
    picture = drawn(candidates_plot, candidates=points)
    rings = [c for group in styled(picture, "pointer-events:none") for c in group]
    # The first of its stack.
    assert [(ring.get("cx"), ring.get("cy")) for ring in rings] == [("128", "85")]
    assert "finalist" in texts(picture)
    assert any(title.startswith("50.0: 21 combinations, such as chosen") for title in titles(picture))


def test_nothing_is_drawn_without_figures():
    assert candidates_plot(document()) == ""
    assert candidates_plot(document(candidates=(point(None),))) == ""
    assert spread_sentence(document(candidates=(point(None),))) == ""


def test_one_figure_and_equal_figures_are_drawn():
    assert circles(drawn(candidates_plot, candidates=(point(1.0),)))
    assert circles(drawn(candidates_plot, candidates=(point(0.0),) * 50))
    assert circles(drawn(candidates_plot, candidates=(point(-0.2),)))


def test_the_spread_is_told_with_hand_written_prompts_first():
    points = [point(0.7), *(point(v, engine="manual") for v in (0.48, 0.82, 0.61))]
    assert spread_sentence(document(candidates=tuple(points))) == (
        "hand-written prompts: 48.0 to 82.0, median 61.0; mining: 70.0, one prompt"
    )


def test_quartiles_lie_between_values():
    # numpy.percentile([1, 2, 3, 4], [25, 50, 75]) is 1.75, 2.5, 3.25.
    spread = spread_of([4, 2, 1, 3])
    assert (spread.lower, spread.median, spread.upper) == (1.75, 2.5, 3.25)
    assert (spread.least, spread.most, spread.n) == (1, 4, 4)


def test_the_manual_prompt_among_the_finalists_counts_before_candidates():
    manual = finalist("manual", 1, None).model_copy(update={"dev": figure(0.55)})
    points = (point(0.5), point(0.6, manual=True, plm="minilm-mlm"))
    picture = drawn(candidates_plot, candidates=points, finalists=(manual,))
    assert "1 tried, manual 55.0" in texts(picture)


@pytest.mark.parametrize("name", ["<b>&\"'", "a\nb\x1b\ufffe", "a/very/long/path/" * 9 + "end"])
def test_names_from_data_are_only_text(name: str):
    named = point(0.5, plm=name, engine=name, template=name)
    picture = drawn(candidates_plot, candidates=(named, point(0.6)))
    assert not list(picture.iter(SVG + "b"))
    assert any(words.endswith(("end", "\"'", "b��")) for words in texts(picture))


def test_finalists_at_one_place_stay_within_their_strip():
    picture = drawn(candidates_plot, candidates=(point(0.5, finalist=True),) * 12 + (point(0.6),))
    heights = [y for _, y in dots(picture)]
    # The strip goes from 62 to 108.
    assert len(heights) == 13
    assert 62 < min(heights) < max(heights) < 108
