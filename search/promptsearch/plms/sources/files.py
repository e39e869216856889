"""What a model folder must hold, checked before transformers sees it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from promptsearch.errors import PLMError

INDEX = "model.safetensors.index.json"
_PICKLES = ("*.bin", "*.pt", "*.pth", "*.ckpt", "*.pkl")
_OTHERS = ("*.gguf", "*.h5", "*.msgpack", "*.onnx")


def check_folder(folder: Path) -> None:
    """Refuse what is not a folder with a config and whole safetensors weights.

    Raises:
        PLMError: saying what is missing or damaged.
    """
    if not folder.exists():
        raise PLMError(
            f"there is no folder {folder}", hint="See `promptsearch models list` for PLMs with a name."
        )
    if not folder.is_dir():
        raise PLMError(f"the model folder {folder} is a file", hint="Give the folder that holds config.json.")
    read_config(folder)
    for path in weight_files(folder):
        _check_whole(path)


def read_config(folder: Path) -> dict[str, Any]:
    """The content of config.json.

    Raises:
        PLMError: there is none, or it is not a JSON object.
    """
    path = folder / "config.json"
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        hint = "A model folder as transformers saves it holds config.json, model.safetensors and a tokenizer."
        raise PLMError(f"the folder {folder} holds no config.json, so it is not a model", hint=hint) from None
    except (OSError, ValueError) as error:
        raise PLMError(f"the model's config cannot be read: {error}", where=str(path)) from error
    if not isinstance(config, dict):
        raise PLMError("the model's config is not a JSON object", where=str(path))
    return config


def weight_files(folder: Path) -> list[Path]:
    """The safetensors files that transformers would load, sorted by name.

    Raises:
        PLMError: there are none (only pickles, or another format), or a shard is missing.
    """
    if (folder / "model.safetensors").is_file():
        return [folder / "model.safetensors"]
    if (folder / INDEX).is_file():
        return _shards(folder)
    if any(next(folder.glob(pattern), None) for pattern in _PICKLES):
        raise PLMError(
            f"the folder {folder} holds its weights as a pickle only, and loading a pickle can run any code",
            hint="Take a revision with safetensors, or, if you trust it, load it with transformers and "
            "`save_pretrained` it into a new folder.",
        )
    others = [path.name for pattern in _OTHERS for path in sorted(folder.glob(pattern))]
    holds = f"only {', '.join(others[:3])}" if others else "no weights"
    raise PLMError(f"the folder {folder} holds {holds}", hint="The weights must be in model.safetensors.")


def _shards(folder: Path) -> list[Path]:
    try:
        index = json.loads((folder / INDEX).read_text(encoding="utf-8"))
        names = sorted(set(index["weight_map"].values()))
        paths = [folder / name for name in names]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise PLMError(
            f"the list of weight files cannot be read: {error!r}", where=str(folder / INDEX)
        ) from error
    missing = [path.name for path in paths if not path.is_file()]
    if missing:
        raise PLMError(
            f"{len(missing)} of {len(paths)} weight files are missing, first {missing[0]}",
            where=str(folder),
            hint="Fetch the model again.",
        )
    return paths


def _check_whole(path: Path) -> None:
    """Read the header, which also holds the file's length against what it should be."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="np") as tensors:
            empty = not list(tensors.keys())
    except (SafetensorError, OSError) as error:
        raise PLMError(
            f"the weights are damaged or cut short: {error}",
            where=str(path),
            hint="Fetch or save the model again.",
        ) from error
    if empty:
        raise PLMError(
            "the weights file holds no tensor", where=str(path), hint="Fetch or save the model again."
        )
