"""What a search without labels found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from promptsearch.engines.mining.mining import Mining
from promptsearch.prompt import Prompt
from promptsearch.scoring import Difference, Evaluation
from promptsearch.scoring.information import information_gap
from promptsearch.study.finalist import BEST, BEST_OF_PLM, MANUAL
from promptsearch.study.informed import Informed
from promptsearch.study.trying import Rejected
from promptsearch.tasks.task import Task

COMPARED = 24
"""The most telling combinations, which are compared with the first one."""


@dataclass(frozen=True)
class Judged:
    """A prompt of the comparison.

    Attributes:
        role: as of `Finalist`: `BEST`, `BEST_OF_PLM` or `MANUAL`.
        gap: mutual information of the best minus this one's, in nats, on the same texts.
        test: figures on labelled test examples, by which nothing was chosen; None where there are none.
    """

    role: str
    informed: Informed
    gap: Difference | None = None
    test: Evaluation | None = None


@dataclass(frozen=True)
class FoundWithoutLabels:
    """The outcome of a search for a prompt without labelled examples.

    Attributes:
        task: its train are the texts that were read.
        prompt: the chosen prompt, ready to predict.
        ranked: every combination, the most telling first.
        finalists: the best, then the best of every other PLM, then manual prompts.
        alike: how many of the first `COMPARED` cannot be told from the best by their mutual information, the
            best included.
        majority: of always answering the most frequent class of test; None where there is no test.
        rejected: candidates that could not be tried, and why.
        unavailable: PLMs that were asked for by default and could not be had -> why.
        seed: drew the texts.
        seconds: time taken, set-up included.
        mining: what the engine `mining` found, before any PLM had read it.
        interrupted: whether the run was stopped by the user.
    """

    task: Task
    prompt: Prompt
    ranked: tuple[Informed, ...]
    finalists: tuple[Judged, ...]
    alike: int
    majority: Evaluation | None
    rejected: tuple[Rejected, ...]
    unavailable: Mapping[str, str]
    seed: int
    seconds: float
    folder: Path
    mining: Mining | None = None
    interrupted: bool = False
    command: str = ""

    @property
    def best(self) -> Judged:
        """The chosen prompt."""
        return self.finalists[0]

    @property
    def n_texts(self) -> int:
        """Unlabelled texts that were read."""
        return len(self.task.train)

    @property
    def plms(self) -> tuple[str, ...]:
        """References of the PLMs that were compared, that of the best prompt first."""
        return tuple(dict.fromkeys(each.plm for each in self.ranked))

    @property
    def notices(self) -> tuple[str, ...]:
        """What the user must know."""
        left_out = (f"{name} was left out: {why}" for name, why in self.unavailable.items())
        return (*self.task.notices, *left_out, *(self.mining.notices if self.mining else ()))


def judged(found: Sequence[Informed]) -> list[Judged]:
    """The best, the best of every other PLM, and each PLM's manual prompt, from combinations in order."""
    best = found[0]
    first_of: dict[str, Informed] = {}
    manual_of: dict[str, Informed] = {}
    for each in found:
        first_of.setdefault(each.plm, each)
        if each.is_baseline:
            manual_of.setdefault(each.plm, each)
    others = [Judged(BEST_OF_PLM, each, _gap(best, each)) for each in list(first_of.values())[1:]]
    manual = [Judged(MANUAL, each, _gap(best, each)) for each in manual_of.values()]
    return [Judged(BEST, best), *others, *manual]


def alike(found: Sequence[Informed]) -> int:
    """How many of the first `COMPARED` are not told from the first by a paired test at 5 %."""
    return 1 + sum(
        gap is None or gap.p_value > 0.05 for gap in (_gap(found[0], each) for each in found[1:COMPARED])
    )


def _gap(best: Informed, other: Informed) -> Difference | None:
    """None where no text could be scored by both."""
    try:
        return information_gap(best.log_probs, other.log_probs)
    except ValueError:
        return None
