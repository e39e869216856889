"""What a training around a prompt has come to, as JSON."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from promptsearch.scoring import Evaluation
from promptsearch.study.artefacts import versions
from promptsearch.study.trial import finite
from promptsearch.tasks.task import gold
from promptsearch.tuning.outcome import Compared, Trained, Tuning
from promptsearch.tuning.record import saved

FORMAT, VERSION = "promptsearch/tuning", 1


def record(found: Tuning) -> dict[str, Any]:
    """The report as JSON-able values."""
    task, trained = found.task, found.trained
    labels = np.asarray(gold(task.test), dtype=np.int64)
    return {
        "format": FORMAT,
        "version": VERSION,
        "task": task.name,
        "stand_in_for": task.stand_in_for,
        "fingerprint": task.fingerprint,
        "metric": task.metric,
        "strategy": found.config.strategy,
        "options": saved(found.config),
        "plm": found.prompt.document.plm.model_dump(mode="json"),
        "dtype": found.dtype,
        "device": found.device,
        "splits": {name: len(task.splits[name]) for name in ("train", "dev", "test")},
        "gold_sha256": hashlib.sha256(labels.tobytes()).hexdigest(),
        "prompts": [_compared(row, task.metric, labels) for row in found.rows],
        "majority": {
            "dev": None if found.majority_dev is None else found.majority_dev.value(task.metric),
            "test": found.majority_test.value(task.metric),
        },
        "numbers": found.numbers,
        "training": None if trained is None else _trained(trained),
        "nearest": [[[each.text, round(each.cosine, 4)] for each in of_token] for of_token in found.nearest],
        "teachers": [
            {
                "template": str(each.template),
                "weight": each.weight,
                "dev_correct": each.correct,
                "dev_n": each.n,
            }
            for each in found.teachers
        ],
        "unlabelled": found.unlabelled,
        "shortened": found.shortened,
        "seconds": round(found.seconds, 2),
        "exported": None if found.exported is None else str(found.exported),
        "notices": list(found.notices),
        "versions": versions(),
    }


def _compared(row: Compared, metric: str, labels: NDArray[np.int64]) -> dict[str, Any]:
    """A prompt; `correct` has a 1 for each test example that it has right, a 0 for each other."""
    gap, pairs = row.to_tuned, zip(row.words.labels, row.words.answers)
    return {
        "role": row.role,
        "template": str(row.template),
        "words": {str(label): [each.text for each in answers] for label, answers in pairs},
        "dev": None if row.dev is None else _figures_of(row.dev, metric),
        "test": _figures_of(row.test, metric),
        "correct": "".join(str(int(each)) for each in row.predictions == labels),
        "tuned_is_better_by": None
        if gap is None
        else {"value": gap.value, "low": gap.low, "high": gap.high, "p_value": gap.p_value},
    }


def _figures_of(evaluation: Evaluation, metric: str) -> dict[str, Any]:
    low, high = evaluation.interval(metric)
    return {
        "n": evaluation.n,
        "value": evaluation.value(metric),
        "interval": [low, high],
        "log_likelihood": finite(evaluation.log_likelihood),
        "unscored": evaluation.unscored,
    }


def _trained(trained: Trained) -> dict[str, Any]:
    best = trained.best
    return {
        "parameters": trained.parameters,
        "seconds": round(trained.seconds, 2),
        "peak_bytes": trained.peak_bytes,
        "ending": trained.ending,
        "kept": None if best is None else {"start": best.restart, "step": best.step},
        "steps_with_dev": trained.again,
        "rates": dict(trained.rates),
        "starts": [course.record()["looks"] for course in trained.courses],
    }
