"""Mined templates that answer together: LPAQA's ensemble (Jiang et al. 2020, section 4.3)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from promptsearch.compose import PromptEnsemble
from promptsearch.plms.base import PLM
from promptsearch.prompt import Prompt
from promptsearch.scoring import Evaluation, evaluate
from promptsearch.study.config import DiscoverConfig
from promptsearch.study.documents import evaluation_record, prompt_document
from promptsearch.study.evaluating import majority_evaluation
from promptsearch.study.selection import ranked_on_train
from promptsearch.study.trial import Trial
from promptsearch.tasks.task import Example, Task, gold

MOST_MEMBERS = 10


@dataclass(frozen=True)
class MinedEnsemble:
    """The mined templates of one PLM as an ensemble.

    Attributes:
        plm: reference of the PLM.
        members: the best on train, each template once.
        weights: one a member, fitted on train.
        test: figures on test; None when the run was stopped before.
        file: name of the ensemble file in the run's folder.
    """

    plm: str
    members: tuple[Trial, ...]
    weights: tuple[float, ...]
    dev: Evaluation
    test: Evaluation | None
    file: str
    prompt: PromptEnsemble


def mined_ensemble(
    config: DiscoverConfig, task: Task, plm: PLM, trials: Sequence[Trial], file: str, with_test: bool
) -> MinedEnsemble | None:
    """The ensemble of what was mined for a PLM; None where that is less than two templates."""
    members = _members(trials, plm.identity.reference, task.metric)
    if len(members) < 2:
        return None
    prompts = [_prompt(config, task, plm, trial) for trial in members]
    ensemble = PromptEnsemble.of(prompts).fitted(task.train)
    dev = _evaluated(ensemble, task.dev)
    test = _evaluated(ensemble, task.test) if with_test else None
    records = [
        evaluation_record(split, task.metric, own, None, majority_evaluation(task, task.splits[split]))
        for split, own in (("dev", dev), ("test", test))
        if own is not None
    ]
    document = ensemble.document.model_copy(update={"evaluation": tuple(records)})
    return MinedEnsemble(
        plm.identity.reference,
        tuple(members),
        ensemble.weights,
        dev,
        test,
        file,
        replace(ensemble, document=document),
    )


def ensemble_files(plms: Sequence[str]) -> dict[str, str]:
    """PLM -> name of its ensemble file; the PLM is in it where a run has several."""
    if len(plms) == 1:
        return {plms[0]: "ensemble.json"}
    found: dict[str, str] = {}
    for plm in plms:
        slug = "".join(char if char.isalnum() or char in "-_." else "-" for char in plm).strip("-.")
        name = f"ensemble-{slug}.json"
        found[plm] = name if name not in found.values() else f"ensemble-{slug}-{len(found)}.json"
    return found


def _members(trials: Sequence[Trial], plm: str, metric: str) -> list[Trial]:
    """Each mined template under the calibration that does best on train, the best templates first."""
    mined = [trial for trial in trials if trial.plm == plm and trial.candidate.engine == "mining"]
    first: dict[str, Trial] = {}
    for trial in ranked_on_train(mined, metric):
        first.setdefault(str(trial.candidate.template), trial)
    return list(first.values())[:MOST_MEMBERS]


def _prompt(config: DiscoverConfig, task: Task, plm: PLM, trial: Trial) -> Prompt:
    return Prompt(
        prompt_document(task, plm, trial.candidate, trial.calibration, trial.scoring, config.seed),
        config.device,
        config.offline,
        config.trust_remote_code,
        None,
        plm,
    )


def _evaluated(ensemble: PromptEnsemble, examples: Sequence[Example]) -> Evaluation:
    return evaluate(ensemble.label_log_probs(examples), np.asarray(gold(examples)))
