"""Prompts of a search that answer together: LPAQA's ensemble (Jiang et al. 2020, section 4.3)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from promptsearch.compose import PromptEnsemble
from promptsearch.plms.base import PLM
from promptsearch.prompt import Prompt
from promptsearch.scoring import (
    Difference,
    Evaluation,
    combine,
    evaluate,
    predict,
    select_members,
    told_apart,
)
from promptsearch.scoring.selection import LOG_LIKELIHOOD_DECIMALS
from promptsearch.study.budget import TimeUp
from promptsearch.study.config import DiscoverConfig
from promptsearch.study.documents import evaluation_record, prompt_document
from promptsearch.study.evaluating import majority_evaluation
from promptsearch.study.finalist import Finalist
from promptsearch.study.selection import ranked_on_train
from promptsearch.study.trial import Trial
from promptsearch.study.vectors import vectors_of
from promptsearch.tasks.task import Example, Task, gold

MOST_MEMBERS = 10
_POOL = 2 * MOST_MEMBERS  # trials of which those are chosen that answer best together
AT_ONCE = 5
"""Members that go through their PLMs together where time may run out: those of a round that was not finished
are lost, but a causal PLM, which shares their left parts, takes 1.4 times as long as for all at once."""


@dataclass(frozen=True)
class Ensemble:
    """Prompts that answer together.

    Attributes:
        plms: references of their PLMs.
        members: each template once a PLM, in the order in which they were chosen.
        weights: one a member.
        test: figures on test; None when the run was stopped before.
        file: name of the ensemble file in the run's folder.
        to_best: test figure of the best single prompt minus this one's.
        predictions: (n_test,) label indices, -1 where it could not be scored.
    """

    plms: tuple[str, ...]
    members: tuple[Trial, ...]
    weights: tuple[float, ...]
    dev: Evaluation
    test: Evaluation | None
    file: str
    prompt: PromptEnsemble
    to_best: Difference | None = None
    predictions: NDArray[np.int64] | None = field(default=None, compare=False, repr=False)

    @property
    def plm(self) -> str:
        """Reference of the first member's PLM: of all, where they share one."""
        return self.plms[0]

    @property
    def cost(self) -> float:
        """Tokens through the PLMs for one prediction."""
        return sum(trial.cost for trial, weight in zip(self.members, self.weights) if weight > 0)


def mined_ensemble(
    config: DiscoverConfig, task: Task, plm: PLM, trials: Sequence[Trial], file: str, with_test: bool
) -> Ensemble | None:
    """The ensemble of what was mined for a PLM; None where that is less than two templates."""
    reference = plm.identity.reference
    mined = [
        trial
        for trial in trials
        if trial.plm == reference and trial.candidate.engine == "mining" and not trial.left_early
    ]
    members = each_template_once(ranked_on_train(mined, task.metric))[:MOST_MEMBERS]
    return ensemble_of(config, task, {reference: plm}, members, file, with_test, learned=True)


def ensemble_of(
    config: DiscoverConfig,
    task: Task,
    plms: Mapping[str, PLM],
    members: Sequence[Trial],
    file: str,
    with_test: bool,
    *,
    learned: bool,
    beside: Finalist | None = None,
    at_once: int = MOST_MEMBERS,
) -> Ensemble | None:
    """Trials that answer together; None where there are less than two.

    Args:
        learned: whether weights are learned on train; else all are equal, and members that there is no time
            for are left out, the last first.
        beside: the single prompt with which it is compared on test.
        at_once: members that are read together, see `AT_ONCE`.

    Raises:
        TimeUp: it was over before two members were read.
    """
    if len(members) < 2:
        return None
    prompts = [_prompt(config, task, plms[trial.plm], trial) for trial in members]
    splits = (task.dev, task.test) if with_test else (task.dev,)
    if learned:
        ensemble = PromptEnsemble.of(prompts).fitted(task.train)
        found = [ensemble.label_log_probs(examples) for examples in splits]
    else:
        read = _read_in_time(prompts, splits, at_once)
        members = members[: len(read[0])]
        ensemble = PromptEnsemble.of(prompts[: len(members)])
        found = [combine(each, ensemble.weights) for each in read]
    dev = evaluate(found[0], np.asarray(gold(task.dev)))
    test, to_best, predictions = None, None, None
    if with_test:
        log_probs, labels = found[1], np.asarray(gold(task.test))
        test, predictions = evaluate(log_probs, labels), predict(log_probs)
        if beside is not None and beside.predictions is not None:
            to_best = told_apart(beside.predictions, predictions, labels, task.metric)
    records = [
        evaluation_record(split, task.metric, own, None, majority_evaluation(task, task.splits[split]))
        for split, own in (("dev", dev), ("test", test))
        if own is not None
    ]
    document = ensemble.document.model_copy(update={"evaluation": tuple(records)})
    return Ensemble(
        tuple(dict.fromkeys(trial.plm for trial in members)),
        tuple(members),
        ensemble.weights,
        dev,
        test,
        file,
        replace(ensemble, document=document),
        to_best,
        predictions,
    )


def _read_in_time(
    prompts: Sequence[Prompt], splits: Sequence[Sequence[Example]], at_once: int
) -> list[NDArray[np.float64]]:
    """Label log-probabilities (members, n, labels) on each split, of as many members as there is time for.

    Raises:
        TimeUp: it was over before two members were read.
    """
    read: list[list[NDArray[np.float64]]] = []
    for start in range(0, len(prompts), at_once):
        some = PromptEnsemble.of(prompts[start : start + at_once])
        try:
            read.append([some.member_log_probs(examples) for examples in splits])
        except TimeUp:
            if not read:
                raise
            break
    return [np.concatenate(of_split) for of_split in zip(*read)]


def to_answer_together(trials: Sequence[Trial]) -> list[Trial]:
    """The members of an ensemble in the order in which they were chosen, each template once a PLM.

    They are chosen for what each adds to the others (`select_members`) on train and dev, among those that are
    best by themselves. Where each answer is averaged with others, how sure it is counts, so it is
    log-likelihood that decides, not accuracy. Where something was fitted on train, dev alone decides. Those
    that need arrays stay away.
    """
    plain = [trial for trial in trials if not _has_arrays(trial) and not trial.left_early]
    likelihoods = [float(_honest_likelihoods(trial).mean()) for trial in plain]
    order = sorted(range(len(plain)), key=lambda i: -round(likelihoods[i], LOG_LIKELIHOOD_DECIMALS))
    pool = each_template_once([plain[i] for i in order])[:_POOL]
    fitted = any(trial.candidate.fitted for trial in pool)
    seen = [trial.dev_likelihoods if fitted else _honest_likelihoods(trial) for trial in pool]
    if len({len(each) for each in seen}) > 1:
        return pool[:MOST_MEMBERS]  # judged on other examples
    return [pool[i] for i in _adding_most(seen)]


def _adding_most(likelihoods: Sequence[NDArray[np.float64]]) -> list[int]:
    """Of prompts with these log-likelihoods of the right label (n,), those that are best together.

    What is left of the probability counts as one other label: with more than two, as if all prompts took the
    same one for the right one.
    """
    if not likelihoods:
        return []
    right = np.minimum(np.stack(likelihoods).astype(float), -1e-12)
    others = np.log(-np.expm1(right))
    return select_members(np.stack([right, others], axis=-1), [0] * right.shape[1], MOST_MEMBERS)


def _has_arrays(trial: Trial) -> bool:
    return trial.candidate.readout is not None or vectors_of(trial.candidate) is not None


def _honest_likelihoods(trial: Trial) -> NDArray[np.float64]:
    """Log-likelihoods of the examples on which nothing flatters it."""
    if trial.candidate.fitted:
        return trial.dev_likelihoods
    return np.concatenate([trial.train_likelihoods, trial.dev_likelihoods])


def each_template_once(ranked: Sequence[Trial]) -> list[Trial]:
    """The first trial of each template on each PLM, in order."""
    first: dict[tuple[str, str], Trial] = {}
    for trial in ranked:
        first.setdefault((trial.plm, str(trial.candidate.template)), trial)
    return list(first.values())


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


def _prompt(config: DiscoverConfig, task: Task, plm: PLM, trial: Trial) -> Prompt:
    return Prompt(
        prompt_document(
            task,
            plm,
            trial.candidate,
            trial.calibration,
            trial.scoring,
            config.seed,
            limits=config.limits.shared(config.seeds),
        ),
        config.device,
        config.offline,
        config.trust_remote_code,
        trial.candidate.readout,
        plm,
    )
