"""The texts of a search without labels: a file's, or those of train with their labels left behind."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from random import Random

from promptsearch.errors import DataError, OptionError
from promptsearch.study.config import DiscoverConfig
from promptsearch.study.setup import load_search_task, load_source, unlabelled_texts
from promptsearch.tasks.duplicates import content_key
from promptsearch.tasks.task import Example, Task
from promptsearch.verbalizer import Label

TEXTS = 200
"""Most texts that are drawn to search on; their labels are not looked at."""


def task_of_labels(labels: Sequence[Label]) -> Task:
    """A task of which nothing but the labels is known."""
    names = tuple(str(label) for label in labels)
    splits: dict[str, Sequence[Example]] = {"train": (), "dev": (), "test": ()}
    return Task("labels", "classification", ("text",), tuple(labels), names, "accuracy", splits)


def task_and_texts(config: DiscoverConfig) -> tuple[Task, list[Example]]:
    """The task with its test split, and the texts to search on, its train, of which no label is kept.

    Raises:
        PromptSearchError: the task, its data or the file of texts are missing or wrong.
    """
    if config.labels:
        task = task_of_labels(config.labels)
        texts = unlabelled_texts(config, task)
        if not texts:
            raise OptionError(
                "labels alone are not enough", hint="Give texts of the task: --unlabelled FILE."
            )
        return replace(task, splits={**task.splits, "train": tuple(texts)}, _fingerprints={}), texts
    task = _with_test(config)
    texts = unlabelled_texts(config, task) or drawn_texts(config, task)
    splits = {"train": tuple(texts), "dev": (), "test": task.test}
    return replace(task, splits=splits, shots=None, _fingerprints={}), texts


def _with_test(config: DiscoverConfig) -> Task:
    """The task with its test split; where texts are given, labelled rows too few to draw from are test."""
    try:
        return load_search_task(replace(config, shots=1))
    except DataError:
        if config.unlabelled is None:
            raise
    source = load_source(config)
    rows = [example for name in sorted(source.splits) for example in source.splits[name]]
    test = tuple(example for example in rows if example.label is not None)
    return replace(source, splits={"train": (), "dev": (), "test": test}, _fingerprints={})


def drawn_texts(config: DiscoverConfig, task: Task) -> list[Example]:
    """Up to `TEXTS` texts of the source's train split that do not stand in test.

    Raises:
        DataError: there are none.
    """
    source = load_source(config)
    pool = source.splits.get("train") or source.splits.get("validation") or ()
    seen = {content_key(example, task.fields) for example in task.test}
    found = {content_key(example, task.fields): example for example in pool}
    texts = [Example(example.values) for key, example in found.items() if key not in seen]
    if not texts:
        raise DataError("there are no texts to search on", hint="Give texts of the task: --unlabelled FILE.")
    return sampled(texts, config.seed)


def sampled(texts: Sequence[Example], seed: int) -> list[Example]:
    """At most `TEXTS` of the texts, drawn by seed, in their order."""
    chosen = Random(f"{seed} unlabelled").sample(range(len(texts)), min(TEXTS, len(texts)))
    return [texts[i] for i in sorted(chosen)]
