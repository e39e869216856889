"""What `promptsearch words` refuses, in one panel and before any work."""

from __future__ import annotations

from pathlib import Path

import pytest

from promptsearch.engines.words.config import WITH_LABELS
from tests.cli.conftest import ROWS, lines
from tests.cli.running import refused
from tests.cli.test_words import ALONE, LABELLED, NONE


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (("--kb", "wordnets"), "There is no knowledge base 'wordnets'. Did you mean wordnet?"),
        (("--kb", "mine.csv"), "mine.csv"),
        (("--method", "prob"), "There is no method 'prob'. Did you mean probe?"),
        (("--refine", "weight"), "There is no refinement 'weight'. Did you mean weights?"),
        (("--refine", "none,weights"), "There is no refinement 'none'."),
        (("--kind", "sentimental"), "There is no kind of task 'sentimental'. Did you mean sentiment?"),
        (("--per-label", "0"), "--per-label"),
        (("--template", "{text} It was good."), "The template has no answer slot {mask}."),
        (("--template", "{txt} {mask}"), "names the field {txt}, which the task does not have"),
        (("--shots", "-1"), "--shots must be a number of examples a class, or all, not '-1'."),
        (("--labels", "a,b"), "--labels is for a task without data"),
    ],
)
def test_bad_options(given, said):
    assert said in refused(*LABELLED, "--out", "run", *given)
    assert not Path("run").exists()


@pytest.mark.parametrize("method", WITH_LABELS)
def test_methods_that_need_labels(method):
    said = refused(*NONE, "--method", f"expanded,{method}")
    assert f"The method '{method}' needs labelled examples." in said
    assert "Without labels there are expanded and neighbours; or give --shots." in said


def test_a_refinement_that_needs_labels():
    assert "The refinement 'weights' needs labelled examples." in refused(*NONE, "--refine", "weights")


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        ("sports", "at least two labels"),
        ("sports,sports", "The label 'sports' is given twice."),
        (" , ", "a list is wanted"),
    ],
)
def test_labels_that_are_no_choice(labels, said):
    Path("texts.txt").write_text("They won.\n", "utf-8")
    assert said.lower() in refused("words", "--labels", labels, "--unlabelled", "texts.txt").lower()


def test_labels_alone():
    said = refused(*ALONE)
    assert "Labels alone are not enough. Give texts of the task: --unlabelled FILE." in said


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "No such file. texts.csv"),
        ("", "The file holds no rows. texts.csv"),
        ("text\n \n", "The file holds no text. texts.csv"),
        ("review\ngood\n", "There is no column 'text' for the field 'text'. texts.csv"),
    ],
)
@pytest.mark.parametrize("task", [ALONE, NONE, LABELLED], ids=["labels alone", "no shots", "shots"])
def test_unlabelled_texts_that_are_none(task, content, said):
    if content is not None:
        Path("texts.csv").write_text(content, "utf-8")
    assert said in refused(*task, "--unlabelled", "texts.csv")


def test_a_class_without_an_example():
    lines("data/train.jsonl", ROWS)
    lines("data/test.jsonl", [{"text": "so so", "label": "neutral"}, {"text": "fine", "label": "positive"}])
    for shots in ("0", "4"):
        said = refused("words", "--data", "data", "--shots", shots)
        assert "Labels of test that never occur in train: 'neutral'" in said
    assert not Path("runs").exists()
