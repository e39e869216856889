"""Mutual information of texts and predicted labels."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from promptsearch.scoring.information import entropy, information, information_gap, mutual_information

LOG_2 = math.log(2)


def logs(rows) -> np.ndarray:
    with np.errstate(divide="ignore"):
        return np.log(np.asarray(rows, dtype=float))


@st.composite
def distributions(draw):
    """(n, L) label probabilities, zeros among them."""
    n, labels = draw(st.integers(1, 12)), draw(st.integers(2, 5))
    weights = draw(arrays(np.float64, (n, labels), elements=st.floats(0, 1, allow_subnormal=False)))
    weights[weights.sum(axis=1) < 1e-3] = 1.0
    return weights / weights.sum(axis=1, keepdims=True)


def slow(rows) -> float:
    """sum over x, y of p(x) p(y | x) log(p(y | x) / p(y)), the definition."""
    n, labels = rows.shape
    marginal = [sum(row[y] for row in rows) / n for y in range(labels)]
    return sum(
        row[y] / n * math.log(row[y] / marginal[y]) for row in rows for y in range(labels) if row[y] > 0
    )


@pytest.mark.parametrize(
    ("rows", "nats"),
    [
        ([[1, 0], [0, 1]], LOG_2),  # sure and varied
        ([[1, 0], [1, 0]], 0),  # sure, always the same
        ([[0.5, 0.5], [0.5, 0.5]], 0),  # never sure
        ([[0.8, 0.2]], 0),  # a single text tells nothing apart
        # H(0.5) - H(0.9) = log 2 + 0.9 log 0.9 + 0.1 log 0.1
        ([[0.9, 0.1], [0.1, 0.9]], LOG_2 + 0.9 * math.log(0.9) + 0.1 * math.log(0.1)),
        # H(3/4, 1/4) - (0 + log 2) / 2, H(3/4, 1/4) = 2 log 2 - 3/4 log 3
        ([[1, 0], [0.5, 0.5]], 1.5 * LOG_2 - 0.75 * math.log(3)),
        ([[1, 0, 0], [0, 1, 0], [0, 0, 1]], math.log(3)),
    ],
)
def test_by_hand(rows, nats):
    assert mutual_information(rows) == pytest.approx(nats, abs=1e-12)
    assert information(logs(rows)).value == pytest.approx(nats, abs=1e-12)


def test_entropy_by_hand():
    assert entropy([[1, 0], [0.5, 0.5], [0.25, 0.75]]).tolist() == pytest.approx(
        [0, LOG_2, 2 * LOG_2 - 0.75 * math.log(3)]
    )


@given(distributions())
def test_as_it_is_defined(rows):
    assert mutual_information(rows) == pytest.approx(slow(rows), abs=1e-9)


@given(distributions(), st.randoms(use_true_random=False))
def test_between_0_and_log_l_whatever_the_order(rows, random):
    found = mutual_information(rows)
    assert 0 <= found <= math.log(rows.shape[1])
    texts, labels = list(range(len(rows))), list(range(rows.shape[1]))
    random.shuffle(texts)
    random.shuffle(labels)
    assert mutual_information(rows[texts][:, labels]) == pytest.approx(found, abs=1e-9)
    assert mutual_information(np.concatenate([rows, rows])) == pytest.approx(found, abs=1e-9)


@given(distributions())
def test_the_interval_holds_the_value(rows):
    found = information(logs(rows), resamples=50)
    assert 0 <= found.low <= found.value <= found.high <= math.log(rows.shape[1])
    assert found.value == pytest.approx(found.marginal_entropy - found.conditional_entropy, abs=1e-9)


def test_what_cannot_be_scored_is_left_out_and_tells_nothing():
    rows = logs([[1, 0], [0, 1], [0.5, 0.5], [0.5, 0.5]])
    rows[2:] = np.nan
    found = information(rows)
    assert (found.n, found.unscored) == (2, 0.5)
    assert found.value == pytest.approx(LOG_2)
    assert found.per_text == pytest.approx(LOG_2 / 2)
    with pytest.raises(ValueError, match="n > 0"):
        information(rows[2:])


def test_the_interval_covers_the_truth():
    """Sure answers for a text with probability 1/2, else none: H(Y) = log 2, H(Y | X) = log 2 / 2."""
    kinds = np.array([[0.999, 0.001], [0.001, 0.999], [0.5, 0.5], [0.5, 0.5]])
    truth = mutual_information(kinds)
    rng = np.random.default_rng(0)
    hits = 0
    for _ in range(200):
        found = information(np.log(kinds[rng.integers(4, size=60)]), resamples=300)
        hits += found.low <= truth <= found.high
    assert 180 <= hits <= 200  # 95 %, give or take what 200 draws and 60 texts leave open


def test_the_gap_is_paired():
    rng = np.random.default_rng(1)
    a = rng.dirichlet([0.3, 0.3], size=80)
    b = 0.96 * a + 0.02  # the same answers, a little less sure
    gap = information_gap(np.log(a), np.log(b))
    assert gap.value == pytest.approx(mutual_information(a) - mutual_information(b))
    assert 0 < gap.low <= gap.value <= gap.high
    assert gap.p_value < 0.01
    # Alone, the two intervals overlap.
    assert information(np.log(b)).high > information(np.log(a)).low
    back = information_gap(np.log(b), np.log(a))
    assert (back.value, back.p_value) == (-gap.value, gap.p_value)


def test_no_gap_to_itself():
    rows = logs([[0.9, 0.1], [0.2, 0.8], [0.6, 0.4]])
    gap = information_gap(rows, rows)
    assert (gap.value, gap.low, gap.high, gap.p_value) == (0, 0, 0, 1)


def test_texts_that_one_of_the_two_cannot_score_do_not_count():
    a = logs([[1, 0], [0, 1], [1, 0]])
    b = logs([[1, 0], [0.5, 0.5], [np.nan, np.nan]])
    assert information_gap(a, b).value == pytest.approx(LOG_2 - (1.5 * LOG_2 - 0.75 * math.log(3)))


@pytest.mark.parametrize("rows", [[], [0.5, 0.5], [[0.5, 0.6]], [[1.5, -0.5]]])
def test_no_distributions(rows):
    with pytest.raises(ValueError, match="probabilities"):
        mutual_information(rows)


def test_texts_of_two_numbers():
    with pytest.raises(ValueError, match="2 and 3 texts"):
        information_gap(logs([[1, 0]] * 2), logs([[1, 0]] * 3))
