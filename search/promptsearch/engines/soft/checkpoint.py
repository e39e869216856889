"""How far training has come, in one file: safetensors, with counters as JSON in its header."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from torch import Tensor

from promptsearch.errors import OptionError, StorageError
from promptsearch.paths import atomic_file

Tensors = Mapping[str, Tensor]


@dataclass(frozen=True)
class Checkpoint:
    """Where the state of a run is kept, and what the run is.

    Attributes:
        path: the file.
        run: JSON-able; a state is only gone on with where this is equal.
    """

    path: Path
    run: Mapping[str, object]

    def save(self, tensors: Tensors, progress: Mapping[str, object]) -> None:
        """Write the state under a temporary name, then rename it.

        Raises:
            StorageError: it cannot be written.
        """
        from safetensors.torch import save_file

        stored = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
        metadata = {"progress": json.dumps(progress), "run": json.dumps(self.run)}
        with atomic_file(self.path) as temporary:
            save_file(stored, temporary, metadata)

    def check(self) -> None:
        """Refuse a state of another run; raises as `load`."""
        self._read(with_tensors=False)

    def load(self) -> tuple[dict[str, Tensor], dict[str, object]] | None:
        """The state that was saved, or None where there is none.

        Raises:
            StorageError: the file is damaged.
            OptionError: it belongs to another run.
        """
        return self._read(with_tensors=True)

    def _read(self, with_tensors: bool) -> tuple[dict[str, Tensor], dict[str, object]] | None:
        from safetensors import SafetensorError, safe_open

        try:
            with safe_open(self.path, framework="pt") as file:
                metadata = file.metadata() or {}
                run, progress = json.loads(metadata["run"]), json.loads(metadata["progress"])
                names = file.keys() if with_tensors else ()
                tensors = {name: file.get_tensor(name) for name in names}
        except FileNotFoundError:
            return None
        except (SafetensorError, OSError, KeyError, ValueError) as error:
            raise StorageError(
                f"the state of training cannot be read: {error}",
                where=str(self.path),
                hint="Delete it to start again.",
            ) from error
        self._check_same(run)
        return tensors, progress

    def remove(self) -> None:
        """Delete the state, which a finished run needs no more."""
        self.path.unlink(missing_ok=True)

    def _check_same(self, stored: Mapping[str, object]) -> None:
        mine = json.loads(json.dumps(self.run))
        differing = sorted(key for key in {*stored, *mine} if stored.get(key) != mine.get(key))
        if differing:
            raise OptionError(
                f"an unfinished training lies there that differs in {', '.join(differing)}",
                where=str(self.path),
                hint="Give the same options and data to go on with it, another folder, or delete the file.",
            )


def under(name: str, tensors: Tensors) -> dict[str, Tensor]:
    """Tensors with a name and a slash in front."""
    return {f"{name}/{key}": tensor for key, tensor in tensors.items()}


def within(name: str, tensors: Tensors) -> dict[str, Tensor]:
    """Those that have it, without it."""
    start = f"{name}/"
    return {key.removeprefix(start): tensor for key, tensor in tensors.items() if key.startswith(start)}
