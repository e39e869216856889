"""Tables, columns and labels into a task."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from promptsearch.errors import DataError, TaskError, near_matches
from promptsearch.knowledge.roles import number_of
from promptsearch.tasks.catalogue import KnownTask
from promptsearch.tasks.columns import Columns, choose_columns
from promptsearch.tasks.examples import examples_of
from promptsearch.tasks.facts import FactSource
from promptsearch.tasks.labels import (
    LEAVE_EMPTY,
    LabelSet,
    check_class_count,
    clean,
    fold,
    is_unlabelled,
    key_of,
    labels_from_data,
    labels_from_names,
    maybe_from_one,
    readable,
    withholds_labels,
)
from promptsearch.tasks.lazy import LazyTable, LoadedSplit, SourceSplits
from promptsearch.tasks.meta import Meta
from promptsearch.tasks.readers import Row, Table
from promptsearch.tasks.task import Source, Task
from promptsearch.verbalizer import Label

SPLIT_NAMES = ("train", "validation", "test")
_SENTIMENT_WORDS = {
    "positive",
    "negative",
    "pos",
    "neg",
    "neutral",
    "very positive",
    "very negative",
    "mixed",
}
_FIVE_GRADES = {"very negative", "negative", "neutral", "positive", "very positive"}
# Words in the name of a column whose numbers are stars.
_RATINGS = {"star", "stars", "rating", "ratings"}
_NLI_WORDS = {"entailment", "contradiction", "not entailment"}


@dataclass(frozen=True)
class TaskData:
    """All that is known before a task is put together.

    Attributes:
        tables: split name -> table, in the order train, validation, test.
        relation: for facts, the relation that was asked for.
        kind: the kind that was asked for; it comes before that of `known` and `meta`.
    """

    name: str
    tables: Mapping[str, LazyTable]
    source: Source
    known: KnownTask | None = None
    meta: Meta = field(default_factory=Meta)
    mapping: Mapping[str, str] | None = None
    relation: str | None = None
    kind: str | None = None


def build_task(data: TaskData) -> Task:
    """Put a task together. Only as much is read as its labels ask for; the other splits stay unread.

    Raises:
        DataError: columns or labels that cannot be made out, naming the place.
        TaskError: facts of several relations, and none was chosen.
    """
    first = next(name for name in ("validation", "train", "test") if name in data.tables)
    reference = data.tables[first].load()
    columns = choose_columns(
        reference.columns, reference.place, mapping=data.mapping, known=data.known, fields=data.meta.fields
    )
    if columns.label is None:
        raise _no_label(reference)
    kind = data.kind or (data.known.kind if data.known else data.meta.kind)
    if kind is None and columns.label == "object" and tuple(columns.fields) == ("subject",):
        kind = "fact"
    builder = _Builder(data, columns, kind)
    label_set, notices = builder.facts() if kind == "fact" else builder.labels(first)
    told = list(notices)
    if kind is None:
        kind = _guess_kind(columns, label_set)
        told.append(
            f"The kind of task was guessed from fields and labels: {kind} "
            "(--kind or `kind` in meta.json decides)."
        )
    return Task(
        name=data.name,
        kind=kind,
        fields=tuple(columns.fields),
        labels=label_set.labels,
        label_names=label_set.names,
        metric=data.meta.metric or (data.known.metric if data.known else "accuracy"),
        splits=SourceSplits(
            {name: builder.reader(name, label_set) for name in SPLIT_NAMES if name in data.tables}
        ),
        source=data.source,
        notices=(*columns.notices, *told),
        fact_source=builder.fact_source() if kind == "fact" else None,
    )


@dataclass
class _Builder:
    data: TaskData
    columns: Columns
    kind: str | None

    def reader(self, split: str, label_set: LabelSet) -> Callable[[], LoadedSplit]:
        """What reads one split, when it is asked for."""

        def read() -> LoadedSplit:
            lazy = self.data.tables[split]
            table = self._of_relation(lazy.load())
            lazy.release()
            withheld = self._withheld(split, table)
            return examples_of(table, split, self.columns, label_set, withheld=withheld)

        return read

    def labels(self, first: str) -> tuple[LabelSet, list[str]]:
        """The labels and their order, from names declared for them or from the data.

        The split called `first` is read; the others are where it leaves the reading open.
        """
        reference = self.data.tables[first].load()
        names, declared = self._declared_names(reference)
        if (
            names
            and (found := labels_from_names(self._values({first: reference}), names, self._shown(names)))
            and found.certain
        ):
            return found, []
        tables = {name: table.load() for name, table in self.data.tables.items()}
        values = self._values(tables)
        if not values:
            raise DataError(
                f"the label column {self.columns.label!r} is empty throughout",
                where=reference.place,
                hint="A task needs labelled examples.",
            )
        if names:
            if found := labels_from_names(values, names, self._shown(names)):
                return found, maybe_from_one(values, found)
            if declared:
                raise _undeclared(values, names, reference.place)
        label_set = labels_from_data(values)
        check_class_count(
            label_set,
            sum(len(table.rows) for table in tables.values()),
            reference.place,
            str(self.columns.label),
        )
        return label_set, self._unlike_known(label_set)

    def facts(self) -> tuple[LabelSet, list[str]]:
        """The answer space of facts: the distinct objects of the relation, over all splits."""
        tables = [table.load() for table in self.data.tables.values()]
        self._check_relation(tables)
        return labels_from_data(self._distinct([self._of_relation(table) for table in tables])), []

    def fact_source(self) -> FactSource | None:
        """Where aliases and other relations are read from; None where no field is the subject."""
        if self.columns.label is None or "subject" not in self.columns.fields:
            return None
        columns = {"subject": self.columns.fields["subject"], "object": self.columns.label}
        lazy = self.data.tables.get("train") or next(iter(self.data.tables.values()))
        if column := self._relation_column(lazy.load()):
            columns["relation"] = column
        return FactSource.of(lazy, columns, self.data.relation, self.data.name)

    def _declared_names(self, reference: Table) -> tuple[tuple[Label, ...], bool]:
        """Names of the labels in order, and whether the data itself declares them."""
        if self.data.meta.labels:
            return self.data.meta.labels, True
        if self.data.known and self.data.known.labels:
            return self.data.known.labels, False
        return reference.class_names.get(self.columns.label or "", ()), True

    def _shown(self, names: Sequence[Label]) -> tuple[str, ...]:
        """Readable names: those of the known task where they fit, else the labels as words."""
        if self.data.meta.label_names:
            return self.data.meta.label_names
        by_fold = {fold(name): name for name in self.data.known.labels} if self.data.known else {}
        return tuple(by_fold.get(fold(name), readable(name)) for name in names)

    def _unlike_known(self, label_set: LabelSet) -> list[str]:
        if self.data.known is None or not self.data.known.labels:
            return []
        usual = ", ".join(self.data.known.labels)
        here = ", ".join(map(repr, label_set.labels))
        told = [f"The labels are those of the data ({here}), not those of {self.data.known.name} ({usual})."]
        if any(map(is_unlabelled, label_set.labels)):
            told.append(f"-1 is one of the classes here. {LEAVE_EMPTY}")
        return told

    def _withheld(self, split: str, table: Table) -> bool:
        """Whether -1 says that a label is missing: only in a test split whose labels are not published."""
        if split != "test":
            return False
        published = self.data.known is None or self.data.known.test_labelled
        return not published or withholds_labels(self._distinct([table]))

    def _values(self, tables: Mapping[str, Table]) -> list[Label]:
        """The distinct labels of some splits, without the -1 that stands for a withheld one."""
        found: dict[object, Label] = {}
        for split, table in tables.items():
            withheld = self._withheld(split, table)
            for value in self._distinct([table]):
                if not (withheld and is_unlabelled(value)):
                    found.setdefault(key_of(value), value)
        return list(found.values())

    def _distinct(self, tables: Sequence[Table]) -> list[Label]:
        seen: dict[tuple[str, object], Label] = {}
        for table in tables:
            for number, row in enumerate(table.rows, start=1):
                try:
                    value = clean(row.get(self.columns.label or ""))
                except TypeError as error:
                    raise _odd_label(table, number, error) from error
                if value is not None:
                    seen.setdefault(key_of(value), value)
        return list(seen.values())

    def _relation_column(self, table: Table) -> str | None:
        names = ("relation", self.data.known.relation if self.data.known else None)
        return next((name for name in names if name in table.columns), None)

    def _of_relation(self, table: Table) -> Table:
        column = self._relation_column(table) if self.kind == "fact" else None
        if column is None or self.data.relation is None:
            return table
        rows: list[Row] = [row for row in table.rows if row.get(column) == self.data.relation]
        return Table(table.place, table.columns, rows, table.class_names)

    def _check_relation(self, tables: Sequence[Table]) -> None:
        found: dict[str, int] = {}
        for table in tables:
            column = self._relation_column(table)
            for row in table.rows if column else ():
                relation = str(row.get(column))
                found[relation] = found.get(relation, 0) + 1
        wanted = self.data.relation
        if not found or wanted in found or (wanted is None and len(found) == 1):
            return
        base = self.data.name.partition(":")[0]
        listed = ", ".join(sorted(found, key=_by_number))
        if wanted is None:
            raise TaskError(
                f"{base} holds facts of {len(found)} relations; a task is one of them",
                where=self.data.source.location,
                hint=f"Choose one, for example {base}:{next(iter(found))}. Relations: {listed}.",
            )
        near = near_matches(wanted, found)
        raise TaskError(
            f"the data has no facts of the relation {wanted}",
            where=self.data.source.location,
            hint=(f"Did you mean {base}:{near[0]}? " if near else "") + f"Relations: {listed}.",
        )


def _by_number(relation: str) -> tuple[str, int, str]:
    """Order of relations: P36 before P103."""
    letters = relation.rstrip("0123456789")
    digits = relation[len(letters) :]
    return letters, int(digits or 0), relation


def _guess_kind(columns: Columns, label_set: LabelSet) -> str:
    words = {fold(name) for name in label_set.names}
    if len(columns.fields) == 2:
        return "nli" if words & _NLI_WORDS else "pair"
    if words == _FIVE_GRADES or _are_stars(label_set.labels, columns.label):
        return "sentiment-fine"
    return "sentiment" if words and words <= _SENTIMENT_WORDS else "topic"


def _are_stars(labels: Sequence[Label], column: str | None) -> bool:
    """Whether labels are one to five stars, and said to be so: other things are numbered too."""
    said = _RATINGS & set(fold(column or "").split()) or any("star" in str(label).lower() for label in labels)
    return bool(said) and sorted(number_of(label) or 0 for label in labels) == [1, 2, 3, 4, 5]


def _no_label(table: Table) -> DataError:
    return DataError(
        "no column looks like the label",
        where=table.place,
        hint=f"Columns: {', '.join(map(repr, table.columns))}. Say which is meant: --map label=COLUMN.",
    )


def _undeclared(values: Sequence[Label], names: Sequence[Label], place: str) -> DataError:
    known = {key_of(name) for name in names}
    odd = [value for value in values if key_of(value) not in known] or list(values)
    # Beside -1 all others may well be indices.
    odd.sort(key=is_unlabelled, reverse=True)
    hint = f"Declared are {', '.join(map(repr, names))}; correct the data or `labels` in meta.json."
    return DataError(
        f"the label {odd[0]!r} is none of those that meta.json declares, nor an index of one",
        where=place,
        hint=f"{hint} {LEAVE_EMPTY}" if is_unlabelled(odd[0]) else hint,
    )


def _odd_label(table: Table, number: int, error: TypeError) -> DataError:
    return DataError(
        f"the label of row {number} is a {error}, not a text, number or boolean",
        where=table.place,
        hint="Give each row one label.",
    )
