from __future__ import annotations

import gzip
import json
import random
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptsearch.errors import KnowledgeError
from promptsearch.knowledge.conceptnet.assertions import (
    Assertion,
    Tally,
    parse_assertion,
    read_assertions,
    surface,
)
from tests.knowledge.conceptnet_excerpt import ENGLISH, GERMAN, LINES, MALFORMED, dump_line, written

letters = st.text(st.characters(categories=("Ll", "Nd", "Lo"), codec="utf-8"), min_size=1, max_size=8)
words = st.lists(letters, min_size=1, max_size=3).map(" ".join)
senses = st.sampled_from(["", "/n", "/v", "/n/wn/act", "/a/wn"])
weights = st.floats(0, 100)


@given(words, senses, words, senses, st.sampled_from(["IsA", "dbpedia/genre"]), weights)
def test_a_line_of_the_dump_gives_back_what_was_written(start, start_sense, end, end_sense, relation, weight):
    nodes = [
        f"/c/en/{word.replace(' ', '_')}{sense}" for word, sense in ((start, start_sense), (end, end_sense))
    ]
    line = dump_line(relation, nodes[0], nodes[1], weight).encode().rstrip(b"\n")
    assert parse_assertion(line) == Assertion(surface(start), relation, surface(end), weight)
    assert parse_assertion(line, "de") is None


@given(words, words, weights, st.sampled_from(["{}", "/c/en/{}"]), st.sampled_from(["IsA", "/r/IsA"]))
def test_a_line_of_the_small_form_gives_back_what_was_written(start, end, weight, node, relation):
    line = "\t".join([node.format(start), relation, node.format(end), repr(weight)]).encode()
    assert parse_assertion(line) == Assertion(surface(start), "IsA", surface(end), weight)


@given(st.binary(max_size=60) | st.lists(st.binary(max_size=8), min_size=4, max_size=5).map(b"\t".join))
def test_any_bytes_are_an_assertion_or_a_value_error(line):
    with suppress(ValueError):
        assertion = parse_assertion(line)
        assert assertion is None or (
            assertion.start.strip() and assertion.end.strip() and assertion.weight >= 0
        )


@pytest.mark.parametrize("line", MALFORMED)
def test_malformed_lines_are_refused(line):
    with pytest.raises(ValueError):  # noqa: PT011
        parse_assertion(line.rstrip(b"\n"))


def test_deeply_nested_json_is_malformed():
    line = b"/a/x\t/r/IsA\t/c/en/a\t/c/en/b\t" + b"[" * 100_000
    with pytest.raises(ValueError, match="no weight"):
        parse_assertion(line)


@pytest.mark.parametrize(
    ("node", "word"),
    [
        ("/c/en/sport", "sport"),
        ("/c/en/ice_hockey/n/wn/act", "ice hockey"),
        ("/c/zh/運動", "運動"),
        ("/c/en/", ""),
        ("/c/en", ""),
        ("New York", "New York"),
        ("cafe\u0301", "café"),
    ],
)
def test_the_surface_of_a_node(node, word):
    assert surface(node) == word


@pytest.mark.parametrize("name", ["excerpt.csv", "excerpt.csv.gz", "gzipped_without_saying_so"])
def test_reading_keeps_one_language_and_counts_the_rest(tmp_path: Path, name):
    path = written(tmp_path, name=name)
    if name == "gzipped_without_saying_so":
        path.write_bytes(gzip.compress(path.read_bytes()))
    tally = Tally()
    kept = list(read_assertions(path, "en", tally))
    assert [(a.relation, a.start, a.end, a.weight) for a in kept[:-2]] == [
        (relation, surface(f"/c/en/{start}"), surface(f"/c/en/{end}"), weight)
        for relation, start, end, weight in ENGLISH
    ]
    assert kept[-2:] == [
        Assertion("caf\ufffd", "Synonym", "bistro", 1),
        Assertion("bistro", "RelatedTo", "bar", 1),
    ]
    assert (tally.lines, tally.kept, tally.malformed, tally.undecodable) == (58, 40, 10, 2)
    assert tally.first_malformed == [46, 47, 48, 49, 50]
    assert tally.dump


def test_another_language(tmp_path: Path):
    kept = list(read_assertions(written(tmp_path), "de", tally := Tally()))
    assert [(a.relation, a.start, a.end) for a in kept] == [
        ("Synonym", "sport", "leibesübungen"),
        ("IsA", "fußball", "sport"),
        ("RelatedTo", "sport", "verein"),
    ]
    assert tally.kept == len(GERMAN)
    assert tally.languages == {"en"}


def test_a_small_file_from_windows(tmp_path: Path):
    text = "\ufeffhead\trelation\ttail\tweight\r\nchess\tIsA\tsport\t0.5\r\n\r\nsport\tIsA\n"
    path = tmp_path / "own.tsv"
    path.write_text(text, encoding="utf-8", newline="")
    kept = list(read_assertions(path, "en", tally := Tally()))
    assert kept == [Assertion("chess", "IsA", "sport", 0.5)]
    assert (tally.lines, tally.malformed, tally.first_malformed, tally.dump) == (4, 1, [4], False)


def test_a_line_without_end_is_cut_and_malformed(tmp_path: Path):
    path = written(tmp_path, [b"x" * 2_500_000])
    assert list(read_assertions(path, "en", tally := Tally())) == []
    assert tally.malformed == 3


@pytest.mark.parametrize("share", [0.3, 0.9, 0.999])
def test_a_gzip_that_breaks_off_is_refused_with_the_place(tmp_path: Path, share):
    noise = random.Random(0)
    lines = [
        dump_line("IsA", f"/c/en/{noise.random()}", f"/c/en/{noise.random()}", 1).encode()
        for _ in range(2000)
    ]
    whole = written(tmp_path, lines).read_bytes()
    path = tmp_path / "cut.csv.gz"
    path.write_bytes(whole[: int(len(whole) * share)])
    tally = Tally()
    with pytest.raises(KnowledgeError, match=r"breaks off after line (\d+); no index") as caught:
        list(read_assertions(path, "en", tally))
    assert f"after line {tally.lines};" in caught.value.message
    assert 2000 * share - 200 < tally.lines <= 2000
    assert caught.value.where == str(path)


def test_a_gzip_with_a_wrong_byte_is_refused(tmp_path: Path):
    path = written(tmp_path)
    content = bytearray(path.read_bytes())
    content[-6] ^= 0xFF
    path.write_bytes(content)
    with pytest.raises(KnowledgeError, match="is damaged"):
        list(read_assertions(path, "en", Tally()))


def test_progress_ends_at_the_size_of_the_file(tmp_path: Path):
    line = dump_line("IsA", "/c/en/a", "/c/en/b", 1).encode()
    path = written(tmp_path, [line] * 120_000)
    seen: list[tuple[int, int]] = []
    for _ in read_assertions(path, "en", Tally(), lambda done, total: seen.append((done, total))):
        pass
    size = path.stat().st_size
    assert len(seen) == 3
    assert seen == sorted(seen)
    assert seen[-1] == (size, size)


def test_the_excerpt_is_what_the_tests_say():
    assert len(LINES) == 58
    assert json.loads(LINES[0].split(b"\t")[4])["weight"] == 2.0
