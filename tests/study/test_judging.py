"""Templates that are judged on one rung after the other."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from promptsearch.engines.base import Candidate
from promptsearch.plms.base import AnswerScoring
from promptsearch.study.history import history_of
from promptsearch.study.judging import Judge
from promptsearch.study.leaving import Leaders
from promptsearch.study.pools import Offer
from promptsearch.study.rungs import Rungs
from promptsearch.study.storage import open_study
from promptsearch.tasks import draw_splits, load_task
from promptsearch.template import Template
from promptsearch.verbalizer import Verbalizer
from tests.study.searching import TEMPLATE, WORDS, search
from tests.study.trials import trial


def test_what_cannot_be_tried_counts_once_however_many_rungs_there_are(minilm):
    task = draw_splits(load_task("reviews"), shots=40, seed=0)
    rungs = Rungs.of(task, 0)
    assert len(rungs.tasks) == 2
    odd = {"negative": "\u2603\u2603", "positive": "good"}
    words = [Verbalizer.of(given, task.labels) for given in (WORDS, odd)]
    offer = Offer(
        Template.parse(TEMPLATE), tuple(Candidate(Template.parse(TEMPLATE), each, "manual") for each in words)
    )
    judge = Judge(rungs, ["none"], AnswerScoring())
    [(number, trials, left_at)] = judge.judged(minilm, {3: offer})
    assert (number, [trial.dev.n for trial in trials], left_at) == (3, [80], None)
    assert [rejected.candidate.verbalizer for rejected in judge.rejected] == [words[1]]


def test_templates_that_leave_early_are_evaluations(tmp_path, monkeypatch):
    monkeypatch.setattr(Leaders, "leaves", lambda leaders, rung, trial, protected: not protected)
    templates = [TEMPLATE, "{mask} review: {text}", "Just {mask}! {text}"]
    found = search(tmp_path, shots=40, templates=templates, words=WORDS, evaluations=2)
    assert found.evaluations == 2
    history = history_of(open_study(tmp_path))
    assert len(history) == 1
    assert sum(trial.left_early for trial in found.trials) == 4


@pytest.mark.parametrize(("baseline", "left_at"), [(True, None), (False, 64)])
def test_the_manual_prompt_stays_where_other_words_do_better_in_its_template(minilm, baseline, left_at):
    task = draw_splits(load_task("reviews"), shots=40, seed=0)
    turned = {"negative": "good", "positive": "bad"}
    template = Template.parse(TEMPLATE)
    poor, good = (Verbalizer.of(given, task.labels) for given in (turned, WORDS))
    offer = Offer(
        template,
        (Candidate(template, poor, "manual", baseline=baseline), Candidate(template, good, "manual")),
    )
    judge = Judge(Rungs.of(task, 0), ["none"], AnswerScoring())
    right = np.ones(32, bool)
    judge.leaders.best[0] = replace(trial("all right"), train_correct=right, dev_correct=right)
    [(_, _, left)] = judge.judged(minilm, {0: offer})
    assert left == left_at
