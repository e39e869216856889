"""What each strategy of training around a prompt reaches, takes and stores: `promptsearch tune`, many times.

Every training runs in a process of its own, whose peak of memory is then its own. What is done stays in a
folder, so that a measurement of hours can be stopped and gone on with. What matters most comes first.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from promptsearch.bench.accuracy import Margin, margin_of
from promptsearch.errors import OptionError, StorageError
from promptsearch.paths import atomic_write
from promptsearch.study.artefacts import TEACHERS_FILE, TRAINING_FILE, TUNING_FILE
from promptsearch.study.observer import Observer

TUNING_FREE, P_TUNING, P_TUNING_V2, LORA = (
    "tuning-free",
    "p-tuning (LSTM)",
    "p-tuning v2",
    "fixed-prompt, LoRA",
)
STRATEGIES: dict[str, tuple[str, ...]] = {
    TUNING_FREE: ("--strategy", "tuning-free"),
    P_TUNING: ("--strategy", "fixed-lm", "--method", "p-tuning"),
    "p-tuning (MLP)": ("--strategy", "fixed-lm", "--method", "p-tuning", "--encoder", "mlp"),
    "prompt tuning": ("--strategy", "fixed-lm", "--method", "prompt-tuning"),
    "prefix tuning (MLP)": ("--strategy", "fixed-lm", "--method", "prefix-tuning"),
    P_TUNING_V2: ("--strategy", "fixed-lm", "--method", "p-tuning-v2"),
    LORA: ("--strategy", "fixed-prompt", "--lm", "lora"),
    "fixed-prompt, all weights": ("--strategy", "fixed-prompt", "--lm", "full"),
    "PET, LoRA": ("--strategy", "pet", "--lm", "lora"),
    "prompt + LoRA": ("--strategy", "prompt+lm", "--lm", "lora"),
    "prompt + all weights": ("--strategy", "prompt+lm", "--lm", "full"),
}
"""Name in the table -> options of `promptsearch tune`."""


FIRST = (TUNING_FREE, P_TUNING)
MANY = (P_TUNING, P_TUNING_V2, LORA)
"""What is trained on many examples too: prompts with the PLM as it is, and the PLM."""


@dataclass(frozen=True)
class Setting:
    """One line of a measurement, over several seeds.

    Attributes:
        options: of `promptsearch tune`, that it has beside those of its strategy and those that all share.
        turn: what has a lower one is measured first.
        draws: of the examples, at most; None for as many as there are seeds.
    """

    strategy: str
    plm: str
    shots: str
    options: tuple[str, ...] = ()
    turn: int = 0
    draws: int | None = None

    def folder(self, runs: Path, seed: int) -> Path:
        """Where a run of it is kept."""
        name = "-".join((self.strategy, self.plm, self.shots, *self.options, str(seed)))
        return runs / "".join(char if char.isalnum() or char in "-+." else "-" for char in name)


def planned(
    plms: Sequence[str],
    shots: Sequence[str],
    strategies: Sequence[str] = tuple(STRATEGIES),
    options: Sequence[str] = (),
    many: str | None = None,
    many_options: Sequence[str] = (),
) -> list[Setting]:
    """The lines of a measurement as they stand in the report.

    P-tuning with few examples comes first, on every PLM. Then one PLM after the other, in the order given:
    soft tokens beside LoRA on many examples, and all other strategies with the first number of shots. Last
    come these with more.

    Args:
        options: of `promptsearch tune`, with few examples.
        many: examples a class with which only `MANY` are measured, on one draw; None for none.
        many_options: of `promptsearch tune`, with many.
    """
    found = []
    for place, plm in enumerate(plms):
        turn = 1 + 2 * place
        for each in shots:
            later = turn + 1 if each == shots[0] else 1 + 2 * len(plms) + place
            turns = [0 if name in FIRST else later for name in strategies]
            found += [Setting(name, plm, each, tuple(options), at) for name, at in zip(strategies, turns)]
        if many is not None:
            chosen = [name for name in strategies if name in MANY]
            found += [Setting(name, plm, many, tuple(many_options), turn, draws=1) for name in chosen]
    return found


@dataclass(frozen=True)
class Measured:
    """What a setting came to.

    Attributes:
        records: of `promptsearch tune`, one a seed.
        why: what kept it from being done with all seeds.
    """

    setting: Setting
    records: tuple[Mapping[str, Any], ...] = ()
    why: str = ""

    @property
    def accuracy(self) -> float:
        """Mean of the test figure over seeds."""
        return float(np.mean([record["prompts"][0]["test"]["value"] for record in self.records]))

    @property
    def dev(self) -> float | None:
        """Mean of the dev figure over seeds; None where there is no dev."""
        figures = [record["prompts"][0]["dev"] for record in self.records]
        known = [each["value"] for each in figures if each is not None]
        return float(np.mean(known)) if known and len(known) == len(figures) else None

    @property
    def spread(self) -> float:
        """Standard deviation over seeds; 0 for one."""
        values = [record["prompts"][0]["test"]["value"] for record in self.records]
        return float(np.std(values, ddof=1)) if len(values) > 1 else 0.0

    @property
    def margin(self) -> Margin | None:
        """How much more of test the tuned prompt has right than the same template without tuning.

        None where nothing was trained, or the seeds had other test examples.
        """
        pairs = [pair for record in self.records if (pair := _correct(record)) is not None]
        if len(pairs) < len(self.records) or len({record["gold_sha256"] for record in self.records}) > 1:
            return None
        return margin_of(pairs)

    def mean(self, *path: str) -> float | None:
        """Mean over seeds of a number in the records; None where one has none."""
        values = [_at(record, path) for record in self.records]
        known = [value for value in values if value is not None]
        return float(np.mean(known)) if known and len(known) == len(values) else None


def measure(
    settings: Sequence[Setting],
    seeds: Sequence[int],
    common: Sequence[str],
    runs: Path,
    observer: Observer | None = None,
    seconds: float | None = None,
) -> Iterator[list[Measured]]:
    """Run each setting once a seed: by their turn, of one turn all with the first seed, then with the next.

    Args:
        common: options of `promptsearch tune` that all share, without PLM, shots and seed.
        runs: folder of what is done, of which nothing is done again.
        seconds: after so many no training is begun.

    Yields:
        After each training what there is of all settings, in their order.

    Raises:
        OptionError: the folder holds what was measured with other options.
        StorageError: it cannot be written.
    """
    _check_same(runs, common)
    told = observer or Observer()
    end = None if seconds is None else time.monotonic() + seconds
    found = {setting: Measured(setting) for setting in settings}
    jobs = [(setting, seed) for seed in seeds for setting in settings if seed in seeds[: setting.draws]]
    # Sorting keeps the order of what is equal.
    for setting, seed in sorted(jobs, key=lambda job: job[0].turn):
        so_far = found[setting]
        if so_far.why:
            continue
        told.stage(f"{setting.strategy} on {setting.plm}, {setting.shots} a class, seed {seed}")
        record = _done(setting, seed, runs)
        if record is None and end is not None and time.monotonic() >= end:
            n, wanted = len(so_far.records), len(seeds[: setting.draws])
            record = f"the time was over after {n} of {wanted} draws; run it again to go on"
        record = record or _record(setting, seed, common, runs)
        if isinstance(record, dict) and so_far.records and _otherwise(record, so_far.records[0]):
            record = f"seed {seed} has another loss or rate than those before; take another --runs"
        if isinstance(record, str):
            found[setting] = replace(so_far, why=record)
        else:
            found[setting] = replace(so_far, records=(*so_far.records, record))
        yield list(found.values())


def _done(setting: Setting, seed: int, runs: Path) -> Mapping[str, Any] | str | None:
    """The record of a run that is over."""
    path = setting.folder(runs, seed) / TUNING_FILE
    return json.loads(path.read_text("utf-8")) if path.exists() else None


def _record(setting: Setting, seed: int, common: Sequence[str], runs: Path) -> Mapping[str, Any] | str:
    """The record of a run that is done now, or what kept it from being done."""
    folder = setting.folder(runs, seed)
    own = ("--plm", setting.plm, "--shots", setting.shots, "--seed", str(seed), "--out", str(folder))
    options = (*STRATEGIES[setting.strategy], *common, *setting.options, *own)
    if any((folder / state).exists() for state in (TRAINING_FILE, TEACHERS_FILE)):
        options = ("--resume", str(folder))
    command = [sys.executable, "-m", "promptsearch", "tune", *options, "--json"]
    # Wide enough that no path in an error is broken.
    env = {**os.environ, "COLUMNS": "1000"}
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False, env=env)
    return _error(done.stderr) if done.returncode != 0 else _done(setting, seed, runs) or _NO_RECORD


_NO_RECORD = "the training left no record"


def _error(stderr: str) -> str:
    """The words of an error panel, or the last line of a traceback."""
    flat = " ".join("".join(" " if char in "╭╮╰╯│─" else char for char in stderr).split())
    return flat.rpartition("Error ")[2][-300:] if "Error" in flat else flat[-300:]


def _check_same(runs: Path, common: Sequence[str]) -> None:
    path, wanted = runs / "options.json", json.dumps(list(common))
    try:
        known = path.read_text("utf-8") if path.exists() else None
    except OSError as error:
        raise StorageError(f"the folder cannot be read: {error.strerror}", where=str(runs)) from error
    if known is None:
        atomic_write(path, wanted)
    elif known != wanted:
        raise OptionError(
            "the folder holds what was measured with other options",
            where=f"{runs}: {' '.join(json.loads(known))}",
            hint="Name another with --runs.",
        )


def _otherwise(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two trainings differ in loss or rates, which earlier versions chose and told otherwise."""
    if one["training"] is None or other["training"] is None:
        return False
    losses = [record["options"].get("loss", "ce") for record in (one, other)]
    rates = [record["training"].get("rates") for record in (one, other)]
    return losses[0] != losses[1] or (None not in rates and rates[0] != rates[1])


def _correct(record: Mapping[str, Any]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]] | None:
    """Whether each test example was right, tuned and not tuned."""
    rows = {row["role"]: row["correct"] for row in record["prompts"]}
    if not {"tuned", "not tuned"} <= rows.keys():
        return None
    tuned, plain = (np.array([char == "1" for char in rows[role]]) for role in ("tuned", "not tuned"))
    return tuned, plain


def _at(record: Mapping[str, Any], path: Sequence[str]) -> float | None:
    value: Any = record
    for name in path:
        value = None if value is None else value[name]
    return value
