"""The `trigger` engine: tokens that make a PLM answer rightly, searched by gradients."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from promptsearch.engines.base import Budget, Candidate
from promptsearch.engines.trigger.config import TriggerConfig
from promptsearch.engines.trigger.history import History, Improvement
from promptsearch.plms.base import PLM
from promptsearch.tasks.task import Task
from promptsearch.template import Template
from promptsearch.verbalizer import Verbalizer


class TriggerEngine:
    """Trigger tokens by first-order scores of swaps (AutoPrompt, Shin et al. 2020; GCG, Zou et al. 2023).

    Args:
        config: how triggers are searched.
        templates: with `{trigger*n}`; where there are none, all fields, the trigger and the slot.
        names: label words; where left out, those that the library or the labels' names give.
        starts: templates without triggers (mined or hand-written ones) to start from: their own words become
            trigger places.
        folder: where checkpoints are kept; a search that finds one there goes on from it.
        watch: told each improvement as it is found.
    """

    name: str = "trigger"

    def __init__(
        self,
        config: TriggerConfig | None = None,
        templates: Sequence[Template] = (),
        names: Verbalizer | None = None,
        starts: Sequence[Template] = (),
        folder: Path | None = None,
        watch: Callable[[Improvement], None] | None = None,
    ) -> None:
        self.config = config or TriggerConfig()
        self.templates = tuple(dict.fromkeys(templates))
        self.names = names
        self.starts = tuple(dict.fromkeys(starts))
        self.folder = folder
        self.watch = watch
        self.history = History()

    def search(self, task: Task, plm: PLM, budget: Budget, seed: int) -> Iterator[Candidate]:
        """Templates with found triggers, best first; `self.history` tells how they were found."""
        raise NotImplementedError
