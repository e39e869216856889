"""Metrics against hand-worked values and scikit-learn."""

import math

import numpy as np
import pytest
import sklearn.metrics as sk
from hypothesis import given
from hypothesis import strategies as st

from promptsearch.errors import OptionError
from promptsearch.scoring import (
    accuracy,
    confusion_matrix,
    expected_calibration_error,
    log_likelihood,
    macro_f1,
    majority_baseline,
    mcc,
    metric_named,
    micro_f1,
    predict,
)

# gold 0: 3 right, 1 as 1;  gold 1: 2 right, 1 as 0, 1 unscored;  gold 2: 2 as 0
GOLD = [0, 0, 0, 0, 1, 1, 1, 1, 2, 2]
PREDICTED = [0, 0, 0, 1, 1, 1, 0, -1, 0, 0]
HAND = [[3, 1, 0, 0], [1, 2, 0, 1], [2, 0, 0, 0]]

# Up to 5 classes, so that on few examples some occur in gold only, in predictions only, or nowhere.
pairs = st.lists(st.tuples(st.integers(0, 4), st.integers(-1, 4)), min_size=1, max_size=30)


def test_prediction_is_the_most_probable_label_the_first_of_equals():
    assert predict(np.log([[0.2, 0.5, 0.3], [0.4, 0.2, 0.4]])).tolist() == [1, 0]


def test_what_cannot_be_scored_is_minus_one_and_never_a_class():
    nan, inf = np.nan, np.inf
    rows = [[nan, nan], [0.0, nan], [nan, 0.0], [-inf, -inf], [-inf, 0.0]]
    assert predict(np.array(rows)).tolist() == [-1, -1, -1, -1, 1]


def test_confusion_has_a_column_for_the_unscored():
    assert confusion_matrix(PREDICTED, GOLD, 3).tolist() == HAND


def test_metrics_by_hand():
    # accuracy 5 / 10
    assert accuracy(HAND) == 0.5
    # F1 = 2 tp / (gold + predicted): 6 / (4 + 6), 4 / (4 + 3), 0 / (2 + 0)
    assert macro_f1(HAND) == pytest.approx((6 / 10 + 4 / 7 + 0) / 3)
    # 2 · 5 / (10 gold + 9 predicted)
    assert micro_f1(HAND) == pytest.approx(10 / 19)
    # covariance 5 · 10 - (4·6 + 4·3 + 2·0) = 14; spreads 100 - (16 + 16 + 4) = 64, 100 - (36 + 9 + 1) = 54
    assert mcc(HAND) == pytest.approx(14 / math.sqrt(64 * 54))


@pytest.mark.filterwarnings("ignore:A single label was found:UserWarning")
@given(pairs)
def test_metrics_equal_scikit_learn(pairs):
    gold, predicted = map(list, zip(*pairs))
    counts = confusion_matrix(predicted, gold, 5)
    occurring = sorted({*gold, *predicted} - {-1})
    assert accuracy(counts) == pytest.approx(sk.accuracy_score(gold, predicted))
    for ours, average in ((macro_f1, "macro"), (micro_f1, "micro")):
        theirs = sk.f1_score(gold, predicted, labels=occurring, average=average, zero_division=0)
        assert ours(counts) == pytest.approx(theirs)
    assert mcc(counts) == pytest.approx(sk.matthews_corrcoef(gold, predicted), abs=1e-12)


@given(pairs)
def test_classes_that_never_occur_change_no_metric(pairs):
    gold, predicted = map(list, zip(*pairs))
    for measure in (accuracy, macro_f1, micro_f1, mcc):
        narrow, wide = confusion_matrix(predicted, gold), confusion_matrix(predicted, gold, 9)
        assert measure(narrow) == pytest.approx(measure(wide), abs=1e-15)


@pytest.mark.parametrize("measure", [accuracy, macro_f1, micro_f1, mcc])
def test_many_confusions_at_once_equal_one_by_one(measure):
    many = np.random.default_rng(0).integers(0, 9, (7, 3, 4))
    np.testing.assert_allclose(measure(many), [measure(one) for one in many], rtol=1e-12)


@pytest.mark.parametrize(
    ("predicted", "gold", "message"),
    [
        ([0, 1], [0], "predictions for"),
        ([0], [-1], "gold labels must be between"),
        ([-2], [0], "predictions must be between"),
        ([2], [0], "predictions must be between"),
        ([0], [2], "gold labels must be between"),
    ],
)
def test_labels_out_of_range_are_refused(predicted, gold, message):
    with pytest.raises(ValueError, match=message):
        confusion_matrix(predicted, gold, 2)


def test_log_likelihood_is_the_mean_over_what_could_be_scored():
    # (log 0.5 + log 0.2) / 2 = log(0.1) / 2; the third row is left out
    rows = [[math.log(0.5), math.log(0.5)], [math.log(0.8), math.log(0.2)], [math.nan, math.nan]]
    assert log_likelihood(rows, [0, 1, 1]) == pytest.approx(math.log(0.1) / 2)
    assert log_likelihood([[0.0, -math.inf]], [1]) == -math.inf
    assert math.isnan(log_likelihood(rows[2:], [0]))


def test_calibration_error_by_hand():
    # confidences 0.9 right and 0.92 wrong share the bin (13/15, 14/15]: |1 - 1.82| / 4
    # 0.7 right and 0.6 wrong have a bin each: |1 - 0.7| / 4 and |0 - 0.6| / 4; a row of NaN is left out
    confidence = np.array([0.9, 0.92, 0.7, 0.6])
    rows = np.vstack([np.log(np.stack([confidence, 1 - confidence], axis=1)), [np.nan, np.nan]])
    error = expected_calibration_error(rows, [0, 1, 0, 1, 0])
    assert error == pytest.approx((0.82 + 0.3 + 0.6) / 4)
    assert math.isnan(expected_calibration_error(rows[4:], [0]))


def test_full_confidence_falls_into_the_last_bin():
    assert expected_calibration_error([[0.0, -math.inf]] * 4, [0, 0, 0, 1]) == pytest.approx(0.25)


def test_majority_baseline_on_80_to_20():
    # Case 9: always 0. accuracy 8/10; F1 of 0 = 16/18, of 1 = 0
    gold = [0] * 8 + [1] * 2
    assert majority_baseline(gold) == 0.8
    assert majority_baseline(gold, "macro-f1") == pytest.approx(8 / 18)
    assert majority_baseline(gold, "mcc") == 0.0


def test_majority_class_is_the_one_seen_in_training():
    assert majority_baseline([0, 0, 0, 1], seen=[1, 1, 0]) == 0.25


def test_an_unknown_metric_is_named_with_the_nearest_one():
    with pytest.raises(OptionError, match="Did you mean 'macro-f1'"):
        metric_named("macro_f1")
