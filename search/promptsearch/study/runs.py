"""Which runs there are in a folder, and how each of them stands."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Literal

from promptsearch.artefact import EvaluationRecord, PromptDocument, read_prompt_file
from promptsearch.errors import PromptFileError, StorageError
from promptsearch.study.artefacts import (
    CONFIG_FILE,
    DRAWS,
    PROMPT_FILE,
    REPORT_FILE,
    RUN_FILES,
    STUDY_FILE,
    TRAINING_FILE,
    TUNING_FILE,
    draws_left,
    is_going_on,
    is_without_labels,
)

State = Literal[
    "done",
    "going on",
    "stopped, can be resumed",
    "stopped",
    "mined only",
    "words only",
    "tuned",
    "empty",
    "broken",
]
MINED_FILE, CANDIDATES_FILE = "mined.json", "candidates.jsonl"


@dataclass(frozen=True)
class Run:
    """A run's folder, and what its files tell.

    Attributes:
        why: what is wrong, of a broken run.
        task: that was searched on; `stand_in_for` is the one that was asked for in its place.
        plms: of the best prompt; those that are searched where there is none yet.
        test: the best prompt's figures on test.
        when: the prompt was found; without one, when something was last written.
        seconds: that the search took.
        command: that began it, if that is known.
    """

    folder: Path
    state: State
    when: datetime
    why: str = ""
    task: str | None = None
    stand_in_for: str | None = None
    plms: tuple[str, ...] = ()
    test: EvaluationRecord | None = None
    seconds: float | None = None
    command: str | None = None

    @property
    def told(self) -> str:
        """The state in words."""
        return f"{self.state}: {self.why}" if self.why else self.state

    def record(self) -> dict[str, Any]:
        """As JSON-able values."""
        test = self.test
        return {
            "folder": str(self.folder),
            "state": self.state,
            "why": self.why or None,
            "task": self.task,
            "stand_in_for": self.stand_in_for,
            "plms": list(self.plms),
            "test": None
            if test is None
            else {
                "metric": test.metric,
                "n": test.n,
                "value": test.value,
                "interval": [test.low, test.high],
            },
            "when": self.when.isoformat(timespec="seconds"),
            "seconds": self.seconds,
        }


def list_runs(places: Sequence[Path]) -> list[Run]:
    """The runs in some folders, or that these are themselves, the newest first.

    Folders that hold nothing of a run are left out, and so are the draws `seed-N` within a run.

    Raises:
        StorageError: there is no such folder, or it cannot be read.
    """
    folders = {folder.resolve(): folder for place in places for folder in _folders(place)}
    return sorted(map(run_of, folders.values()), key=lambda run: (run.when, run.folder), reverse=True)


def run_of(folder: Path) -> Run:
    """What a run's folder tells. A file that cannot be read makes the run `broken`, never an error."""
    try:
        return _read(folder)
    except PromptFileError as error:
        return Run(folder, "broken", _written(folder), f"{PROMPT_FILE}: {error.message}")
    except _Damaged as error:
        return Run(folder, "broken", _written(folder), str(error))
    except OSError as error:
        return Run(folder, "broken", _written(folder), (error.strerror or str(error)).lower())


class _Damaged(Exception):
    """A file of a run that does not hold what it should."""


def _folders(place: Path) -> Iterator[Path]:
    if not place.is_dir():
        raise StorageError(
            "there is no such folder" if not place.exists() else "this is a file, not a folder",
            where=str(place),
            hint="Give run folders, or folders that hold them.",
        )
    try:
        if _is_run(place):
            yield place
            return
        inside = sorted(place.iterdir())
    except OSError as error:
        raise StorageError(f"the folder cannot be read: {error.strerror}", where=str(place)) from error
    for folder in inside:
        if folder.is_dir() and not folder.name.startswith(".") and _may_be_run(folder):
            yield folder


def _is_run(folder: Path) -> bool:
    return any((folder / name).exists() for name in RUN_FILES)


def _may_be_run(folder: Path) -> bool:
    """Whether it holds files of a run, or nothing yet; one that cannot be looked into may."""
    try:
        return _is_run(folder) or not any(folder.iterdir())
    except OSError:
        return True


def _read(folder: Path) -> Run:
    # A folder that may not be listed would else look as if nothing were in it.
    names = {entry.name for entry in folder.iterdir()}
    going_on = _going_on(folder, names)
    if CONFIG_FILE not in names:
        if going_on or not names & set(RUN_FILES):
            return Run(folder, "going on" if going_on else "empty", _written(folder))
        raise _Damaged(f"{CONFIG_FILE} is missing")
    config = _object(folder / CONFIG_FILE)
    report = next((_object(folder / name) for name in (REPORT_FILE, TUNING_FILE) if name in names), {})
    prompt = read_prompt_file(folder / PROMPT_FILE) if PROMPT_FILE in names else None
    return Run(
        folder,
        "going on" if going_on else _state(folder, names, config, report),
        _when(folder, prompt),
        task=_text(config.get("task")),
        stand_in_for=_text(config.get("stand_in_for")),
        plms=_plms(config, prompt),
        test=None if prompt is None else _on_test(prompt),
        seconds=_number(report.get("seconds")),
        # One begun from Python has no command.
        command=_text(config.get("command")) or ("promptsearch tune" if TRAINING_FILE in names else None),
    )


def _state(folder: Path, names: set[str], config: Mapping[str, Any], report: Mapping[str, Any]) -> State:
    options = config.get("options")
    storage = options.get("storage") if isinstance(options, Mapping) else None
    if TUNING_FILE in names:
        return "tuned"
    resumable = bool({STUDY_FILE, TRAINING_FILE} & names) or bool(storage) or is_without_labels(folder)
    unfinished = PROMPT_FILE not in names or report.get("interrupted") is True or draws_left(folder)
    if resumable and unfinished:
        return "stopped, can be resumed"
    if PROMPT_FILE not in names:
        return "mined only" if MINED_FILE in names else "stopped"
    if report.get("interrupted") is True:
        return "stopped"
    return "done" if CANDIDATES_FILE in names else "words only"


def _draws(names: set[str]) -> list[str]:
    return [name for name in names if fnmatchcase(name, DRAWS)]


def _going_on(folder: Path, names: set[str]) -> bool:
    """Whether a process searches in the folder or in one of its draws."""
    for place in (folder, *(folder / draw for draw in _draws(names))):
        try:
            if is_going_on(place):
                return True
        except OSError:
            # The lock of another user's run cannot be tried; its other files tell enough.
            continue
    return False


def _object(path: Path) -> Mapping[str, Any]:
    """A JSON object. Raises _Damaged where the file holds something else."""
    from pydantic_core import from_json

    try:
        value = from_json(path.read_bytes())
    except ValueError:
        raise _Damaged(f"{path.name} is no JSON") from None
    if not isinstance(value, dict):
        raise _Damaged(f"{path.name} holds no JSON object")
    return value


def _on_test(prompt: PromptDocument) -> EvaluationRecord | None:
    return next((entry for entry in prompt.evaluation if entry.split == "test"), None)


def _plms(config: Mapping[str, Any], prompt: PromptDocument | None) -> tuple[str, ...]:
    if prompt is not None:
        return (prompt.plm.reference,)
    searched = config.get("plms")
    return tuple(map(str, searched)) if isinstance(searched, list) else ()


def _when(folder: Path, prompt: PromptDocument | None) -> datetime:
    if prompt is not None and prompt.provenance is not None:
        return datetime.fromisoformat(prompt.provenance.created).astimezone()
    return _written(folder)


def _written(folder: Path) -> datetime:
    """When one of the run's files was last written, or the folder made."""
    times = []
    for path in (folder, folder / CONFIG_FILE, folder / STUDY_FILE):
        try:
            times.append(path.stat().st_mtime)
        except OSError:
            continue
    return datetime.fromtimestamp(max(times, default=0.0)).astimezone()


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
