"""The options of a run that is taken up again."""

from __future__ import annotations

import json
from pathlib import Path

from promptsearch.errors import StorageError
from promptsearch.study.artefacts import STUDY_FILE
from promptsearch.study.config import DiscoverConfig
from promptsearch.study.record import restored


def options_of(folder: Path) -> DiscoverConfig:
    """The config that a run was begun with.

    Raises:
        StorageError: the folder holds no run of `discover`, or its config cannot be read.
        OptionError: the run's data were in memory.
    """
    path = folder / "config.json"
    if not path.is_file():
        raise StorageError(
            "the folder holds no run", where=str(folder), hint="See `promptsearch runs` for those there are."
        )
    try:
        record = json.loads(path.read_text("utf-8"))
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise StorageError(f"the run's config cannot be read: {error}", where=str(path)) from error
    options = record.get("options") if isinstance(record, dict) else None
    if not isinstance(options, dict) or not ((folder / STUDY_FILE).exists() or options.get("storage")):
        raise StorageError(
            "the run was made without a study, and cannot be gone on with",
            where=str(folder),
            hint="Search again; what its PLMs have read is cached.",
        )
    return restored(options, str(path))
