"""What a page holds, and in which order."""

from __future__ import annotations

import base64
import hashlib
import re
from html import unescape
from html.parser import HTMLParser

import pytest

from promptsearch.report.document import ReportDocument, Variation
from promptsearch.report.html import page
from tests.report.documents import bare_document, large_document, small_document, unlabelled_document

MEGABYTE = 1_000_000
_VOID = {"meta", "img", "br", "hr", "link", "input"}


class Reader(HTMLParser):
    """The text of a page, its headings, its addresses, and whether its elements close in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.headings: list[str] = []
        self.addresses: list[str] = []
        self.words: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.addresses += [value or "" for name, value in attrs if name in ("src", "href", "srcset")]
        if tag == "h2":
            self.headings.append("")
        if tag not in _VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.addresses += [value or "" for name, value in attrs if name.endswith("href") or name == "src"]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "h2" in self.open:
            self.headings[-1] += data
        if not {"script", "style"} & set(self.open):
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


def read(document: ReportDocument) -> Reader:
    """The page of a document."""
    return Reader(page(document))


def test_parts_stand_in_their_order() -> None:
    assert read(small_document()).headings == [
        "The prompt",
        "Comparison",
        "All candidates",
        "History",
        "Quality against cost",
        "What made the difference",
        "Confusion",
        "Hardest examples",
        "Label words",
        "Mined templates",
        "Trigger search",
        "Sensitivity to wording",
        "Transfer between PLMs",
        "Seeds",
        "How to reproduce",
    ]


def test_empty_parts_are_left_out() -> None:
    reader = read(bare_document())
    assert reader.headings == ["The prompt", "Comparison", "How to reproduce"]
    assert reader.open == []


@pytest.mark.parametrize("document", [small_document(), large_document(60), unlabelled_document()])
def test_every_element_closes(document: ReportDocument) -> None:
    assert read(document).open == []


def test_answer_notices_and_verdicts_come_first() -> None:
    document = small_document()
    text = read(document).text
    places = [text.index(part) for part in (document.answer, document.notices[0], document.verdicts[0])]
    assert places == sorted(places)
    assert places[-1] < text.index("With an example filled in")


def test_finalists_are_compared_with_figures_intervals_and_cost() -> None:
    text = read(small_document()).text
    row = text[text.index("best of its PLM") : text.index("majority class 50.0")]
    for told in ("84.0", "80.0 to 88.0", "n = 64", "82.3", "n = 872", "+1.8", "−0.7 to +4.3", "p = 0.16"):
        assert told in row
    assert "26 tokens 1 pass , 5.2 ms 2 numbers stored" in row.replace("pass,", "pass ,")


def test_prompt_file_code_and_command_are_there_as_they_are() -> None:
    document = small_document()
    text = page(document)
    for part in (document.use, document.command):
        assert part in unescape(text)
    assert "&#34;reference&#34;: &#34;minilm-mlm&#34;" in text


def test_search_without_labels_says_so() -> None:
    assert "Nothing was measured with labels" in read(unlabelled_document()).text
    assert "Nothing was measured with labels" not in read(small_document()).text


def test_interrupted_search_says_so() -> None:
    stopped = small_document().model_copy(update={"interrupted": True})
    assert "Interrupted." in read(stopped).text
    assert "Interrupted." not in read(small_document()).text


def test_page_lists_the_best_50_and_names_where_all_are() -> None:
    text = read(large_document(1000)).text
    assert "The best 50 of 1,000" in text
    assert "All 1,000 are in report.json" in text
    assert "All 12 are in" not in read(small_document()).text


def test_thousand_candidates_weigh_little() -> None:
    assert len(page(large_document(1000)).encode()) < 0.6 * MEGABYTE


def test_nothing_is_fetched() -> None:
    reader = read(small_document())
    assert [a for a in reader.addresses if not a.startswith(("#", "data:image/svg+xml;base64,"))] == []


def test_policy_names_the_style_and_the_script_by_hash() -> None:
    text = page(small_document())
    policy = unescape(re.findall(r'Content-Security-Policy" content="([^"]*)"', text)[0])
    assert policy.startswith("default-src 'none';")
    for name in ("style", "script"):
        content = re.findall(rf"<{name}>(.*?)</{name}>", text, re.DOTALL)
        assert len(content) == 1
        digest = base64.b64encode(hashlib.sha256(content[0].encode()).digest()).decode()
        assert f"{name}-src 'sha256-{digest}';" in policy


def test_same_document_makes_the_same_page() -> None:
    assert page(small_document()) == page(small_document())


def test_a_title_names_the_sample_that_stands_in():
    task = bare_document().task.model_copy(update={"name": "reviews", "stand_in_for": "sst2"})
    told = page(bare_document().model_copy(update={"task": task}))
    assert "<title>Best prompt for sst2 (sample reviews)" in told
    assert "<h1>Best prompt for sst2 (sample reviews)</h1>" in told


def test_blanks_that_would_not_be_seen_are_shown():
    doubled = Variation(change="a space doubled", template="{text}  {mask}.", figure=None, flips=None)
    text = read(bare_document().model_copy(update={"sensitivity": (doubled,)})).text
    assert "␣ is a blank that would not be seen." in text
    assert "␣␣" in text
