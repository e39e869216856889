"""What is shown of a text, and what is marked in it."""

from __future__ import annotations

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from promptsearch.report.html.text import (
    code_pieces,
    example_pieces,
    image_address,
    json_text,
    option_pieces,
    shortened,
    shown,
    template_pieces,
)
from promptsearch.showing import printable


def test_shown_text_has_no_control_or_direction_marks() -> None:
    assert shown("a\x1b[31m\u202eb") == "a\ufffd[31m\ufffdb"
    assert shown(Markup("<b>a</b>")) == "<b>a</b>"
    assert shown(None) == "–"
    assert shown(3) == 3


def test_template_pieces_mark_fields_and_the_slot() -> None:
    assert template_pieces("{text_a}? {mask}, {soft*5}") == [
        ("{text_a}", "field"),
        ("? ", ""),
        ("{mask}", "mask"),
        (", ", ""),
        ("{soft*5}", "field"),
    ]


def test_doubled_braces_are_text() -> None:
    assert template_pieces("{{mask}} {mask}") == [
        ("{{", ""),
        ("mask", ""),
        ("}}", ""),
        (" ", ""),
        ("{mask}", "mask"),
    ]


@given(st.text("{}mask *ab"))
def test_template_pieces_join_to_the_source(source: str) -> None:
    assert "".join(piece for piece, _ in template_pieces(source)) == source


def test_example_marks_the_slot() -> None:
    assert example_pieces("It was ▁▁▁.") == [("It was ", ""), ("▁▁▁", "mask"), (".", "")]


def test_code_pieces_read_backticks_as_markdown_does() -> None:
    assert code_pieces("a `b` c") == [("a ", ""), ("b", "code"), (" c", "")]
    assert code_pieces("``a`b``") == [("a`b", "code")]
    assert code_pieces("`` `a` ``") == [("`a`", "code")]
    assert code_pieces("an ` alone") == [("an ` alone", "")]


def test_long_text_is_cut_and_its_length_told() -> None:
    assert shortened("a" * 1000) == "a" * 1000
    assert shortened("a" * 1001) == "a" * 1000 + "… (1,001 characters)"


@given(st.dictionaries(st.text(), st.text() | st.integers() | st.lists(st.text())))
def test_prompt_file_reads_back_from_what_is_shown(value: dict[str, object]) -> None:
    text = json_text(value)
    assert json.loads(text) == value
    assert printable(text) == text


def test_picture_is_held_whole_by_its_address() -> None:
    address = image_address('<svg a="é"/>')
    kind, held = address.split(",")
    assert kind == "data:image/svg+xml;base64"
    assert base64.b64decode(held).decode() == '<svg a="é"/>'


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("--resume goes on", [("--resume", "option"), (" goes on", "")]),
        ("more --minutes or --max-test.", [("more ", ""), ("--minutes", "option"), (" or ", ""),
                                           ("--max-test", "option"), (".", "")]),
        ("a -- b, x--y, - z", [("a -- b, x--y, - z", "")]),
        ("", []),
    ],
)  # fmt: skip
def test_options_are_marked(text, pieces):
    assert option_pieces(text) == pieces
