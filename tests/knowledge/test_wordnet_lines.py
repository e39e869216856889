"""Whatever stands in a line, it is read or refused; what is written is read again."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptsearch.knowledge.wordnet.lines import (
    PARTS_OF_SPEECH,
    IndexEntry,
    MalformedLine,
    Pointer,
    Synset,
    parse_data,
    parse_index,
)

LEMMAS = st.from_regex(r"[a-z0-9'.][a-z0-9'._/-]{0,12}", fullmatch=True)
OFFSETS = st.integers(0, 99_999_999)
PARTS = st.sampled_from(PARTS_OF_SPEECH)
SYMBOLS = st.sampled_from(["@", "~", "+", "&", "-c", ";c", "!", "%p", "\\"])


@given(LEMMAS, PARTS, st.lists(SYMBOLS, max_size=5), st.lists(OFFSETS, min_size=1, max_size=9), st.data())
def test_an_index_line_is_read_as_it_was_written(lemma, pos, symbols, offsets, data):
    tagged = data.draw(st.integers(0, len(offsets)))
    n = len(offsets)
    fields = [lemma, pos, n, len(symbols), *symbols, n, tagged, *(f"{offset:08d}" for offset in offsets)]
    assert parse_index(" ".join(map(str, fields)) + "  ") == IndexEntry(lemma, pos, tuple(offsets), tagged)


@given(
    OFFSETS,
    PARTS,
    st.lists(LEMMAS, min_size=1, max_size=20),
    st.lists(st.builds(Pointer, SYMBOLS, OFFSETS, PARTS, st.integers(0, 255), st.integers(0, 255))),
    st.from_regex(r"[a-z][a-z |;]{0,20}[a-z]", fullmatch=True),
)
def test_a_data_line_is_read_as_it_was_written(offset, pos, words, pointers, gloss):
    links = [f"{p.symbol} {p.offset:08d} {p.pos} {p.source:02x}{p.target:02x}" for p in pointers]
    head = [f"{offset:08d} 04 {pos} {len(words):02x}", *(f"{word} a" for word in words)]
    line = " ".join([*head, f"{len(links):03d}", *links, "|", gloss])
    readable = tuple(word.replace("_", " ") for word in words)
    assert parse_data(line) == Synset(offset, pos, readable, tuple(pointers), gloss)


@pytest.mark.parametrize("parse", [parse_index, parse_data])
@given(line=st.text(st.sampled_from("0123456789abn@~| x_²"), max_size=60))
def test_any_other_line_is_refused(parse, line):
    with suppress(MalformedLine):
        assert parse(line)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("goose n 1 0 1", "six fields"),
        ("goose n 2 0 2 0 00001740", "2 senses are announced, 1 are given"),
        ("goose n 0 0 0 0", "0 senses"),
        ("goose x 1 0 1 0 00001740", "'x' is no part of speech"),
        ("goose n one 0 1 0 00001740", "'one' is no number"),
        ("goose n 1 0 1 0 -0001740", "'-0001740' is no number"),
    ],
)
def test_what_is_said_of_an_index_line(line, said):
    with pytest.raises(MalformedLine, match=said):
        parse_index(line)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("00001740 03 n 01 goose 0 000", "no synset, or is cut off"),
        ("00001740 03 n zz goose 0 000 | bird", "'zz' is no number"),
        ("00001740 03 n 02 goose 0 000 | bird", "2 words are announced"),
        ("00001740 03 n 01 goose 0 002 @ 00001740 n 0000 | bird", "2 relations are announced"),
        ("00001740 03 n 01 goose 0 001 @ 00001740 n 000 | bird", "'000' does not name two words"),
    ],
)
def test_what_is_said_of_a_data_line(line, said):
    with pytest.raises(MalformedLine, match=said):
        parse_data(line)
