"""A template under search: what reads it, what climbs on it, and what was found on it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from promptsearch.engines.trigger.climbing import Climb, Climber, Standing
from promptsearch.engines.trigger.config import TriggerConfig
from promptsearch.engines.trigger.costs import Costs
from promptsearch.engines.trigger.drawing import SwapProposer
from promptsearch.engines.trigger.edits import EditProposer
from promptsearch.engines.trigger.fluency import Fluency
from promptsearch.engines.trigger.promises import Promises
from promptsearch.engines.trigger.reading import Filling, Reading
from promptsearch.engines.trigger.spending import Meter
from promptsearch.engines.trigger.starts import Starts
from promptsearch.engines.trigger.vocabulary import Banned
from promptsearch.engines.trigger.wording import Wording
from promptsearch.objective import LabelObjective
from promptsearch.plms.local import LocalPLM
from promptsearch.tasks.drawing import drawn_by_class
from promptsearch.tasks.task import Example
from promptsearch.template import Template
from promptsearch.verbalizer import Verbalizer

# Examples that the likelihood of triggers is averaged over.
_FLUENCY_ROWS = 8


@dataclass(frozen=True)
class Ground:
    """What all templates of a search share.

    Attributes:
        examples: of train, that are searched on; all have labels.
        texts: of all tokens, where they follow a word.
        allowed: (vocabulary,) tokens that may stand in a trigger.
    """

    plm: LocalPLM
    examples: Sequence[Example]
    verbalizer: Verbalizer
    texts: Sequence[str]
    allowed: NDArray[np.bool_]
    banned: Banned
    meter: Meter
    config: TriggerConfig
    seed: int


@dataclass(frozen=True)
class Tools:
    """What works on one template."""

    climber: Climber
    starts: Starts
    wording: Wording


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
    """

    template: Template
    given: Filling = ()
    climb: Climb | None = None
    steps: int = 0
    over: bool = False
    ends: list[tuple[float, Filling]] = field(default_factory=list)
    best: float = float("inf")

    def keep(self, standing: Standing, most: int) -> None:
        """Take in what a start came to."""
        known = {filling: loss for loss, filling in self.ends} | {standing.filling: standing.loss}
        self.ends = sorted((loss, filling) for filling, loss in known.items())[:most]


def tools_for(template: Template, ground: Ground) -> Tools:
    """Encode the prompts of a template, and set up what works on it.

    Raises:
        TemplateError: it cannot work on the PLM.
        VerbalizerError: a label word has several tokens.
    """
    plm, config, examples = ground.plm, ground.config, ground.examples
    gold = np.array([example.label for example in examples], dtype=np.int64)
    reading = Reading(
        plm.free_reader(template, examples, reuse=config.reuse),
        LabelObjective.of(plm, template, ground.verbalizer),
        Costs.of(config.objective, gold, config.balanced, config.calibrated),
        ground.meter,
    )
    fluency = Fluency(reading, config.fluency, drawn_by_class(examples, _FLUENCY_ROWS, ground.seed))
    tokenizer = plm.encoder.tokenizer
    blank = plm.encoder.mask_id if plm.identity.family == "masked" else reading.reader.prompts.hole
    assert blank is not None
    ids = np.flatnonzero(ground.allowed)
    neutral = _most_likely(fluency, ids, (blank,) * reading.places)
    wording = Wording(
        plm, template, examples, ground.banned, tokenizer.all_special_ids, neutral, config.any_ids
    )
    starts = Starts(wording, fluency, ids, blank)
    if config.method == "edit":
        proposer = EditProposer(fluency, ids, config.candidates, config.top_k)
        return Tools(Climber(reading, wording, proposer, fluency, config), starts, wording)
    matrix = reading.reader.matrix
    point = sum(part.float().sum(dim=0) for part in matrix[ids].split(4096)) / len(ids)
    rows = drawn_by_class(examples, config.batch or len(examples), ground.seed)
    promises = Promises(reading, fluency, config.promise, rows, point)
    proposer = SwapProposer(promises, ground.allowed, config.top_k, config.candidates)
    return Tools(Climber(reading, wording, proposer, fluency, config), starts, wording)


def _most_likely(fluency: Fluency, ids: NDArray[np.int64], filling: Filling) -> int:
    """The token that the PLM finds most likely in the first place."""
    log_probs = np.round(fluency.in_place(filling, 0)[ids], 4)
    return int(ids[np.lexsort((ids, -log_probs))[0]])
