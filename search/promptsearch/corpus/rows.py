"""Tables into segments: parquet files and data sets of the `datasets` library, batch by batch."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from promptsearch.corpus.segments import Position, Segment
from promptsearch.corpus.sources import FIELD, Source, no_column, not_texts
from promptsearch.errors import DataError

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

# Rows read at once: about as much text as this, and not more rows than that.
_BATCH, _MOST_ROWS = 1 << 20, 4096
_NAME = "text"


def cut_rows(source: Source, number: int, size: int, after: Position) -> Iterator[Segment]:
    """Rows packed as an Arrow stream, about `size` bytes a segment.

    Raises:
        DataError: the source cannot be read any more.
    """
    index, start = after.index + 1, after.end
    held: list[pa.Array] = []
    row = start
    for texts, share in _batches(source, start):
        held.append(texts)
        row += len(texts)
        if sum(array.nbytes for array in held) >= size:
            yield Segment(number, index, start, row, _packed(held), int((source.size or 0) * share))
            index, start, held = index + 1, row, []
    if held:
        yield Segment(number, index, start, row, _packed(held), source.size or 0)


def unpacked(payload: bytes) -> list[str | None]:
    """The texts of the rows of a segment."""
    import pyarrow as pa

    return pa.ipc.open_stream(payload).read_all().column(0).to_pylist()


def check_parquet(path: Path, column: str) -> None:
    """Raises DataError when the file is damaged, or has no such column of texts."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        schema = pq.read_schema(path)
    except (pa.ArrowException, OSError) as error:
        raise _damaged(str(path), error) from error
    if column not in schema.names:
        raise no_column(column, list(schema.names), str(path))
    _check_type(schema.field(column).type, column, str(path))


def saved_sources(folder: Path, name: str, column: str | None) -> Iterator[Source]:
    """The splits of a folder written by `save_to_disk`.

    Raises:
        DataError: it is damaged, or has no such column of texts.
    """
    from promptsearch.tasks.arrow import load_saved

    wanted = column or FIELD
    for split, rows in load_saved(folder).items():
        if wanted not in rows.column_names:
            raise no_column(wanted, list(rows.column_names), f"{folder}, split {split}")
        _check_type(rows.features[wanted].dtype, wanted, f"{folder}, split {split}")
        files = [Path(file["filename"]).stat() for file in rows.cache_files]
        size, changed = (
            sum(file.st_size for file in files),
            max((file.st_mtime_ns for file in files), default=0),
        )
        yield Source(f"{name} ({split})", "dataset", size, str(folder), None, changed, wanted, split=split)


def _batches(source: Source, start: int) -> Iterator[tuple[pa.Array, float]]:
    """Arrays of texts from row `start` on, and the share of the source that is read after each."""
    if source.kind == "parquet":
        return _of_parquet(source, start)
    if source.kind == "dataset":
        return _of_saved(source, start)
    from promptsearch.corpus.hub import hub_batches

    return ((texts, 0.0) for texts in hub_batches(source, start))


def _of_parquet(source: Source, start: int) -> Iterator[tuple[pa.Array, float]]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(source.path) as file:
            sizes = [file.metadata.row_group(group).num_rows for group in range(file.num_row_groups)]
            first = before = 0
            while first < len(sizes) and before + sizes[first] <= start:
                before, first = before + sizes[first], first + 1
            skip, row = start - before, start
            groups = list(range(first, len(sizes)))
            rows = _rows_at_once(_column_bytes(file, source.column or ""), file.metadata.num_rows)
            for batch in file.iter_batches(rows, row_groups=groups, columns=[source.column]):
                texts = _as_strings(batch.column(0)).slice(skip)
                skip = max(0, skip - batch.num_rows)
                if len(texts):
                    row += len(texts)
                    yield texts, row / file.metadata.num_rows
    except (pa.ArrowException, OSError) as error:
        raise _damaged(source.path, error) from error


def _of_saved(source: Source, start: int) -> Iterator[tuple[pa.Array, float]]:
    from promptsearch.tasks.arrow import load_saved

    rows = load_saved(Path(source.path))[source.split or ""].with_format("arrow")
    step = _rows_at_once(source.size or 0, len(rows))
    for low in range(start, len(rows), step):
        high = min(low + step, len(rows))
        column = rows[low:high].column(source.column)
        yield _as_strings(column.combine_chunks()), high / len(rows)


def _column_bytes(file: pq.ParquetFile, column: str) -> int:
    """Bytes of text in the column, before compression."""
    groups = [file.metadata.row_group(group) for group in range(file.num_row_groups)]
    parts = (group.column(place) for group in groups for place in range(group.num_columns))
    return sum(part.total_uncompressed_size for part in parts if part.path_in_schema == column)


def _rows_at_once(size: int, rows: int) -> int:
    """Rows that hold about `_BATCH` bytes, of a table of this size."""
    return max(1, min(_MOST_ROWS, _BATCH * rows // max(1, size)))


def _as_strings(array: pa.Array | pa.ChunkedArray) -> pa.Array:
    import pyarrow as pa

    whole = array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array
    return whole.cast(pa.large_string())


def _packed(arrays: list[pa.Array]) -> bytes:
    import pyarrow as pa

    sink = pa.BufferOutputStream()
    table = pa.table({_NAME: pa.chunked_array(arrays)})
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue().to_pybytes()


def _check_type(type_: object, column: str, where: str) -> None:
    if "string" not in str(type_):
        raise not_texts(column, type_, where)


def _damaged(path: str, error: Exception) -> DataError:
    first = str(error).split("\n")[0]
    return DataError(f"the parquet file cannot be read: {first}", where=path, hint="Fetch or write it again.")
