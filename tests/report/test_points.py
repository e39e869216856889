"""The candidates of a report."""

from __future__ import annotations

from dataclasses import replace

from promptsearch.report.points import candidate_points, front, sample
from tests.study.trials import figures, name_of, trial


def test_the_front_has_what_nothing_cheaper_is_as_good_as():
    trials = [
        trial("a", dev=5, tokens=10),
        trial("b", dev=5, tokens=12),
        trial("c", dev=8, tokens=20),
        trial("d", dev=4, tokens=30),
        trial("e", dev=7, tokens=11),
        trial("f", dev=8, tokens=20.5),
        trial("g", dev=9, tokens=40),
    ]
    assert [name_of(found) for found in front(trials, "accuracy")] == ["a", "e", "c", "g"]


def test_of_equal_trials_the_likelier_is_on_the_front():
    sure, unsure = trial("sure", dev=figures(8, sure=0.9)), trial("unsure", dev=figures(8, sure=0.6))
    assert sure.dev.log_likelihood != unsure.dev.log_likelihood
    likelier = max((sure, unsure), key=lambda each: each.dev.log_likelihood)
    assert front([sure, unsure], "accuracy") == front([unsure, sure], "accuracy") == [likelier]


def test_a_sample_keeps_what_must_be_there_and_the_order():
    trials = [trial(f"t{i}") for i in range(100)]
    must = {id(trials[i]) for i in (3, 50, 99)}
    drawn = sample(trials, must, 10, seed=1)
    assert len(drawn) == 10
    places = [int(name_of(each)[1:]) for each in drawn]
    assert places == sorted(places)
    assert {3, 50, 99} <= set(places)
    assert sample(trials, must, 10, seed=1) == drawn
    assert sample(trials, must, 10, seed=2) != drawn
    assert sample(trials, must, 100, seed=1) == trials


def test_many_trials_are_sampled_and_counted(found):
    points = candidate_points(found, most=10)
    assert len(found.trials) > len(points) >= 10
    whole = candidate_points(found)
    assert [p for p in points if p.finalist] == [p for p in whole if p.finalist] != []
    assert [p for p in points if p.on_front] == [p for p in whole if p.on_front] != []


def test_what_was_judged_on_fewer_examples_has_no_figures(found):
    best = found.best.trial
    early = replace(best, dev=figures(4, n=4), left_early=True)
    [point, _] = candidate_points(replace(found, trials=(early, best)))
    assert (point.train, point.dev, point.log_likelihood) == (None, None, None)
    assert not point.on_front
