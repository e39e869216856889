"""Known tasks from the Hugging Face Hub, or from the copies of them that `datasets` has kept."""

from __future__ import annotations

import os
from collections.abc import Generator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from promptsearch.errors import TaskError
from promptsearch.hub import PROBE_SECONDS, hub_reachable, offline_setting
from promptsearch.tasks.catalogue import HubSource, KnownTask
from promptsearch.tasks.lazy import LazyTable
from promptsearch.tasks.readers import Table

if TYPE_CHECKING:
    import datasets


def hub_tables(known: KnownTask, *, offline: bool = False) -> dict[str, LazyTable]:
    """The splits of a known task.

    Without the network, a copy that `datasets` has kept from an earlier call is used.

    Raises:
        TaskError: the hub cannot be reached and there is no such copy, or it does not provide the data.
    """
    reason = why_not(offline)
    if reason is None:
        found = _load(known.hub)
    elif _is_cached(known.hub):
        with _offline():
            found = _load(known.hub)
    else:
        raise TaskError(reason, where=known.hub.id)
    return {
        split: LazyTable(partial(_table, found[published], known, f"{known.hub.id}, split {published}"))
        for split, published in known.hub.splits.items()
        if published in found
    }


def why_not(offline: bool) -> str | None:
    """Why the hub is not asked; None when it can be."""
    if offline:
        return "working offline was asked for"
    if setting := offline_setting():
        return f"{setting} is set, which forbids the network"
    if not hub_reachable():
        return f"the Hugging Face Hub could not be reached within {PROBE_SECONDS:g} seconds"
    return None


def _load(hub: HubSource) -> datasets.DatasetDict:
    import datasets
    from datasets.exceptions import DatasetsError
    from huggingface_hub.errors import HTTPError

    from promptsearch.tasks.arrow import quiet_datasets

    with quiet_datasets():
        try:
            loaded = datasets.load_dataset(
                hub.id, name=hub.config, data_dir=hub.folder, revision=hub.revision, cache_dir=str(_cache())
            )
        except (
            OSError,
            ValueError,
            RuntimeError,
            DatasetsError,
            HTTPError,
        ) as error:
            first = str(error).split("\n")[0]
            raise TaskError(
                f"the Hugging Face Hub did not provide {hub.id}: {first}", where=hub.id
            ) from error
    if not isinstance(loaded, datasets.DatasetDict):
        raise TaskError(f"{hub.id} has no splits", where=hub.id)
    return loaded


def _table(dataset: datasets.Dataset, known: KnownTask, place: str) -> Table:
    from promptsearch.tasks.arrow import dataset_table

    wanted = [*known.columns.values(), known.label, known.relation]
    return dataset_table(
        dataset.select_columns([name for name in dataset.column_names if name in wanted]), place
    )


def _cache() -> Path:
    """Where `datasets` keeps what it has loaded."""
    if own := os.environ.get("HF_DATASETS_CACHE"):
        return Path(own).expanduser()
    home = os.environ.get("HF_HOME")
    shared = Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache")
    return (Path(home) if home else shared / "huggingface").expanduser() / "datasets"


def _is_cached(hub: HubSource) -> bool:
    return (_cache() / hub.id.lower().replace("/", "___")).is_dir() or (
        _cache() / hub.id.replace("/", "___")
    ).is_dir()


@contextmanager
def _offline() -> Generator[None]:
    """Make `datasets` look at its own copies only: it reads the setting at import, and then from here."""
    import datasets.config
    import huggingface_hub.constants

    before = datasets.config.HF_HUB_OFFLINE, huggingface_hub.constants.HF_HUB_OFFLINE
    datasets.config.HF_HUB_OFFLINE = huggingface_hub.constants.HF_HUB_OFFLINE = True
    try:
        yield
    finally:
        datasets.config.HF_HUB_OFFLINE, huggingface_hub.constants.HF_HUB_OFFLINE = before
