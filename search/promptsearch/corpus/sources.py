"""One source of text: what kind it is, by its name and by its first bytes."""

from __future__ import annotations

import json
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from promptsearch.corpus.streams import Compression, PlainBytes, StreamBytes, compression_of
from promptsearch.errors import DataError, near_matches

Kind = Literal["text", "jsonl", "parquet", "dataset", "hub", "memory"]
FIELD = "text"
_HEAD = 64 << 10
_COMPRESSED = (".gz", ".zst", ".zstd", ".bz2", ".xz")
_SUFFIXES: dict[str, Kind] = {
    ".txt": "text",
    ".text": "text",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".parquet": "parquet",
    ".pq": "parquet",
}
_OTHERS = (".csv", ".tsv", ".zip", ".tar", ".tgz", ".7z", ".rar", ".pdf", ".docx", ".xlsx", ".warc")
_READABLE = "Readable are plain text and .jsonl, each also with .gz, .zst, .bz2 or .xz, and .parquet."
_WIDE = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True)
class Source:
    """One source of text.

    Attributes:
        name: as shown to people.
        kind: `dataset` is a folder of the `datasets` library, `hub` one of the Hugging Face Hub's.
        size: bytes on disk (of texts in memory: characters); None where it is not known.
        path: where it is; for the hub, the data set's id.
        changed: when the file was last written, in nanoseconds.
        column: the field or column that holds the text.
        config, split: of a data set.
    """

    name: str
    kind: Kind
    size: int | None
    path: str = ""
    compression: Compression | None = None
    changed: int | None = None
    column: str | None = None
    config: str | None = None
    split: str | None = None

    @property
    def plain(self) -> bool:
        """Whether it can be entered at any line."""
        return self.compression is None and self.kind in ("text", "jsonl")

    def open(self) -> PlainBytes | StreamBytes:
        """The bytes of its text. Raises DataError when the file cannot be opened."""
        return StreamBytes(self.path, self.compression) if self.compression else PlainBytes(self.path)


def is_readable(path: Path) -> bool:
    """Whether a file's name says that it can be read; asked where a whole folder is given."""
    inner, packed = _inner_suffix(path)
    return inner in _SUFFIXES or (packed and inner not in _OTHERS)


def file_source(path: Path, name: str, column: str | None) -> Source:
    """The source that a file is.

    Raises:
        DataError: it is missing, of a kind that is not read, not UTF-8 at all, or lacks the column.
    """
    inner, packed = _inner_suffix(path)
    if inner in _OTHERS:
        raise DataError(f"{inner} files are not read as a corpus", where=str(path), hint=_READABLE)
    with PlainBytes(str(path)) as file:
        raw = file.read(0, _HEAD)
    stat = path.stat()
    if raw.startswith(b"PAR1"):
        from promptsearch.corpus.rows import check_parquet

        check_parquet(path, column or FIELD)
        return Source(name, "parquet", stat.st_size, str(path), None, stat.st_mtime_ns, column or FIELD)
    compression = compression_of(raw)
    head = raw
    if compression:
        with StreamBytes(str(path), compression) as stream:
            head = stream.read(0, _HEAD)
    _refuse_unreadable(head, path, packed=packed and compression is None)
    kind = _SUFFIXES.get(inner) or ("jsonl" if _looks_like_records(head) else "text")
    if kind == "parquet":
        raise DataError("the file is named .parquet but is none", where=str(path), hint="Write it again.")
    if kind == "jsonl":
        _check_field(head, column or FIELD, path)
    field = (column or FIELD) if kind == "jsonl" else None
    return Source(name, kind, stat.st_size, str(path), compression, stat.st_mtime_ns, field)


def no_column(column: str, columns: list[str], where: str) -> DataError:
    """That there is no such column, and which there are."""
    near = near_matches(column, columns, most=1) or columns[:1]
    return DataError(
        f"there is no column {column!r}",
        where=where,
        hint=f"Columns: {', '.join(map(repr, columns))}. {_name_it(near[0] if near else 'NAME')}",
    )


def not_texts(column: str, holds: object, where: str) -> DataError:
    """That a column holds something else than texts."""
    return DataError(f"column {column!r} holds {holds}, not texts", where=where, hint=_name_it("NAME"))


def _name_it(column: str) -> str:
    return f"Name the one that holds the text: `promptsearch mine … --column {shlex.quote(column)}`."


def _inner_suffix(path: Path) -> tuple[str, bool]:
    """`.jsonl`, True for `x.jsonl.gz`."""
    name = Path(path.name.lower())
    packed = name.suffix in _COMPRESSED
    return (Path(name.stem).suffix if packed else name.suffix), packed


def _refuse_unreadable(head: bytes, path: Path, *, packed: bool) -> None:
    if head.startswith(_WIDE):
        raise DataError(
            "the file is UTF-16, not UTF-8",
            where=str(path),
            hint=f"iconv -f utf-16 -t utf-8 {path.name} > utf8-{path.name}",
        )
    if head.count(b"\0") * 100 > len(head):
        what = "is named as compressed, but is neither compressed in a known way" if packed else "is no"
        raise DataError(
            f"the file {what} {'nor text' if packed else 'text: it has many zero bytes'}",
            where=str(path),
            hint=_READABLE,
        )


def _objects(head: bytes) -> list[dict[str, object]]:
    """The JSON objects on the first lines; the last line may be cut."""
    found = []
    for line in head.removeprefix(b"\xef\xbb\xbf").split(b"\n")[:100]:
        try:
            row = json.loads(line) if line.strip() else None
        except (ValueError, RecursionError):
            continue
        if isinstance(row, dict):
            found.append(row)
    return found


def _looks_like_records(head: bytes) -> bool:
    first = head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1]
    return first == b"{" and bool(_objects(head))


def _check_field(head: bytes, column: str, path: Path) -> None:
    rows = _objects(head)
    if rows and not any(column in row for row in rows):
        raise no_column(column, list(dict.fromkeys(key for row in rows for key in row)), str(path))
    whole_lines = [line for line in head.split(b"\n")[:-1] if line.strip()]
    if whole_lines and not rows:
        raise DataError(
            "no line is a JSON object",
            where=str(path),
            hint="Write one object a line; a JSON list becomes that with: jq -c '.[]' FILE > FILE.jsonl",
        )
