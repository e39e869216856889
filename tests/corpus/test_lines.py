"""Lines and pieces: the same whatever the cut and however the file is compressed."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from promptsearch.corpus import Corpus
from tests.corpus.writing import COMPRESS, corpus_of, together, whole

PIECE = 12
letters = ["a", "bc ", " ", "\t", "\n", "\n\n", "\r\n", "\r", "é", "語", "🎬", "\u0085", "\u2028", "word" * 5]
no_letters = [b"\xff", b"\xe8\xaa", b"\x80" * 5]
fragments = st.sampled_from([*map(str.encode, letters), *no_letters])
contents = st.lists(fragments, max_size=40).map(b"".join)
fixture_is_fine = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)


def reference(content: bytes, piece: int) -> tuple[list[tuple[int, str]], int]:
    """(line, sentence) and the number of lines, the slow and obvious way."""
    lines = content.split(b"\n")
    if not lines[-1]:
        lines.pop()
    found = []
    for number, line in enumerate(lines):
        rest = line
        while len(rest) > piece:
            cut = max(rest.rfind(b" ", 1, piece), rest.rfind(b"\t", 1, piece)) + 1
            if not cut:
                starts = [at for at in range(piece, max(0, piece - 4), -1) if rest[at] & 0xC0 != 0x80]
                cut = starts[0] if starts else piece
            found.append((number, rest[:cut]))
            rest = rest[cut:]
        found.append((number, rest))
    texts = [(number, part.decode(errors="replace").strip()) for number, part in found]
    return [(number, text) for number, text in texts if text], len(lines)


@given(contents, st.integers(1, 50))
@fixture_is_fine
def test_any_cut_reads_what_the_obvious_way_reads(tmp_path: Path, content, size):
    found = whole(corpus_of(tmp_path, content, piece=PIECE), size)
    assert (found.sentences, found.lines) == reference(content, PIECE)


@given(contents, st.integers(1, 50), st.sampled_from(sorted(COMPRESS)), st.booleans())
@fixture_is_fine
def test_any_compression_gives_the_same_segments(tmp_path: Path, content, size, suffix, small):
    piece = PIECE if small else None
    plain = corpus_of(tmp_path, content, piece=piece)
    packed = corpus_of(tmp_path, content, "x.txt" + suffix, piece=piece)
    assert [plain.read(part) for part in plain.segments(size)] == [
        packed.read(part) for part in packed.segments(size)
    ]


@given(contents, st.integers(1, 50), st.integers(0, 20), st.sampled_from(["", ".gz"]))
@fixture_is_fine
def test_reading_goes_on_behind_any_segment(tmp_path: Path, content, size, done, suffix):
    corpus = corpus_of(tmp_path, content, "x.txt" + suffix, piece=PIECE)
    parts = list(corpus.segments(size))
    if done < len(parts):
        rest = list(corpus.segments(size, after={0: parts[done].position}))
        bare = [(part.index, part.start, part.end, part.payload, part.open) for part in parts[done + 1 :]]
        assert [(part.index, part.start, part.end, part.payload, part.open) for part in rest] == bare


@given(contents, st.integers(1, 50), st.integers(1, 30))
@fixture_is_fine
def test_shards_together_read_what_the_corpus_reads(tmp_path: Path, content, shard_size, size):
    corpus = corpus_of(tmp_path, content, piece=PIECE)
    shards = corpus.shards(shard_size)
    parts = (corpus.read(part) for shard in shards for part in corpus.segments_of(shard, size))
    assert together(parts) == whole(corpus)


def test_lines_are_numbered_from_nought_and_blank_ones_count(tmp_path: Path):
    found = whole(corpus_of(tmp_path, b"one\n\n  \nfour\nfive"))
    assert found.sentences == [(0, "one"), (3, "four"), (4, "five")]
    assert (found.lines, found.characters, found.undecodable) == (5, 17, 0)


def test_only_line_feeds_end_lines(tmp_path: Path):
    text = "a\u0085b\u2028c\x0bd\x0ce\x1cf\rg\r\nnext\r\n"
    found = whole(corpus_of(tmp_path, text.encode()))
    assert found.sentences == [(0, "a\u0085b\u2028c\x0bd\x0ce\x1cf\rg"), (1, "next")]
    assert found.lines == 2


def test_a_byte_order_mark_is_no_text(tmp_path: Path):
    assert whole(corpus_of(tmp_path, b"\xef\xbb\xbfone\n")).sentences == [(0, "one")]
    assert whole(corpus_of(tmp_path, b"\xef\xbb\xbfone\n", "x.txt.gz")).sentences == [(0, "one")]


def test_bytes_that_are_no_utf8_are_replaced_and_counted(tmp_path: Path):
    # A byte that never occurs, three of the four bytes of a character, and U+FFFD written out, which is text.
    found = whole(corpus_of(tmp_path, b"a\xffb \xf0\x9f\x8e c\n\xef\xbf\xbd\n"))
    assert found.sentences == [(0, "a\ufffdb \ufffd c"), (1, "\ufffd")]
    assert found.undecodable == 4


def test_an_empty_file_has_no_segment(tmp_path: Path):
    for suffix in COMPRESS:
        assert list(corpus_of(tmp_path, b"", f"x.txt{suffix}").segments()) == []


def test_a_long_line_is_cut_at_blanks_and_keeps_its_number(tmp_path: Path):
    found = whole(corpus_of(tmp_path, b"first\n" + b"word " * 40_000 + b"end\nlast\n"))
    pieces = [text for line, text in found.sentences if line == 1]
    assert found.lines == 3
    # 65,535 bytes are 13,107 words and their blanks; four pieces hold 40,001 words.
    assert [len(piece.split()) for piece in pieces] == [13_107, 13_107, 13_107, 680]
    assert found.sentences[-1] == (2, "last")


@pytest.mark.slow
@pytest.mark.parametrize("suffix", ["", ".gz", ".xz", ".zst"])
def test_a_line_of_30_mb_is_never_held_whole(tmp_path: Path, suffix):
    path = tmp_path / f"x.txt{suffix}"
    path.write_bytes(COMPRESS[suffix](b"word " * 6_000_000 + b"end\nlast\n"))
    corpus = Corpus.of([path], sentences="rules")
    tracemalloc.start()
    lines = words = 0
    for part in corpus.segments(1 << 20):
        found = corpus.read(part)
        lines += found.lines
        words += sum(len(text.split()) for _, text in found.sentences)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (lines, words) == (2, 6_000_002)
    # Half of the text; xz alone takes 9 MB.
    assert peak < 15 << 20
