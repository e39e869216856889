from __future__ import annotations

import json
from importlib import resources

import jsonschema
import pytest

from promptsearch.errors import ReportError
from promptsearch.report.io import parse_report, read_report
from promptsearch.report.schema import report_schema, report_schema_json
from promptsearch.report.writing import report_json, write
from tests.report.documents import bare_document, small_document


def test_the_shipped_schema_is_that_of_the_models():
    shipped = resources.files("promptsearch.report").joinpath("report.schema.json")
    assert shipped.read_text("utf-8") == report_schema_json()
    jsonschema.Draft202012Validator.check_schema(report_schema())
    assert report_schema()["$id"] == "urn:promptsearch:report:1"


def test_a_report_is_read_from_its_folder_or_file(tmp_path):
    write(tmp_path, small_document())
    assert read_report(tmp_path) == read_report(tmp_path / "report.json") == small_document()


def test_what_is_written_fits_the_schema():
    for document in (small_document(), bare_document()):
        data = json.loads(report_json(document))
        jsonschema.Draft202012Validator(report_schema()).validate(data)
        assert (data["format"], data["version"]) == ("promptsearch/report", 1)
        assert len(data["finalists"]) == len(document.finalists)


def test_a_missing_report_is_told(tmp_path):
    with pytest.raises(ReportError, match="there is no report") as caught:
        read_report(tmp_path)
    assert caught.value.where == str(tmp_path / "report.json")


def test_a_report_cut_short_is_told_with_its_place(tmp_path):
    file = tmp_path / "report.json"
    file.write_text(report_json(bare_document())[:200], "utf-8")
    with pytest.raises(ReportError, match="not valid JSON") as caught:
        read_report(file)
    assert "line 1" in (caught.value.where or "")


def changed(**changes: object) -> str:
    return json.dumps({**json.loads(report_json(bare_document())), **changes})


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (changed(version=2), "the report has format version 2; this promptsearch reads up to 1"),
        (changed(version="1"), "version: should be 1"),
        (changed(format="promptsearch/prompt"), 'this is no report: its format is "promptsearch/prompt"'),
        ("[]", "the file holds"),
        ("1" * 5000, "too many digits"),
        ("[" * 100_000, "nested too deeply"),
        (changed(seconds=-1.0), "seconds: should be at least 0"),
        (changed(secnds=1.0), "secnds: unknown field; did you mean seconds?"),
        (changed(seconds=float("nan")), "seconds: should be a finite number"),
        (changed(sections=[{"title": "x", "blocks": [{"kind": "picture", "file": "../x.svg", "svg": "",
         "alternative": ""}]}]), "should have the form"),
    ],
)  # fmt: skip
def test_a_damaged_report_is_refused(text, told):
    with pytest.raises(ReportError) as caught:
        parse_report(text)
    assert told in str(caught.value)
