"""Mistakes in prompt files and texts: one panel on stderr, exit code 2."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.running import refused, run

# Prompt files ----------------------------------------------------------------------------------------


def changed(prompt_file: str, **parts: object) -> str:
    content = json.loads(Path(prompt_file).read_text("utf-8"))
    Path("changed.json").write_text(json.dumps(content | parts), "utf-8")
    return "changed.json"


def test_a_missing_prompt_file():
    assert "The prompt file does not exist. none.json" in refused("predict", "none.json", "a text")


def test_a_broken_prompt_file():
    Path("broken.json").write_text('{"format":\n oops}')
    said = refused("predict", "broken.json", "a text")
    assert "not valid JSON" in said
    assert "broken.json, line 2, column 2" in said


def test_a_prompt_file_of_a_newer_version(prompt_file):
    said = refused("predict", changed(prompt_file, version=99), "a text")
    assert "is written in format version 99" in said
    assert "Upgrade" in said


def test_a_field_of_the_wrong_type_is_named_by_its_path(prompt_file):
    content = json.loads(Path(prompt_file).read_text("utf-8"))
    content["verbalizer"]["labels"][1]["answers"][0]["weight"] = "heavy"
    said = refused("predict", changed(prompt_file, verbalizer=content["verbalizer"]), "a text")
    assert 'verbalizer.labels[1].answers[0].weight: should be a number, got "heavy"' in said


def test_a_prompt_file_whose_template_reads_nothing(prompt_file):
    said = refused("predict", changed(prompt_file, template="It was {mask}.", task=None), "a text")
    assert "reads no field" in said


def test_weights_other_than_those_of_the_prompt(prompt_file):
    plm = json.loads(Path(prompt_file).read_text("utf-8"))["plm"]
    said = refused("predict", changed(prompt_file, plm=plm | {"weights_sha256": "0" * 64}), "a text")
    assert "The weights of minilm-mlm are not those the prompt was found on." in said


def test_a_prompt_for_another_family(prompt_file):
    plm = json.loads(Path(prompt_file).read_text("utf-8"))["plm"] | {"family": "causal"}
    said = refused("predict", changed(prompt_file, plm=plm, template="{text} {mask}"), "a text")
    assert "minilm-mlm is masked, and the prompt needs a causal PLM." in said


# Texts -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (["a text", "--file", "x.txt"], "Texts, --file and --field were given together."),
        (["--file", "none.txt"], "No such file. none.txt"),
        (["--field", "hello"], "--field 'hello' is not NAME=TEXT."),
        (["--field", "txt=hello"], "A text lacks the field 'text'."),
        (["--field", "text=a", "--field", "text=b"], "The field 'text' is given twice."),
        (["a text", "--map", "text=review"], "--map names columns of a file, but no --file was given."),
    ],
)
def test_texts_given_wrongly(prompt_file, wrong, message):
    assert message in refused("predict", prompt_file, *wrong)


def test_a_column_that_the_file_lacks(prompt_file):
    Path("data.csv").write_text("texts,label\ngood,1\n")
    said = refused("predict", prompt_file, "--file", "data.csv")
    assert "There is no column 'text' for the field 'text'." in said
    assert "--map text=texts" in said


def test_text_that_is_not_utf8_is_placed_and_what_came_before_is_predicted(prompt_file):
    outcome = run("predict", prompt_file, stdin=b"a good film\ncaf\xe9\nnever read\n")
    assert outcome.code == 2
    assert outcome.out.count("\n") == 1
    assert outcome.out.endswith("a good film\n")
    assert "Line 2 of stdin is not UTF-8: byte 0xe9 at position 3." in outcome.said


@pytest.mark.parametrize(
    ("other", "message"),
    [("topics", "The prompt and the task have different labels."), ("nope", "No task is called 'nope'.")],
)
def test_evaluating_on_another_task(prompt_file, other, message):
    said = refused("evaluate", prompt_file, "--task", other)
    assert message in said


def test_a_split_that_there_is_not(prompt_file):
    assert "There is no split 'val'." in refused("evaluate", prompt_file, "--split", "val")
