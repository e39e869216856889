"""Which column of the data fills which field, and which holds the label."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from promptsearch.errors import DataError, OptionError, near_matches
from promptsearch.pieces import RESERVED
from promptsearch.tasks.catalogue import KnownTask

LABEL = "label"
_TEXT_NAMES = (
    *("sentence", "review", "content", "comment", "tweet", "body", "message", "document", "article"),
    *("question", "utterance", "description", "headline", "title", "phrase"),
)
_PAIR_NAMES = (
    ("premise", "hypothesis"),
    ("sentence1", "sentence2"),
    ("question1", "question2"),
    ("text1", "text2"),
    ("sentence_a", "sentence_b"),
    ("#1_string", "#2_string"),
    ("question", "sentence"),
    ("question", "passage"),
)
_LABEL_NAMES = (
    *("label", "labels", "stars", "sentiment", "category", "class", "target", "rating", "topic"),
    *("gold_label", "label_text", "is_duplicate", "class_index", "quality"),
)
_NOT_DATA = ("id", "idx", "index", "uid", "uuid", "guid", "pairid", "promptid", "relation")


@dataclass(frozen=True)
class Columns:
    """Field name -> column, the label's column (None: there is none), and what was guessed."""

    fields: Mapping[str, str]
    label: str | None
    notices: tuple[str, ...] = ()


def parse_mapping(text: str) -> dict[str, str]:
    """Read `text=review,label=stars` into {"text": "review", "label": "stars"}.

    Raises:
        OptionError: an entry without `=`, a name that no template could use, or a field named twice.
    """
    mapping: dict[str, str] = {}
    for field, column in named_pairs(text, "--map", "field=column", "text=review,label=stars"):
        _check_field_name(field, text)
        if field in mapping:
            raise OptionError(
                f"the field {field!r} is mapped twice", where=f"--map {text}", hint="Keep one of them."
            )
        mapping[field] = column
    return mapping


def named_pairs(text: str, option: str, form: str, example: str) -> Iterator[tuple[str, str]]:
    """Both sides of each entry of a list such as `text=review,label=stars`.

    Args:
        option: that the list was given with; `form` is that of an entry, `example` a whole list.

    Raises:
        OptionError: an entry without `=`, or with nothing on one side.
    """
    for entry in text.split(","):
        name, equals, value = (part.strip() for part in entry.partition("="))
        if not (equals and name and value):
            raise OptionError(
                f"{entry.strip()!r} is not of the form {form}",
                where=f"{option} {text}",
                hint=f"For example {option} {example}.",
            )
        yield name, value


def _check_field_name(field: str, text: str) -> None:
    reserved = field.lower() in RESERVED
    if reserved or not field.isidentifier():
        why = "is a word of the template language" if reserved else "is not a name"
        raise OptionError(
            f"{field!r} {why}, so it cannot be a field",
            where=f"--map {text}",
            hint="Name the field with letters, digits and _, as in text, text_a or subject.",
        )


def choose_columns(
    columns: Sequence[str],
    place: str,
    *,
    mapping: Mapping[str, str] | None = None,
    known: KnownTask | None = None,
    fields: Sequence[str] = (),
) -> Columns:
    """Decide what the columns mean.

    What `mapping` says holds; then come the fields' own names, the published names of a known task, and
    well-known synonyms. Whatever was guessed is told in a notice.

    Args:
        fields: field names that the data's own `meta.json` gives.

    Raises:
        DataError: a mapped column is missing, or it cannot be told which column is meant.
    """
    return _Chooser(tuple(columns), place, dict(mapping or {}), known).choose(tuple(fields))


@dataclass
class _Chooser:
    columns: tuple[str, ...]
    place: str
    mapping: dict[str, str]
    known: KnownTask | None

    def choose(self, fields: tuple[str, ...]) -> Columns:
        self._check_mapping()
        label = self._label()
        found = {field: column for field, column in self.mapping.items() if field != LABEL}
        if self.known is not None:
            found = self._known_fields(self.known, found)
        elif not found:
            found = self._free_fields(fields, label)
        if label is None:
            label = self._only_other(found)
        return Columns(found, label, tuple(self._guesses(found, label)))

    def _check_mapping(self) -> None:
        for field, column in self.mapping.items():
            if column not in self.columns:
                near = near_matches(column, self.columns)
                meant = f"Did you mean {near[0]!r}? " if near else ""
                raise DataError(
                    f"there is no column {column!r} (mapped to {field!r})",
                    where=self.place,
                    hint=f"{meant}Columns: {self._listed()}.",
                )

    def _label(self) -> str | None:
        """The label's column by mapping, published name, `label`, or a synonym; None if none is there."""
        if LABEL in self.mapping:
            return self.mapping[LABEL]
        first = [self.known.label] if self.known else []
        if self.known and self.known.kind == "fact":
            first = ["object", *first]
        taken = set(self.mapping.values())
        for name in [*first, LABEL]:
            if name in self.columns and name not in taken:
                return name
        if self.known is None and {"subject", "object"} <= set(self.columns):
            return "object"
        hits = [column for column in self._named(_LABEL_NAMES) if column not in taken]
        if len(hits) > 1:
            raise self._ambiguous("the label", hits, LABEL)
        return hits[0] if hits else None

    def _known_fields(self, known: KnownTask, found: dict[str, str]) -> dict[str, str]:
        fields: dict[str, str] = dict(found)
        for field, published in known.columns.items():
            column = found.get(field) or self._first((field, published)) or self._synonym(field)
            if column is not None and column not in found.values():
                fields[field] = column
        missing = [field for field in known.fields if field not in fields]
        # A title or the like may be missing; the text, or one half of a pair, may not.
        if missing and not (found or "text" in fields):
            raise DataError(
                f"no column for the field {missing[0]!r} of the task {known.name}",
                where=self.place,
                hint=f"Columns: {self._listed()}. Say which is meant: --map {missing[0]}=COLUMN.",
            )
        order = [*known.fields, *(field for field in found if field not in known.fields)]
        return {field: fields[field] for field in order if field in fields}

    def _free_fields(self, fields: tuple[str, ...], label: str | None) -> dict[str, str]:
        if fields and all(field in self.columns for field in fields):
            return {field: field for field in fields}
        if {"text_a", "text_b"} <= set(self.columns):
            return {"text_a": "text_a", "text_b": "text_b"}
        if "text" in self.columns:
            return {"text": "text"}
        if label == "object" and "subject" in self.columns:
            return {"subject": "subject"}
        folded = self._folded()
        for a, b in _PAIR_NAMES:
            if a in folded and b in folded:
                return {"text_a": folded[a], "text_b": folded[b]}
        return {"text": self._single_text(label)}

    def _single_text(self, label: str | None) -> str:
        hits = [c for c in self._named(["text", *_TEXT_NAMES]) if c != label]
        if not hits:
            hits = [c for c in self.columns if c != label and self._fold(c) not in _NOT_DATA]
        if len(hits) != 1:
            raise self._ambiguous("the text", hits, "text")
        return hits[0]

    def _only_other(self, found: Mapping[str, str]) -> str | None:
        """The label where a single column besides the fields is left."""
        used = set(found.values())
        left = [c for c in self.columns if c not in used and self._fold(c) not in _NOT_DATA]
        return left[0] if len(left) == 1 else None

    def _guesses(self, fields: Mapping[str, str], label: str | None) -> list[str]:
        pairs = [*fields.items(), *([(LABEL, label)] if label else [])]
        published = {*self.known.columns.items(), (LABEL, self.known.label)} if self.known else set()
        told = [
            f"{field} = column {column!r}"
            for field, column in pairs
            if field not in self.mapping and field != column and (field, column) not in published
            and not (field == LABEL and column == "object")
        ]  # fmt: skip
        return [f"Columns were guessed: {', '.join(told)} (say otherwise with --map)."] if told else []

    def _synonym(self, field: str) -> str | None:
        """A column known by another name than the field's own or the published one."""
        folded = self._folded()
        position = {"text_a": 0, "text_b": 1}.get(field)
        if position is not None:
            pair = next((pair for pair in _PAIR_NAMES if pair[0] in folded and pair[1] in folded), None)
            return folded[pair[position]] if pair else None
        hits = self._named(_TEXT_NAMES) if field == "text" else []
        if len(hits) > 1:
            raise self._ambiguous("the text", hits, field)
        return hits[0] if hits else None

    def _first(self, names: Sequence[str]) -> str | None:
        folded = self._folded()
        exact = next((name for name in names if name in self.columns), None)
        return exact or next((folded[self._fold(name)] for name in names if self._fold(name) in folded), None)

    def _named(self, names: Sequence[str]) -> list[str]:
        folded = self._folded()
        return [folded[name] for name in names if name in folded]

    def _folded(self) -> dict[str, str]:
        return {self._fold(column): column for column in reversed(self.columns)}

    @staticmethod
    def _fold(column: str) -> str:
        return column.strip().casefold().replace(" ", "_").replace("-", "_")

    def _listed(self) -> str:
        return ", ".join(map(repr, self.columns))

    def _ambiguous(self, what: str, hits: Sequence[str], field: str) -> DataError:
        message = f"several columns could be {what}: {', '.join(map(repr, hits))}"
        return DataError(
            message if len(hits) > 1 else f"no column looks like {what}",
            where=self.place,
            hint=f"Columns: {self._listed()}. Say which is meant: --map {field}=COLUMN"
            + (",label=COLUMN." if field != LABEL else "."),
        )
