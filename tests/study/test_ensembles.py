"""Mined templates that answer together."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from promptsearch import discover
from promptsearch.compose import load_ensemble
from promptsearch.engines.mining import MiningConfig
from promptsearch.scoring import evaluate
from promptsearch.study.ensembles import ensemble_files, to_answer_together
from promptsearch.study.trial import Trial
from promptsearch.tasks.task import gold
from tests.study.trials import name_of, trial

SMALL = MiningConfig(read=6, kept=4, most_texts=8, workers=1)


@pytest.fixture(scope="module")
def discovery(tmp_path_factory):
    return discover(
        "reviews",
        plms=["minilm-mlm"],
        engines=["manual", "mining"],
        mining=SMALL,
        ensemble=True,
        shots=4,
        max_test=12,
        device="cpu",
        dtype="float32",
        out=tmp_path_factory.mktemp("run") / "reviews",
    )


def test_members_are_different_mined_templates(discovery):
    (made,) = discovery.ensembles
    templates = [str(trial.candidate.template) for trial in made.members]
    assert 2 <= len(templates) == len(set(templates)) <= 10
    assert {trial.candidate.engine for trial in made.members} == {"mining"}
    figures = [trial.train.accuracy for trial in made.members]
    assert figures == sorted(figures, reverse=True)
    for member in made.members:
        same = [t for t in discovery.trials if str(t.candidate.template) == str(member.candidate.template)]
        assert member.train.accuracy == max(t.train.accuracy for t in same if t.candidate.engine == "mining")


def test_what_was_fitted_on_train_joins_by_dev_alone():
    def likely(name: str, train: float, dev: float, fitted: bool = False) -> Trial:
        likelihoods = {"train_likelihoods": np.full(4, train), "dev_likelihoods": np.full(2, dev)}
        found = replace(trial(name), **likelihoods)
        return replace(found, candidate=replace(found.candidate, fitted=fitted))

    trials = [
        likely("plain", -0.4, -0.4),
        likely("flattered", -0.01, -0.6, fitted=True),
        likely("good", -0.01, -0.3, fitted=True),
        likely("poor", -0.4, -0.9),
    ]
    assert list(map(name_of, to_answer_together(trials))) == ["good", "plain", "flattered", "poor"]


def test_members_are_chosen_for_what_they_add():
    """Two that are alike do not both come before one that is right where they are wrong."""

    def sure(name: str, *right: float, fitted: bool = False) -> Trial:
        likelihoods = np.log(right)
        found = replace(trial(name), train_likelihoods=likelihoods[:2], dev_likelihoods=likelihoods[2:])
        return replace(found, candidate=replace(found.candidate, fitted=fitted))

    alike = [sure("first", 0.9, 0.9, 0.9, 0.2), sure("second", 0.9, 0.9, 0.89, 0.2)]
    other = sure("other", 0.4, 0.4, 0.4, 0.95)
    assert list(map(name_of, to_answer_together([*alike, other]))) == ["first", "other", "second"]
    # On dev alone, where something was fitted on train: 0.9 and 0.2, then 0.6 twice.
    steady = sure("steady", 0.1, 0.1, 0.7, 0.7, fitted=True)
    assert name_of(to_answer_together([*alike, steady])[0]) == "steady"


def test_no_more_than_ten_are_chosen_of_no_more_than_twenty():
    some = [replace(trial(f"t{i}"), dev_likelihoods=np.array([-0.1 - i / 100])) for i in range(25)]
    assert len(to_answer_together(some)) == 10
    assert to_answer_together([]) == []


def test_weights_are_shares(discovery):
    (made,) = discovery.ensembles
    assert len(made.weights) == len(made.members)
    assert min(made.weights) >= 0
    assert sum(made.weights) == pytest.approx(1)


def test_the_saved_file_says_the_same(discovery):
    (made,) = discovery.ensembles
    assert made.file == "ensemble.json"
    loaded = load_ensemble(discovery.folder / made.file, device="cpu", offline=True)
    assert loaded.weights == pytest.approx(made.weights)
    test = discovery.task.test
    log_probs = loaded.label_log_probs(test)
    # A PLM loaded anew may read in another number format.
    assert np.exp(log_probs) == pytest.approx(np.exp(made.prompt.label_log_probs(test)), abs=0.02)


def test_figures_are_those_of_the_splits(discovery):
    (made,) = discovery.ensembles
    record = json.loads((discovery.folder / made.file).read_text("utf-8"))
    stated = {each["split"]: each for each in record["evaluation"]}
    for split, figures in (("dev", made.dev), ("test", made.test)):
        examples = discovery.task.splits[split]
        again = evaluate(made.prompt.label_log_probs(examples), np.asarray(gold(examples)))
        assert (figures.accuracy, figures.n) == (again.accuracy, len(examples))
        assert figures.log_likelihood == pytest.approx(again.log_likelihood, abs=1e-6)
        assert (stated[split]["value"], stated[split]["n"]) == (pytest.approx(again.accuracy), len(examples))


@pytest.mark.parametrize(
    ("plms", "names"),
    [
        (["minilm-mlm"], ["ensemble.json"]),
        (["minilm-mlm", "./models/a b"], ["ensemble-minilm-mlm.json", "ensemble-models-a-b.json"]),
        (["a@b", "a-b"], ["ensemble-a-b.json", "ensemble-a-b-1.json"]),
    ],
)
def test_names_of_files(plms, names):
    assert list(ensemble_files(plms).items()) == list(zip(plms, names))
