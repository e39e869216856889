"""Workers that share a study, some of which are killed."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import optuna
import pytest
from optuna import Study
from optuna.trial import TrialState

from promptsearch.errors import OptionError
from promptsearch.study import owner, stale
from promptsearch.study.heartbeat import Heartbeat, Watch
from promptsearch.study.owner import Machine, Owner, this_machine, this_process
from promptsearch.study.stale import ask, ask_planned, give_back, left_over, reclaim, tell, unfinished
from promptsearch.study.storage import open_study

ITEMS = 12
Told = tuple[TrialState, dict[str, Any], dict[str, Any]]
"""State, parameters and own attributes of a trial."""


@pytest.fixture
def study(tmp_path: Path) -> Study:
    return open_study(tmp_path)


def worker(place: str, seconds: float, *host: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.study.storage_worker", place, str(seconds), *host]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def rest(process: subprocess.Popen[str]) -> list[str]:
    """The lines until the end. `communicate` would lose what was read ahead for `line`."""
    assert process.stdout is not None
    with process.stdout as lines:
        said = lines.read().splitlines()
    process.wait(60)
    return said


def plan(study: Study, items: int = ITEMS) -> None:
    for item in range(items):
        study.enqueue_trial({"item": item}, user_attrs={"planned": item})


def complete(study: Study) -> Counter[int]:
    return Counter(t.params["item"] for t in study.trials if t.state == TrialState.COMPLETE)


def dead(study: Study, item: float = 1.0) -> optuna.Trial:
    """A trial whose worker was killed."""
    study.enqueue_trial({"item": item}, user_attrs={"kept": "so"})
    trial = ask(study)
    trial.suggest_float("item", 0, 9)
    trial.set_user_attr("promptsearch:owner", Owner(this_machine(), 2**22 + 1, "1").record())
    return trial


def three_workers_one_killed(place: str, *hosts: str) -> Study:
    """Three processes run what is planned; the first is killed in its first trial."""
    study = open_study(place)
    plan(study)
    names = [[host] for host in hosts] or [[], [], []]
    victim = worker(place, 60, *names[0])
    assert line(victim) == "ready"
    begun = line(victim)
    others = [worker(place, 0.05, *name) for name in names[1:]]
    assert [line(other) for other in others] == ["ready", "ready"]
    assert begun.startswith("begin")
    victim.kill()
    assert rest(victim) == []
    said = [rest(other) for other in others]
    assert [other.returncode for other in others] == [0, 0]
    ran = Counter(text for lines in said for text in lines if text.startswith("begin"))
    assert ran == {f"begin {item}": 1 for item in range(ITEMS)}
    return open_study(place)


def outcome(study: Study) -> tuple[Counter[int], list[Told], list[Told]]:
    """How often each item was completed, the trials that were lost, and those that were enqueued later."""
    told = [(t.state, t.params, stale.own_attributes(t.user_attrs)) for t in study.trials]
    return complete(study), [each for each in told if each[0] == TrialState.FAIL], told[ITEMS:]


FIRST_IS_RUN_AGAIN = (
    dict.fromkeys(range(ITEMS), 1),
    [(TrialState.FAIL, {"item": 0}, {"planned": 0})],
    [(TrialState.COMPLETE, {"item": 0}, {"planned": 0})],
)


@pytest.mark.slow
def test_three_processes_share_a_study_on_postgresql_and_one_is_killed(server: str) -> None:
    assert outcome(three_workers_one_killed(server)) == FIRST_IS_RUN_AGAIN


@pytest.mark.slow
def test_a_worker_killed_on_another_machine_is_noticed_by_its_silence(server: str) -> None:
    optuna.delete_study(study_name="promptsearch", storage=open_study(server)._storage)
    study = three_workers_one_killed(server, "first", "second", "third")
    assert outcome(study) == FIRST_IS_RUN_AGAIN


@pytest.mark.slow
def test_three_processes_share_a_journal_and_one_is_killed(tmp_path: Path) -> None:
    assert outcome(three_workers_one_killed(str(tmp_path))) == FIRST_IS_RUN_AGAIN


@pytest.mark.slow
def test_kills_at_random_moments_lose_nothing_that_was_finished(tmp_path: Path) -> None:
    moments = random.Random(5)
    plan(open_study(tmp_path), 99)
    finished: set[int] = set()
    for _ in range(10):
        process = worker(str(tmp_path), 0.002)
        assert line(process) == "ready"
        time.sleep(moments.uniform(0.0, 0.25))
        process.kill()
        finished |= {int(text.split()[1]) for text in rest(process) if text.startswith("end")}

        begun = time.monotonic()
        study = open_study(tmp_path)
        assert time.monotonic() - begun < 20
        assert finished <= set(complete(study))
        assert max(complete(study).values(), default=1) == 1
        assert not [trial for trial in study.trials if trial.state == TrialState.RUNNING]
        waiting = [trial.system_attrs["fixed_params"]["item"] for trial in study.trials if is_waiting(trial)]
        assert Counter(waiting) + complete(study) == dict.fromkeys(range(99), 1)
    assert finished


def is_waiting(trial: optuna.trial.FrozenTrial) -> bool:
    return trial.state == TrialState.WAITING


def test_a_dead_workers_trial_is_run_again_with_its_parameters_and_attributes(study: Study) -> None:
    lost = dead(study, 7.0)
    assert [trial.number for trial in left_over(study)] == [lost.number]
    assert reclaim(study) == [lost.number]
    assert reclaim(study) == []
    again = ask(study)
    assert again.suggest_float("item", 0, 9) == 7.0
    assert stale.own_attributes(again.user_attrs) == {"kept": "so"}
    assert study.trials[lost.number].state == TrialState.FAIL


def test_a_trial_of_a_living_worker_is_left_alone(study: Study) -> None:
    trial = ask(study)
    trial.suggest_float("item", 0, 9)
    assert (left_over(study), reclaim(study)) == ([], [])
    assert tell(study, trial, 1.0)


def test_a_process_that_got_the_number_of_a_dead_one_is_not_taken_for_it() -> None:
    me = this_process()
    assert me.is_alive() is True
    assert Owner(me.machine, me.pid, me.started + "1").is_alive() is False


def test_a_killed_process_that_no_one_has_waited_for_is_dead() -> None:
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    child = Owner(this_machine(), process.pid, owner._started(process.pid) or "")
    assert child.is_alive() is True
    process.kill()
    end = time.monotonic() + 10
    while child.is_alive() and time.monotonic() < end:
        time.sleep(0.01)
    assert child.is_alive() is False
    process.communicate()


def test_processes_of_other_machines_cannot_be_seen_but_those_before_a_reboot_are_dead() -> None:
    here = this_machine()
    assert Owner(Machine("elsewhere"), 1, "1").is_alive() is None
    assert Owner(Machine(here.host, here.id, "an earlier boot"), 1, "1").is_alive() is False
    assert Owner(Machine(here.host, here.id, here.boot, "a container"), 1, "1").is_alive() is None


def test_a_kill_between_fail_and_enqueueing_is_made_good(study: Study) -> None:
    lost = dead(study)
    assert stale._take(study, study.trials[lost.number])
    assert len(study.trials) == 1
    assert unfinished(study)
    assert reclaim(study) == [lost.number]
    assert reclaim(study) == []


def test_a_kill_before_fail_is_made_good(study: Study) -> None:
    lost = dead(study)
    lost.set_user_attr("promptsearch:lost", True)
    assert reclaim(study) == [lost.number]


def test_a_trial_that_its_killed_worker_had_not_yet_marked_is_left_over(study: Study) -> None:
    trial = study.ask()
    trial.suggest_float("item", 0, 9)
    assert reclaim(study) == [trial.number]


def test_a_trial_that_was_given_no_parameters_is_not_enqueued(study: Study) -> None:
    trial = study.ask()
    assert unfinished(study)
    assert reclaim(study) == []
    assert study.trials[trial.number].state == TrialState.FAIL
    assert not unfinished(study)


def test_the_second_of_two_workers_loses(study: Study) -> None:
    lost = dead(study)
    seen = study.trials[lost.number]
    assert [stale._take(study, seen), stale._take(study, seen)] == [True, False]


def test_only_the_first_of_two_runs_of_a_lost_trial_is_run(study: Study) -> None:
    lost = dead(study)
    reclaim(study)
    double = study.trials[-1]
    study.enqueue_trial({"item": 1.0}, user_attrs=double.user_attrs)
    first = ask_planned(study)
    assert first is not None
    assert first.number == lost.number + 1
    assert ask_planned(study) is None
    assert [trial.state for trial in study.trials[2:]] == [TrialState.FAIL]


def test_a_trial_whose_workers_always_die_is_left_out_at_last(
    study: Study, caplog: pytest.LogCaptureFixture
) -> None:
    dead(study)
    for run in range(3):
        again = reclaim(study, attempts=2)
        assert len(again) == (1 if run < 2 else 0)
        if again:
            trial = ask(study)
            trial.set_user_attr("promptsearch:owner", Owner(this_machine(), 2**22 + 1, "1").record())
    assert "its worker died in each of 3 runs" in caplog.text


def test_what_seemed_dead_and_is_told_late_is_refused(study: Study) -> None:
    trial = dead(study)
    reclaim(study)
    assert tell(study, trial, 1.0) is False
    other = ask(study)
    assert tell(study, other, 1.0)
    with pytest.raises(ValueError, match="COMPLETE"):
        tell(study, other, 1.0)


def test_a_process_that_stops_gives_its_trials_back(study: Study) -> None:
    trial = ask(study)
    trial.suggest_float("item", 0, 9)
    assert give_back(study) == [trial.number]
    assert [is_waiting(trial) for trial in study.trials] == [False, True]


def test_silence_counts_by_this_machines_clock_and_only_while_one_listens(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    watch = Watch(grace=60, most=30)
    other = Owner(Machine("elsewhere"), 1, "1")

    def after(seconds: float, beat: int | str) -> bool:
        now[0] += seconds
        watch.look({other.key: beat})
        return watch.is_silent(other)

    assert [after(15, 1), after(15, 2), after(15, 2)] == [False, False, False]
    # An hour in which this process was suspended says nothing of the other.
    assert after(3600, 2) is False
    assert after(15, 2) is False
    assert after(15, 2) is True
    assert after(15, 3) is False
    assert after(15, "gone") is True


def test_a_worker_that_never_gave_a_sign_is_silent_after_the_grace_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    watch = Watch(grace=60, most=30)
    other = Owner(Machine("elsewhere"), 1, "1")
    assert watch.is_silent(other) is False
    for _ in range(5):
        now[0] += 15
        watch.look({})
    assert watch.is_silent(other) is True


def test_the_heartbeat_says_when_a_worker_leaves(study: Study) -> None:
    with Heartbeat(study, 5, 15):
        (beat,) = study.user_attrs.values()
        assert beat == 1
    assert list(study.user_attrs.values()) == ["gone"]


def test_a_grace_time_shorter_than_three_beats_is_refused(study: Study) -> None:
    with pytest.raises(OptionError, match="too short"):
        Heartbeat(study, 10, 29)
