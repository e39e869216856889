"""What a search found, in the records of a report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from promptsearch.engines.base import Candidate
from promptsearch.report.document import Cost, Figure, Gap, LabelWords, PromptSummary, TaskSummary
from promptsearch.report.label_words import heaviest_first
from promptsearch.scoring import Difference, Evaluation
from promptsearch.scoring.continuous import tensors_of
from promptsearch.showing import whole_text
from promptsearch.study.ensembles import Ensemble
from promptsearch.study.informed import Informed
from promptsearch.study.trial import Trial, finite
from promptsearch.study.vectors import vectors_of
from promptsearch.tasks.task import Task


def figure_record(evaluation: Evaluation, metric: str) -> Figure:
    """A figure with its interval and number of examples."""
    low, high = evaluation.interval(metric)
    return Figure(
        n=evaluation.n,
        value=evaluation.value(metric),
        low=low,
        high=high,
        log_likelihood=finite(evaluation.log_likelihood),
        unscored=evaluation.unscored,
    )


def figure_or_none(evaluation: Evaluation | None, metric: str) -> Figure | None:
    """The same, where there is one."""
    return None if evaluation is None else figure_record(evaluation, metric)


def gap_record(difference: Difference | None) -> Gap | None:
    """A paired difference, where there is one."""
    if difference is None:
        return None
    return Gap(value=difference.value, low=difference.low, high=difference.high, p_value=difference.p_value)


def task_record(task: Task, splits: Mapping[str, int], shots: int | None, seed: int) -> TaskSummary:
    """What was searched on.

    Args:
        splits: examples of each.
        shots: labelled examples a class, None where all were used.
    """
    return TaskSummary(
        name=task.name,
        stand_in_for=task.stand_in_for,
        kind=task.kind,
        labels=task.label_names,
        metric=task.metric,
        source=whole_text(f"{task.source.kind} {task.source.location}".strip()),
        fingerprint=task.fingerprint,
        splits=dict(splits),
        shots=shots,
        seed=seed,
    )


def summary_of(trial: Trial | Informed, names: Sequence[str]) -> PromptSummary:
    """The prompt of a trial, with labels or without.

    Args:
        names: of the labels.
    """
    candidate = trial.candidate
    return PromptSummary(
        plm=trial.plm,
        engine=candidate.engine,
        template=str(candidate.template),
        words=tuple(
            LabelWords(
                label=name, words=tuple(answer.text for answer, _ in heaviest_first(candidate, answers))
            )
            for name, answers in zip(names, candidate.verbalizer.answers)
        ),
        calibration=trial.calibration.method,
        readout=_readout(candidate),
    )


def summary_of_ensemble(ensemble: Ensemble) -> PromptSummary:
    """Prompts that answer together, in place of one."""
    return PromptSummary(
        plm=", ".join(ensemble.plms),
        engine="ensemble",
        template=f"{len(ensemble.members)} prompts, in {ensemble.file}",
        words=(),
        calibration="of each",
    )


def cost_of(trial: Trial, milliseconds: float | None) -> Cost:
    """What one prediction takes."""
    readout = trial.candidate.readout
    arrays = {} if readout is None else tensors_of(readout)
    vectors = vectors_of(trial.candidate)
    return Cost(
        tokens=trial.cost,
        passes=trial.passes,
        milliseconds=milliseconds,
        numbers=sum(array.size for array in arrays.values()) + (0 if vectors is None else vectors.array.size),
    )


def cost_of_ensemble(ensemble: Ensemble) -> Cost:
    """What one prediction of all members takes; those of weight 0 are not asked."""
    asked = [trial for trial, weight in zip(ensemble.members, ensemble.weights) if weight > 0]
    return Cost(tokens=ensemble.cost, passes=sum(trial.passes for trial in asked))


def _readout(candidate: Candidate) -> str | None:
    """How labels are read, where not off the words alone."""
    if candidate.readout is None:
        return None
    how = "mixed with its words" if candidate.readout.uses_words else "in place of its words"
    return f"{candidate.readout.kind} readout {how}"
