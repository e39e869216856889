from __future__ import annotations

from dataclasses import replace

from promptsearch.report.rows import answer_sentence, figure, rows_of
from tests.study.trials import figures


def test_figures_carry_interval_and_count():
    # Wilson at 95 %: 9 of 10.
    assert figure(figures(9), "accuracy") == "90.0 [59.6, 98.2] n=10"
    assert figure(figures(9), "accuracy", with_n=False) == "90.0 [59.6, 98.2]"
    assert figure(None, "accuracy") == "–"


def test_what_could_not_be_scored_stands_beside_the_figure():
    assert "25.0 % unscored" in figure(replace(figures(5), unscored=0.25), "accuracy")


def test_rows_end_with_the_majority_class(found):
    rows = rows_of(found)
    roles = [finalist.role for finalist in found.finalists]
    assert [row.name for row in rows] == [*roles, "the best together", "majority class"]
    assert rows[-2].words == f"{len(found.together.members)} prompts, in ensemble.json"
    assert rows[-2].test == figure(found.together.test, "accuracy")
    assert "best together" not in [row.name for row in rows_of(replace(found, together=None))]
    assert rows[-1].dev == figure(found.majority_dev, "accuracy")
    assert len(rows[0].cells()) == len(rows[0].titles("accuracy"))


def test_the_answer_in_one_sentence(found):
    best, manual = found.best, found.manual
    fixed = replace(found, finalists=(replace(best, test=figures(9)), replace(manual, test=figures(5))))
    fixed = replace(fixed, majority_test=figures(4))
    assert answer_sentence(fixed) == (
        "90.0 % accuracy on 10 test examples (95 % interval 59.6 to 98.2), "
        "against 50.0 % for the manual prompt and 40.0 % for the majority class."
    )


def test_a_stopped_search_says_so(found):
    stopped = replace(found, finalists=(replace(found.best, test=None),), interrupted=True)
    assert answer_sentence(stopped).startswith("Stopped before test was scored; the best prompt so far has ")
    assert any("stopped early" in notice for notice in stopped.notices)
