"""The lines of Python that use a prompt."""

from __future__ import annotations

import ast

import pytest

from promptsearch.report.usage import python_lines
from promptsearch.tasks.task import Example
from promptsearch.template import Template


def text_in(lines: str) -> object:
    (call,) = [line for line in lines.splitlines() if line.startswith("print(")]
    return ast.literal_eval(call.removeprefix("print(prompt.predict(").removesuffix("))"))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a short one", "a short one"),
        ("word " * 17, "word " * 15 + "word"),
        ("four " * 15 + "12345678", "four " * 14 + "four"),
        ("four " * 15 + "12345 678", "four " * 15 + "12345"),
        ("x" * 100, "x" * 80),
        ('it\'s "quoted"', 'it\'s "quoted"'),
    ],
)
def test_a_long_text_ends_with_a_whole_word(text, shown):
    assert text_in(python_lines(Template.parse("{text} {mask}"), Example({"text": text}))) == shown


def test_each_field_of_several():
    example = Example({"text_a": "one two " * 20, "text_b": "three"})
    found = text_in(python_lines(Template.parse("{text_a} {mask} {text_b}"), example))
    assert found == {"text_a": ("one two " * 20)[:59].rstrip(), "text_b": "three"}
