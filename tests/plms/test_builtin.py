"""The real PLMs: number formats agree, and they know what they are known to know."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from promptsearch.plms.base import AnswerScoring
from promptsearch.plms.loading import load_plm
from promptsearch.plms.sources import present_names
from promptsearch.readings import word_log_probs
from promptsearch.scoring import fit_batch
from promptsearch.tasks import load_task
from promptsearch.tasks.task import Example, gold
from promptsearch.template import Template

PROMPTS = [
    (Template.parse("{text} It was {mask}"), ("terrible", "great")),
    (Template.parse("Review: {text}\nSentiment: {mask}"), ("negative", "positive")),
]


def reviews() -> list[Example]:
    return [example for split in load_task("reviews").splits.values() for example in split]


def scores(reference: str, dtype: str, examples: list[Example]) -> list[np.ndarray]:
    plm = load_plm(reference, dtype=dtype, cache=False, device="cpu")
    return [word_log_probs(plm, template, words, examples, AnswerScoring()) for template, words in PROMPTS]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("reference", "most"), [("minilm-mlm", 400), pytest.param("smollm2-135m", 120, marks=pytest.mark.smollm2)]
)
def test_bfloat16_agrees_on_labels(reference, most):
    if reference not in present_names():
        pytest.skip(f"{reference} is not on this machine: promptsearch models get {reference}")
    examples = reviews()[:most]
    exact, rough = (scores(reference, dtype, examples) for dtype in ("float32", "bfloat16"))
    agree = [(a.argmax(axis=1) == b.argmax(axis=1)) for a, b in zip(exact, rough)]
    assert np.concatenate(agree).mean() >= 0.99


@pytest.mark.slow
def test_the_builtin_plm_reads_sentiment():
    examples = reviews()
    plm = load_plm("minilm-mlm", dtype="float32", cache=False)
    template, words = Template.parse("{text} All in all, it was {mask}."), ("terrible", "great")
    found = word_log_probs(plm, template, words, examples, AnswerScoring())
    offsets = np.array(fit_batch(found).label_offsets)
    right = (found - offsets).argmax(axis=1) == np.array(gold(examples))
    # 400 examples: 60 % is four standard errors above chance.
    assert right.mean() > 0.60


def test_a_capital_fills_a_capital():
    plm = load_plm("minilm-mlm", dtype="float32", cache=False)
    template = Template.parse("the capital of {text} is {mask}.")
    words = ["paris", "london", "berlin", "madrid"]
    countries = [Example({"text": name}) for name in ("france", "england", "germany", "spain")]
    found = word_log_probs(plm, template, words, countries, AnswerScoring())
    assert (found.argmax(axis=1) == np.arange(4)).mean() >= 0.75


def test_the_shipped_weights_are_described_in_their_card():
    from promptsearch.plms.sources import show

    details = show("minilm-mlm")
    card = Path(details["folder"], "README.md").read_text("utf-8")
    assert "dc85c73f791f9ef5286edd4648c62b729dae8f32398e9f5d16f60a00970401a2" in card
    assert details["present"] is True
