"""What a fitted method says of texts that it did not see."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest

from promptsearch.engines.words.crossfit import with_held_out
from promptsearch.engines.words.folds import stratified_folds
from promptsearch.engines.words.methods import by_scores
from promptsearch.engines.words.reading import Reading
from promptsearch.knowledge.vocabulary import PLMWords, WordFilter
from promptsearch.plms.base import SUMMED
from promptsearch.readings import word_log_probs
from promptsearch.scoring import apply, layout
from promptsearch.tasks import draw_splits, load_task
from promptsearch.template import Template

TEMPLATE = Template.parse("{text} It was {mask}.")
FIT = partial(
    by_scores, labels=("neg", "pos"), method="ratio", per_label=4, shared=False, calibration="prior-batch"
)


@pytest.fixture(scope="module")
def reading(minilm) -> Reading:
    task = draw_splits(load_task("reviews"), shots=4, seed=0, max_test=12)
    return Reading.of(PLMWords(minilm, WordFilter()), TEMPLATE, task.train, SUMMED)


def test_each_text_is_judged_by_a_fit_on_the_other_folds(reading):
    found = with_held_out(FIT(reading), FIT, reading, seed=1)
    assert found is not None
    assert found.train_log_probs is not None
    folds = stratified_folds(reading.gold, 3, seed=1)
    for fold in range(3):
        part = FIT(reading.of_labelled(folds != fold))
        assert part is not None
        words = part.verbalizer.words
        texts = [text for text, held in zip(reading.texts, folds == fold) if held]
        scores = word_log_probs(reading.plm, TEMPLATE, words, texts, SUMMED, case="any")
        expected = apply(part.calibration, scores, layout(part.verbalizer, words))
        np.testing.assert_allclose(found.train_log_probs[folds == fold], expected, atol=1e-4)


def test_some_of_the_texts_are_read_as_if_they_were_all(reading):
    chosen = np.arange(reading.n_labelled) % 2 == 0
    texts = [text for text, kept in zip(reading.texts, chosen) if kept]
    part, alone = reading.of_labelled(chosen), Reading.of(reading.words, TEMPLATE, texts, SUMMED)
    assert part.texts == alone.texts
    assert part.gold.tolist() == alone.gold.tolist()
    np.testing.assert_allclose(part.hidden, alone.hidden, atol=1e-4)
    np.testing.assert_allclose(part.labelled_log_probs, alone.labelled_log_probs, atol=1e-3)
    words = ["bad", "not very good"]
    np.testing.assert_allclose(part.log_probs(words), alone.log_probs(words), atol=1e-3)


def test_words_of_several_tokens_are_scored_once(reading):
    words = ["not very good", "bad", "very bad", "bad"]
    expected = word_log_probs(reading.plm, TEMPLATE, words, reading.texts, SUMMED, case="any")
    first = reading.log_probs(words)
    np.testing.assert_allclose(first, expected, atol=1e-4)
    reading.plm.forward_tokens = 0
    np.testing.assert_array_equal(reading.log_probs(words[::-1]), first[:, ::-1])
    assert reading.plm.forward_tokens == 0
    part = reading.of_labelled(np.arange(reading.n_labelled) < 3)
    np.testing.assert_array_equal(part.log_probs(words), first[:3])
    assert reading.plm.forward_tokens == 0


def test_nothing_is_held_out_where_a_label_has_one_text(reading):
    few = reading.of_labelled(
        np.isin(np.arange(reading.n_labelled), [np.flatnonzero(reading.gold == 1)[0]]) | (reading.gold == 0)
    )
    found = FIT(few)
    alone = with_held_out(found, FIT, few, seed=0)
    assert alone is not None
    assert alone.train_log_probs is not None
    assert np.isnan(alone.train_log_probs).all()
    assert alone.train_log_probs.shape == (few.n_labelled, len(found.verbalizer.labels))
    assert with_held_out(None, FIT, reading, seed=0) is None
