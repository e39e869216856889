"""Readouts from a trial to a saved prompt: the same figures on the way."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from promptsearch import load_prompt
from promptsearch.engines.base import Candidate
from promptsearch.engines.words.continuous import fit_nearest, fit_prototypes, fit_soft
from promptsearch.errors import PLMError, PromptFileError
from promptsearch.plms.base import AnswerScoring
from promptsearch.prompt import Prompt
from promptsearch.readings import label_log_probs
from promptsearch.scoring import Readout, SoftReadout, evaluate, fit_none
from promptsearch.study.documents import document
from promptsearch.study.evaluating import evaluate_prompt, evaluate_trial, majority_evaluation
from promptsearch.study.result import Finalist
from promptsearch.study.trial import Trial
from promptsearch.study.trying import Rejected, try_candidates
from promptsearch.tasks import draw_splits, load_task
from promptsearch.tasks.task import Task, gold
from promptsearch.template import Template
from promptsearch.verbalizer import Verbalizer

TEMPLATE = Template.parse("{text} It was {mask}.")
METHODS = ["none", "batch"]
SCORING = AnswerScoring("token")
WORDS = {"negative": ["bad", "not very good"], "positive": "good"}


@pytest.fixture(scope="module")
def task() -> Task:
    return draw_splits(load_task("reviews"), shots=6, seed=0, max_test=24)


@pytest.fixture(scope="module")
def readouts(task, minilm) -> dict[str, Readout]:
    """One of each kind, fitted on train."""
    states = minilm.answer_states(TEMPLATE, task.train).hidden
    labels = gold(task.train)
    mixed = fit_nearest(states, labels, np.log(np.full((len(labels), 2), 0.5))).readout
    return {
        "soft": fit_soft(states, labels, 2).readout,
        "prototypes": fit_prototypes(states, labels, 2),
        "nearest": replace(mixed, mix=0.5, sharpness=1.0),
    }


def candidate(task: Task, readout: Readout, **parts) -> Candidate:
    return Candidate(TEMPLATE, Verbalizer.of(WORDS, task.labels), "words", readout=readout, **parts)


def trials(task: Task, plm, *candidates: Candidate) -> list[Trial]:
    rejected: list[Rejected] = []
    found = list(try_candidates(task, plm, candidates, METHODS, SCORING, rejected.append))
    assert not rejected
    return [trial for of_template in found for trial in of_template]


def prompt_of(trial: Trial, task: Task, plm) -> Prompt:
    finalist = Finalist("best", trial, evaluate_trial(plm, trial, task.test))
    majority = {split: majority_evaluation(task, task.splits[split]) for split in ("dev", "test")}
    return Prompt(document(task, plm, finalist, None, majority, 0), readout=trial.candidate.readout, _plm=plm)


@pytest.mark.parametrize("kind", ["soft", "prototypes", "nearest"])
def test_a_saved_prompt_gives_the_figures_it_was_chosen_for(kind, task, readouts, minilm, tmp_path):
    trial = trials(task, minilm, candidate(task, readouts[kind]))[-1]
    path = tmp_path / "best_prompt.json"
    prompt_of(trial, task, minilm).save(path)
    prompt = load_prompt(path)
    assert prompt.document == prompt_of(trial, task, minilm).document.model_copy(
        update={"provenance": prompt.document.provenance}
    )
    dev = evaluate_prompt(prompt, task, "dev").prompt
    assert dev.accuracy == trial.dev.accuracy
    assert dev.log_likelihood == pytest.approx(trial.dev.log_likelihood, abs=1e-4)
    texts = [example.values["text"] for example in task.dev]
    right = [found.label == task.labels[y] for found, y in zip(prompt.predict(texts), gold(task.dev))]
    assert right == trial.dev_correct.tolist()
    test = evaluate_prompt(prompt, task).prompt
    recorded = next(entry for entry in prompt.document.evaluation if entry.split == "test")
    assert test.accuracy == recorded.value


def test_the_words_have_their_share(task, readouts, minilm):
    """Half the neighbours, half the calibrated words."""
    plain = replace(candidate(task, readouts["nearest"]), readout=None)
    alone = replace(readouts["nearest"], mix=1.0)
    words = trials(task, minilm, plain)[1]
    verbalizer, examples = plain.verbalizer, task.dev
    given = (minilm, TEMPLATE, verbalizer, words.calibration, SCORING, examples)
    half = np.exp(label_log_probs(*given, readout=readouts["nearest"]))
    expected = (np.exp(label_log_probs(*given, readout=alone)) + np.exp(label_log_probs(*given))) / 2
    np.testing.assert_allclose(half, expected, atol=1e-6)


def test_calibrations_are_tried_where_words_have_a_share(task, readouts, minilm):
    found = trials(task, minilm, candidate(task, readouts["nearest"]))
    assert [trial.calibration.method for trial in found] == METHODS
    assert found[0].dev != found[1].dev
    found = trials(task, minilm, candidate(task, readouts["soft"]))
    assert [trial.calibration.method for trial in found] == ["none"]


def test_passes_for_states_and_words(task, readouts, minilm):
    """Answers of one and of two tokens stand at different masks; a readout of states alone needs one pass."""
    assert trials(task, minilm, candidate(task, readouts["nearest"]))[0].passes == 2
    assert trials(task, minilm, candidate(task, readouts["soft"]))[0].passes == 1
    long = Verbalizer.of({"negative": "not very good", "positive": "really quite good"}, task.labels)
    spans = replace(candidate(task, readouts["nearest"]), verbalizer=long)
    assert trials(task, minilm, replace(spans, readout=None))[0].passes == 1
    assert trials(task, minilm, spans)[0].passes == 2


def test_a_readout_without_words_scores_none(task, readouts, minilm, monkeypatch):
    monkeypatch.setattr(minilm, "word_scores", None)
    verbalizer = Verbalizer.of(WORDS, task.labels)
    found = label_log_probs(
        minilm, TEMPLATE, verbalizer, fit_none(), SCORING, task.dev, readout=readouts["soft"]
    )
    assert np.isfinite(found).all()


def test_train_figures_are_those_of_what_was_held_out(task, readouts, minilm):
    held_out = np.log(np.full((len(task.train), 2), 0.5))
    (own,) = trials(task, minilm, candidate(task, readouts["soft"]))
    (honest,) = trials(task, minilm, candidate(task, readouts["soft"], train_log_probs=held_out))
    assert own.train.accuracy == 1
    assert honest.train == evaluate(held_out, gold(task.train))
    assert honest.dev == own.dev


def test_the_record_names_the_readout(task, readouts, minilm):
    (trial,) = trials(task, minilm, candidate(task, readouts["prototypes"]))
    assert trial.record("accuracy")["readout"] == "prototypes"


def test_a_readout_for_another_plm_is_refused(task, minilm):
    other = SoftReadout(np.zeros((2, 5)), np.zeros(2))
    message = r"soft readout is for answer states of 5 numbers, and those of the PLM have 384"
    with pytest.raises(PLMError, match=message):
        trials(task, minilm, candidate(task, other))


def test_a_document_alone_cannot_predict(task, readouts, minilm, tmp_path: Path):
    (trial,) = trials(task, minilm, candidate(task, readouts["soft"]))
    prompt = prompt_of(trial, task, minilm)
    with pytest.raises(PromptFileError, match=r"needs the arrays in best_prompt.safetensors"):
        replace(prompt, readout=None).predict("a film")
