from __future__ import annotations

from promptsearch.report.plots import front_plot
from promptsearch.report.plots.front import cheapest, front
from tests.report.documents import figure, finalist
from tests.report.plots.reading import SVG, circles, document, drawn, paths, point, styled, texts, titles

CHEAP, MIDDLE, DEAR = (
    point(0.5, tokens=10.0, on_front=True),
    point(0.55, tokens=15.0),
    point(0.6, tokens=20.0, on_front=True),
)


def best(value: float, low: float):
    dev = figure(value).model_copy(update={"low": low})
    return (finalist("best", 0, None).model_copy(update={"dev": dev}),)


def test_the_front_goes_up_in_steps():
    # 10 tokens at 60, 20 at 536; 60 percent at 36, 50 at 296, below a legend of one row.
    picture = drawn(front_plot, candidates=(CHEAP, DEAR))
    assert paths(picture) == ["M60,296H536V36H536"]
    assert {"10", "20", "50", "60", "tokens a prediction"} <= set(texts(picture))


def test_only_the_first_of_alike_ones_is_a_corner():
    twin = point(0.5, tokens=12.0, on_front=True)
    assert front([(p, p.dev or 0) for p in (DEAR, twin, MIDDLE, CHEAP)]) == [(CHEAP, 0.5), (DEAR, 0.6)]


def test_the_cheapest_is_of_those_within_the_interval_of_the_best():
    points = (CHEAP, MIDDLE, DEAR)
    lows = (0.4, 0.55, 0.56, 0.7)
    found = [cheapest(document(candidates=points, finalists=best(0.6, low))) for low in lows]
    assert found == [(CHEAP, 0.5), (MIDDLE, 0.55), (DEAR, 0.6), None]
    assert cheapest(document(candidates=points)) is None


def test_of_equally_cheap_ones_the_better_is_chosen():
    better = point(0.58, tokens=10.0)
    found = cheapest(document(candidates=(CHEAP, better, DEAR), finalists=best(0.6, 0.4)))
    assert found == (better, 0.58)


def test_the_cheapest_and_the_manual_prompt_are_marked():
    manual = point(0.55, tokens=15.0, manual=True, template="It was {mask}.")
    picture = drawn(front_plot, candidates=(CHEAP, manual, DEAR), finalists=best(0.6, 0.58))
    assert "55.0 at 15 tokens: It was {mask}." in titles(picture)
    # Two rows of legend.
    (corners,) = [mark.get("points") for mark in picture.iter(SVG + "polygon")][1:]
    assert corners == "298.0,182.0 304.0,188.0 298.0,194.0 292.0,188.0"
    rings = [mark for mark in styled(picture, "fill:none") if mark.get("r") == "7"]
    assert [(ring.get("cx"), ring.get("cy")) for ring in rings] == [("536", "58")]
    assert "cheapest within the interval of the best: 60.0" in texts(picture)


def test_costs_far_apart_are_shown_by_their_logarithm():
    points = tuple(point(0.5, tokens=tokens) for tokens in (10.0, 40.0, 160.0))
    picture = drawn(front_plot, candidates=points)
    (first, _), (second, _), (third, _) = circles(picture)[1:]
    assert second - first == third - second > 100
    assert "tokens a prediction, logarithmic" in texts(picture)


def test_combinations_at_one_place_are_one_dot():
    picture = drawn(front_plot, candidates=(point(0.5),) * 5)
    assert len(circles(picture)) == 1 + 1
    assert "5 combinations" in titles(picture)


def test_nothing_is_drawn_without_figures():
    assert front_plot(document(candidates=(point(None),))) == ""
    assert front_plot(document(candidates=(point(0.5, tokens=0.0),))) != ""


def test_the_best_finalist_need_not_be_the_first_nor_the_last():
    lower = best(0.5, 0.4)
    assert cheapest(document(candidates=(CHEAP, DEAR), finalists=lower + best(0.6, 0.55) + lower)) == (
        DEAR,
        0.6,
    )
