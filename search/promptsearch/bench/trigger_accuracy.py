"""How much found triggers help: test figures with and without a trigger, over several draws."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from promptsearch.bench.trigger_accuracy_runs import CALIBRATIONS, PROMPTS, Case, Chosen, Run
from promptsearch.bench.trigger_jobs import single_words
from promptsearch.engines.base import Budget, Candidate
from promptsearch.engines.manual import lead_ins
from promptsearch.engines.trigger import TriggerConfig, TriggerEngine
from promptsearch.plms.base import PLM, AnswerScoring
from promptsearch.readings import label_log_probs
from promptsearch.scoring import predict
from promptsearch.study.config import DiscoverConfig
from promptsearch.study.evaluating import majority_of_test
from promptsearch.study.loading import load_search_plm
from promptsearch.study.observer import Observer
from promptsearch.study.selection import Selection
from promptsearch.study.setup import load_source
from promptsearch.study.trial import Trial
from promptsearch.study.trying import Rejected, try_candidates
from promptsearch.tasks.task import Task, fingerprint_examples, gold
from promptsearch.template import Template

_SCORING = AnswerScoring("token")
_TRIGGER = re.compile(r"\s*\{trigger\*\d+\}")


def measure(
    case: Case,
    source: Task,
    plm: PLM,
    seed: int,
    budget: Budget,
    max_test: int | None = None,
    config: TriggerConfig | None = None,
) -> Run:
    """Search a trigger on train, choose on dev, score on test; the same without a trigger.

    Raises:
        DataError: the task has too few examples.
        OptionError: the library has no label words of one token each.
    """
    task = case.draw(source, seed, max_test)
    sought = Template.parse(case.template or _template_for(task))
    words = single_words(task, plm, sought)
    config = replace(config or TriggerConfig(), calibrated=case.calibrated)
    engine = TriggerEngine(config, [sought], words, openings=lead_ins(task, plm.identity.family))
    begun = time.perf_counter()
    found = list(engine.search(task, plm, budget, seed))
    taken = time.perf_counter() - begun
    plain = Candidate(Template.parse(_TRIGGER.sub("", str(sought))), words, "manual")
    prompts: dict[str, list[Candidate]] = {"without": [plain], "trigger": found}
    chosen = {
        way: {name: _chosen(task, plm, prompts[name], calibrations) for name in PROMPTS}
        for way, calibrations in CALIBRATIONS.items()
    }
    history = engine.history
    return Run(
        case,
        seed,
        budget.seconds,
        taken,
        words.words,
        min((each.loss for each in history.improvements), default=float("inf")),
        history.evaluations,
        history.reason,
        chosen,
        fingerprint_examples(task.test),
        majority_of_test(task).accuracy,
    )


def _template_for(task: Task) -> str:
    fields = " ".join(f"{{{name}}}" for name in task.fields)
    return f"{fields} {{trigger*3}} {{mask}}"


def _chosen(task: Task, plm: PLM, candidates: Sequence[Candidate], calibrations: Sequence[str]) -> Chosen:
    """Choose on dev as `discover` does, and score on test."""
    refused: list[Rejected] = []
    tried = try_candidates(task, plm, candidates, calibrations, _SCORING, refused.append)
    best = Selection.of([trial for trials in tried for trial in trials], "accuracy").chosen
    right = predict(_on_test(plm, best, task)) == np.asarray(gold(task.test))
    return Chosen(
        str(best.candidate.template),
        best.calibration.method,
        best.dev.accuracy,
        "".join("1" if each else "0" for each in right),
    )


def _on_test(plm: PLM, trial: Trial, task: Task) -> NDArray[np.float64]:
    candidate = trial.candidate
    return label_log_probs(
        plm, candidate.template, candidate.verbalizer, trial.calibration, _SCORING, task.test, keep=False
    )


def measured(
    cases: Sequence[Case],
    seeds: Sequence[int],
    seconds: float,
    config: DiscoverConfig,
    done: Sequence[Run],
    observer: Observer,
) -> Iterator[Run]:
    """Every case for every seed, one after another, but for those that are done.

    Args:
        config: how tasks and PLMs are read, and how many test examples there are at most.
        done: runs; one of the same case, seed and time is not repeated.

    Raises:
        PromptSearchError: a task or PLM cannot be had.
    """
    had = {(run.case, run.seed, run.asked) for run in done}
    sources: dict[str, Task] = {}
    plms: dict[str, PLM] = {}
    for case in cases:
        for seed in seeds:
            if (case, seed, seconds) in had:
                continue
            if case.task not in sources:
                sources[case.task] = load_source(replace(config, task=case.task))
                for text in sources[case.task].notices:
                    observer.notice(text)
            if case.plm not in plms:
                plms[case.plm] = load_search_plm(config, case.plm, observer)
            observer.stage(f"{case.title}, seed {seed}")
            yield measure(
                case, sources[case.task], plms[case.plm], seed, Budget(seconds=seconds), config.max_test
            )
