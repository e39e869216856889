"""From a task's name, or data of one's own, to the task."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from promptsearch.errors import DataError, TaskError, near_matches
from promptsearch.tasks.build import TaskData, build_task
from promptsearch.tasks.catalogue import KNOWN_TASKS, TREX_RELATIONS, KnownTask, known_task, split_relation
from promptsearch.tasks.columns import parse_mapping
from promptsearch.tasks.folders import file_tables, folder_tables
from promptsearch.tasks.memory import Rows, memory_tables
from promptsearch.tasks.meta import read_meta
from promptsearch.tasks.readers import data_suffix
from promptsearch.tasks.samples import sample_folder, sample_names
from promptsearch.tasks.task import Source, Task

DATA_FOLDER = "PROMPTSEARCH_DATA"
_OWN_DATA = "--data FILE_OR_FOLDER (csv, tsv, jsonl, parquet or a datasets folder)"


def load_task(
    name: str | None = None,
    *,
    data: str | Path | Rows | None = None,
    mapping: Mapping[str, str] | str | None = None,
    stand_in: bool = True,
    offline: bool = False,
    kind: str | None = None,
) -> Task:
    """Load a task with the splits its source has; `draw_splits` makes train, dev and test of them.

    The data comes from the first of: `data`; the folder `$PROMPTSEARCH_DATA/NAME`; the Hugging Face Hub;
    the bundled sample of the same kind, in which case `stand_in_for` is set and a notice says so.

    Args:
        name: a known task, a sample, or any name for data of one's own (without it, the file's name).
        data: a data file, a folder of split files, a folder written by `save_to_disk`, or rows in memory
            (dicts, a pandas frame). A known name then gives kind, labels and metric, as far as they fit.
        mapping: field -> column, as in {"text": "review", "label": "stars"} or "text=review,label=stars".
        stand_in: whether a bundled sample may take the place of data that cannot be reached.
        offline: ask no network.
        kind: what sort of task it is (sentiment, topic, nli, …), for the library of hand-written prompts;
            in place of what the name, `meta.json` or the data say.

    Raises:
        TaskError: the task is unknown, or its data cannot be provided.
        DataError: the data is missing, unreadable or unfit.
        OptionError: a mapping that cannot be read.
    """
    columns = parse_mapping(mapping) if isinstance(mapping, str) else mapping
    if data is not None:
        return _from_data(name, data, columns, kind)
    if name is None:
        raise TaskError("neither a task nor data was given", hint=f"Name a known task, or give {_OWN_DATA}.")
    base, relation = split_relation(name)
    known = known_task(base)
    if folder := _data_folder(base, known):
        return _from_folder(name, folder, Source("folder", str(folder)), columns, kind)
    if known is None:
        return _from_sample(name, columns, kind)
    if known.kind == "fact":
        _check_trex(known, relation)
    try:
        return _from_hub(known, relation, columns, offline, kind)
    except TaskError as reason:
        return _stand_in(known, relation if known.kind == "fact" else None, reason, stand_in, kind)


def _from_data(
    name: str | None, data: str | Path | Rows, mapping: Mapping[str, str] | None, kind: str | None
) -> Task:
    if not isinstance(data, str | Path):
        known, relation = _named(name)
        tables, source = memory_tables(data), Source("memory", "")
        return build_task(
            TaskData(name or "data", tables, source, known, mapping=mapping, relation=relation, kind=kind)
        )
    path = Path(data).expanduser()
    called = name or path.name.removesuffix(".gz").rsplit(".", 1)[0]
    if path.is_dir():
        return _from_folder(called, path, Source("folder", str(path)), mapping, kind)
    if not path.exists():
        near = (
            near_matches(path.name, [p.name for p in path.parent.iterdir()]) if path.parent.is_dir() else []
        )
        meant = f"Did you mean {path.parent / near[0]}?" if near else "Check the path."
        raise DataError("no such file or folder", where=str(path), hint=meant)
    known, relation = _named(called)
    tables, source = file_tables(path), Source("file", str(path))
    return build_task(TaskData(called, tables, source, known, mapping=mapping, relation=relation, kind=kind))


def _from_folder(
    name: str, folder: Path, source: Source, mapping: Mapping[str, str] | None, kind: str | None
) -> Task:
    known, relation = _named(name)
    tables = folder_tables(folder, known)
    return build_task(TaskData(name, tables, source, known, read_meta(folder), mapping, relation, kind))


def _from_hub(
    known: KnownTask,
    relation: str | None,
    mapping: Mapping[str, str] | None,
    offline: bool,
    kind: str | None,
) -> Task:
    from promptsearch.tasks.hub import hub_tables

    name = f"{known.name}:{relation}" if relation else known.name
    tables, source = hub_tables(known, offline=offline), Source("hub", known.hub.id)
    return build_task(TaskData(name, tables, source, known, mapping=mapping, relation=relation, kind=kind))


def _from_sample(name: str, mapping: Mapping[str, str] | None, kind: str | None) -> Task:
    base, relation = split_relation(name)
    folder = sample_folder(base)
    if folder is None or (relation and not read_meta(folder).relations):
        raise _unknown(name)
    return _from_folder(name, folder, Source("sample", base), mapping, kind)


def _stand_in(
    known: KnownTask, relation: str | None, reason: TaskError, allowed: bool, kind: str | None
) -> Task:
    """The bundled sample of the same kind, announced; or a refusal that says what would do.

    For facts it is the sample's facts of the same relation.
    """
    asked = f"{known.name}:{relation}" if relation else known.name
    provide = (
        f"To use {known.name} itself: give {_OWN_DATA}, put it into a folder ${DATA_FOLDER}/{known.name}, "
        "or run again where the Hugging Face Hub can be reached."
    )
    folder = sample_folder(known.sample) if known.sample else None
    if folder is None or not allowed:
        why = "a stand-in was ruled out" if folder else f"no bundled sample is of its kind ({known.kind})"
        raise TaskError(
            f"the task {asked} cannot be had: {reason.message}, and {why}",
            where=reason.where,
            hint=provide,
        ) from reason
    meta = read_meta(folder)
    if relation and relation not in meta.relations:
        listed = ", ".join(meta.relations)
        raise TaskError(
            f"the task {asked} cannot be had: {reason.message}, and the bundled sample {folder.name!r} has "
            f"no facts of {relation}",
            where=reason.where,
            hint=f"{provide} The sample has {listed}.",
        ) from reason
    name = f"{folder.name}:{relation}" if relation else folder.name
    task = _from_folder(name, folder, Source("sample", folder.name), None, kind)
    title = meta.relations[relation] if relation else meta.title
    about = f" ({title})" if title else ""
    said = (
        f"The bundled sample {name!r}{about} stands in for {asked}, because {reason.message}. "
        f"Figures are those of {name!r}, not of {asked}. {provide}"
    )
    return replace(task.with_notices(said), stand_in_for=asked)


def _named(name: str | None) -> tuple[KnownTask | None, str | None]:
    """The known task of a name, and the relation it chooses."""
    if name is None:
        return None, None
    base, relation = split_relation(name)
    known = known_task(base)
    return known, relation


def _data_folder(base: str, known: KnownTask | None) -> Path | None:
    """The task's folder below $PROMPTSEARCH_DATA, if there is one."""
    setting = os.environ.get(DATA_FOLDER)
    if not setting:
        return None
    root = Path(setting).expanduser()
    if not root.is_dir():
        raise DataError(
            f"{DATA_FOLDER} does not name a folder", where=str(root), hint=f"Correct or unset {DATA_FOLDER}."
        )
    names = [
        base,
        *([known.name] if known else []),
        *(["lama_trex"] if known and known.kind == "fact" else []),
    ]
    plain = [name for name in names if name and Path(name).name == name]
    return next((root / name for name in plain if (root / name).is_dir()), None)


def _check_trex(known: KnownTask, relation: str | None) -> None:
    if relation in TREX_RELATIONS:
        return
    near = near_matches(relation, TREX_RELATIONS) if relation else []
    message = f"{relation} is no relation of {known.name}" if relation else f"{known.name} needs a relation"
    raise TaskError(
        message,
        hint=f"For example {known.name}:{(near or ['P103'])[0]}. Relations: {', '.join(TREX_RELATIONS)}.",
    )


def _unknown(name: str) -> TaskError:
    path = Path(name).expanduser()
    if data_suffix(path) or path.is_dir():
        return TaskError(f"{name!r} is not the name of a task", hint=f"For a file or folder: --data {name}.")
    setting = os.environ.get(DATA_FOLDER)
    here = (
        [folder.name for folder in Path(setting).expanduser().iterdir() if folder.is_dir()] if setting else []
    )
    names = [*KNOWN_TASKS, *sample_names(), *here]
    near = near_matches(name, names)
    meant = f"Did you mean {' or '.join(near)}? " if near else ""
    return TaskError(
        f"no task is called {name!r}",
        hint=f"{meant}Known are {', '.join(sorted(set(names)))}. For data of your own: {_OWN_DATA}.",
    )
