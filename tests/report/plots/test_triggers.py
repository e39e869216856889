from __future__ import annotations

from xml.etree import ElementTree

import pytest

from promptsearch.report.plots import trigger_plots
from tests.report.document_parts import MINILM, SMOLLM2, course, trigger_point
from tests.report.plots.reading import circles, document, paths, point, texts


def drawn(*courses, **more):
    """The pictures of these searches, read as XML."""
    return {
        name: ElementTree.fromstring(svg)
        for name, svg in trigger_plots(document(triggers=courses, **more)).items()
    }


def points(*losses: float, devs: tuple[float | None, ...] = ()):
    devs = devs or (None,) * len(losses)
    return tuple(trigger_point(i, loss, dev) for i, (loss, dev) in enumerate(zip(losses, devs)))


def test_one_picture_for_each_plm():
    pictures = drawn(course(MINILM), course(SMOLLM2, 0, points=()), course(SMOLLM2))
    assert list(pictures) == ["trigger-1", "trigger-3"]
    assert trigger_plots(document()) == {}


def test_the_loss_falls_in_steps_and_never_rises():
    # One row of legend, 4 to 26, 28 more: 0.7 stands at 54, 0.4 at 204; time is 480 units of 10 seconds.
    losses = points(0.7, 0.4, 0.55)
    (picture,) = drawn(course(points=losses, seconds=10.0, evaluations=2000)).values()
    assert paths(picture) == ["M80,54H195.2V204H536"]
    assert "loss of the best so far 0.400" in texts(picture)
    # In the legend, and the one that is no better than another template's.
    assert circles(picture)[1:] == [(310.4, 129)]


def test_dev_is_drawn_where_it_was_measured():
    found = points(0.7, 0.5, 0.4, devs=(0.5, None, 0.7))
    (picture,) = drawn(course(points=found, seconds=10.0)).values()
    _, band, dev = paths(picture)
    assert dev.count("H") == 2
    assert band.startswith("M80,")
    assert band.endswith("Z")
    assert "accuracy on dev, 95 % interval" in texts(picture)


def test_without_figures_on_dev_there_is_one_panel():
    (picture,) = drawn(course(points=points(0.7, 0.5))).values()
    assert len(paths(picture)) == 1
    assert "accuracy on dev, 95 % interval" not in texts(picture)


def test_evaluations_by_then_stand_below_the_time():
    (picture,) = drawn(course(points=points(0.7, 0.5), seconds=10.0, evaluations=9000)).values()
    told = texts(picture)
    start = told.index("2") - 1
    assert told[start : start + 6] == ["0", "2", "4", "6", "8", "10"]
    # 64 after half a second, 704 after 2.9, 9,000 after 10; between them at a steady rate.
    assert told[start + 6 : start + 12] == ["0", "464", "1,989", "4,326", "6,663", "9,000"]
    assert any(words.startswith("seconds, and evaluations by then") for words in told)


def test_the_manual_prompt_of_the_plm_is_a_line_across():
    found = points(0.7, 0.4, devs=(0.5, 0.7))
    candidates = (point(0.55, manual=True, plm=MINILM),)
    (picture,) = drawn(course(points=found), candidates=candidates).values()
    assert "manual prompt 55.0" in texts(picture)
    (other,) = drawn(course(SMOLLM2, points=found), candidates=candidates).values()
    assert not any("manual" in told for told in texts(other))


@pytest.mark.parametrize("n", [1, 2, 60])
def test_any_number_of_points(n):
    (picture,) = drawn(course(n=n)).values()
    assert all("nan" not in path for path in paths(picture))
