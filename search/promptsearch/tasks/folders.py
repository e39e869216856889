"""Folders of data: which files are which splits."""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path

from promptsearch.errors import DataError
from promptsearch.tasks.catalogue import KnownTask
from promptsearch.tasks.lazy import LazyTable
from promptsearch.tasks.readers import Table, data_suffix, read_table

_SPLIT_ALIASES = {
    "train": ("train", "training"),
    "validation": ("validation", "valid", "val", "dev"),
    "test": ("test",),
}
_SHARD = re.compile(r"-\d{5}-of-\d{5}\Z")


def file_tables(path: Path) -> dict[str, LazyTable]:
    """One file: all its rows are `train`, from which the splits are drawn later."""
    return {"train": LazyTable(partial(read_table, path))}


def folder_tables(folder: Path, known: KnownTask | None = None) -> dict[str, LazyTable]:
    """The splits in a folder: saved by `datasets`, or one file a split (or several, as the hub has them).

    Files are called train, validation (or dev, valid, val) and test, or as the known task's splits are on
    the hub.

    Raises:
        DataError: no split in the folder, or two files for one split.
    """
    from promptsearch.tasks import arrow

    if arrow.is_saved_folder(folder):
        saved = arrow.load_saved(folder)
        found = {split: [name for name in saved if name in _names(split, known)] for split in _SPLIT_ALIASES}
        tables = {
            split: LazyTable(partial(arrow.dataset_table, saved[names[0]], f"{folder}, split {names[0]}"))
            for split, names in found.items()
            if names
        }
    else:
        tables = _file_splits(folder, known)
    if not tables:
        raise DataError(
            "the folder has no data files",
            where=str(folder),
            hint="It must hold train, validation and test files (.jsonl, .csv, .tsv, .json, .parquet; .gz or "
            "not), or be written by save_to_disk.",
        )
    return tables


def _file_splits(folder: Path, known: KnownTask | None) -> dict[str, LazyTable]:
    files = sorted(path for path in folder.iterdir() if path.is_file() and data_suffix(path))
    tables: dict[str, LazyTable] = {}
    for split in _SPLIT_ALIASES:
        names = _names(split, known)
        mine = [path for path in files if _stem(path) in names]
        whole = [path for path in mine if not _SHARD.search(_bare(path))]
        if len(whole) > 1 or (whole and len(mine) > 1):
            raise DataError(
                f"several files for the {split} split: {', '.join(path.name for path in mine)}",
                where=str(folder),
                hint="Keep one of them.",
            )
        if mine:
            tables[split] = LazyTable(partial(_read_all, mine))
    return tables


def _names(split: str, known: KnownTask | None) -> tuple[str, ...]:
    published = (known.hub.splits[split],) if known and split in known.hub.splits else ()
    return (*_SPLIT_ALIASES[split], *published)


def _read_all(paths: list[Path]) -> Table:
    tables = [read_table(path) for path in paths]
    if len(tables) == 1:
        return tables[0]
    rows = [row for table in tables for row in table.rows]
    columns = dict.fromkeys(name for table in tables for name in table.columns)
    return Table(str(paths[0]), tuple(columns), rows, tables[0].class_names)


def _bare(path: Path) -> str:
    return path.name.lower().removesuffix(".gz").rsplit(".", 1)[0]


def _stem(path: Path) -> str:
    return _SHARD.sub("", _bare(path))
