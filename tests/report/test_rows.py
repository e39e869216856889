from __future__ import annotations

from dataclasses import replace

import pytest

from promptsearch.report.rows import answer_sentence, figure, rows_of, verdicts
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
    assert [row.name for row in rows] == ["best", "manual", "majority class"]
    assert rows[-1].dev == figure(found.majority_dev, "accuracy")
    assert len(rows[0].cells()) == len(rows[0].titles("accuracy"))


def test_the_answer_in_one_sentence(found):
    best, manual = found.finalists
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


def test_what_can_be_concluded(found):
    best, manual = found.finalists
    good, poor = replace(best, test=figures(10)), replace(best, test=figures(6))
    clear = replace(found, finalists=(good, manual), majority_test=figures(5), alike=1)
    assert verdicts(clear) == []
    unclear = " ".join(verdicts(replace(clear, finalists=(poor, manual), alike=3)))
    assert f"3 of {found.screened} compared prompts cannot be told apart from the best" in unclear
    assert "no better than the majority class, as far as this test split can tell" in unclear
    same = replace(found, finalists=(replace(manual, role="best", test=figures(10)), manual), alike=1)
    assert verdicts(replace(same, majority_test=figures(5))) == [
        "Nothing better than the manual prompt was found."
    ]


@pytest.mark.parametrize(
    ("metric", "tests"),
    [
        ("accuracy", "(exact McNemar tests, Holm-corrected at 5 %)"),
        ("macro-f1", "(exact McNemar tests on accuracy, not on macro-f1, Holm-corrected at 5 %)"),
        ("mcc", "(exact McNemar tests on accuracy, not on mcc, Holm-corrected at 5 %)"),
    ],
)
def test_what_is_tested_is_said_where_it_is_not_the_metric(found, metric, tests):
    told = verdicts(replace(found, task=replace(found.task, metric=metric), alike=3))
    assert told[0].endswith(f"cannot be told apart from the best {tests}.")


def test_shortened_texts_are_counted(found):
    best = replace(found.best, test=figures(10), shortened=3)
    told = verdicts(replace(found, finalists=(best, found.finalists[1])))
    assert "3 of 10 test texts were shortened to fit the PLM." in told
