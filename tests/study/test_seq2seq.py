"""A whole search on an encoder-decoder, from its folder to a prompt that predicts."""

from __future__ import annotations

from pathlib import Path

import pytest

from promptsearch import discover, load_prompt
from promptsearch.engines.soft.config import SoftConfig, TrainingConfig
from promptsearch.study.evaluating import evaluate_prompt
from tests.tuning.running import saved_data, saved_plm

WORDS = {"negative": "bad", "positive": "very good"}
SHORT = SoftConfig(
    parameterisation="free",
    offers=1,
    training=TrainingConfig(steps=4, look_every=2, restarts=1, batch=4),
)


@pytest.mark.parametrize("name", ["t5", "bart"])
def test_from_a_folder_to_a_prompt(name: str, tmp_path: Path) -> None:
    """Cloze and prefix templates compete, with an answer of several tokens."""
    templates = ["{text} It was {mask} indeed.", "{mask}: {text}", "{text}\nSentiment: {mask}"]
    found = discover(
        data=saved_data(tmp_path),
        kind="sentiment",
        plms=[saved_plm(name, tmp_path)],
        templates=templates,
        words=WORDS,
        shots=None,
        engines="manual",
        device="cpu",
        dtype="float32",
        out=tmp_path / "run",
    )
    assert {str(trial.candidate.template) for trial in found.trials} == set(templates)
    prompt = load_prompt(tmp_path / "run" / "best_prompt.json", device="cpu")
    assert prompt.document.plm.family == "seq2seq"
    assert evaluate_prompt(prompt, found.task).prompt == found.best.test
    (prediction,) = prompt.predict(["a moving story"])
    assert sum(prediction.probabilities.values()) == pytest.approx(1)


def test_soft_tokens_compete(tmp_path: Path) -> None:
    found = discover(
        data=saved_data(tmp_path),
        kind="sentiment",
        plms=[saved_plm("t5", tmp_path)],
        templates=["{text} It was {mask}."],
        words={"negative": "bad", "positive": "good"},
        shots=None,
        engines=["manual", "soft"],
        soft=SHORT,
        calibrations=["none"],
        device="cpu",
        dtype="float32",
        out=tmp_path / "run",
    )
    soft = [trial for trial in found.trials if trial.candidate.engine == "soft"]
    assert soft
    assert str(soft[0].candidate.template) == "{text} {soft:It was} {mask}."
