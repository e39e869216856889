"""The `trigger` engine: tokens that make a PLM answer rightly, searched by gradients."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

from promptsearch.engines.base import Budget, Candidate
from promptsearch.engines.trigger.arms import PRUNING_ROWS, Arm, Ground
from promptsearch.engines.trigger.checkpoint import Checkpoint
from promptsearch.engines.trigger.checks import (
    check_template,
    check_train,
    fitting,
    local,
    reads_words,
    single_tokens,
)
from promptsearch.engines.trigger.config import TriggerConfig
from promptsearch.engines.trigger.history import History, Improvement
from promptsearch.engines.trigger.offers import offered
from promptsearch.engines.trigger.opening import opened
from promptsearch.engines.trigger.pruning import CLUSTERS
from promptsearch.engines.trigger.results import candidate, history
from promptsearch.engines.trigger.search import Search
from promptsearch.engines.trigger.spending import Meter
from promptsearch.errors import OptionError, VerbalizerError
from promptsearch.knowledge.roles import normal_name
from promptsearch.plms.base import PLM
from promptsearch.plms.local import LocalPLM
from promptsearch.tasks.task import Task, fingerprint_examples
from promptsearch.template import Field, Mask, Piece, Template, Text, Trigger
from promptsearch.verbalizer import Verbalizer


class TriggerEngine:
    """Trigger tokens by first-order scores of swaps (AutoPrompt, Shin et al. 2020; GCG, Zou et al. 2023).

    Args:
        config: how triggers are searched.
        templates: with `{trigger*n}`; where there are none, all fields, the trigger and the slot.
        names: label words; where left out, the labels' names.
        starts: templates without triggers (mined or hand-written ones) to start from: their own words become
            trigger places.
        folder: where checkpoints are kept; a search that finds one there goes on from it.
        watch: told each improvement as it is found.
        openings: what a person would write in a trigger's place; each is a start beside the PLM's own words,
            and the best of them on train is gone on from. Not used where the config has words or another
            kind of start.
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
        openings: Sequence[str] = (),
    ) -> None:
        self.config = config or TriggerConfig()
        self.templates = tuple(dict.fromkeys(templates))
        self.names = names
        self.starts = tuple(dict.fromkeys(starts))
        self.folder = folder
        self.watch = watch
        self.openings = tuple(dict.fromkeys(openings))
        self.history = History()

    def search(self, task: Task, plm: PLM, budget: Budget, seed: int) -> Iterator[Candidate]:
        """Templates with found triggers, best on train first; `self.history` tells how they were found.

        Limits are those of the whole search, over all sittings that share a folder. `budget.evaluations`
        counts prompts read with a trigger, see `Meter`. At most `TriggerConfig.most_examples` of train are
        searched on.

        Raises:
            PLMError: the PLM gives no gradients.
            TemplateError: a template has no trigger, or cannot work for the task or on the PLM.
            VerbalizerError: all words of a label have several tokens, or one cannot be spelled.
            DataError: train has fewer than two classes.
            OptionError: the budget is too small for one step.
            StorageError: a checkpoint cannot be read or written, or is of another search.
        """
        check_train(task)
        search = self._begun(task, local(plm), budget, seed)
        try:
            search.run()
        finally:
            # A search that is interrupted has its history too.
            self.history = history(search)
        if not search.steps:
            raise self._too_small(search)
        for rank, found in enumerate(offered(search.course, self.config.offers)):
            yield candidate(search, found, rank)

    def _begun(self, task: Task, plm: LocalPLM, budget: Budget, seed: int) -> Search:
        """The search at its beginning, or where its checkpoint stands."""
        arms = self._arms(task, plm)
        words = self.names or Verbalizer.of([normal_name(str(n)) for n in task.label_names], task.labels)
        words, left_out = single_tokens(plm, arms[0].template, words)
        arms = [arm for arm in arms if self._reads(arm, plm, words)]
        ground = Ground.of(task, plm, words, self.config, Meter(budget), seed)
        notes = [f"Kept out of triggers: {ground.banned}."] if ground.banned else []
        if left_out:
            notes.append(f"Label words of several tokens, left out: {', '.join(left_out)}.")
        search = Search.begun(ground, arms, self.watch or (lambda found: None), tuple(notes))
        if self.folder is not None:
            checkpoint = Checkpoint(self.folder, self._key(task, plm, words, arms, seed))
            checkpoint.read_into(search)
            search.save = checkpoint.write
        return search

    def _arms(self, task: Task, plm: LocalPLM) -> list[Arm]:
        """Templates with what they start from."""
        for template in self.templates:
            check_template(template, task, plm)
        plain = () if self.templates else (plain_template(task.fields, self.config.tokens),)
        arms = [Arm(template, openings=self.openings) for template in (*self.templates, *plain)]
        for start in fitting(self.starts, task, plm):
            if (found := opened(start, plm)) is not None:
                arms.append(Arm(*found))
        return arms

    def _reads(self, arm: Arm, plm: LocalPLM, words: Verbalizer) -> bool:
        """Whether a template reads the label words; those that only lend their words may not.

        Raises:
            VerbalizerError: a template that was asked for does not.
        """
        reads = reads_words(plm, arm.template, words)
        if not reads and not arm.given:
            raise VerbalizerError(
                f"label words have several tokens in the slot of {str(arm.template)!r}",
                hint="Put the slot behind a blank there, or give other words with --words.",
            )
        return reads

    def _key(self, task: Task, plm: LocalPLM, words: Verbalizer, arms: Sequence[Arm], seed: int) -> str:
        """What must be equal for a search to be the same: sha256 (hex)."""
        config = {name: value for name, value in asdict(self.config).items() if name != "offers"}
        parts = [
            config,
            [(str(arm.template), arm.given, arm.openings) for arm in arms],
            [str(words), words.aggregation, words.case],
            [asdict(plm.identity), plm.dtype],
            fingerprint_examples(task.train),
            seed,
        ]
        return hashlib.sha256(json.dumps(parts, default=str).encode()).hexdigest()

    def _too_small(self, search: Search) -> OptionError:
        ground, places = search.ground, max(_places(arm.template) for arm in search.arms)
        n, labels = len(ground.examples), len(ground.verbalizer.labels)
        gradients = places * min(n, self.config.batch or n) * (2 * labels - 1)
        step = n + gradients + self.config.candidates * n // (3 if self.config.racing else 1)
        if self.config.prune is not None:
            step += CLUSTERS * min(n, PRUNING_ROWS)
        return OptionError(
            f"the budget was used up before the first step: {ground.meter.evaluations:,} readings in "
            f"{ground.meter.seconds:.1f} s",
            hint=f"The first step takes about {step:,} readings of a prompt here. Give more time, or take "
            "fewer candidates or examples.",
        )


def plain_template(fields: Sequence[str], tokens: int) -> Template:
    """All fields, the trigger, and the slot last."""
    pieces: list[Piece] = [piece for name in fields for piece in (Field(name), Text(" "))]
    return Template((*pieces, Trigger(tokens), Text(" "), Mask()))


def _places(template: Template) -> int:
    return sum(piece.count for piece in template.pieces if isinstance(piece, Trigger))
