"""Search for a prompt without a single labelled example: the one whose answers tell most about the texts.

Prompts are ranked by the mutual information of texts and answers (Sorensen et al. 2022); the answers are then
calibrated on the same texts. Yang et al. 2024 ("Improving Probability-based Prompt Selection Through Unified
Evaluation and Analysis") compare such choices, and calibration before and after them.
"""

from __future__ import annotations

import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from promptsearch.artefact import EvaluationRecord, PromptDocument
from promptsearch.engines.base import candidate_log_probs
from promptsearch.errors import DataError, OptionError
from promptsearch.plms.base import PLM
from promptsearch.prompt import Prompt
from promptsearch.scoring import Evaluation, evaluate
from promptsearch.study.artefacts import (
    CONFIG_FILE,
    PROMPT_FILE,
    SEARCH,
    WITHOUT_LABELS,
    clear,
    discard,
    new_folder,
    run_lock,
    write_candidates,
    write_json,
)
from promptsearch.study.config import DiscoverConfig
from promptsearch.study.documents import evaluation_record, prompt_document
from promptsearch.study.evaluating import majority_of_test
from promptsearch.study.finalist import MANUAL
from promptsearch.study.found_without_labels import FoundWithoutLabels, Judged, alike, judged
from promptsearch.study.informed import Informed, ranked
from promptsearch.study.observer import Observer
from promptsearch.study.record import config_record
from promptsearch.study.resuming import check_same, fingerprint_of, options_of, same_unfinished
from promptsearch.study.texts import sampled, task_and_texts
from promptsearch.study.unlabelled_search import CALIBRATION, UnlabelledSearch
from promptsearch.tasks.task import Task, gold


def run(config: DiscoverConfig, observer: Observer) -> FoundWithoutLabels:
    """Find the prompt whose answers tell most about unlabelled texts of the task.

    Candidates of the engines that need no labels are read on up to `texts.TEXTS` texts by every PLM, and
    ranked. Where there are labelled test examples, the best prompt, the best of every other PLM and the
    manual prompts are scored on them afterwards, once, for the report alone.

    Raises:
        PromptSearchError: whatever the task, texts, PLMs or options make impossible.
    """
    config = replace(config, shots=0, calibrations=config.calibrations or (CALIBRATION,))
    if same_unfinished(config):
        observer.notice(f"The run in {config.out} was not finished; it goes on.")
        return resume(Path(str(config.out)), observer)
    return _search(config, observer)


def resume(folder: Path, observer: Observer, **changes: Any) -> FoundWithoutLabels:
    """Go on with a run that was stopped or killed.

    What its PLMs have read is cached, and read again at once; its time begins anew.

    Args:
        changes: fields of the run's `DiscoverConfig` to change: its limits, device, offline.

    Raises:
        StorageError: the folder holds no run, or one that is going on.
        PromptSearchError: as `run`; or the data are not those of the run.
    """
    return _search(replace(options_of(folder), out=folder, **changes), observer, resumed=True)


def _search(config: DiscoverConfig, observer: Observer, resumed: bool = False) -> FoundWithoutLabels:
    start = time.monotonic()
    _check_meant(config)
    observer.stage("Reading the data")
    task = search_task(config)
    for notice in task.notices:
        observer.notice(notice)
    search = UnlabelledSearch(config, task, observer)
    search.check()
    out = None if config.out is None else Path(config.out)
    folder = out if resumed and out is not None else new_folder(task.name, out)
    with _begun(search, folder, resumed):
        try:
            search.load_plms()
            search.read_everything()
        except KeyboardInterrupt:
            if not search.found:
                raise
            search.interrupted = True
        found = _concluded(search, folder, start)
        _write(found)
    return found


@contextmanager
def _begun(search: UnlabelledSearch, folder: Path, resumed: bool) -> Generator[None]:
    """Within, the folder is this search's; one that brought nothing leaves none behind."""
    config, task = search.config, search.task
    try:
        with run_lock(folder):
            if resumed:
                check_same(fingerprint_of(folder), task, folder)
            else:
                clear(folder)
            write_json(folder / CONFIG_FILE, {**config_record(config, task), SEARCH: WITHOUT_LABELS})
            yield
    finally:
        if not (search.found or resumed):
            discard(folder, made=config.out is None)


def _check_meant(config: DiscoverConfig) -> None:
    """Refuse what only a search with labelled examples does."""
    given = {
        "--seeds": config.seeds > 1,
        "--workers": config.workers > 1,
        "--storage": config.storage is not None,
        "--objective accuracy,cost": config.by_cost,
        "a template with trigger or soft tokens": bool(config.trigger_templates or config.soft_templates),
    }
    if wrong := next((name for name, is_given in given.items() if is_given), None):
        raise OptionError(f"{wrong} is for a search with labelled examples", hint="Give some: --shots 16.")


def search_task(config: DiscoverConfig) -> Task:
    """The task with up to `texts.TEXTS` unlabelled texts as its train, and test.

    Raises:
        PromptSearchError: what is wrong with the task, the texts or the options.
    """
    task, texts = task_and_texts(config)
    if task.kind == "fact":
        raise OptionError(
            "facts cannot be searched without labelled examples",
            where=f"--task {task.name}",
            hint="Give some: --shots 4. What a fact's subject is said of is all that is known of it.",
        )
    if len(task.labels) < 2:
        raise DataError("a choice needs at least two labels", where=", ".join(map(str, task.labels)) or None)
    splits = {**task.splits, "train": tuple(sampled(texts, config.seed))}
    return replace(task, splits=splits, _fingerprints={})


def _concluded(search: UnlabelledSearch, folder: Path, start: float) -> FoundWithoutLabels:
    """Rank, score the few on test, make the prompt."""
    task, config = search.task, search.config
    order = ranked(search.found)
    finalists = judged(order)
    if task.test and not search.interrupted:
        try:
            search.observer.stage(f"Scoring {len(task.test)} test examples, once, for the report")
            finalists = [replace(each, test=_on_test(search, each.informed)) for each in finalists]
        except KeyboardInterrupt:
            search.interrupted = True
    majority = majority_of_test(task) if task.test else None
    plm = search.plms[order[0].plm]
    document = _document(search, plm, finalists, majority)
    readout = order[0].candidate.readout
    prompt = Prompt(document, config.device, config.offline, config.trust_remote_code, readout, plm)
    return FoundWithoutLabels(
        task=task,
        prompt=prompt,
        ranked=tuple(order),
        finalists=tuple(finalists),
        alike=alike(order),
        majority=majority,
        rejected=tuple(search.rejected),
        unavailable=search.unavailable,
        seed=config.seed,
        seconds=time.monotonic() - start,
        folder=folder,
        mining=search.mining,
        interrupted=search.interrupted,
        command=config.command,
    )


def _on_test(search: UnlabelledSearch, informed: Informed) -> Evaluation:
    plm, test = search.plms[informed.plm], search.task.test
    calibrated = replace(informed.candidate, calibration=informed.calibration)
    return evaluate(candidate_log_probs(plm, calibrated, search.scoring, test), gold(test))


def _document(
    search: UnlabelledSearch, plm: PLM, finalists: Sequence[Judged], majority: Evaluation | None
) -> PromptDocument:
    """The prompt file of the best, which tells what it was chosen by."""
    task, best = search.task, finalists[0]
    manual = next(
        (f.test for f in finalists if f.role == MANUAL and f.informed.plm == best.informed.plm), None
    )
    evaluations: list[EvaluationRecord] = []
    if best.test is not None and majority is not None:
        evaluations = [evaluation_record("test", task.metric, best.test, manual, majority)]
    found, candidate = best.informed.information, best.informed.candidate
    chosen_by = {"n": found.n, "value": found.value, "interval": [found.low, found.high]}
    candidate = replace(candidate, provenance={**candidate.provenance, "mutual_information": chosen_by})
    calibration, seed = best.informed.calibration, search.config.seed
    return prompt_document(
        task, plm, candidate, calibration, search.scoring, seed, evaluations, limits=search.config.limits
    )


def _write(found: FoundWithoutLabels) -> None:
    from promptsearch.report import writing
    from promptsearch.report.unlabelled_document import report_document

    write_candidates(found.folder / "candidates.jsonl", found.ranked, found.task.metric)
    if found.mining is not None:
        write_json(found.folder / "mined.json", found.mining.record())
    writing.write(found.folder, report_document(found))
    # Last, so that its presence tells that the run is complete.
    found.prompt.save(found.folder / PROMPT_FILE)
