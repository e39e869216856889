"""Facts: triples of subject, relation and object, with the other names of both sides."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from promptsearch.errors import DataError, OptionError, TaskError, near_matches
from promptsearch.tasks.columns import parse_mapping
from promptsearch.tasks.examples import text_of
from promptsearch.tasks.lazy import LazyTable
from promptsearch.tasks.readers import Row, Table, read_table
from promptsearch.tasks.task import Task

# What a column may be called, by what it holds; the last names are those of LAMA as published.
_COLUMN_NAMES = {
    "subject": ("subject", "x", "sub_label"),
    "object": ("object", "y", "obj_label"),
    "relation": ("relation", "predicate_id"),
    "subject_aliases": ("subject_aliases", "aliases"),
    "object_aliases": ("object_aliases",),
}
_ALIAS_MARK = "|"


@dataclass(frozen=True)
class Triple:
    """One fact: the object stands in the relation to the subject. Aliases are other names of a side."""

    relation: str
    subject: str
    object: str
    subject_aliases: tuple[str, ...] = ()
    object_aliases: tuple[str, ...] = ()


@dataclass(frozen=True)
class FactSource:
    """Where the train facts of a task come from, with whatever its examples do not hold.

    Attributes:
        table: the facts that train is drawn from, of all relations of the source.
        columns: what is found in which column, as `subject` -> `sub_label`.
        relation: the task's own relation; also that of rows which name none.
    """

    table: LazyTable
    columns: Mapping[str, str]
    relation: str

    @classmethod
    def of(cls, lazy: LazyTable, columns: Mapping[str, str], relation: str | None, name: str) -> FactSource:
        """The source for a table whose columns are known as far as `columns` says; aliases are looked for.

        Args:
            relation: the relation that was asked for; None where the source has one only.
            name: what to call that one where no column does.
        """
        table = lazy.load()
        found = {**_aliases_in(table), **columns}
        column = found.get("relation")
        only = str(table.rows[0].get(column)) if column and table.rows else name
        # As `_triples` reads it, or the relation's own facts would pass for those of another one.
        return cls(lazy, found, (relation or only).strip())

    def triples(self) -> dict[str, list[Triple]]:
        """All facts by relation, in the source's order."""
        table = self.table.load()
        self.table.release()
        return _by_relation(_triples(table, self.columns, self.relation))


def facts_of(task: Task) -> list[Triple]:
    """The facts of the train split, in its order, with the aliases that the source has for them.

    Of a drawn task (`draw_splits`) these are the facts drawn into train only, never one of dev or test.

    Raises:
        TaskError: the task is not one of facts.
    """
    field = _subject_field(task)
    source = task.fact_source
    relation = source.relation if source else task.name
    aliases = _aliases_of(source.triples().get(relation, ())) if source else {}
    facts = []
    for example in task.train:
        if example.label is None:
            continue
        fact = Triple(relation, example.values[field], str(task.labels[example.label]))
        subject_aliases, object_aliases = aliases.get(_key(fact), ((), ()))
        facts.append(replace(fact, subject_aliases=subject_aliases, object_aliases=object_aliases))
    return facts


def other_relations(task: Task) -> dict[str, list[Triple]]:
    """The train facts of the source's other relations, by relation; {} where it has one only.

    They tell how specific words are to the task's own relation. Facts without an object are left out.

    Raises:
        TaskError: the task is not one of facts.
    """
    _subject_field(task)
    source = task.fact_source
    if source is None:
        return {}
    whole = {name: [fact for fact in facts if fact.object] for name, facts in source.triples().items()}
    return {name: facts for name, facts in whole.items() if facts and name != source.relation}


def read_pairs(path: str | Path, mapping: Mapping[str, str] | str | None = None) -> dict[str, list[Triple]]:
    """Facts from a file of one's own (csv, tsv, jsonl, json or parquet, gzipped or not), by relation.

    Columns are `subject` and `object` (or `x` and `y`); a row's `relation` may be missing, and is then
    named as the file. `aliases` (or `subject_aliases`) and `object_aliases` hold other names: a list, or
    a text with `|` between them. Empty sides are kept as "".

    Args:
        mapping: what -> column, as in {"subject": "person", "object": "town"} or
            "subject=person,object=town".

    Raises:
        DataError: the file cannot be read, lacks a column, or has a cell that holds no text.
        OptionError: a mapping that cannot be read.
    """
    path = Path(path).expanduser()
    given = parse_mapping(mapping) if isinstance(mapping, str) else dict(mapping or {})
    table = read_table(path)
    columns = _columns_of(table, given)
    name = path.name.removesuffix(".gz").rsplit(".", 1)[0]
    return _by_relation(_triples(table, columns, name))


def _columns_of(table: Table, given: Mapping[str, str]) -> dict[str, str]:
    """Which column holds what: as given, or by a usual name in any case."""
    wanted = _canonical(given)
    for what, column in wanted.items():
        if column not in table.columns:
            raise _missing(what, column, table)
    by_lower = {column.strip().lower(): column for column in reversed(table.columns)}
    for what, names in _COLUMN_NAMES.items():
        column = next((by_lower[name] for name in names if name in by_lower), None)
        if column is not None and column not in wanted.values():
            wanted.setdefault(what, column)
    for what in ("subject", "object"):
        if what not in wanted:
            raise _missing(what, what, table)
    return wanted


def _canonical(given: Mapping[str, str]) -> dict[str, str]:
    """A mapping under the names used here: `x` is `subject`."""
    meant = {name: what for what, names in _COLUMN_NAMES.items() for name in names}
    odd = next((name for name in given if name not in meant), None)
    if odd is not None:
        near = near_matches(odd, meant, most=1)
        raise OptionError(
            f"pairs have nothing called {odd!r}",
            where=f"--map {','.join(f'{name}={column}' for name, column in given.items())}",
            hint=(f"Did you mean {near[0]!r}? " if near else "")
            + f"A column can be mapped to {', '.join(_COLUMN_NAMES)}.",
        )
    return {meant[name]: column for name, column in given.items()}


def _missing(what: str, column: str, table: Table) -> DataError:
    near = near_matches(column, table.columns, most=1)
    meant = f"Did you mean {near[0]!r}? " if near else ""
    return DataError(
        f"there is no column {column!r}" + (f" (mapped to {what!r})" if column != what else ""),
        where=table.place,
        hint=f"{meant}Columns: {', '.join(map(repr, table.columns))}. "
        f"Say which is meant: --map {what}={near[0] if near else 'COLUMN'}.",
    )


def _aliases_in(table: Table) -> dict[str, str]:
    kinds = ("subject_aliases", "object_aliases")
    found = {what: [n for n in _COLUMN_NAMES[what] if n in table.columns] for what in kinds}
    return {what: names[0] for what, names in found.items() if names}


def _triples(table: Table, columns: Mapping[str, str], relation: str) -> Iterable[Triple]:
    """The facts of a table; `relation` is that of rows which name none."""
    for number, row in enumerate(table.rows, start=1):
        cells = {
            what: text_of(row.get(column), column, number, table.place)
            for what, column in columns.items()
            if not what.endswith("aliases")
        }
        subject, object_ = cells["subject"], cells["object"]
        yield Triple(
            cells.get("relation", "").strip() or relation,
            subject,
            object_,
            _aliases(row, columns.get("subject_aliases"), number, table.place, subject),
            _aliases(row, columns.get("object_aliases"), number, table.place, object_),
        )


def _aliases(row: Row, column: str | None, number: int, place: str, name: str) -> tuple[str, ...]:
    """The other names in a cell, each once and none of them `name` itself."""
    value = row.get(column) if column else None
    if column is None or value is None:
        return ()
    listed = (
        value if isinstance(value, list | tuple) else text_of(value, column, number, place).split(_ALIAS_MARK)
    )
    names = (text_of(item, column, number, place).strip() for item in listed)
    return tuple(dict.fromkeys(alias for alias in names if alias and alias != name))


def _by_relation(facts: Iterable[Triple]) -> dict[str, list[Triple]]:
    found: dict[str, list[Triple]] = {}
    for fact in facts:
        found.setdefault(fact.relation, []).append(fact)
    return found


def _aliases_of(facts: Sequence[Triple]) -> dict[tuple[str, str], tuple[tuple[str, ...], tuple[str, ...]]]:
    """Fact -> aliases of both sides, those of a repeated fact together."""
    found: dict[tuple[str, str], tuple[tuple[str, ...], tuple[str, ...]]] = {}
    for fact in facts:
        subjects, objects = found.get(_key(fact), ((), ()))
        found[_key(fact)] = (
            tuple(dict.fromkeys((*subjects, *fact.subject_aliases))),
            tuple(dict.fromkeys((*objects, *fact.object_aliases))),
        )
    return found


def _key(fact: Triple) -> tuple[str, str]:
    """What repeated facts have in common, as for `clean_pools`."""
    return " ".join(fact.subject.split()).casefold(), " ".join(fact.object.split()).casefold()


def _subject_field(task: Task) -> str:
    if task.kind != "fact":
        raise TaskError(
            f"{task.name} is a task of kind {task.kind}, not of facts",
            where=task.source.location or None,
            hint="Name a task of facts, such as facts:P19 or lama:P19, or give pairs of your own.",
        )
    return "subject" if "subject" in task.fields else task.fields[0]
