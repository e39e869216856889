import errno
import os
import time
from pathlib import Path

import pytest

from promptsearch.errors import StorageError
from promptsearch.paths import atomic_file, atomic_folder, atomic_write, cache_dir


def test_cache_dir_prefers_its_own_variable_then_xdg_then_home(monkeypatch):
    monkeypatch.setenv("HOME", "/home/someone")
    monkeypatch.setenv("XDG_CACHE_HOME", "/var/xdg")
    monkeypatch.setenv("PROMPTSEARCH_CACHE", "~/own")
    assert cache_dir() == Path("/home/someone/own")
    monkeypatch.delenv("PROMPTSEARCH_CACHE")
    assert cache_dir() == Path("/var/xdg/promptsearch")
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert cache_dir() == Path("/home/someone/.cache/promptsearch")


def test_write_makes_folders_and_replaces(tmp_path):
    path = tmp_path / "a" / "b.json"
    atomic_write(path, "grün")
    atomic_write(path, b"new")
    assert path.read_bytes() == b"new"
    assert os.listdir(path.parent) == ["b.json"]


def test_failed_write_keeps_the_old_file_and_leaves_nothing(tmp_path):
    path = tmp_path / "x"
    path.write_text("old")
    with pytest.raises(UnicodeEncodeError), atomic_file(path) as temporary:
        temporary.write_text("half \udc80", encoding="utf-8")
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["x"]


def test_full_disk_is_named_with_the_path(tmp_path):
    with pytest.raises(StorageError, match="disk full") as caught, atomic_folder(tmp_path / "model"):
        raise OSError(errno.ENOSPC, "No space left on device")
    assert caught.value.where == str(tmp_path / "model")
    assert os.listdir(tmp_path) == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full on this system")
def test_device_that_is_really_full(tmp_path):
    with pytest.raises(StorageError, match="disk full"), atomic_folder(tmp_path / "model"):
        Path("/dev/full").write_text("x")


def test_a_file_in_the_way_of_a_folder(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError):
        atomic_write(tmp_path / "file" / "x", "y")


def test_other_errors_pass(tmp_path):
    with pytest.raises(OSError, match="refused") as caught, atomic_file(tmp_path / "x"):
        raise ConnectionRefusedError(errno.ECONNREFUSED, "refused")
    assert not isinstance(caught.value, StorageError)


def test_folder_appears_whole_and_only_on_success(tmp_path):
    target = tmp_path / "model"
    with atomic_folder(target) as unfinished:
        (unfinished / "a").write_text("1")
        assert not target.exists()
    assert (target / "a").read_text() == "1"
    with pytest.raises(ValueError, match="no"), atomic_folder(tmp_path / "other"):
        raise ValueError("no")
    assert os.listdir(tmp_path) == ["model"]


def test_the_first_of_two_folders_stays(tmp_path):
    target = tmp_path / "model"
    with atomic_folder(target) as slow:
        (slow / "who").write_text("slow")
        with atomic_folder(target) as fast:
            (fast / "who").write_text("fast")
    assert (target / "who").read_text() == "fast"
    assert os.listdir(tmp_path) == ["model"]


def test_leftovers_of_killed_processes_go_after_a_day(tmp_path):
    old, young = tmp_path / ".model.1-aa.tmp", tmp_path / ".model.2-bb.tmp"
    old.mkdir()
    young.mkdir()
    yesterday = time.time() - 2 * 24 * 3600
    os.utime(old, (yesterday, yesterday))
    with atomic_folder(tmp_path / "model"):
        pass
    assert sorted(os.listdir(tmp_path)) == [".model.2-bb.tmp", "model"]
