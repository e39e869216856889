"""What a user names (files, folders, globs, data sets) into sources."""

from __future__ import annotations

import glob
from collections.abc import Iterator, Sequence
from pathlib import Path

from promptsearch.corpus.runs import Runs
from promptsearch.corpus.sources import Source, file_source, is_readable
from promptsearch.errors import DataError, near_matches

_HUB = "hf://"


def find_sources(
    places: Sequence[str | Path], column: str | None
) -> tuple[tuple[Source, ...], tuple[str, ...]]:
    """Every source that the places name, in their order; folders and globs sorted. And what to tell of it.

    The files of this package's own runs are no text: in folders and globs they are left out.

    Raises:
        DataError: a place holds nothing that can be read.
    """
    if not places:
        raise DataError("no corpus was named", hint="Name a file, a folder, a glob or hf://org/name.")
    runs = Runs()
    sources = tuple(source for place in places for source in _of_place(place, column, runs))
    return sources, runs.notices


def _of_place(place: str | Path, column: str | None, runs: Runs) -> Iterator[Source]:
    if isinstance(place, str) and place.startswith(_HUB):
        from promptsearch.corpus.hub import hub_source

        yield hub_source(place, column)
        return
    path = Path(place).expanduser()
    if path.is_dir():
        yield from _of_folder(path, str(place), column, runs)
    elif path.exists() or not glob.has_magic(str(place)):
        if not path.exists():
            raise _missing(path)
        yield file_source(path, str(place), column)
    else:
        yield from _of_glob(path, str(place), column, runs)


def _of_glob(pattern: Path, name: str, column: str | None, runs: Runs) -> Iterator[Source]:
    found = sorted(Path(match) for match in glob.glob(str(pattern), recursive=True))
    matches = [match for match in found if not runs.holds(match)]
    # Where every folder matches, so does the one that holds the runs and nothing else.
    matches = [match for match in matches if not (match.is_dir() and _holds_runs_alone(match, runs))]
    if not matches:
        hint = f"It matches {runs.skipped}, and nothing else." if found else _nearest(pattern)
        raise DataError("no file matches", where=name, hint=hint)
    for match in matches:
        if match.is_dir():
            yield from _of_folder(match, str(match), column, runs)
        else:
            yield file_source(match, str(match), column)


def _holds_runs_alone(folder: Path, runs: Runs) -> bool:
    files, left_out = _files(folder, runs)
    return left_out > 0 and not any(map(is_readable, files))


def _files(folder: Path, runs: Runs) -> tuple[list[Path], int]:
    """Files in a folder, sorted, and how many besides are of runs."""
    found = sorted(path for path in folder.rglob("*") if path.is_file() and not _hidden(path, folder))
    files = [path for path in found if not runs.holds(path, folder)]
    return files, len(found) - len(files)


def _of_folder(folder: Path, name: str, column: str | None, runs: Runs) -> Iterator[Source]:
    from promptsearch.tasks.arrow import is_saved_folder

    if is_saved_folder(folder):
        from promptsearch.corpus.rows import saved_sources

        yield from saved_sources(folder, name, column)
        return
    files, left_out = _files(folder, runs)
    readable = [path for path in files if is_readable(path)]
    if not readable:
        seen = f" It holds {', '.join(path.name for path in files[:3])}." if files else ""
        if left_out:
            seen += f" It holds {runs.skipped}."
        seen = seen or " It is empty."
        raise DataError(
            "the folder holds no text that can be read",
            where=str(folder),
            hint=f"Readable are .txt, .jsonl and .parquet, each also compressed.{seen}",
        )
    for path in readable:
        yield file_source(path, str(path), column)


def _hidden(path: Path, folder: Path) -> bool:
    return any(part.startswith(".") for part in path.relative_to(folder).parts)


def _missing(path: Path) -> DataError:
    return DataError("no such file or folder", where=str(path), hint=_nearest(path))


def _nearest(path: Path) -> str:
    """What is there instead."""
    folder = path.parent
    if glob.has_magic(str(folder)):
        return "Check the path."
    if not folder.is_dir():
        return f"There is no folder {folder}."
    names = sorted(entry.name for entry in folder.iterdir() if not entry.name.startswith("."))
    near = near_matches(path.name, names) or names[:3]
    return f"{folder} has {', '.join(near)}." if near else f"{folder} is empty."
