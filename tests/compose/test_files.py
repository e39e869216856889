from __future__ import annotations

import json
import subprocess
import sys
from importlib import resources
from typing import Any

import jsonschema
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptsearch.artefact import SoftRecord, TaskRecord, prompt_json
from promptsearch.artefact.io import parse_document
from promptsearch.artefact.readouts import readout_record
from promptsearch.compose import (
    EnsembleDocument,
    PromptEnsemble,
    ensemble_schema,
    ensemble_schema_json,
    load_ensemble,
    load_prompt_or_ensemble,
)
from promptsearch.errors import PromptFileError, StorageError
from promptsearch.prompt import Prompt, load_prompt
from promptsearch.scoring.continuous import SoftReadout
from promptsearch.verbalizer import Verbalizer
from tests.artefact.files import SHA, changed, json_values, paths
from tests.compose.prompts import PAIR, document, two

SCHEMA = jsonschema.Draft202012Validator(ensemble_schema())
READOUT = SoftReadout(np.eye(2, 4, dtype=np.float32), np.zeros(2, dtype=np.float32))
TASK = TaskRecord(name="reviews", kind="sentiment", fields=("text",), metric="accuracy", fingerprint=SHA)


def whole() -> dict[str, Any]:
    """An ensemble file."""
    return json.loads(prompt_json(PromptEnsemble.of(two(), [0.25, 0.75]).document))


def refusal(data: object) -> PromptFileError:
    with pytest.raises(PromptFileError) as caught:
        parse_document(json.dumps(data), "e.json", EnsembleDocument)
    return caught.value


def problems(data: object) -> list[str]:
    first, *lines = str(refusal(data).where).split("\n")
    assert first == "e.json"
    return [line.removeprefix("  ") for line in lines]


# There and back --------------------------------------------------------------------------------------


def test_save_and_load(tmp_path, minilm):
    ensemble = PromptEnsemble.of(two(minilm), [0.25, 0.75])
    path = tmp_path / "new folder" / "ensemble.json"
    ensemble.save(path)
    for again in (PromptEnsemble.load(path), load_ensemble(str(path)), load_prompt_or_ensemble(path)):
        assert isinstance(again, PromptEnsemble)
        assert again.document == ensemble.document
        assert [member.document for member in again.members] == [m.document for m in ensemble.members]
    assert [file.name for file in path.parent.iterdir()] == ["ensemble.json"]
    again = load_ensemble(path, device="cpu", offline=True)
    assert all(member.offline for member in again.members)
    for found, expected in zip(again.predict(["a good film"]), ensemble.predict(["a good film"])):
        assert found.label == expected.label
        assert found.probabilities == pytest.approx(dict(expected.probabilities), abs=1e-6)


def test_fitted_weights_are_written_as_they_are(tmp_path, minilm):
    from promptsearch.tasks.task import Example

    rows = [Example({"text": "a good film"}, 1), Example({"text": "a dull film"}, 0)]
    ensemble = PromptEnsemble.of(two(minilm)).fitted(rows)
    ensemble.save(tmp_path / "e.json")
    assert load_ensemble(tmp_path / "e.json").weights == ensemble.weights


def test_a_file_that_cannot_be_written_is_a_storage_error(tmp_path):
    with pytest.raises(StorageError):
        PromptEnsemble.of(two()).save(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_prompt_file_and_an_ensemble_file_are_told_apart(tmp_path):
    path = tmp_path / "prompt.json"
    Prompt(document()).save(path)
    found = load_prompt_or_ensemble(path, device="cpu")
    assert isinstance(found, Prompt)
    assert (found.document, found.device) == (document(), "cpu")
    with pytest.raises(PromptFileError, match='"promptsearch/prompt", and should be "promptsearch/ensemble"'):
        load_ensemble(path)
    PromptEnsemble.of(two()).save(path)
    with pytest.raises(PromptFileError, match='"promptsearch/ensemble", and should be "promptsearch/prompt"'):
        load_prompt(path)


def test_the_arrays_of_a_prompt_file_are_read(tmp_path):
    Prompt(document(), readout=READOUT).save(tmp_path / "p.json")
    found = load_prompt_or_ensemble(tmp_path / "p.json")
    assert isinstance(found, Prompt)
    assert found.readout is not None


@pytest.mark.parametrize("stated", ["x", None, 3, ["promptsearch/prompt"], {}])
def test_a_file_of_neither_format(tmp_path, stated):
    (tmp_path / "x.json").write_text(json.dumps({"format": stated}))
    with pytest.raises(PromptFileError, match='"promptsearch/prompt" or "promptsearch/ensemble"'):
        load_prompt_or_ensemble(tmp_path / "x.json")


def test_reading_an_ensemble_needs_no_torch(tmp_path):
    PromptEnsemble.of(two()).save(tmp_path / "e.json")
    script = (
        "import sys; from promptsearch.compose import load_ensemble; found = load_ensemble(sys.argv[1]);"
        "found.weights, found.fields, found.labels;"
        "sys.exit('torch' in sys.modules or 'transformers' in sys.modules)"
    )
    command = [sys.executable, "-c", script, str(tmp_path / "e.json")]
    assert subprocess.run(command, check=False).returncode == 0


def test_the_task_is_that_of_all_members():
    mine, other = document(task=TASK), document(task=TASK.model_copy(update={"seed": 3}))
    assert PromptEnsemble.of([Prompt(mine), Prompt(mine)]).document.task == TASK
    assert PromptEnsemble.of([Prompt(mine), Prompt(other)]).document.task is None
    assert PromptEnsemble.of([Prompt(other)], task=TASK).document.task == TASK


# What is refused -------------------------------------------------------------------------------------


def test_members_with_arrays_beside_them():
    record = readout_record(READOUT, "p.safetensors")
    soft = SoftRecord(file="p.safetensors", sha256=SHA, tokens=2, width=4, groups=(2,))
    for part, member in (
        ("readout", document(readout=record)),
        ("soft", document("{text} {soft*2} {mask}", soft=soft)),
    ):
        with pytest.raises(PromptFileError) as caught:
            PromptEnsemble.of([Prompt(document()), Prompt(member)])
        assert f"members[1].{part}: has arrays in another file, which an ensemble" in str(caught.value)


@pytest.mark.parametrize("labels", [["yes", "no"], ["no", "maybe"], ["no", "yes", "maybe"]])
def test_members_of_other_labels(labels):
    words = Verbalizer.of({label: f"word{label}" for label in labels}, labels)
    with pytest.raises(PromptFileError, match=r"members\[1\].verbalizer.labels: differ from those of memb"):
        PromptEnsemble.of([Prompt(document()), Prompt(document(words=words))])


def test_labels_that_are_equal_and_yet_two():
    numbers, truths = (Verbalizer.of(["bad", "good"], labels) for labels in ([0, 1], [False, True]))
    with pytest.raises(PromptFileError, match="differ from those"):
        PromptEnsemble.of([Prompt(document(words=numbers)), Prompt(document(words=truths))])


def test_members_of_other_fields():
    with pytest.raises(PromptFileError) as caught:
        PromptEnsemble.of([Prompt(document()), Prompt(document(PAIR[0]))])
    assert "members[1].template: reads the fields text_a, text_b; members[0] reads text" in str(caught.value)


@pytest.mark.parametrize(
    ("weights", "problem"),
    [
        ([1.0], "weights: 1 for 2 members"),
        ([0.5, 0.6], "weights: should sum to 1, and sum to 1.1"),
        ([1.5, -0.5], "weights[1]: should be at least 0, got -0.5"),
        ([0.5, "x"], 'weights[1]: should be a number, got "x"'),
        ([], "weights: needs at least 1, has 0"),
    ],
)
def test_weights_that_are_none(weights, problem):
    assert problem in problems(changed("weights", weights, whole()))


@pytest.mark.parametrize(
    ("path", "value", "problem"),
    [
        ("members", [], "members: needs at least 1, has 0"),
        ("members[1].verbalizer.labels[0].answers[0].weight", "x", 'should be a number, got "x"'),
        ("members[1].templat", "x", "unknown field; did you mean template?"),
        ("weight", [1], "unknown field; did you mean weights?"),
        ("members[0].version", 2, "should be 1, got 2"),
        ("members[1].calibration.label_offsets", [1.0], "1 offsets for 2 labels"),
    ],
)
def test_a_mistake_is_told_with_its_path(path, value, problem):
    found = problems(changed(path, value, whole()))
    assert any(line.startswith(path) and line.endswith(problem) for line in found), found


def test_no_members_at_all():
    with pytest.raises(PromptFileError, match="needs at least 1, has 0"):
        PromptEnsemble.of([])


def test_a_newer_format():
    error = refusal(whole() | {"version": 2})
    assert "is written in format version 2" in error.message
    assert "Upgrade" in str(error.hint)


# The schema ------------------------------------------------------------------------------------------


def test_the_shipped_schema_is_that_of_the_models():
    shipped = resources.files("promptsearch.compose").joinpath("ensemble.schema.json")
    assert shipped.read_text(encoding="utf-8") == ensemble_schema_json()
    assert json.loads(ensemble_schema_json()) == ensemble_schema()


def test_the_schema_is_a_schema_with_an_id():
    jsonschema.Draft202012Validator.check_schema(ensemble_schema())
    assert ensemble_schema()["$id"] == "urn:promptsearch:ensemble:1"
    assert ensemble_schema()["required"] == ["format", "version", "weights", "members"]


def test_a_file_fits_the_schema():
    SCHEMA.validate(whole())
    assert not SCHEMA.is_valid(whole() | {"weight": [1]})


@given(st.data())
def test_a_spoilt_file_is_refused_or_fits_the_schema(data):
    start = whole()
    spoilt = changed(data.draw(st.sampled_from(list(paths(start)))), data.draw(json_values), start)
    try:
        found = parse_document(json.dumps(spoilt), "e.json", EnsembleDocument)
    except PromptFileError as error:
        str(error).encode()
    else:
        SCHEMA.validate(spoilt)
        assert parse_document(prompt_json(found), "e.json", EnsembleDocument) == found
