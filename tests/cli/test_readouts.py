"""Prompts with a file of arrays beside them, on the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from promptsearch.engines.words.continuous import fit_soft
from promptsearch.plms.base import PLM
from promptsearch.prompt import Prompt, load_prompt
from promptsearch.tasks import draw_splits, load_task
from promptsearch.tasks.task import gold
from tests.cli.running import refused, run

TEXTS = ["a gorgeous, witty film", "dull and far too long"]


@pytest.fixture
def prompt(prompt_file: str, minilm: PLM) -> Prompt:
    """The prompt of the small search with a soft verbalizer, saved as p.json."""
    found = load_prompt(prompt_file)
    train = draw_splits(load_task("reviews"), shots=8, seed=0).train
    states = minilm.answer_states(found.template, train)
    readout = fit_soft(states.hidden, gold(train), 2).readout
    Prompt(found.document, readout=readout).save("p.json")
    return Prompt(found.document, readout=readout, _plm=minilm)


def test_predict_reads_the_arrays(prompt):
    outcome = run("predict", "p.json", "--json", *TEXTS)
    assert outcome.code == 0
    for line, expected in zip(outcome.out.splitlines(), prompt.predict(TEXTS), strict=True):
        found = json.loads(line)
        assert found["label"] == expected.label
        assert found["probabilities"] == pytest.approx(dict(expected.probabilities), abs=1e-4)


def test_evaluate_reads_the_arrays(prompt):
    del prompt
    outcome = run("evaluate", "p.json", "--task", "reviews", "--split", "train", "--json")
    assert outcome.code == 0
    assert json.loads(outcome.out)["unscored"] == 0


@pytest.mark.parametrize("command", ["predict", "evaluate"])
def test_arrays_left_behind(prompt, command):
    del prompt
    Path("elsewhere").mkdir()
    Path("p.json").rename("elsewhere/p.json")
    said = refused(command, "elsewhere/p.json", *(["a text"] if command == "predict" else []))
    assert "The file of arrays that the prompt needs is missing. elsewhere/p.safetensors" in said
    assert "Copy a prompt file together with its .safetensors file" in said


def test_arrays_that_were_damaged(prompt):
    del prompt
    content = bytearray(Path("p.safetensors").read_bytes())
    content[-1] ^= 1
    Path("p.safetensors").write_bytes(bytes(content))
    assert "is not the one the prompt was saved with, or is damaged" in refused("predict", "p.json", "a text")
