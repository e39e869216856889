"""How many verbalizers a second can be judged on answer states that are at hand."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

import numpy as np

from promptsearch.bench.job import Job
from promptsearch.tasks.task import Example, gold

_WORDS_A_LABEL = 5
_POOL = 2000
_VERBALIZERS = 20_000


@dataclass(frozen=True)
class VerbalizerRate:
    """Verbalizers a second under one calibration, accuracy and log-likelihood of each included."""

    calibration: str
    n_labels: int
    words_a_label: int
    examples: int
    rate: float

    def record(self) -> dict[str, Any]:
        """As JSON-able values."""
        return {
            "calibration": self.calibration,
            "labels": self.n_labels,
            "words_a_label": self.words_a_label,
            "examples": self.examples,
            "verbalizers_per_second": self.rate,
        }


def verbalizer_rates(
    job: Job, examples: Sequence[Example], repeats: int, verbalizers: int = _VERBALIZERS
) -> list[VerbalizerRate]:
    """Judge random verbalizers over words of the PLM's vocabulary, on real answer states of one template.

    Args:
        examples: those of the job, with labels.
    """
    from promptsearch.plms.loading import load_plm
    from promptsearch.readings import content_free_examples
    from promptsearch.scoring.bulk import evaluate_many

    plm = load_plm(job.plm, device="cpu", cache=False, offline=True)
    template = job.parsed_templates()[0]
    free = content_free_examples(tuple(job.examples[0]))
    states = plm.answer_states(template, [*examples, *free])
    random = np.random.default_rng(0)
    words = random.choice(plm.output.weight.shape[0], _POOL, replace=False)
    scores = plm.word_scores(states, words.tolist())
    log_probs, content_free = scores[: len(examples)], scores[len(examples) :]
    index = random.integers(_POOL, size=(verbalizers, len(job.words), _WORDS_A_LABEL))
    references = {"none": None, "batch": None, "contextual": content_free}
    rates = []
    for calibration, reference in references.items():
        seconds = []
        for _ in range(repeats):
            start = time.perf_counter()
            evaluate_many(log_probs, index, gold(examples), calibration=calibration, reference=reference)
            seconds.append(time.perf_counter() - start)
        rates.append(
            VerbalizerRate(
                calibration, len(job.words), _WORDS_A_LABEL, len(examples), verbalizers / median(seconds)
            )
        )
    return rates
