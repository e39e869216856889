"""A corpus in which nothing is written."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from promptsearch.corpus import Corpus
from promptsearch.corpus.blank import check_text
from promptsearch.errors import DataError
from tests.corpus.writing import corpus_of


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("x.txt", b"", "the corpus is empty"),
        ("x.txt.gz", b"", "the corpus is empty"),
        ("x.txt", b" ", "it has 1 line and 1 character, nothing but white space"),
        ("x.txt", b" \n\t\r\n\xc2\xa0\n", "it has 3 lines and 7 characters, nothing but white space"),
        ("x.txt.gz", b"\n" * 200_000, "it has 200,000 lines and 200,000 characters"),
        ("x.jsonl", b'{"text": " "}\n', "it has 1 line and 1 character, nothing but white space"),
        ("x.jsonl", b'{"text": null}\n{"text": ""}\n{\n', "it has 3 rows, 2 of them without a text"),
    ],
)
def test_what_was_read_is_said(tmp_path: Path, name, content, said):
    with pytest.raises(DataError) as raised:
        check_text(corpus_of(tmp_path, content, name))
    assert said in raised.value.message
    assert raised.value.where == str(tmp_path / name)
    assert "--corpus" in (raised.value.hint or "")


def test_many_sources_are_not_all_named(tmp_path: Path):
    for number in range(8):
        (tmp_path / f"{number}.txt").write_text("\n")
    with pytest.raises(DataError) as raised:
        check_text(Corpus.of([tmp_path]))
    assert (raised.value.where or "").endswith(f"{tmp_path / '4.txt'} and 3 more")


def test_one_word_anywhere_is_text(tmp_path: Path):
    (tmp_path / "a.txt").write_text("\n" * 100_000)
    (tmp_path / "b.jsonl").write_text("\n" * 10 + json.dumps({"text": "\n\nword"}))
    check_text(Corpus.of([tmp_path]))
    (tmp_path / "b.jsonl").write_text("\n" * 10 + json.dumps({"text": "\n\n"}))
    with pytest.raises(DataError, match="the corpus holds no text"):
        check_text(Corpus.of([tmp_path]))


def test_a_source_is_read_up_to_its_first_word(tmp_path: Path, monkeypatch):
    (tmp_path / "a.txt").write_text("word\n" * 1_000_000)
    corpus, lengths = Corpus.of([tmp_path]), []
    read = Corpus.read
    monkeypatch.setattr(
        Corpus, "read", lambda self, part: lengths.append(part.end - part.start) or read(self, part)
    )
    check_text(corpus)
    assert sum(lengths) < 100_000
