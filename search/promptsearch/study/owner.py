"""Who works on a trial: a process of a machine, told apart from a later one with the same number."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

_ZOMBIE = "Z"


@dataclass(frozen=True)
class Machine:
    """Where process numbers mean the same.

    Attributes:
        host: name of the host.
        id: identity of its installation; empty where the system keeps none.
        boot: identity of the time since it was switched on; likewise.
        pids: identity of the space of process numbers (containers have their own); likewise.
    """

    host: str
    id: str = ""
    boot: str = ""
    pids: str = ""


@dataclass(frozen=True)
class Owner:
    """A process that has claimed a trial; `started` tells it from a later process with the same `pid`."""

    machine: Machine
    pid: int
    started: str

    def record(self) -> dict[str, Any]:
        """As JSON."""
        return asdict(self)

    @classmethod
    def of(cls, record: Mapping[str, Any]) -> Owner:
        """The inverse of `record`."""
        return cls(Machine(**record["machine"]), record["pid"], record["started"])

    @property
    def key(self) -> str:
        """A short text that no other process has."""
        where = self.machine
        return f"{where.host}:{where.boot[:8]}:{where.pids}:{self.pid}:{self.started}"

    def is_alive(self) -> bool | None:
        """Whether the process runs; None where that cannot be seen from here, on another machine."""
        here = this_machine()
        if self.machine == here:
            now = _started(self.pid)
            return None if now is None else now == self.started
        # The same machine, switched on again since.
        rebooted = (self.machine.host, self.machine.id) == (here.host, here.id)
        return False if rebooted and self.machine.boot != here.boot else None


def this_process() -> Owner:
    """The process that asks."""
    return Owner(this_machine(), os.getpid(), _started(os.getpid()) or "")


@cache
def this_machine() -> Machine:
    """The machine, as this process sees it."""
    return Machine(
        socket.gethostname(),
        _line("/etc/machine-id"),
        _line("/proc/sys/kernel/random/boot_id"),
        _link("/proc/self/ns/pid"),
    )


def _started(pid: int) -> str | None:
    """When a process began; empty when it has ended, None where the system does not tell."""
    if Path("/proc/self/stat").exists():
        return _started_linux(pid)
    # Windows has no ps, and its os.kill ends the process that it is asked about.
    return None if sys.platform == "win32" else _started_ps(pid)


def _started_linux(pid: int) -> str:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return ""
    # The name of the program, in brackets, may hold blanks and brackets. See proc(5).
    state, *rest = stat.rpartition(")")[2].split()
    return "" if state == _ZOMBIE else rest[18]


def _started_ps(pid: int) -> str:
    command = ["ps", "-o", "stat=,lstart=", "-p", str(pid)]
    answer = subprocess.run(
        command, capture_output=True, text=True, check=False, env={**os.environ, "LC_ALL": "C"}
    )
    state, _, started = answer.stdout.strip().partition(" ")
    return "" if state.startswith(_ZOMBIE) else started.strip()


def _line(path: str) -> str:
    try:
        return Path(path).read_text().strip()
    except OSError:
        return ""


def _link(path: str) -> str:
    try:
        return os.readlink(path)
    except OSError:
        return ""
