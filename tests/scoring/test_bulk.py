"""Many verbalizers at once equal one at a time."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptsearch.scoring import (
    CALIBRATIONS,
    VerbalizerLayout,
    apply,
    evaluate,
    evaluate_many,
    fit_batch,
    fit_contextual,
    fit_none,
    fit_pmi,
    fit_prior,
    fit_prior_batch,
    label_scores,
    layout,
    pack,
    score_many,
)
from promptsearch.verbalizer import Verbalizer

UNLABELLED = [name for name, method in CALIBRATIONS.items() if method.fitted_on != "labelled examples"]
AGGREGATIONS = ["marginal", "mean-log", "sum-log"]


def fitted(calibration, reference, layout):
    """The slow way: label scores first, then the fit of that name."""
    if calibration == "none":
        return fit_none()
    if calibration in ("pmi", "prior"):
        return {"pmi": fit_pmi, "prior": fit_prior}[calibration](reference)
    if calibration == "prior-batch":
        return fit_prior_batch(reference, layout)
    fit = {"contextual": fit_contextual, "batch": fit_batch}[calibration]
    return fit(label_scores(reference, layout))


def slow(words, layouts, gold, calibration, reference):
    """Accuracy and log-likelihood, one verbalizer after another."""
    seen = [evaluate(apply(fitted(calibration, reference, each), words, each), gold) for each in layouts]
    return [e.accuracy for e in seen], [e.log_likelihood for e in seen]


def layouts_of(index, weights, width, aggregation="marginal"):
    return [
        VerbalizerLayout(
            tuple(tuple(label) for label in columns),
            tuple(
                tuple(np.array(label) / (1 if aggregation == "sum-log" else sum(label))) for label in share
            ),
            width,
            aggregation,
        )
        for columns, share in zip(index.tolist(), weights.tolist())
    ]


def random_case(seed, spread=3.0, verbalizers=9):
    rng = np.random.default_rng(seed)
    n, width, labels, answers = rng.integers(1, 20), 12, rng.integers(2, 5), rng.integers(1, 4)
    words = rng.normal(-8, spread, (n, width))
    index = np.stack(
        [rng.permutation(width)[: labels * answers].reshape(labels, answers) for _ in range(verbalizers)]
    )
    return {
        "words": words,
        "index": index,
        "weights": rng.uniform(0.1, 2, index.shape),
        "gold": rng.integers(0, labels, n),
        "reference": rng.normal(-8, spread, (rng.integers(1, 4), width)),
    }


@given(st.integers(0, 10_000), st.sampled_from(UNLABELLED), st.sampled_from(AGGREGATIONS))
def test_evaluate_many_equals_the_slow_loop(seed, calibration, aggregation):
    case = random_case(seed)
    layouts = layouts_of(case["index"], case["weights"], 12, aggregation)
    expected = slow(case["words"], layouts, case["gold"], calibration, case["reference"])
    found = evaluate_many(
        case["words"],
        case["index"],
        case["gold"],
        calibration=calibration,
        reference=case["reference"],
        weights=case["weights"],
        aggregation=aggregation,
    )
    np.testing.assert_allclose(found[0], expected[0], atol=1e-12)
    np.testing.assert_allclose(found[1], expected[1], atol=1e-9)


@pytest.mark.parametrize("spread", [3.0, 900.0])
@pytest.mark.parametrize("aggregation", ["marginal", "mean-log"])
def test_score_many_equals_label_scores_also_beyond_the_range_of_floats(spread, aggregation):
    case = random_case(7, spread)
    scores = score_many(case["words"], case["index"], case["weights"], aggregation)
    expected = [
        label_scores(case["words"], each)
        for each in layouts_of(case["index"], case["weights"], 12, aggregation)
    ]
    np.testing.assert_allclose(scores, expected, rtol=1e-10)


@pytest.mark.parametrize("spread", [3.0, 900.0])
def test_weights_left_out_are_equal(spread):
    case = random_case(3, spread)
    ones = np.full(case["index"].shape, 7.0)
    np.testing.assert_allclose(
        score_many(case["words"], case["index"]), score_many(case["words"], case["index"], ones), rtol=1e-12
    )


def test_batch_calibration_is_fitted_on_the_examples_where_no_others_are_given():
    case = random_case(11)
    arguments = case["words"], case["index"], case["gold"]
    alone = evaluate_many(*arguments, calibration="batch")
    given_same = evaluate_many(*arguments, calibration="batch", reference=case["words"])
    np.testing.assert_allclose(alone, given_same, rtol=1e-12)


def test_more_verbalizers_than_fit_a_chunk_come_back_in_order():
    case = random_case(5, verbalizers=4000)
    whole = evaluate_many(case["words"], case["index"], case["gold"], calibration="batch")
    for at in (0, 1999, 3999):
        alone = evaluate_many(case["words"], case["index"][[at]], case["gold"], calibration="batch")
        np.testing.assert_allclose([whole[0][at], whole[1][at]], np.concatenate(alone), rtol=1e-12)


@pytest.mark.parametrize("calibration", ["none", "batch"])
@pytest.mark.parametrize("aggregation", ["marginal", "mean-log"])
def test_what_cannot_be_scored_is_wrong_in_bulk_as_well(calibration, aggregation):
    # Text 0 is not a number, text 1 has an impossible word, in text 2 no word is possible.
    words = np.log(np.random.default_rng(0).uniform(0.01, 0.2, (6, 4)))
    words[0], words[1, 0], words[2] = np.nan, -np.inf, -np.inf
    index, gold = np.array([[[0, 1], [2, 3]], [[0, 2], [1, 3]]]), np.array([0, 1, 0, 1, 0, 1])
    layouts = layouts_of(index, np.ones(index.shape), 4, aggregation)
    expected = slow(words, layouts, gold, calibration, words)
    found = evaluate_many(words, index, gold, calibration=calibration, aggregation=aggregation)
    np.testing.assert_allclose(found[0], expected[0], rtol=1e-12)
    np.testing.assert_allclose(found[1], expected[1], rtol=1e-9)


def test_nothing_scored_has_accuracy_zero_and_no_likelihood():
    accuracy, likelihood = evaluate_many(np.full((3, 2), np.nan), [[[0], [1]]], [0, 1, 0])
    assert accuracy.tolist() == [0.0]
    assert np.isnan(likelihood).all()


@pytest.mark.parametrize("aggregation", ["marginal", "mean-log"])
@pytest.mark.parametrize("deep", [False, True])
def test_verbalizers_of_unequal_length_are_packed_without_a_trace(aggregation, deep):
    words = ("aa", "bb", "cc", "dd", "ee")
    log_probs = np.log(np.random.default_rng(2).uniform(0.01, 0.2, (4, 5)))
    log_probs[1, 0] = -np.inf  # the word that "aa" is filled up with
    log_probs[2, 4] = -5000.0 if deep else -5.0
    verbalizers = [
        Verbalizer.of(["aa", ["bb", "cc", "dd"]], [0, 1], aggregation),
        Verbalizer.of([{"ee": 2, "bb": 1}, "cc"], [0, 1], aggregation),
    ]
    layouts = [layout(each, words) for each in verbalizers]
    index, weights = pack(layouts)
    assert index.shape == weights.shape == (2, 2, 3)
    scores = score_many(log_probs, index, weights, aggregation)
    np.testing.assert_allclose(scores, [label_scores(log_probs, each) for each in layouts], rtol=1e-12)


def test_layouts_that_do_not_belong_together_are_refused():
    two = layout(Verbalizer.of(["a", "b"], [0, 1]), ("a", "b"))
    wider = layout(Verbalizer.of(["a", "b"], [0, 1]), ("a", "b", "c"))
    for layouts in ([two, wider], []):
        with pytest.raises(ValueError, match="scored together"):
            pack(layouts)


@pytest.mark.parametrize("calibration", ["contextual", "pmi"])
def test_a_calibration_without_its_inputs_says_what_it_needs(calibration):
    with pytest.raises(ValueError, match=CALIBRATIONS[calibration].fitted_on):
        evaluate_many(np.zeros((1, 2)), [[[0], [1]]], [0], calibration=calibration)


@pytest.mark.parametrize(
    ("index", "weights", "message"),
    [
        ([[[0], [2]]], None, "between 0 and 1"),
        ([[[0], [-1]]], None, "between 0 and 1"),
        ([[0, 1]], None, "shape"),
        ([[[0], [1]]], [[[1.0, 1.0], [1.0, 1.0]]], "weights of shape"),
        ([[[0], [1]]], [[[0.0], [1.0]]], "at least one per label"),
        ([[[0], [1]]], [[[-1.0], [1.0]]], "numbers >= 0"),
    ],
)
def test_columns_and_weights_that_cannot_be_meant_are_refused(index, weights, message):
    with pytest.raises(ValueError, match=message):
        score_many(np.zeros((3, 2)), index, weights)


def test_gold_labels_must_fit_the_verbalizers():
    for gold in ([0], [0, 2], [0, -1]):
        with pytest.raises(ValueError, match="gold labels"):
            evaluate_many(np.zeros((2, 2)), [[[0], [1]]], gold)


@pytest.mark.parametrize("aggregation", ["marginal", "mean-log"])
@pytest.mark.parametrize("deepest", [-9.0, -5000.0])
def test_a_word_of_weight_zero_that_is_not_a_number_spoils_nothing(aggregation, deepest):
    words = np.array([[-1.0, np.nan, -2.0, deepest]])
    scores = score_many(words, [[[0, 1], [2, 2]]], [[[1.0, 0.0], [1.0, 0.0]]], aggregation)
    np.testing.assert_allclose(scores, [[[-1.0, -2.0]]], rtol=1e-12)
