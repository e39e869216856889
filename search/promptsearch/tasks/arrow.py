"""Tables from parquet files and from data sets of the `datasets` library."""

from __future__ import annotations

import io
import json
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from promptsearch.errors import DataError
from promptsearch.tasks.readers import Table

if TYPE_CHECKING:
    import datasets

_SAVED_MARKS = ("dataset_info.json", "state.json", "dataset_dict.json")


def parquet_table(content: bytes, place: str) -> Table:
    """Read a parquet file. Raises DataError when it is none, or damaged."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    if not content:
        raise DataError("the file is empty", where=place, hint="Give a file with at least one example.")
    try:
        table = pq.read_table(io.BytesIO(content))
        rows = table.to_pylist()
    except (pa.ArrowException, OSError, ValueError) as error:
        first = str(error).split("\n")[0]
        raise DataError(
            f"the parquet file cannot be read: {first}", where=place, hint="Write it again."
        ) from error
    return Table(place, tuple(table.column_names), rows, _class_names(table.schema.metadata))


def _class_names(metadata: Mapping[bytes, bytes] | None) -> dict[str, tuple[str, ...]]:
    """Class names that the `datasets` library leaves in the schema of its parquet files."""
    info = (metadata or {}).get(b"huggingface")
    features = json.loads(info).get("info", {}).get("features", {}) if info else {}
    return {
        column: tuple(feature["names"])
        for column, feature in features.items()
        if isinstance(feature, dict) and feature.get("_type") == "ClassLabel" and feature.get("names")
    }


def is_saved_folder(folder: Path) -> bool:
    """Whether a folder was written by `save_to_disk` of the `datasets` library."""
    return any((folder / mark).is_file() for mark in _SAVED_MARKS)


def load_saved(folder: Path) -> dict[str, datasets.Dataset]:
    """Splits of a folder written by `save_to_disk`; a single data set is called `train`."""
    import datasets

    with quiet_datasets():
        try:
            loaded = datasets.load_from_disk(str(folder))
        except (OSError, ValueError, KeyError, RuntimeError) as error:
            first = str(error).split("\n")[0]
            raise DataError(
                f"the datasets folder cannot be read: {first}",
                where=str(folder),
                hint="Write it again with save_to_disk.",
            ) from error
    if isinstance(loaded, datasets.Dataset):
        return {"train": loaded}
    return {str(name): split for name, split in loaded.items()}


def dataset_table(dataset: datasets.Dataset, place: str) -> Table:
    """Rows of a data set; class labels stay the integers they are, with their names beside them."""
    import datasets

    names = {
        column: tuple(feature.names)
        for column, feature in dataset.features.items()
        if isinstance(feature, datasets.ClassLabel)
    }
    return Table(place, tuple(dataset.column_names), dataset.to_list(), names)


@contextmanager
def quiet_datasets() -> Generator[None]:
    """Keep the progress bars and log lines of `datasets` and the hub's client off the screen."""
    import logging

    import datasets
    from datasets.utils.logging import get_verbosity, set_verbosity

    hub_log = logging.getLogger("huggingface_hub")
    before = get_verbosity(), datasets.are_progress_bars_disabled(), hub_log.level
    set_verbosity(logging.CRITICAL)
    datasets.disable_progress_bars()
    hub_log.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        set_verbosity(before[0])
        if not before[1]:
            datasets.enable_progress_bars()
        hub_log.setLevel(before[2])
