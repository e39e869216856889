"""A checkpoint on disk loaded as a language model, with nothing in it left to chance."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from promptsearch.errors import PLMError
from promptsearch.plms.base import Family
from promptsearch.plms.sources.catalogue import NAMED
from promptsearch.plms.sources.checkpoint import Checkpoint, LoadedModel
from promptsearch.plms.sources.families import family_of
from promptsearch.plms.sources.files import check_folder, read_config
from promptsearch.plms.sources.hashing import weights_sha256
from promptsearch.plms.sources.quiet import quiet_transformers

_AUTO: dict[Family, str] = {
    "masked": "AutoModelForMaskedLM",
    "causal": "AutoModelForCausalLM",
    "seq2seq": "AutoModelForSeq2SeqLM",
}


def load(checkpoint: Checkpoint, *, dtype: Any = "float32", trust_remote_code: bool = False) -> LoadedModel:
    """Load model and tokenizer.

    Args:
        dtype: number format of the weights in memory, a torch.dtype or its name.
        trust_remote_code: run Python code that comes with the model. Only for models you trust.

    Raises:
        PLMError: the folder holds no (supported) language model, or a part of the model would be random.
    """
    check_kind(checkpoint.reference)
    folder = checkpoint.folder
    check_folder(folder)
    family = family_of(read_config(folder), checkpoint.reference)
    model, info = load_weights(folder, family, dtype=dtype, trust_remote_code=trust_remote_code)
    check_complete(info, checkpoint.reference)
    tokenizer = load_tokenizer(folder, trust_remote_code=trust_remote_code)
    if family == "masked" and tokenizer.mask_token_id is None:
        raise PLMError(f"the tokenizer of {checkpoint.reference} has no mask token", where=str(folder))
    model.eval().requires_grad_(False)
    return LoadedModel(model, tokenizer, family, weights_sha256(folder))


def check_kind(reference: str) -> None:
    """Refuse a PLM of the catalogue that is no language model, which needs no download.

    Raises:
        PLMError: it is a sentence encoder.
    """
    named = NAMED.get(reference)
    if named and named.kind == "contrastive":
        raise PLMError(
            f"{named.name} is a contrastive sentence encoder; without an output head it cannot answer",
            hint="Take minilm-mlm, which was trained from it, or smollm2-135m.",
        )


def load_weights(
    folder: Path, family: Family, *, dtype: Any = "float32", trust_remote_code: bool = False
) -> tuple[Any, dict[str, Any]]:
    """The model and transformers' account of which weights were missing, unexpected or mismatched.

    Raises:
        PLMError: transformers cannot load it.
    """
    import transformers

    # By name: each of them takes a while to import.
    auto: Any = getattr(transformers, _AUTO[family])
    try:
        with quiet_transformers():
            return auto.from_pretrained(
                folder,
                dtype=dtype,
                trust_remote_code=trust_remote_code,
                use_safetensors=True,
                local_files_only=True,
                output_loading_info=True,
                # Raised as an error of our own, which names the tensors, by `check_complete`.
                ignore_mismatched_sizes=True,
            )
    except Exception as error:
        raise _cannot_load("model", folder, error) from error


def check_complete(info: dict[str, Any], reference: str) -> None:
    """Refuse a model of which a part was not in its files; transformers fills that with random numbers.

    Tied weights that are stored once, and buffers that are computed, are not counted as missing.
    """
    wrong_shape = [
        f"{name} ({_shape(found)} in the file, {_shape(wanted)} by the config)"
        for name, found, wanted in sorted(info["mismatched_keys"])
    ]
    if wrong_shape:
        raise PLMError(
            f"weights of {reference} do not fit its config",
            where=_list(wrong_shape),
            hint="They would be filled with random numbers. Config and weights must be of one model.",
        )
    if missing := sorted(info["missing_keys"]):
        raise PLMError(
            f"{reference} is not a whole language model: {len(missing)} tensors are missing",
            where=_list(missing),
            hint="They would be filled with random numbers. A sentence encoder or classifier has no "
            "language-model head; `promptsearch pretrain` can train one for a BERT.",
        )


def load_tokenizer(folder: Path, *, trust_remote_code: bool = False) -> Any:
    """The tokenizer, with truncation and padding of its own switched off.

    Sentence encoders ship a tokenizer.json that cuts and pads every text to a fixed length.

    Raises:
        PLMError: there is none that transformers can load, or it is empty.
    """
    from transformers import AutoTokenizer

    try:
        with quiet_transformers():
            tokenizer: Any = AutoTokenizer.from_pretrained(
                folder, trust_remote_code=trust_remote_code, local_files_only=True
            )
    except Exception as error:
        raise _cannot_load("tokenizer", folder, error) from error
    backend = getattr(tokenizer, "backend_tokenizer", None)
    if backend is not None:
        backend.no_truncation()
        backend.no_padding()
    if len(tokenizer) <= len(tokenizer.all_special_ids):
        raise PLMError(
            f"the folder {folder} holds no tokenizer",
            hint="Save the tokenizer of the model into the same folder.",
        )
    return tokenizer


def _cannot_load(what: str, folder: Path, error: Exception) -> PLMError:
    message = re.sub(r"\s+", " ", str(error)).strip() or type(error).__name__
    hint = None
    if "trust_remote_code" in message:
        message, hint = (
            "it comes with Python code of its own",
            "Pass --trust-remote-code if you trust its makers.",
        )
    elif "memory" in message:
        hint = "Take a smaller PLM or --dtype bfloat16."
    return PLMError(f"the {what} cannot be loaded: {message[:500]}", where=str(folder), hint=hint)


def _shape(size: Any) -> str:
    return "×".join(map(str, size))


def _list(items: list[str], most: int = 6) -> str:
    more = [f"… and {len(items) - most} more"] if len(items) > most else []
    return "\n".join(items[:most] + more)
