"""What an evaluation says of a prompt."""

import math

import numpy as np
import pytest

from promptsearch.errors import OptionError
from promptsearch.scoring import evaluate, interval_of_confusion, wilson


def rows_for(predictions, n_labels=2, confidence=0.8):
    """Log-probabilities that give these predictions; -1 gives a row of NaN."""
    rest = (1 - confidence) / (n_labels - 1)
    rows = np.full((len(predictions), n_labels), math.log(rest))
    for row, label in zip(rows, predictions):
        if label < 0:
            row[:] = np.nan
        else:
            row[label] = math.log(confidence)
    return rows


def test_every_figure_by_hand():
    # 3 of 4 right at confidence 0.8; F1 of 0: 2·2 / (2 + 3), of 1: 2·1 / (2 + 1)
    seen = evaluate(rows_for([0, 0, 0, 1]), [0, 0, 1, 1])
    assert (seen.n, seen.accuracy, seen.unscored, seen.constant) == (4, 0.75, 0.0, False)
    assert seen.macro_f1 == pytest.approx((4 / 5 + 2 / 3) / 2)
    # (3·4 - (2·3 + 2·1)) / sqrt((16 - 8)(16 - 10))
    assert seen.mcc == pytest.approx(4 / math.sqrt(48))
    assert seen.log_likelihood == pytest.approx((3 * math.log(0.8) + math.log(0.2)) / 4)
    assert seen.ece == pytest.approx(0.05)
    assert seen.confusion == ((2, 0, 0), (1, 1, 0))
    assert seen.accuracy_interval == wilson(3, 4)


def test_metrics_and_intervals_by_name():
    seen = evaluate(rows_for([0, 0, 0, 1]), [0, 0, 1, 1], level=0.8)
    assert [seen.value(m) for m in ("accuracy", "macro-f1", "mcc")] == [
        seen.accuracy,
        seen.macro_f1,
        seen.mcc,
    ]
    assert seen.interval("accuracy") == wilson(3, 4, level=0.8)
    assert seen.interval("mcc") == interval_of_confusion(seen.confusion, "mcc", level=0.8)
    with pytest.raises(OptionError):
        seen.value("f1")


def test_what_cannot_be_scored_is_wrong_and_counted_apart():
    # Case 25: of 10 texts 4 cannot be scored; the other 6 are right.
    gold = [0, 1] * 5
    seen = evaluate(rows_for([0, 1, 0, 1, 0, 1, -1, -1, -1, -1]), gold)
    assert (seen.accuracy, seen.unscored) == (0.6, 0.4)
    assert seen.confusion == ((3, 0, 2), (0, 3, 2))
    assert seen.log_likelihood == pytest.approx(math.log(0.8))


def test_constant_predictions_are_flagged_also_beside_unscored_ones():
    gold = [0] * 8 + [1] * 2
    for predictions in ([0] * 10, [0] * 9 + [-1]):
        seen = evaluate(rows_for(predictions), gold)
        assert seen.constant
        assert seen.never_predicted == (1,)


def test_80_to_20_looks_good_by_accuracy_only():
    # Case 9
    seen = evaluate(rows_for([0] * 10), [0] * 8 + [1] * 2)
    assert seen.accuracy == 0.8
    assert seen.macro_f1 == pytest.approx(8 / 18)
    assert seen.mcc == 0.0


def test_one_class_is_no_constant_prediction_where_the_gold_has_only_that_one():
    assert not evaluate(rows_for([0, 0]), [0, 0]).constant


def test_nothing_scored_is_not_constant_but_unscored():
    seen = evaluate(rows_for([-1, -1]), [0, 1])
    assert (seen.accuracy, seen.unscored, seen.constant) == (0.0, 1.0, False)
    assert math.isnan(seen.log_likelihood)
    assert math.isnan(seen.ece)


def test_a_class_never_predicted_is_named_among_several():
    assert evaluate(rows_for([0, 1, 1, 0], n_labels=4), [0, 1, 2, 3]).never_predicted == (2, 3)


def test_no_examples_are_refused():
    with pytest.raises(ValueError, match="n > 0"):
        evaluate(np.zeros((0, 2)), [])
