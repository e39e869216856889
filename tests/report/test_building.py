"""A report's data, from what a search found."""

from __future__ import annotations

import json
from dataclasses import replace
from statistics import fmean

import jsonschema
import pytest

from promptsearch.report.building import report_document
from promptsearch.report.html import page
from promptsearch.report.io import parse_report
from promptsearch.report.markdown import markdown
from promptsearch.report.schema import report_schema
from promptsearch.report.writing import report_json
from promptsearch.study.details import Details
from promptsearch.study.importance import Importance
from promptsearch.study.result import Draw
from tests.study.searching import TEMPLATE, search


@pytest.fixture(scope="module")
def outcome(tmp_path_factory):
    """Two templates, hand-written words, on the bundled reviews."""
    out = tmp_path_factory.mktemp("building") / "run"
    return search(out, templates=[TEMPLATE, "A {mask} film: {text}"], calibrations=["none", "batch"])


@pytest.fixture(scope="module")
def document(outcome):
    return report_document(outcome)


def test_the_comparison_is_that_of_the_search(outcome, document):
    roles = [row.role for row in document.finalists]
    assert roles == [*(f.role for f in outcome.finalists), "the best together", "majority class"]
    for row, finalist in zip(document.finalists, outcome.finalists):
        assert row.prompt.template == str(finalist.trial.candidate.template)
        assert row.dev.value == finalist.trial.dev.accuracy
        assert (row.test.value, row.test.n) == (finalist.test.accuracy, 12)
        assert (row.test.low, row.test.high) == finalist.test.accuracy_interval
        assert row.cost.tokens == finalist.trial.cost
        assert row.cost.milliseconds == finalist.milliseconds
    assert document.finalists[0].to_best is None


def test_the_ensemble_has_its_figures_cost_and_file(outcome, document):
    row, together = document.finalists[-2], outcome.together
    assert row.prompt.template == f"{len(together.members)} prompts, in ensemble.json"
    assert row.test.value == together.test.accuracy
    assert row.to_best.value == together.to_best.value
    assert row.cost.tokens == pytest.approx(sum(trial.cost for trial in together.members))
    assert row.cost.passes == sum(trial.passes for trial in together.members)


def test_the_majority_class_is_compared_on_the_same_examples(outcome, document):
    row = document.finalists[-1]
    assert row.prompt is None
    assert row.test.value == outcome.majority_test.accuracy
    gap = outcome.best.test.accuracy - outcome.majority_test.accuracy
    assert row.to_best.value == pytest.approx(gap)
    assert row.to_best.low <= gap <= row.to_best.high


def test_every_combination_is_a_candidate(outcome, document):
    assert document.n_candidates == len(document.candidates) == len(outcome.trials)
    assert [point.dev for point in document.candidates] == [t.dev.accuracy for t in outcome.trials]
    assert sum(point.manual for point in document.candidates) == 1
    assert {p.template for p in document.candidates if p.finalist} <= {
        row.prompt.template for row in document.finalists if row.prompt
    }


def test_the_confusion_is_that_of_the_best_on_test(outcome, document):
    assert document.confusion.labels == outcome.task.label_names
    assert document.confusion.counts == outcome.best.test.confusion
    assert sum(map(sum, document.confusion.counts)) == 12


def test_the_rest_is_told_as_it_was_found(outcome, document):
    assert document.answer.startswith(f"{100 * outcome.best.test.accuracy:.1f} % accuracy on 12 test")
    assert document.task.splits == {"train": 8, "dev": 8, "test": 12}
    assert (document.task.shots, document.task.seed) == (4, 0)
    assert document.prompt["template"] == str(outcome.best.trial.candidate.template)
    assert "▁▁▁" in document.example
    assert outcome.task.dev[0].values["text"] in document.example
    assert [point.best for point in document.history] == [moment.best for moment in outcome.history]
    assert len(document.hardest) == len(outcome.details.hardest) > 0
    assert document.sensitivity[-1].change.endswith("(control: no answer may change)")
    assert document.sensitivity[-1].flips == 0
    assert document.environment["python"] == outcome.environment["python"]
    assert document.transfer is None


def test_parts_that_explain_nothing_are_not_listed(outcome):
    shares = (Importance("template", 0.0), Importance("PLM", 0.0))
    flat = report_document(replace(outcome, details=Details(importances=shares)))
    assert flat.importances == ()
    assert flat.sensitivity == ()


def test_draws_stand_in_their_order(outcome):
    draws = tuple(Draw(seed, outcome.best, outcome.manual) for seed in (0, 1))
    rows = report_document(replace(outcome, draws=draws)).seeds
    assert [row.seed for row in rows] == [0, 1]
    assert fmean(row.test.value for row in rows) == pytest.approx(outcome.best.test.accuracy)
    assert rows[0].manual.value == outcome.manual.test.accuracy


def test_many_labels_have_no_confusion_matrix(outcome):
    names = tuple(f"label {i}" for i in range(51))
    wide = replace(outcome, task=replace(outcome.task, label_names=names))
    assert report_document(wide).confusion is None


def test_the_data_fit_the_schema(document):
    data = json.loads(report_json(document))
    jsonschema.Draft202012Validator(report_schema()).validate(data)
    assert len(data["candidates"]) == data["n_candidates"] == len(document.candidates) > 0


def test_what_is_read_back_makes_the_same_report(outcome, document):
    text = report_json(document)
    again = parse_report(text)
    assert again == document
    assert markdown(again) == markdown(document)
    assert page(again) == page(document)
    assert "NaN" not in text
    assert "Infinity" not in text


def test_a_search_leaves_every_form_and_picture(outcome):
    names = {path.name for path in outcome.folder.iterdir()}
    assert {"report.json", "report.md", "report.html"} <= names
    report = (outcome.folder / "report.md").read_text("utf-8")
    shown = {line.split("](")[1][:-1] for line in report.splitlines() if line.startswith("![")}
    assert shown == {name for name in names if name.endswith(".svg")} != set()


def test_a_prediction_takes_time_though_its_states_are_kept(outcome):
    """Dev is as many texts as are timed at most, so that the whole of it is in the cache."""
    assert all(finalist.milliseconds > 0.2 for finalist in outcome.finalists)
