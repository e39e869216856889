"""Trials whose worker has died: found, and run again by whoever is left, each once.

A worker marks the trials it takes (`ask`), keeps a sign of life in the storage (`Heartbeat`) for workers on
other machines, which cannot look for its process, and between trials looks for those of the dead (`reclaim`).
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext, suppress
from typing import TYPE_CHECKING, Any

from promptsearch.study.owner import Owner, this_process

if TYPE_CHECKING:
    from optuna import Study, Trial
    from optuna.trial import FrozenTrial

    from promptsearch.study.heartbeat import Watch

# How often a trial is run again whose worker dies every time: it may be what kills them.
ATTEMPTS = 10

_PREFIX = "promptsearch:"
_OWNER = f"{_PREFIX}owner"
# On a trial that was taken from its worker, before it is told FAIL: it is to be run again.
_LOST = f"{_PREFIX}lost"
# On a trial that is run again: the number of the lost one, and how many runs came before.
_AGAIN = f"{_PREFIX}again"
_RUNS = f"{_PREFIX}runs"

_log = logging.getLogger(__name__)


def ask(study: Study) -> Trial:
    """`study.ask`, with the trial marked as this process's."""
    while True:
        with exclusive(study):
            trial = study.ask()
            if _is_mine(study, trial):
                return trial


def ask_planned(study: Study) -> Trial | None:
    """The next trial that was enqueued, marked as this process's; None where none waits."""
    while True:
        with exclusive(study):
            trial = _next_waiting(study)
            if trial is None or _is_mine(study, trial):
                return trial


def claim(trial: Trial) -> None:
    """Mark a trial as this process's."""
    trial.set_user_attr(_OWNER, this_process().record())


def tell(study: Study, trial: Trial, values: float | list[float] | None = None, **more: Any) -> bool:
    """`study.tell`; False where the trial was taken from this process, which seemed dead, to be run again."""
    from optuna.exceptions import UpdateFinishedTrialError

    try:
        study.tell(trial, values, **more)
    except (UpdateFinishedTrialError, ValueError):
        if not was_lost(study, trial.number):
            raise
        return False
    return True


def was_lost(study: Study, number: int) -> bool:
    """Whether a trial was taken from its worker; what that worker does with it then raises in Optuna."""
    from optuna.trial import TrialState

    trial = study.get_trials(deepcopy=False)[number]
    return trial.state == TrialState.FAIL and _LOST in trial.user_attrs


def left_over(study: Study, watch: Watch | None = None) -> list[FrozenTrial]:
    """Running trials whose worker is dead.

    Args:
        watch: knows which workers of other machines have given no sign of life, and which trials no one has
            marked for long; without it neither counts as left over, but in a journal, where marking cannot
            be interrupted by anyone who looks.
    """
    from optuna.trial import TrialState

    with exclusive(study):
        running = study.get_trials(deepcopy=False, states=(TrialState.RUNNING,))
        return [trial for trial in running if _is_dead(study, trial, watch)]


def reclaim(study: Study, watch: Watch | None = None, attempts: int = ATTEMPTS) -> list[int]:
    """Tell trials of dead workers FAIL and enqueue their parameters and attributes again, each once.

    Any worker may call it at any time, and may be killed in it. A trial that was given no parameters is not
    enqueued: asking anew gives one like it.

    Returns:
        The numbers of the trials that were enqueued again.
    """
    with exclusive(study):
        won = {trial.number for trial in left_over(study, watch) if _take(study, trial)}
        found = []
        for trial in _without_successor(study):
            if trial.number in won or _is_settled(study, trial, watch):
                found += _enqueue(study, trial, attempts)
        return found


def unfinished(study: Study) -> bool:
    """Whether a trial waits, runs, or was lost and is still to be enqueued again by someone."""
    if any(not trial.state.is_finished() for trial in study.get_trials(deepcopy=False)):
        return True
    return any(
        _params(trial) and trial.user_attrs.get(_RUNS, 0) < ATTEMPTS for trial in _without_successor(study)
    )


def give_back(study: Study) -> list[int]:
    """What `reclaim` does, for the running trials of this process, which stops before they are finished."""
    from optuna.trial import TrialState

    me = this_process()
    with exclusive(study):
        running = study.get_trials(deepcopy=False, states=(TrialState.RUNNING,))
        won = {trial.number for trial in running if owner_of(trial) == me and _take(study, trial)}
        lost = [trial for trial in _without_successor(study) if trial.number in won]
        return [number for trial in lost for number in _enqueue(study, trial, ATTEMPTS)]


def owner_of(trial: FrozenTrial) -> Owner | None:
    """The process that has marked a trial; None where none has."""
    record = trial.user_attrs.get(_OWNER)
    return None if record is None else Owner.of(record)


def own_attributes(user_attrs: Mapping[str, Any]) -> dict[str, Any]:
    """The attributes of a trial without those by which workers mark it."""
    return {name: value for name, value in user_attrs.items() if not name.startswith(_PREFIX)}


def exclusive(study: Study) -> AbstractContextManager[None]:
    """Keep other workers from writing, where the storage can: a journal can, servers cannot."""
    guard = getattr(study._storage, "exclusive", None)
    return nullcontext() if guard is None else guard()


def _next_waiting(study: Study) -> Trial | None:
    """What `study.ask` begins with; that would make a new trial where none waits."""
    from optuna import Trial
    from optuna.exceptions import UpdateFinishedTrialError
    from optuna.trial import TrialState

    for trial in study.get_trials(deepcopy=False, states=(TrialState.WAITING,)):
        with suppress(UpdateFinishedTrialError):
            if study._storage.set_trial_state_values(trial._trial_id, state=TrialState.RUNNING):
                return Trial(study, trial._trial_id)
    return None


def _is_mine(study: Study, trial: Trial) -> bool:
    """Mark a trial; False where it is not to be run."""
    from optuna.exceptions import UpdateFinishedTrialError

    try:
        claim(trial)
    except UpdateFinishedTrialError:
        # This process was so slow that another has taken the unmarked trial for left over.
        return False
    if _is_double(study, trial.number, trial.user_attrs):
        _fail(study, trial.number)
        return False
    return True


def _is_dead(study: Study, trial: FrozenTrial, watch: Watch | None) -> bool:
    owner = owner_of(trial)
    if owner is None:
        return _is_settled(study, trial, watch)
    alive = owner.is_alive()
    if alive is None:
        return watch is not None and watch.is_silent(owner)
    return not alive


def _is_settled(study: Study, trial: FrozenTrial, watch: Watch | None) -> bool:
    """Whether no one can be between the two writes that would change what the trial looks like."""
    if hasattr(study._storage, "exclusive"):
        return True
    return watch is not None and watch.stays(f"{trial.number}:{trial.state.name}")


def _take(study: Study, trial: FrozenTrial) -> bool:
    """Take a trial from its worker; False where someone else was first, or it was finished meanwhile."""
    from optuna.exceptions import UpdateFinishedTrialError

    try:
        # Before FAIL, after which nothing can be written to it: a kill in between must leave a trace.
        study._storage.set_trial_user_attr(trial._trial_id, _LOST, True)
    except UpdateFinishedTrialError:
        return False
    return _fail(study, trial.number)


def _fail(study: Study, number: int) -> bool:
    from optuna.exceptions import UpdateFinishedTrialError
    from optuna.trial import TrialState

    try:
        study.tell(number, state=TrialState.FAIL)
    except (UpdateFinishedTrialError, ValueError):
        # Optuna's way to say that it was finished already; ValueError is raised for nothing else here.
        return False
    return True


def _without_successor(study: Study) -> list[FrozenTrial]:
    """Lost trials that have not been enqueued again."""
    from optuna.trial import TrialState

    trials = study.get_trials(deepcopy=False)
    done = {trial.user_attrs.get(_AGAIN) for trial in trials}
    return [
        trial
        for trial in trials
        if trial.state == TrialState.FAIL and _LOST in trial.user_attrs and trial.number not in done
    ]


def _enqueue(study: Study, trial: FrozenTrial, attempts: int) -> list[int]:
    """Enqueue a lost trial again; its number, or nothing where that should not be."""
    params = _params(trial)
    runs = trial.user_attrs.get(_RUNS, 0) + 1
    if not params or _is_double(study, trial.number, trial.user_attrs):
        return []
    if runs > attempts:
        _log.warning("trial %d is left out: its worker died in each of %d runs", trial.number, runs)
        return []
    attributes = {**own_attributes(trial.user_attrs), _AGAIN: trial.number, _RUNS: runs}
    study.enqueue_trial(params, user_attrs=attributes)
    return [trial.number]


def _params(trial: FrozenTrial) -> dict[str, Any]:
    return {**trial.system_attrs.get("fixed_params", {}), **trial.params}


def _is_double(study: Study, number: int, user_attrs: Mapping[str, Any]) -> bool:
    """Whether two workers have enqueued the same lost trial, and this is not the first of the two.

    Only possible without `exclusive`, after a worker was killed between its two writes.
    """
    if _AGAIN not in user_attrs:
        return False
    lost = user_attrs[_AGAIN]
    earlier = study.get_trials(deepcopy=False)[:number]
    return any(trial.user_attrs.get(_AGAIN) == lost for trial in earlier)
