"""Trials on the bundled reviews."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

from promptsearch.engines.base import Candidate
from promptsearch.plms.base import PLM, AnswerScoring
from promptsearch.study.trial import Trial
from promptsearch.study.trying import try_candidates
from promptsearch.tasks import draw_splits, load_task
from promptsearch.tasks.task import Task
from promptsearch.template import Template
from promptsearch.verbalizer import Verbalizer

WORDS = Verbalizer.of([["bad", "awful"], ["good", "great"]], ["negative", "positive"])


@cache
def reviews() -> Task:
    """8 train, 8 dev and 12 test examples."""
    return draw_splits(load_task("reviews"), shots=4, seed=0, max_test=12)


def tried(
    plm: PLM, template: str, verbalizer: Verbalizer = WORDS, method: str = "prior-batch", **given: object
) -> Trial:
    """The trial of one candidate under one method of calibration, or under the calibration that it brings."""
    candidate = replace(Candidate(Template.parse(template), verbalizer, "manual"), **given)  # ty: ignore[invalid-argument-type]
    rejected: list[object] = []
    found = try_candidates(reviews(), plm, [candidate], [method], AnswerScoring(), rejected.append)
    trials = [trial for block in found for trial in block]
    assert not rejected
    return trials[-1]
