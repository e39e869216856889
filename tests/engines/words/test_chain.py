"""The chain from label names to chosen words, on the built-in PLM and the bundled samples."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np
import pytest

from promptsearch.engines.words.chain import REFINEMENTS, Pool, pool_of, refined
from promptsearch.engines.words.crossfit import label_log_probs
from promptsearch.engines.words.expansion import LabelWords, expand, label_names
from promptsearch.engines.words.reading import Reading
from promptsearch.knowledge.base import RelatedWord
from promptsearch.knowledge.lexicon import Lexicon
from promptsearch.knowledge.vocabulary import PLMWords, WordFilter
from promptsearch.plms.base import SUMMED
from promptsearch.readings import word_log_probs
from promptsearch.tasks import draw_splits, load_task
from promptsearch.tasks.task import Task
from promptsearch.template import Template

TEMPLATE = Template.parse("{text} It was {mask}.")


@pytest.fixture(scope="module")
def task() -> Task:
    return draw_splits(load_task("topics"), shots=4, seed=0, max_test=12)


@pytest.fixture(scope="module")
def reading(task, minilm) -> Reading:
    return Reading.of(PLMWords(minilm, WordFilter()), TEMPLATE, task.train, SUMMED)


@pytest.fixture(scope="module")
def pool(task, reading) -> Pool:
    names = label_names(task)
    words = expand(names, [Lexicon.for_labels(task.label_names)], task.label_names)
    return pool_of(reading, words, task.labels, task.label_names)[0]


def label_words(*each: Sequence[str]) -> LabelWords:
    return LabelWords(
        tuple(
            tuple(RelatedWord(word, "listed" if i else "name", i, "mine") for i, word in enumerate(words))
            for words in each
        )
    )


def words_of(pool: Pool) -> list[list[str]]:
    return [[pool.words[i][1].word for i in pool.columns(label)] for label in range(len(pool.labels))]


# Pools -----------------------------------------------------------------------------------------------


def test_words_of_one_token_are_kept_and_the_others_named(reading):
    words = label_words(["bad", "not very good", "☃", "awful"], ["good", "great"])
    pool, dropped, notes = pool_of(reading, words, (0, 1), ("neg", "pos"))
    assert words_of(pool) == [["bad", "awful"], ["good", "great"]]
    assert [(d.label, d.word, d.reason) for d in dropped] == [
        ("neg", "not very good", "3 tokens"),
        ("neg", "☃", "unknown to the tokenizer"),
    ]
    assert notes == []
    expected = word_log_probs(
        reading.plm, TEMPLATE, ["bad", "awful", "good", "great"], reading.texts, SUMMED, case="any"
    )
    np.testing.assert_allclose(pool.log_probs, expected, atol=1e-5)
    assert pool.label_of.tolist() == [0, 0, 1, 1]


def test_the_nearest_words_of_several_tokens_on_demand(reading):
    words = label_words(["bad", "not good", "awful", "very bad"], ["good"])
    pool, dropped, _ = pool_of(reading, words, (0, 1), ("neg", "pos"), spans=1)
    assert words_of(pool) == [["bad", "not good", "awful"], ["good"]]
    assert [d.word for d in dropped] == ["very bad"]


def test_a_label_none_of_whose_words_is_one_token_keeps_its_name(reading):
    words = label_words(["very bad", "not good"], ["good"])
    pool, dropped, notes = pool_of(reading, words, (0, 1), ("neg", "pos"))
    assert words_of(pool) == [["very bad"], ["good"]]
    assert notes == ["No word for 'neg' is one token on minilm-mlm; its name stays."]
    assert [d.word for d in dropped] == ["not good"]
    each = word_log_probs(reading.plm, TEMPLATE, ["very bad", "good"], reading.texts, SUMMED)
    np.testing.assert_allclose(pool.log_probs, each, atol=1e-4)


def test_words_that_leave_carry_their_reason(pool):
    kept = np.ones(len(pool.words), dtype=bool)
    kept[[1, 5]] = False
    smaller, dropped, notes = pool.keep(kept, [f"reason {i}" for i in range(len(kept))])
    assert [(d.label, d.word, d.reason) for d in dropped] == [
        ("world", pool.words[i][1].word, f"reason {i}") for i in (1, 5)
    ]
    assert smaller.words == tuple(entry for i, entry in enumerate(pool.words) if i not in (1, 5))
    np.testing.assert_array_equal(smaller.log_probs, np.delete(pool.log_probs, [1, 5], axis=1))
    assert notes == []


def test_all_words_of_a_class_filtered_out(pool):
    # Case 13: the label's own name stays, and it is said.
    kept = pool.label_of != 1
    smaller, dropped, notes = pool.keep(kept, ["rare"] * len(kept))
    assert words_of(smaller)[1] == ["sports"]
    assert notes == ["All words of 'sports' were taken out; 'sports' stays."]
    assert "sports" not in [d.word for d in dropped]
    assert len(dropped) == len(pool.columns(1)) - 1
    assert [len(words) for words in words_of(smaller)][::2] == [len(pool.columns(0)), len(pool.columns(2))]


def test_anchors_are_names_and_listed_words(reading):
    words = LabelWords(
        (
            (RelatedWord("bad", "name", 0, "label"), RelatedWord("awful", "listed", 1, "lexicon")),
            (RelatedWord("good", "synonym", 1, "wordnet"), RelatedWord("great", "synonym", 1, "wordnet")),
        )
    )
    pool, _, _ = pool_of(reading, words, (0, 1), ("neg", "pos"))
    assert pool.anchors() == [[0, 1], [2, 3]]


# Refinements -----------------------------------------------------------------------------------------

CHOICES = [chosen for n in range(5) for chosen in combinations(REFINEMENTS, n)]
STEPS = {
    "calibration": "calibrated",
    "frequency": "frequency",
    "relevance": "relevance",
    "weights": "weights",
}


@pytest.mark.parametrize("chosen", CHOICES, ids="+".join)
def test_every_choice_of_refinements(chosen, pool, reading, task):
    steps = [found for found, _ in refined(pool, chosen, reading, 0.8, 3, seed=0)]
    assert [found.method for found in steps] == [STEPS[name] for name in chosen]
    assert [found.step for found in steps] == [3 + i for i in range(len(chosen))]
    before = {related.word for _, related in pool.words}
    for found in steps:
        plain = "prior-batch" if "calibration" in chosen else "none"
        assert found.calibration.method == ("learned" if found.method == "weights" else plain)
        assert found.verbalizer.aggregation == ("sum-log" if found.method == "weights" else "marginal")
        assert found.verbalizer.case == "any"
        now = set(found.verbalizer.words)
        # What has gone is exactly what is said to have gone, and every word of it with a reason.
        assert {d.word for d in found.dropped} == before - now
        assert all(d.reason and d.label in task.label_names for d in found.dropped)
        assert found.sources.keys() >= now
        log_probs = label_log_probs(reading, found)
        assert log_probs.shape == (16, 4)
        np.testing.assert_allclose(np.exp(log_probs).sum(axis=1), 1, rtol=1e-9)
        before = now


def test_the_order_of_names_does_not_matter(pool, reading):
    a = [found.method for found, _ in refined(pool, REFINEMENTS[::-1], reading, 0.8, 3, seed=0)]
    assert a == ["calibrated", "frequency", "relevance", "weights"]


def test_frequency_leaves_its_share_with_the_prior_as_the_reason(pool, reading):
    (found, smaller), *_ = refined(pool, ["frequency"], reading, 0.5, 3, seed=0)
    assert len(smaller.words) == -(-len(pool.words) // 2)
    assert all(d.reason.startswith("prior ") and ", below " in d.reason for d in found.dropped)


def test_a_share_of_one_word_leaves_each_label_its_name(pool, reading, task):
    (found, smaller), *_ = refined(pool, ["frequency"], reading, 1e-6, 3, seed=0)
    assert sum(map(len, words_of(smaller))) in (4, 5)
    assert len(found.notes) == 3
    assert all(" were taken out; " in note for note in found.notes)
    assert found.verbalizer.labels == task.labels


def test_relevance_leaves_a_word_out_that_follows_another_label(reading):
    words = label_words(["football", "soccer", "team", "match"], ["business", "market", "company", "stocks"])
    stray = RelatedWord("corporate", "synonym", 9, "mine")
    words = LabelWords(((*words.words[0], stray), words.words[1]))
    pool, _, _ = pool_of(reading, words, (0, 1), ("sports", "business"))
    (found, _), *_ = refined(pool, ["relevance"], reading, 1.0, 3, seed=0)
    assert [d.word for d in found.dropped] == ["corporate"]
    assert "relevance" in found.dropped[0].reason or "falls" in found.dropped[0].reason


def test_without_a_text_of_each_label_no_weights_are_learned(pool, reading):
    part = reading.of_labelled(reading.gold != 2)
    assert [found.method for found, _ in refined(pool, REFINEMENTS, part, 0.8, 3, seed=0)] == [
        "calibrated", "frequency", "relevance",
    ]  # fmt: skip
