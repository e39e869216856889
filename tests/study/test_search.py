"""The search loop: what it tries, how often, and what it does when something fails."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from pathlib import Path

import pytest
from optuna.trial import FrozenTrial, TrialState

from promptsearch import discover
from promptsearch.engines.manual import ManualEngine
from promptsearch.errors import DataError, StorageError, TemplateError
from promptsearch.study.budget import Clock, Pace, TimeUp
from promptsearch.study.discover import resume
from promptsearch.study.observer import Observer
from promptsearch.study.progress import SUMMARY
from promptsearch.study.runs import run_of
from promptsearch.study.sampler import group_and_number
from promptsearch.study.setup import Engines
from promptsearch.study.sitting import Sitting
from promptsearch.study.spent import SPENT, spent
from promptsearch.study.storage import open_study
from tests.study.searching import WORDS, search

SOURCES = [
    f"{{text}} {word} {{mask}}."
    for word in ["All", "In", "Sum", "It", "That", "They", "We", "You", "One", "So"]
]


def trials(folder: Path) -> list[FrozenTrial]:
    return open_study(folder).get_trials(deepcopy=False)


def evaluated(folder: Path) -> list[int]:
    """Numbers of the templates that were tried, in order."""
    places = [group_and_number(each.params) for each in trials(folder) if SUMMARY in each.user_attrs]
    return [place[1] for place in places if place is not None]


def combinations(folder: Path) -> list[str]:
    lines = (folder / "candidates.jsonl").read_text("utf-8").splitlines()
    keys = ("plm", "template", "answers", "calibration")
    return sorted(json.dumps([json.loads(line)[key] for key in keys]) for line in lines)


def test_all_templates_are_tried_once_and_the_manual_prompt_first(tmp_path):
    found = search(tmp_path, templates=SOURCES, words=WORDS)
    assert sorted(evaluated(tmp_path)) == list(range(10))
    assert found.trials[0].is_baseline
    assert found.ended == "done"


@pytest.mark.parametrize("number", [1, 6, 10])
def test_so_many_templates_as_were_allowed(tmp_path, number):
    found = search(tmp_path, templates=SOURCES, words=WORDS, evaluations=number)
    assert len(evaluated(tmp_path)) == number
    assert len({trial.candidate.template for trial in found.trials}) == number
    assert found.ended == ("done" if number == 10 else "budget")


def test_more_may_be_allowed_afterwards(tmp_path):
    search(tmp_path, templates=SOURCES, words=WORDS, evaluations=3)
    before = evaluated(tmp_path)
    resume(tmp_path, Observer(), evaluations=7)
    assert evaluated(tmp_path)[:3] == before
    assert len(evaluated(tmp_path)) == 7
    resume(tmp_path, Observer(), evaluations=99)
    assert sorted(evaluated(tmp_path)) == list(range(10))


def test_a_search_in_parts_comes_to_the_same_as_in_one(tmp_path):
    parts, whole = tmp_path / "parts", tmp_path / "whole"
    search(parts, templates=SOURCES, words=WORDS, evaluations=4)
    second = resume(parts, Observer(), evaluations=99)
    first = search(whole, templates=SOURCES, words=WORDS, evaluations=99)
    assert combinations(parts) == combinations(whole)
    assert second.best.trial.candidate == first.best.trial.candidate
    assert second.best.test == first.best.test


def test_resuming_what_is_done_changes_nothing(tmp_path):
    first = search(tmp_path, templates=SOURCES[:4], words=WORDS)
    lines, told = combinations(tmp_path), [each.number for each in trials(tmp_path)]
    second = resume(tmp_path, Observer())
    assert combinations(tmp_path) == lines
    assert [each.number for each in trials(tmp_path)] == told
    assert second.best.test == first.best.test
    assert second.seconds > first.seconds


def test_a_template_that_cannot_be_read_does_not_count(tmp_path):
    long = "word " * 600 + SOURCES[0]
    found = search(tmp_path, templates=[long, *SOURCES[:3]], words=WORDS, evaluations=3)
    assert len(evaluated(tmp_path)) == 3
    assert len(found.rejected) == 1


def test_a_plm_with_which_nothing_works_is_left_out_in_mid_search(tmp_path, monkeypatch):
    """It is known only after templates were tried on the other."""
    works = ManualEngine.search

    def on_one(self, task, plm, budget, seed):
        if plm.identity.reference != "minilm-mlm":
            raise TemplateError("nothing for this one")
        return works(self, task, plm, budget, seed)

    monkeypatch.setattr(ManualEngine, "search", on_one)
    monkeypatch.setattr("promptsearch.study.session.DEFAULT_PLMS", ("minilm-mlm", "second"))
    monkeypatch.setattr("promptsearch.study.session.load_search_plm", _named)
    options = {"templates": SOURCES, "words": WORDS, "shots": 4, "max_test": 12, "engines": "manual"}
    found = discover("reviews", out=tmp_path, device="cpu", dtype="float32", **options)
    assert found.unavailable == {"second": "nothing for this one"}
    assert len(evaluated(tmp_path)) == 10


def _named(config, reference, observer):
    """The built-in PLM under another name."""
    from promptsearch.plms import load_plm

    plm = load_plm("minilm-mlm", device="cpu", dtype="float32")
    plm.identity = replace(plm.identity, reference=reference)
    return plm


def test_other_data_are_refused(tmp_path):
    rows = tmp_path / "rows.jsonl"

    def write(word: str) -> None:
        lines = [{"text": f"{word} film {i}", "label": ["bad", "good"][i % 2]} for i in range(24)]
        rows.write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")

    write("some")
    search(tmp_path / "run", None, data=str(rows), kind="sentiment")
    write("other")
    with pytest.raises(Exception, match="not those that the run was begun with"):
        resume(tmp_path / "run", Observer())


def test_two_processes_do_not_search_in_one_folder(tmp_path):
    from promptsearch.study.artefacts import run_lock

    search(tmp_path, words=WORDS)
    with run_lock(tmp_path), pytest.raises(StorageError, match="going on in another process"):
        resume(tmp_path, Observer())


# When the time is over -----------------------------------------------------------------------------


class _Strikes(Observer):
    """Lets the clock strike, once, when some templates have been tried."""

    struck: bool | None = None

    def tried(self, trials: object) -> None:
        self.struck = False if self.struck is None else self.struck

    def check(self) -> None:
        if self.struck is False:
            self.struck = True
            raise TimeUp


def test_what_the_time_cuts_short_is_tried_by_who_goes_on(tmp_path, monkeypatch):
    """The clock strikes while the second block goes through the PLM."""
    strikes = _Strikes()
    monkeypatch.setattr(Clock, "check", lambda clock: strikes.check())
    # Of this seed no other test has answer states in the cache.
    found = search(tmp_path, templates=SOURCES, words=WORDS, minutes=7, seed=70, observer=strikes)
    assert found.ended == "budget"
    before = evaluated(tmp_path)
    assert 0 < len(before) < 10
    states = [each.state for each in trials(tmp_path)]
    assert TrialState.RUNNING not in states
    assert TrialState.WAITING in states
    monkeypatch.undo()
    resume(tmp_path, Observer())
    assert sorted(evaluated(tmp_path)) == list(range(10))
    assert evaluated(tmp_path)[: len(before)] == before


def test_the_time_of_all_sittings_counts(tmp_path):
    first = search(tmp_path, templates=SOURCES[:2], words=WORDS, minutes=5)
    noted = spent(open_study(tmp_path))
    assert noted == pytest.approx(first.seconds, abs=2.0)
    second = resume(tmp_path, Observer())
    assert second.seconds > noted
    assert spent(open_study(tmp_path)) >= noted


def test_what_a_sitting_takes_to_get_back_does_not_count(tmp_path):
    first = search(tmp_path, templates=SOURCES[:3], words=WORDS, minutes=5, evaluations=1)
    assert first.seconds_on_top == 0
    begun = time.monotonic() - 1000.0  # a machine on which it takes so long until PLMs are loaded
    second = resume(tmp_path, Observer(), begun, evaluations=2)
    assert second.seconds_on_top > 1000
    assert first.seconds < second.seconds < 100
    third = resume(tmp_path, Observer(), evaluations=3)
    assert third.seconds_on_top > second.seconds_on_top
    assert third.seconds > second.seconds


def test_the_last_trial_tells_the_time_where_nothing_else_has(tmp_path):
    search(tmp_path, templates=SOURCES[:2], words=WORDS)
    study = open_study(tmp_path)
    at = max(each.user_attrs[SUMMARY]["at"] for each in trials(tmp_path))
    study.set_user_attr(SPENT, 0.0)
    assert spent(study) == at > 0


def test_a_search_goes_on_before_it_takes_up_what_was_tried(tmp_path):
    """A sitting that is killed soon has got further all the same."""
    told: list[str] = []
    observer = Observer()
    observer.tried = lambda found: told.extend(str(each.candidate.template) for each in found)  # ty: ignore
    search(tmp_path, templates=SOURCES[:3], words=WORDS, evaluations=1)
    found = resume(tmp_path, observer, evaluations=3)
    order = list(dict.fromkeys(told))
    assert order[-1] == SOURCES[0]
    assert sorted(order) == sorted(SOURCES[:3])
    # Yet it comes first in what there is to see.
    assert str(found.trials[0].candidate.template) == SOURCES[0]


def test_candidates_of_earlier_sittings_are_not_lost_when_one_fails(tmp_path, monkeypatch):
    search(tmp_path, templates=SOURCES[:3], words=WORDS, evaluations=2)
    before = combinations(tmp_path)

    def fail(*_: object) -> None:
        raise DataError("no room")

    monkeypatch.setattr(Sitting, "_recall", fail)
    with pytest.raises(DataError, match="no room"):
        resume(tmp_path, Observer(), evaluations=3)
    assert combinations(tmp_path) == before


def test_parts_of_the_report_that_were_done_are_not_left_out_when_the_time_is_over(tmp_path):
    """As after a kill in the last step of all."""
    options = {"templates": SOURCES[:3], "words": WORDS, "minutes": 5}
    first = search(tmp_path, **options)
    assert first.together is not None
    open_study(tmp_path).set_user_attr(SPENT, 60.0 * 6)
    second = resume(tmp_path, Observer())
    assert second.seconds > 60 * 6
    assert second.details.left_out == ()
    assert second.details.sensitivity == first.details.sensitivity
    assert second.details.hardest == first.details.hardest
    assert second.together is not None
    assert second.together.test == first.together.test
    assert len(second.together.members) == len(first.together.members)


def test_parts_of_the_report_that_were_not_done_in_time_are_left_out(tmp_path, monkeypatch):
    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("promptsearch.study.outcome.sensitivity", stop)
        first = search(tmp_path, templates=SOURCES[:3], words=WORDS, minutes=5)
    assert first.interrupted
    open_study(tmp_path).set_user_attr(SPENT, 60.0 * 6)
    second = resume(tmp_path, Observer())
    assert set(second.details.left_out) == {"sensitivity", "hardest examples"}
    assert second.together is not None


def test_the_pace_of_a_plm_is_known_from_the_start_of_a_sitting(tmp_path, monkeypatch):
    search(tmp_path, templates=SOURCES[:3], words=WORDS, evaluations=2)
    seen: list[Pace] = []
    real = Sitting.search_all

    def search_all(self: Sitting) -> bool:
        seen.extend(replace(pace) for pace in self.search.pace.values())
        return real(self)

    monkeypatch.setattr(Sitting, "search_all", search_all)
    resume(tmp_path, Observer(), evaluations=3)
    summaries = [each.user_attrs[SUMMARY] for each in trials(tmp_path)][:2]
    [pace] = seen
    assert pace.prompts == 2 * (8 + 8)
    assert pace.seconds == pytest.approx(sum(summary["seconds"] for summary in summaries))


def test_a_draw_gets_its_share_of_the_time_also_when_it_is_resumed(tmp_path, monkeypatch):
    seen = []
    real = Sitting.search_all

    def search_all(self: Sitting) -> bool:
        seen.append(self.clock.limits.minutes)
        return real(self)

    monkeypatch.setattr(Sitting, "search_all", search_all)
    found = search(tmp_path, words=WORDS, minutes=6, seeds=3)
    assert seen == [2.0, 2.0, 2.0]
    assert found.prompt.document.provenance.budget.seconds == 120
    seen.clear()
    resume(tmp_path, Observer())
    assert seen == [2.0, 2.0, 2.0]
    seen.clear()
    resume(tmp_path, Observer(), minutes=9)
    assert seen == [3.0, 3.0, 3.0]


def test_draws_that_a_kill_has_left_are_gone_on_with_by_the_same_command(tmp_path, monkeypatch):
    """The first draw is done, so that there is a prompt."""

    def killed(*_: object) -> None:
        raise MemoryError

    options = {"words": WORDS, "seeds": 3, "evaluations": 1}
    with monkeypatch.context() as patch:
        patch.setattr("promptsearch.study.discover._other_draws", killed)
        with pytest.raises(MemoryError):
            search(tmp_path, **options)
    assert (tmp_path / "best_prompt.json").exists()
    begun = (tmp_path / "study.log").read_text("utf-8")
    told: list[str] = []
    observer = Observer()
    observer.notice = told.append  # ty: ignore
    found = search(tmp_path, observer=observer, **options)
    assert any("was not finished; it goes on" in text for text in told)
    assert (tmp_path / "study.log").read_text("utf-8").startswith(begun)
    assert [draw.seed for draw in found.draws] == [0, 1, 2]
    # Only the report is missing.
    (tmp_path / "report.json").write_text('{"seeds": []}', "utf-8")
    assert run_of(tmp_path).state == "stopped, can be resumed"
    search(tmp_path, **options)
    assert (tmp_path / "study.log").read_text("utf-8").startswith(begun)
    assert run_of(tmp_path).state == "done"


def test_an_engine_that_fails_on_a_template_is_asked_once(tmp_path, monkeypatch):
    def fail(*_: object) -> None:
        raise DataError("no words")

    told: list[str] = []
    observer = Observer()
    observer.notice = told.append  # ty: ignore
    monkeypatch.setattr(Engines, "words_for", fail)
    found = search(
        tmp_path, templates=SOURCES[:3], words=WORDS, engines=("manual", "words"), observer=observer
    )
    assert [text for text in told if "found nothing" in text] == ["minilm-mlm: words found nothing: no words"]
    assert found.ended == "done"
    assert all(each.state.is_finished() for each in trials(tmp_path))
