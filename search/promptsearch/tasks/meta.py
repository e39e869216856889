"""`meta.json` beside the data: labels, kind, fields and metric."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import get_args

from promptsearch.errors import DataError
from promptsearch.tasks.task import Metric
from promptsearch.verbalizer import Label

META_FILE = "meta.json"


@dataclass(frozen=True)
class Meta:
    """What a folder of data says about itself; every part may be missing.

    Attributes:
        labels: in order; integer labels in the data are indices into them.
        title: what the task is about, in words (`task` in the file).
        relations: for facts, what each relation is, in words.
    """

    labels: tuple[Label, ...] = ()
    label_names: tuple[str, ...] = ()
    kind: str | None = None
    fields: tuple[str, ...] = ()
    metric: Metric | None = None
    title: str | None = None
    relations: Mapping[str, str] = field(default_factory=dict)


def read_meta(folder: Path) -> Meta:
    """Read `meta.json` of a folder; an empty `Meta` where there is none.

    Raises:
        DataError: not JSON, or an entry of the wrong type.
    """
    path = folder / META_FILE
    if not path.is_file():
        return Meta()
    try:
        data = json.loads(path.read_text(encoding="utf-8-sig"))
    except (ValueError, OSError) as error:
        raise DataError(
            f"meta.json cannot be read: {error}", where=str(path), hint="Mend or remove it."
        ) from error
    if not isinstance(data, dict):
        raise _wrong(
            "it must be an object", path, '{"labels": ["negative", "positive"], "kind": "sentiment"}'
        )
    return Meta(
        labels=_labels(data.get("labels"), path),
        label_names=_label_names(data, path),
        kind=_string(data, "kind", path),
        fields=_fields(data.get("fields"), path),
        metric=_metric(data.get("metric"), path),
        title=_string(data, "task", path),
        relations=_relations(data.get("relations"), path),
    )


def _labels(labels: object, path: Path) -> tuple[Label, ...]:
    if labels is None:
        return ()
    well_typed = isinstance(labels, list) and all(isinstance(label, str | int | float) for label in labels)
    if not well_typed or len({(type(label), label) for label in labels}) < len(labels):
        raise _wrong(
            "`labels` must be a list of different texts, numbers or booleans",
            path,
            '["negative", "positive"]',
        )
    return tuple(labels)


def _label_names(data: dict, path: Path) -> tuple[str, ...]:
    names = data.get("label_names") or []
    if not isinstance(names, list) or len(names) not in (0, len(data.get("labels") or [])):
        raise _wrong("`label_names` must be a list with a name for each of `labels`", path, '["bad", "good"]')
    return tuple(map(str, names))


def _fields(fields: object, path: Path) -> tuple[str, ...]:
    if fields is None:
        return ()
    if not isinstance(fields, list) or not all(isinstance(field, str) for field in fields):
        raise _wrong("`fields` must be a list of column names", path, '["text"]')
    return tuple(fields)


def _relations(relations: object, path: Path) -> dict[str, str]:
    if relations is None:
        return {}
    if not isinstance(relations, dict) or not all(isinstance(words, str) for words in relations.values()):
        raise _wrong("`relations` must say of each relation what it is", path, '{"P36": "capital"}')
    return {str(name): words for name, words in relations.items()}


def _metric(metric: object, path: Path) -> Metric | None:
    for known in get_args(Metric):
        if metric == known:
            return known
    if metric is None:
        return None
    raise _wrong(f"`metric` is {metric!r}", path, " or ".join(map(repr, get_args(Metric))))


def _string(data: dict, key: str, path: Path) -> str | None:
    value = data.get(key)
    if value is None or isinstance(value, str):
        return value
    raise _wrong(f"`{key}` must be a text", path, '"sentiment"')


def _wrong(what: str, path: Path, example: str) -> DataError:
    return DataError(
        f"meta.json is not as it must be: {what}", where=str(path), hint=f"For example {example}."
    )
