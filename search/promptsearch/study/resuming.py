"""The options of a run that is taken up again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from promptsearch.errors import StorageError
from promptsearch.study.artefacts import STUDY_FILE
from promptsearch.study.config import DiscoverConfig
from promptsearch.study.record import restored

CONFIG_FILE = "config.json"
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
    if not isinstance(options, dict) or not ((folder / STUDY_FILE).exists() or options.get("storage")):
        raise StorageError(
            "the run was made without a study, and cannot be gone on with",
            where=str(folder),
            hint="Search again; what its PLMs have read is cached.",
        )
    return restored(options, str(path))


def study_of(folder: Path) -> str:
    """Name of a run's study.

    Raises:
        StorageError: as `options_of`.
    """
    return str(_record(folder).get("study", STUDY))


def _record(folder: Path) -> dict[str, Any]:
    path = folder / CONFIG_FILE
    if not path.is_file():
        raise StorageError(
            "the folder holds no run", where=str(folder), hint="See `promptsearch runs` for those there are."
        )
    try:
        record = json.loads(path.read_text("utf-8"))
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise StorageError(f"the run's config cannot be read: {error}", where=str(path)) from error
    return record if isinstance(record, dict) else {}
