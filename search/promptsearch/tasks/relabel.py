"""Labels of data read as those of a prompt, where they are written otherwise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from promptsearch.errors import DataError, OptionError
from promptsearch.tasks.columns import named_pairs
from promptsearch.tasks.task import Task
from promptsearch.verbalizer import Label


def parse_labels(text: str) -> dict[str, str]:
    """Read `0=negative,1=positive` into {"0": "negative", "1": "positive"}.

    Raises:
        OptionError: an entry without `=`, or a label of the data named twice.
    """
    found: dict[str, str] = {}
    for of_data, of_prompt in named_pairs(text, "--labels", "DATA=PROMPT", "0=negative,1=positive"):
        if of_data in found:
            raise OptionError(f"the label {of_data!r} is given twice", where=f"--labels {text}")
        found[of_data] = of_prompt
    return found


def relabelled(
    task: Task, meant: Mapping[str, str], labels: Sequence[Label], label_names: Sequence[str]
) -> Task:
    """A task with the labels of a prompt in place of its own; several of its labels may become one.

    Args:
        meant: label of the task, or its readable name -> label of the prompt, or its readable name.
        labels, label_names: of the prompt.

    Raises:
        OptionError: a label is named that the task or the prompt does not have.
        DataError: a label of the task is not named, nor one of the prompt's.
    """
    theirs = {**_places(label_names), **_places(labels)}
    own = {**_places(task.label_names), **_places(task.labels)}
    where = f"data: {_listed(task.labels)}\nprompt: {_listed(labels)}"
    for given, known, whose in [(meant, own, "data"), (meant.values(), theirs, "prompt")]:
        if unknown := [each for each in given if each not in known]:
            raise OptionError(f"the {whose} has no label {unknown[0]!r}", where=where)
    place = {own[mine]: theirs[other] for mine, other in meant.items()}
    taken = set(place.values())
    for i, label in enumerate(task.labels):
        # What is named for another label may well be numbered otherwise.
        if i not in place and theirs.get(str(label), -1) not in {-1, *taken}:
            place[i] = theirs[str(label)]
    left = [label for i, label in enumerate(task.labels) if i not in place]
    if left:
        raise DataError(
            f"it is not said which label of the prompt {left[0]!r} is",
            where=where,
            hint=f"Add it: --labels {left[0]}=…",
        )
    splits = {
        name: tuple(
            example if example.label is None else replace(example, label=place[example.label])
            for example in examples
        )
        for name, examples in task.splits.items()
    }
    return replace(
        task, labels=tuple(labels), label_names=tuple(label_names), splits=splits, _fingerprints={}
    )


def _places(labels: Sequence[Label]) -> dict[str, int]:
    return {str(label): i for i, label in enumerate(labels)}


def _listed(labels: Sequence[Label]) -> str:
    return ", ".join(map(repr, labels))
