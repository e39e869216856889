"""The end of a training: the prompt as it is saved, its figures, its report."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from promptsearch.engines.soft.nearest import Neighbour, nearest_words
from promptsearch.plms.local import LocalPLM
from promptsearch.prompt import Prompt, load_prompt
from promptsearch.soft import SoftTemplate
from promptsearch.study.artefacts import PROMPT_FILE
from promptsearch.study.observer import Observer
from promptsearch.tuning.comparing import Beside, compared, majority
from promptsearch.tuning.config import TuneConfig
from promptsearch.tuning.export import export
from promptsearch.tuning.files import prompt_for, with_figures
from promptsearch.tuning.outcome import Teacher, Trained, Tuning
from promptsearch.tuning.subject import Subject
from promptsearch.tuning.tuners import Stored


@dataclass(frozen=True)
class Ended:
    """A training that is over, or none.

    Attributes:
        others: what the PLM said of dev and test before it was trained.
        folder: of the run.
        trained, stored: None where the strategy trains nothing.
        dev: (n, L) what the prompt said of dev before it was trained on it; None where it was not.
    """

    config: TuneConfig
    subject: Subject
    others: list[Beside]
    folder: Path
    trained: Trained | None = None
    stored: Stored | None = None
    teachers: tuple[Teacher, ...] = ()
    dev: NDArray[np.float32] | None = None


def conclude(ended: Ended, observer: Observer, begun: float) -> Tuning:
    """Save the prompt, score it as it is read again, and write the report.

    Args:
        begun: since when time counts.

    Raises:
        StorageError: a file cannot be written.
    """
    from promptsearch.report.tuning import write

    config, subject, stored = ended.config, ended.subject, ended.stored
    task = subject.task
    prompt = _saved(ended)
    observer.stage("Scoring on test, once")
    prompt.plm.watch(observer.advance)
    rows = compared(prompt, ended.others, task, ended.dev)
    majority_dev, majority_test = majority(task)
    found = Tuning(
        config=config,
        task=task,
        prompt=prompt,
        dtype=prompt.plm.dtype,
        device=subject.plm.device.type,
        rows=rows,
        majority_dev=majority_dev,
        majority_test=majority_test,
        trained=ended.trained,
        numbers=0 if stored is None else stored.numbers,
        nearest=_nearest(prompt),
        shortened=int(prompt.shortened(task.test).sum()),
        seconds=time.monotonic() - begun,
        folder=ended.folder,
        notices=task.notices,
        exported=_exported(config, prompt),
        teachers=ended.teachers,
        unlabelled=len(subject.unlabelled),
    )
    prompt.document = with_figures(found)
    prompt.save(ended.folder / PROMPT_FILE)
    write(found)
    return found


def _saved(ended: Ended) -> Prompt:
    """The prompt as it is read again from its file: its figures on test are those that a user will get."""
    config, path = ended.config, ended.folder / PROMPT_FILE
    again = 0 if ended.trained is None else ended.trained.again
    prompt_for(ended.subject, config, ended.stored, ended.folder, again).save(path)
    prompt = load_prompt(
        path, device=config.device, offline=config.offline, trust_remote_code=config.trust_remote_code
    )
    if prompt.tuned is None:
        prompt.use(ended.subject.plm)
    return prompt


def _nearest(prompt: Prompt) -> tuple[tuple[Neighbour, ...], ...]:
    plm, asked = prompt.plm, prompt.document.decomposition
    if not isinstance(plm, LocalPLM):
        return ()
    each = prompt.questions if asked is not None and not asked.shared else [prompt.template]
    soft = [template for template in each if isinstance(template, SoftTemplate)]
    return tuple(tuple(token) for template in soft for token in nearest_words(plm, template))


def _exported(config: TuneConfig, prompt: Prompt) -> Path | None:
    if config.export_peft is None:
        return None
    folder = Path(config.export_peft)
    export(prompt.template, prompt.plm, prompt.tuned, folder)
    return folder
