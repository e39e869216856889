"""What hand-written templates say right before the slot."""

from __future__ import annotations

from promptsearch.engines.manual import lead_ins, library_for
from promptsearch.tasks import load_task
from promptsearch.template import Text


def test_words_before_the_slot_in_the_order_of_the_library() -> None:
    task = load_task("reviews")
    found = lead_ins(task, "causal")
    assert len(found) == len(set(found)) <= 12
    assert "It was" in found
    assert "The movie is" in found
    firsts = [template.template for template in library_for(task, "causal")]
    before = [t.pieces[t.slot - 1] for t in dict.fromkeys(firsts)]
    order = [piece.text for piece in before if isinstance(piece, Text)]
    places = [next(i for i, text in enumerate(order) if text.rstrip().endswith(each)) for each in found]
    assert places == sorted(places)


def test_what_closes_a_quotation_is_left_out() -> None:
    found = lead_ins(load_task("reviews"), "causal")
    assert "So the movie is" in found
    assert all(text == text.strip() and not text.startswith('"') for text in found)


def test_templates_that_begin_with_the_slot_give_none() -> None:
    assert all(lead_ins(load_task("topics"), "masked"))
