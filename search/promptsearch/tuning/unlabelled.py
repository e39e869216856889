"""Texts of the task whose labels are not looked at."""

from __future__ import annotations

from random import Random

from promptsearch.errors import DataError
from promptsearch.study.setup import load_source, unlabelled_texts
from promptsearch.tasks.duplicates import content_key
from promptsearch.tasks.task import Example, Task
from promptsearch.tuning.config import TuneConfig


def unlabelled_for(config: TuneConfig, task: Task) -> tuple[Example, ...]:
    """The texts of the file that a config names, else some of the source's train split, drawn by seed.

    None of them stands in train, dev or test.

    Raises:
        DataError: there are none.
    """
    given = unlabelled_texts(config.data_options, task)
    pool = given or load_source(config.data_options).splits.get("train") or ()
    seen = {
        content_key(example, task.fields)
        for split in ("train", "dev", "test")
        for example in task.splits[split]
    }
    found = {content_key(example, task.fields): Example(example.values) for example in pool}
    texts = [example for key, example in found.items() if key not in seen]
    if not texts:
        raise DataError(
            "there are no texts without labels to learn from",
            hint="Give some: --unlabelled FILE. Or take fewer --shots, so that train has texts left.",
        )
    if given:
        return tuple(texts)
    most = min(config.most_unlabelled, len(texts))
    chosen = Random(f"{config.seed} unlabelled").sample(range(len(texts)), most)
    return tuple(texts[i] for i in sorted(chosen))
