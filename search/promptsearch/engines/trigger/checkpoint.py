"""A search as JSON, written after every step, so that a killed one loses no more than the step it was in.

What is read goes on exactly: numbers come back to the last bit, the generator included.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch

from promptsearch.engines.trigger.arms import Arm
from promptsearch.engines.trigger.climbing import Climb, Standing
from promptsearch.engines.trigger.history import Improvement, Restart, Swap
from promptsearch.engines.trigger.proposals import Errors
from promptsearch.engines.trigger.schedule import Schedule
from promptsearch.engines.trigger.search import Search
from promptsearch.errors import StorageError
from promptsearch.paths import atomic_write
from promptsearch.template import Template

_FILE = "trigger.json"
_VERSION = 2


class Checkpoint:
    """The checkpoint of one search in a folder.

    Args:
        key: what must be equal for a search to be the same.
    """

    def __init__(self, folder: Path, key: str) -> None:
        self.path, self.key = folder / _FILE, key

    def write(self, search: Search) -> None:
        """Put the search in place of what was there.

        Raises:
            StorageError: the file cannot be written.
        """
        atomic_write(self.path, json.dumps(_search(search, self.key)))

    def read_into(self, search: Search) -> bool:
        """Take a begun search to where the file says; whether there was one.

        Raises:
            StorageError: the file is damaged, or of another search.
        """
        if not self.path.is_file():
            return False
        try:
            record = json.loads(self.path.read_text(encoding="utf-8"))
            if record["version"] == _VERSION and record["key"] == self.key:
                _restore(search, record)
                return True
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise StorageError(
                "the checkpoint of a trigger search cannot be read",
                where=str(self.path),
                hint="Remove it to begin anew.",
            ) from error
        raise StorageError(
            "the checkpoint is of another trigger search",
            where=str(self.path),
            hint="Its task, PLM, templates, label words, options or seed differ. Take another folder.",
        )


def seconds_spent(folder: Path) -> float:
    """What the search that is kept in a folder took until then; 0 where there is none that can be read."""
    try:
        return float(json.loads((folder / _FILE).read_text(encoding="utf-8"))["seconds"])
    except (OSError, ValueError, KeyError, TypeError):
        return 0.0  # whoever goes on from it says what is wrong


def _search(search: Search, key: str) -> dict[str, Any]:
    meter = search.ground.meter
    return {
        "version": _VERSION,
        "key": key,
        "evaluations": meter.evaluations,
        "seconds": meter.seconds,
        "steps": search.steps,
        "rng": search.rng.bit_generator.state,
        "alive": search.schedule.alive,
        "quota": search.schedule.quota,
        "arms": [_arm(arm) for arm in search.arms],
        "course": [asdict(found) for found in search.course],
        "restarts": [asdict(restart) for restart in search.restarts],
        "reason": search.reason,
    }


def _restore(search: Search, record: Mapping[str, Any]) -> None:
    meter = search.ground.meter
    meter.evaluations, meter.earlier = record["evaluations"], record["seconds"]
    search.steps, search.reason = record["steps"], record["reason"]
    search.rng.bit_generator.state = record["rng"]
    search.schedule = Schedule(list(record["alive"]), record["quota"])
    search.arms = [_arm_of(arm) for arm in record["arms"]]
    search.course = [_improvement_of(found) for found in record["course"]]
    search.restarts = [Restart(**restart) for restart in record["restarts"]]


def _arm(arm: Arm) -> dict[str, Any]:
    return {
        "template": str(arm.template),
        "given": arm.given,
        "climb": None if arm.climb is None else _climb(arm.climb),
        "steps": arm.steps,
        "over": arm.over,
        "ends": arm.ends,
        "best": None if np.isinf(arm.best) else arm.best,
        "kept": arm.kept,
        "openings": arm.openings,
    }


def _arm_of(record: Mapping[str, Any]) -> Arm:
    return Arm(
        Template.parse(record["template"]),
        tuple(record["given"]),
        None if record["climb"] is None else _climb_of(record["climb"]),
        record["steps"],
        record["over"],
        [(loss, tuple(filling)) for loss, filling in record["ends"]],
        float("inf") if record["best"] is None else record["best"],
        None if record["kept"] is None else tuple(record["kept"]),
        tuple(record["openings"]),
    )


def _climb(climb: Climb) -> dict[str, Any]:
    standing = climb.standing
    return {
        "start": climb.start,
        "filling": standing.filling,
        "scores": standing.scores.tolist(),
        "loss": standing.loss,
        "errors": [climb.errors.sums.tolist(), climb.errors.counts.tolist()],
        "steps": climb.steps,
        "still": climb.still,
        "paid": climb.paid,
        "tried": sorted(climb.tried),
    }


def _climb_of(record: Mapping[str, Any]) -> Climb:
    scores = torch.tensor(record["scores"], dtype=torch.float64)
    sums, counts = (np.array(values, dtype=np.float64) for values in record["errors"])
    return Climb(
        record["start"],
        Standing(tuple(record["filling"]), scores, record["loss"]),
        Errors(sums, counts),
        record["steps"],
        record["still"],
        record["paid"],
        set(map(tuple, record["tried"])),
    )


def _improvement_of(record: Mapping[str, Any]) -> Improvement:
    given = dict(record)
    given["ids"] = tuple(map(tuple, given["ids"]))
    given["text"] = tuple(given["text"])
    given["swaps"] = tuple(Swap(**swap) for swap in given["swaps"])
    return Improvement(**given)
