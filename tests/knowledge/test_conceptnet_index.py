from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from promptsearch.errors import KnowledgeError, StorageError
from promptsearch.knowledge.conceptnet.index import DamagedIndexError, Index, Link, build_index
from promptsearch.knowledge.conceptnet.locate import index_path, open_index
from promptsearch.paths import cache_dir
from tests.knowledge.conceptnet_excerpt import dump_line, written


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROMPTSEARCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("PROMPTSEARCH_CONCEPTNET", raising=False)


def large(folder: Path, lines: int) -> Path:
    return written(
        folder,
        [dump_line("IsA", f"/c/en/a{n * 7919 % lines}", f"/c/en/b{n}", 1).encode() for n in range(lines)],
        "large.csv",
    )


def test_links_of_a_word_in_both_directions(tmp_path: Path):
    index = open_index(written(tmp_path), "en")
    assert index.links("Football") == (
        Link("Synonym", False, "soccer", 2.0),
        Link("IsA", False, "sport", 9.0),
        Link("IsA", True, "goalkeeper", 1.0),
    )
    assert index.links("have fun") == (Link("UsedFor", True, "sport", 4.0),)
    assert index.links("verein") == index.links("") == ()
    assert "dbpedia/genre" in index.relations


def test_what_the_index_knows_of_its_source(tmp_path: Path):
    path = written(tmp_path)
    about = open_index(path, "en").about
    assert about == {
        "format": "1",
        "source": str(path),
        "language": "en",
        "form": "dump",
        "lines": "58",
        "assertions": "40",
        "malformed": "10",
        "first_malformed": "46, 47, 48, 49, 50",
        "undecodable": "2",
    }


def test_a_word_keeps_its_case_and_is_found_without(tmp_path: Path):
    path = written(tmp_path, [b"Madrid\tPartOf\tSpain\t1\n"], "own.tsv")
    assert open_index(path, "en").links("spain") == (Link("PartOf", True, "Madrid", 1.0),)


def test_the_source_is_read_once_and_again_when_it_changes(tmp_path: Path):
    path = written(tmp_path)
    readings: list[int] = []
    for _ in range(2):
        open_index(path, "en", lambda done, total: readings.append(done)).close()
    assert len(readings) == 1
    os.utime(path, (1, 1))
    open_index(path, "en", lambda done, total: readings.append(done))
    assert len(readings) == 2


def test_each_language_has_its_index(tmp_path: Path):
    path = written(tmp_path)
    open_index(path, "en")
    assert [link.word for link in open_index(path, "de").links("sport")] == [
        "leibesübungen",
        "fußball",
        "verein",
    ]


@pytest.mark.parametrize("share", [0, 0.1, 0.5, 0.9, 0.999])
def test_a_cut_index_is_made_again(tmp_path: Path, share):
    path = large(tmp_path, 2000)
    open_index(path, "en").close()
    target = index_path(path, "en")
    whole = target.read_bytes()
    target.write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(DamagedIndexError):
        Index(target)
    assert open_index(path, "en").links("b7") == (Link("IsA", True, "a1433", 1.0),)
    assert target.read_bytes() == whole


def test_an_index_of_another_format_is_made_again(tmp_path: Path):
    path = written(tmp_path)
    open_index(path, "en").close()
    with sqlite3.connect(index_path(path, "en")) as connection:
        connection.execute("UPDATE about SET value = '0' WHERE key = 'format'")
    assert open_index(path, "en").about["format"] == "1"


def test_an_interrupted_reading_leaves_nothing(tmp_path: Path):
    def interrupt(done: int, total: int) -> None:
        raise KeyboardInterrupt

    path = written(tmp_path)
    with pytest.raises(KeyboardInterrupt):
        open_index(path, "en", interrupt)
    assert list(cache_dir().rglob("*.*")) == []


def test_an_interrupted_sort_leaves_nothing(tmp_path: Path):
    path = large(tmp_path, 100_000)

    def interrupt_soon(done: int, total: int) -> None:
        if done == total:
            signal.setitimer(signal.ITIMER_REAL, 0.02)

    before = signal.signal(signal.SIGALRM, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            open_index(path, "en", interrupt_soon)
    finally:
        signal.signal(signal.SIGALRM, before)
    assert list(cache_dir().rglob("*.*")) == []


def test_a_killed_build_leaves_no_index(tmp_path: Path):
    path = large(tmp_path, 60_000)
    script = (
        "import os, sys; from pathlib import Path\n"
        "from promptsearch.knowledge.conceptnet.locate import open_index\n"
        "open_index(Path(sys.argv[1]), 'en', lambda done, total: os.kill(os.getpid(), 9))\n"
    )
    assert subprocess.run([sys.executable, "-c", script, str(path)], check=False).returncode == -9
    assert not index_path(path, "en").exists()
    with pytest.raises(KnowledgeError, match="no ConceptNet assertions"):
        open_index(None, "en")
    (leftover,) = cache_dir().rglob(".*.tmp")
    os.utime(leftover, (1, 1))
    assert len(open_index(path, "en").links("b59999")) == 1
    assert not leftover.exists()


def test_a_gzip_that_breaks_off_leaves_no_index(tmp_path: Path):
    path = written(tmp_path)
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(KnowledgeError, match="breaks off"):
        open_index(path, "en")
    assert list(cache_dir().rglob("*.*")) == []


@pytest.mark.parametrize(
    ("content", "message", "hint"),
    [
        (b"", "the file is empty", "head, relation, tail and weight"),
        (b"sport,IsA,activity\n" * 3, "none of the 3 lines is an assertion", "between tabs"),
        ("sport\tIsA\tactivity\t1\n".encode("utf-16"), "lines is an assertion", "UTF-8"),
        (dump_line("IsA", "/c/de/a", "/c/fr/b", 1).encode(), "the language 'en'", "de, fr"),
    ],
)
def test_files_without_an_assertion(tmp_path: Path, content, message, hint):
    with pytest.raises(KnowledgeError, match=message) as caught:
        open_index(written(tmp_path, [content], "own.tsv"), "en")
    assert hint in (caught.value.hint or "")
    assert list(cache_dir().rglob("*.*")) == []


def test_a_cache_that_cannot_be_written(tmp_path: Path):
    (tmp_path / "file").touch()
    with pytest.raises(StorageError):
        build_index(written(tmp_path), tmp_path / "file" / "x.sqlite", "en")


def test_a_full_disk_is_told(tmp_path: Path):
    import resource

    path = large(tmp_path, 20_000)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
        with pytest.raises(StorageError, match="cannot write"):
            open_index(path, "en")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, before)
    assert list(cache_dir().rglob("*.*")) == []
