from __future__ import annotations

from promptsearch.report.document import Importance, Variation
from promptsearch.report.plots import importances_plot, seeds_plot, sensitivity_plot
from tests.report.documents import figure, finalist, small_document
from tests.report.plots.reading import SVG, circles, document, drawn, styled, texts, titles


def seed(number: int, dev: float, test: float | None, manual: float | None):
    row = small_document().seeds[0]
    return row.model_copy(
        update={
            "seed": number,
            "dev": figure(dev),
            "test": None if test is None else figure(test),
            "manual": None if manual is None else figure(manual),
        }
    )


def variation(change: str, value: float | None) -> Variation:
    told = None if value is None else figure(value)
    return Variation(change=change, template="{text} " + change, figure=told)


def test_bars_are_as_long_as_their_shares_the_longest_first():
    importances = (Importance(parameter="PLM", share=0.2), Importance(parameter="template", share=0.8))
    picture = drawn(importances_plot, importances=importances)
    first, second = (float(bar.get("width", 0)) for bar in picture.iter(SVG + "rect"))
    assert abs(first - 4 * second) < 0.3
    assert texts(picture) == ["template", "80.0 %", "PLM", "20.0 %"]


def test_a_share_of_nothing_is_a_thin_bar():
    picture = drawn(importances_plot, importances=(Importance(parameter="PLM", share=0.0),))
    assert [bar.get("width") for bar in picture.iter(SVG + "rect")] == ["1"]


def test_every_change_has_its_dot_interval_and_figure():
    changes = (variation("no stop", 0.54), variation("CAPITALS", 0.56))
    picture = drawn(sensitivity_plot, sensitivity=changes)
    # The axis goes from 50 at 89.8 to 60 at 498.1, intervals reach 4 to either side; rows are 30 high.
    whiskers = [element[0] for element in styled(picture, "stroke:var(--faint")][1:]
    ends = [(whisker.get("x1"), whisker.get("x2")) for whisker in whiskers]
    assert ends == [("89.8", "416.4"), ("171.5", "498.1")]
    assert circles(picture)[1:] == [(253.1, 47), (334.8, 77)]
    assert {"no stop", "CAPITALS", "54.0", "56.0"} <= set(texts(picture))


def test_the_unchanged_prompt_is_a_line():
    best = finalist("best", 0, None).model_copy(update={"dev": figure(0.54)})
    picture = drawn(sensitivity_plot, sensitivity=(variation("no stop", 0.54),), finalists=(best,))
    upright = styled(picture, "stroke-dasharray")[-1][0]
    assert float(upright.get("x1", 0)) == circles(picture)[-1][0]
    assert "unchanged 54.0" in texts(picture)


def test_a_change_that_cannot_be_read_is_told():
    picture = drawn(sensitivity_plot, sensitivity=(variation("no stop", 0.54), variation("slot first", None)))
    assert {"slot first", "cannot be read"} <= set(texts(picture))
    assert sensitivity_plot(document(sensitivity=(variation("slot first", None),))) == ""


def test_long_changes_are_cut_and_whole_in_the_title():
    change = "a full stop <after> the answer & nothing else at all"
    picture = drawn(sensitivity_plot, sensitivity=(variation(change, 0.5),))
    assert change not in texts(picture)
    assert change in titles(picture)


def test_dev_and_test_of_a_seed_are_joined_and_the_mean_follows():
    seeds = (seed(0, 0.9, 0.8, 0.7), seed(1, 0.84, 0.8, 0.72))
    picture = drawn(seeds_plot, seeds=seeds)
    assert {"seed 0", "seed 1", "mean", "90.0 → 80.0", "84.0 → 80.0", "87.0 → 80.0"} <= set(texts(picture))
    joins = [element[0] for element in styled(picture, "stroke-opacity:.5")]
    ends = [(float(join.get("x1", 0)), float(join.get("x2", 0))) for join in joins]
    lengths = [dev - test for dev, test in ends]
    # 10, 4 and 7 points: from dev down to test.
    assert [round(length / lengths[0], 2) for length in lengths] == [1, 0.4, 0.7]
    assert titles(picture) == [
        "seed 0: dev 90.0, test 80.0, manual 70.0",
        "seed 1: dev 84.0, test 80.0, manual 72.0",
        "mean: dev 87.0, test 80.0, manual 71.0",
    ]


def test_a_mean_is_of_all_seeds_or_not_told():
    picture = drawn(seeds_plot, seeds=(seed(0, 0.9, 0.8, None), seed(1, 0.8, None, None)))
    assert titles(picture) == ["seed 0: dev 90.0, test 80.0", "seed 1: dev 80.0", "mean: dev 85.0"]


def test_one_seed_has_no_mean():
    picture = drawn(seeds_plot, seeds=(seed(3, 0.9, None, None),))
    assert "mean" not in texts(picture)
    assert len(circles(picture)) == 1 + 1


def test_nothing_is_drawn_of_nothing():
    empty = document()
    assert (importances_plot(empty), sensitivity_plot(empty), seeds_plot(empty)) == ("", "", "")
