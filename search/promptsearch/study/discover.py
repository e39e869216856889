"""Search for the best prompt of a task: try candidates on every PLM, choose on dev, score once on test."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from promptsearch.engines.base import Budget
from promptsearch.engines.mining.mining import Mining
from promptsearch.errors import (
    DataError,
    KnowledgeError,
    OptionError,
    PLMError,
    PromptSearchError,
    StorageError,
    TemplateError,
    VerbalizerError,
)
from promptsearch.plms.base import PLM, AnswerScoring
from promptsearch.prompt import Prompt
from promptsearch.study.artefacts import clear, new_folder, write_candidates, write_json
from promptsearch.study.config import DEFAULT_CALIBRATIONS, DEFAULT_PLMS, DiscoverConfig, config_record
from promptsearch.study.documents import document
from promptsearch.study.ensembles import MinedEnsemble, ensemble_files, mined_ensemble
from promptsearch.study.evaluating import evaluate_trial, majority_evaluation
from promptsearch.study.observer import Observer
from promptsearch.study.result import Discovery, Finalist
from promptsearch.study.selection import alike, select
from promptsearch.study.setup import Engines, load_search_task
from promptsearch.study.trial import Trial
from promptsearch.study.trying import Rejected, try_candidates
from promptsearch.tasks.task import Task

# Trials are written at least so often, so that a killed run loses little.
_WRITE_SECONDS = 2.0


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
    task = load_search_task(config)
    for notice in task.notices:
        observer.notice(notice)
    engines = Engines.of(config, task, observer)
    folder = new_folder(task.name, Path(config.out) if config.out is not None else None)
    search = _Search(config, task, engines, folder, observer)
    try:
        search.load_plms()
        search.try_everything()
    except KeyboardInterrupt:
        if not search.trials:
            raise
        search.interrupted = True
    except PromptSearchError:
        # What was tried until here is not lost; why it ended matters more than that it cannot be written.
        with suppress(StorageError):
            search.write_trials()
        raise
    finally:
        if config.out is None and not search.trials:
            with suppress(OSError):
                folder.rmdir()
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


class _Search:
    """A search as it goes on."""

    def __init__(
        self, config: DiscoverConfig, task: Task, engines: Engines, folder: Path, observer: Observer
    ) -> None:
        self.config = config
        self.task = task
        self.engines = engines
        self.folder = folder
        self.observer = observer
        self.scoring = AnswerScoring(config.normalisation)
        self.plms: dict[str, PLM] = {}
        self.trials: list[Trial] = []
        self.rejected: list[Rejected] = []
        self.unavailable: dict[str, str] = {}
        self.mining: Mining | None = None
        self.interrupted = False
        self._written = 0.0

    def load_plms(self) -> None:
        """Load every PLM, so that one which cannot be had is known before the work begins."""
        for reference in dict.fromkeys(self.config.plms or DEFAULT_PLMS):
            plm = self._plm(reference)
            if plm is None:
                continue
            name = plm.identity.reference
            if name in self.plms and self.plms[name].identity != plm.identity:
                raise OptionError(
                    f"two revisions of {name} cannot stand in one comparison", hint="Give one of them."
                )
            self.plms[name] = plm

    def try_everything(self) -> None:
        """Every PLM, every engine."""
        for plm in self.plms.values():
            try:
                self._try(plm)
            except PromptSearchError as error:
                # What another PLM has brought must not be lost, where this one was not asked for by name.
                if self.config.plms is not None or not self.trials:
                    raise
                self._leave_out(plm.identity.reference, error)
        if not self.trials:
            reasons = [*self.unavailable.values(), *dict.fromkeys(item.reason for item in self.rejected)]
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
            self._leave_out(reference, error)
            return None
        plm.watch(self.observer.advance)
        return plm

    def _leave_out(self, reference: str, error: PromptSearchError) -> None:
        self.unavailable[reference] = error.message
        self.observer.notice(f"{reference} was left out: {error.message}")

    def _try(self, plm: PLM) -> None:
        methods = list(self.config.calibrations or DEFAULT_CALIBRATIONS)
        for name in self.config.engines:
            searcher = self.engines.named(name, plm.identity.reference, self.trials)
            if searcher is None:
                continue
            if name != "manual":
                self.observer.stage(f"{plm.identity.reference}: engine {name}")
            try:
                candidates = list(searcher.search(self.task, plm, Budget(), self.config.seed))
            except (DataError, KnowledgeError, TemplateError, VerbalizerError) as error:
                # What another engine has found for this PLM must not go with it.
                if name == "manual" or not any(t.plm == plm.identity.reference for t in self.trials):
                    raise
                self.observer.notice(f"{plm.identity.reference}: {name} found nothing: {error.message}")
                continue
            if name == "mining":
                self._tell_mined()
            templates = len({candidate.template for candidate in candidates})
            self.observer.stage(
                f"{plm.identity.reference}: {templates} templates, {len(candidates)} candidates"
            )
            for trials in try_candidates(
                self.task, plm, candidates, methods, self.scoring, self.rejected.append
            ):
                self._keep(trials)
        self.write_trials()

    def _tell_mined(self) -> None:
        """What a user must know of the text, once."""
        if self.mining is None:
            self.mining = self.engines.mining.mine(self.task)
            for notice in self.mining.notices:
                self.observer.notice(notice)

    def _keep(self, trials: list[Trial]) -> None:
        if trials and not self.trials:
            self._begin()
        self.trials += trials
        self.observer.tried(trials)
        if time.monotonic() - self._written > _WRITE_SECONDS:
            self.write_trials()
            self._written = time.monotonic()

    def write_trials(self) -> None:
        """Write every trial so far."""
        if self.trials:
            write_candidates(self.folder / "candidates.jsonl", self.trials, self.task.metric)

    def _begin(self) -> None:
        """Write the config; what an earlier run left in the folder must not stand beside it."""
        clear(self.folder)
        write_json(self.folder / "config.json", config_record(self.config, self.task))

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
            best.trial.candidate.readout,
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
            mining=self.mining,
            ensembles=self._ensembles(),
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

    def _ensembles(self) -> tuple[MinedEnsemble, ...]:
        """The mined templates of each PLM together, where that was asked for."""
        found = []
        files = ensemble_files(list(self.plms))
        for reference, plm in self.plms.items() if self.config.ensemble else ():
            self.observer.stage(f"{reference}: ensemble of mined templates")
            file = files[reference]
            made = mined_ensemble(self.config, self.task, plm, self.trials, file, not self.interrupted)
            if made is not None:
                made.prompt.save(self.folder / file)
                found.append(made)
        return tuple(found)

    def _write(self, discovery: Discovery) -> None:
        from promptsearch.report import markdown

        self.write_trials()
        if discovery.mining is not None:
            write_json(self.folder / "mined.json", discovery.mining.record())
        markdown.write(self.folder / "report.md", discovery)
        # Last, so that its presence tells that the run is complete.
        discovery.prompt.save(self.folder / "best_prompt.json")
