import json
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptsearch.artefact import (
    CalibrationRecord,
    PLMRecord,
    PromptDocument,
    ScoringRecord,
    VerbalizerRecord,
    io,
    parse_prompt_json,
    prompt_json,
    read_prompt_file,
    write_prompt_file,
)
from promptsearch.errors import PromptFileError, StorageError
from promptsearch.template import Template
from promptsearch.verbalizer import Verbalizer
from tests.artefact.files import changed, files, json_values, readout_record, refusal, whole, without


def test_a_file_is_written_as_it_was_read():
    text = json.dumps(whole(), indent=2, ensure_ascii=False) + "\n"
    assert prompt_json(parse_prompt_json(text)) == text


def test_a_file_is_found_again(tmp_path):
    document = parse_prompt_json(json.dumps(whole()))
    path = tmp_path / "new folder" / "best_prompt.json"
    write_prompt_file(path, document)
    write_prompt_file(str(path), document)
    assert read_prompt_file(path) == read_prompt_file(str(path)) == document
    assert [file.name for file in path.parent.iterdir()] == ["best_prompt.json"]
    assert path.read_bytes().decode() == prompt_json(document)


def test_a_file_that_cannot_be_written_is_a_storage_error(tmp_path):
    with pytest.raises(StorageError):
        write_prompt_file(tmp_path, parse_prompt_json(json.dumps(whole())))
    assert list(tmp_path.iterdir()) == []


def test_only_what_a_prompt_needs_must_be_given():
    data = whole()
    for key in ["scoring", "calibration", "task", "evaluation", "provenance", "soft"]:
        del data[key]
    document = parse_prompt_json(json.dumps(data))
    assert document.scoring == ScoringRecord(normalisation="sum", filling="at-once")
    assert document.calibration == CalibrationRecord(method="none")
    assert document.evaluation == ()
    assert document.task is document.provenance is document.soft is document.readout is None


def test_a_readout_is_written_only_where_there_is_one():
    assert "readout" not in json.loads(prompt_json(parse_prompt_json(json.dumps(whole()))))
    data = whole() | {"readout": readout_record()}
    assert json.loads(prompt_json(parse_prompt_json(json.dumps(data)))) == data


def test_a_document_is_built_from_the_core_objects():
    template = Template.parse("{text} It was {mask}.")
    verbalizer = Verbalizer.of([{"x": 2, "y": 0.5}, "z", "v"], ["a", "1", True])
    document = PromptDocument(
        template=str(template),
        verbalizer=VerbalizerRecord.from_verbalizer(verbalizer, names=["A", "one", "true"]),
        plm=PLMRecord(reference="minilm-mlm", family="masked"),
    )
    assert document.to_template() == template
    assert document.to_verbalizer() == verbalizer
    assert document.verbalizer.names == ("A", "one", "true")
    assert parse_prompt_json(prompt_json(document)) == document


def test_labels_keep_their_json_type():
    labels = [1, True, 1.0, "1", "true", 0, False, -2.5, 10**20]
    verbalizer = Verbalizer.of([f"word{i}" for i in range(len(labels))], labels)
    record = VerbalizerRecord.from_verbalizer(verbalizer)
    assert record.names == ("1", "True", "1.0", "1", "true", "0", "False", "-2.5", str(10**20))
    data = changed("verbalizer", json.loads(json.dumps(record.model_dump())))
    data["calibration"] = {}
    found = parse_prompt_json(prompt_json(parse_prompt_json(json.dumps(data)))).to_verbalizer()
    assert [(type(label), label) for label in found.labels] == [(type(label), label) for label in labels]
    assert found.answers == verbalizer.answers


def sorted_json(text: str) -> str:
    return json.dumps(json.loads(text), sort_keys=True)


@given(files())
def test_json_to_object_to_json_is_stable(data):
    text = json.dumps(data)
    document = parse_prompt_json(text)
    written = prompt_json(document)
    assert sorted_json(written) == sorted_json(text)
    assert parse_prompt_json(written) == document
    assert prompt_json(parse_prompt_json(written)) == written


@given(st.text() | json_values.map(json.dumps))
def test_any_text_is_a_prompt_or_a_prompt_file_error(text):
    with pytest.raises(PromptFileError):
        parse_prompt_json(text)


# --- what is no prompt file ----------------------------------------------------------------------------


def test_a_newer_version_is_refused_before_its_fields():
    error = refusal(json.dumps({"format": "promptsearch/prompt", "version": 2, "novelty": 1}))
    assert error.message.startswith("the prompt file is written in format version 2; this is promptsearch ")
    assert error.message.endswith(", which reads up to 1")
    assert error.hint == "Upgrade with `pip install -U promptsearch`."


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the prompt file is empty"),
        (" \n", "the prompt file is empty"),
        ("[1]", "the prompt file holds a list, not a prompt"),
        ('"x"', 'the prompt file holds "x", not a prompt'),
        ("{}", 'this is no prompt file: it names no format, and should be "promptsearch/prompt"'),
        ('{"format": 1}', 'this is no prompt file: its format is 1, and should be "promptsearch/prompt"'),
        ('{"format": ' + "9" * 5000 + "}", "a number in the prompt file has too many digits"),
        ("[" * 100_000, "the prompt file is nested too deeply"),
    ],
)
def test_what_is_no_prompt_file_is_told(text, message):
    assert refusal(text).message == message


def test_broken_json_is_shown_with_line_and_column():
    error = refusal('{"format": "promptsearch/prompt",\n "version" 1}')
    assert error.message == "the prompt file is not valid JSON: expecting ':' delimiter"
    assert error.where == 'p.json, line 2, column 12\n "version" 1}\n           ^'


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('{"format": 1, "format": 2}', 'the key "format" is given twice'),
        ('{"a": {"b c": [{}, {"d": 1, "d": 1}]}}', 'a["b c"][1]: the key "d" is given twice'),
    ],
)
def test_a_repeated_key_is_refused_with_its_path(text, problem):
    error = refusal(text)
    assert error.message == "the prompt file has one mistake"
    assert error.where == f"p.json\n  {problem}"


def test_a_byte_order_mark_and_windows_line_ends_are_read_over(tmp_path):
    path = tmp_path / "p.json"
    text = json.dumps(whole(), indent=2).replace("\n", "\r\n")
    path.write_bytes(b"\xef\xbb\xbf" + text.encode() + b"\r\n ")
    assert read_prompt_file(path) == parse_prompt_json(json.dumps(whole()))


def file_refusal(path) -> PromptFileError:
    with pytest.raises(PromptFileError) as caught:
        read_prompt_file(path)
    return caught.value


def test_a_missing_file_is_named_with_the_nearest_one(tmp_path):
    (tmp_path / "best_prompt.json").write_text("{}")
    error = file_refusal(tmp_path / "best_promt.json")
    assert error.message == "the prompt file does not exist"
    assert error.where == str(tmp_path / "best_promt.json")
    assert error.hint == f"Did you mean {tmp_path / 'best_prompt.json'}?"
    assert file_refusal(tmp_path / "no" / "x.json").hint == "`promptsearch discover` writes one."


def test_a_folder_is_refused_with_the_prompt_in_it(tmp_path):
    error = file_refusal(tmp_path)
    assert (error.message, error.where) == ("the prompt file is a folder", str(tmp_path))
    (tmp_path / "best_prompt.json").write_text("{}")
    assert file_refusal(tmp_path).hint == f"Did you mean {tmp_path / 'best_prompt.json'}?"


def test_a_path_through_a_file_is_refused(tmp_path):
    (tmp_path / "p.json").write_text("{}")
    assert (
        file_refusal(tmp_path / "p.json" / "q.json").message
        == "the prompt file cannot be read: Not a directory"
    )


def test_bytes_that_are_no_text_are_refused(tmp_path):
    path = tmp_path / "p.json"
    path.write_bytes(b'{"a": "\xff"}')
    error = file_refusal(path)
    assert error.message == "the prompt file is not UTF-8 text"
    assert error.where == f"{path}, byte 7"


def test_a_file_of_absurd_size_is_refused(tmp_path, monkeypatch):
    path = tmp_path / "p.json"
    path.write_text(json.dumps(whole()))
    size = path.stat().st_size
    monkeypatch.setattr(io, "MAX_BYTES", size)
    read_prompt_file(path)
    monkeypatch.setattr(io, "MAX_BYTES", size - 1)
    assert file_refusal(path).message == "the prompt file is larger than 0 MB"


def test_errors_of_a_file_name_it(tmp_path):
    path = tmp_path / "p.json"
    path.write_text(json.dumps(without("template")))
    assert file_refusal(path).where == f"{path}\n  template: is missing"


# --- lightness -----------------------------------------------------------------------------------------


def test_reading_a_prompt_needs_no_torch(tmp_path):
    path = tmp_path / "p.json"
    path.write_text(json.dumps(whole()))
    script = (
        "import sys\n"
        "from promptsearch.artefact import read_prompt_file, prompt_schema\n"
        f"document = read_prompt_file({str(path)!r})\n"
        "document.to_template(), document.to_verbalizer(), prompt_schema()\n"
        "heavy = {'torch', 'transformers', 'datasets', 'optuna', 'numpy'} & set(sys.modules)\n"
        "sys.exit(f'imported: {sorted(heavy)}' if heavy else 0)\n"
    )
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
