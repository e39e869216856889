"""A search of triggers in words and rows."""

from __future__ import annotations

from promptsearch.report.html import page
from promptsearch.report.markdown import markdown
from promptsearch.report.trigger_document import TriggerSwap, best_so_far
from promptsearch.report.trigger_words import FIRST, SHOWN, account, changes, trigger_views
from tests.report.document_parts import FREE, course, trigger_point
from tests.report.plots.reading import document
from tests.report.reading import READER, table_rows


def test_what_came_of_a_search():
    found = course(points=(trigger_point(0, 0.7), trigger_point(1, 0.412345, 0.75)), reason="patience")
    assert account(found) == (
        "Triggers on minilm-mlm: loss 0.700 at first and 0.412 at last, 75.0 % on dev (71.0 to 79.0), after "
        "9,000 evaluations and 40 s; it ended: too many steps brought "
        "nothing better."
    )


def test_where_nothing_was_better():
    told = account(course(points=(), evaluations=1, seconds=0.5, reason="nothing moves"))
    assert told == (
        "Triggers on minilm-mlm: none was better than its start after 1 evaluation and 0.5 s; it ended: "
        "no swap brought anything better."
    )


def test_what_is_better_than_all_before_whatever_its_template():
    points = tuple(trigger_point(i, loss) for i, loss in enumerate((0.7, 0.9, 0.6, 0.6, 0.1)))
    assert [point.loss for point in best_so_far(course(points=points))] == [0.7, 0.6, 0.1]


def test_a_row_tells_the_trigger_and_what_changed():
    (view,) = trigger_views(document(triggers=(course(n=2),)))
    assert view.titles[:3] == ("trigger", "what changed", "loss")
    first, second = view.rows
    assert first == ("film it quite", "start: words", "0.700", "50.0", "50.0 (46.0 to 54.0)", "64", "0.5 s")
    assert second[:2] == ("it quite mood", "it → quite (token 2)")


def test_tokens_of_blanks_can_be_seen():
    swaps = (TriggerSwap(place=0, old=" ", new="\n"), TriggerSwap(place=2, old=" so", new="##ly"))
    point = trigger_point(1, 0.5).model_copy(update={"swaps": swaps})
    assert changes(point) == "' ' → '\\n' (token 1), so → ##ly (token 3)"


def test_templates_are_told_where_there_are_several():
    points = (trigger_point(0, 0.7), trigger_point(1, 0.5, template=f"{FREE}."))
    (view,) = trigger_views(document(triggers=(course(points=points),)))
    assert view.titles[-1] == "template"
    assert [row[-1] for row in view.rows] == [FREE, f"{FREE}."]


def test_of_many_the_first_and_the_last_are_listed():
    (view,) = trigger_views(document(triggers=(course(n=SHOWN + 5),)))
    assert (len(view.rows), view.left_out) == (SHOWN, 5)
    losses = [float(row[2]) for row in view.rows]
    every = [round(point.loss, 3) for point in course(n=SHOWN + 5).points]
    assert losses == [*every[:FIRST], *every[FIRST + 5 :]]
    for form in (page, markdown):
        assert "5 between the first 3 and the others" in form(document(triggers=(course(n=SHOWN + 5),)))


def test_settings_and_starts_are_told():
    (view,) = trigger_views(document(triggers=(course(),)))
    assert (
        view.settings == "top k 256, racing yes, examples of a gradient all, banned words film, fluency 0.1"
    )
    assert view.starts[1] == (FREE, "random", "4", "–", "budget")
    (more,) = trigger_views(document(triggers=(course(starts=course().starts * 10),)))
    assert (len(more.starts), more.more_starts) == (12, 8)


def test_the_markdown_has_the_same_rows():
    text = markdown(document(triggers=(course(n=3),)))
    part = text.split("## Trigger search\n")[1].split("\n## ")[0]
    assert "](trigger-1.svg)" in part
    rows = table_rows(READER.parse(part))
    (view,) = trigger_views(document(triggers=(course(n=3),)))
    assert rows[0] == list(view.titles)
    assert rows[1:4] == [list(row) for row in view.rows]


def test_no_part_without_a_search():
    assert "Trigger search" not in markdown(document())
    assert "Trigger search" not in page(document())
