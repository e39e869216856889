"""What the engine is asked to do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from promptsearch.errors import OptionError, near_matches

Objective = Literal["likelihood", "margin", "mellowmax"]
Start = Literal["words", "mask", "random"]
Method = Literal["gradient", "edit"]
Promise = Literal["scores", "gradient"]


@dataclass(frozen=True)
class TriggerConfig:
    """How triggers are searched.

    Attributes:
        method: `gradient` draws swaps by their first-order scores; `edit` deletes, exchanges and fills in
            tokens by the PLM's own predictions, and needs no gradient.
        promise: how swaps are scored: `scores` by each example's label scores, linearised around the
            vocabulary's mean in each place; `gradient` by one gradient of the loss (AutoPrompt, GCG).
        objective: what falls as the trigger gets better, see `objective.py`.
        balanced: whether every class weighs the same, however many examples it has.
        calibrated: whether label scores are taken relative to their means over the batch.
        tokens: how many trigger tokens a template without `{trigger*n}` is given.
        start: `words` from `words`, or else from the best on train of what a person and what the PLM itself
            would put there; `mask` from mask tokens (on a masked PLM); `random`. Later starts are from the
            buffer, or random.
        words: to start from; as many tokens of them as there are places.
        restarts: how many starts besides the first; None for as many as the budget allows.
        top_k: best swaps by first-order score, over all places, from which steps draw.
        candidates: how many swaps a step tries.
        swaps: most places that a step changes: the best swaps of several places are tried together.
        batch: examples that gradients are taken on, drawn by class; None for all that are searched on.
        most_examples: examples of train that are searched on, drawn by class.
        racing: whether weak candidates leave a step before they have been read on all examples.
        reuse: whether keys and values left of the trigger are computed once (causal PLMs).
        buffer: good triggers that are kept to go on from.
        patience: steps without an improvement after which a start is given up.
        prune: how many influential tokens of the vocabulary are searched; None for all.
        fluency: weight of the PLM's own log-likelihood of the trigger in the objective (nats a token).
        any_ids: whether triggers may be taken whose text encodes to other ids.
        words_only: whether tokens must be whole words of letters.
        capitals: whether tokens may hold capital letters.
        digits: whether tokens may hold digits.
        ban_labels: whether label words and names of classes are kept out of triggers.
        banned: further words that may not appear.
        offers: most candidates that the engine yields.
    """

    method: Method = "gradient"
    promise: Promise = "scores"
    objective: Objective = "likelihood"
    balanced: bool = True
    calibrated: bool = True
    tokens: int = 3
    start: Start = "words"
    words: str | None = None
    restarts: int | None = None
    top_k: int = 2048
    candidates: int = 64
    swaps: int = 3
    batch: int | None = 32
    most_examples: int = 256
    racing: bool = True
    reuse: bool = True
    buffer: int = 4
    patience: int = 10
    prune: int | None = None
    fluency: float = 0.0
    any_ids: bool = False
    words_only: bool = False
    capitals: bool = True
    digits: bool = True
    ban_labels: bool = True
    banned: tuple[str, ...] = ()
    offers: int = 16

    def __post_init__(self) -> None:
        for what, value, known in (
            ("method", self.method, get_args(Method)),
            ("promise", self.promise, get_args(Promise)),
            ("objective", self.objective, get_args(Objective)),
            ("start", self.start, get_args(Start)),
        ):
            if value not in known:
                near = near_matches(value, known, most=1)
                meant = f"Did you mean {near[0]}? " if near else ""
                raise OptionError(
                    f"there is no {what} {value!r}", hint=f"{meant}There are {', '.join(known)}."
                )
        for name in ("top_k", "candidates", "swaps", "most_examples", "buffer", "patience", "offers"):
            if getattr(self, name) < 1:
                raise OptionError(f"{name.replace('_', ' ')} must be 1 or more, not {getattr(self, name)}")
        if self.tokens < 1:
            raise OptionError("a trigger needs at least one token", hint="Write {trigger*3}, or --tokens 3.")
        for name in ("batch", "prune"):
            if (value := getattr(self, name)) is not None and value < 2:
                raise OptionError(f"{name} must be 2 or more, not {value}")
        if self.words is not None and self.start != "words":
            raise OptionError(
                f"start words are for starts from words, not from {self.start}", hint="Leave one of them out."
            )
        if self.restarts is not None and self.restarts < 0:
            raise OptionError(f"restarts must be 0 or more, not {self.restarts}")
        if not 0 <= self.fluency < float("inf"):
            raise OptionError(f"the weight of fluency must be 0 or more, not {self.fluency}")
