"""What the engine is asked to do."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal, get_args

from promptsearch.errors import OptionError, near_matches

Parameterisation = Literal["lstm", "mlp", "free"]
Start = Literal["vocabulary", "labels", "random"]
Mixed = Literal["no", "bf16", "fp16"]
Loss = Literal["ce", "gce"]
GCE_POWER = 0.7
"""q of the generalised cross-entropy, as in the experiments of Zhang and Sabuncu 2018."""


@dataclass(frozen=True)
class TrainingConfig:
    """How anything around a prompt is trained.

    Attributes:
        steps: most updates of one start.
        batch: examples a step, of every class alike.
        warm_up: share of the steps in which the learning rates rise; then they fall to 0.
        decay: weight decay, where a group of parameters names none of its own.
        clip: gradients of a group are scaled down to this norm.
        look_every: steps between looks at what is held out.
        patience: looks without a better log-likelihood after which a start ends.
        restarts: how many starts, of which the best is kept; fewer where time is over.
        save_every: steps between saves.
        mixed: number format of a step's arithmetic beside float32 weights; `no` takes the PLM's own.
        loss: what a step makes small, see `promptsearch.engines.soft.losses`; `TuneConfig` has its own.
    """

    steps: int = 300
    batch: int = 16
    warm_up: float = 0.05
    decay: float = 0.0
    clip: float = 1.0
    look_every: int = 10
    patience: int = 10
    restarts: int = 3
    save_every: int = 50
    mixed: Mixed = "no"
    loss: Loss = "ce"

    def __post_init__(self) -> None:
        for name in ("steps", "batch", "look_every", "patience", "restarts", "save_every"):
            if getattr(self, name) < 1:
                raise OptionError(f"{name.replace('_', ' ')} must be 1 or more, not {getattr(self, name)}")
        if not 0 <= self.warm_up < 1:
            raise OptionError(f"the share of warm-up must be 0 or more and under 1, not {self.warm_up}")
        if not (self.clip > 0 and 0 <= self.decay < float("inf")):
            raise OptionError("clip must be above 0, and the weight decay 0 or more")
        check_choice("number format", self.mixed, get_args(Mixed))
        check_choice("loss", self.loss, get_args(Loss))

    @property
    def single(self) -> TrainingConfig:
        """The same with one start."""
        return replace(self, restarts=1)


@dataclass(frozen=True)
class SoftConfig:
    """How soft prompts are searched.

    Attributes:
        parameterisation: `lstm` (BiLSTM and MLP, P-tuning), `mlp`, or `free` vectors (prompt tuning).
        start: where groups `{soft*n}` start: at `vocabulary` tokens drawn from the frequent ones, at the
            `labels`' words, or at `random` vectors with the spread of the embeddings. `{soft:words}` starts
            from its words in any case.
        tokens: how many soft tokens a template without any is given.
        width: hidden width of the `lstm` or `mlp`; None for that of the embeddings, at most 512.
        rate: learning rate; None for the parameterisation's own.
        folds: parts of train of which each is held out once, where no dev may be looked at.
        most_examples: examples of train that the engine learns on, drawn by class.
        offers: most templates that the engine trains.
        training: how; by default shorter than where there is dev to stop by.
    """

    parameterisation: Parameterisation = "lstm"
    start: Start = "vocabulary"
    tokens: int = 5
    width: int | None = None
    rate: float | None = None
    folds: int = 2
    most_examples: int = 4000
    offers: int = 4
    training: TrainingConfig = field(default_factory=lambda: TrainingConfig(steps=100, patience=5))

    def __post_init__(self) -> None:
        check_choice("parameterisation", self.parameterisation, get_args(Parameterisation))
        check_choice("start", self.start, get_args(Start))
        for name, least in (("tokens", 1), ("folds", 2), ("most_examples", 2), ("offers", 1)):
            if getattr(self, name) < least:
                raise OptionError(
                    f"{name.replace('_', ' ')} must be {least} or more, not {getattr(self, name)}"
                )
        if self.width is not None and self.width < 1:
            raise OptionError(f"the width must be 1 or more, not {self.width}")
        if self.rate is not None and not 0 < self.rate < float("inf"):
            raise OptionError(f"the learning rate must be above 0, not {self.rate}")


def check_choice(what: str, name: str, known: tuple[str, ...]) -> None:
    """Refuse a name that is not known, with the nearest that is.

    Raises:
        OptionError: naming it.
    """
    if name not in known:
        near = near_matches(name, known, most=1)
        meant = f"Did you mean {near[0]}? " if near else ""
        raise OptionError(f"there is no {what} {name!r}", hint=f"{meant}There are {', '.join(known)}.")
