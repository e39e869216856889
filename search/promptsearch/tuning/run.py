"""A training around a prompt, from its data to its files."""

from __future__ import annotations

import hashlib
import json
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from promptsearch.artefact.tuned import tuned_folder_name
from promptsearch.engines.soft.course import Lesson
from promptsearch.engines.soft.learner import parameters_of
from promptsearch.engines.soft.starts import starts_from_words
from promptsearch.memory import peak_memory
from promptsearch.plms import load_plm
from promptsearch.plms.local import LocalPLM
from promptsearch.study.artefacts import (
    CONFIG_FILE,
    PROMPT_FILE,
    TEACHERS_FILE,
    TRAINING_FILE,
    clear,
    discard,
    new_folder,
    run_lock,
    write_json,
)
from promptsearch.tuning.comparing import beside
from promptsearch.tuning.conclude import Ended, conclude
from promptsearch.tuning.config import TuneConfig
from promptsearch.tuning.export import check_export
from promptsearch.tuning.files import (
    check_resumable,
    check_unfinished,
    remove_results,
)
from promptsearch.tuning.observer import TuneObserver
from promptsearch.tuning.outcome import Teacher, Trained, Tuning
from promptsearch.tuning.phases import LAST, Phases
from promptsearch.tuning.record import config_record, options_of, training_record
from promptsearch.tuning.settled import settled
from promptsearch.tuning.subject import Subject, subject_of, tuning_task
from promptsearch.tuning.teaching import teach
from promptsearch.tuning.tuners import prompt_rate, tuner_for

# What is kept of the time for files, beyond that for scoring.
_FILES_SECONDS = 2.0
# Of as many examples as there are in train, from which on dev is worth training on.
_MUCH = 0.25


def tune(task: str | None = None, *, observer: TuneObserver | None = None, **options: Any) -> Tuning:
    """Train around a prompt for a task.

    The state that does best on dev is kept, or trained once more on train and dev together (see `refit` of
    `TuneConfig`), and scored on test once: beside the same template without training, the manual prompt and
    the majority class.

    Args:
        task: name of the task, such as `sst2`.
        observer: told how it goes on.
        options: fields of `TuneConfig`.

    Raises:
        PromptSearchError: whatever the task, data, PLM or options make impossible.
        TuningStopped: the user has stopped it.
    """
    return run(TuneConfig(task=task, **options), observer or TuneObserver())


def run(config: TuneConfig, observer: TuneObserver, begun: float | None = None) -> Tuning:
    """`tune` for a config.

    Args:
        begun: since when time counts, by `time.monotonic`; None for now.
    """
    return _Sitting(config, observer, begun).run(None)


def resume(folder: Path, observer: TuneObserver, begun: float | None = None, **changes: Any) -> Tuning:
    """Go on with a training that was stopped or killed, or that ran out of time.

    Args:
        begun: as for `run`.
        changes: fields of the run's `TuneConfig` to change: minutes, device, offline.

    Raises:
        StorageError: the folder holds no training, or one that is finished or going on.
        PromptSearchError: as `tune`; or the data are not those of the run.
    """
    config = replace(options_of(folder), out=folder, **changes)
    check_resumable(folder)
    return _Sitting(config, observer, begun).run(folder)


class _Sitting:
    """One sitting of a training."""

    def __init__(self, config: TuneConfig, observer: TuneObserver, begun: float | None) -> None:
        self.config, self.observer = config, observer
        self.begun = time.monotonic() if begun is None else begun
        self.reserved = _FILES_SECONDS

    def run(self, resumed: Path | None) -> Tuning:
        """From data to files.

        Args:
            resumed: folder of a run that is gone on with.
        """
        observer, config = self.observer, self.config
        observer.stage("Reading the data")
        task = tuning_task(config)
        for notice in task.notices:
            observer.notice(notice)
        if resumed is None:  # a run that is gone on with has been, by the version that began it
            config = self.config = settled(config, len(task.train))
        plm = self._load()
        subject = subject_of(config, task, plm)
        check_export(config, subject.template, plm)
        out = None if config.out is None else Path(config.out)
        if resumed is None and out is not None:
            check_unfinished(out)
        folder = resumed or new_folder(task.name, out)
        done = resumed is not None
        try:
            with run_lock(folder):
                if resumed is None:
                    clear(folder)
                    write_json(folder / CONFIG_FILE, config_record(config, task))
                found = self._tuned(subject, folder)
                done = True
            return found
        finally:
            if not (done or any((folder / state).exists() for state in (TRAINING_FILE, TEACHERS_FILE))):
                discard(folder, made=out is None)

    def _load(self) -> LocalPLM:
        config = self.config
        self.observer.stage(f"Loading {config.plm}")
        began = time.monotonic()
        dtype = "float32" if config.dtype == "auto" and config.trains_lm else config.dtype
        plm = load_plm(
            config.plm,
            device=config.device,
            dtype=dtype,
            offline=config.offline,
            trust_remote_code=config.trust_remote_code,
            progress=self.observer.stage,
        )
        if config.trains_lm or config.trains_prefix:
            # It is loaded once more with what was trained.
            self.reserved += time.monotonic() - began
        return plm

    def _tuned(self, subject: Subject, folder: Path) -> Tuning:
        config, observer = self.config, self.observer
        tuner = tuner_for(subject, config) if config.trains else None
        lesson = subject.lesson if config.trains else None
        observer.stage("Scoring the prompts beside it")
        subject.plm.watch(observer.advance)
        began = time.monotonic()
        others = beside(subject, config.trains)
        # One of as many prompts; where labels are asked about one by one, nearly all of it.
        alike = 1 if subject.decomposition is not None else max(1, len(others))
        self.reserved += (time.monotonic() - began) / alike
        if tuner is None or lesson is None:
            remove_results(folder)
            return conclude(Ended(config, subject, others, folder), observer, self.begun)
        phases = self._phases(subject, folder)
        phases.check()
        remove_results(folder)
        teachers: tuple[Teacher, ...] = ()
        if config.strategy == "pet":
            taught = teach(subject, config, phases)
            lesson, teachers = taught.lesson, taught.teachers
        observer.stage(f"Training: {config.called}")
        learned = phases.train(LAST, tuner.make, lesson, refit=refits(config, lesson))
        again = () if learned.again is None else (learned.again,)
        trained = Trained(
            learned.courses,
            learned.look,
            learned.ending,
            sum(course.seconds for course in (*phases.courses, *again)),
            _peak_bytes(subject.plm),
            sum(value.numel() for value in parameters_of(learned.learner).values()),
            sum(course.step for course in again),
            {group.name.split("-")[0]: group.rate for group in learned.learner.groups()},
        )
        observer.stage("Writing what was trained")
        stored = tuner.store(learned.learner, _folder_for(config, folder))
        ended = Ended(config, subject, others, folder, trained, stored, teachers, learned.held_out)
        found = conclude(ended, observer, self.begun)
        if learned.ending != "stopped":
            for state in (TRAINING_FILE, TEACHERS_FILE):
                (folder / state).unlink(missing_ok=True)
        return found

    def _phases(self, subject: Subject, folder: Path) -> Phases:
        config, plm = self.config, subject.plm
        if plm.device.type == "cuda":
            torch.cuda.reset_peak_memory_stats(plm.device)
        end = None if config.minutes is None else self.begun + 60 * config.minutes - self.reserved
        run: dict[str, object] = {
            "options": training_record(config),
            "fingerprint": subject.task.fingerprint,
            "weights": plm.identity.weights_sha256,
            "dtype": plm.dtype,
            "template": str(subject.template),
            "words": str(subject.words),
        }
        if config.trains and refits(config, subject.lesson):
            run["refit"] = True
        if config.trains_soft and config.rate is None and starts_from_words(subject.template):
            run["rate"] = prompt_rate(config, subject.template)  # was another in earlier versions
        if config.whole_training.loss != "ce":
            run["loss"] = config.whole_training.loss
        if config.strategy == "pet":
            run["patterns"] = list(map(str, subject.patterns))
            texts = json.dumps([dict(example.values) for example in subject.unlabelled], sort_keys=True)
            run["texts"] = hashlib.sha256(texts.encode()).hexdigest()
        count = 1 + (config.generations + 1) * len(subject.patterns)
        return Phases(config, self.observer, folder, run, end, count)


def refits(config: TuneConfig, lesson: Lesson) -> bool:
    """Whether what does best on dev is then trained on dev too."""
    if config.refit is not None:
        return config.refit
    return config.strategy == "fixed-lm" and len(lesson.held_out) >= _MUCH * len(lesson.train)


def _folder_for(config: TuneConfig, folder: Path) -> Path:
    """Where what is no vector of soft tokens goes."""
    return folder / tuned_folder_name(PROMPT_FILE, config.lm if config.trains_lm else "prefix")


def _peak_bytes(plm: LocalPLM) -> int | None:
    if plm.device.type == "cuda":
        return torch.cuda.max_memory_allocated(plm.device)
    return peak_memory()
