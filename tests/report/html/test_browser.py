"""The page in a real browser."""

from __future__ import annotations

from pathlib import Path

import pytest

from promptsearch.report.html import page
from tests.report.documents import large_document, small_document
from tests.report.html.browser import measuring, needs_browser, open_narrow, open_page
from tests.report.html.hostile import hostile_document

pytestmark = needs_browser

# Elements that reach beyond the page's right edge without a box of their own to scroll in.
OVERFLOW = """({
  width: innerWidth,
  page: document.documentElement.scrollWidth,
  beyond: [...document.querySelectorAll("body *")]
    .filter((e) => !e.closest(".scroll, pre, svg") && e.getBoundingClientRect().right > innerWidth + 1)
    .map((e) => e.tagName + "." + e.className)
})"""
MADE = """({
  scripts: document.scripts.length,
  images: [...document.images].map((e) => e.getAttribute("src").slice(0, 26)),
  handlers: [...document.querySelectorAll("*")]
    .filter((e) => [...e.attributes].some((a) => a.name.startsWith("on"))).length,
  drawings: document.querySelectorAll("body svg").length,
  title: document.title,
  text: document.body.innerText
})"""
LOADED = """(document.body.offsetHeight, {milliseconds: performance.now()})"""


def written(folder: Path, text: str) -> Path:
    """A page on disk."""
    path = folder / "report.html"
    path.write_text(text, "utf-8")
    return path


def test_opens_from_disk_without_requests_or_complaints(tmp_path: Path) -> None:
    opened = open_page(written(tmp_path, page(small_document())))
    assert opened.requests == ()
    assert opened.console == ()
    assert "84.1 % accuracy" in opened.dom


def test_browser_tells_requests_and_complaints(tmp_path: Path) -> None:
    bad = '<!doctype html><img src="http://127.0.0.1:9/x.png"><script>console.error("bad")</script>'
    opened = open_page(written(tmp_path, bad))
    assert opened.requests == ("http://127.0.0.1:9/x.png",)
    assert [message for message in opened.console if '"bad"' in message]


def test_script_shows_the_copy_buttons(tmp_path: Path) -> None:
    text = measuring(
        page(small_document()),
        '[...document.querySelectorAll("button.copy")].map((b) => [b.textContent, b.offsetWidth > 0])',
    )
    assert open_page(written(tmp_path, text)).measured == [
        ["Copy code", True],
        ["Copy prompt file", True],
        ["Copy command", True],
    ]


@pytest.mark.parametrize("width", [380, 1280])
def test_page_does_not_scroll_sideways(tmp_path: Path, width: int) -> None:
    text = page(large_document()).replace("<details", "<details open")
    measured = open_narrow(written(tmp_path, measuring(text, OVERFLOW)), width).measured
    assert measured == {"width": width, "page": width, "beyond": []}


def test_long_words_do_not_widen_the_page(tmp_path: Path) -> None:
    document = small_document()
    long = document.model_copy(
        update={"answer": "x" * 300, "command": "y" * 300, "environment": {"z" * 200: "w" * 300}}
    )
    measured = open_narrow(written(tmp_path, measuring(page(long), OVERFLOW)), 380).measured
    assert measured == {"width": 380, "page": 380, "beyond": []}


def test_nothing_in_the_data_becomes_an_element(tmp_path: Path) -> None:
    clean = open_page(written(tmp_path, measuring(page(small_document()), MADE))).measured
    opened = open_page(written(tmp_path, measuring(page(hostile_document()), MADE)))
    made = opened.measured
    assert made["scripts"] == clean["scripts"] == 2
    assert made["images"] == clean["images"] == ["data:image/svg+xml;base64,"]
    assert made["drawings"] == clean["drawings"] == 8
    assert made["handlers"] == 0
    assert "<script>alert(1)</script>" in made["title"]
    assert not set("\u202e\u2066\x1b") & set(made["text"] + made["title"])
    assert opened.console == ()


def test_text_is_light_on_dark_where_the_user_likes_dark(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        measuring(
            page(small_document()),
            "({ink: getComputedStyle(document.body).color, "
            "ground: getComputedStyle(document.body).backgroundColor})",
        ),
    )
    light, dark = open_page(path).measured, open_page(path, dark=True).measured
    assert brightness(light["ink"]) < 80 < 200 < brightness(light["ground"])
    assert brightness(dark["ground"]) < 80 < 200 < brightness(dark["ink"])


def test_thousand_candidates_load_soon(tmp_path: Path) -> None:
    opened = open_page(written(tmp_path, measuring(page(large_document(1000)), LOADED)))
    assert opened.measured["milliseconds"] < 6000


def brightness(colour: str) -> float:
    """Mean of red, green and blue of `rgb(r, g, b)`."""
    return sum(map(float, colour[4:-1].split(","))) / 3
