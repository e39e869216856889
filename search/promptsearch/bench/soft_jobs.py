"""Prompts of `bench soft`, laid out once for all contenders."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from promptsearch.bench.choosing import check_compared
from promptsearch.bench.soft_job import SoftJob
from promptsearch.bench.trigger_jobs import single_words
from promptsearch.errors import OptionError
from promptsearch.plms.base import PLM
from promptsearch.tasks.task import Task
from promptsearch.template import Soft, Template, Text

if TYPE_CHECKING:
    from promptsearch.bench.soft_results import SoftBenchConfig
    from promptsearch.verbalizer import Verbalizer


@dataclass(frozen=True)
class Layout:
    """One PLM with the prompts of a task, to which soft tokens are still to be added."""

    config: SoftBenchConfig
    task: Task
    plm: PLM
    folder: str
    words: Verbalizer

    @classmethod
    def of(cls, config: SoftBenchConfig, task: Task, reference: str) -> Layout:
        """Load the PLM.

        Raises:
            PLMError: it cannot be had, or gives no gradients.
            OptionError: see `check_compared`; the template has free places, or the library no label words
                of one token each.
        """
        from promptsearch.plms import load_plm
        from promptsearch.plms.sources import resolve

        template = Template.parse(config.template)
        if template.has_free_slots:
            raise OptionError(f"a template of words alone is wanted, not {config.template!r}")
        plm = load_plm(reference, device="cpu", dtype=config.dtype, cache=False, offline=config.offline)
        check_compared(plm.identity.family, reference)
        folder = str(resolve(reference, offline=config.offline).folder)
        return cls(config, task, plm, folder, single_words(task, plm, template))

    def job(self, tokens: int) -> SoftJob:
        """The prompts with so many soft tokens.

        Raises:
            PLMError: the PLM gives no gradients.
            TemplateError: more tokens than the context holds.
        """
        from promptsearch.engines.soft.config import SoftConfig
        from promptsearch.engines.soft.encoders import RATES
        from promptsearch.engines.soft.problem import SoftProblem
        from promptsearch.engines.soft.starts import with_soft
        from promptsearch.plms.local import LocalPLM

        plm, task = self.plm, self.task
        assert isinstance(plm, LocalPLM)
        template = Template.parse(self.config.template)
        front = Template((Soft(count=tokens), Text(" "), *template.pieces))
        config = SoftConfig(parameterisation="free")
        problem = SoftProblem(plm, front, self.words, task.train, config, seed=0)
        prompts, vectors = problem.reader.prompts, problem.learner(0).soft_vectors()
        ids = [np.delete(row, free) for row, free in zip(prompts.ids, prompts.free)]
        return SoftJob(
            plm=plm.identity.reference,
            folder=self.folder,
            family=plm.identity.family,
            dtype=plm.dtype,
            within=str(with_soft(template, tokens)),
            front=str(front),
            examples=tuple(dict(example.values) for example in task.train),
            labels=tuple(example.label for example in task.train if example.label is not None),
            names=tuple(map(str, task.label_names)),
            words=self.words.words,
            tokens=tuple(each[0] for each in plm.word_ids(front, self.words.words)),
            ids=tuple(tuple(row.tolist()) for row in ids),
            answer=tuple((prompts.answer - tokens).tolist()),
            start=tuple(map(tuple, vectors.array.tolist())),
            batch=self.config.batch,
            unit=problem.scale,
            rate=RATES["free"],
        )
