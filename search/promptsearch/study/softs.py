"""The engine `soft` in a study: templates whose vectors are learned on train, one training after another."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from promptsearch.engines.base import Budget, Candidate
from promptsearch.plms.base import PLM
from promptsearch.soft import SoftTemplate
from promptsearch.tasks.task import Task

if TYPE_CHECKING:
    from promptsearch.engines.soft.engine import SoftEngine

SOFT = "soft"
"""The engine that learns soft tokens, which comes when the others have had their turn."""
NEAREST = "nearest"
"""In a candidate's provenance: for each soft token the nearest words."""


def learned(engine: SoftEngine, task: Task, plm: PLM, budget: Budget, seed: int) -> Iterator[Candidate]:
    """What the engine finds, with the words nearest to each soft token."""
    from promptsearch.engines.soft.nearest import nearest_words
    from promptsearch.plms.local import LocalPLM

    for candidate in engine.search(task, plm, budget, seed):
        template = candidate.template
        if isinstance(template, SoftTemplate) and isinstance(plm, LocalPLM):
            nearest = [[each.text for each in of_token] for of_token in nearest_words(plm, template)]
            candidate = replace(candidate, provenance={**candidate.provenance, NEAREST: nearest})
        yield candidate


def known_trainings(candidates: Sequence[Candidate]) -> frozenset[tuple[str, int]]:
    """Templates and starts of trainings that are done, as `SoftEngine` takes them."""
    found = ((str(each.template), each.provenance.get("restart")) for each in candidates)
    return frozenset((template, start) for template, start in found if isinstance(start, int))
