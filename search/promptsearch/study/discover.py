"""Search for the best prompt of a task: try candidates on every PLM, choose on dev, score once on test."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from promptsearch.engines import engine
from promptsearch.engines.base import Budget, Candidate
from promptsearch.engines.manual import ManualEngine, words_from
from promptsearch.errors import OptionError, PLMError, PromptSearchError, near_matches
from promptsearch.plms.base import PLM, AnswerScoring, Normalisation
from promptsearch.prompt import Prompt
from promptsearch.readings import calibration_names, word_log_probs
from promptsearch.scoring import METRICS, Evaluation, apply, evaluate, layout
from promptsearch.study.artefacts import document, new_folder, versions, write_candidates, write_json
from promptsearch.study.observer import Observer
from promptsearch.study.result import Discovery, Finalist
from promptsearch.study.selection import alike, select
from promptsearch.study.trial import Trial
from promptsearch.study.trying import Rejected, try_candidates
from promptsearch.tasks import draw_splits, load_task
from promptsearch.tasks.task import Example, Task, gold, majority
from promptsearch.template import Template
from promptsearch.verbalizer import Verbalizer

if TYPE_CHECKING:
    from promptsearch.tasks.memory import Rows

def discover(task: str | None = None, *, observer: Observer | None = None, **options: Any) -> Discovery:
    """Find the best prompt for a task.

    Candidates of every engine are tried on every PLM under every calibration. Those that look best on train
    are compared on dev; the winner and the manual prompt are scored on test, once.

    Args:
        task: name of the task, such as `sst2`.
        observer: told how the search goes on.
        options: fields of `DiscoverConfig`.

    Raises:
        PromptSearchError: whatever the task, data, PLMs or options make impossible.
    """
    return run(DiscoverConfig(task=task, **options), observer or Observer())


def run(config: DiscoverConfig, observer: Observer) -> Discovery:
    """`discover` for a config."""
    start = time.monotonic()
    observer.stage("Reading the data")
    task = _load(config)
    for notice in task.notices:
        observer.notice(notice)
    folder = new_folder(task.name, Path(config.out) if config.out is not None else None)
    write_json(folder / "config.json", _config_record(config, task))
    search = _Search(config, task, folder, observer)
    try:
        search.try_everything()
    except KeyboardInterrupt:
        if not search.trials:
            raise
        search.interrupted = True
    return search.conclude(time.monotonic() - start)


def load_search_plm(config: DiscoverConfig, reference: str, observer: Observer) -> PLM:
    """Load a PLM with the device, number format and network rules of a config."""
    from promptsearch.plms import load_plm

    return load_plm(
        reference,
        device=config.device,
        dtype=config.dtype,
        offline=config.offline,
        trust_remote_code=config.trust_remote_code,
        progress=observer.stage,
    )


def _load(config: DiscoverConfig) -> Task:
    task = load_task(
        config.task,
        data=config.data,
        mapping=config.mapping,
        stand_in=config.stand_in,
        offline=config.offline,
    )
    if config.metric is not None:
        task = replace(task, metric=config.metric)
    return draw_splits(task, shots=config.shots, seed=config.seed, max_test=config.max_test)


class _Search:
    """A search as it goes on."""

    def __init__(self, config: DiscoverConfig, task: Task, folder: Path, observer: Observer) -> None:
        self.config = config
        self.task = task
        self.folder = folder
        self.observer = observer
        self.scoring = AnswerScoring(config.normalisation)
        self.plms: dict[str, PLM] = {}
        self.trials: list[Trial] = []
        self.rejected: list[Rejected] = []
        self.unavailable: dict[str, str] = {}
        self.interrupted = False

    def try_everything(self) -> None:
        """Every PLM, every engine."""
        for reference in dict.fromkeys(self.config.plms or DEFAULT_PLMS):
            plm = self._plm(reference)
            if plm is not None:
                self._try(plm)
        if not self.trials:
            reasons = list(dict.fromkeys(item.reason for item in self.rejected))
            raise PromptSearchError(
                "no candidate could be tried",
                where="\n".join(reasons[:3]) or None,
                hint="Give templates and label words that fit the task and the PLM.",
            )

    def _plm(self, reference: str) -> PLM | None:
        """The PLM; None when it was not asked for by name and cannot be had."""
        self.observer.stage(f"Loading {reference}")
        try:
            plm = load_search_plm(self.config, reference, self.observer)
        except PLMError as error:
            if self.config.plms is not None:
                raise
            self.unavailable[reference] = error.message
            self.observer.notice(f"{reference} was left out: {error.message}")
            return None
        self.plms[reference] = plm
        plm.watch(self.observer.advance)
        return plm

    def _try(self, plm: PLM) -> None:
        candidates = self._candidates(plm)
        templates = len({candidate.template for candidate in candidates})
        self.observer.stage(f"{plm.identity.reference}: {templates} templates, {len(candidates)} candidates")
        methods = list(self.config.calibrations or calibration_names())
        for trials in try_candidates(self.task, plm, candidates, methods, self.scoring, self.rejected.append):
            self.trials += trials
            self.observer.tried(trials)
        write_candidates(self.folder / "candidates.jsonl", self.trials, self.task.metric)

    def _candidates(self, plm: PLM) -> list[Candidate]:
        found: list[Candidate] = []
        for name in self.config.engines:
            searcher = self._manual() if name == "manual" else engine(name)
            found += searcher.search(self.task, plm, Budget(), self.config.seed)
        return found

    def _manual(self) -> ManualEngine:
        """The engine of hand-written prompts, with the user's own in place of the library's."""
        words, labels = self.config.words, self.task.labels
        if isinstance(words, str | Path):
            own = [words_from(words, labels, self.task.label_names)]
        else:
            own = [Verbalizer.of(words, labels)] if words else []
        return ManualEngine([Template.parse(source) for source in self.config.templates], own)

    # Choosing and reporting ----------------------------------------------------------------------

    def conclude(self, seconds: float) -> Discovery:
        """Choose on dev, score on test, write the files."""
        metric = self.task.metric
        order = select(self.trials, metric)
        finalists = self._finalists(order)
        start = time.monotonic()
        if not self.interrupted:
            try:
                finalists = self._on_test(finalists)
            except KeyboardInterrupt:
                self.interrupted = True
        best = finalists[0]
        manual = next((f for f in finalists if f.role == "manual" and f.trial.plm == best.trial.plm), None)
        majority_of = {
            name: majority_evaluation(self.task, self.task.splits[name]) for name in ("dev", "test")
        }
        plm = self.plms[best.trial.plm]
        prompt = Prompt(
            document(self.task, plm, best, manual, majority_of, self.config.seed),
            self.config.device,
            self.config.offline,
            self.config.trust_remote_code,
            plm,
        )
        discovery = Discovery(
            task=self.task,
            prompt=prompt,
            finalists=tuple(finalists),
            majority_dev=majority_of["dev"],
            majority_test=majority_of["test"],
            trials=tuple(self.trials),
            rejected=tuple(self.rejected),
            unavailable=self.unavailable,
            alike=alike(order),
            screened=len(order),
            interrupted=self.interrupted,
            seconds=seconds + time.monotonic() - start,
            folder=self.folder,
            command=self.config.command,
        )
        self._write(discovery)
        return discovery

    def _finalists(self, order: Sequence[Trial]) -> list[Finalist]:
        """The winner, the best of every other PLM, and each PLM's manual prompt."""
        found = [Finalist("best", order[0])]
        plms = [order[0].plm, *(reference for reference in self.plms if reference != order[0].plm)]
        for reference in plms[1:]:
            of_plm = [trial for trial in self.trials if trial.plm == reference]
            if of_plm:
                found.append(Finalist("best of its PLM", select(of_plm, self.task.metric)[0]))
        for reference in plms:
            manual = [trial for trial in self.trials if trial.is_baseline and trial.plm == reference]
            found += [Finalist("manual", trial) for trial in manual[:1]]
        return found

    def _on_test(self, finalists: Sequence[Finalist]) -> list[Finalist]:
        scored: dict[int, Finalist] = {}
        for reference, plm in self.plms.items():
            mine = [i for i, finalist in enumerate(finalists) if finalist.trial.plm == reference]
            if not mine:
                continue
            self.observer.stage(f"{reference}: scoring on test, once")
            templates = list(dict.fromkeys(finalists[i].trial.candidate.template for i in mine))
            states = dict(zip(templates, plm.answer_states_of(templates, self.task.test)))
            for i in mine:
                trial = finalists[i].trial
                template = trial.candidate.template
                evaluation = evaluate_trial(plm, trial, self.task.test, states[template])
                shortened = int(states[template].shortened.sum())
                scored[i] = replace(finalists[i], test=evaluation, shortened=shortened)
        return [scored[i] for i in range(len(finalists))]

    def _write(self, discovery: Discovery) -> None:
        from promptsearch.report import markdown

        write_candidates(self.folder / "candidates.jsonl", self.trials, self.task.metric)
        markdown.write(self.folder / "report.md", discovery)
        # Last, so that its presence tells that the run is complete.
        discovery.prompt.save(self.folder / "best_prompt.json")


