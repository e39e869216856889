"""Data sets of the Hugging Face Hub, streamed."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from promptsearch.corpus.sources import FIELD, Source, no_column
from promptsearch.errors import DataError
from promptsearch.hub import PROBE_SECONDS, hub_reachable, offline_setting

if TYPE_CHECKING:
    import pyarrow as pa

_ROWS = 64
_ADDRESS = re.compile(
    r"hf://(?P<id>[\w.-]+/[\w.-]+)(?::(?P<config>[\w.-]+))?(?:/(?P<split>[\w.-]+))?", re.ASCII
)


def hub_source(place: str, column: str | None) -> Source:
    """The source that `hf://org/name[:config][/split]` names; the split is `train` where none is named.

    Raises:
        DataError: the address is not of this form, or the hub cannot be reached.
    """
    match = _ADDRESS.fullmatch(place)
    if match is None:
        raise DataError(
            "this is no address of a data set",
            where=place,
            hint="Write hf://org/name, hf://org/name/split or hf://org/name:config/split.",
        )
    if setting := offline_setting():
        raise DataError(f"{setting} is set, which forbids the network", where=place, hint=_elsewhere())
    if not hub_reachable():
        raise DataError(
            f"the Hugging Face Hub could not be reached within {PROBE_SECONDS:g} seconds",
            where=place,
            hint=_elsewhere(),
        )
    config, split = match["config"], match["split"] or "train"
    return Source(place, "hub", None, match["id"], None, None, column or FIELD, config, split)


def hub_batches(source: Source, start: int) -> Iterator[pa.Array]:
    """Arrays of texts from row `start` on.

    Raises:
        DataError: the hub does not provide the data set, or it has no such column.
    """
    import pyarrow as pa
    from datasets.exceptions import DatasetsError
    from huggingface_hub.errors import HTTPError

    from promptsearch.tasks.arrow import quiet_datasets

    try:
        with quiet_datasets():
            rows = _rows(source, start)
            first = next(rows, None)
        if first is None:
            return
        if source.column not in first:
            raise no_column(source.column or "", list(first), source.name)
        for batch in _chunks(itertools.chain([first], rows)):
            texts = [row.get(source.column) for row in batch]
            yield pa.array([text if isinstance(text, str) else None for text in texts], pa.large_string())
    except (OSError, ValueError, RuntimeError, DatasetsError, HTTPError) as error:
        said = str(error).split("\n")[0]
        raise DataError(
            f"the Hugging Face Hub did not provide the text: {said}", where=source.name
        ) from error


def _rows(source: Source, start: int) -> Iterator[dict[str, object]]:
    import datasets

    stream = datasets.load_dataset(source.path, name=source.config, split=source.split, streaming=True)
    assert isinstance(stream, datasets.IterableDataset)
    return iter(stream.skip(start))


def _chunks(rows: Iterator[dict[str, object]]) -> Iterator[list[dict[str, object]]]:
    while chunk := list(itertools.islice(rows, _ROWS)):
        yield chunk


def _elsewhere() -> str:
    return "Name a file or a folder, or a data set saved with save_to_disk."
