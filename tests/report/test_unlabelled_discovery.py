"""The report of a search for a prompt without labelled examples."""

from __future__ import annotations

from dataclasses import replace

import pytest

from promptsearch.report.document import ReportDocument
from promptsearch.report.markdown import markdown
from promptsearch.report.unlabelled_discovery import outcome, verdicts
from promptsearch.report.unlabelled_document import report_document
from promptsearch.study.config import DiscoverConfig
from promptsearch.study.found_without_labels import FoundWithoutLabels
from promptsearch.study.observer import Observer
from promptsearch.study.without_labels import run

TEMPLATES = ["{text} It was {mask}.", "{text} {mask}."]


def search(out, **options) -> FoundWithoutLabels:
    small = {"plms": ["minilm-mlm"], "templates": TEMPLATES, "engines": ("manual",), "max_test": 20}
    return run(DiscoverConfig(out=out, device="cpu", dtype="float32", **small | options), Observer())


@pytest.fixture(scope="module")
def reviews(tmp_path_factory):
    return search(tmp_path_factory.mktemp("reviews") / "run", task="reviews")


@pytest.fixture(scope="module")
def texts_alone(tmp_path_factory):
    folder = tmp_path_factory.mktemp("texts")
    (folder / "texts.txt").write_text("The *team* won | the cup.\nRates rose again.\n", "utf-8")
    return search(folder / "run", labels=("sports", "business"), unlabelled=folder / "texts.txt")


def test_that_no_label_chose_is_said_with_the_figure(reviews):
    said = outcome(reviews)
    best = reviews.best
    assert f"{best.informed.information.value:.3f} of at most 0.693 nats" in said
    assert "Nothing was chosen by labels." in said
    assert f"{100 * best.test.accuracy:.1f} % accuracy" in said
    assert "n=20) on test" in said


def test_nothing_measured(texts_alone):
    assert outcome(texts_alone).endswith("Nothing was measured with labels.")
    document = report_document(texts_alone)
    assert all(finalist.test is None for finalist in document.finalists)
    assert "test" not in "".join(document.sections[0].blocks[1].titles)


def test_text_is_not_read_as_markup(texts_alone):
    report = markdown(report_document(texts_alone))
    assert "# Best prompt for `labels`" in report
    assert "Nothing was measured with labels" in report
    assert "dev accuracy" not in report
    assert "The *team* won | the cup." in report  # in the block of code
    assert "{mask}." in report


def test_between_plms_is_only_said_where_there_are_several(reviews):
    assert not any("Between PLMs" in line for line in verdicts(reviews))


def test_the_document(reviews):
    document = report_document(reviews)
    assert not document.labelled
    assert document.answer == outcome(reviews)
    assert document.verdicts == tuple(verdicts(reviews))
    assert [finalist.role for finalist in document.finalists] == ["best", "manual", "majority class"]
    best = document.finalists[0]
    assert (best.dev, best.test.value, best.test.n) == (None, reviews.best.test.accuracy, 20)
    assert best.prompt.template == str(reviews.prompt.template)
    assert document.n_candidates == len(reviews.ranked)
    assert document.candidates == ()  # without labels there are no figures of them
    assert document.task.splits == {"unlabelled texts": reviews.n_texts, "test": 20}
    assert ReportDocument.model_validate_json(document.model_dump_json()) == document


def test_bytes_that_are_no_text_do_not_end_the_report(texts_alone):
    given = replace(texts_alone, command="promptsearch discover --unlabelled caf\udce9.txt")
    assert report_document(given).command == "promptsearch discover --unlabelled caf�.txt"
