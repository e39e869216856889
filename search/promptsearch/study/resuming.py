"""The options of a run that is taken up again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from promptsearch.errors import DataError, OptionError, StorageError
from promptsearch.study.artefacts import CONFIG_FILE, clear, has_study, is_unfinished, is_without_labels
from promptsearch.study.config import DiscoverConfig
from promptsearch.study.record import restored, saved
from promptsearch.tasks.task import Task

STUDY = "promptsearch"
"""Name of the study in a run's own folder."""


def options_of(folder: Path) -> DiscoverConfig:
    """The config that a run was begun with.

    Raises:
        StorageError: the folder holds no run of `discover`, or its config cannot be read.
        OptionError: the run's data were in memory.
    """
    path, record = folder / CONFIG_FILE, _record(folder)
    options = record.get("options")
    begun = has_study(folder) or is_without_labels(folder)
    if not isinstance(options, dict) or not begun:
        raise StorageError(
            "the run was made without a study, and cannot be gone on with",
            where=str(folder),
            hint="Search again; what its PLMs have read is cached.",
        )
    return restored(options, str(path))


def same_unfinished(config: DiscoverConfig) -> bool:
    """Whether the folder that a config names holds an unfinished run of the same config.

    One whose data were in memory cannot be gone on with, and is cleared away.
    """
    if config.out is None or not is_unfinished(folder := Path(config.out)):
        return False
    try:
        before = saved(options_of(folder))
    except OptionError:
        clear(folder)
        return False
    except StorageError:
        return False
    return before == {**saved(config), **{name: before[name] for name in ("out", "command")}}


def study_of(folder: Path) -> str:
    """Name of a run's study.

    Raises:
        StorageError: as `options_of`.
    """
    return str(_record(folder).get("study", STUDY))


def fingerprint_of(folder: Path) -> str | None:
    """Of the data that a run was begun with.

    Raises:
        StorageError: as `options_of`.
    """
    return _record(folder).get("fingerprint")


def check_same(before: object, task: Task, folder: Path) -> None:
    """Refuse to go on with other data.

    Args:
        before: fingerprint of the data that the run was begun with; None where nothing was begun.

    Raises:
        DataError: these are others.
    """
    if before not in (None, task.fingerprint):
        raise DataError(
            "the data are not those that the run was begun with",
            where=str(folder),
            hint="Give it the same files, or start a new run.",
        )


def _record(folder: Path) -> dict[str, Any]:
    path = folder / CONFIG_FILE
    if not path.is_file():
        raise StorageError(
            "the folder holds no run", where=str(folder), hint="See `promptsearch runs` for those there are."
        )
    try:
        record = json.loads(path.read_text("utf-8"))
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise StorageError(
            f"the run's config cannot be read: {error}",
            where=str(path),
            hint="It cannot be gone on with; search again, what its PLMs have read is cached.",
        ) from error
    return record if isinstance(record, dict) else {}
