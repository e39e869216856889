"""The labelled examples that saved prompts are scored on, and whether their search has seen them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from promptsearch.errors import DataError, OptionError, TaskError

if TYPE_CHECKING:
    from promptsearch.artefact import TaskRecord
    from promptsearch.predicting import Predictor
    from promptsearch.study.evaluating import PromptEvaluation
    from promptsearch.tasks import Task


@dataclass(frozen=True)
class Wanted:
    """What the command line says of the examples; None where it leaves that to the prompts.

    Attributes:
        task, data, mapping, kind: see `promptsearch.tasks.load_task`.
        shots, seed, max_test: see `promptsearch.tasks.draw_splits`.
        labels: how labels of the data are called in the prompts, as `0=negative,1=positive`.
    """

    split: str
    task: str | None = None
    data: Path | None = None
    mapping: str | None = None
    kind: str | None = None
    shots: int | Literal["all"] | None = None
    seed: int | None = None
    max_test: int | None = None
    stand_in: bool = True
    offline: bool = False
    labels: str | None = None

    def check_split(self, *known: str) -> None:
        """Refuse a split that cannot be scored.

        Raises:
            OptionError: it is none of `known`.
        """
        if self.split not in known:
            raise OptionError(f"there is no split {self.split!r}", hint=f"Splits: {', '.join(known)}.")


def splits_for(prompts: Sequence[Predictor], wanted: Wanted) -> tuple[Task, list[Task | None]]:
    """The task with its splits drawn, and for each prompt those that it was found on where they are known.

    What is not said of the examples is taken from the first prompt that says what it was found on.

    Raises:
        DataError: none are given, and the prompts were found on the user's own data or on different tasks.
        PromptSearchError: whatever the task or data make impossible.
    """
    drawn, searched = _drawn(prompts, wanted)
    if wanted.labels is not None:
        from promptsearch.tasks.relabel import parse_labels, relabelled

        prompt = prompts[0]
        drawn = relabelled(drawn, parse_labels(wanted.labels), prompt.labels, prompt.label_names)
    return drawn, searched


def _drawn(prompts: Sequence[Predictor], wanted: Wanted) -> tuple[Task, list[Task | None]]:
    from promptsearch.study.evaluating import searched_splits
    from promptsearch.tasks import draw_splits, undivided

    loaded = _loaded(prompts, wanted)
    searched = [searched_splits(prompt, loaded) for prompt in prompts]
    if wanted.split == "all":
        return undivided(loaded, seed=wanted.seed or 0, max_test=wanted.max_test), searched
    own = searched[0]
    alike = own is not None and all(each and each.fingerprint == own.fingerprint for each in searched)
    if own is not None and alike and wanted.split != "test" and (wanted.seed, wanted.shots) == (None, None):
        return own, searched
    # Another seed cuts data of a single split elsewhere: what was searched on would be called test.
    record = next(iter(_records(prompts)), None)
    of_search = record.seed if record and record.seed is not None else 0
    seed = of_search if wanted.seed is None else wanted.seed
    shots = None if wanted.shots == "all" else wanted.shots
    return draw_splits(loaded, shots=shots, seed=seed, max_test=wanted.max_test), searched


def _loaded(prompts: Sequence[Predictor], wanted: Wanted) -> Task:
    from promptsearch.tasks import load_task

    records = _records(prompts)
    given = wanted.task is not None or wanted.data is not None
    of_prompt = next(iter(records), None)
    names = list(dict.fromkeys(record.name for record in records))
    if len(names) > 1 and not given:
        raise DataError(
            "the prompts were found on different tasks",
            where=", ".join(names),
            hint="Say which examples to score them on: --task NAME or --data FILE.",
        )
    name = wanted.task or (of_prompt.name if of_prompt and wanted.data is None else None)
    kind = wanted.kind or (of_prompt.kind if of_prompt and wanted.task is None else None)
    try:
        return load_task(
            name,
            data=wanted.data,
            mapping=wanted.mapping,
            stand_in=wanted.stand_in,
            offline=wanted.offline,
            kind=kind,
        )
    except TaskError:
        if given or of_prompt is None:
            raise
        raise DataError(
            f"the prompt was found on data of your own, called {of_prompt.name!r}",
            hint="Give the data to score it on: --data FILE.",
        ) from None


def _records(prompts: Sequence[Predictor]) -> list[TaskRecord]:
    """What the prompts were found on, of those that say so."""
    return [prompt.document.task for prompt in prompts if prompt.document.task is not None]


def seen_in_search(found: PromptEvaluation, prompt: str = "") -> str:
    """Whether the examples that were scored are new to a prompt.

    Args:
        prompt: which one, where there are several.
    """
    n, split = found.prompt.n, found.split
    of = f" of {prompt}" if prompt else ""
    if found.seen is None:
        return (
            f"These data are not those that {prompt or 'the prompt'} was found on, "
            f"so it cannot be told whether {'its' if prompt else 'the'} search has seen some of them."
        )
    if not found.seen:
        return f"None of the {n:,} {split} examples stood in train or dev of the search{of}."
    return (
        f"{found.seen:,} of the {n:,} {split} examples stood in train or dev of the search{of}, "
        "so the figures are likely too good."
    )
