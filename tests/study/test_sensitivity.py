"""Figures against those of trials that are made for each wording by itself."""

from __future__ import annotations

import numpy as np
import pytest

from promptsearch.errors import TemplateError
from promptsearch.plms import load_plm
from promptsearch.scoring import Calibration, SoftReadout
from promptsearch.study.rewording import WORDINGS
from promptsearch.study.sensitivity import sensitivity
from promptsearch.verbalizer import Verbalizer
from tests.plms.tiny_bert import save_tiny_bert
from tests.study.reviews import WORDS, reviews, tried

CLOZE = "{text} It was {mask}."
CONTROL = "labels listed in reverse order"


@pytest.fixture(scope="module")
def plm():
    """With a cache of answer states, so that wordings are read once for all tests."""
    return load_plm("minilm-mlm", device="cpu", dtype="float32")


@pytest.fixture(scope="module")
def original(plm):
    return tried(plm, CLOZE)


@pytest.fixture(scope="module")
def varied(plm, original):
    return sensitivity(plm, original, reviews())


def test_twelve_wordings_and_a_control(varied):
    assert len({each.template for each in varied}) == WORDINGS + 1
    assert [each.control for each in varied] == [False] * WORDINGS + [True]
    assert all(each.evaluation is not None and each.evaluation.n == 8 for each in varied)


@pytest.mark.parametrize("change", ["no punctuation at the end", "a colon before the slot"])
def test_a_wording_has_the_figures_of_a_trial_of_its_own(minilm, original, varied, change):
    found = next(each for each in varied if each.change == change)
    alone = tried(minilm, str(found.template))
    assert found.evaluation is not None
    assert found.evaluation.confusion == alone.dev.confusion
    assert found.evaluation.log_likelihood == pytest.approx(alone.dev.log_likelihood, abs=1e-4)
    # Of two labels, an answer that is right once and wrong once is another answer.
    assert found.flips == (alone.dev_correct != original.dev_correct).mean()


def test_some_wording_changes_answers(varied):
    assert max(each.flips for each in varied) > 0


def test_a_plm_without_case_sees_none_and_the_order_of_labels_changes_nothing(original, varied):
    same = [e for e in varied if e.change in {"words capitalised", "all in capitals", CONTROL}]
    assert len(same) == 3
    for each in same:
        assert each.flips == 0
        assert each.evaluation.confusion == original.dev.confusion
        assert each.evaluation.log_likelihood == pytest.approx(original.dev.log_likelihood, abs=1e-4)


def test_the_calibration_can_be_fitted_on_other_texts(plm, original, varied):
    found = sensitivity(plm, original, reviews(), reviews().train[:2])
    changed = [a.evaluation.log_likelihood - b.evaluation.log_likelihood for a, b in zip(found, varied)]
    assert np.abs(changed).max() > 0.01


def test_a_calibration_learned_with_labels_is_kept(plm, varied):
    learned = Calibration("learned", label_offsets=(50.0, 0.0))
    found = sensitivity(plm, tried(plm, CLOZE, calibration=learned), reviews())
    # Offsets of 50 nats leave the first label no chance, whatever the wording.
    assert all(each.evaluation.confusion == ((0, 4, 0), (0, 4, 0)) for each in found)
    assert not any(each.evaluation.confusion == ((0, 4, 0), (0, 4, 0)) for each in varied)
    assert [each.flips for each in found] == [0.0] * WORDINGS


def test_a_readout_is_kept(plm):
    always_second = SoftReadout(np.zeros((2, 384)), np.array([0.0, 1.0]))
    found = sensitivity(plm, tried(plm, CLOZE, readout=always_second), reviews())
    assert len(found) == WORDINGS
    assert all(each.evaluation.confusion == ((0, 4, 0), (0, 4, 0)) for each in found)


def test_a_wording_too_long_for_the_plm_has_no_figures(tmp_path):
    # The template fills the context: the slot, the special tokens and words as many as there is room for.
    folder = save_tiny_bert(tmp_path / "bert", ["it", "was", "bad", "good", "great", ".", '"'])
    tiny = load_plm(str(folder), device="cpu", dtype="float32", cache=False)
    source = "{text} " + "it " * (tiny.max_tokens - 3) + "{mask}"
    trial = tried(tiny, source, Verbalizer.of(["bad", "good"], WORDS.labels))
    found = {each.change: each for each in sensitivity(tiny, trial, reviews())}
    assert found["a space doubled"].evaluation is not None
    assert found["quotation marks around the field"].evaluation is None
    assert found["quotation marks around the field"].flips is None


@pytest.mark.smollm2
def test_a_causal_plm_cannot_read_a_cloze_template(original):
    causal = load_plm("smollm2-135m", device="cpu", dtype="float32", cache=False)
    with pytest.raises(TemplateError, match="left to right"):
        sensitivity(causal, original, reviews())
