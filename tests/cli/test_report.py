"""`promptsearch report`."""

from __future__ import annotations

from pathlib import Path

import pytest

from promptsearch.report.document import ReportDocument
from promptsearch.report.writing import write
from tests.cli.running import refused, run
from tests.report.documents import small_document


@pytest.fixture
def documents() -> list[ReportDocument]:
    """The reports of two runs, in folders of their own."""
    document = small_document()
    found = [document, document.model_copy(update={"seconds": 12.0})]
    for name, each in zip("ab", found):
        write(Path(name), each)
    return found


def test_one_run_is_written_anew(documents):
    for name in ("report.html", "report.md"):
        Path("a", name).write_text("of an older version")
    outcome = run("report", "a")
    assert (outcome.code, outcome.out, outcome.err) == (0, "a/report.html\na/report.md\n", "")
    for name in ("report.html", "report.md", "report.json"):
        assert Path("a", name).read_text("utf-8") != "of an older version"
    assert "84.1 % accuracy on 872 test examples" in Path("a/report.html").read_text("utf-8")


def test_one_run_elsewhere(documents):
    assert run("report", "a/report.json", "--out", "copy").out == "copy/report.html\ncopy/report.md\n"
    assert "The report of one run is several files" in refused("report", "a", "--out", "a.html")


def test_several_runs_on_one_page(documents):
    outcome = run("report", "a", "b")
    assert (outcome.code, outcome.out, outcome.err) == (0, "compare.html\ncompare.md\n", "")
    assert "All 2 runs have the same examples" in Path("compare.md").read_text("utf-8")
    assert "All 2 runs have the same examples" in Path("compare.html").read_text("utf-8")


@pytest.mark.parametrize("out", ["side.html", "side.md", "side"])
def test_several_runs_where_it_is_said(documents, out):
    assert run("report", "a", "b", "--out", out).out == "side.html\nside.md\n"
    Path("there").mkdir()
    assert run("report", "a", "b", "--out", "there").out == "there/compare.html\nthere/compare.md\n"


def test_runs_that_may_not_be_compared_are_told(documents):
    task = documents[0].task.model_copy(update={"fingerprint": "1a" * 32, "seed": 1})
    write(Path("b"), documents[1].model_copy(update={"task": task}))
    outcome = run("report", "a", "b")
    assert "Note: Not all of these 2 runs may be compared: they have 2 different sets" in outcome.said
    assert run("report", "a", "b", "--quiet").err == ""
    assert "seed 1 in place of 0" in Path("compare.md").read_text("utf-8")


def test_what_cannot_be_reported_is_refused(documents):
    Path("empty").mkdir()
    assert "There is no report. empty/report.json" in refused("report", "empty")
    Path("empty/tuning.json").write_text("{}")
    assert "That of a training is empty/report.md" in refused("report", "empty")
    assert "A run was given twice. a and ./a" in refused("report", "a", "./a").replace("a and a", "a and ./a")
    Path("a/report.json").write_text("{")
    assert "The report is not valid JSON" in refused("report", "a", "b")
    assert not Path("compare.html").exists()


def test_the_browser_opens_the_page(documents, monkeypatch):
    import webbrowser

    addresses = []
    monkeypatch.setattr(webbrowser, "open", lambda address: addresses.append(address) or True)
    run("report", "a", "--open")
    assert addresses == [Path("a/report.html").resolve().as_uri()]
    monkeypatch.setattr(webbrowser, "open", lambda address: False)
    assert "no browser could be opened" in run("report", "a", "--open").said
