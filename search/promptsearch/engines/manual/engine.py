"""The `manual` engine: hand-written templates and label words, in the order of the library."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace

from promptsearch.engines.base import Budget, Candidate
from promptsearch.engines.manual.fitting import library_of
from promptsearch.engines.manual.library import Library, LibraryTemplate
from promptsearch.engines.manual.words import NamedVerbalizer, verbalizers_for
from promptsearch.errors import VerbalizerError
from promptsearch.plms.base import PLM
from promptsearch.tasks.task import Task
from promptsearch.template import Template
from promptsearch.verbalizer import Verbalizer

_log = logging.getLogger(__name__)


class ManualEngine:
    """Hand-written prompts: the library's, or the user's own.

    Args:
        templates: used in place of the library's. On a PLM that reads left to right only those that end
            with the slot are used.
        verbalizers: used in place of the library's label words, with every template.
    """

    name: str = "manual"

    def __init__(self, templates: Sequence[Template] = (), verbalizers: Sequence[Verbalizer] = ()) -> None:
        self.templates = tuple(dict.fromkeys(templates))
        self.verbalizers = tuple(verbalizers)

    def search(self, task: Task, plm: PLM, budget: Budget, seed: int) -> Iterator[Candidate]:
        """The prompts that fit the task's fields and labels and the PLM, the baseline first.

        Verbalizers that are the same tokens on this PLM (`Good` and `good` on an uncased one) come once.
        `budget.evaluations` is the number of distinct templates. The seed changes nothing.

        Raises:
            TemplateError: one of the user's templates cannot work for the task, or none on the PLM.
            VerbalizerError: the PLM's tokenizer does not know one of the user's label words, or cannot
                tell those of two labels apart; or no verbalizer of the library can be spelled.
        """
        end = None if budget.seconds is None else time.monotonic() + budget.seconds
        templates: set[Template] = set()
        for candidate in self._spelled(self._candidates(task, plm), plm):
            templates.add(candidate.template)
            if budget.evaluations is not None and len(templates) > budget.evaluations:
                return
            if end is not None and time.monotonic() >= end:
                return
            yield candidate

    def _spelled(self, candidates: Sequence[Candidate], plm: PLM) -> Iterator[Candidate]:
        """Candidates that differ in what the PLM sees; the first of them is the baseline."""
        seen: set[object] = set()
        refused: VerbalizerError | None = None
        for candidate in candidates:
            try:
                tokens = _tokens(candidate, plm)
            except VerbalizerError as error:
                if self.verbalizers:
                    raise
                _log.info(
                    "left out for %s: %s: %s", plm.identity.reference, candidate.verbalizer, error.message
                )
                refused = error
                continue
            if self.verbalizers:
                _check_apart(candidate.verbalizer, tokens[1], plm)
            else:
                candidate, tokens = _of_one_token(candidate, plm, tokens)
            if tokens not in seen:
                yield replace(candidate, baseline=not seen)
                seen.add(tokens)
        if refused is not None and not seen:
            raise refused

    def _candidates(self, task: Task, plm: PLM) -> tuple[Candidate, ...]:
        library = library_of(task)
        entries = _ordered(library, plm.identity.family)
        words = verbalizers_for(library, task)
        if self.templates:
            library = replace(library, kind="own")
            usable = _usable(self.templates, task, plm)
            entries = [LibraryTemplate(str(i), template, ()) for i, template in usable]
            words = tuple(replace(named, group=None) for named in words)
        if self.verbalizers:
            words = tuple(NamedVerbalizer(f"own-{i}", None, v) for i, v in enumerate(self.verbalizers, 1))
        return _cross(library, entries, words)


def library_for(task: Task, family: str) -> tuple[Candidate, ...]:
    """Every candidate of the library for a task on a family of PLMs, the baseline first.

    A causal PLM gets only prefix templates, any other cloze and prefix templates in turn.

    Args:
        family: `masked`, `causal` or `seq2seq`, as in `PLMIdentity.family`.
    """
    library = library_of(task)
    return _cross(library, _ordered(library, family), verbalizers_for(library, task))


def _ordered(library: Library, family: str) -> list[LibraryTemplate]:
    """Templates for a family, the baseline first, else in the order of the file; the forms in turn."""
    by_form = [
        sorted(library.of_form(form), key=lambda entry: not entry.baseline)
        for form in (("prefix",) if family == "causal" else ("cloze", "prefix"))
    ]
    longest = max(len(entries) for entries in by_form)
    return [entries[i] for i in range(longest) for entries in by_form if i < len(entries)]


def _usable(templates: Sequence[Template], task: Task, plm: PLM) -> list[tuple[int, Template]]:
    """The user's templates that work on the PLM, numbered from 1, all checked against the task."""
    for template in templates:
        template.check_fields(task.fields)
    numbered = list(enumerate(templates, 1))
    if plm.identity.reads_right:
        return numbered
    usable = [(i, template) for i, template in numbered if template.form == "prefix"]
    if not usable:
        templates[0].check_left_to_right(plm.identity.reference)
    for _, template in numbered:
        if template.form != "prefix":
            _log.warning("%s reads from left to right only; left out: %s", plm.identity.reference, template)
    return usable


def _cross(
    library: Library, entries: Sequence[LibraryTemplate], words: Sequence[NamedVerbalizer]
) -> tuple[Candidate, ...]:
    """Each template with each verbalizer that fits it, equal pairs once; the first is the baseline."""
    found: dict[tuple[Template, Verbalizer], Candidate] = {}
    for entry in entries:
        for named in words:
            pair = entry.template, named.verbalizer
            if pair in found or (named.group is not None and named.group not in entry.answers):
                continue
            provenance = {"library": library.kind, "template": entry.key, "verbalizer": named.name}
            found[pair] = Candidate(*pair, "manual", {**provenance, **named.notes}, baseline=not found)
    return tuple(found.values())


def _tokens(candidate: Candidate, plm: PLM) -> tuple[Template, tuple[frozenset[tuple[int, ...]], ...]]:
    """What the PLM sees of a candidate: the template, and the tokens of each label's answers."""
    words = candidate.verbalizer.words
    ids = dict(zip(words, map(tuple, plm.word_ids(candidate.template, words))))
    labels = (frozenset(ids[answer.text] for answer in answers) for answers in candidate.verbalizer.answers)
    return candidate.template, tuple(labels)


def _of_one_token(
    candidate: Candidate, plm: PLM, tokens: tuple[Template, tuple[frozenset[tuple[int, ...]], ...]]
) -> tuple[Candidate, tuple[Template, tuple[frozenset[tuple[int, ...]], ...]]]:
    """Leave out words of several tokens where their label has others.

    Each needs passes of its own, which takes as long as dozens of templates and adds little to its fellows.
    """
    if all(len(ids) == 1 for label in tokens[1] for ids in label):
        return candidate, tokens
    verbalizer, left_out = candidate.verbalizer, []
    kept = []
    for answers in verbalizer.answers:
        ids = plm.word_ids(candidate.template, [answer.text for answer in answers])
        single = tuple(answer for answer, each in zip(answers, ids) if len(each) == 1)
        kept.append(single or answers)
        left_out += [answer.text for answer in answers if answer not in kept[-1]]
    if not left_out:
        return candidate, tokens
    shorter = replace(
        candidate,
        verbalizer=replace(verbalizer, answers=tuple(kept)),
        provenance={**candidate.provenance, "left_out": left_out},
    )
    return shorter, _tokens(shorter, plm)


def _check_apart(verbalizer: Verbalizer, tokens: Sequence[frozenset[tuple[int, ...]]], plm: PLM) -> None:
    """Refuse words that would score two labels alike for every text."""
    first: dict[frozenset[tuple[int, ...]], int] = {}
    for i, answers in enumerate(tokens):
        if (other := first.setdefault(answers, i)) != i:
            both = f"{verbalizer.labels[other]!r} and {verbalizer.labels[i]!r}"
            raise VerbalizerError(
                f"the words of the labels {both} are the same tokens on {plm.identity.reference}",
                where=str(verbalizer),
                hint="Its tokenizer may ignore case or accents; take words that differ otherwise.",
            )
