"""The files of a run."""

from __future__ import annotations

import json
import platform
from collections.abc import Iterable
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from promptsearch.artefact import (
    BaselineRecord,
    CalibrationRecord,
    EvaluationRecord,
    PLMRecord,
    PromptDocument,
    ProvenanceRecord,
    ScoringRecord,
    TaskRecord,
    VerbalizerRecord,
)
from promptsearch.errors import StorageError
from promptsearch.paths import atomic_write
from promptsearch.plms.base import PLM
from promptsearch.readings import CONTENT_FREE
from promptsearch.scoring import CALIBRATIONS, Evaluation
from promptsearch.study.result import Finalist
from promptsearch.study.trial import Trial, finite
from promptsearch.tasks.task import Task

_PACKAGES = ("promptsearch", "torch", "transformers", "datasets", "optuna", "nltk", "numpy")


def versions() -> dict[str, str]:
    """Versions of Python and of what figures may depend on."""
    found = {"python": platform.python_version()}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue  # imported from a source tree that was never installed
    return found


def new_folder(task: str, out: Path | None) -> Path:
    """An empty folder for a run: `out`, or runs/TASK-TIME.

    Raises:
        StorageError: it cannot be made, or holds files of another kind.
    """
    stem = "".join(char if char.isalnum() or char in "-_" else "-" for char in task)
    folder = out or Path("runs") / f"{stem}-{datetime.now().strftime('%Y%m%d-%H%M%S')}"
    try:
        folder.mkdir(parents=True, exist_ok=out is not None)
    except FileExistsError:
        if not folder.is_dir():
            raise StorageError("the run folder is a file", where=str(folder)) from None
        return new_folder(task, folder.with_name(f"{folder.name}-2"))
    except OSError as error:
        raise StorageError(
            f"the run folder cannot be made: {error.strerror}",
            where=str(folder),
            hint="Choose another with --out.",
        ) from error
    if any(entry.name not in RUN_FILES for entry in folder.iterdir()):
        raise StorageError(
            "the folder for the run holds other files",
            where=str(folder),
            hint="Choose an empty one with --out.",
        )
    return folder


RUN_FILES = ("config.json", "candidates.jsonl", "best_prompt.json", "report.md")


def write_json(path: Path, value: Any) -> None:
    """Write JSON for people and machines; see `atomic_write`."""
    atomic_write(path, json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def write_candidates(path: Path, trials: Iterable[Trial], metric: str) -> None:
    """One line a trial."""
    lines = (json.dumps(trial.record(metric), ensure_ascii=False, allow_nan=False) for trial in trials)
    atomic_write(path, "".join(f"{line}\n" for line in lines))


def document(
    task: Task,
    plm: PLM,
    best: Finalist,
    manual: Finalist | None,
    majority: dict[str, Evaluation],
    seed: int,
) -> PromptDocument:
    """The prompt file of a finalist."""
    trial = best.trial
    return PromptDocument(
        template=str(trial.candidate.template),
        verbalizer=VerbalizerRecord.from_verbalizer(trial.candidate.verbalizer, task.label_names),
        scoring=ScoringRecord(normalisation=trial.scoring.normalisation, filling=trial.scoring.filling),
        calibration=_calibration(trial, task),
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
        evaluation=_evaluations(task, best, manual, majority),
        provenance=ProvenanceRecord.model_validate(
            {
                "engine": trial.candidate.engine,
                "seed": seed,
                "created": datetime.now(UTC).isoformat(timespec="seconds"),
                "versions": versions(),
                "details": dict(trial.candidate.provenance),
            }
        ),
    )


def _calibration(trial: Trial, task: Task) -> CalibrationRecord:
    calibration = trial.calibration
    if calibration.method == "none":
        return CalibrationRecord()
    fitted_on = CALIBRATIONS[calibration.method].fitted_on
    n_texts = {
        "unlabelled inputs": len(task.train),
        "content-free inputs": len(CONTENT_FREE),
        "empty fields": 1,
    }
    return CalibrationRecord.model_validate(
        {
            "method": calibration.method,
            "label_offsets": calibration.label_offsets or None,
            "word_offsets": dict(zip(trial.words, calibration.word_offsets))
            if calibration.word_offsets
            else None,
            "n_texts": n_texts[fitted_on],
            "inputs": f"{fitted_on} of train" if fitted_on == "unlabelled inputs" else fitted_on,
        }
    )


def _evaluations(
    task: Task, best: Finalist, manual: Finalist | None, majority: dict[str, Evaluation]
) -> tuple[EvaluationRecord, ...]:
    found = []
    for split in ("dev", "test"):
        own = _on(best, split)
        if own is None:
            continue
        beside = _on(manual, split) if manual else None
        interval = own.interval(task.metric)
        found.append(
            EvaluationRecord(
                split=split,
                metric=task.metric,
                n=own.n,
                value=own.value(task.metric),
                low=interval.low,
                high=interval.high,
                level=own.level,
                log_likelihood=finite(own.log_likelihood),
                unscored=own.unscored,
                manual_baseline=_baseline(beside, task.metric) if beside else None,
                majority=majority[split].value(task.metric),
            )
        )
    return tuple(found)


def _on(finalist: Finalist, split: str) -> Evaluation | None:
    return finalist.trial.dev if split == "dev" else finalist.test


def _baseline(evaluation: Evaluation, metric: str) -> BaselineRecord:
    interval = evaluation.interval(metric)
    return BaselineRecord(value=evaluation.value(metric), low=interval.low, high=interval.high)
