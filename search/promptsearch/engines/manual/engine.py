"""The `manual` engine: hand-written templates and label words, tried in the order of the library."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from promptsearch.engines.base import Budget, Candidate
from promptsearch.engines.manual.library import Library, LibraryTemplate, kinds, load, relation_of
from promptsearch.engines.manual.words import NamedVerbalizer, verbalizers_for
from promptsearch.errors import TemplateError, VerbalizerError
from promptsearch.plms.base import PLM
from promptsearch.tasks.task import Task
from promptsearch.template import Field, Template, Text
from promptsearch.template import Mask as Slot
from promptsearch.verbalizer import Verbalizer

_log = logging.getLogger(__name__)

# Labels of these kinds tell which of the two it is better than the name of the task does.
_GRADES = {"sentiment": "sentiment-fine", "sentiment-fine": "sentiment"}


@dataclass(frozen=True)
class ManualEngine:
    """Hand-written prompts: the library's, or the user's own.

    Args:
        templates: used in place of the library's. On a PLM that reads left to right only those that end
            with the slot are used.
        verbalizers: used in place of the library's label words, with every template.
    """

    templates: Sequence[Template] = ()
    verbalizers: Sequence[Verbalizer] = ()
    name: str = "manual"

    def search(self, task: Task, plm: PLM, budget: Budget, seed: int) -> Iterator[Candidate]:
        """The library's prompts that fit the task's fields and labels and the PLM, the baseline first.

        Verbalizers that are the same tokens on this PLM (`Good` and `good` on an uncased one) come once.
        `budget.evaluations` is the number of distinct templates; the seed changes nothing.

        Raises:
            TemplateError: one of the user's templates cannot work for the task, or none on the PLM.
            VerbalizerError: the PLM's tokenizer does not know one of the user's label words, or no
                verbalizer of the library can be spelled.
        """
        start = time.monotonic()
        templates: set[Template] = set()
        tried: set[object] = set()
        refused: VerbalizerError | None = None
        for candidate in self._candidates(task, plm):
            if budget.seconds is not None and time.monotonic() - start >= budget.seconds:
                return
            is_new = candidate.template not in templates
            if is_new and budget.evaluations is not None and len(templates) >= budget.evaluations:
                return
            try:
                tokens = _tokens(candidate, plm)
            except VerbalizerError as error:
                if self.verbalizers:
                    raise
                _log.info(
                    "%s: left out for %s: %s", candidate.verbalizer, plm.identity.reference, error.message
                )
                refused = error
                continue
            if tokens not in tried:
                yield replace(candidate, baseline=not tried)
                templates.add(candidate.template)
                tried.add(tokens)
        if refused is not None and not tried:
            raise refused

    def _candidates(self, task: Task, plm: PLM) -> tuple[Candidate, ...]:
        if not self.templates and not self.verbalizers:
            return library_for(task, plm.identity.family)
        return self._own(task, plm)

    def _own(self, task: Task, plm: PLM) -> tuple[Candidate, ...]:
        library = _library(task)
        entries = _ordered(library, task, plm.identity.family)
        if self.templates:
            library = replace(library, kind="own")
            entries = [
                LibraryTemplate(str(i), t, ()) for i, t in enumerate(_usable(self.templates, task, plm))
            ]
        if self.verbalizers:
            words = tuple(NamedVerbalizer(f"own-{i}", None, v) for i, v in enumerate(self.verbalizers))
        else:
            words = tuple(replace(entry, group=None) for entry in verbalizers_for(_library(task), task))
        return _cross(library, entries, words)


def library_for(task: Task, family: str) -> tuple[Candidate, ...]:
    """Every candidate of the library for a task on a family of PLMs, the baseline first.

    A masked PLM gets cloze and prefix templates in turn, any other only prefix templates. A task whose
    kind is unknown, or whose fields are not those of its kind, gets the generic prompts for its number
    of fields.

    Args:
        family: `masked` or `causal`, as in `PLMIdentity.family`.
    """
    library = _library(task)
    return _cross(library, _ordered(library, task, family), verbalizers_for(library, task))


def _library(task: Task) -> Library:
    """The library of the task's kind, its templates cut down to those whose fields the task has."""
    kind = task.kind
    if kind in _GRADES and (len(task.labels) > 3) != (kind == "sentiment-fine"):
        kind = _GRADES[kind]
    if kind in kinds() and set(load(kind).fields) <= set(task.fields):
        library = load(kind).for_relation(relation_of(task.name, task.source.location))
        fitting = (entry for entry in library.templates if set(entry.template.fields) <= set(task.fields))
        return replace(library, templates=tuple(fitting))
    return _generic(task)


def _generic(task: Task) -> Library:
    """The generic library for one or two texts, with its fields renamed to the task's."""
    library = load("pair" if len(task.fields) == 2 else "classification")
    if len(task.fields) > 2:
        return replace(library, templates=_all_fields(task.fields))
    names = dict(zip(library.fields, task.fields))
    renamed = (replace(entry, template=_rename(entry.template, names)) for entry in library.templates)
    return replace(library, templates=tuple(renamed))


def _rename(template: Template, names: Mapping[str, str]) -> Template:
    pieces = (Field(names.get(p.name, p.name)) if isinstance(p, Field) else p for p in template.pieces)
    return Template(tuple(pieces))


def _all_fields(fields: Sequence[str]) -> tuple[LibraryTemplate, ...]:
    """Two templates that lay out every field of the task with its name."""
    named = [piece for name in fields for piece in (Text(f"{name}: "), Field(name), Text("\n"))]
    bare = [piece for name in fields for piece in (Field(name), Text("\n"))]
    groups = ("name", "Name")
    return (
        LibraryTemplate("prefix/fields", _answered(named), groups, baseline=True),
        LibraryTemplate("prefix/bare", _answered(bare), groups),
    )


def _answered(pieces: list[Field | Text]) -> Template:
    return Template.parse("".join(map(str, pieces)) + f"Answer: {Slot()}")


def _ordered(library: Library, task: Task, family: str) -> list[LibraryTemplate]:
    """Templates for a family, the baseline first, else in the order of the file; forms in turn."""
    by_form = [
        sorted(library.of_form(form), key=lambda entry: not entry.baseline)
        for form in (("cloze", "prefix") if family == "masked" else ("prefix",))
    ]
    longest = max(map(len, by_form), default=0)
    return [entries[i] for i in range(longest) for entries in by_form if i < len(entries)]


def _usable(templates: Sequence[Template], task: Task, plm: PLM) -> list[Template]:
    """The user's templates without repetitions, checked against the task and the PLM."""
    for template in templates:
        template.check_fields(task.fields)
    distinct = list(dict.fromkeys(templates))
    if plm.identity.family == "masked":
        return distinct
    prefix = [template for template in distinct if template.form == "prefix"]
    if not prefix:
        distinct[0].check_left_to_right(plm.identity.reference)
    for template in distinct:
        if template not in prefix:
            _log.warning("%s reads left to right only; left out: %s", plm.identity.reference, template)
    return prefix


def _cross(
    library: Library, entries: Sequence[LibraryTemplate], words: Sequence[NamedVerbalizer]
) -> tuple[Candidate, ...]:
    """Each template with each verbalizer that fits it; the first pair is the baseline."""
    pairs = [(e, w) for e in entries for w in words if w.group is None or w.group in e.answers]
    return tuple(
        Candidate(
            entry.template,
            named.verbalizer,
            "manual",
            {"library": library.kind, "template": entry.key, "verbalizer": named.name, **named.notes},
            baseline=i == 0,
        )
        for i, (entry, named) in enumerate(pairs)
    )


def _tokens(candidate: Candidate, plm: PLM) -> tuple[Template, tuple[frozenset[tuple[int, ...]], ...]]:
    """What the PLM sees of a candidate: the template, and the tokens of each label's answers."""
    ids = plm.word_ids(candidate.template, candidate.verbalizer.words)
    of_word = {word: tuple(tokens) for word, tokens in zip(candidate.verbalizer.words, ids)}
    labels = (frozenset(of_word[a.text] for a in answers) for answers in candidate.verbalizer.answers)
    return candidate.template, tuple(labels)
