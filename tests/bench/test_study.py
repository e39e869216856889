"""The study beside random search: what is drawn, what counts, and how it is told."""

from __future__ import annotations

import json
import os
from collections import Counter
from dataclasses import replace

import optuna
import pytest
from optuna.samplers import RandomSampler
from optuna.trial import FixedTrial

from promptsearch.bench.fresh_cache import within_fresh_cache
from promptsearch.bench.machine import Machine
from promptsearch.bench.random_search import Combination, Space, WordSearch
from promptsearch.bench.study import run
from promptsearch.bench.study_courses import (
    OTHERS,
    RANDOM,
    STUDY,
    TPE,
    WAYS,
    WITHOUT_WORDS,
    Course,
    Step,
    StudyBench,
    record,
)
from promptsearch.bench.study_tables import mark_rows, markdown, seed_rows, tally, test_rows
from promptsearch.engines.base import Candidate
from promptsearch.paths import cache_dir
from promptsearch.scoring import Calibration
from promptsearch.study.budget import Clock, Limits
from promptsearch.study.config import DiscoverConfig
from promptsearch.study.observer import Observer
from promptsearch.study.pools import Group, Offer
from promptsearch.tasks import load_task
from promptsearch.template import Template
from promptsearch.verbalizer import Verbalizer
from tests.cli.running import refused
from tests.cli.running import run as command

test_rows.__test__ = False  # ty: ignore - a function of the package, whose name begins as tests do
LABELS = ("0", "1")
ONE, TWO = Template.parse("{text} One {mask}"), Template.parse("{text} Two {mask}")


def candidate(
    template: Template, word: str, engine: str, calibration: Calibration | None = None
) -> Candidate:
    verbalizer = Verbalizer.of({"0": "bad", "1": word}, LABELS)
    return Candidate(template, verbalizer, engine, calibration=calibration)


def offer(template: Template, *words: str) -> Offer:
    return Offer(template, tuple(candidate(template, word, "manual") for word in words))


POOLS = {
    Group("a", "manual"): (offer(ONE, "good", "fine"), offer(TWO, "good")),
    Group("b", "mining"): (offer(ONE, "great"),),
}


def space(asked: list[tuple[str, Template]] | None = None) -> Space:
    """Label words are found on PLM a alone: one pair to calibrate and one that is calibrated."""

    def words_for(plm: str, template: Template) -> list[Candidate]:
        if asked is not None:
            asked.append((plm, template))
        found = [
            candidate(template, "super", "words"),
            candidate(template, "top", "words", Calibration("prior", (0.1, 0.2), (0.0, 0.0))),
        ]
        return found if plm == "a" else []

    return Space(POOLS, words_for, ("none", "batch"))


def name(found: Combination | None) -> tuple[str, ...] | None:
    if found is None:
        return None
    given = found.candidate
    return found.group.parameter, str(given.template)[7:10], given.verbalizer.words[1], str(found.calibration)


# What is drawn ---------------------------------------------------------------------------------------

# Shares by hand: half for each PLM, half of that for each of its engines, and so on down.
SHARES = {
    ("a/manual", "One", "good", "none"): 1 / 32,
    ("a/manual", "One", "good", "batch"): 1 / 32,
    ("a/manual", "One", "fine", "none"): 1 / 32,
    ("a/manual", "One", "fine", "batch"): 1 / 32,
    ("a/manual", "Two", "good", "none"): 1 / 16,
    ("a/manual", "Two", "good", "batch"): 1 / 16,
    ("a/words", "One", "super", "none"): 1 / 32,
    ("a/words", "One", "super", "batch"): 1 / 32,
    ("a/words", "One", "top", "None"): 1 / 16,
    ("a/words", "Two", "super", "none"): 1 / 32,
    ("a/words", "Two", "super", "batch"): 1 / 32,
    ("a/words", "Two", "top", "None"): 1 / 16,
    ("b/mining", "One", "great", "none"): 1 / 8,
    ("b/mining", "One", "great", "batch"): 1 / 8,
    None: 1 / 4,
}


def test_random_search_draws_every_level_uniformly():
    study = optuna.create_study(sampler=RandomSampler(seed=0))
    drawn, n = space(), 1600
    counts = Counter(name(drawn.draw(study.ask())) for _ in range(n))
    assert set(counts) == set(SHARES)
    # Pearson's chi-squared: 36.1 is the point that 14 degrees of freedom pass once in 1000 times.
    assert sum((counts[key] - n * share) ** 2 / (n * share) for key, share in SHARES.items()) < 36.1


def test_a_trial_says_which_combination_it_stands_for():
    params = {
        "plm": "a",
        "a/engine": "manual",
        "a/manual": 0,
        "a/manual/verbalizer": 1,
        "calibration": "batch",
    }
    found = space().draw(FixedTrial(params))
    assert found is not None
    assert (found.group, found.candidate, found.calibration) == (
        Group("a", "manual"),
        POOLS[Group("a", "manual")][0].candidates[1],
        "batch",
    )


def test_label_words_are_searched_once_a_template():
    asked: list[tuple[str, Template]] = []
    drawn = space(asked)
    for choice in (0, 1, 0):
        params = {"plm": "a", "a/engine": "words", "a/words": choice, "a/words/verbalizer": 1}
        assert name(drawn.draw(FixedTrial(params))) == ("a/words", ("One", "Two")[choice], "top", "None")
    assert asked == [("a", ONE), ("a", TWO)]


def test_a_clock_stands_still_while_label_words_are_searched():
    now = [100.0]
    clock = Clock(Limits(minutes=0.1), now=lambda: now[0])

    class Slow(WordSearch):
        def _found(self, plm: str, template: Template) -> list[Candidate]:
            now[0] += 50
            assert not clock.over
            return []

    now[0] += 2
    Slow(None, None, {}, {}, 0, clock)("a", ONE)  # ty: ignore
    assert (clock.seconds, clock.left) == (2.0, 4.0)
    now[0] += 5
    assert clock.over


# What counts -----------------------------------------------------------------------------------------


def test_a_cache_remembers_plms_but_nothing_of_a_task(tmp_path, monkeypatch):
    monkeypatch.setenv("PROMPTSEARCH_CACHE", str(tmp_path))
    for folder in ("plms", "vocabulary", "states", "mining"):
        (tmp_path / folder).mkdir()
    with within_fresh_cache() as folder:
        assert cache_dir() == folder != tmp_path
        assert sorted(os.listdir(folder)) == ["plms", "vocabulary"]
        (folder / "states").mkdir()
    assert cache_dir() == tmp_path
    assert not folder.exists()
    monkeypatch.delenv("PROMPTSEARCH_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with pytest.raises(KeyError), within_fresh_cache():
        raise KeyError
    assert "PROMPTSEARCH_CACHE" not in os.environ


@pytest.fixture(scope="module")
def small() -> StudyBench:
    """One template with two pairs of label words on the bundled reviews: all is tried many times over."""
    config = DiscoverConfig(
        task="reviews",
        plms=["minilm-mlm"],
        templates=["{text} It was {mask}."],
        engines="manual",
        shots=4,
        max_test=12,
        device="cpu",
        dtype="float32",
        offline=True,
    )
    return run(config, [0], 3.0, [1.0, 9.0], Observer())


def test_who_tries_all_is_never_behind(small):
    """Every way searches the same space, of which the study sees all."""
    best = {way: small.of(way)[0].at(3.0) for way in WAYS}
    study = best[STUDY]
    assert study.log_likelihood > -3
    assert all(study.log_likelihood >= best[way].log_likelihood - 1e-5 for way in OTHERS)
    assert [small.of(way)[0].templates for way in WAYS] == [1, 1, 1, 1]
    assert all(course.plm == "minilm-mlm" and course.engine == "manual" for course in small.courses)


def test_random_search_stays_within_the_space_of_the_study(small):
    study, others = small.of(STUDY)[0], [small.of(way)[0] for way in (RANDOM, WITHOUT_WORDS)]
    for course in others:
        assert course.combinations > 0
        assert course.at(3.0).log_likelihood <= study.at(3.0).log_likelihood + 1e-5


def test_the_best_so_far_only_rises(small):
    for course in small.courses:
        figures = [step.log_likelihood for step in course.steps]
        assert figures == sorted(figures)
        assert [step.seconds for step in course.steps] == sorted(step.seconds for step in course.steps)
    assert small.marks == (1.0, 3.0)
    assert len(small.task.test) == 12


# How it is told --------------------------------------------------------------------------------------

INFINITE = float("-inf")


def course(way: str, seed: int, *steps: tuple[float, float, float]) -> Course:
    return Course(
        way,
        seed,
        tuple(Step(*step) for step in steps),
        10 * seed,
        seed,
        "manual",
        "a",
        (0.5 + seed / 10, -0.5),
    )


def made_up() -> StudyBench:
    """Three seeds: at 5 s nothing is tried in one of them."""
    courses = [
        course(STUDY, 0, (1, -0.6, 0.7), (8, -0.4, 0.9)),
        course(STUDY, 1, (6, -0.5, 0.8)),
        course(STUDY, 2, (1, -0.3, 0.9)),
        course(RANDOM, 2, (2, -0.3, 0.9)),
        course(RANDOM, 1, (4, -0.7, 0.6)),
        course(RANDOM, 0, (4, -0.5, 0.6)),
    ]
    for way in (WITHOUT_WORDS, TPE):
        courses += [Course(way, seed, (), 0, 0) for seed in range(3)]
    machine = Machine("today", "a system", "a processor", (), "none", 2, 0.5, {"python": "3"})
    config = DiscoverConfig(task="reviews")
    task = load_task("reviews")
    marks = (5.0, 10.0)
    return StudyBench(task, config, 10.0, marks, ("a",), tuple(courses), 1, machine, 0.6, command="a command")


def test_a_course_stands_at_its_last_step():
    found = course(STUDY, 0, (1, -0.6, 0.7), (8, -0.4, 0.9))
    assert [found.at(s).log_likelihood for s in (0.5, 1, 7.9, 8, 99)] == [INFINITE, -0.6, -0.6, -0.4, -0.4]


def test_seeds_are_won_lost_and_tied():
    at_five = tally(made_up(), RANDOM, 5.0, lambda step: step.log_likelihood)
    assert (at_five.won, at_five.lost, at_five.tied) == (0, 2, 1)
    # Two of two by a fair coin, either way: 2 / 4.
    assert (at_five.p, at_five.study, at_five.other) == (0.5, -0.6, -0.5)
    assert mark_rows(made_up(), lambda step: step.log_likelihood)[:4] == [
        ("5", RANDOM, "0", "2", "1", "0.5", "-0.600", "-0.500"),
        ("5", WITHOUT_WORDS, "2", "0", "1", "0.5", "-0.600", "nothing yet"),
        ("5", TPE, "2", "0", "1", "0.5", "-0.600", "nothing yet"),
        ("10", RANDOM, "2", "0", "1", "0.5", "-0.400", "-0.500"),
    ]
    assert mark_rows(made_up(), lambda step: step.value)[0] == (
        *("5", RANDOM, "1", "1", "1", "1", "0.700", "0.600"),
    )


def test_every_search_has_a_row():
    rows = seed_rows(made_up())
    assert [row[:2] for row in rows] == [(str(seed), way) for seed in range(3) for way in WAYS]
    assert rows[4] == ("1", STUDY, "1", "10", "-0.500", "manual", "a", "60.0 %", "-0.500")
    assert rows[6] == ("1", WITHOUT_WORDS, "0", "0", "nothing yet", "", "", "", "")
    assert test_rows(made_up()) == [(STUDY, "60.0 %", "-0.500"), (RANDOM, "60.0 %", "-0.500")]


def test_a_report_names_its_command_and_says_whose_time_counts():
    page = markdown(made_up())
    assert "a command" in page
    assert "3 seeds of 10 s a search, 1 thread" in page
    assert "searched when they are first drawn" in page
    free = replace(made_up(), free_words=True)
    assert "its clock stands still" in markdown(free)


def test_a_record_keeps_the_steps_at_which_something_rose():
    bench = made_up()
    told = json.loads(json.dumps(record(bench)))
    assert told["marks"] == [5, 10]
    first = told["courses"][0]
    assert (first["way"], first["seed"], first["test"]) == (STUDY, 0, [0.5, -0.5])
    assert first["steps"] == [[1, -0.6, 0.7], [8, -0.4, 0.9]]
    assert told["courses"][6]["steps"] == []
    still = Course(STUDY, 0, (Step(1, INFINITE, INFINITE), Step(2, -1, 0.5), Step(3, -1, 0.5)), 3, 3)
    again = record(replace(bench, courses=(still,)))
    assert again["courses"][0]["steps"] == [[2, -1, 0.5]]


# Commands --------------------------------------------------------------------------------------------


def test_races_are_simulated_from_the_command_line(tmp_path):
    done = command("bench", "racing", "--races", "1", "--out", str(tmp_path / "racing.md"))
    assert (done.code, done.err) == (0, "")
    page = (tmp_path / "racing.md").read_text()
    assert done.out.strip() == page.strip()
    assert page.startswith("# Races\n\n1 simulated race of each setting")
    assert page.count("\n| ") == 20


def test_a_wrong_number_of_shots_is_refused():
    assert "--shots must be a number" in refused("bench", "study", "--shots", "none")
