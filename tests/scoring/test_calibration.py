"""Calibrations: values by hand, what each promises, and how they fail in sight."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from promptsearch.errors import OptionError
from promptsearch.scoring import (
    CALIBRATIONS,
    Calibration,
    VerbalizerLayout,
    apply,
    evaluate,
    fit_batch,
    fit_contextual,
    fit_none,
    fit_pmi,
    fit_prior,
    fit_prior_batch,
    label_scores,
    predict,
)

TWO = VerbalizerLayout(((0,), (1,)), ((1.0,), (1.0,)), width=2)
FOUR = VerbalizerLayout(((0, 1), (2, 3)), ((0.5, 0.5), (0.5, 0.5)), width=4)
log_probabilities = st.floats(-30, 0)


def matrix(rows, columns):
    return st.integers(*rows).flatmap(lambda n: arrays(np.float64, (n, columns), elements=log_probabilities))


def all_calibrations(words, layout):
    """One of each, fitted on the same inputs."""
    scores = label_scores(words, layout)
    return [
        fit_none(),
        fit_contextual(scores),
        fit_pmi(words[:1]),
        fit_batch(scores),
        fit_prior(words),
        fit_prior_batch(words, layout),
        Calibration("learned", label_offsets=(0.5, -1.0)),
    ]


def test_none_only_normalises_over_labels():
    # 0.3 and 0.1 -> 3/4 and 1/4
    probabilities = np.exp(apply(fit_none(), np.log([[0.3, 0.1]]), TWO))
    np.testing.assert_allclose(probabilities, [[0.75, 0.25]], rtol=1e-12)


def test_contextual_by_hand():
    # content-free: (0.6, 0.2) -> (3/4, 1/4), (0.2, 0.2) -> (1/2, 1/2); mean (5/8, 3/8)
    # text (0.5, 0.5): 0.5 / (5/8) = 0.8, 0.5 / (3/8) = 4/3; shares 0.8 / (0.8 + 4/3) = 3/8, 5/8
    calibration = fit_contextual(np.log([[0.6, 0.2], [0.2, 0.2]]))
    np.testing.assert_allclose(np.exp(calibration.label_offsets), [5 / 8, 3 / 8], rtol=1e-12)
    np.testing.assert_allclose(
        np.exp(apply(calibration, np.log([[0.5, 0.5]]), TWO)), [[3 / 8, 5 / 8]], rtol=1e-12
    )


def test_batch_by_hand():
    # batch (0.9, 0.1), (0.7, 0.3): mean (0.8, 0.2)
    # (0.9, 0.1) -> 9/8, 1/2 -> 9/13, 4/13;  (0.7, 0.3) -> 7/8, 3/2 -> 7/19, 12/19: now told apart
    words = np.log([[0.9, 0.1], [0.7, 0.3]])
    calibration = fit_batch(words)
    np.testing.assert_allclose(
        np.exp(apply(calibration, words, TWO)), [[9 / 13, 4 / 13], [7 / 19, 12 / 19]], rtol=1e-12
    )


def test_pmi_by_hand_is_taken_off_each_word_before_they_are_added_up():
    # empty fields: (0.1, 0.4, 0.2, 0.2); text: (0.2, 0.4, 0.1, 0.3)
    # ratios (2, 1, 1/2, 3/2): label 0 (2 + 1) / 2 = 3/2, label 1 (1/2 + 3/2) / 2 = 1; shares 3/5, 2/5
    calibration = fit_pmi(np.log([0.1, 0.4, 0.2, 0.2]))
    probabilities = np.exp(apply(calibration, np.log([[0.2, 0.4, 0.1, 0.3]]), FOUR))
    np.testing.assert_allclose(probabilities, [[0.6, 0.4]], rtol=1e-12)
    assert calibration.label_offsets == ()


def test_pmi_averages_probabilities_over_several_empty_wordings():
    # (0.1 + 0.3) / 2 = 0.2, (0.5 + 0.1) / 2 = 0.3
    calibration = fit_pmi(np.log([[0.1, 0.5], [0.3, 0.1]]))
    np.testing.assert_allclose(np.exp(calibration.word_offsets), [0.2, 0.3], rtol=1e-12)


def test_prior_by_hand_is_the_mean_probability_of_each_word():
    # means (0.2, 0.2, 0.1, 0.4); text (0.4, 0.2, 0.1, 0.2): ratios (2, 1, 1, 1/2)
    # label 0 (2 + 1) / 2 = 3/2, label 1 (1 + 1/2) / 2 = 3/4; shares 2/3, 1/3
    calibration = fit_prior(np.log([[0.3, 0.1, 0.05, 0.5], [0.1, 0.3, 0.15, 0.3]]))
    np.testing.assert_allclose(np.exp(calibration.word_offsets), [0.2, 0.2, 0.1, 0.4], rtol=1e-12)
    assert (calibration.method, calibration.label_offsets) == ("prior", ())
    probabilities = np.exp(apply(calibration, np.log([[0.4, 0.2, 0.1, 0.2]]), FOUR))
    np.testing.assert_allclose(probabilities, [[2 / 3, 1 / 3]], rtol=1e-12)


def test_prior_batch_by_hand():
    # Words (0.3, 0.1) and (0.1, 0.1): means (0.2, 0.1), ratios (3/2, 1) and (1/2, 1).
    # Shares of the first label 3/5 and 1/3, mean 7/15; of the second 2/5 and 2/3, mean 8/15.
    words = np.log([[0.3, 0.1], [0.1, 0.1]])
    calibration = fit_prior_batch(words, TWO)
    assert calibration.method == "prior-batch"
    np.testing.assert_allclose(np.exp(calibration.word_offsets), [0.2, 0.1], rtol=1e-12)
    np.testing.assert_allclose(np.exp(calibration.label_offsets), [7 / 15, 8 / 15], rtol=1e-12)
    a, b = (3 / 5) / (7 / 15), (2 / 5) / (8 / 15)
    np.testing.assert_allclose(np.exp(apply(calibration, words[:1], TWO)), [[a / (a + b), b / (a + b)]])


def test_learned_offsets_are_taken_off_weighted_sums():
    place = VerbalizerLayout(((0, 1), (2,)), ((2.0, 0.5), (1.0,)), width=3, aggregation="sum-log")
    # Scores 2 · log 0.5 + 0.5 · log 0.25 - log 0.1 = log(0.25 · 0.5 / 0.1), log 0.2 - log 0.4: 5/4 and 1/2.
    calibration = Calibration("learned", label_offsets=(math.log(0.1), math.log(0.4)))
    probabilities = np.exp(apply(calibration, np.log([[0.5, 0.25, 0.2]]), place))
    np.testing.assert_allclose(probabilities, [[5 / 7, 2 / 7]], rtol=1e-12)


@given(matrix((1, 8), 4), st.lists(st.floats(-8, 8), min_size=4, max_size=4))
def test_after_prior_no_word_is_louder_for_being_frequent(words, louder):
    shifted = words + np.array(louder)
    for fit in (fit_prior, lambda given: fit_prior_batch(given, FOUR)):
        np.testing.assert_allclose(
            np.exp(apply(fit(shifted), shifted, FOUR)), np.exp(apply(fit(words), words, FOUR)), rtol=1e-7
        )


@given(matrix((1, 1), 3))
def test_contextual_makes_the_content_free_input_uniform(scores):
    layout = VerbalizerLayout(((0,), (1,), (2,)), ((1.0,),) * 3, width=3)
    calibrated = np.exp(apply(fit_contextual(scores), scores, layout))
    np.testing.assert_allclose(calibrated, 1 / 3, rtol=1e-9)


@given(matrix((1, 8), 2))
def test_batch_makes_the_mean_ratio_one_for_every_label(scores):
    probabilities = np.exp(apply(fit_none(), scores, TWO))
    ratios = probabilities / np.exp(fit_batch(scores).label_offsets)
    np.testing.assert_allclose(ratios.mean(axis=0), 1.0, rtol=1e-9)


@given(matrix((2, 8), 2))
def test_batch_moves_the_boundary_of_two_labels_to_the_mean_probability(scores):
    second = np.exp(apply(fit_none(), scores, TWO))[:, 1]
    clear = np.abs(second - second.mean()) > 1e-9 * second.mean()
    predicted = predict(apply(fit_batch(scores), scores, TWO))
    assert (predicted[clear] == (second > second.mean())[clear]).all()


@given(matrix((1, 6), 4))
def test_one_text_at_a_time_equals_all_at_once(words):
    for calibration in all_calibrations(words, FOUR):
        at_once = apply(calibration, words, FOUR)
        one_by_one = np.concatenate([apply(calibration, row[None], FOUR) for row in words])
        np.testing.assert_allclose(one_by_one, at_once, atol=1e-12)


@given(matrix((1, 6), 4))
def test_probabilities_sum_to_one_and_ignore_what_all_words_share(words):
    # A partition function that is off by a constant per text cancels.
    for calibration in all_calibrations(words, FOUR):
        probabilities = np.exp(apply(calibration, words, FOUR))
        np.testing.assert_allclose(probabilities.sum(axis=1), 1.0, rtol=1e-12)
        np.testing.assert_allclose(np.exp(apply(calibration, words - 3.0, FOUR)), probabilities, rtol=1e-9)


def test_a_text_that_cannot_be_scored_is_no_class_and_leaves_the_others_alone():
    words = np.log([[0.9, 0.1], [0.7, 0.3]])
    with_gap = np.insert(words, 1, np.nan, axis=0)
    assert fit_batch(with_gap) == fit_batch(words)
    assert predict(apply(fit_batch(with_gap), with_gap, TWO)).tolist() == [0, -1, 1]


def test_a_batch_of_which_nothing_can_be_scored_scores_nothing():
    calibration = fit_batch(np.full((3, 2), np.nan))
    assert not calibration.is_finite
    assert predict(apply(calibration, np.log([[0.9, 0.1]]), TWO)).tolist() == [-1]


def test_a_label_that_is_impossible_without_content_cannot_be_divided_by():
    calibration = fit_contextual(np.array([[0.0, -np.inf]]))
    assert calibration.label_offsets == (0.0, -math.inf)
    assert not calibration.is_finite
    words = np.array([[-1.0, -1.0], [0.0, -np.inf]])
    assert predict(apply(calibration, words, TWO)).tolist() == [-1, -1]


def test_an_impossible_label_stays_impossible_and_an_impossible_text_stays_unscored():
    words = np.array([[-1.0, -np.inf], [-np.inf, -np.inf]])
    calibrated = apply(fit_contextual(np.log([[0.5, 0.5]])), words, TWO)
    assert calibrated[0].tolist() == [0.0, -np.inf]
    assert predict(calibrated).tolist() == [0, -1]


@pytest.mark.parametrize(
    "calibration", [Calibration("batch", (0.0, 0.0, 0.0)), Calibration("pmi", word_offsets=(0.0,))]
)
def test_offsets_of_another_verbalizer_are_refused(calibration):
    with pytest.raises(ValueError, match="offsets"):
        apply(calibration, np.zeros((1, 2)), TWO)


def test_an_unknown_method_is_named_with_the_nearest_one():
    with pytest.raises(OptionError, match="Did you mean 'contextual'"):
        Calibration("contextul")


def test_every_method_says_what_it_is_fitted_on():
    assert {name: method.fitted_on for name, method in CALIBRATIONS.items()} == {
        "none": "nothing",
        "contextual": "content-free inputs",
        "pmi": "empty fields",
        "batch": "unlabelled inputs",
        "prior": "unlabelled inputs",
        "prior-batch": "unlabelled inputs",
        "learned": "labelled examples",
    }


def test_sixty_words_of_which_one_label_has_the_frequent_ones():
    # Case 12: one label's thirty words are 20 times as frequent whatever the text says.
    rng = np.random.default_rng(1)
    gold = np.arange(40) % 2
    signal = np.where(gold[:, None] == np.repeat([0, 1], 30), 1.0, 0.0)
    words = signal + rng.normal(0, 0.5, (40, 60)) + np.repeat([np.log(20), 0.0], 30) - 12
    sixty = VerbalizerLayout((tuple(range(30)), tuple(range(30, 60))), ((1 / 30,) * 30,) * 2, width=60)
    plain = evaluate(apply(fit_none(), words, sixty), gold)
    calibrated = evaluate(apply(fit_batch(label_scores(words, sixty)), words, sixty), gold)
    assert (plain.accuracy, plain.constant, plain.never_predicted) == (0.5, True, (1,))
    assert (calibrated.accuracy, calibrated.constant) == (1.0, False)
