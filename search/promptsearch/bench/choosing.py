"""Which prompts are measured: the library's for the task, all with the same label words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from promptsearch.bench.job import Job
from promptsearch.engines.manual.engine import library_for
from promptsearch.errors import OptionError, VerbalizerError
from promptsearch.plms.base import Family
from promptsearch.plms.encoding import PromptEncoder
from promptsearch.plms.sources import Progress, resolve
from promptsearch.plms.sources.families import family_of
from promptsearch.plms.sources.files import read_config
from promptsearch.plms.sources.loading import load_tokenizer
from promptsearch.tasks.task import Example, Task
from promptsearch.template import Template

_CONTEXT = 512  # for a tokenizer without its model; label words are all it is asked for


@dataclass(frozen=True)
class Subject:
    """A PLM to measure on, without its weights."""

    reference: str
    folder: Path
    family: Family
    encoder: PromptEncoder

    @classmethod
    def of(cls, reference: str, *, offline: bool = False, progress: Progress | None = None) -> Subject:
        """Find a PLM, fetching it where it is not on this machine.

        Raises:
            PLMError: it is unknown, out of reach or no language model.
            OptionError: see `check_compared`.
        """
        folder = resolve(reference, offline=offline, progress=progress).folder
        family = family_of(read_config(folder), reference)
        check_compared(family, reference)
        return cls(reference, folder, family, PromptEncoder(load_tokenizer(folder), _CONTEXT))


def check_compared(family: Family, reference: str) -> None:
    """Refuse a PLM for which there is nothing to compare with.

    Raises:
        OptionError: it is an encoder-decoder, on which no contender reads prompts.
    """
    if family == "seq2seq":
        raise OptionError(
            f"{reference} is an encoder-decoder, and what promptsearch is compared with reads none",
            hint="Take a masked or a causal PLM.",
        )


def library_job(task: Task, subject: Subject, templates: int, examples: Sequence[Example]) -> Job:
    """The first templates of the library that take the same label words, those of the baseline if possible.

    Only words of one token are used: the ways that promptsearch is compared with read no others.

    Raises:
        OptionError: no verbalizer of the library has one token a label on this PLM.
    """
    by_words: dict[tuple[str, ...], list[Template]] = {}
    for candidate in library_for(task, subject.family):
        if candidate.verbalizer.size == len(task.labels):
            by_words.setdefault(candidate.verbalizer.words, []).append(candidate.template)
    for words, usable in by_words.items():
        if jobs := _jobs(subject, usable, examples, words):
            return jobs.head(len(examples), templates)
    raise OptionError(
        f"no label words of the library for this task are one token each on {subject.reference}",
        hint="Take another task or PLM.",
    )


def suffix_job(job: Job, subject: Subject, sources: Sequence[str]) -> Job:
    """Other templates with the examples and label words of `job`."""
    found = _jobs(subject, [Template.parse(source) for source in sources], job.task_examples(), job.words)
    return job if found is None else found


def _jobs(
    subject: Subject, templates: Sequence[Template], examples: Sequence[Example], words: Sequence[str]
) -> Job | None:
    """A job of the templates in which the words are the same tokens as in the first; None without tokens."""
    ids = [_single_tokens(subject, template, words) for template in templates]
    if ids[0] is None:
        return None
    return Job(
        plm=subject.reference,
        folder=str(subject.folder),
        templates=tuple(str(template) for template, found in zip(templates, ids) if found == ids[0]),
        examples=tuple(dict(example.values) for example in examples),
        words=tuple(words),
        tokens=tuple(subject.encoder.tokenizer.convert_ids_to_tokens(ids[0])),
    )


def _single_tokens(subject: Subject, template: Template, words: Sequence[str]) -> list[int] | None:
    try:
        ids = subject.encoder.word_ids(template, words)
    except VerbalizerError:
        return None
    return [token for word in ids for token in word] if all(len(word) == 1 for word in ids) else None
