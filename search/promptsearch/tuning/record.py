"""The options of a training as they are written beside it, and read again to go on."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from promptsearch.engines.soft.config import TrainingConfig
from promptsearch.errors import OptionError, PromptSearchError, StorageError
from promptsearch.plms.lora import LoraOptions
from promptsearch.study.artefacts import CONFIG_FILE, versions
from promptsearch.study.record import plain
from promptsearch.tasks.task import Task
from promptsearch.tuning.config import YES_NO, TuneConfig

_KEY = "tune"
# What may change between sittings without changing what is trained.
_FREE = ("minutes", "device", "offline", "out", "export_peft", "max_test", "metric", "command", "restarts")
_IN_MEMORY = {"rows": "in memory"}


def config_record(config: TuneConfig, task: Task) -> dict[str, Any]:
    """The options with the data and versions they were used on."""
    return {
        "task": task.name,
        "kind": task.kind,
        "stand_in_for": task.stand_in_for,
        "source": {"kind": task.source.kind, "location": task.source.location},
        "fingerprint": task.fingerprint,
        "splits": {name: len(task.splits[name]) for name in ("train", "dev", "test")},
        "plms": [config.plm],
        "metric": task.metric,
        "seed": config.seed,
        "shots": config.shots,
        _KEY: saved(config),
        "command": config.command,
        "versions": versions(),
    }


def saved(config: TuneConfig) -> dict[str, Any]:
    """Every option as JSON, so that `restored` gives an equal config."""
    found = {each.name: getattr(config, each.name) for each in fields(config)}
    found["training"], found["lora"] = asdict(config.training), asdict(config.lora)
    found["loss"] = config.whole_training.loss
    del found["training"]["loss"]
    if isinstance(config.words, Mapping):
        found["words"] = [[label, given] for label, given in config.words.items()]
    if isinstance(config.mapping, Mapping):
        found["mapping"] = dict(config.mapping)
    if not isinstance(config.data, str | Path | None):
        found["data"] = _IN_MEMORY
    return plain(found)


def training_record(config: TuneConfig) -> dict[str, Any]:
    """The options that a training which is gone on with must share."""
    found = {name: value for name, value in saved(config).items() if name not in _FREE}
    if not config.separate and config.answers == YES_NO:
        # As they were written before there were these options.
        del found["separate"], found["answers"]
    if config.refit is None:
        del found["refit"]
    # What the loss is stands beside these: where it was not asked for, it was another in earlier versions.
    del found["loss"]
    return {**found, "starts": config.starts}


def options_of(folder: Path) -> TuneConfig:
    """The options that a run was begun with.

    Raises:
        StorageError: the folder holds no training, or its options cannot be read.
        OptionError: the data of the run were in memory, and are gone.
    """
    path = folder / CONFIG_FILE
    if not path.is_file():
        raise StorageError(
            "the folder holds no run", where=str(folder), hint="See `promptsearch runs` for those there are."
        )
    try:
        record = json.loads(path.read_text("utf-8"))
        options = record.get(_KEY)
        if not isinstance(options, dict):
            message, hint = "the run is none of `promptsearch tune`", "Go on with its own command."
            raise StorageError(message, where=str(folder), hint=hint)
        return restored(options)
    except OptionError:
        raise
    except StorageError as error:
        raise StorageError(error.message, where=error.where or str(path), hint=error.hint) from None
    except (ValueError, KeyError, TypeError, AttributeError, PromptSearchError) as error:
        raise StorageError(f"the run's options cannot be read: {error}", where=str(path)) from error


def restored(options: Mapping[str, Any]) -> TuneConfig:
    """The config that `saved` wrote.

    Raises:
        KeyError, TypeError, ValueError: these are not the options of a training of this version.
        OptionError: the data were in memory, or a value cannot be used.
    """
    found = {"loss": "ce", **options}  # the only one of earlier versions
    if found.get("data") == _IN_MEMORY:
        raise OptionError("the run's data were in memory and are gone", hint="Tune again from a file.")
    found["patterns"] = tuple(found["patterns"])
    found["training"] = TrainingConfig(**found["training"])
    lora: dict[str, Any] = dict(found["lora"])
    lora["targets"] = tuple(lora["targets"])
    found["lora"] = LoraOptions(**lora)
    if isinstance(found["words"], list):
        found["words"] = dict(found["words"])
    return TuneConfig(**found)
