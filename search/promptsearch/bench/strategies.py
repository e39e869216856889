"""What each strategy of training around a prompt reaches, takes and stores: `promptsearch tune`, many times.

Every training runs in a process of its own, whose peak of memory is then its own. What is done stays in a
folder, so that a measurement of hours can be stopped and gone on with.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from promptsearch.bench.accuracy import Margin, margin_of
from promptsearch.errors import OptionError, StorageError
from promptsearch.paths import atomic_write
from promptsearch.study.artefacts import TUNING_FILE
from promptsearch.study.observer import Observer

STRATEGIES: dict[str, tuple[str, ...]] = {
    "tuning-free": ("--strategy", "tuning-free"),
    "p-tuning (LSTM)": ("--strategy", "fixed-lm", "--method", "p-tuning"),
    "p-tuning (MLP)": ("--strategy", "fixed-lm", "--method", "p-tuning", "--encoder", "mlp"),
    "prompt tuning": ("--strategy", "fixed-lm", "--method", "prompt-tuning"),
    "prefix tuning (MLP)": ("--strategy", "fixed-lm", "--method", "prefix-tuning"),
    "p-tuning v2": ("--strategy", "fixed-lm", "--method", "p-tuning-v2"),
    "fixed-prompt, LoRA": ("--strategy", "fixed-prompt", "--lm", "lora"),
    "fixed-prompt, all weights": ("--strategy", "fixed-prompt", "--lm", "full"),
    "PET, LoRA": ("--strategy", "pet", "--lm", "lora"),
    "prompt + LoRA": ("--strategy", "prompt+lm", "--lm", "lora"),
    "prompt + all weights": ("--strategy", "prompt+lm", "--lm", "full"),
}
"""Name in the table -> options of `promptsearch tune`."""


@dataclass(frozen=True)
class Setting:
    """One cell of a measurement, over several seeds."""

    strategy: str
    plm: str
    shots: str

    def folder(self, runs: Path, seed: int) -> Path:
        """Where a run of it is kept."""
        name = f"{self.strategy}-{self.plm}-{self.shots}-{seed}"
        return runs / "".join(char if char.isalnum() or char in "-+." else "-" for char in name)


@dataclass(frozen=True)
class Measured:
    """What a setting came to.

    Attributes:
        records: of `promptsearch tune`, one a seed.
        why: what its error says, where it cannot be done.
    """

    setting: Setting
    records: tuple[Mapping[str, Any], ...] = ()
    why: str = ""

    @property
    def accuracy(self) -> float:
        """Mean of the test figure over seeds."""
        return float(np.mean([record["prompts"][0]["test"]["value"] for record in self.records]))

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
) -> Iterator[Measured]:
    """Run each setting once a seed.

    Args:
        common: options of `promptsearch tune` that all share, without PLM, shots and seed.
        runs: folder of what is done, of which nothing is done again.

    Raises:
        OptionError: the folder holds what was measured with other options.
        StorageError: it cannot be written.
    """
    _check_same(runs, common)
    told = observer or Observer()
    for setting in settings:
        records: list[Mapping[str, Any]] = []
        why = ""
        for seed in seeds:
            told.stage(f"{setting.strategy} on {setting.plm}, {setting.shots} a class, seed {seed}")
            found = _record(setting, seed, common, runs)
            if isinstance(found, str):
                why = found
                break
            records.append(found)
        yield Measured(setting, tuple(records) if not why else (), why)


def _record(setting: Setting, seed: int, common: Sequence[str], runs: Path) -> Mapping[str, Any] | str:
    """The record of a run, or what kept it from being done."""
    folder = setting.folder(runs, seed)
    if not (folder / TUNING_FILE).exists():
        unfinished = (folder / "training.safetensors").exists()
        own = ("--plm", setting.plm, "--shots", setting.shots, "--seed", str(seed), "--out", str(folder))
        options = ("--resume", str(folder)) if unfinished else (*STRATEGIES[setting.strategy], *common, *own)
        command = [sys.executable, "-m", "promptsearch", "tune", *options, "--json"]
        done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)
        if done.returncode != 0:
            return _error(done.stderr)
    return json.loads((folder / TUNING_FILE).read_text("utf-8"))


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
