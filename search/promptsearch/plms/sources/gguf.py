"""A GGUF file turned into a plain folder that transformers loads in a second.

The values stay as they are: quantised blocks (Q4_1: a 4-bit integer times a scale plus an offset, Q8_0: an
8-bit integer times a scale) are multiplied out in float32 and saved so. Rounding them to float16 moves
log-probabilities by up to 0.025 and to bfloat16 by up to 0.16, more than the 0.001 that would go unnoticed.
"""

from __future__ import annotations

import contextlib
import io
from pathlib import Path
from typing import Any

from promptsearch.errors import PLMError
from promptsearch.plms.sources.quiet import quiet_transformers

_TOLERANCE = 1e-3
_CHECKED_TEXT = "Review: a gorgeous, witty film from 1999.\nSentiment: positive"


def convert_gguf(path: Path, folder: Path) -> None:
    """Write model and tokenizer of a Llama-like GGUF file into `folder`, and check that they load and agree.

    Raises:
        PLMError: the file cannot be read, or the saved model gives other log-probabilities.
    """
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    # The reader's progress bar cannot be switched off; it goes where no one sees it.
    with quiet_transformers(), contextlib.redirect_stderr(io.StringIO()):
        try:
            source = {"pretrained_model_name_or_path": path.parent, "gguf_file": path.name}
            model: Any = AutoModelForCausalLM.from_pretrained(**source, dtype=torch.float32).eval()
            tokenizer: Any = AutoTokenizer.from_pretrained(**source)
        except Exception as error:
            raise PLMError(f"the GGUF file cannot be converted: {error}", where=str(path)) from error
        _set_pre_tokenizer(path, tokenizer)
        tokenizer.model_max_length = model.config.max_position_embeddings
        plain = plain_copy(model)
        plain.save_pretrained(folder)
        tokenizer.save_pretrained(folder)
        del plain
        _check_equal(model, tokenizer, folder)


def plain_copy(model: Any) -> Any:
    """The same weights in a model that knows nothing of quantisation, for only such a model can be saved."""
    config = model.config.to_dict()
    for key in ("quantization_config", "_name_or_path", "_model_name_or_path"):
        config.pop(key, None)
    plain = type(model)(type(model.config).from_dict(config)).to(model.dtype)
    plain.load_state_dict(model.state_dict())
    plain.config._name_or_path = ""
    return plain.eval()


def _set_pre_tokenizer(path: Path, tokenizer: Any) -> None:
    """Split digits one by one where the file's pre-tokenizer `smollm` says so; transformers reads past it.

    Without this, two blanks before a number become other tokens than those of the original model.
    """
    from gguf import GGUFReader
    from tokenizers import pre_tokenizers

    field = GGUFReader(path).get_field("tokenizer.ggml.pre")
    if field is not None and field.contents() == "smollm":
        tokenizer.backend_tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
            [
                pre_tokenizers.Digits(individual_digits=True),
                pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True),
            ]
        )


def _check_equal(model: Any, tokenizer: Any, folder: Path) -> None:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    saved: Any = AutoModelForCausalLM.from_pretrained(folder, use_safetensors=True).eval()
    ids = tokenizer(_CHECKED_TEXT, return_tensors="pt")["input_ids"]
    saved_tokenizer: Any = AutoTokenizer.from_pretrained(folder)
    again = saved_tokenizer(_CHECKED_TEXT, return_tensors="pt")["input_ids"]
    if ids.tolist() != again.tolist():
        raise PLMError(
            "the converted tokenizer splits a text differently from the original", where=str(folder)
        )
    with torch.inference_mode():
        before, after = (m(ids).logits.log_softmax(-1) for m in (model, saved))
    difference = float((before - after).abs().max())
    if not difference <= _TOLERANCE:
        raise PLMError(
            f"the converted model's log-probabilities differ from the original's by {difference:.2g}",
            where=str(folder),
            hint="Another version of transformers or gguf may help.",
        )
