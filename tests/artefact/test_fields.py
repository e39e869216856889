import json
import math

import pytest
from pydantic import ValidationError

from promptsearch.artefact import CalibrationRecord, PromptDocument, parse_prompt_json
from tests.artefact.files import changed, problems, readout_record, refusal, soft_record, whole, without

WEIGHT = "verbalizer.labels[1].answers[1].weight"
LABEL = "verbalizer.labels[0].label"
ANSWERS = "verbalizer.labels[0].answers"
PARAMETERS = (
    'readout: a readout of kind "nearest" has the parameters n_labels, k, temperature, mix, sharpness'
)
NO_LABEL = "should be text, a finite number, true or false"
NO_TEXT = "should be text, and half of a surrogate pair is none"
NO_TIME = 'should be a time such as "2026-01-31T12:00:00+00:00"'


# --- one field -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "value", "problem"),
    [
        (WEIGHT, "x", 'should be a number, got "x"'),
        (WEIGHT, True, "should be a number, got true"),
        (WEIGHT, math.nan, "should be a finite number, got NaN"),
        (WEIGHT, 10**400, f"should be a number, got 1{'0' * 39}…"),
        (WEIGHT, -1, "should be at least 0, got -1"),
        (LABEL, None, f"{NO_LABEL}, got null"),
        (LABEL, ["a"], f"{NO_LABEL}, got a list"),
        (LABEL, {}, f"{NO_LABEL}, got an empty object"),
        (LABEL, math.inf, f"{NO_LABEL}, got inf"),
        (LABEL, "\ud800", f'{NO_TEXT}, got "\\ud800"'),
        ("verbalizer.labels[0].name", "\udfffx", f'{NO_TEXT}, got "\\udfffx"'),
        (ANSWERS, [], "needs at least 1, has 0"),
        (ANSWERS, "bad", 'should be a list, got "bad"'),
        ("verbalizer.labels", [], "needs at least 2, has 0"),
        ("verbalizer.labels[0]", "bad", 'should be an object, got "bad"'),
        (f"{ANSWERS}[0].text", "", 'should not be empty, got ""'),
        ("template", 5, "should be text, got 5"),
        ("template", "\ud800{mask}", f'{NO_TEXT}, got "\\ud800{{mask}}"'),
        ("plm.revision", "\ud800", f'{NO_TEXT}, got "\\ud800"'),
        ("scoring.filling", "once", 'should be "at-once" or "left-to-right", got "once"'),
        ("calibration.n_texts", 1.0, "should be a whole number, got 1.0"),
        ("calibration.label_offsets[1]", "1", 'should be a number, got "1"'),
        ("calibration.word_offsets", [1], "should be an object, got a list"),
        ("plm.weights_sha256", "ABC", 'should have the form ^[0-9a-f]{64}$, got "ABC"'),
        ("plm.revision", 7 * 10**50, f"should be text, got 7{'0' * 39}…"),
        ("evaluation[0].value", 1.5, "should be at most 1, got 1.5"),
        ("evaluation[0].level", 1, "should be below 1, got 1"),
        ("evaluation[0].level", 0, "should be above 0, got 0"),
        ("evaluation[0].low", -math.inf, "should be a finite number, got -inf"),
        ("provenance.created", "yesterday", f'{NO_TIME}, got "yesterday"'),
        ("provenance.created", "2026-01-31T12:00", f'{NO_TIME}, got "2026-01-31T12:00"'),
        ("provenance.versions.torch", 2, "should be text, got 2"),
        ("provenance.details.step", math.nan, "should be a finite number, got NaN"),
        ("provenance.details.trace[0].loss", math.nan, "should be a finite number, got NaN"),
        ("provenance.details", {"a": "\ud800"}, "holds half of a surrogate pair, which is no text"),
        ("version", "1", 'should be 1, got "1"'),
        ("version", True, "should be 1, got true"),
        ("version", 0, "should be 1, got 0"),
    ],
)
def test_a_mistyped_field_is_named_with_its_path(path, value, problem):
    assert problems(changed(path, value)) == [f"{path}: {problem}"]


def test_a_key_that_is_no_name_stands_in_brackets():
    data = changed("calibration.word_offsets", {"très bien": None})
    assert problems(data) == ['calibration.word_offsets["très bien"]: should be a number, got null']


@pytest.mark.parametrize(
    ("path", "advice"),
    [
        ("tmplate", "did you mean template?"),
        ("verbalizer.labels[0].answers[0].wieght", "did you mean weight?"),
        ("evaluation[0].manual_baseline.lo", "did you mean low?"),
        ("task.Name", "did you mean name?"),
        ("scoring.x", "known here: normalisation, filling"),
    ],
)
def test_an_unknown_field_is_named_with_its_path_and_the_nearest_one(path, advice):
    assert problems(changed(path, 1)) == [f"{path}: unknown field; {advice}"]


def test_an_unknown_field_cannot_steer_the_terminal():
    assert problems(changed("plm.\x1b family", 1)) == [
        'plm["\\u001b family"]: unknown field; did you mean family?'
    ]


@pytest.mark.parametrize(
    ("path", "problem"),
    [
        ("template", "is missing"),
        ("version", "should be 1, it is missing"),
        ("plm.family", "is missing"),
        ("verbalizer.labels[1].answers", "is missing"),
    ],
)
def test_a_missing_field_is_named_with_its_path(path, problem):
    assert problems(without(path)) == [f"{path}: {problem}"]


def test_all_missing_fields_are_named():
    assert problems(changed("evaluation[0]", {})) == [
        f"evaluation[0].{name}: is missing" for name in ("split", "metric", "n", "value")
    ]


def test_all_mistakes_are_told_at_once():
    data = changed("verbalizer.labels[1].answers[0].weight", "x")
    data["tmplate"] = data.pop("template")
    del data["plm"]["reference"]
    assert problems(data) == [
        "template: is missing",
        'verbalizer.labels[1].answers[0].weight: should be a number, got "x"',
        "plm.reference: is missing",
        "tmplate: unknown field; did you mean template?",
    ]
    assert refusal(json.dumps(data)).message == "the prompt file has 4 mistakes"


def test_of_many_mistakes_the_first_are_told():
    lines = problems(changed("calibration.label_offsets", ["x"] * 11))
    assert len(lines) == 9
    assert lines[7:] == ['calibration.label_offsets[7]: should be a number, got "x"', "… and 3 more"]


# --- fields that do not fit ----------------------------------------------------------------------------


def test_a_template_that_cannot_be_read_is_shown_with_its_caret():
    assert problems(changed("template", "{text} It was {mask")) == [
        "template: a { that is never closed",
        "  {text} It was {mask",
        "                ^",
        "  Write {{ for a literal brace.",
    ]


@pytest.mark.parametrize(
    ("template", "problem"),
    [
        ("{text} {trigger*3} {mask}", "still has tokens to be found: {trigger*3}"),
        ("{txt} {mask}", "the template names the field {txt}, which the task does not have"),
        ("It was {mask}", "the template reads no field, so every example would get the same answer"),
    ],
)
def test_a_template_must_work_for_its_task(template, problem):
    assert problems(changed("template", template))[0] == f"template: {problem}"


def test_a_template_must_work_on_its_plm():
    assert problems(changed("plm.family", "causal"))[0] == (
        "template: text after {mask} cannot be read by minilm-mlm, which reads from left to right only"
    )


def test_soft_tokens_and_their_vectors_go_together():
    data = changed("template", "{text}{soft*2} {soft:it was}{mask}")
    assert problems(data) == ["soft: is missing, though the template has soft tokens"]
    soft = soft_record(2, 3)
    assert problems(changed("soft", soft)) == ["soft: is given, though the template has no soft tokens"]
    parse_prompt_json(json.dumps(data | {"soft": soft}))


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"groups": [5]}, "soft.groups: 1 for 2 soft pieces of the template"),
        ({"groups": [3, 2]}, "soft.groups: 3 tokens for {soft*2}"),
        ({"tokens": 4}, "soft.groups: should sum to the 4 tokens, and sum to 5"),
        ({"groups": [5, 0]}, "soft.groups[1]: should be at least 1, got 0"),
        ({"groups": []}, "soft.groups: needs at least 1, has 0"),
        ({"width": 0}, "soft.width: should be at least 1, got 0"),
    ],
)
def test_vectors_are_those_of_the_templates_soft_tokens(change, problem):
    data = changed("template", "{text}{soft*2} {soft:it was}{mask}")
    assert problems(data | {"soft": soft_record(2, 3) | change}) == [problem]


@pytest.mark.parametrize(
    "name", ["../p.safetensors", "/p.safetensors", "a/p.safetensors", "p.bin", ".safetensors"]
)
def test_soft_parameters_lie_beside_the_file(name):
    data = changed("template", "{text}{soft*2}{mask}")
    data["soft"] = soft_record(2) | {"file": name}
    assert problems(data)[0].startswith("soft.file: should have the form ")


@pytest.mark.parametrize(
    ("path", "value", "problem"),
    [
        ("kind", "knn", 'readout.kind: should be "soft", "prototypes" or "nearest", got "knn"'),
        ("sha256", "x", 'readout.sha256: should have the form ^[0-9a-f]{64}$, got "x"'),
        ("parameters.k", "3", 'readout.parameters.k: should be a finite number, got "3"'),
        ("parameters.k", True, "readout.parameters.k: should be a finite number, got true"),
        ("parameters.k", 10**400, f"readout.parameters.k: should be a finite number, got 1{'0' * 39}…"),
        ("parameters.mix", math.nan, "readout.parameters.mix: should be a finite number, got NaN"),
        ("parameters.p", 1, PARAMETERS),
        ("kind", "soft", 'readout: a readout of kind "soft" has the parameters none'),
    ],
)
def test_a_readout_has_the_parameters_of_its_kind(path, value, problem):
    data = changed(f"readout.{path}", value, whole() | {"readout": readout_record()})
    assert problems(data)[0] == problem


@pytest.mark.parametrize(
    "name", ["../p.safetensors", "/p.safetensors", "a\\p.safetensors", "p.bin", ".safetensors"]
)
def test_a_readout_lies_beside_the_file(name):
    data = changed("readout.file", name, whole() | {"readout": readout_record()})
    assert problems(data)[0].startswith("readout.file: should have the form ")


@pytest.mark.parametrize(
    ("path", "value", "problem"),
    [
        ("verbalizer.labels[1].label", 0, "the label 0 is given twice"),
        ("verbalizer.labels[0].answers[0].text", " bad", "the answer ' bad' of label 0 has blanks around it"),
        ("verbalizer.labels[0].answers[0].weight", 0, "all answers of label 0 have weight 0"),
        ("verbalizer.labels[1].answers[1].text", "good", "the label True has the answer 'good' twice"),
    ],
)
def test_labels_and_answers_must_make_a_verbalizer(path, value, problem):
    assert problems(changed(path, value))[0] == f"verbalizer: {problem}"


@pytest.mark.parametrize(
    ("key", "value", "problem"),
    [
        ("label_offsets", [0.5], "calibration.label_offsets: 1 offsets for 2 labels"),
        ("label_offsets", None, 'calibration: has no offsets, though its method is "batch"'),
        ("method", "none", 'calibration: has offsets, though its method is "none"'),
        (
            "word_offsets",
            {"bad": 0, "good": 1},
            'calibration.word_offsets: no offset for the answer "très bien"',
        ),
        (
            "word_offsets",
            {"bad": 0, "good": 1, "très bien": 2, "x": 3},
            'calibration.word_offsets: "x" is no answer of the verbalizer',
        ),
    ],
)
def test_offsets_must_fit_labels_and_answers(key, value, problem):
    assert problems(changed(f"calibration.{key}", value)) == [problem]


@pytest.mark.parametrize(
    ("path", "value", "problem"),
    [
        ("evaluation[0].low", 0.9, "evaluation[0]: low (0.9) is above high (0.875)"),
        (
            "evaluation[0].manual_baseline.high",
            None,
            "evaluation[0].manual_baseline: needs both ends of the interval, low and high, or none",
        ),
    ],
)
def test_an_interval_has_two_ends_in_order(path, value, problem):
    assert problems(changed(path, value)) == [problem]


def test_a_misfit_cannot_be_built_either():
    document = parse_prompt_json(json.dumps(whole()))
    with pytest.raises(ValidationError, match="1 offsets for 2 labels"):
        PromptDocument(
            template=document.template,
            verbalizer=document.verbalizer,
            plm=document.plm,
            calibration=CalibrationRecord(method="batch", label_offsets=(0.5,)),
        )
