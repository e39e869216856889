from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from promptsearch.engines.base import Candidate
from promptsearch.report.building import report_document
from promptsearch.report.markdown import markdown
from promptsearch.report.words import cell_words, own_names, short_words
from promptsearch.scoring import SoftReadout
from promptsearch.study.details import Details
from promptsearch.template import Template
from promptsearch.verbalizer import Verbalizer

TEMPLATE = Template.parse("{text} {mask}")
CITIES = ["Rome", "Paris", "Berlin", "Madrid", "Vienna"]


def candidate(words, labels) -> Candidate:
    return Candidate(TEMPLATE, Verbalizer.of(words, labels), "manual")


def test_words_stand_with_their_labels():
    words = [[f"w{n}" for n in range(10)], "good"]
    found = candidate(words, ["no", "yes"])
    assert cell_words(found) == "no: w0, w1, w2, w3, w4, w5, w6, w7 +2 / yes: good"
    assert short_words(found.verbalizer) == "w0, w1 +8 / good"


def test_many_labels_that_are_their_own_words_are_not_listed():
    found = candidate(CITIES, CITIES)
    assert own_names(found.verbalizer) == "each label itself (5 labels)"
    assert cell_words(found) == short_words(found.verbalizer) == "each label itself (5 labels)"
    read = replace(found, readout=SoftReadout(np.zeros((5, 4)), np.zeros(5)))
    assert cell_words(read) == "each label itself (5 labels), read by soft"


@pytest.mark.parametrize(
    ("words", "labels"),
    [
        (CITIES[:4], CITIES[:4]),
        ([*CITIES[:4], "Wien"], CITIES),
        ([*CITIES[:4], ["Vienna", "Wien"]], CITIES),
    ],
)
def test_few_labels_and_other_words_are_listed(words, labels):
    found = candidate(words, labels)
    assert own_names(found.verbalizer) == ""
    assert cell_words(found).startswith("Rome: Rome / Paris: Paris / ")
    assert short_words(found.verbalizer).startswith("Rome / Paris / ")


def test_the_report_says_so_in_place_of_a_table(found):
    trial = found.best.trial
    trial = replace(trial, candidate=candidate(CITIES, CITIES))
    cities = replace(found.task, label_names=tuple(CITIES))
    one = replace(found, task=cities, finalists=(replace(found.best, trial=trial),), details=Details())
    one = replace(one, finalists=(replace(one.best, test=None),))
    report = markdown(report_document(one))
    assert "\n\nLabel words: each label itself (5 labels).\n\n" in report
    assert "Vienna" not in report.split("## All candidates")[0]
