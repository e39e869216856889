from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from promptsearch.plms import load_plm
from promptsearch.scoring import Calibration, SoftReadout
from promptsearch.study.transfer import portable, transfer
from promptsearch.verbalizer import Answer, Verbalizer
from tests.plms.tiny_bert import save_tiny_bert
from tests.study.reviews import WORDS, reviews, tried
from tests.study.trials import trial as by_hand

CLOZE, PREFIX = "{text} It was {mask}.", "Review: {text} Sentiment: {mask}"


def test_two_plms_that_are_one_give_the_same_figures(minilm):
    first, second = tried(minilm, CLOZE), tried(minilm, PREFIX, method="none")
    found = transfer({"a": minilm, "b": minilm}, {"a": first, "b": second}, reviews())
    assert found.plms == ("a", "b")
    assert found.rows[0][0] is first.dev
    assert found.rows[1][1] is second.dev
    for row, trial in zip(found.rows, (first, second)):
        for figures in row:
            assert figures.confusion == trial.dev.confusion
            assert figures.log_likelihood == pytest.approx(trial.dev.log_likelihood, abs=1e-4)


def test_what_was_learned_stays_at_home(minilm):
    readout = SoftReadout(np.zeros((2, 384)), np.array([0.0, 1.0]))
    soft = tried(minilm, CLOZE, readout=readout)
    assert soft.dev.confusion == ((0, 4, 0), (0, 4, 0))
    learned = tried(
        minilm,
        CLOZE,
        Verbalizer(
            WORDS.labels, ((Answer("bad", 9.0), Answer("dull", 0.0)), (Answer("good", 0.1),)), "sum-log"
        ),
        calibration=Calibration("learned", label_offsets=(0.0, 5.0)),
    )
    words = tried(minilm, CLOZE)
    plain = tried(minilm, CLOZE, Verbalizer.of(["bad", "good"], WORDS.labels, "mean-log"))
    found = transfer({"a": minilm, "b": minilm, "c": minilm}, {"a": soft, "b": learned}, reviews())
    assert found.rows[0][1].confusion == words.dev.confusion
    assert found.rows[0][1].log_likelihood == pytest.approx(words.dev.log_likelihood, abs=1e-4)
    assert found.rows[1][0].log_likelihood == pytest.approx(plain.dev.log_likelihood, abs=1e-4)
    assert found.rows[2] == (None, None, None)


def test_a_calibration_is_fitted_anew_by_the_same_method(minilm):
    trial = tried(minilm, CLOZE, method="batch")
    shifted = replace(trial, calibration=Calibration("batch", (50.0, 0.0)))
    found = transfer({"a": minilm, "b": minilm}, {"a": shifted}, reviews())
    assert found.rows[0][1].log_likelihood == pytest.approx(trial.dev.log_likelihood, abs=1e-4)


@pytest.mark.parametrize(
    ("method", "fitted"), [("none", "none"), ("pmi", "pmi"), ("learned", "prior-batch"), ("prior", "prior")]
)
def test_how_another_plm_is_calibrated(method, fitted):
    recipe = portable(by_hand("best", method=method))
    assert (recipe.calibration, recipe.readout) == (fitted, None)


def test_a_word_that_the_other_plm_cannot_spell(minilm, tmp_path):
    folder = save_tiny_bert(tmp_path / "bert", ["it", "was", "bad", "good", "great", "."])
    other = load_plm(str(folder), device="cpu", dtype="float32", cache=False)
    found = transfer(
        {"minilm": minilm, "tiny": other},
        {
            "minilm": tried(minilm, CLOZE),
            "tiny": tried(other, CLOZE, Verbalizer.of(["bad", "good"], WORDS.labels)),
        },
        reviews(),
    )
    assert found.rows[0][1] is None
    assert found.rows[1][0] is not None


@pytest.mark.smollm2
def test_a_causal_plm_cannot_read_a_cloze_template(minilm):
    causal = load_plm("smollm2-135m", device="cpu", dtype="float32", cache=False)
    best = {"minilm-mlm": tried(minilm, CLOZE), "smollm2-135m": tried(causal, PREFIX)}
    found = transfer({"minilm-mlm": minilm, "smollm2-135m": causal}, best, reviews())
    assert found.rows[0][1] is None
    assert found.rows[1][0].log_likelihood == pytest.approx(
        tried(minilm, PREFIX).dev.log_likelihood, abs=1e-4
    )
