"""Other processes that search on the same study: on this machine, or wherever its storage is reached."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any
from urllib.parse import quote

from optuna import Study

from promptsearch.cores import usable_cores
from promptsearch.study.artefacts import STUDY_FILE, WORKERS_LOG
from promptsearch.study.config import DiscoverConfig
from promptsearch.study.record import saved

TOLD = "-"
"""In place of a storage: the process is told on standard input what to load, then where the study is."""
# For those who see that the study is over, to end by themselves; as a share of the budget where that is less.
_END_SECONDS = 30.0
_END_SHARE = 0.02


class Workers:
    """Worker processes of a run on this machine.

    Args:
        threads: that each process computes with, this one too while they search; None for all.
        patience: seconds that those which see that the study is over have to end by themselves.

    Attributes:
        failed: how many have ended for some fault; known at the end.
        said: what they say before there is a run to say it in.
    """

    def __init__(
        self,
        processes: list[subprocess.Popen[bytes]],
        threads: int | None = None,
        patience: float = _END_SECONDS,
        said: IO[bytes] | None = None,
    ) -> None:
        self.processes = processes
        self.threads = threads
        self.patience = patience
        self.failed = 0
        self.said = said

    @classmethod
    @contextmanager
    def started(cls, config: DiscoverConfig, number: int) -> Generator[Workers]:
        """Within, so many other processes load what a search needs, to take part in it when they are told.

        Each has its share of the cores.
        """
        if number < 1:
            yield cls([])
            return
        threads = max(1, usable_cores() // (number + 1))
        minutes = config.limits.shared(config.seeds).minutes
        patience = _END_SECONDS if minutes is None else min(_END_SECONDS, _END_SHARE * 60 * minutes)
        command = [sys.executable, "-m", "promptsearch", "worker", "--storage", TOLD]
        command += ["--threads", str(threads), "--parent", str(os.getpid())]
        with tempfile.TemporaryFile() as said:
            processes = [
                subprocess.Popen(command, stdin=subprocess.PIPE, stdout=said, stderr=said)
                for _ in range(number)
            ]
            found = cls(processes, threads, patience, said)
            try:
                found._tell(saved(config))
                yield found
            finally:
                found.end(patience=0.0)  # where the search never began

    @contextmanager
    def searching(self, config: DiscoverConfig, study: Study, folder: Path) -> Generator[None]:
        """Within, they take part in a study, of which workers.log tells; they end when it is over."""
        if not self.processes:
            yield
            return
        # Every user of a machine can see a command line; the place may hold a password.
        place = config.storage or f"journal://{quote(str((folder / STUDY_FILE).resolve()))}"
        log = (folder / WORKERS_LOG).resolve()
        self._tell({"storage": place, "study": study.study_name, "log": str(log)})
        with limited_threads(self.threads):
            try:
                yield
            finally:
                self.end(self.patience)
                self._keep_said(log)

    def _keep_said(self, log: Path) -> None:
        """What they said before they knew the log goes there too."""
        if self.said is not None:
            self.said.seek(0)
            with open(log, "ab") as file:
                shutil.copyfileobj(self.said, file)

    def _tell(self, what: Mapping[str, Any]) -> None:
        for process in self.processes:
            if process.stdin is not None:
                with suppress(OSError):  # it has ended, and its log says why
                    process.stdin.write(json.dumps(what).encode() + b"\n")
                    process.stdin.flush()

    def end(self, patience: float) -> None:
        """Wait for those who see that the study is over; end the others, whose work is not needed."""
        until = time.monotonic() + patience
        for process in self.processes:
            with suppress(subprocess.TimeoutExpired):
                process.wait(max(0.0, until - time.monotonic()))
        self.failed = self.failed or sum(process.poll() not in (None, 0) for process in self.processes)
        for process in self.processes:
            if process.poll() is None:
                process.terminate()
                with suppress(subprocess.TimeoutExpired):
                    process.wait(5)
                process.kill()
            if process.stdin is not None:
                with suppress(OSError):
                    process.stdin.close()


@contextmanager
def limited_threads(number: int | None) -> Generator[None]:
    """Within, torch computes with so many threads; None changes nothing."""
    if number is None:
        yield
        return
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(number)
    try:
        yield
    finally:
        torch.set_num_threads(before)
