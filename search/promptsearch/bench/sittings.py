"""Sittings of a search in processes of their own, that may be killed, and what they left behind."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path

import optuna

from promptsearch.bench.processes import ContenderError
from promptsearch.study.artefacts import STUDY_FILE
from promptsearch.study.storage import open_storage


def sit(
    command: str,
    options: Sequence[str],
    folder: Path,
    env: dict[str, str],
    patience: float,
    after: float | None = None,
    in_search: bool = False,
) -> bool:
    """Begin a run, or go on with it where there is one; whether it ended by itself.

    Args:
        command: of promptsearch, such as `discover`.
        options: of a run that is begun.
        patience: seconds after which a sitting that should end hangs.
        after: seconds after which it is killed with SIGKILL; None for never.
        in_search: whether those count from its first word to the study, not from the start of its process.

    Raises:
        ContenderError: it failed, or hangs.
    """
    begun = (folder / STUDY_FILE).exists()
    given = ["--resume", str(folder)] if begun else [*options, "--out", str(folder)]
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(
            [sys.executable, "-m", "promptsearch", command, *given, "--quiet"],
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
        )
        if after is not None and in_search:
            _wait_until_it_writes(folder / STUDY_FILE, process)
        try:
            code = process.wait(patience if after is None else after)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            if after is None:
                raise ContenderError("the search does not end", where=str(folder)) from None
            return False
        if code != 0:
            said.seek(0)
            message = said.read().decode("utf-8", "replace").strip()[-2000:]
            raise ContenderError(f"the search ended with {code}", where=message)
    return True


def _wait_until_it_writes(journal: Path, process: subprocess.Popen[bytes]) -> None:
    """Wait until a sitting has written to its study, or has ended."""
    before = journal.stat().st_size if journal.exists() else 0
    while process.poll() is None and not (journal.exists() and journal.stat().st_size > before):
        time.sleep(0.02)


@contextmanager
def study_of(folder: Path) -> Generator[optuna.Study | None]:
    """The study of a run, read from a copy, since to open a journal mends it; None where there is none."""
    journal = folder / STUDY_FILE
    if not journal.exists():
        yield None
        return
    with tempfile.TemporaryDirectory() as place:
        storage = open_storage(shutil.copyfile(journal, Path(place) / STUDY_FILE))
        names = [study.study_name for study in storage.get_all_studies()]
        yield optuna.load_study(study_name=names[0], storage=storage) if names else None


def broken_files(folder: Path) -> tuple[tuple[str, ...], bool]:
    """What is wrong with files that should be JSON, and whether the journal has a torn last line.

    Files under a temporary name are nobody's yet, and are not looked at.
    """
    found: list[str] = []
    for path in sorted(folder.glob("*.json*")):
        if not path.name.startswith("."):
            text = path.read_text("utf-8")
            found += _problems(path.name, text.splitlines() if path.suffix == ".jsonl" else [text])
    journal = folder / STUDY_FILE
    content = journal.read_bytes() if journal.exists() else b""
    *whole, rest = content.split(b"\n")
    return (*found, *_problems(STUDY_FILE, [line.decode("utf-8", "replace") for line in whole])), bool(rest)


def _problems(name: str, texts: Sequence[str]) -> list[str]:
    found = []
    for number, text in enumerate(texts, start=1):
        try:
            json.loads(text)
        except ValueError as error:
            found.append(f"{name}, line {number}: {error}")
    return found
