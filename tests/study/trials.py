"""Trials made by hand."""

from __future__ import annotations

import numpy as np

from promptsearch.engines.base import Candidate
from promptsearch.plms.base import AnswerScoring
from promptsearch.scoring import Calibration, Evaluation, evaluate
from promptsearch.study.trial import Trial
from promptsearch.template import Template
from promptsearch.verbalizer import Verbalizer

WORDS = Verbalizer.of({"no": "bad", "yes": "good"}, ["no", "yes"])


def rows(right: int, n: int = 10, sure: float = 0.9) -> tuple[np.ndarray, list[int]]:
    """Label probabilities and labels of `right` correct answers out of n, each with probability `sure`."""
    gold = [i % 2 for i in range(n)]
    found = np.full((n, 2), 1 - sure)
    for i in range(n):
        found[i, gold[i] if i < right else 1 - gold[i]] = sure
    return found, gold


def figures(right: int, n: int = 10, sure: float = 0.9) -> Evaluation:
    """Figures of `right` correct answers out of n, each with probability `sure`."""
    found, gold = rows(right, n, sure)
    return evaluate(np.log(found), gold)


def trial(
    name: str,
    train: Evaluation | int = 5,
    dev: Evaluation | int = 5,
    *,
    tokens: float = 10,
    baseline: bool = False,
    method: str = "none",
    plm: str = "minilm-mlm",
    engine: str = "manual",
) -> Trial:
    """A trial whose template tells its name."""
    train = figures(train) if isinstance(train, int) else train
    dev = figures(dev) if isinstance(dev, int) else dev
    right = round(dev.accuracy * dev.n)
    return Trial(
        plm=plm,
        candidate=Candidate(Template.parse(f"{{text}} {name} {{mask}}"), WORDS, engine, baseline=baseline),
        calibration=Calibration() if method == "none" else Calibration(method, (0.0, 0.0)),
        scoring=AnswerScoring(),
        words=WORDS.words,
        train=train,
        dev=dev,
        tokens=tokens,
        dev_correct=np.arange(dev.n) < right,
    )


def name_of(found: Trial) -> str:
    return str(found.candidate.template).split()[1]
