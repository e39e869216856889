"""Ways to search a trigger, each as a function of the seconds that it gets."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from promptsearch.bench.trigger_job import Filling, Found, Search, TriggerJob
from promptsearch.errors import OptionError
from promptsearch.plms.free import FreeReader, IntArray

if TYPE_CHECKING:
    from torch import Tensor

    from promptsearch.plms.local import LocalPLM
    from promptsearch.tasks.task import Example
    from promptsearch.template import Template

T = TypeVar("T")
Run = Callable[[float], Search]
_WARM_UP_SECONDS = 1.0


# What AutoPrompt minimises, so that losses can be compared: scores as the PLM gives them.
PLAIN: Mapping[str, Any] = MappingProxyType(
    {"objective": "likelihood", "balanced": True, "calibrated": False}
)


@dataclass(frozen=True)
class Own:
    """promptsearch, as it is or with something about it changed.

    Attributes:
        title: in tables.
        settings: of `TriggerConfig`, in place of its defaults and of `PLAIN`.
        dtype: as `load_plm` takes it.
        alone: whether only one candidate goes through the PLM at once, with all its prompts.
        all_logits: whether logits of all positions are computed too, and thrown away.
        causal: whether it differs on a causal PLM only.
    """

    title: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    dtype: str = "auto"
    alone: bool = False
    all_logits: bool = False
    causal: bool = False

    def start(self, job: TriggerJob) -> Run:
        """Load the PLM and warm up."""
        from promptsearch.engines.base import Budget
        from promptsearch.engines.trigger import TriggerConfig, TriggerEngine
        from promptsearch.plms import load_plm
        from promptsearch.plms.forward import TokenBudget
        from promptsearch.plms.local import LocalPLM
        from promptsearch.template import Template

        plm = load_plm(job.plm, device="cpu", dtype=self.dtype, cache=False, offline=True)
        assert isinstance(plm, LocalPLM)
        if self.alone:
            plm.budget = TokenBudget(len(job.ids) * max(map(len, job.ids)))
        counter = Counter.put_on(plm, self.all_logits)
        config, task = TriggerConfig(**{**PLAIN, **self.settings}), job.task()

        def search(seconds: float) -> Search:
            trail: list[Found] = []
            counter.clear()
            begun = time.perf_counter()

            def note(improvement: Any) -> None:
                ids = tuple(token for group in improvement.ids for token in group)
                trail.append(Found(time.perf_counter() - begun, ids))

            template = Template.parse(job.template)
            engine = TriggerEngine(config, [template], job.verbalizer(), watch=note)
            # Too little time for a step is a search that has come to nothing.
            with suppress(OptionError):
                list(engine.search(task, plm, Budget(seconds=seconds), job.seed))
            taken = time.perf_counter() - begun
            read = len(counter.read)
            return Search(taken, counter.forwards, read, counter.gradients, tuple(trail))

        search(_WARM_UP_SECONDS)
        return search


@dataclass
class Counter:
    """Counts what a search has a PLM read.

    Attributes:
        forwards: pairs of a filling and a prompt.
        gradients: prompts that a gradient was taken on.
        read: the fillings.
    """

    forwards: int = 0
    gradients: int = 0
    read: set[Filling] = field(default_factory=set)

    @classmethod
    def put_on(cls, plm: LocalPLM, all_logits: bool = False) -> Counter:
        """Have all readers of a PLM counted."""
        counter, make = cls(), plm.free_reader

        def counted(template: Template, examples: Sequence[Example], reuse: bool = True) -> FreeReader:
            return CountedReader(make(template, examples, reuse), counter)

        plm.free_reader = counted
        if all_logits:
            _compute_all_logits(plm)
        return counter

    def clear(self) -> None:
        """Begin anew."""
        self.forwards = self.gradients = 0
        self.read = set()


class CountedReader(FreeReader):
    """Another reader, with what it reads counted."""

    def __init__(self, reader: FreeReader, counter: Counter) -> None:
        self.reader, self.counter = reader, counter
        self.prompts = reader.prompts

    @property
    def matrix(self) -> Tensor:
        return self.reader.matrix

    def batches(self, rows: Sequence[int], copies: int = 1) -> Iterator[list[int]]:
        return self.reader.batches(rows, copies)

    def over_batches(
        self, rows: Sequence[int], work: Callable[[list[int]], T], copies: int = 1
    ) -> list[tuple[list[int], T]]:
        return self.reader.over_batches(rows, work, copies)

    def read(self, fillings: IntArray, rows: Sequence[int]) -> Tensor:
        self.counter.forwards += len(fillings) * len(rows)
        self.counter.read.update(map(tuple, np.asarray(fillings).tolist()))
        return self.reader.read(fillings, rows)

    def read_vectors(self, vectors: Tensor, rows: Sequence[int]) -> Tensor:
        self.counter.gradients += len(rows)
        return self.reader.read_vectors(vectors, rows)

    def place_log_probs(self, filling: Sequence[int], place: int, rows: Sequence[int]) -> Tensor:
        return self.reader.place_log_probs(filling, place, rows)

    def fluency(self, fillings: IntArray, rows: Sequence[int]) -> Tensor:
        return self.reader.fluency(fillings, rows)


def _compute_all_logits(plm: LocalPLM) -> None:
    """Let the model go through its output layer as other programs do, before it stops at its input."""
    layer: Any = plm.model.get_output_embeddings()

    def whole(_module: Any, arguments: tuple[Tensor, ...]) -> None:
        layer.forward(arguments[0])

    layer.register_forward_pre_hook(whole)


OWN: Mapping[str, Own] = MappingProxyType(
    {
        "ours": Own("promptsearch"),
        "ours-float32": Own("promptsearch, float32", dtype="float32"),
        "no-racing": Own("every candidate on every prompt", {"racing": False}),
        "gradient": Own("swaps promised by one gradient", {"promise": "gradient"}),
        "one-swap": Own("one swap a step", {"swaps": 1}),
        "one-buffer": Own("one good trigger kept", {"buffer": 1}),
        "pruned": Own("2,000 influential tokens only", {"prune": 2000}),
        "half-batch": Own("gradients on half of the prompts", {"batch": 16}),
        "any-ids": Own("triggers that no text becomes", {"any_ids": True}),
        "no-reuse": Own("keys and values not kept", {"reuse": False}, causal=True),
        "alone": Own("one candidate at a time", alone=True),
        "all-logits": Own("logits of all positions", all_logits=True),
    }
)
"""promptsearch and what can be switched about it; the first is as users get it."""


def _autoprompt(job: TriggerJob) -> Run:
    from promptsearch.bench.trigger_reference import autoprompt

    return autoprompt(job)


def _one_prompt(job: TriggerJob) -> Run:
    from promptsearch.bench.trigger_own import one_prompt

    return one_prompt(job)


def _nanogcg(job: TriggerJob, dtype: str) -> Run:
    from promptsearch.bench.nanogcg_run import nanogcg

    return nanogcg(job, dtype)


CONTENDERS: Mapping[str, Callable[[TriggerJob], Run]] = MappingProxyType(
    {
        **{name: own.start for name, own in OWN.items()},
        "autoprompt": _autoprompt,
        "one-prompt": _one_prompt,
        "nanogcg": lambda job: _nanogcg(job, "float32"),
        "nanogcg-bfloat16": lambda job: _nanogcg(job, "bfloat16"),
    }
)
