"""A config as it is written beside a run's results, and read again to go on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from promptsearch.engines.mining.config import MiningConfig
from promptsearch.engines.soft.config import SoftConfig, TrainingConfig
from promptsearch.engines.trigger.config import TriggerConfig
from promptsearch.engines.words.config import WordsConfig
from promptsearch.errors import OptionError, StorageError
from promptsearch.knowledge.vocabulary import WordFilter
from promptsearch.study.artefacts import versions
from promptsearch.study.config import DEFAULT_CALIBRATIONS, DEFAULT_PLMS, DiscoverConfig
from promptsearch.study.storage import without_password
from promptsearch.tasks.task import Task


def config_record(config: DiscoverConfig, task: Task) -> dict[str, Any]:
    """The config as it is written beside a run's results, with the data and versions it was used on."""
    data = config.data if isinstance(config.data, str | Path) or config.data is None else "rows in memory"
    mapping = (
        config.mapping if isinstance(config.mapping, str) or config.mapping is None else dict(config.mapping)
    )
    return {
        "task": task.name,
        "kind": task.kind,
        "stand_in_for": task.stand_in_for,
        "data": str(data) if data is not None else None,
        "source": {"kind": task.source.kind, "location": task.source.location},
        "mapping": mapping,
        "fingerprint": task.fingerprint,
        "splits": {name: len(task.splits[name]) for name in ("train", "dev", "test")},
        "plms": list(config.plms or DEFAULT_PLMS),
        "shots": config.shots,
        "seed": config.seed,
        "engines": list(config.engines),
        "label_words": plain(asdict(config.label_words)),
        "mining": plain(asdict(config.mining)),
        "trigger": plain(asdict(config.trigger)),
        "trigger_templates": list(config.trigger_templates),
        "soft": plain(asdict(config.soft)),
        "soft_templates": list(config.soft_templates),
        "ensemble": config.ensemble,
        "unlabelled": str(config.unlabelled) if config.unlabelled is not None else None,
        "calibrations": list(config.calibrations or DEFAULT_CALIBRATIONS),
        "metric": task.metric,
        "templates": list(config.templates),
        "words": _words_record(config.words),
        "max_test": config.max_test,
        "minutes": config.limits.minutes,
        "evaluations": config.limits.evaluations,
        "objective": list(config.objective),
        "workers": config.workers,
        "seeds": config.seeds,
        "normalisation": config.normalisation,
        "device": config.device,
        "dtype": config.dtype,
        "command": config.command,
        "versions": versions(),
        "options": saved(config),
    }


def plain(value: Any) -> Any:
    """Paths as text, tuples as lists."""
    if isinstance(value, Mapping):
        return {key: plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    return str(value) if isinstance(value, Path) else value


def _words_record(words: Mapping[Any, object] | str | Path | None) -> Any:
    if words is None or isinstance(words, str | Path):
        return None if words is None else str(words)
    return [
        {"label": label, "words": given if isinstance(given, str) else str(given)}
        for label, given in words.items()
    ]


# Reading it again ------------------------------------------------------------------------------------


def saved(config: DiscoverConfig) -> dict[str, Any]:
    """Every option, as JSON, so that `restored` gives an equal config; but no password."""
    found = {each.name: getattr(config, each.name) for each in fields(config)}
    if config.storage is not None:
        found["storage"] = without_password(config.storage)
    found["label_words"], found["mining"] = asdict(config.label_words), asdict(config.mining)
    found["trigger"], found["soft"] = asdict(config.trigger), asdict(config.soft)
    if isinstance(config.words, Mapping):
        found["words"] = [[label, given] for label, given in config.words.items()]
    if isinstance(config.mapping, Mapping):
        found["mapping"] = dict(config.mapping)
    if not isinstance(config.data, str | Path | None):
        found["data"] = {"rows": "in memory"}
    return plain(found)


def restored(options: Mapping[str, Any], where: str) -> DiscoverConfig:
    """The config that `saved` wrote.

    Args:
        where: the file, for messages.

    Raises:
        StorageError: these are not the options of a search of this version.
        OptionError: the data of the search were in memory, and are gone.
    """
    known = {each.name for each in fields(DiscoverConfig)}
    if unknown := set(options) - known:
        raise StorageError(
            f"the run was made by another version of promptsearch: it has the option {min(unknown)!r}",
            where=where,
            hint="Go on with the version that config.json names.",
        )
    _check_types(options, where)
    found = dict(options)
    if isinstance(found.get("data"), Mapping):
        raise OptionError(
            "the run's data were in memory and are gone", where=where, hint="Search again from a file."
        )
    try:
        words = dict(found["label_words"])
        words["allowed"] = WordFilter(**words["allowed"])
        words["wordnet"], words["conceptnet"] = map(_path, (words["wordnet"], words["conceptnet"]))
        found["label_words"] = WordsConfig(**_tuples(words))
        mining = dict(found["mining"])
        mining["checkpoint"] = _path(mining["checkpoint"])
        found["mining"] = MiningConfig(**_tuples(mining))
        found["trigger"] = TriggerConfig(**_tuples(found["trigger"]))
        if "soft" in found:  # of a version that has the engine
            soft: dict[str, Any] = dict(found["soft"])
            soft["training"] = TrainingConfig(**soft["training"])
            found["soft"] = SoftConfig(**soft)
        if isinstance(found["words"], list):
            found["words"] = dict(found["words"])
        return DiscoverConfig(**_tuples(found))
    except (KeyError, TypeError, ValueError) as error:
        raise StorageError(f"the run's options cannot be read: {error}", where=where) from error


_LISTS = (
    "engines",
    "needed",
    "calibrations",
    "plms",
    "templates",
    "trigger_templates",
    "soft_templates",
    "objective",
)
_TYPES: dict[str, tuple[type, ...]] = {
    **dict.fromkeys(("task", "kind", "metric", "storage"), (str, type(None))),
    **dict.fromkeys(("preset", "device", "dtype", "normalisation", "command"), (str,)),
    **dict.fromkeys(("shots", "max_test", "evaluations", "trigger_evaluations"), (int, type(None))),
    **dict.fromkeys(("seed", "seeds", "workers", "words_templates"), (int,)),
    **dict.fromkeys(("ensemble", "stand_in", "offline", "trust_remote_code"), (bool,)),
    **dict.fromkeys(_LISTS, (list, type(None))),
    "minutes": (int, float, type(None)),
    "data": (str, dict, type(None)),
    "mapping": (str, dict, type(None)),
    "unlabelled": (str, type(None)),
}
"""Of options as JSON; a file may have been changed by hand."""


def _check_types(options: Mapping[str, Any], where: str) -> None:
    for name, types in _TYPES.items():
        given = options.get(name)
        right = name not in options or isinstance(given, types)
        if isinstance(given, bool) and bool not in types:
            right = False  # which Python takes for a number
        if isinstance(given, list) and name in _LISTS:
            right = all(isinstance(each, str) for each in given)
        if not right:
            raise StorageError(f"the run's option {name!r} cannot be {given!r}", where=where)


def _tuples(options: Mapping[str, Any]) -> dict[str, Any]:
    """Lists as tuples; `words` are as the user gave them."""
    return {
        key: tuple(value) if isinstance(value, list) and key != "words" else value
        for key, value in options.items()
    }


def _path(given: str | None) -> Path | None:
    return None if given is None else Path(given)
