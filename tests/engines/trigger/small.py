"""Searches on PLMs of a few thousand random weights."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from promptsearch.engines.base import Budget
from promptsearch.engines.trigger.config import TriggerConfig
from promptsearch.engines.trigger.costs import Costs
from promptsearch.engines.trigger.reading import Reading
from promptsearch.engines.trigger.spending import Meter
from promptsearch.engines.trigger.vocabulary import Banned, allowed_tokens
from promptsearch.objective import LabelObjective
from promptsearch.plms.local import LocalPLM
from promptsearch.tasks.task import Example, Task
from promptsearch.template import Template
from promptsearch.verbalizer import Verbalizer
from tests.plms.zoo import adapter

TEXTS = (
    "a moving story",
    "the plot goes nowhere",
    "funny and moving",
    "worse than the script",
    "a wonderful film",
    "not good",
    "really great acting",
    "the acting was bad",
    "very well done",
    "thin and terrible",
)
LABELS = ("neg", "pos")
WORDS = Verbalizer.of([["bad"], ["good"]], LABELS)
MASKED = "{text} {trigger*3} {mask} ."
PREFIX = "{text} {trigger*3} {mask}"


def small_task(n: int = 10, labels: tuple[str, ...] = LABELS) -> Task:
    """Texts whose labels come in turn."""
    examples = [Example({"text": text}, i % len(labels)) for i, text in enumerate(TEXTS[:n])]
    splits = {"train": examples, "dev": examples, "test": examples}
    return Task("small", "sentiment", ("text",), labels, labels, "accuracy", splits)


@cache
def small_plm(name: str, tokens: int = 512) -> LocalPLM:
    return adapter(name, tokens)


def small_reading(
    name: str,
    template: str,
    verbalizer: Verbalizer = WORDS,
    n: int = 10,
    budget: Budget | None = None,
    **costs: Any,
) -> Reading:
    """The small task's prompts on one of the small PLMs."""
    plm, task, free = small_plm(name), small_task(n, verbalizer.labels), Template.parse(template)
    gold = np.array([example.label for example in task.train], dtype=np.int64)
    options = {"objective": "likelihood", "balanced": True, "calibrated": False} | costs
    return Reading(
        plm.free_reader(free, task.train),
        LabelObjective.of(plm, free, verbalizer),
        Costs.of(gold=gold, **options),
        Meter(budget or Budget()),
    )


def allowed_on(plm: LocalPLM, config: TriggerConfig | None = None) -> np.ndarray:
    """Ids of tokens that may stand in a trigger."""
    config = config or TriggerConfig()
    banned = Banned.of(small_task(), WORDS, config)
    special = plm.encoder.tokenizer.all_special_ids
    return np.flatnonzero(allowed_tokens(plm.vocabulary("a"), special, banned, config))
