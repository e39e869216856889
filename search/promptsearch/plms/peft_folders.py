"""Folders in peft's format: `adapter_config.json` and `adapter_model.safetensors`, and no pickle.

Soft tokens and prefixes are written and read without peft, which stores each as one array,
`prompt_embeddings`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import Tensor

from promptsearch.errors import PromptFileError
from promptsearch.paths import atomic_folder
from promptsearch.plms.base import Family
from promptsearch.plms.prefixes import PrefixShape

CONFIG_FILE, WEIGHTS_FILE = "adapter_config.json", "adapter_model.safetensors"
_EMBEDDINGS = "prompt_embeddings"
# peft knows no masked language models; without a task it wraps any model.
TASKS: dict[Family, str] = {
    "causal": "CAUSAL_LM",
    "masked": "FEATURE_EXTRACTION",
    "seq2seq": "SEQ_2_SEQ_LM",
}


def write_peft_folder(folder: Path, config: Mapping[str, object], tensors: Mapping[str, Tensor]) -> None:
    """Write a folder under a temporary name, then rename it; there must be none yet.

    Raises:
        StorageError: it cannot be written.
    """
    from safetensors.torch import save_file

    stored = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    with atomic_folder(folder) as temporary:
        (temporary / CONFIG_FILE).write_text(json.dumps(config, indent=2, sort_keys=True) + "\n", "utf-8")
        save_file(stored, temporary / WEIGHTS_FILE, {"format": "pt"})


def read_peft_folder(folder: Path) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """The config and the arrays of a folder.

    Raises:
        PromptFileError: one of the two files is missing or damaged.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        config = json.loads((folder / CONFIG_FILE).read_text("utf-8"))
        tensors = load_file(folder / WEIGHTS_FILE)
    except (OSError, ValueError, SafetensorError) as error:
        raise PromptFileError(
            f"this is no folder of peft's: {error}",
            where=str(folder),
            hint="Copy a prompt file together with the folder beside it, or tune again.",
        ) from error
    return (config if isinstance(config, dict) else {}), tensors


def soft_config(tokens: int, width: int, model: Any, reference: str) -> dict[str, object]:
    """What peft needs to know of soft tokens that lead every prompt of a causal PLM."""
    own = model.config
    return _of_prompt("PROMPT_TUNING", "causal", tokens, width, reference) | {
        "num_attention_heads": getattr(own, "num_attention_heads", None),
        "num_layers": getattr(own, "num_hidden_layers", None),
        "prompt_tuning_init": "RANDOM",
    }


def prefix_config(tokens: int, shape: PrefixShape, family: Family, reference: str) -> dict[str, object]:
    """What peft needs to know of keys and values in every layer."""
    return _of_prompt("PREFIX_TUNING", family, tokens, shape.heads * shape.width, reference) | {
        "num_attention_heads": shape.heads,
        "num_layers": shape.layers,
        "prefix_projection": False,
        "encoder_hidden_size": shape.heads * shape.width,
    }


def _of_prompt(kind: str, family: Family, tokens: int, width: int, reference: str) -> dict[str, object]:
    return {
        "peft_type": kind,
        "task_type": TASKS[family],
        "base_model_name_or_path": reference,
        "inference_mode": True,
        "num_virtual_tokens": tokens,
        "num_transformer_submodules": 1,
        "token_dim": width,
    }


def write_prompt_folder(folder: Path, config: Mapping[str, object], vectors: Tensor) -> None:
    """Write soft tokens or a prefix (n, numbers); raises as `write_peft_folder`."""
    write_peft_folder(folder, config, {_EMBEDDINGS: vectors.float()})


def read_prompt_folder(folder: Path) -> Tensor:
    """The soft tokens or prefix (n, numbers) of a folder.

    Raises:
        PromptFileError: the folder is damaged, or holds something else.
    """
    vectors = read_peft_folder(folder)[1].get(_EMBEDDINGS)
    if vectors is None or vectors.dim() != 2:
        raise PromptFileError("the folder holds no virtual tokens", where=str(folder))
    return vectors.float()
