"""Masked, causal or sequence-to-sequence: which language model a config describes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from promptsearch.errors import PLMError
from promptsearch.plms.base import Family

_PURPOSE = re.compile(r"For([A-Z]\w+)\Z")
_LANGUAGE_MODELS = ("MaskedLM", "CausalLM", "PreTraining")
# What the configs of encoder-decoders for text call themselves, `BartModel` and old ones of T5 among them.
_SEQ2SEQ_LANGUAGE_MODELS = (None, "ConditionalGeneration", "PreTraining")


def family_of(config: Mapping[str, Any], reference: str) -> Family:
    """The family, from `architectures` where it names a language model, else from `model_type`.

    Args:
        config: the content of config.json.
        reference: names the PLM in the error.

    Raises:
        PLMError: an architecture that is not (yet) supported, by name.
    """
    from transformers.models.auto import modeling_auto

    architecture = next(iter(config.get("architectures") or ()), None)
    model_type = config.get("model_type")
    purpose = _PURPOSE.search(architecture or "")
    if config.get("is_encoder_decoder"):
        known = modeling_auto.MODEL_FOR_SEQ_TO_SEQ_CAUSAL_LM_MAPPING_NAMES
        # One that is put together of two models, or translates only, has another name for its purpose.
        fills = known.get(model_type, "").endswith("ForConditionalGeneration")
        if fills and (purpose[1] if purpose else None) in _SEQ2SEQ_LANGUAGE_MODELS:
            return "seq2seq"
        raise _unsupported(reference, architecture or model_type)
    if purpose and purpose[1] not in _LANGUAGE_MODELS:
        raise _unsupported(reference, architecture or model_type)
    masked, causal = (
        modeling_auto.MODEL_FOR_MASKED_LM_MAPPING_NAMES,
        modeling_auto.MODEL_FOR_CAUSAL_LM_MAPPING_NAMES,
    )
    if purpose and purpose[1] == "MaskedLM":
        return "masked"
    if purpose and purpose[1] == "CausalLM":
        return "causal"
    if architecture in masked.values():
        return "masked"
    if architecture in causal.values():
        return "causal"
    if model_type in masked and not config.get("is_decoder"):
        return "masked"
    if model_type in causal:
        return "causal"
    raise _unsupported(reference, architecture or model_type)


def _unsupported(reference: str, architecture: str | None) -> PLMError:
    named = f"is a {architecture}" if architecture else "does not name its architecture"
    return PLMError(
        f"{reference} {named}, which is not supported (yet)",
        hint="Masked (BERT-like), causal (GPT-like) and sequence-to-sequence (T5- and BART-like) language "
        "models are.",
    )
