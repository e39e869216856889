import json
from dataclasses import fields
from importlib import resources
from typing import get_args

import jsonschema
import pytest
from hypothesis import given

from promptsearch.artefact import (
    CalibrationRecord,
    EvaluationRecord,
    PLMRecord,
    ReadoutRecord,
    ScoringRecord,
    TaskRecord,
    VerbalizerRecord,
    parse_prompt_json,
    prompt_json,
    prompt_schema,
    schema_json,
)
from promptsearch.artefact.checks import READOUT_PARAMETERS
from promptsearch.errors import PromptFileError
from promptsearch.plms.base import Family, MaskFilling, Normalisation
from promptsearch.scoring.calibration import CALIBRATIONS
from promptsearch.scoring.continuous import READOUTS
from promptsearch.tasks.task import Metric
from promptsearch.verbalizer import Aggregation, Case
from tests.artefact.files import changed, files, soft_record, spoilt_files

SCHEMA = jsonschema.Draft202012Validator(prompt_schema())


def test_the_shipped_schema_is_that_of_the_models():
    shipped = resources.files("promptsearch.artefact").joinpath("prompt.schema.json")
    assert shipped.read_text(encoding="utf-8") == schema_json()
    assert json.loads(schema_json()) == prompt_schema()


def test_the_schema_is_a_schema_with_an_id():
    jsonschema.Draft202012Validator.check_schema(prompt_schema())
    assert prompt_schema()["$id"] == "urn:promptsearch:prompt:1"
    assert prompt_schema()["required"] == ["format", "version", "template", "verbalizer", "plm"]


@given(files())
def test_valid_files_fit_the_schema(data):
    assert SCHEMA.is_valid(data)
    assert SCHEMA.is_valid(json.loads(prompt_json(parse_prompt_json(json.dumps(data)))))


@given(spoilt_files())
def test_a_spoilt_file_is_refused_or_fits_the_schema(data):
    try:
        document = parse_prompt_json(json.dumps(data))
    except PromptFileError as error:
        str(error).encode()
    else:
        SCHEMA.validate(data)
        assert parse_prompt_json(prompt_json(document)) == document


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("format", "x"),
        ("version", 2),
        ("tmplate", "x"),
        ("verbalizer.labels[0].answers[0].weight", "x"),
        ("verbalizer.labels[0].label", None),
        ("verbalizer.labels", []),
        ("plm.family", "contrastive"),
        ("plm.weights_sha256", "xyz"),
        ("evaluation[0].value", 1.5),
        ("soft", soft_record(1) | {"file": "../p.safetensors"}),
    ],
)
def test_the_schema_and_the_reader_refuse_alike(path, value):
    data = changed(path, value)
    with pytest.raises(PromptFileError):
        parse_prompt_json(json.dumps(data))
    assert not SCHEMA.is_valid(data)


@pytest.mark.parametrize(
    ("model", "field", "values"),
    [
        (VerbalizerRecord, "aggregation", get_args(Aggregation)),
        (VerbalizerRecord, "case", get_args(Case)),
        (ReadoutRecord, "kind", tuple(READOUTS)),
        (ScoringRecord, "normalisation", get_args(Normalisation)),
        (ScoringRecord, "filling", get_args(MaskFilling)),
        (CalibrationRecord, "method", tuple(CALIBRATIONS)),
        (PLMRecord, "family", get_args(Family)),
        (TaskRecord, "metric", get_args(Metric)),
        (EvaluationRecord, "metric", get_args(Metric)),
    ],
)
def test_the_file_knows_the_names_that_the_package_knows(model, field, values):
    assert get_args(model.model_fields[field].annotation) == values


@pytest.mark.parametrize("kind", READOUTS)
def test_the_file_knows_the_parameters_of_each_readout(kind):
    numbers = [each.name for each in fields(READOUTS[kind]) if each.type in ("int", "float")]
    assert list(READOUT_PARAMETERS[kind]) == numbers
