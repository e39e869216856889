"""The prompt file of a prompt that a search found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from promptsearch.artefact import (
    BaselineRecord,
    BudgetRecord,
    CalibrationRecord,
    EvaluationRecord,
    PLMRecord,
    PromptDocument,
    ProvenanceRecord,
    ScoringRecord,
    TaskRecord,
    TriggerGroup,
    TriggerRecord,
    VerbalizerRecord,
)
from promptsearch.artefact.decomposition import decomposition_record
from promptsearch.artefact.readouts import readout_record, tensor_file_name
from promptsearch.artefact.soft import soft_file_name, soft_record
from promptsearch.decomposed import Decomposition
from promptsearch.engines.base import Candidate
from promptsearch.plms.base import PLM, AnswerScoring
from promptsearch.readings import CONTENT_FREE
from promptsearch.scoring import CALIBRATIONS, Calibration, Evaluation
from promptsearch.study.artefacts import PROMPT_FILE, versions
from promptsearch.study.budget import Limits
from promptsearch.study.trial import finite
from promptsearch.study.triggers import trigger_of
from promptsearch.study.vectors import vectors_of
from promptsearch.tasks.task import Task

if TYPE_CHECKING:
    from promptsearch.study.result import Finalist


def document(
    task: Task,
    plm: PLM,
    best: Finalist,
    manual: Finalist | None,
    majority: Mapping[str, Evaluation],
    seed: int,
    file: str = PROMPT_FILE,
    limits: Limits | None = None,
) -> PromptDocument:
    """The prompt file of a finalist, which will have that name."""
    trial = best.trial
    return prompt_document(
        task,
        plm,
        trial.candidate,
        trial.calibration,
        trial.scoring,
        seed,
        _evaluations(task, best, manual, majority),
        file,
        limits=limits,
    )


def prompt_document(
    task: Task,
    plm: PLM,
    candidate: Candidate,
    calibration: Calibration,
    scoring: AnswerScoring,
    seed: int,
    evaluations: Sequence[EvaluationRecord] = (),
    file: str = PROMPT_FILE,
    decomposition: Decomposition | None = None,
    limits: Limits | None = None,
) -> PromptDocument:
    """The prompt file of a candidate, which will have that name.

    Args:
        limits: what the search was allowed to spend.
    """
    readout, vectors = candidate.readout, vectors_of(candidate)
    n_texts = len(task.train) if candidate.calibrated_on is None else candidate.calibrated_on
    return PromptDocument(
        template=str(candidate.template),
        verbalizer=VerbalizerRecord.from_verbalizer(candidate.verbalizer, task.label_names),
        scoring=ScoringRecord(normalisation=scoring.normalisation, filling=scoring.filling),
        calibration=_calibration(calibration, candidate.verbalizer.words, n_texts),
        plm=PLMRecord.model_validate({**asdict(plm.identity), "dtype": plm.dtype}),
        task=TaskRecord(
            name=task.name,
            kind=task.kind,
            fields=task.fields,
            metric=task.metric,
            fingerprint=task.fingerprint,
            stand_in_for=task.stand_in_for,
            shots=task.shots,
            seed=task.seed,
        ),
        evaluation=tuple(evaluations),
        provenance=ProvenanceRecord.model_validate(
            {
                "engine": candidate.engine,
                "seed": seed,
                "budget": _budget(limits),
                "created": datetime.now(UTC).isoformat(timespec="seconds"),
                "versions": versions(),
                "details": dict(candidate.provenance),
            }
        ),
        readout=None if readout is None else readout_record(readout, tensor_file_name(file)),
        trigger=trigger_record(candidate),
        soft=None if vectors is None else soft_record(vectors, soft_file_name(file)),
        decomposition=None if decomposition is None else decomposition_record(decomposition),
    )


def _budget(limits: Limits | None) -> BudgetRecord:
    if limits is None:
        return BudgetRecord()
    seconds = None if limits.minutes is None else 60 * limits.minutes
    return BudgetRecord(seconds=seconds, evaluations=limits.evaluations)


def trigger_record(candidate: Candidate) -> TriggerRecord | None:
    """Ids and text of a found trigger; None of a prompt without one."""
    found = trigger_of(candidate)
    if found is None:
        return None
    groups = tuple(TriggerGroup(ids=ids, text=text) for ids, text in zip(found.ids, found.text))
    return TriggerRecord(template=str(found.template), groups=groups)


def evaluation_record(
    split: str, metric: str, own: Evaluation, manual: Evaluation | None, majority: Evaluation
) -> EvaluationRecord:
    """Figures on one split with the manual prompt and the majority class beside them."""
    interval = own.interval(metric)
    return EvaluationRecord.model_validate(
        {
            "split": split,
            "metric": metric,
            "n": own.n,
            "value": own.value(metric),
            "low": interval.low,
            "high": interval.high,
            "level": own.level,
            "log_likelihood": finite(own.log_likelihood),
            "unscored": own.unscored,
            "manual_baseline": _baseline(manual, metric) if manual else None,
            "majority": majority.value(metric),
        }
    )


def _calibration(calibration: Calibration, words: Sequence[str], n_texts: int) -> CalibrationRecord:
    if calibration.method == "none":
        return CalibrationRecord()
    fitted_on = CALIBRATIONS[calibration.method].fitted_on
    of_the_task = fitted_on in ("unlabelled inputs", "labelled examples")
    offsets = calibration.word_offsets
    return CalibrationRecord.model_validate(
        {
            "method": calibration.method,
            "label_offsets": calibration.label_offsets or None,
            "word_offsets": dict(zip(words, offsets)) if offsets else None,
            "n_texts": n_texts
            if of_the_task
            else {"content-free inputs": len(CONTENT_FREE)}.get(fitted_on, 1),
            "inputs": f"{fitted_on} of the task" if of_the_task else fitted_on,
        }
    )


def _evaluations(
    task: Task, best: Finalist, manual: Finalist | None, majority: Mapping[str, Evaluation]
) -> list[EvaluationRecord]:
    found = []
    for split in ("dev", "test"):
        own = _on(best, split)
        if own is not None:
            beside = _on(manual, split) if manual else None
            found.append(evaluation_record(split, task.metric, own, beside, majority[split]))
    return found


def _on(finalist: Finalist, split: str) -> Evaluation | None:
    return finalist.trial.dev if split == "dev" else finalist.test


def _baseline(evaluation: Evaluation, metric: str) -> BaselineRecord:
    interval = evaluation.interval(metric)
    return BaselineRecord(value=evaluation.value(metric), low=interval.low, high=interval.high)
