"""A PostgreSQL server of a test's own, from the programs that are installed."""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

# PostgreSQL refuses to run as root.
_UNPRIVILEGED = ("postgres", "nobody")
_START_SECONDS = 30


def new_database(server: str) -> str:
    """The URL of an empty database of its own on a server that tests share."""
    import psycopg

    name = f"test_{secrets.token_hex(4)}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    return server.replace("/postgres?", f"/{name}?")


@contextmanager
def postgres_server() -> Generator[str]:
    """The URL of an empty database on a new server, which listens on a socket in a folder of its own."""
    programs = _programs()
    # Short, as the names of sockets must be, and open to the user that the server runs as.
    folder = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))
    as_user = _unprivileged(folder)
    try:
        with _running(programs, folder, as_user):
            yield f"postgresql://owner@/postgres?host={folder}"
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _programs() -> Path:
    """The folder of initdb and postgres; skips the test where there is none."""
    found = shutil.which("initdb")
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    initdb = debian[-1] if debian else Path(found).resolve() if found else None
    if initdb is None or not (initdb.parent / "postgres").exists():
        pytest.skip("PostgreSQL is not installed (Debian: apt-get install postgresql)")
    return initdb.parent


def _unprivileged(folder: Path) -> dict[str, Any]:
    """How a process is started so that it is not root; it gets the folder."""
    if os.geteuid() != 0:
        return {}
    known = {entry.pw_name: entry for entry in pwd.getpwall()}
    user = next((known[name] for name in _UNPRIVILEGED if name in known), None)
    if user is None:
        pytest.skip("PostgreSQL does not run as root, and there is no user postgres or nobody")
    os.chown(folder, user.pw_uid, user.pw_gid)
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


@contextmanager
def _running(programs: Path, folder: Path, as_user: dict[str, Any]) -> Generator[None]:
    data, log = folder / "data", folder / "log"
    options: dict[str, Any] = {"cwd": folder, "stdin": subprocess.DEVNULL, **as_user}
    with log.open("wb") as output:
        options |= {"stdout": output, "stderr": output}
        initdb = [programs / "initdb", "-D", data, "-U", "owner", "-A", "trust", "-N", "-E", "UTF8"]
        made = subprocess.run([*initdb, "--locale=C"], check=False, **options)
        assert made.returncode == 0, log.read_text()
        quick = [f"-c{setting}" for setting in ("fsync=off", "listen_addresses=", "shared_buffers=16MB")]
        server: subprocess.Popen[Any] = subprocess.Popen(
            [programs / "postgres", "-D", data, "-k", folder, *quick], **options
        )
    try:
        _wait(programs, folder, server, log)
        yield
    finally:
        # Does not wait for those that are still connected.
        server.send_signal(signal.SIGINT)
        try:
            server.wait(_START_SECONDS)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def _wait(programs: Path, folder: Path, server: subprocess.Popen[Any], log: Path) -> None:
    end = time.monotonic() + _START_SECONDS
    while time.monotonic() < end and server.poll() is None:
        if subprocess.run([programs / "pg_isready", "-q", "-h", folder], check=False).returncode == 0:
            return
        time.sleep(0.05)
    raise AssertionError(f"PostgreSQL did not start: {log.read_text()}")
