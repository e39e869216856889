"""What one prediction takes: tokens through the PLM, and forward passes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from promptsearch.plms.base import PLM, AnswerScoring
from promptsearch.readings import answer_tokens
from promptsearch.scoring import Readout
from promptsearch.tasks.task import Example
from promptsearch.template import Template
from promptsearch.verbalizer import Verbalizer

if TYPE_CHECKING:
    from promptsearch.prompt import Prompt


@dataclass(frozen=True)
class Cost:
    """Of one prediction, on average.

    Attributes:
        tokens: through the PLM, over all passes.
        passes: forward passes.
    """

    tokens: float
    passes: int


def cost_of(prompts: Sequence[Prompt], examples: Sequence[Example]) -> Cost:
    """What it takes to have prompts answer each of some examples, all of them every time."""
    tokens, passes = 0.0, 0
    for prompt in prompts:
        for template in prompt.questions:
            each = passes_of(prompt.plm, template, prompt.answers, prompt.scoring, prompt.readout)
            passes += each
            tokens += each * float(prompt.plm.answer_states(template, examples).tokens.mean())
    return Cost(tokens, passes)


def passes_of(
    plm: PLM, template: Template, verbalizer: Verbalizer, scoring: AnswerScoring, readout: Readout | None
) -> int:
    """Forward passes for one prediction.

    A masked PLM reads answers of equal length at the same masks; any other reads those of several tokens
    together, and those of one token off the prompt's own states, which a readout needs too.
    """
    if readout is not None and not readout.uses_words:
        return 1
    lengths = answer_lengths(plm, template, verbalizer) | ({1} if readout is not None else set())
    if plm.identity.family == "masked":
        return len(lengths)
    if scoring.normalisation == "pmi":
        return 1 if readout is None else 2
    return (1 in lengths) + (max(lengths) > 1)


def answer_lengths(plm: PLM, template: Template, verbalizer: Verbalizer) -> set[int]:
    """Numbers of tokens that answers have."""
    tokens = answer_tokens(plm, template, verbalizer.words, verbalizer.case)
    return {len(forms[0]) for forms in tokens}
