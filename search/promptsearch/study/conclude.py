"""What follows from a search: the finalists, their figures on test, and what can be said of the best."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from promptsearch.plms.base import PLM
from promptsearch.readings import label_log_probs
from promptsearch.scoring import evaluate, predict, told_apart
from promptsearch.study.finalist import BEST, BEST_OF_ENGINE, BEST_OF_PLM, MANUAL, Finalist
from promptsearch.study.observer import Observer
from promptsearch.study.selection import Selection
from promptsearch.study.trial import Trial
from promptsearch.tasks.task import Task, gold

# Prompts that are timed, as many as go through a small model at once.
_TIMED = 16


def finalists_of(selection: Selection, trials: Sequence[Trial], plms: Sequence[str]) -> list[Finalist]:
    """The winner, the best of every other PLM and of some engines, and each PLM's manual prompt.

    All are chosen by the same rule on the same dev examples; the manual prompt is the one that a person
    would write first, which nobody chose.
    """
    best = selection.chosen
    found = [Finalist(BEST, best)]
    order = [best.plm, *(plm for plm in plms if plm != best.plm)]
    for plm in order[1:]:
        of_plm = [trial for trial in trials if trial.plm == plm]
        if of_plm:
            found.append(Finalist(BEST_OF_PLM, selection.again(of_plm).chosen))
    for engine, role in BEST_OF_ENGINE.items():
        of_engine = [trial for trial in trials if trial.candidate.engine == engine]
        if of_engine and best.candidate.engine != engine:
            found.append(Finalist(role, selection.again(of_engine).chosen))
    for plm in order:
        manual = [trial for trial in trials if trial.is_baseline and trial.plm == plm]
        found += [Finalist(MANUAL, trial) for trial in manual[:1]]
    return found


def on_test(
    finalists: Sequence[Finalist], plms: Mapping[str, PLM], task: Task, observer: Observer
) -> list[Finalist]:
    """The finalists with their figures on test, which is scored once, and their distance to the best."""
    scored: dict[int, Finalist] = {}
    answers: dict[int, np.ndarray] = {}
    labels = gold(task.test)
    for reference, plm in plms.items():
        mine = [i for i, finalist in enumerate(finalists) if finalist.trial.plm == reference]
        if not mine:
            continue
        observer.stage(f"{reference}: scoring on test, once")
        templates = list(dict.fromkeys(finalists[i].trial.candidate.template for i in mine))
        states = dict(zip(templates, plm.answer_states_of(templates, task.test)))
        for i in mine:
            trial = finalists[i].trial
            candidate = trial.candidate
            of_template = states[candidate.template]
            log_probs = label_log_probs(
                plm,
                candidate.template,
                candidate.verbalizer,
                trial.calibration,
                trial.scoring,
                task.test,
                of_template,
                candidate.readout,
            )
            answers[i] = predict(log_probs)
            scored[i] = replace(
                finalists[i],
                test=evaluate(log_probs, labels),
                shortened=int(of_template.shortened.sum()),
                predictions=answers[i],
            )
    return [
        replace(scored[i], to_best=told_apart(answers[0], answers[i], labels, task.metric) if i else None)
        for i in range(len(finalists))
    ]


def timed(finalists: Sequence[Finalist], plms: Mapping[str, PLM], task: Task) -> list[Finalist]:
    """The finalists with the milliseconds that a prediction takes here, in a small batch."""
    # Backwards they are no list of texts that a search has answer states of, which would only be read.
    texts = list(task.dev[:_TIMED])[::-1]
    found = []
    for finalist in finalists:
        plm, template = plms[finalist.trial.plm], finalist.trial.candidate.template
        begun = time.perf_counter()
        plm.answer_states(template, texts, keep=False)
        each = 1000 * (time.perf_counter() - begun) / len(texts)
        found.append(replace(finalist, milliseconds=each * finalist.trial.passes))
    return found
