"""The files of a training."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from promptsearch.artefact import EvaluationRecord, PromptDocument
from promptsearch.artefact.decomposition import decomposition_record
from promptsearch.artefact.soft import soft_file_name, soft_record
from promptsearch.artefact.tuned import (
    TunedFolder,
    folder_sha256,
    remove_tuned,
    tuned_folder_name,
    tuned_record,
)
from promptsearch.engines.base import Candidate
from promptsearch.engines.soft.starts import starts_from_words
from promptsearch.errors import StorageError
from promptsearch.prompt import Prompt
from promptsearch.scoring import fit_none
from promptsearch.study.artefacts import PROMPT_FILE, TEACHERS_FILE, TRAINING_FILE, TUNED_FOLDERS, TUNING_FILE
from promptsearch.study.budget import Limits
from promptsearch.study.documents import evaluation_record, prompt_document
from promptsearch.study.going_on import resume_command
from promptsearch.tuning.comparing import SCORING
from promptsearch.tuning.config import START, TuneConfig
from promptsearch.tuning.outcome import MANUAL, Tuning
from promptsearch.tuning.subject import Subject
from promptsearch.tuning.tuners import Stored


def remove_results(folder: Path) -> None:
    """Remove the results of an earlier sitting, the prompt file first: it never stands without the others."""
    for name in (PROMPT_FILE, soft_file_name(PROMPT_FILE), TUNING_FILE, "report.md"):
        (folder / name).unlink(missing_ok=True)
    for name in TUNED_FOLDERS:
        remove_tuned(folder / name)


def check_unfinished(folder: Path) -> None:
    """Refuse a folder with a training that is not finished, of which nothing must be lost.

    Raises:
        StorageError: saying how to go on with it.
    """
    states = (folder / TRAINING_FILE, folder / TEACHERS_FILE)
    if any(state.exists() for state in states) and not (folder / PROMPT_FILE).exists():
        raise StorageError(
            "the folder holds a training that is not finished",
            where=str(folder),
            hint=f"Go on with it: {resume_command(folder, 'promptsearch tune')}. "
            "Or choose another with --out.",
        )


def check_resumable(folder: Path) -> None:
    """Refuse to go on with a training that is over.

    Raises:
        StorageError: it has a result, and nothing that could be gone on with.
    """
    results = (folder / PROMPT_FILE, folder / TUNING_FILE)
    if all(result.exists() for result in results) and not (folder / TRAINING_FILE).exists():
        raise StorageError(
            "the training is finished",
            where=str(folder),
            hint="To train longer, tune again with more --steps, or --patience.",
        )


def prompt_for(
    subject: Subject, config: TuneConfig, stored: Stored | None, folder: Path, again: int = 0
) -> Prompt:
    """The prompt as it can be saved: with what was stored in the folder, without figures.

    Args:
        again: steps on train and dev together, before which its figures on dev are taken.
    """
    asked = subject.decomposition
    candidate = Candidate(subject.plain, subject.words, "tune", _provenance(config, subject, again))
    document = prompt_document(
        subject.task,
        subject.plm,
        candidate,
        fit_none(),
        SCORING,
        config.seed,
        # Without its soft tokens, labels have none of their own.
        decomposition=asked and replace(asked, shared=True),
        limits=None if config.minutes is None else Limits(config.minutes),
    )
    prompt = Prompt(document, config.device, config.offline, config.trust_remote_code)
    if stored is None:
        return prompt
    parts: dict[str, object] = {}
    if stored.soft is not None:
        record = soft_record(stored.soft, soft_file_name(PROMPT_FILE))
        parts |= {"template": str(subject.template), "soft": record}
        parts["decomposition"] = asked and decomposition_record(asked)
        prompt.soft = stored.soft
    if stored.kind is not None:
        place = folder / tuned_folder_name(PROMPT_FILE, stored.kind)
        prompt.tuned = TunedFolder(stored.kind, place, folder_sha256(place))
        soft = 0 if stored.soft is None else stored.soft.array.size
        parts["tuned"] = tuned_record(prompt.tuned, stored.numbers - soft)
    prompt.document = document.model_copy(update=parts)
    return prompt


def _provenance(config: TuneConfig, subject: Subject, again: int) -> dict[str, object]:
    found: dict[str, object] = {"strategy": config.strategy}
    if config.trains_soft or config.trains_prefix:
        own = config.trains_soft and starts_from_words(subject.template)
        start = "words" if own else config.start or START
        found |= {"method": config.method, "encoder": config.parameterisation, "start": start}
    if config.trains_lm:
        found["lm"] = config.lm
    if again:
        found["steps_with_dev"] = again
    return found


def with_figures(found: Tuning) -> PromptDocument:
    """The prompt file with its figures on dev and test."""
    return found.prompt.document.model_copy(update={"evaluation": tuple(_evaluations(found))})


def _evaluations(found: Tuning) -> Sequence[EvaluationRecord]:
    task, tuned = found.task, found.tuned
    manual = next((row for row in found.rows if row.role == MANUAL), None)
    records = []
    if tuned.dev is not None and found.majority_dev is not None:
        beside = None if manual is None else manual.dev
        records.append(evaluation_record("dev", task.metric, tuned.dev, beside, found.majority_dev))
    beside = None if manual is None else manual.test
    records.append(evaluation_record("test", task.metric, tuned.test, beside, found.majority_test))
    return records
