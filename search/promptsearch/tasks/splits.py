"""Drawing train, dev and test: by class and by seed, with nothing shared between them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from random import Random

from promptsearch.errors import DataError, OptionError
from promptsearch.tasks.duplicates import clean_pools, count_rows
from promptsearch.tasks.lazy import SourceSplits
from promptsearch.tasks.task import Example, Task, gold, majority
from promptsearch.verbalizer import Label

IMBALANCED = 0.7
_DEV_SHARE = 0.2
_TEST_SHARE = 0.2
_NAMED = 4  # classes named one by one in a notice


def draw_splits(task: Task, *, shots: int | None, seed: int, max_test: int | None = None) -> Task:
    """Draw `train` (search), `dev` (selection) and `test` (reported once) from the source's splits.

    The test split is the source's labelled test; without one it is the source's validation, and dev is
    drawn from train. A source of a single split is cut 60/20/20, each class alike. Repeated texts leave
    train and dev (see `clean_pools`). What was done is told in the notices.

    Facts have as many classes as objects, and most objects occur once. So for them dev is the whole
    validation split, whatever `shots`; where dev or test have to be cut from other facts, these are shared
    out over all objects together, not within each; and objects of dev or test may be new to train.

    Args:
        shots: examples a class in train, and in dev alike; None takes all. A class that has fewer gives
            what it has. Where both come from one pool, a class short of 2 × shots is halved. For facts:
            facts an object, in train only.
        seed: fixes the drawing. More shots with the same seed keep the examples of fewer shots.
        max_test: at most so many test examples, drawn at random; they keep the source's order.

    Raises:
        DataError: no labelled examples to draw from, one class only, or a test label unknown to train.
        OptionError: shots or max_test below 1.
    """
    _check_counts(shots, max_test)
    pools = _pools(task, seed)
    facts = task.kind == "fact"
    cleaned = clean_pools([pools.train, pools.dev], pools.test, task.fields, facts=facts)
    draw = _draw_facts if facts else _draw
    train, dev = draw(cleaned.pools[0], cleaned.pools[1], pools.dev_from_train, len(task.labels), shots, seed)
    _check_classes(task, train, dev, pools.test, facts)
    notices = [*pools.notices, *cleaned.notices]
    if not (dev and pools.test):
        raise DataError(
            f"{len(train)} examples are too few to draw train, dev and test from",
            where=task.source.location or task.name,
            hint="Give at least three labelled examples of each class.",
        )
    if shots is not None:
        had = len(cleaned.pools[0]) - (len(dev) if pools.dev_from_train else 0)
        notices += (
            _few_facts(len(train), had, shots) if facts else _short_classes(task.labels, train, dev, shots)
        )
    test = _at_most(pools.test, max_test, seed)
    if len(test) < len(pools.test):
        notices.append(f"The test split is a random {len(test):,} of {len(pools.test):,} examples.")
    if not facts:
        notices += _imbalance(task, test)
    splits = {"train": train, "dev": dev, "test": test}
    return replace(
        task, splits=splits, notices=(*task.notices, *notices), shots=shots, seed=seed, _fingerprints={}
    )


@dataclass(frozen=True)
class _Pools:
    """What each split is drawn from; dev comes out of the train pool where it has none of its own."""

    train: Sequence[Example]
    dev: Sequence[Example]
    test: Sequence[Example]
    dev_from_train: bool
    notices: tuple[str, ...]


def _pools(task: Task, seed: int) -> _Pools:
    source = task.splits
    given = {name: source.get(name, ()) for name in ("train", "validation", "test")}
    labelled = {name: [e for e in examples if e.label is not None] for name, examples in given.items()}
    train, validation, test = labelled["train"], labelled["validation"], labelled["test"]
    told = list(source.notices) if isinstance(source, SourceSplits) else []
    if test and len(test) < len(given["test"]):
        told.append(f"test: {count_rows(len(given['test']) - len(test))} without a label left out.")
    if not train and bool(validation) != bool(test):
        train, validation, test = validation or test, [], []
    if not train:
        raise DataError(
            "there are no labelled training examples",
            where=task.source.location or task.name,
            hint="A search needs a train split. To draw the splits from one file, give that file itself.",
        )
    if test and validation:
        return _Pools(train, validation, test, False, tuple(told))
    if test or validation:
        if validation:
            why = "its labels are not published" if given["test"] else "there is no test split"
            told.append(f"The validation split serves as test, since {why}; dev is drawn from train.")
        else:
            told.append("Dev is drawn from train, since there is no validation split.")
        return _Pools(train, (), test or validation, True, tuple(told))
    each = "" if task.kind == "fact" else " in each class"
    told.append(f"There is one labelled split only: train, dev and test are drawn from it, 60/20/20{each}.")
    return _cut_one(task, train, seed, told)


def _cut_one(task: Task, examples: Sequence[Example], seed: int, told: list[str]) -> _Pools:
    """Cut a single split into three; repetitions leave first, so that none can cross the cuts."""
    facts = task.kind == "fact"
    cleaned = clean_pools([examples], (), task.fields, facts=facts)
    told += [notice.replace("train and dev", "the data") for notice in cleaned.notices]
    parts: dict[str, list[int]] = {"train": [], "dev": [], "test": []}
    together = [(0, list(range(len(cleaned.pools[0]))))]
    for label, members in together if facts else _by_class(cleaned.pools[0], len(task.labels)):
        _shuffle(members, seed, "cut", label)
        if facts:
            members = _two_objects_first(members, cleaned.pools[0])[::-1]
        n_test, n_dev = _share(len(members), _TEST_SHARE), _share(len(members), _DEV_SHARE)
        parts["test"] += members[:n_test]
        parts["dev"] += members[n_test : n_test + n_dev]
        parts["train"] += members[n_test + n_dev :]
    train, dev, test = ([cleaned.pools[0][i] for i in sorted(part)] for part in parts.values())
    return _Pools(train, dev, test, False, tuple(told))


def _share(n: int, share: float) -> int:
    """A share of n, rounded, and at least one of three or more."""
    return max(round(n * share), 1 if n >= 3 else 0)


def _draw(
    train: Sequence[Example],
    dev: Sequence[Example],
    dev_from_train: bool,
    labels: int,
    shots: int | None,
    seed: int,
) -> tuple[tuple[Example, ...], tuple[Example, ...]]:
    """Examples for train and dev, class by class, each in shuffled order; dev no larger than train."""
    drawn_train: list[Example] = []
    drawn_dev: list[Example] = []
    dev_members = dict(_by_class(dev, labels))
    for label, members in _by_class(train, labels):
        _shuffle(members, seed, "train", label)
        others = dev_members[label]
        _shuffle(others, seed, "dev", label)
        if dev_from_train:
            n_train, n_dev = _halves(len(members), shots)
            # From the far end, so that more shots do not move examples from dev to train.
            drawn_dev += [train[i] for i in members[len(members) - n_dev :]]
        else:
            n_train = len(members) if shots is None else min(shots, len(members))
            n_dev = min(n_train, len(others))
            drawn_dev += [dev[i] for i in others[:n_dev]]
        drawn_train += [train[i] for i in members[:n_train]]
    # Classes must not stand in blocks: whoever takes the first few should get some of each.
    _shuffle(drawn_train, seed, "order of train")
    _shuffle(drawn_dev, seed, "order of dev")
    return tuple(drawn_train), tuple(drawn_dev)


def _draw_facts(
    train: Sequence[Example],
    dev: Sequence[Example],
    dev_from_train: bool,
    labels: int,
    shots: int | None,
    seed: int,
) -> tuple[tuple[Example, ...], tuple[Example, ...]]:
    """Facts for train and dev in shuffled order: dev as it is, or a share of all facts; see `draw_splits`."""
    members = list(range(len(train)))
    _shuffle(members, seed, "train")
    drawn_dev = list(dev)
    if dev_from_train:
        members = _two_objects_first(members, train)
        n_train, _ = _halves(len(members), None)
        members, drawn_dev = members[:n_train], [train[i] for i in members[n_train:]]
    pool = [train[i] for i in members]
    drawn_train = [pool[i] for _, same in _by_class(pool, labels) for i in same[:shots]]
    _shuffle(drawn_train, seed, "order of train")
    _shuffle(drawn_dev, seed, "order of dev")
    return tuple(drawn_train), tuple(drawn_dev)


def _two_objects_first(members: list[int], facts: Sequence[Example]) -> list[int]:
    """The same order, but two facts of different objects in front, so that train cannot be left with one."""
    other = next((i for i in members if facts[i].label != facts[members[0]].label), None)
    if other is None:
        return members
    return [members[0], other, *(i for i in members[1:] if i != other)]


def _halves(n: int, shots: int | None) -> tuple[int, int]:
    """How many of n examples of a class go to train and to dev, where both come from one pool."""
    if shots is None:
        n_dev = _share(n, _DEV_SHARE) if n > 2 else n // 2
        return n - n_dev, n_dev
    return min(shots, n - n // 2), min(shots, n // 2)


def _by_class(examples: Sequence[Example], labels: int) -> list[tuple[int, list[int]]]:
    """Indices of the examples of each class, in the order of the labels."""
    members: list[list[int]] = [[] for _ in range(labels)]
    for i, example in enumerate(examples):
        if example.label is not None:
            members[example.label].append(i)
    return list(enumerate(members))


def _shuffle(items: list, seed: int, *what: object) -> None:
    Random(f"{seed} {what}").shuffle(items)


def undivided(task: Task, *, seed: int, max_test: int | None = None) -> Task:
    """All labelled examples of a task's splits as one, called `all`, and `train` to know the frequent class.

    Args:
        max_test: at most so many in `all`, drawn at random by the seed.

    Raises:
        DataError: there are none.
        OptionError: max_test below 1.
    """
    _check_counts(None, max_test)
    every = [example for split in task.splits.values() for example in split if example.label is not None]
    if not every:
        raise DataError("the data have no labelled example", where=task.source.location or task.name)
    splits = {"train": every, "all": _at_most(every, max_test, seed)}
    return replace(task, splits=splits, shots=None, seed=seed, _fingerprints={})


def _at_most(test: Sequence[Example], most: int | None, seed: int) -> tuple[Example, ...]:
    if most is None or len(test) <= most:
        return tuple(test)
    chosen = Random(f"{seed} test").sample(range(len(test)), most)
    return tuple(test[i] for i in sorted(chosen))


def _check_counts(shots: int | None, max_test: int | None) -> None:
    for name, value in (("shots", shots), ("max_test", max_test)):
        if value is not None and value < 1:
            raise OptionError(
                f"{name} must be at least 1, not {value}", hint="Leave it out to take all examples."
            )


def _check_classes(
    task: Task, train: Sequence[Example], dev: Sequence[Example], test: Sequence[Example], facts: bool
) -> None:
    where = task.source.location or task.name
    seen = Counter(gold(train))
    if len(seen) < 2:
        only = f"only the label {task.labels[next(iter(seen))]!r}" if seen else "no example"
        raise DataError(
            f"train has {only}, but a search needs at least two classes",
            where=where,
            hint="Check the label column, and whether the texts of train also stand in the test split.",
        )
    for name, examples in (("dev", dev), ("test", test)):
        unseen = {label: n for label, n in Counter(gold(examples)).items() if label not in seen}
        if unseen and not facts:
            listed = ", ".join(f"{task.labels[label]!r} ({n} times)" for label, n in sorted(unseen.items()))
            raise DataError(
                f"labels of {name} that never occur in train: {listed}",
                where=where,
                hint="Correct these labels, or add examples of them to train.",
            )


def _short_classes(
    labels: Sequence[Label], train: Sequence[Example], dev: Sequence[Example], shots: int
) -> list[str]:
    told = []
    for name, examples in (("train", train), ("dev", dev)):
        counts = Counter(gold(examples))
        short = {i: counts[i] for i in range(len(labels)) if counts[i] < shots}
        if 0 < len(short) <= _NAMED:
            listed = ", ".join(f"{labels[i]!r} has {n}" for i, n in short.items())
            told.append(f"Fewer than {shots} examples a class in {name}: {listed}.")
        elif short:
            told.append(
                f"Fewer than {shots} examples a class in {name}: {len(short)} of {len(labels)} classes, "
                f"from {min(short.values())} to {max(short.values())}."
            )
    return told


def _few_facts(drawn: int, had: int, shots: int) -> list[str]:
    return [f"Train holds {drawn:,} of {had:,} facts, at most {shots} of each object."] if drawn < had else []


def _imbalance(task: Task, test: Sequence[Example]) -> list[str]:
    labels = gold(test)
    most = majority(test)
    share = labels.count(most) / len(labels)
    if share <= IMBALANCED or task.metric != "accuracy":
        return []
    return [
        f"{share:.0%} of the test examples are {task.labels[most]!r}: always answering that would score "
        "as much in accuracy. Macro-F1 says more here (--metric macro-f1)."
    ]
