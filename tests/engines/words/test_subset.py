"""Subset search: figures against loops, steps that never lose, words that only help together."""

from __future__ import annotations

import math
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promptsearch.engines.words.folds import stratified_folds
from promptsearch.engines.words.subset import SubsetSearch

LABEL_OF = [0, 0, 0, 0, 1, 1, 1]


def slow(log_probs, gold, columns, folds) -> float:
    """Mean held-out log-likelihood of one set of words, from the docstring."""
    n, n_labels = len(gold), len(columns)
    p = np.exp(log_probs)
    score = [
        [sum(p[i, w] / p[:, w].mean() for w in words) / len(words) for i in range(n)] for words in columns
    ]
    total = 0.0
    for i in range(n):
        others = [j for j in range(n) if folds[j] != folds[i]] or list(range(n))
        calibrated = []
        for y in range(n_labels):
            share = [score[y][j] / sum(score[z][j] for z in range(n_labels)) for j in range(n)]
            calibrated.append(share[i] / (sum(share[j] for j in others) / len(others)))
        total += math.log(calibrated[gold[i]] / sum(calibrated))
    return total / n


def texts(seed: int, n: int = 14) -> tuple[np.ndarray, np.ndarray]:
    """Words that follow their label more or less well."""
    rng = np.random.default_rng(seed)
    gold = np.arange(n) % 2
    signal = (np.array(LABEL_OF) == gold[:, None]) * rng.uniform(-0.5, 1.5, len(LABEL_OF))
    return rng.normal(size=(n, len(LABEL_OF))) + signal - 6, gold


@settings(max_examples=40)
@given(st.integers(0, 10**6), st.integers(1, 5))
def test_the_reported_figure_is_that_of_the_words(seed, folds):
    log_probs, gold = texts(seed)
    found = SubsetSearch(folds=folds).run(log_probs, gold, LABEL_OF, 2, seed=seed)
    expected = slow(log_probs, gold, found.columns, stratified_folds(gold, folds, seed))
    assert found.log_likelihood == pytest.approx(expected, rel=1e-9)
    for label, columns in enumerate(found.columns):
        assert columns
        assert {LABEL_OF[column] for column in columns} == {label}


@settings(max_examples=40)
@given(st.integers(0, 10**6), st.data())
def test_no_start_is_made_worse_and_no_single_step_is_missed(seed, data):
    log_probs, gold = texts(seed)
    start = [
        data.draw(st.lists(st.sampled_from(pool), min_size=1, unique=True))
        for pool in ([0, 1, 2, 3], [4, 5, 6])
    ]
    folds = stratified_folds(gold, 5, seed)
    search = SubsetSearch(beam=1, most=3, gain=1e-3)
    found = search.run(log_probs, gold, LABEL_OF, 2, start=start, seed=seed)
    assert found.log_likelihood >= slow(log_probs, gold, start, folds) - 1e-9
    for label, pool in enumerate(([0, 1, 2, 3], [4, 5, 6])):
        own = set(found.columns[label])
        longer = [own | {w} for w in pool if w not in own] if len(own) < 3 else []
        shorter = [own - {w} for w in own] if len(own) > 1 else []
        for words in [*longer, *shorter]:
            moved = [*found.columns[:label], sorted(words), *found.columns[label + 1 :]]
            assert slow(log_probs, gold, moved, folds) <= found.log_likelihood + 1e-3 + 1e-9


def test_the_best_of_all_sets_is_nearly_always_found():
    pools = product(nonempty([0, 1, 2, 3]), nonempty([4, 5, 6]))
    sets, missed = list(pools), 0
    for seed in range(12):
        log_probs, gold = texts(seed)
        folds = stratified_folds(gold, 5)
        best = max(slow(log_probs, gold, columns, folds) for columns in sets)
        found = SubsetSearch().run(log_probs, gold, LABEL_OF, 2).log_likelihood
        assert found <= best + 1e-9
        missed += found < best - 2e-3
    assert missed <= 1


def nonempty(pool: list[int]) -> list[list[int]]:
    masks = range(1, 2 ** len(pool))
    return [[w for i, w in enumerate(pool) if mask >> i & 1] for mask in masks]


def test_words_that_help_only_together():
    # Half of the texts of label 0 say word 0, the other half word 1; word 4 follows label 1.
    gold = np.array([0, 0, 0, 0, 1, 1, 1, 1] * 2)
    half = np.arange(16) % 2 == 0
    log_probs = np.full((16, 7), -8.0)
    log_probs[(gold == 0) & half, 0] = -2
    log_probs[(gold == 0) & ~half, 1] = -2
    log_probs[gold == 1, 4] = -3
    found = SubsetSearch().run(log_probs, gold, LABEL_OF, 2)
    assert {0, 1} <= set(found.columns[0])
    assert 4 in found.columns[1]
    assert found.log_likelihood > slow(log_probs, gold, ([0], [4]), stratified_folds(gold, 5)) + 0.01


def test_a_search_that_reaches_its_limit_says_so_and_gives_its_best():
    log_probs, gold = texts(5, n=30)
    whole = SubsetSearch(beam=1).run(log_probs, gold, LABEL_OF, 2)
    one_step = SubsetSearch(beam=1, most_sets=1).run(log_probs, gold, LABEL_OF, 2)
    assert whole.finished
    assert not one_step.finished
    assert one_step.tried == 1 + 5  # the start and the five words it lacks
    assert sum(map(len, one_step.columns)) == 3
    assert one_step.log_likelihood < whole.log_likelihood
    expected = slow(log_probs, gold, one_step.columns, stratified_folds(gold, 5))
    assert one_step.log_likelihood == pytest.approx(expected)


def test_a_beam_narrows_until_every_label_has_a_step():
    # 7 words · 2 labels: 14 sets for each of the beam.
    log_probs, gold = texts(3, n=30)
    narrow, wide = (
        SubsetSearch(most_sets=limit, gain=0).run(log_probs, gold, LABEL_OF, 2) for limit in (27, 10**6)
    )
    alone = SubsetSearch(beam=1, most_sets=27, gain=0).run(log_probs, gold, LABEL_OF, 2)
    assert narrow == alone
    assert wide.tried > narrow.tried


def test_many_labels_by_the_same_figure():
    rng = np.random.default_rng(0)
    gold, label_of = np.repeat(np.arange(12), 3), np.arange(48) % 12
    log_probs = rng.normal(size=(36, 48)) + 2 * (label_of == gold[:, None]) - 6
    found = SubsetSearch(beam=1, most_sets=400).run(log_probs, gold, label_of, 12)
    expected = slow(log_probs, gold, found.columns, stratified_folds(gold, 5))
    assert found.log_likelihood == pytest.approx(expected, rel=1e-9)
    assert all({label_of[c] for c in columns} == {y} for y, columns in enumerate(found.columns))


def test_a_frequent_word_is_no_louder_than_a_rare_one():
    log_probs, gold = texts(1)
    louder = log_probs + np.array([0, 5, -5, 2, 0, 3, -3])
    a = SubsetSearch().run(log_probs, gold, LABEL_OF, 2)
    b = SubsetSearch().run(louder, gold, LABEL_OF, 2)
    assert a.columns == b.columns
    assert a.log_likelihood == pytest.approx(b.log_likelihood)


def test_a_word_twice_changes_nothing():
    log_probs, gold = texts(2)
    doubled = np.concatenate([log_probs, log_probs], axis=1)
    once = SubsetSearch(most=1).run(log_probs, gold, LABEL_OF, 2)
    twice = SubsetSearch(most=1).run(doubled, gold, LABEL_OF * 2, 2)
    assert twice.log_likelihood == pytest.approx(once.log_likelihood)
    assert [[c % 7 for c in columns] for columns in twice.columns] == [list(c) for c in once.columns]


def test_limits_and_seed():
    log_probs, gold = texts(3, n=30)
    assert all(len(c) == 1 for c in SubsetSearch(most=1).run(log_probs, gold, LABEL_OF, 2).columns)
    assert SubsetSearch().run(log_probs, gold, LABEL_OF, 2, seed=4) == SubsetSearch().run(
        log_probs, gold, LABEL_OF, 2, seed=4
    )
    alone = SubsetSearch().run(log_probs[:3], [0, 1, 0], LABEL_OF, 2)  # one text of a label: nothing held out
    assert alone.log_likelihood == pytest.approx(slow(log_probs[:3], [0, 1, 0], alone.columns, [0, 0, 0]))


@pytest.mark.filterwarnings("error")
def test_words_that_are_all_but_impossible():
    log_probs, gold = texts(0)
    log_probs[:, 0] = -2000
    log_probs[::2, 4] = -2000
    found = SubsetSearch().run(log_probs, gold, LABEL_OF, 2)
    assert math.isfinite(found.log_likelihood)
