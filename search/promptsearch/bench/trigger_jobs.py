"""Prompts of `bench trigger`, laid out once for all contenders."""

from __future__ import annotations

from typing import TYPE_CHECKING

from promptsearch.bench.choosing import check_compared
from promptsearch.bench.trigger_job import TriggerJob
from promptsearch.engines.manual import library_for
from promptsearch.errors import OptionError
from promptsearch.plms.base import PLM
from promptsearch.tasks import draw_splits, load_task
from promptsearch.tasks.task import Task
from promptsearch.template import Template, Trigger
from promptsearch.verbalizer import Verbalizer

if TYPE_CHECKING:
    from promptsearch.bench.trigger_results import TriggerBenchConfig


def load_bench_task(config: TriggerBenchConfig) -> Task:
    """The task with its source's own splits.

    Raises:
        TaskError, DataError: it cannot be had.
    """
    return load_task(
        config.task,
        data=config.data,
        mapping=config.mapping,
        stand_in=config.stand_in,
        offline=config.offline,
    )


def job_of(config: TriggerBenchConfig, source: Task, reference: str, seed: int) -> TriggerJob:
    """The prompts of one draw of train on one PLM.

    Raises:
        PLMError: the PLM cannot be had.
        OptionError: see `check_compared`; the template has not one trigger, or the library no label words of
            one token each.
    """
    from promptsearch.plms import load_plm
    from promptsearch.plms.sources import resolve

    template = Template.parse(config.template)
    if sum(isinstance(piece, Trigger) for piece in template.pieces) != 1:
        raise OptionError(f"a template with one trigger is wanted, not {config.template!r}")
    task = draw_splits(source, shots=max(1, config.examples // len(source.labels)), seed=seed)
    plm = load_plm(reference, device="cpu", cache=False, offline=config.offline)
    check_compared(plm.identity.family, reference)
    verbalizer = single_words(task, plm, template)
    tokens = plm.word_ids(template, verbalizer.words)
    prompts = plm.free_reader(template, task.train).prompts
    return TriggerJob(
        plm=reference,
        folder=str(resolve(reference, offline=config.offline).folder),
        family=plm.identity.family,
        template=config.template,
        examples=tuple(dict(example.values) for example in task.train),
        labels=tuple(example.label for example in task.train if example.label is not None),
        names=tuple(map(str, task.label_names)),
        words=verbalizer.words,
        tokens=tuple(ids[0] for ids in tokens),
        ids=prompts.ids,
        free=tuple(tuple(row) for row in prompts.free.tolist()),
        answer=tuple(prompts.answer.tolist()),
        seed=seed,
    )


def single_words(task: Task, plm: PLM, template: Template) -> Verbalizer:
    """The library's first label words of one word a label and one token a word.

    Raises:
        OptionError: there are none.
    """
    for candidate in library_for(task, plm.identity.family):
        words = candidate.verbalizer.words
        if len(words) == len(task.labels) and all(
            ids is not None and len(ids) == 1 for ids in plm.spelled_ids(template, words)
        ):
            return candidate.verbalizer
    raise OptionError(
        f"no label words of the library for this task are one token each on {plm.identity.reference}",
        hint="Take another task or PLM.",
    )
