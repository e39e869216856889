from __future__ import annotations

from dataclasses import replace

from promptsearch.report.mined_rows import best_single, mined_rows, not_tried
from tests.report.mined import frame, mined_trial, mining, searched, template
from tests.study.trials import figures

BORN, LIVED, DIED = template("was born in", 9), template("lived in", 4), template("died in", 2)


def shown(discovery) -> list[tuple[str, str, float, str]]:
    return [
        (row.template, row.trial.plm, row.trial.dev.accuracy, row.trial.calibration.method)
        for row in mined_rows(discovery)
    ]


def test_a_template_stands_with_the_trial_that_does_best_on_train(found):
    trials = [
        mined_trial(BORN, train=6, dev=9),
        mined_trial(BORN, train=8, dev=5, method="batch"),
        mined_trial(LIVED, train=7, dev=7),
        mined_trial(LIVED, train=3, dev=4, plm="another"),
    ]
    assert shown(searched(found, mining(BORN, LIVED, DIED), *trials)) == [
        ("{text} lived in {mask}.", "minilm-mlm", 0.7, "none"),
        ("{text} was born in {mask}.", "minilm-mlm", 0.5, "batch"),
        ("{text} lived in {mask}.", "another", 0.4, "none"),
    ]


def test_the_chosen_prompt_stands_for_its_template(found):
    chosen = mined_trial(BORN, train=6, dev=9)
    trials = [chosen, mined_trial(BORN, train=8, dev=5, method="batch"), mined_trial(LIVED, dev=7)]
    best = replace(found.best, trial=chosen)
    rows = mined_rows(searched(found, mining(BORN, LIVED), *trials, finalists=(best,)))
    assert [(row.trial.dev.accuracy, row.chosen) for row in rows] == [(0.9, True), (0.7, False)]


def test_a_row_tells_what_was_mined(found):
    [row] = mined_rows(searched(found, mining(BORN, LIVED), mined_trial(LIVED)))
    assert row.mined is LIVED


def test_both_forms_of_a_frame_are_rows_of_it(found):
    overall = frame("Overall it was")
    trials = [mined_trial(overall, dev=6), mined_trial(overall, dev=8, before=True)]
    rows = mined_rows(searched(found, mining(overall), *trials))
    assert [row.template for row in rows] == [
        "Overall it was {mask}. {text}",
        "{text} Overall it was {mask}.",
    ]
    assert all(row.mined is overall for row in rows)


def test_what_was_not_tried_is_told_apart(found):
    discovery = searched(found, mining(BORN, LIVED, DIED), mined_trial(LIVED))
    assert not_tried(discovery, mined_rows(discovery)) == [BORN, DIED]


def test_no_rows_without_mining(found):
    discovery = replace(found, mining=None)
    assert mined_rows(discovery) == []
    assert not_tried(discovery, []) == []


def test_the_best_single_template_has_test_figures_where_it_stood_in_the_comparison(found):
    good, better = mined_trial(BORN, train=8, dev=7), mined_trial(LIVED, train=7, dev=8)
    discovery = searched(found, mining(BORN, LIVED), good, better)
    assert best_single(discovery, "minilm-mlm").trial is better
    assert best_single(discovery, "minilm-mlm").test is None
    compared = replace(found.best, trial=good, test=figures(6))
    assert best_single(replace(discovery, finalists=(compared,)), "minilm-mlm") is compared


def test_a_search_has_rows_of_its_own(mined_search):
    found = mined_search
    mined = {t.candidate.template for t in found.trials if t.candidate.engine == "mining"}
    assert {row.trial.candidate.template for row in mined_rows(found)} == mined
    assert mined
