"""Other processes that search on the same study: on this machine, or wherever its storage is reached."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import quote

from optuna import Study

from promptsearch.cores import usable_cores
from promptsearch.study.artefacts import STUDY_FILE
from promptsearch.study.config import DiscoverConfig

STORAGE_VARIABLE = "PROMPTSEARCH_STORAGE"
"""Environment variable that tells a worker the storage."""
# For those who see that the study is over, to end by themselves; as a share of the budget where that is less.
_END_SECONDS = 30.0
_END_SHARE = 0.02


class Workers:
    """Worker processes of a run on this machine."""

    def __init__(self, processes: list[subprocess.Popen[bytes]], patience: float = _END_SECONDS) -> None:
        self.processes = processes
        self.patience = patience

    @classmethod
    @contextmanager
    def started(cls, config: DiscoverConfig, study: Study, folder: Path, number: int) -> Generator[Workers]:
        """Within, so many other processes search too; they end when the study is over.

        Each has its share of the cores. What they say goes to workers.log in the run's folder.
        """
        if number < 1:
            yield cls([])
            return
        threads = max(1, usable_cores() // (number + 1))
        minutes = config.limits.shared(config.seeds).minutes
        patience = _END_SECONDS if minutes is None else min(_END_SECONDS, _END_SHARE * 60 * minutes)
        place = config.storage or f"journal://{quote(str((folder / STUDY_FILE).resolve()))}"
        command = [sys.executable, "-m", "promptsearch", "worker"]
        command += ["--study", study.study_name, "--threads", str(threads), "--parent", str(os.getpid())]
        # Every user of a machine can see a command line; the place may hold a password.
        env = {**os.environ, STORAGE_VARIABLE: place}
        with open(folder / "workers.log", "ab") as log, limited_threads(threads):
            found = cls(
                [
                    subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=env)
                    for _ in range(number)
                ],
                patience,
            )
            try:
                yield found
            finally:
                found.end()

    def end(self) -> None:
        """Wait for those who see that the study is over; end the others, whose work is not needed."""
        until = time.monotonic() + self.patience
        for process in self.processes:
            try:
                process.wait(max(0.0, until - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.terminate()
                with suppress(subprocess.TimeoutExpired):
                    process.wait(5)
                process.kill()


@contextmanager
def limited_threads(number: int) -> Generator[None]:
    """Within, torch computes with so many threads."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(number)
    try:
        yield
    finally:
        torch.set_num_threads(before)
