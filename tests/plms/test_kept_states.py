"""What a search leaves in memory and on disk changes no later prediction."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from promptsearch import load_prompt
from promptsearch.plms import load_plm
from promptsearch.plms.base import AnswerStates
from promptsearch.plms.memo import StateMemo
from promptsearch.tasks.task import Example
from promptsearch.template import Template
from tests.study.searching import search

TEMPLATE = Template.parse("{text} It was {mask}.")
TEXTS = ["a fine film", "dull", "so long that nobody in the row behind me stayed awake", "", "dull"]
EXAMPLES = [Example({"text": text}) for text in TEXTS]

PREDICT = """
import json, sys
from promptsearch import load_prompt
prompt = load_prompt(sys.argv[1], device="cpu")
for texts in json.loads(sys.argv[2]):
    print(json.dumps([dict(each.probabilities) for each in prompt.predict(texts)]))
"""


@pytest.fixture
def plm(tmp_path, monkeypatch):
    """The built-in PLM with a cache of its own."""
    monkeypatch.setenv("PROMPTSEARCH_CACHE", str(tmp_path / "cache"))
    return load_plm("minilm-mlm", device="cpu", dtype="float32")


def same(found: AnswerStates, expected: AnswerStates) -> bool:
    pairs = [
        (getattr(found, name), getattr(expected, name)) for name in ("hidden", "log_partition", "tokens")
    ]
    return all(np.array_equal(a, b) for a, b in pairs)


def entries(folder: Path) -> int:
    return sum(1 for _ in (folder / "cache").rglob("*.safetensors"))


def counting(plm, monkeypatch) -> list[int]:
    """How many examples go through the model, call by call."""
    counted: list[int] = []
    compute = plm._compute_states

    def count(templates, examples):
        counted.append(len(examples))
        return compute(templates, examples)

    monkeypatch.setattr(plm, "_compute_states", count)
    return counted


def test_a_search_in_one_process_and_predictions_in_another(tmp_path, monkeypatch):
    monkeypatch.setenv("PROMPTSEARCH_CACHE", str(tmp_path / "cache"))
    found = search(tmp_path / "run")
    # Some texts of train, dev and test among new ones, as lists that the search has not seen.
    known = [each.values["text"] for each in (*found.task.train, *found.task.dev, *found.task.test)]
    asked = [TEXTS, [known[0], "dull", *known[10:14], "a fine film"], [known[3]], "a fine film"]
    mine = [[dict(each.probabilities) for each in found.prompt.predict(texts)] for texts in asked]
    loaded = load_prompt(found.folder / "best_prompt.json", device="cpu")
    assert [[dict(each.probabilities) for each in loaded.predict(texts)] for texts in asked] == mine
    command = [sys.executable, "-c", PREDICT, str(found.folder / "best_prompt.json"), json.dumps(asked)]
    for cache in ("cache", "empty"):
        monkeypatch.setenv("PROMPTSEARCH_CACHE", str(tmp_path / cache))
        out = subprocess.run(command, capture_output=True, check=True, text=True).stdout
        theirs = [json.loads(line) for line in out.splitlines()]
        # Processes of another number of threads differ in the last digits.
        for one, other in zip(theirs, mine, strict=True):
            assert [pytest.approx(each, abs=1e-6) for each in one] == other


def test_states_not_to_be_kept_are_computed_as_if_nothing_were_known(plm, minilm, tmp_path, monkeypatch):
    plm.answer_states(TEMPLATE, EXAMPLES[:2])
    before, counted = entries(tmp_path), counting(plm, monkeypatch)
    found = plm.answer_states(TEMPLATE, EXAMPLES, keep=False)
    assert counted == [len(EXAMPLES)]
    assert same(found, minilm.answer_states(TEMPLATE, EXAMPLES))
    assert entries(tmp_path) == before
    # Nor were they remembered: of the last three "dull" alone is known.
    plm.answer_states(TEMPLATE, EXAMPLES[2:])
    assert counted[1:] == [2]


def test_states_to_be_kept_go_through_the_model_once(plm, minilm, tmp_path, monkeypatch):
    counted = counting(plm, monkeypatch)
    plm.answer_states(TEMPLATE, EXAMPLES[:2])
    found = plm.answer_states(TEMPLATE, EXAMPLES)
    assert counted == [2, 2]
    expected = minilm.answer_states(TEMPLATE, EXAMPLES)
    # Other texts in the batch may round the last bits differently.
    np.testing.assert_allclose(found.hidden, expected.hidden, atol=1e-4)
    assert np.array_equal(found.hidden[1], found.hidden[4])
    assert entries(tmp_path) == 2
    plm.answer_states(TEMPLATE, EXAMPLES[::-1])
    assert counted == [2, 2]


def test_what_lies_on_disk_serves_both_kinds(plm, tmp_path, monkeypatch):
    kept = plm.answer_states(TEMPLATE, EXAMPLES)
    another = load_plm("minilm-mlm", device="cpu", dtype="float32")
    counted = counting(another, monkeypatch)
    assert same(another.answer_states(TEMPLATE, EXAMPLES, keep=False), kept)
    assert same(another.answer_states(TEMPLATE, EXAMPLES), kept)
    # Read to be kept, they are remembered text by text.
    another.answer_states(TEMPLATE, EXAMPLES[2:4])
    assert counted == []


def test_without_a_cache_nothing_is_remembered(minilm, monkeypatch):
    counted = counting(minilm, monkeypatch)
    for _ in range(2):
        minilm.answer_states(TEMPLATE, EXAMPLES[:3])
    assert counted == [3, 3]


@pytest.mark.parametrize("keep", [True, False])
def test_no_examples(plm, keep):
    found = plm.answer_states(TEMPLATE, [], keep)
    assert found.hidden.shape == (0, 384)
    assert found.tokens.tolist() == []


def test_more_templates_than_memory_holds(plm, minilm):
    other = Template.parse("{mask}: {text}")
    plm._memo = StateMemo(most_bytes=1)
    plm.answer_states(other, EXAMPLES[:2])
    found = plm.answer_states_of([TEMPLATE, other], EXAMPLES)
    for states, template in zip(found, (TEMPLATE, other), strict=True):
        expected = minilm.answer_states(template, EXAMPLES)
        np.testing.assert_allclose(states.hidden, expected.hidden, atol=1e-4)
        assert states.tokens.tolist() == expected.tokens.tolist()
