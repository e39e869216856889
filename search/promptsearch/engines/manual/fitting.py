"""Which hand-written templates a task gets: those of its kind, or generic ones laid over its fields."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from promptsearch.engines.manual.library import Library, LibraryTemplate, kinds, load, relation_of
from promptsearch.tasks.task import Task
from promptsearch.template import Field, Mask, Template, Text

# The number of labels tells better than the name which of the two a task is.
_GRADES = {"sentiment": "sentiment-fine", "sentiment-fine": "sentiment"}


def library_of(task: Task) -> Library:
    """The library of the task's kind, cut down to the templates whose fields the task has.

    A task whose kind is unknown, or that lacks a field of its kind, gets the generic prompts for its
    number of fields.
    """
    kind = task.kind
    if kind in _GRADES and (len(task.labels) > 3) != (kind == "sentiment-fine"):
        kind = _GRADES[kind]
    if kind in kinds() and set(load(kind).fields) <= set(task.fields):
        return _with_fields(load(kind).for_relation(relation_of(task.name, task.source.location)), task)
    return _generic(task)


def _with_fields(library: Library, task: Task) -> Library:
    fitting = (entry for entry in library.templates if set(entry.template.fields) <= set(task.fields))
    return replace(library, templates=tuple(fitting))


def _generic(task: Task) -> Library:
    for kind in ("classification", "pair"):
        library = load(kind)
        if set(library.fields) <= set(task.fields):
            return library
        if len(library.fields) == len(task.fields):
            names = dict(zip(library.fields, task.fields))
            renamed = (replace(entry, template=_rename(entry.template, names)) for entry in library.templates)
            return replace(library, templates=tuple(renamed))
    return replace(load("classification"), templates=_all_fields(task.fields))


def _rename(template: Template, names: Mapping[str, str]) -> Template:
    pieces = (Field(names[piece.name]) if isinstance(piece, Field) else piece for piece in template.pieces)
    return Template(tuple(pieces))


def _all_fields(fields: Sequence[str]) -> tuple[LibraryTemplate, ...]:
    """Two templates that lay out every field of the task, with and without its name."""
    named = [piece for name in fields for piece in (Text(f"{name}: "), Field(name), Text("\n"))]
    bare = [piece for name in fields for piece in (Field(name), Text("\n"))]
    groups = ("name", "Name")
    return (
        LibraryTemplate("prefix/all-fields-named", _answered(named), groups, baseline=True),
        LibraryTemplate("prefix/all-fields", _answered(bare), groups),
    )


def _answered(pieces: Sequence[Field | Text]) -> Template:
    return Template.parse("".join(map(str, pieces)) + f"Answer: {Mask()}")
