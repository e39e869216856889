"""The files of a run."""

from __future__ import annotations

import json
import platform
import shutil
import time
from collections.abc import Generator, Iterable
from contextlib import contextmanager, suppress
from datetime import datetime
from fnmatch import fnmatchcase
from importlib.metadata import PackageNotFoundError, version
from itertools import chain, count
from pathlib import Path
from typing import Any, BinaryIO, Protocol, get_args
from zlib import crc32

from promptsearch.artefact.readouts import tensor_file_name
from promptsearch.artefact.soft import soft_file_name
from promptsearch.artefact.tuned import TunedKind, tuned_folder_name
from promptsearch.errors import StorageError
from promptsearch.locks import locks_needed, try_lock, unlock_file
from promptsearch.paths import atomic_write, storage_errors
from promptsearch.showing import whole_text
from promptsearch.study.going_on import resume_command

CONFIG_FILE = "config.json"
PROMPT_FILE = "best_prompt.json"
FILE_OF_ENGINE = {"trigger": "trigger_prompt.json", "soft": "soft_prompt.json"}
"""Engine -> prompt file of the best that it found, whichever prompt is the best of all."""
REPORT_FILE = "report.json"
TUNING_FILE = "tuning.json"
"""What a training around a prompt has come to, in place of a report of a search."""
TRAINING_FILE = "training.safetensors"
"""How far it has come."""
TEACHERS_FILE = "teachers.safetensors"
"""What PLMs that teach another have said, while the training is not over."""
TUNED_FOLDERS = tuple(tuned_folder_name(PROMPT_FILE, kind) for kind in get_args(TunedKind))
"""What was trained of a PLM."""
STUDY_FILE = "study.log"
LOCK_FILE = "run.lock"
WORKERS_LOG = "workers.log"
"""What other processes of a run say."""
SEARCH, WITHOUT_LABELS = "search", "without labels"
"""What a config says of a run that has no study."""
PLOTS = ("candidates", "history", "front", "importances", "sensitivity", "seeds")
"""Pictures of the report, by name."""
RUN_FILES = (
    CONFIG_FILE,
    "candidates.jsonl",
    PROMPT_FILE,
    tensor_file_name(PROMPT_FILE),
    soft_file_name(PROMPT_FILE),
    *FILE_OF_ENGINE.values(),
    *map(tensor_file_name, FILE_OF_ENGINE.values()),
    *map(soft_file_name, FILE_OF_ENGINE.values()),
    TUNING_FILE,
    TRAINING_FILE,
    TEACHERS_FILE,
    "report.md",
    "report.html",
    REPORT_FILE,
    "mined.json",
    STUDY_FILE,
    WORKERS_LOG,
    f"{STUDY_FILE}.lock",
    LOCK_FILE,
    "label-words.svg",
    "mined-templates.svg",
    *(f"{plot}.svg" for plot in PLOTS),
)
DRAWS = "seed-*"
"""Folders of other draws of train and dev."""
_TRIGGERS = "trigger-*.svg"  # one a PLM
CHECKPOINTS = "checkpoints"
"""Folder of what engines need to go on where they were stopped."""
_ENSEMBLES = "ensemble*.json"  # one a PLM where there are several
_LOOKS, _LOOK_SECONDS = 5, 0.05
_OTHER_FOLDER = "Choose an empty one with --out."
_PACKAGES = ("promptsearch", "torch", "transformers", "datasets", "optuna", "nltk", "numpy")


def versions() -> dict[str, str]:
    """Versions of Python and of what figures may depend on."""
    found = {"python": platform.python_version()}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue  # imported from a source tree that was never installed
    return found


def new_folder(task: str, out: Path | None) -> Path:
    """An empty folder for a run: `out`, or runs/TASK-TIME.

    Raises:
        StorageError: it cannot be made, or holds files of another kind.
    """
    if out is None:
        stem = "".join(char if char.isalnum() or char in "-_" else "-" for char in task)[:100]
        return _first_free(Path("runs") / f"{stem}-{datetime.now().strftime('%Y%m%d-%H%M%S')}")
    if not _make(out):
        if not out.is_dir():
            raise StorageError("the run folder is a file", where=str(out), hint=_OTHER_FOLDER)
        with storage_errors(out):
            others = [entry.name for entry in out.iterdir() if not _is_run_file(entry)]
        if others:
            raise StorageError(
                f"the folder for the run holds other files, first {others[0]}",
                where=str(out),
                hint=_OTHER_FOLDER,
            )
        if is_unfinished(out):
            raise StorageError(
                "the folder holds another run that is not finished",
                where=str(out),
                hint=f"Go on with it: {resume_command(out, _config(out).get('command'))}. "
                "Or choose another with --out.",
            )
    return out


def checkpoint_folder(folder: Path, name: str) -> Path:
    """Where an engine keeps in a run's folder how far it is.

    Args:
        name: of the PLM, or whatever tells it from other searches of the run.
    """
    slug = "".join(char if char.isalnum() or char in "-_" else "-" for char in name)[-60:].strip("-")
    return folder / CHECKPOINTS / f"{slug}-{crc32(name.encode(errors='replace')):08x}"


def is_unfinished(folder: Path) -> bool:
    """Whether a folder holds a search that can be gone on with."""
    begun = has_study(folder) or is_without_labels(folder)
    return begun and (not (folder / PROMPT_FILE).exists() or draws_left(folder))


def is_without_labels(folder: Path) -> bool:
    """Whether a folder holds a search without labels, which keeps no study: cached answer states do."""
    return _config(folder).get(SEARCH) == WITHOUT_LABELS


def draws_left(folder: Path) -> bool:
    """Whether other draws of train and dev were asked for, and are not all done or not in the report yet."""
    seeds = _config(folder).get("seeds")
    if not isinstance(seeds, int) or seeds < 2:
        return False
    done = sum((draw / PROMPT_FILE).exists() for draw in folder.glob(DRAWS))
    return done < seeds - 1 or _draws_told(folder) < seeds


def _draws_told(folder: Path) -> int:
    """How many draws the report of a run tells of."""
    try:
        return len(json.loads((folder / REPORT_FILE).read_text("utf-8"))["seeds"])
    except (OSError, ValueError, KeyError, TypeError):
        return 0


def clear(folder: Path) -> None:
    """Remove the files of an earlier run, which must not stand beside those of a new one.

    The lock stays, which this process may hold.
    """
    several = chain(folder.glob(_ENSEMBLES), folder.glob(_TRIGGERS))
    for name in (*RUN_FILES, *(path.name for path in several if _is_run_file(path))):
        if name != LOCK_FILE:
            (folder / name).unlink(missing_ok=True)
    for inside in (*folder.glob(DRAWS), *(folder / name for name in (CHECKPOINTS, *TUNED_FOLDERS))):
        if inside.is_dir() and _is_run_file(inside):
            shutil.rmtree(inside)


def discard(folder: Path, made: bool) -> None:
    """Remove what a search that brought nothing has begun.

    Args:
        made: whether the folder was made for it, and goes too.
    """
    clear(folder)
    (folder / LOCK_FILE).unlink(missing_ok=True)
    if made:
        with suppress(OSError):
            folder.rmdir()


@contextmanager
def run_lock(folder: Path) -> Generator[None]:
    """Within, no other process searches in a run's folder.

    Raises:
        StorageError: one does, or the lock cannot be written.
    """
    path = folder / LOCK_FILE
    with storage_errors(path):
        file = open(path, "ab")  # noqa: SIM115 - what goes wrong within is of other files
    with file:
        with locks_needed(path):
            locked = _locked_soon(file)
        if not locked:
            raise StorageError(
                "this run is going on in another process", where=str(folder), hint="Wait for it, or stop it."
            )
        try:
            yield
        finally:
            unlock_file(file)


def _locked_soon(file: BinaryIO) -> bool:
    """Lock a file; who looks whether a run goes on has the lock for a moment."""
    return any(try_lock(file) or time.sleep(_LOOK_SECONDS) for _ in range(_LOOKS))


def is_going_on(folder: Path) -> bool:
    """Whether a process searches in a run's folder."""
    path = folder / LOCK_FILE
    if not path.exists():
        return False
    with open(path, "ab") as file:
        if not try_lock(file):
            return True
        unlock_file(file)
    return False


def _first_free(folder: Path) -> Path:
    """`folder`, or with a number behind it where runs began in the same second."""
    names = chain([folder], (folder.with_name(f"{folder.name}-{number}") for number in count(2)))
    return next(name for name in names if _make(name))


def _make(folder: Path) -> bool:
    """Make a folder; whether it was not there before."""
    try:
        folder.mkdir(parents=True)
    except FileExistsError:
        return False
    except OSError as error:
        raise StorageError(
            f"the run folder cannot be made: {error.strerror}", where=str(folder), hint=_OTHER_FOLDER
        ) from error
    return True


def has_study(folder: Path) -> bool:
    """Whether a run was begun in a folder; its study may be kept elsewhere."""
    return (folder / STUDY_FILE).exists() or kept_elsewhere(folder)


def kept_elsewhere(folder: Path) -> bool:
    """Whether the study of a run is kept in another storage than a file in its folder."""
    options = _config(folder).get("options")
    return isinstance(options, dict) and options.get("storage") is not None


def _config(folder: Path) -> dict[str, Any]:
    """The config of a run; empty where there is none, or one that says so itself when it is gone on with."""
    try:
        found = json.loads((folder / CONFIG_FILE).read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _is_run_file(path: Path) -> bool:
    name = path.name
    # A killed process may have left something under its temporary name.
    unfinished = name.startswith(".") and name.endswith(".tmp")
    whole = name[1:].rsplit(".", 2)[0] if unfinished else name
    if path.is_dir():
        return whole in (CHECKPOINTS, *TUNED_FOLDERS) or (fnmatchcase(name, DRAWS) and has_study(path))
    if name == CONFIG_FILE:
        # Many tools have a file of this name.
        return '"fingerprint"' in path.read_text("utf-8", errors="replace")
    if fnmatchcase(whole, _ENSEMBLES):
        # So may a user's own file be called.
        return unfinished or '"promptsearch/ensemble"' in path.read_text("utf-8", errors="replace")
    return whole in RUN_FILES or fnmatchcase(whole, _TRIGGERS)


def write_json(path: Path, value: Any) -> None:
    """Write JSON for people and machines; see `atomic_write`."""
    atomic_write(path, _json(value, 2) + "\n")


class Tried(Protocol):
    """A combination that was tried, with labels or without."""

    def record(self, metric: str) -> dict[str, Any]:
        """What is written of it."""
        ...


def write_candidates(path: Path, trials: Iterable[Tried], metric: str) -> None:
    """One line a trial."""
    atomic_write(path, "".join(f"{_json(trial.record(metric))}\n" for trial in trials))


def _json(value: Any, indent: int | None = None) -> str:
    """In the letters of the text; escaped where a path or the like holds bytes that are no text."""
    text = json.dumps(value, indent=indent, ensure_ascii=False, allow_nan=False)
    return text if whole_text(text) == text else json.dumps(value, indent=indent, allow_nan=False)
