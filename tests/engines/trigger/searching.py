"""Quick searches of the whole engine."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from promptsearch.engines.base import Budget, Candidate
from promptsearch.engines.trigger import TriggerConfig, TriggerEngine
from promptsearch.plms.base import PLM
from promptsearch.tasks.task import Task
from promptsearch.template import Template
from promptsearch.verbalizer import Verbalizer
from tests.engines.trigger.small import LABELS, WORDS

# Uncalibrated, the loss is that of the prompt as it stands.
QUICK = TriggerConfig(candidates=8, top_k=200, batch=4, calibrated=False)
CLOZE = Template.parse("{text} {trigger*3} {mask} .")


def words_for(task: Task) -> Verbalizer:
    """A word for each label of reviews."""
    return Verbalizer.of({"negative": ["terrible"], "positive": ["great"]}, task.labels)


def search(
    task: Task,
    plm: PLM,
    config: TriggerConfig = QUICK,
    templates: Sequence[Template] = (CLOZE,),
    evaluations: int = 800,
    seed: int = 0,
    names: Verbalizer | None = None,
    **options: Any,
) -> tuple[list[Candidate], TriggerEngine]:
    """What a search finds, and the engine after it."""
    names = names or (WORDS if task.labels == LABELS else words_for(task))
    running = TriggerEngine(config, templates, names, **options)
    return list(running.search(task, plm, Budget(evaluations=evaluations), seed)), running


def triggers(candidates: Sequence[Candidate]) -> list[object]:
    """What they have in the places of their template."""
    return [candidate.provenance["trigger"] for candidate in candidates]
