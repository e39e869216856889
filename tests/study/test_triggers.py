"""The engine `trigger` in a search: when it has its turn, what it begins from, what is kept of it."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptsearch import load_prompt
from promptsearch.engines.base import Budget
from promptsearch.engines.trigger import (
    History,
    Improvement,
    Restart,
    Swap,
    TriggerConfig,
    TriggerEngine,
)
from promptsearch.errors import DataError, PromptSearchError
from promptsearch.report.io import read_report
from promptsearch.study.budget import Clock, Limits
from promptsearch.study.discover import resume
from promptsearch.study.evaluating import evaluate_prompt
from promptsearch.study.observer import Observer
from promptsearch.study.result import Discovery
from promptsearch.study.storage import open_study
from promptsearch.study.trigger_turn import take_turn, words_of_one_token
from promptsearch.study.triggers import (
    DevFigure,
    TriggerSearch,
    best_improvements,
    trigger_of,
    unfit_for_triggers,
)
from promptsearch.tasks import draw_splits, load_task
from promptsearch.template import Template
from tests.study.reviews import reviews
from tests.study.searching import TEMPLATE, search

FREE = "{text} {trigger*2} {mask}"
CONFIG = TriggerConfig(candidates=4, restarts=0, offers=3)
GIVEN = {
    "engines": ("manual", "trigger"),
    "trigger": CONFIG,
    "trigger_templates": FREE,
    "trigger_evaluations": 250,
    "shots": 3,
    "calibrations": ("none", "batch"),
}


class Watching(Observer):
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.found: list[tuple[str, Improvement, DevFigure | None]] = []
        self.notices: list[str] = []

    def improved(self, plm: str, found: Improvement, dev: DevFigure | None) -> None:
        self.found.append((plm, found, dev))

    def notice(self, text: str) -> None:
        self.notices.append(text)


@pytest.fixture(scope="module")
def watching() -> Watching:
    return Watching()


@pytest.fixture(scope="module")
def found(tmp_path_factory, watching) -> Discovery:
    """A small search of hand-written prompts and triggers."""
    return search(tmp_path_factory.mktemp("run") / "reviews", observer=watching, **GIVEN)


# A run ------------------------------------------------------------------------------------------------


def test_triggers_compete_under_every_calibration(found):
    mine = [trial for trial in found.trials if trial.candidate.engine == "trigger"]
    templates = {trial.candidate.template for trial in mine}
    assert 1 <= len(templates) <= CONFIG.offers
    assert {trial.calibration.method for trial in mine} == {"none", "batch"}
    assert all(trial.candidate.fitted for trial in mine)
    assert all(template.fields == ("text",) and not template.has_free_slots for template in templates)


def test_its_course_is_kept_with_figures_on_dev(found, watching):
    (course,) = found.triggers
    improvements = course.history.improvements
    assert course.plm == "minilm-mlm"
    assert [told[1] for told in watching.found] == list(improvements)
    assert [told[2] for told in watching.found] == list(course.dev)
    assert course.dev[0] is not None
    assert course.dev[0].n == len(found.task.dev)
    assert course.history.evaluations <= GIVEN["trigger_evaluations"]
    assert course.settings["candidates"] == 4


def test_dev_is_that_of_the_prompt(found):
    """With the engine's label words and calibration: the figure of the trial of that trigger."""
    (course,) = found.triggers
    method = "batch" if CONFIG.calibrated else "none"
    same = [t for t in found.trials if t.candidate.engine == "trigger" and t.calibration.method == method]
    by_ids = {trigger_of(trial.candidate).ids: trial for trial in same}
    seen = 0
    for improvement, figure in zip(course.history.improvements, course.dev):
        if (trial := by_ids.get(improvement.ids)) is not None and figure is not None:
            seen += 1
            assert figure.value == trial.dev.accuracy
            assert figure.log_likelihood == pytest.approx(trial.dev.log_likelihood, abs=1e-4)
            assert improvement.accuracy == pytest.approx(trial.train.accuracy)
    assert seen > 0


def test_the_report_tells_it(found):
    document = read_report(found.folder / "report.json")
    (course,) = document.triggers
    assert len(course.points) == len(found.triggers[0].history.improvements)
    assert "## Trigger search" in (found.folder / "report.md").read_text("utf-8")
    assert (found.folder / "trigger-1.svg").exists()


def test_a_saved_trigger_gives_its_figures(found, minilm, tmp_path):
    mine = next(trial for trial in found.trials if trial.candidate.engine == "trigger")
    from promptsearch.prompt import Prompt
    from promptsearch.study.documents import prompt_document

    prompt = Prompt(
        prompt_document(found.task, minilm, mine.candidate, mine.calibration, mine.scoring, 0), _plm=minilm
    )
    assert prompt.document.trigger is not None
    prompt.save(tmp_path / "p.json")
    again = load_prompt(tmp_path / "p.json", device="cpu")
    assert evaluate_prompt(again, found.task, "dev").prompt.accuracy == mine.dev.accuracy


def test_the_same_command_finds_the_same(found, tmp_path):
    again = search(tmp_path / "run", **GIVEN)
    assert [without_time(each) for each in again.triggers] == [without_time(each) for each in found.triggers]
    assert again.prompt.document.template == found.prompt.document.template


def without_time(course: TriggerSearch) -> TriggerSearch:
    history = course.history
    improvements = tuple(replace(found, seconds=0.0) for found in history.improvements)
    return replace(course, history=replace(history, improvements=improvements, seconds=0.0))


def test_it_begins_from_the_best_templates_of_others(tmp_path):
    """Without templates of its own; decided once, and kept for who goes on."""
    given = {**GIVEN, "trigger_templates": (), "templates": [TEMPLATE, "{mask}: {text}", "{text} So {mask}."]}
    made = search(tmp_path / "run", **{**given, "trigger_evaluations": 1})
    figures: dict[str, list[tuple[float, float]]] = {}
    for trial in made.trials:
        train = (trial.train.accuracy, trial.train.log_likelihood)
        figures.setdefault(str(trial.candidate.template), []).append(train)
    starts = open_study(tmp_path / "run").user_attrs["starts minilm-mlm/trigger"]
    assert len(starts) == 3
    assert starts == sorted(figures, key=lambda name: max(figures[name]), reverse=True)


# Going on ---------------------------------------------------------------------------------------------


def test_more_to_spend_goes_on_where_it_stopped(tmp_path):
    out = tmp_path / "run"
    first = search(out, **{**GIVEN, "trigger_evaluations": 150})
    assert not first.triggers[0].over
    assert first.ended == "budget"
    before = open_study(out).user_attrs["offers minilm-mlm/trigger"]
    more = resume(out, Observer(), trigger_evaluations=300)
    after = open_study(out).user_attrs["offers minilm-mlm/trigger"]
    assert after[: len(before)] == before
    history = more.triggers[0].history
    known = first.triggers[0].history.improvements
    assert history.improvements[: len(known)] == known
    assert 150 < history.evaluations <= 300
    tried = {t.candidate.template for t in more.trials if t.candidate.engine == "trigger"}
    assert {Template.parse(entry["template"]) for entry in after} == tried


def test_what_is_over_is_not_begun_again(tmp_path):
    out = tmp_path / "run"
    given = {**GIVEN, "trigger": replace(CONFIG, patience=1), "trigger_evaluations": 100_000}
    first = search(out, **given)
    assert first.triggers[0].over
    more = resume(out, Observer(), trigger_evaluations=200_000)
    assert more.triggers == first.triggers


def test_a_user_who_stops_it_gets_the_best_until_then(tmp_path):
    class Stopping(Watching):
        def improved(self, plm: str, found: Improvement, dev: DevFigure | None) -> None:
            super().improved(plm, found, dev)
            if len(self.found) == 2:
                raise KeyboardInterrupt

    stopping, out = Stopping(), tmp_path / "run"
    made = search(out, observer=stopping, **{**GIVEN, "trigger_evaluations": 20_000})
    assert made.interrupted
    (course,) = made.triggers
    assert (course.history.reason, course.over) == ("stopped", False)
    assert list(course.history.improvements) == [told[1] for told in stopping.found]
    tried = {trigger_of(t.candidate).ids for t in made.trials if t.candidate.engine == "trigger"}
    assert stopping.found[-1][1].ids in tried
    done = resume(out, Observer(), trigger_evaluations=250)
    assert not done.interrupted
    ids = [found.ids for found in course.history.improvements]
    assert [found.ids for found in done.triggers[0].history.improvements[: len(ids)]] == ids


def test_a_turn_stopped_before_it_begins_keeps_what_there_was(found, minilm, monkeypatch):
    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    (course,) = found.triggers
    monkeypatch.setattr(TriggerEngine, "_begun", stop)
    words = words_of_one_token(minilm, [trial.candidate for trial in found.trials])
    turn = take_turn(TriggerEngine(CONFIG), found.task, minilm, Budget(), 0, words, course)
    assert isinstance(turn.stopped, KeyboardInterrupt)
    assert turn.search.history == replace(course.history, reason="stopped")
    assert turn.search.dev == course.dev
    assert turn.candidates


# Where there is nothing to search ---------------------------------------------------------------------


def test_facts_leave_it_out_with_a_notice(tmp_path):
    watching = Watching()
    made = search(
        tmp_path / "run",
        "facts:P103",
        engines=("manual", "trigger"),
        templates=["{subject} speaks {mask}."],
        observer=watching,
    )
    assert made.triggers == ()
    assert [told for told in watching.notices if "trigger was left out: facts are answered" in told]


def test_label_words_of_several_tokens_leave_it_out_with_a_notice(tmp_path):
    watching = Watching()
    words = {"negative": "utterly dreadful", "positive": "good"}
    made = search(tmp_path / "run", words=words, observer=watching, **GIVEN)
    assert made.triggers == ()
    assert {trial.candidate.engine for trial in made.trials} == {"manual"}
    assert [told for told in watching.notices if "trigger found nothing" in told]


def test_where_it_is_needed_that_is_an_error(tmp_path):
    with pytest.raises(DataError, match="no trigger can be searched: facts"):
        search(
            tmp_path / "facts", "facts:P103", engines=("manual", "trigger"), needed="trigger", templates=()
        )
    words = {"negative": "utterly dreadful", "positive": "good"}
    with pytest.raises(PromptSearchError, match="token"):
        search(tmp_path / "words", words=words, needed="trigger", **GIVEN)


def test_classes_of_train_and_dev():
    task = draw_splits(load_task("reviews"), shots=2, seed=0, max_test=4)
    assert unfit_for_triggers(task) is None
    one = [example for example in task.dev if example.label == 1]
    told = unfit_for_triggers(replace(task, splits={**task.splits, "dev": one}, _fingerprints={}))
    assert told == "all 2 examples of dev are of one class (positive)"
    unlabelled = [replace(example, label=None) for example in task.dev]
    for dev, what in ((unlabelled, "have no labels"), (unlabelled + one, "are of one class (positive)")):
        told = unfit_for_triggers(replace(task, splits={**task.splits, "dev": dev}, _fingerprints={}))
        assert told == f"all {len(dev)} examples of dev {what}"


def test_label_words_of_one_token_are_preferred(minilm):
    from promptsearch.engines.base import Candidate
    from promptsearch.verbalizer import Verbalizer

    template, labels = Template.parse(TEMPLATE), reviews().labels
    several = Candidate(template, Verbalizer.of(["not good at all", "good"], labels), "manual")
    single = Candidate(template, Verbalizer.of(["bad", "good"], labels), "manual")
    assert words_of_one_token(minilm, [several, single]) == single.verbalizer
    assert words_of_one_token(minilm, [several]) == several.verbalizer


# Values -----------------------------------------------------------------------------------------------

texts = st.text(max_size=5)
numbers = st.floats(-5, 5)
figures = st.builds(DevFigure, st.integers(1, 99), numbers, numbers, numbers, st.none() | numbers)
improvements = st.builds(
    Improvement,
    template=st.just(FREE),
    ids=st.tuples(st.lists(st.integers(0, 9), max_size=3).map(tuple)),
    text=st.tuples(texts),
    loss=numbers,
    accuracy=numbers,
    step=st.integers(0, 99),
    restart=st.integers(0, 9),
    evaluations=st.integers(0, 99),
    seconds=numbers,
    swaps=st.lists(st.builds(Swap, st.integers(0, 3), texts, texts), max_size=2).map(tuple),
    start=texts,
)


@st.composite
def searches(draw) -> TriggerSearch:
    found = draw(st.lists(improvements, max_size=4))
    restarts = st.builds(Restart, texts, texts, st.integers(0, 9), numbers, texts)
    history = History(
        tuple(found),
        tuple(draw(st.lists(restarts, max_size=2))),
        draw(st.integers(0, 999)),
        draw(numbers),
        draw(texts),
        tuple(draw(st.lists(texts, max_size=2))),
    )
    dev = tuple(draw(st.none() | figures) for _ in found)
    return TriggerSearch("plm", (("bad",), ("good", "great")), (TEMPLATE,), history, dev, draw(st.booleans()))


@given(searches())
def test_a_search_comes_back_from_json(made):
    assert TriggerSearch.restored(json.loads(json.dumps(made.record()))) == made


@given(st.lists(improvements, max_size=8), st.integers(1, 4))
def test_the_best_improvements_are_each_once_and_in_order(found, most):
    best = best_improvements(found, most)
    assert len({each.ids for each in best}) == len(best) <= most
    last = {each.ids: each.loss for each in found}
    assert [each.loss for each in best] == sorted(last.values())[:most]


# The budget -------------------------------------------------------------------------------------------


class Time:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_how_much_of_a_budget_is_spent():
    time = Time()
    clock = Clock(Limits(minutes=2), now=time)
    assert clock.share_spent == 0
    time.now = 30.0
    assert clock.share_spent == 0.25
    clock.reserved = 60.0
    assert clock.share_spent == 0.5
    time.now = 90.0
    assert clock.share_spent == 1
    clock = Clock(Limits(evaluations=40), evaluations=10, now=time)
    assert clock.share_spent == 0.25
    assert Clock(Limits(), now=time).share_spent == 0
