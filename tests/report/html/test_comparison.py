"""The page of several runs."""

from __future__ import annotations

from pathlib import Path

from promptsearch.report.comparing import ComparedRun, grouped
from promptsearch.report.comparing_files import write_comparison
from promptsearch.report.document import ReportDocument
from tests.report.documents import small_document
from tests.report.html.browser import needs_browser, open_page
from tests.report.html.hostile import HOSTILE, hostile_document
from tests.report.html.test_page import Reader
from tests.report.reading import READER


def page_of(folder: Path, *documents: ReportDocument, name: str = "run") -> str:
    groups = grouped([ComparedRun(f"{name}{i}", document) for i, document in enumerate(documents)])
    return write_comparison(folder / "compare", groups)[0].read_text("utf-8")


def test_groups_stand_apart(tmp_path: Path):
    document = small_document()
    other = document.model_copy(update={"task": document.task.model_copy(update={"metric": "mcc"})})
    found = Reader(page_of(tmp_path, document, document, other))
    assert found.open == []
    assert found.headings == ["A: sst2, accuracy", "B: sst2, mcc"]
    assert found.addresses == ["#group-A", "#group-B"]
    assert "Not to be compared with A: they are judged by mcc, not by accuracy." in found.text
    assert "run0 {text} All in all, it was {mask} . negative : terrible, terriblely" in found.text
    assert "84.1 80.1 to 88.1 n = 872 24 tokens 1 pass, 3.2 ms 2 numbers stored 1 min 34 s" in found.text


def test_one_group_needs_no_contents(tmp_path: Path):
    found = Reader(page_of(tmp_path, small_document(), small_document()))
    assert found.addresses == []


def test_whatever_comes_from_runs_is_escaped(tmp_path: Path):
    text = page_of(tmp_path, hostile_document(), small_document(), name=HOSTILE)
    found = Reader(text)
    assert found.open == []
    for harm in ("<script>alert", "<img src=x", "<svg onload", "\u202e", "\x1b"):
        assert harm not in text
    assert "49" not in found.headings[0]
    markdown = (tmp_path / "compare.md").read_text("utf-8")
    assert "\x1b" not in markdown
    rendered = READER.render(markdown)
    assert "<script" not in rendered
    assert "<img src=x" not in rendered


@needs_browser
def test_a_browser_fetches_nothing_and_complains_of_nothing(tmp_path: Path):
    page_of(tmp_path, small_document(), hostile_document(), name="run")
    opened = open_page(tmp_path / "compare.html")
    assert (opened.console, opened.requests) == ((), ())
