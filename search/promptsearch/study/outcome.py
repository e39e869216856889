"""What a sitting comes to: choose, score on test, look at it from all sides, write the files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from promptsearch.artefact.readouts import tensor_file_name
from promptsearch.artefact.soft import soft_file_name
from promptsearch.prompt import Prompt
from promptsearch.scoring import Evaluation
from promptsearch.study.artefacts import FILE_OF_ENGINE, PROMPT_FILE, write_json
from promptsearch.study.choosing import choose, on_what_was_used
from promptsearch.study.conclude import on_test, timed
from promptsearch.study.details import Details, best_of_each, curse_of
from promptsearch.study.documents import document
from promptsearch.study.ensembles import (
    AT_ONCE,
    MOST_MEMBERS,
    Ensemble,
    ensemble_files,
    ensemble_of,
    mined_ensemble,
    to_answer_together,
)
from promptsearch.study.environment import environment
from promptsearch.study.evaluating import majority_evaluation
from promptsearch.study.finalist import TOGETHER, Finalist, best_of_engine, manual_beside
from promptsearch.study.hardest import hardest
from promptsearch.study.history import history_of, templates_tried
from promptsearch.study.importance import importances
from promptsearch.study.progress import brought_something
from promptsearch.study.result import Discovery
from promptsearch.study.selection import Selection
from promptsearch.study.sensitivity import sensitivity
from promptsearch.study.sitting import Sitting
from promptsearch.study.transfer import transfer
from promptsearch.study.vectors import vectors_of

TOGETHER_FILE = "ensemble.json"
"""Of the best prompts of all PLMs, where mined ones alone were not asked for."""


def conclude(sitting: Sitting, interrupted: bool) -> Discovery:
    """Choose on dev, score on test, write the files."""
    try:
        selection, finalists = choose(sitting, interrupted)
    except KeyboardInterrupt:
        interrupted = True
        selection, finalists = on_what_was_used(sitting)
    task = sitting.task
    if not interrupted:
        try:
            finalists = on_test(finalists, sitting.plms.loaded, task, sitting.observer)
        except KeyboardInterrupt:
            interrupted = True
    details, together, ensembles = Details(), None, ()
    try:
        if not interrupted:
            finalists = timed(finalists, sitting.plms.loaded, task)
        together = _together(sitting, finalists[0], not interrupted)
        ensembles = _mined(sitting, not interrupted)
        if not interrupted:
            details = _details(sitting, selection, finalists)
    except KeyboardInterrupt:
        interrupted = True
    found = _discovery(sitting, selection, finalists, interrupted, details, together, ensembles)
    write(found, sitting)
    return found


def _discovery(
    sitting: Sitting,
    selection: Selection,
    finalists: Sequence[Finalist],
    interrupted: bool,
    details: Details,
    together: Ensemble | None,
    ensembles: tuple[Ensemble, ...],
) -> Discovery:
    task = sitting.task
    majority_of = {name: majority_evaluation(task, task.splits[name]) for name in ("dev", "test")}
    of_engine = {file: best_of_engine(finalists, engine) for engine, file in FILE_OF_ENGINE.items()}
    return Discovery(
        task=task,
        prompt=_prompt_of(finalists[0], PROMPT_FILE, finalists, sitting, majority_of),
        prompts={
            file: _prompt_of(each, file, finalists, sitting, majority_of)
            for file, each in of_engine.items()
            if each is not None
        },
        finalists=tuple(finalists),
        majority_dev=majority_of["dev"],
        majority_test=majority_of["test"],
        trials=tuple(sitting.search.trials),
        rejected=tuple(sitting.search.rejected),
        unavailable=sitting.unavailable,
        selection=selection,
        interrupted=interrupted,
        seconds=sitting.clock.seconds,
        seconds_on_top=sitting.clock.extra,
        folder=sitting.folder,
        command=sitting.config.command,
        mining=sitting.mining,
        triggers=sitting.triggers,
        ensembles=ensembles,
        together=together,
        details=details,
        history=history_of(sitting.study),
        evaluations=templates_tried(sitting.study),
        ended="stopped" if interrupted else "budget" if sitting.search.stopped_by_budget else "done",
        environment=environment(sitting.plms.loaded),
        untried=_untried(sitting),
    )


def _untried(sitting: Sitting) -> tuple[str, ...]:
    """PLMs that had no turn before the search was over."""
    known = {*brought_something(sitting.study), *sitting.unavailable}
    return tuple(plm for plm in sitting.plms.loaded if plm not in known)


def _prompt_of(
    own: Finalist,
    file: str,
    finalists: Sequence[Finalist],
    sitting: Sitting,
    majority_of: Mapping[str, Evaluation],
) -> Prompt:
    """A finalist as a prompt that predicts, with the manual prompt's figures beside its own.

    Args:
        file: where it will be saved.
    """
    config, plm, candidate = sitting.config, sitting.plms.loaded[own.trial.plm], own.trial.candidate
    limits = config.limits.shared(config.seeds)
    if candidate.engine == "trigger":
        limits = replace(limits, evaluations=config.trigger_evaluations)
    return Prompt(
        document(
            sitting.task,
            plm,
            own,
            manual_beside(finalists, own),
            majority_of,
            config.seed,
            file,
            limits,
        ),
        config.device,
        config.offline,
        config.trust_remote_code,
        candidate.readout,
        plm,
        vectors_of(candidate),
    )


def _details(sitting: Sitting, selection: Selection, finalists: Sequence[Finalist]) -> Details:
    """The outcome from all sides, as far as there is time."""
    task, plms, best = sitting.task, sitting.plms.loaded, selection.chosen
    unlabelled = sitting.engines.unlabelled
    texts = [*task.train, *unlabelled] if unlabelled else None
    plm, n_texts = plms[best.plm], len(task.dev) + len(texts or task.train)
    varied = sitting.ending.part("sensitivity", 13 * n_texts, lambda: sensitivity(plm, best, task, texts))
    moved = None
    if len(plms) > 1:
        chosen = best_of_each(finalists)
        moved = sitting.ending.part("transfer", n_texts, lambda: transfer(plms, chosen, task, texts))
    hard = sitting.ending.part("hardest examples", 0, lambda: hardest(plm, best, task))
    judged = [trial for trial in sitting.search.trials if not trial.left_early]
    return Details(
        curse=curse_of(selection),
        hardest=hard or (),
        sensitivity=varied or (),
        transfer=moved,
        importances=importances(judged, task.metric),
        left_out=tuple(sitting.ending.left_out),
    )


def _together(sitting: Sitting, best: Finalist, with_test: bool) -> Ensemble | None:
    """The best prompts, each template once a PLM, with equal weights; as many as there is time for."""
    members = [] if sitting.config.ensemble else to_answer_together(sitting.search.trials)
    made = sitting.ending.part(
        TOGETHER,
        0,
        lambda: ensemble_of(
            sitting.config,
            sitting.task,
            sitting.plms.loaded,
            members,
            TOGETHER_FILE,
            with_test,
            learned=False,
            beside=best,
            at_once=MOST_MEMBERS if sitting.config.limits.minutes is None else AT_ONCE,
        ),
    )
    if made is not None:
        made.prompt.save(sitting.folder / TOGETHER_FILE)
    elif not sitting.config.ensemble:
        (sitting.folder / TOGETHER_FILE).unlink(missing_ok=True)  # of an earlier sitting
    return made


def _mined(sitting: Sitting, with_test: bool) -> tuple[Ensemble, ...]:
    """The mined templates of each PLM together, where that was asked for."""
    if not sitting.config.ensemble:
        return ()
    found = []
    plms = sitting.plms.loaded
    files = ensemble_files(list(plms))
    for reference, plm in plms.items():
        sitting.observer.stage(f"{reference}: ensemble of mined templates")
        trials, file = sitting.search.trials, files[reference]
        made = mined_ensemble(sitting.config, sitting.task, plm, trials, file, with_test)
        if made is not None:
            made.prompt.save(sitting.folder / file)
            found.append(made)
    return tuple(found)


def write(found: Discovery, sitting: Sitting) -> None:
    """Write what a run leaves, the prompt last, so that its presence tells that the run is complete."""
    sitting.write()
    if found.mining is not None:
        write_json(found.folder / "mined.json", found.mining.record())
    write_report(found)
    for file, prompt in {**found.prompts, PROMPT_FILE: found.prompt}.items():
        prompt.save(found.folder / file)
        # Arrays of another prompt, which was the best in an earlier sitting.
        for name, arrays in ((tensor_file_name(file), prompt.readout), (soft_file_name(file), prompt.soft)):
            if arrays is None:
                (found.folder / name).unlink(missing_ok=True)


def write_report(found: Discovery) -> None:
    """Write every form of the report."""
    from promptsearch.report.building import report_document
    from promptsearch.report.writing import write

    write(found.folder, report_document(found))
