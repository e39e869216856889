"""How far training has come, in one file that is safetensors with its progress as JSON in the header."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from promptsearch.errors import OptionError, StorageError
from promptsearch.paths import atomic_file

_MOMENTS = ("exp_avg", "exp_avg_sq")
# Settings that may differ when a run goes on: they change nothing in what is computed.
_FREE = ("out", "evaluate_minutes", "save_minutes")


@dataclass
class Progress:
    """Counters of a run.

    Attributes:
        step: updates done.
        epoch, batch: the next batch to train on.
        tokens: tokens seen, padding not counted.
        seconds: training time, without evaluation and start-up.
        held_out: (tokens seen, held-out loss) at each look, the first one before training.
    """

    step: int = 0
    epoch: int = 0
    batch: int = 0
    tokens: int = 0
    seconds: float = 0.0
    held_out: list[tuple[int, float]] = field(default_factory=list)


def state_file(out: Path) -> Path:
    """Where the state of a run that is to end in `out` lies."""
    return out.with_name(out.name + ".training.safetensors")


def save_state(
    path: Path,
    model: torch.nn.Module,
    optimizer: torch.optim.Optimizer,
    progress: Progress,
    run: Mapping[str, object],
) -> None:
    """Write weights, the optimizer's moments, counters, and what the run is, which `load_state` checks."""
    from safetensors.torch import save_file

    tensors: dict[str, Tensor] = {}
    for name, weight in model.named_parameters():
        tensors[f"weight.{name}"] = weight.detach().cpu().contiguous()
        for moment in _MOMENTS:
            if moment in optimizer.state[weight]:
                tensors[f"{moment}.{name}"] = optimizer.state[weight][moment].cpu().contiguous()
    metadata = {"progress": json.dumps(asdict(progress)), "run": json.dumps(run)}
    with atomic_file(path) as temporary:
        save_file(tensors, temporary, metadata)


def load_state(
    path: Path, model: torch.nn.Module, optimizer: torch.optim.Optimizer, run: Mapping[str, object]
) -> Progress:
    """Put weights and moments back, and return the counters.

    Raises:
        StorageError: the file is damaged.
        OptionError: it belongs to a run with other settings or other text.
    """
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            _check_same(path, json.loads(metadata["run"]), run)
            progress = Progress(**json.loads(metadata["progress"]))
            _restore(file, model, optimizer, progress.step)
    except (SafetensorError, OSError, KeyError, ValueError, TypeError) as error:
        hint = "Delete it to start again."
        raise StorageError(
            f"the state of training cannot be read: {error}", where=str(path), hint=hint
        ) from error
    progress.held_out = [(int(tokens), float(loss)) for tokens, loss in progress.held_out]
    return progress


def _restore(file: Any, model: torch.nn.Module, optimizer: torch.optim.Optimizer, step: int) -> None:
    with torch.no_grad():
        for name, weight in model.named_parameters():
            weight.copy_(file.get_tensor(f"weight.{name}"))
            if step:
                moments = {m: file.get_tensor(f"{m}.{name}").to(weight.device) for m in _MOMENTS}
                optimizer.state[weight] = {"step": torch.tensor(float(step)), **moments}


def _check_same(path: Path, stored: Mapping[str, object], run: Mapping[str, object]) -> None:
    differing = sorted(key for key in {*stored, *run} if key not in _FREE and stored.get(key) != run.get(key))
    if differing:
        raise OptionError(
            f"an unfinished run lies there that differs in {', '.join(differing)}",
            where=str(path),
            hint="Give the same settings and text to go on with it, another --out, or delete the file.",
        )
