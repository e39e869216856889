"""From a reference to a PLM that answers prompts."""

from __future__ import annotations

from typing import Any

import torch

from promptsearch.errors import OptionError
from promptsearch.paths import cache_dir
from promptsearch.plms.base import PLMIdentity
from promptsearch.plms.cache import StateCache
from promptsearch.plms.causal import CausalPLM
from promptsearch.plms.encoding import PromptEncoder
from promptsearch.plms.forward import TokenBudget
from promptsearch.plms.local import LocalPLM
from promptsearch.plms.masked import MaskedPLM
from promptsearch.plms.precision import fastest_dtype
from promptsearch.plms.seq2seq import Seq2SeqPLM
from promptsearch.plms.sources import LoadedModel, Progress, load, resolve
from promptsearch.plms.sources.loading import check_kind

DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}
# Padded tokens in one pass: small batches stay in a processor's cache, large ones fill a GPU.
_BATCH_TOKENS = {"cpu": 1024, "cuda": 32_768, "mps": 8192}
# A tokenizer that knows no limit states an absurd one.
_LONGEST_CONTEXT = 1_000_000
_UNKNOWN_CONTEXT = 512

_ADAPTERS: dict[str, type[LocalPLM]] = {"masked": MaskedPLM, "causal": CausalPLM, "seq2seq": Seq2SeqPLM}


def load_plm(
    reference: str = "minilm-mlm",
    *,
    revision: str | None = None,
    device: str = "auto",
    dtype: str = "auto",
    max_tokens: int | None = None,
    cache: StateCache | bool = True,
    offline: bool = False,
    trust_remote_code: bool = False,
    progress: Progress | None = None,
) -> LocalPLM:
    """Load a PLM.

    Args:
        reference: `minilm-mlm`, `smollm2-135m`, `owner/name`, `owner/name@revision`, `./folder`.
        device: `auto`, `cpu`, `cuda`, `cuda:1`, `mps`.
        dtype: `auto` (bfloat16 where the device is clearly faster with it), `float32`, `bfloat16`, `float16`.
        max_tokens: cut the context to this; the model's own by default.
        cache: keep answer states on disk (True: in the cache folder).
        offline: never touch the network.
        progress: told what is being done when something has to be fetched.

    Raises:
        PLMError: unknown, out of reach, or no language model.
        OptionError: no such device or number format.
    """
    place = find_device(device)
    check_kind(reference)
    checkpoint = resolve(reference, revision=revision, offline=offline, progress=progress)
    loaded = load(checkpoint, dtype=_dtype(dtype, place), trust_remote_code=trust_remote_code)
    loaded.model.to(place)
    # The checkpoint's name has no revision in it: the two stand side by side in a prompt file.
    identity = PLMIdentity(
        checkpoint.lasting_reference, checkpoint.revision, loaded.family, loaded.weights_sha256
    )
    if cache is True:
        cache = StateCache(cache_dir() / "states")
    limit = context_tokens(loaded)
    encoder = PromptEncoder(
        loaded.tokenizer,
        limit if max_tokens is None else min(limit, max_tokens),
        _start_token(loaded.tokenizer),
    )
    budget = TokenBudget(_BATCH_TOKENS.get(place.type, 4096))
    return _ADAPTERS[loaded.family](loaded.model, encoder, identity, budget, cache or None)


def find_device(name: str) -> torch.device:
    """The device of that name; `auto` takes a GPU where there is one.

    Raises:
        OptionError: no such device here.
    """
    if name == "auto":
        if torch.cuda.is_available():
            return torch.device("cuda")
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    try:
        device = torch.device(name)
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        raise OptionError(
            f"the device {name!r} cannot be used here", hint="Take --device cpu, or auto."
        ) from error
    if device.type == "meta":
        raise OptionError("the device 'meta' holds no numbers", hint="Take --device cpu, or auto.")
    return device


def _dtype(name: str, device: torch.device) -> torch.dtype:
    if name == "auto":
        return fastest_dtype(device)
    if name not in DTYPES:
        raise OptionError(f"unknown number format {name!r}", hint=f"Formats: auto, {', '.join(DTYPES)}.")
    return DTYPES[name]


def context_tokens(loaded: LoadedModel) -> int:
    """How many tokens the model reads at most, special ones included.

    Taken from the model's positions; a tokenizer may state less, or something absurd.
    """
    config: Any = loaded.model.config
    limits = []
    positions = getattr(config, "max_position_embeddings", None) or getattr(config, "n_positions", None)
    if positions:
        limits.append(positions - _reserved_positions(loaded.model))
    # LED's encoder and decoder have as many as each needs, and the decoder reads the prompt too.
    for name in ("max_encoder_position_embeddings", "max_decoder_position_embeddings"):
        if own := getattr(config, name, None):
            limits.append(own)
    stated = loaded.tokenizer.model_max_length
    if stated and 0 < stated < _LONGEST_CONTEXT:
        limits.append(int(stated))
    return min(limits, default=_UNKNOWN_CONTEXT)


def _reserved_positions(model: Any) -> int:
    """RoBERTa counts positions from behind the padding index, so that many cannot be used."""
    for name, module in model.named_modules():
        if name.endswith("position_embeddings") and isinstance(module, torch.nn.Embedding):
            return 0 if module.padding_idx is None else module.padding_idx + 1
    return 0


def _start_token(tokenizer: Any) -> int | None:
    for token in (tokenizer.bos_token_id, tokenizer.eos_token_id, tokenizer.pad_token_id):
        if token is not None:
            return int(token)
    return None
