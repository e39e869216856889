"""What a user may name, and what is said of places that hold no text."""

from __future__ import annotations

import gzip
import os
import pickle
from pathlib import Path

import pytest

from promptsearch.corpus import Corpus
from promptsearch.errors import DataError
from tests.corpus.writing import COMPRESS, corpus_of, whole

TEXT = b"one\ntwo\n"


def write(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(gzip.compress(TEXT) if name.endswith(".gz") else TEXT)


def names(corpus: Corpus, folder: Path) -> list[str]:
    return [str(Path(source.name).relative_to(folder)) for source in corpus.sources]


def test_a_folder_gives_its_readable_files_sorted(tmp_path: Path):
    write(tmp_path, "b.txt", "a/z.txt.gz", "a/y.txt", ".hidden.txt", ".git/x.txt", "picture.png", "t.csv")
    assert names(Corpus.of([tmp_path]), tmp_path) == ["a/y.txt", "a/z.txt.gz", "b.txt"]


def test_a_glob_gives_its_files_sorted(tmp_path: Path):
    write(tmp_path, "d/2.txt.gz", "d/1.txt.gz", "d/3.txt", "e/4.txt.gz")
    assert names(Corpus.of([f"{tmp_path}/*/*.gz"]), tmp_path) == ["d/1.txt.gz", "d/2.txt.gz", "e/4.txt.gz"]
    assert names(Corpus.of([f"{tmp_path}/**/*.txt"]), tmp_path) == ["d/3.txt"]


def test_a_name_with_a_bracket_is_first_of_all_a_name(tmp_path: Path):
    write(tmp_path, "x[1].txt")
    assert names(Corpus.of([tmp_path / "x[1].txt"]), tmp_path) == ["x[1].txt"]


@pytest.mark.parametrize("place", ["dump/wiki.text", "dump/wiki*.text"])
def test_a_place_without_files_is_refused_with_the_nearest(tmp_path: Path, place):
    write(tmp_path, "dump/wiki.txt", "dump/news.gz")
    with pytest.raises(DataError) as caught:
        Corpus.of([f"{tmp_path}/{place}"])
    assert caught.value.hint is not None
    assert "wiki.txt" in caught.value.hint


def test_folders_without_text_say_what_they_hold(tmp_path: Path):
    with pytest.raises(DataError, match="It is empty"):
        Corpus.of([tmp_path])
    write(tmp_path, "picture.png")
    with pytest.raises(DataError, match=r"It holds picture\.png"):
        Corpus.of([tmp_path])
    with pytest.raises(DataError, match="no corpus was named"):
        Corpus.of([])


def test_first_bytes_count_for_more_than_names(tmp_path: Path):
    for suffix, compress in COMPRESS.items():
        for name in ("x.txt", "y.txt.gz", "z.zst"):
            path = tmp_path / name
            path.write_bytes(compress(TEXT))
            assert whole(Corpus.of([path])).sentences == [(0, "one"), (1, "two")], (suffix, name)


def test_json_lines_are_known_by_their_first_line_where_the_name_does_not_tell(tmp_path: Path):
    dump = b'{"body": "a", "text": "b"}\n'
    assert whole(corpus_of(tmp_path, dump, "RC_2019-04.zst")).sentences == [(0, "b")]
    assert whole(corpus_of(tmp_path, b"{not} json\n", "x.zst")).sentences == [(0, "{not} json")]
    assert whole(corpus_of(tmp_path, dump, "x.txt")).sentences == [(0, dump.decode().strip())]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("x.txt", "one\n".encode("utf-16"), "the file is UTF-16"),
        ("x.txt.gz", gzip.compress("one\n".encode("utf-16"), mtime=0), "the file is UTF-16"),
        ("x.txt", b"\x89PNG" + bytes(100), "the file is no text"),
        ("x.txt.gz", b"\x00\x01" * 50, "neither compressed in a known way nor text"),
        ("x.parquet", b"text\n", "named .parquet but is none"),
        ("x.csv", b"a,b\n", ".csv files are not read"),
        ("x.tar.gz", gzip.compress(b"x", mtime=0), ".tar files are not read"),
        ("x.jsonl", b'[{"text": "a"},\n{"text": "b"},\n{"text": "c"}]', "no line is a JSON object"),
    ],
)
def test_what_is_no_text_is_refused(tmp_path: Path, name, content, message):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=message):
        Corpus.of([tmp_path / name])


def test_a_file_that_shrinks_while_it_is_read_is_told(tmp_path: Path):
    corpus = corpus_of(tmp_path, TEXT)
    (part,) = corpus.segments()
    (tmp_path / "x.txt").write_bytes(b"one\n")
    with pytest.raises(DataError, match="has become shorter"):
        corpus.read(part)
    (tmp_path / "x.txt").unlink()
    with pytest.raises(DataError, match="no such file"):
        corpus.read(part)


def test_the_fingerprint_tells_corpora_apart(tmp_path: Path):
    corpus = corpus_of(tmp_path, TEXT, sentences="rules")
    assert Corpus.of([tmp_path / "x.txt"], sentences="rules").fingerprint == corpus.fingerprint
    assert Corpus.of([tmp_path / "x.txt"], sentences="none").fingerprint != corpus.fingerprint
    assert Corpus.of_texts(["a"]).fingerprint != Corpus.of_texts(["b"]).fingerprint
    os.utime(tmp_path / "x.txt", ns=(0, 0))
    assert Corpus.of([tmp_path / "x.txt"], sentences="rules").fingerprint != corpus.fingerprint


def test_corpora_segments_and_shards_go_to_other_processes(tmp_path: Path):
    corpus = corpus_of(tmp_path, TEXT, "x.txt.gz")
    again = pickle.loads(pickle.dumps(corpus))
    (part,) = pickle.loads(pickle.dumps(list(corpus.segments())))
    assert again.fingerprint == corpus.fingerprint
    assert again.read(part).sentences == [(0, "one"), (1, "two")]
    assert pickle.loads(pickle.dumps(corpus.shards())) == corpus.shards()


@pytest.mark.parametrize("place", ["hf://", "hf://org", "hf://org/name:", "hf://org/name/a/b"])
def test_an_address_that_names_no_data_set_is_refused(place):
    with pytest.raises(DataError, match="no address of a data set"):
        Corpus.of([place])


def test_the_hub_is_not_asked_where_the_network_is_forbidden(monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(DataError, match="HF_HUB_OFFLINE is set"):
        Corpus.of(["hf://org/name:config/train"])
