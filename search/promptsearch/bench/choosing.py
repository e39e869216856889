"""Which prompts are measured: the library's for the task, all with the same label words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

from promptsearch.bench.job import Job
from promptsearch.engines.base import Candidate
from promptsearch.engines.manual.engine import library_for
from promptsearch.errors import OptionError, VerbalizerError
from promptsearch.plms.base import Family
from promptsearch.plms.encoding import PromptEncoder
from promptsearch.plms.sources.checkpoint import Checkpoint
from promptsearch.plms.sources.families import family_of
from promptsearch.plms.sources.files import read_config
from promptsearch.plms.sources.loading import load_tokenizer
from promptsearch.tasks.task import Example, Task
from promptsearch.template import Template
from promptsearch.verbalizer import Verbalizer


@dataclass(frozen=True)
class Subject:
    """A PLM to measure on, without its weights."""

    checkpoint: Checkpoint
    family: Family
    encoder: PromptEncoder

    @classmethod
    def of(cls, checkpoint: Checkpoint) -> Subject:
        family = family_of(read_config(checkpoint.folder), checkpoint.reference)
        return cls(checkpoint, family, PromptEncoder(load_tokenizer(checkpoint.folder), max_tokens=512))


def choose_job(task: Task, subject: Subject, templates: int, examples: int) -> Job:
    """A job of the first templates of the library that take the label words of the baseline.

    Only label words of one token are used: the ways that promptsearch is compared with read no others.

    Raises:
        OptionError: no verbalizer of the library has one token a label on this PLM.
    """
    by_words: dict[Verbalizer, list[Template]] = {}
    candidates = library_for(task, subject.family)
    for candidate in candidates:
        if candidate.verbalizer.size == len(task.labels):
            by_words.setdefault(candidate.verbalizer, []).append(candidate.template)
    for verbalizer, usable in by_words.items():
        ids = [_tokens(subject, template, verbalizer.words) for template in usable]
        if ids[0] is not None:
            same = [template for template, found in zip(usable, ids) if found == ids[0]]
            return job_of(subject, same[:templates], pick_examples(task, examples), verbalizer.words)
    raise OptionError(
        f"no label words of the library are one token each on {subject.checkpoint.reference}",
        hint="Take another task or PLM.",
    )


def job_of(
    subject: Subject, templates: Sequence[Template], examples: Sequence[Example], words: Sequence[str]
) -> Job:
    ids = _tokens(subject, templates[0], words)
    assert ids is not None
    return Job(
        plm=subject.checkpoint.reference,
        folder=str(subject.checkpoint.folder),
        templates=tuple(map(str, templates)),
        examples=tuple(dict(example.values) for example in examples),
        words=tuple(words),
        tokens=tuple(subject.encoder.tokenizer.convert_ids_to_tokens(ids)),
    )
