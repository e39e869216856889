from __future__ import annotations

from promptsearch.report.plots import history_plot
from tests.report.plots.reading import circles, document, drawn, paths, point, styled, texts, titles, tried

# Seconds from 0 at 48 to 536, percent on 250 units.


def test_the_best_rises_in_steps():
    history = (tried(10, 1, 0.5, 0.5), tried(50, 2, 0.4, 0.5), tried(100, 3, 0.6, 0.6))
    picture = drawn(history_plot, history=history)
    # One row of legend, 4 to 26, 10 between: 60 is at 36 and 40 at 286; the last step goes on to the end.
    assert paths(picture) == ["M96.8,161H536V36H536"]
    assert "best so far 60.0" in texts(picture)


def test_each_evaluation_is_a_dot_in_its_engines_colour():
    history = (tried(50, 1, 0.5, 0.5), tried(100, 2, 0.6, 0.6, "words"))
    picture = drawn(history_plot, history=history)
    # Two of the legend; places are whole multiples of 4.
    assert circles(picture)[2:] == [(292, 288), (536, 36)]
    groups = styled(picture, "fill-opacity:0.8")
    assert [element.get("style", "").split(",")[0] for element in groups] == [
        "fill:var(--series-1",
        "fill:var(--series-2",
    ]


def test_evaluations_by_then_stand_below_the_time():
    history = tuple(tried(10.0 * i, 3 * i, 0.5, 0.5) for i in range(1, 11))
    told = texts(drawn(history_plot, history=history))
    start = told.index("20") - 1
    assert told[start : start + 6] == ["0", "20", "40", "60", "80", "100"]
    assert told[start + 6 : start + 12] == ["0", "6", "12", "18", "24", "30"]
    assert "seconds, and evaluations by then" in told


def test_long_runs_are_told_in_minutes_and_hours():
    for seconds, unit in ((100, "seconds"), (300, "minutes"), (9000, "hours")):
        picture = drawn(history_plot, history=(tried(seconds, 1, 0.5, 0.5),))
        assert f"{unit}, and evaluations by then" in texts(picture)


def test_evaluations_at_one_place_are_one_dot():
    history = (tried(50, 1, 0.5, 0.5),) * 4 + (tried(100, 5, 0.6, 0.6),)
    picture = drawn(history_plot, history=history)
    assert len(circles(picture)) == 1 + 2
    assert "4 evaluations" in titles(picture)


def test_the_manual_prompt_is_a_line_across():
    history = (tried(50, 1, 0.5, 0.5), tried(100, 2, 0.6, 0.6))
    picture = drawn(history_plot, history=history, candidates=(point(0.55, manual=True),))
    _, across = styled(picture, "stroke-dasharray")
    assert across[0].attrib == {"x1": "48", "y1": "161", "x2": "536", "y2": "161"}
    assert "manual prompt 55.0" in texts(picture)


def test_one_evaluation_at_once_is_drawn_and_none_is_not():
    assert paths(drawn(history_plot, history=(tried(0, 1, 0.5, 0.5),))) == ["M48,161H536"]
    assert history_plot(document()) == ""


def test_evaluations_are_drawn_in_the_order_of_time():
    history = (tried(10, 1, 0.5, 0.5), tried(50, 2, 0.4, 0.5), tried(100, 3, 0.6, 0.6))
    assert history_plot(document(history=history[::-1])) == history_plot(document(history=history))
