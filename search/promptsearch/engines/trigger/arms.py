"""A template under search: what reads it, what climbs on it, and what was found on it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray

from promptsearch.engines.trigger.climbing import Climb, Climber, Proposer, Standing
from promptsearch.engines.trigger.config import TriggerConfig
from promptsearch.engines.trigger.costs import Costs
from promptsearch.engines.trigger.drawing import SwapProposer
from promptsearch.engines.trigger.edits import EditProposer
from promptsearch.engines.trigger.fluency import Fluency
from promptsearch.engines.trigger.promises import Promises
from promptsearch.engines.trigger.pruning import influential
from promptsearch.engines.trigger.reading import Filling, Reading
from promptsearch.engines.trigger.spending import Meter
from promptsearch.engines.trigger.starts import Starts
from promptsearch.engines.trigger.vocabulary import Banned, allowed_tokens
from promptsearch.engines.trigger.wording import Wording
from promptsearch.errors import OptionError
from promptsearch.objective import LabelObjective
from promptsearch.plms.local import LocalPLM
from promptsearch.tasks.drawing import drawn_by_class
from promptsearch.tasks.task import Example, Task
from promptsearch.template import Template
from promptsearch.verbalizer import Verbalizer

IntArray = NDArray[np.int64]

# Examples that the likelihood of triggers is averaged over, and that the vocabulary is pruned on.
_FLUENCY_ROWS = 8
PRUNING_ROWS = 8
_SUMMED = 4096


@dataclass(frozen=True)
class Ground:
    """What all templates of a search share.

    Attributes:
        examples: of train, that are searched on; all have labels.
        costs: of these examples.
        texts: of all tokens, where they follow a word.
        allowed: (vocabulary,) tokens that may stand in a trigger.
    """

    plm: LocalPLM
    examples: Sequence[Example]
    costs: Costs
    verbalizer: Verbalizer
    texts: Sequence[str]
    allowed: NDArray[np.bool_]
    banned: Banned
    meter: Meter
    config: TriggerConfig
    seed: int

    @classmethod
    def of(
        cls, task: Task, plm: LocalPLM, words: Verbalizer, config: TriggerConfig, meter: Meter, seed: int
    ) -> Ground:
        """At most `TriggerConfig.most_examples` of train, and the tokens that the rules leave."""
        labelled = [example for example in task.train if example.label is not None]
        chosen = drawn_by_class(labelled, config.most_examples, seed)
        gold = np.array([example.label for example in labelled], dtype=np.int64)
        costs = Costs.of(config.objective, gold, config.balanced, config.calibrated).on(chosen)
        banned = Banned.of(task, words, config)
        texts = plm.vocabulary("a")
        allowed = allowed_tokens(texts, plm.encoder.tokenizer.all_special_ids, banned, config)
        examples = [labelled[i] for i in chosen]
        return cls(plm, examples, costs, words, texts, allowed, banned, meter, config, seed)


@dataclass(frozen=True)
class Tools:
    """What works on one template."""

    climber: Climber
    starts: Starts
    wording: Wording


# Likely tokens of which one is sought that may stand in any place.
_NEUTRAL = 50


@dataclass
class Arm:
    """One template that is searched.

    Attributes:
        template: with `{trigger*n}`.
        given: tokens to start from; none to start as the config says.
        climb: the start that is being followed.
        steps: made on this template.
        over: whether its first start is at its end.
        ends: (loss, trigger) that starts came to, best first.
        best: lowest loss so far.
        kept: tokens that the vocabulary was pruned to; None while it is not.
        openings: texts that a first start may begin with, besides what the PLM itself would put there.
    """

    template: Template
    given: Filling = ()
    climb: Climb | None = None
    steps: int = 0
    over: bool = False
    ends: list[tuple[float, Filling]] = field(default_factory=list)
    best: float = float("inf")
    kept: tuple[int, ...] | None = None
    openings: tuple[str, ...] = ()

    def keep(self, standing: Standing, most: int) -> None:
        """Take in what a start came to."""
        known = {filling: loss for loss, filling in self.ends} | {standing.filling: standing.loss}
        self.ends = sorted((loss, filling) for filling, loss in known.items())[:most]


def tools_for(arm: Arm, ground: Ground) -> Tools:
    """Encode the prompts of a template, and set up what works on it; the vocabulary is pruned where asked.

    Raises:
        TemplateError: it cannot work on the PLM.
        VerbalizerError: a label word has several tokens.
        OptionError: the rules leave no token.
        BudgetSpent: the vocabulary cannot be pruned with what is left.
    """
    plm, config, examples = ground.plm, ground.config, ground.examples
    reading = _reading(arm.template, ground)
    fluency = Fluency(reading, config.fluency, drawn_by_class(examples, _FLUENCY_ROWS, ground.seed))
    masked = plm.identity.family == "masked"
    blank = plm.encoder.mask_id if masked else reading.reader.prompts.hole
    assert blank is not None
    # A tokenizer may have more tokens than the PLM has embeddings.
    ids = np.flatnonzero(ground.allowed[: len(reading.reader.matrix)])
    if not len(ids):
        raise OptionError(
            "no token of the PLM may stand in a trigger", hint="Allow capitals, digits, or parts of words."
        )
    blanks = (blank,) * reading.places
    special = plm.encoder.tokenizer.all_special_ids
    wordings = [
        Wording(plm, arm.template, examples, ground.banned, special, token, config.any_ids)
        for token in fluency.likeliest(blanks, 0, ids, _NEUTRAL)
    ]
    wording = next((each for each in wordings if each.neutral_anywhere), wordings[0])
    rows = drawn_by_class(examples, config.batch or len(examples), ground.seed)
    if config.prune is not None:
        if arm.kept is None:
            rng = np.random.default_rng(ground.seed)
            sample = drawn_by_class(examples, PRUNING_ROWS, ground.seed)
            start = arm.given or blanks
            arm.kept = tuple(influential(reading, start, ids, config.prune, sample, rng).tolist())
        ids = np.array(arm.kept, dtype=np.int64)
    proposer = _proposer(reading, fluency, ids, rows, config)
    return Tools(
        Climber(reading, wording, proposer, fluency, config), Starts(wording, fluency, ids, blank), wording
    )


def _reading(template: Template, ground: Ground) -> Reading:
    config = ground.config
    return Reading(
        ground.plm.free_reader(template, ground.examples, reuse=config.reuse),
        LabelObjective.of(ground.plm, template, ground.verbalizer),
        ground.costs,
        ground.meter,
    )


def _proposer(
    reading: Reading, fluency: Fluency, ids: IntArray, rows: list[int], config: TriggerConfig
) -> Proposer:
    if config.method == "edit":
        return EditProposer(fluency, ids, config.candidates, config.top_k)
    matrix = reading.reader.matrix
    parts = torch.from_numpy(ids).split(_SUMMED)
    point = torch.stack([matrix[part].float().sum(dim=0) for part in parts]).sum(dim=0)
    promises = Promises(reading, fluency, config.promise, rows, point / len(ids))
    allowed = np.zeros(len(matrix), dtype=np.bool_)
    allowed[ids] = True
    return SwapProposer(promises, allowed, config.top_k, config.candidates)
