"""Opening studies: places, what a kill leaves, and what is said where a place cannot be used."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from optuna.samplers import RandomSampler
from optuna.trial import TrialState

from promptsearch.errors import OptionError, PromptSearchError, StorageError
from promptsearch.locks import lock_file
from promptsearch.study import storage
from promptsearch.study.journal import JournalLock, RunJournal
from promptsearch.study.stale import ask, tell
from promptsearch.study.storage import (
    journal_file,
    open_storage,
    open_study,
    shown,
    storage_trouble,
    without_password,
)
from tests.study.postgres import postgres_server


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """The journal of five finished trials."""
    run(tmp_path, 5)
    return tmp_path / "study.log"


def run(place: str | Path, trials: int) -> None:
    study = open_study(place, sampler=RandomSampler(seed=0))
    for _ in range(trials):
        trial = ask(study)
        tell(study, trial, trial.suggest_float("x", 0, 1))


def finished(place: str | Path) -> int:
    begun = time.monotonic()
    study = open_study(place)
    assert time.monotonic() - begun < 20  # a lock that was left is not waited for
    return sum(trial.state == TrialState.COMPLETE for trial in study.trials)


def refused(place: str | Path) -> PromptSearchError:
    begun = time.monotonic()
    with pytest.raises(PromptSearchError) as error:
        open_study(place)
    assert time.monotonic() - begun < storage.CONNECT_SECONDS + 60
    return error.value


def test_a_folder_a_file_and_a_url_name_the_same_journal(tmp_path: Path) -> None:
    run(tmp_path / "new" / "run", 2)
    place = tmp_path / "new" / "run" / "study.log"
    assert [finished(place), finished(str(place)), finished(f"journal://{place}")] == [2, 2, 2]
    assert finished(f"JOURNAL://{place}") == 2
    assert journal_file(tmp_path / "sst2-2026.11") == tmp_path / "sst2-2026.11" / "study.log"
    assert journal_file(tmp_path / "other.log") == tmp_path / "other.log"


def test_several_studies_are_kept_in_one_place(file: Path) -> None:
    assert len(open_study(file, "another").trials) == 0
    assert finished(file) == 5


def test_sqlite(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/study.db"
    run(url, 2)
    assert len(open_study(url).trials) == 2


def test_a_study_with_other_objectives_is_refused(file: Path) -> None:
    with pytest.raises(StorageError, match="maximize, not minimize"):
        open_study(file, directions=("minimize",))
    study = open_study(file, "front", directions=("maximize", "minimize"))
    assert [direction.name for direction in study.directions] == ["MAXIMIZE", "MINIMIZE"]


# What a kill leaves -----------------------------------------------------------------------------


@pytest.mark.parametrize("cut", [1, 2, 25, 60])
def test_a_torn_last_line_is_cut(file: Path, cut: int) -> None:
    whole = file.read_bytes()
    file.write_bytes(whole[:-cut])
    assert finished(file) == 4
    run(file, 2)
    assert finished(file) == 6
    assert all(json.loads(line) for line in file.read_text().splitlines())


@pytest.mark.parametrize(
    "rubbish",
    [b"\0" * 5000, b"\0\0\n", b'{"op_code":\n', b'{"op_code":8,"wor\n\0\0\0', b"null\n", b"\xff\xfe\n"],
)
def test_what_is_no_record_at_the_end_is_cut(file: Path, rubbish: bytes) -> None:
    whole = file.read_bytes()
    file.write_bytes(whole + rubbish)
    assert finished(file) == 5
    assert file.read_bytes().startswith(whole)
    assert rubbish not in file.read_bytes()


@pytest.mark.parametrize("content", [b"", b'{"op_', b'{"op_code":0,"worker_id":"', b"\0\0\0"])
def test_a_journal_whose_first_line_was_never_finished_begins_anew(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "study.log").write_bytes(content)
    assert finished(tmp_path) == 0
    run(tmp_path, 1)
    assert finished(tmp_path) == 1


def test_a_line_torn_while_others_work_is_cut_before_they_write(file: Path) -> None:
    study = open_study(file)
    with file.open("ab") as lines:
        lines.write(b'{"op_code":8,"trial_id":')
    trial = ask(study)
    tell(study, trial, trial.suggest_float("x", 0, 1))
    assert finished(file) == 6


def test_another_file_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    for content in (b"Dear diary,\n", b"no end of line", b'{"name": 1}\n', b"\x89PNG\r\n\x1a\n\0\0"):
        other = tmp_path / "other.log"
        other.write_bytes(content)
        error = refused(other)
        assert isinstance(error, StorageError)
        assert "not the journal of a study" in error.message
        assert other.read_bytes() == content


def test_damage_inside_is_told_with_its_line(file: Path) -> None:
    lines = file.read_bytes().splitlines(keepends=True)
    lines[3] = lines[3][:10] + b"\n"
    file.write_bytes(b"".join(lines))
    error = refused(file)
    assert isinstance(error, StorageError)
    assert error.where == f"{file}, line 4"
    assert file.read_bytes().startswith(b"".join(lines))


def test_a_record_that_is_missing_is_told(file: Path) -> None:
    file.write_bytes(b"".join(file.read_bytes().splitlines(keepends=True)[1:]))
    assert len(open_study(file).trials) == 0
    file.write_bytes(b'{"op_code":99,"worker_id":""}\n')
    assert "damaged" in refused(file).message


@pytest.mark.parametrize("kind", ["link", "file"])
def test_a_lock_that_optuna_left_is_not_waited_for(file: Path, kind: str) -> None:
    lock = file.with_name("study.log.lock")
    if kind == "link":
        lock.symlink_to(file)
    else:
        lock.touch()
    os.utime(lock, (0, 0), follow_symlinks=False)
    assert finished(file) == 5
    assert not os.path.lexists(lock)


def test_the_lock_of_a_killed_process_is_free_at_once(file: Path) -> None:
    code = f"""
from pathlib import Path
from promptsearch.study.journal import RunJournal
with RunJournal(Path({str(file)!r})).exclusive():
    print("held", flush=True)
    input()
"""
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert finished(file) == 5


def test_where_the_file_system_has_no_locks_optunas_lock_file_is_used(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none(_: object) -> None:
        raise OSError(37, "No locks available")

    monkeypatch.setattr("promptsearch.study.journal.lock_file", none)
    lock = file.with_name("study.log.lock")
    with RunJournal(file).exclusive():
        assert lock.exists()
    assert not lock.exists()
    assert finished(file) == 5


def test_the_lock_may_be_taken_again_by_its_holder_and_by_no_other(file: Path) -> None:
    lock = JournalLock(file)
    lock.acquire()
    lock.acquire()
    lock.release()
    code = f"import fcntl; fcntl.flock(open({str(file)!r}), fcntl.LOCK_EX | fcntl.LOCK_NB)"
    assert subprocess.run([sys.executable, "-c", code], check=False, capture_output=True).returncode == 1
    lock.release()
    with file.open("rb") as free:
        lock_file(free)


# Places that cannot be used ---------------------------------------------------------------------


def test_a_kind_of_storage_that_there_is_not() -> None:
    error = refused("postgressql://u:secret@host/db")
    assert isinstance(error, OptionError)
    assert error.where == "postgressql://u:***@host/db"
    assert "Did you mean postgresql?" in str(error)
    assert isinstance(refused("mysql://host/db"), OptionError)


def test_a_driver_that_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    monkeypatch.setitem(sys.modules, "grpc", None)
    for url, extra in (("postgresql://host/db", "postgres"), ("grpc://host:13000", "grpc")):
        error = refused(url)
        assert isinstance(error, OptionError)
        assert f"pip install 'promptsearch[{extra}]'" in str(error.hint)


@pytest.mark.parametrize("kind", ["postgresql", "grpc"])
def test_a_server_that_does_not_answer_is_told_within_seconds(kind: str) -> None:
    if kind == "grpc":
        pytest.importorskip("grpc")
    error = refused(f"{kind}://127.0.0.1:1" + ("/db" if kind == "postgresql" else ""))
    assert isinstance(error, StorageError)
    assert "See that the server runs" in str(error.hint)


def test_a_password_is_never_shown() -> None:
    assert shown("postgresql://me:p@ss:word@host/db") == "postgresql://me:***@host/db"
    assert shown("postgresql://me:p/w@host/db") == "postgresql://me:***@host/db"
    assert shown("postgresql://host/db?user=me&password=s3cret&x=1") == (
        "postgresql://host/db?user=me&password=***&x=1"
    )
    assert shown("postgresql://me@/db?host=/tmp/pg") == "postgresql://me@/db?host=/tmp/pg"
    assert "s3cret" not in str(refused("postgresql://me:s3cret@127.0.0.1:1/db"))


def test_a_password_is_never_kept() -> None:
    for url in ("postgresql://me:s3cret@host:1/db", "postgresql://me@host:1/db"):
        assert without_password(url) == "postgresql://me@host:1/db"
    assert without_password("postgresql://me@host/db?password=s3cret") == "postgresql://me@host/db?password="
    assert without_password("sqlite:///study.db") == "sqlite:///study.db"


def test_a_server_that_wants_a_password_is_told_as_such() -> None:
    class Refused(ConnectionError):
        pass

    with pytest.raises(StorageError) as error, storage_trouble("postgresql://me@host/db"):
        raise Refused("fe_sendauth: no password supplied")
    assert "PGPASSWORD" in str(error.value.hint)


def test_a_database_that_is_not_there(server: str) -> None:
    error = refused(re.sub(r"/test_\w+", "/nothing", server))
    assert isinstance(error, StorageError)
    assert 'database "nothing" does not exist' in error.message


def test_a_user_that_is_not_known(server: str) -> None:
    assert 'role "nobody" does not exist' in refused(server.replace("owner@", "nobody@")).message


@pytest.mark.parametrize("url", ["grpc://host", "grpc://", "grpc://host:port", "grpc://host:99999999"])
def test_the_address_of_a_storage_server_needs_host_and_port(url: str) -> None:
    pytest.importorskip("grpc")
    assert isinstance(refused(url), OptionError)


@pytest.mark.parametrize("url", ["journal://", "journal://study.log", "sqlite://", "sqlite:///"])
def test_a_file_needs_a_path(url: str) -> None:
    assert isinstance(refused(url), OptionError)


def test_a_kind_of_storage_may_be_written_in_capitals(tmp_path: Path) -> None:
    open_study(f"SQLITE:///{tmp_path}/study.db")
    assert (tmp_path / "study.db").exists()


def test_sqlite_files_that_cannot_be_used(tmp_path: Path) -> None:
    assert "no such folder" in refused(f"sqlite:///{tmp_path}/none/study.db").message
    (tmp_path / "text").write_text("Dear diary, this is long enough to be no database at all. " * 20)
    assert "not a database" in refused(f"sqlite:///{tmp_path}/text").message


def test_the_address_of_a_database_that_is_none() -> None:
    error = refused("postgresql://me:s3cret@host:port/db")
    assert isinstance(error, OptionError)
    assert "s3cret" not in str(error)


def test_a_journal_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert isinstance(refused(tmp_path / "file" / "study.log"), StorageError)


def test_a_journal_that_has_no_room_left_is_named(tmp_path: Path) -> None:
    """What was written until then stays readable."""
    resource = pytest.importorskip("resource")
    study = open_study(tmp_path)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2_000, limits[1]))
    try:
        study.set_user_attr("short", "x")
        with pytest.raises(StorageError, match="cannot write: file too large") as refusal:
            study.set_user_attr("long", "x" * 2_000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)
    assert refusal.value.where == str(tmp_path / "study.log")
    assert open_study(tmp_path).user_attrs == {"short": "x"}


@pytest.mark.slow
def test_processes_that_open_an_empty_database_at_once_all_succeed(server: str) -> None:
    code = f"from promptsearch.study.storage import open_study; print(open_study({server!r}).study_name)"
    opened = [subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) for _ in range(4)]
    assert [process.communicate()[0] for process in opened] == [b"promptsearch\n"] * 4


def test_a_server_that_goes_away_is_told_as_such() -> None:
    with postgres_server() as url:
        study = open_study(url)
    with pytest.raises(StorageError, match="cannot be used"), storage_trouble(url):
        ask(study)


def test_a_storage_server_of_optuna(tmp_path: Path) -> None:
    pytest.importorskip("grpc")
    code = f"""
import socket
from optuna.storages import run_grpc_proxy_server
from promptsearch.study.storage import open_storage
with socket.socket() as free:
    free.bind(("127.0.0.1", 0))
    port = free.getsockname()[1]
print(port, flush=True)
run_grpc_proxy_server(open_storage({str(tmp_path)!r}), host="127.0.0.1", port=port)
"""
    server = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        url = f"grpc://127.0.0.1:{server.stdout.readline().strip()}"
        run(url, 2)
        assert finished(tmp_path) == 2
    finally:
        server.kill()
        server.communicate()


def test_nothing_is_said_where_all_goes_well(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    run(tmp_path, 1)
    open_storage(tmp_path)
    assert capfd.readouterr() == ("", "")
