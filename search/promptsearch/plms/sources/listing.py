"""What is known about PLMs, for `promptsearch models list` and `models show`."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from promptsearch.errors import PLMError
from promptsearch.plms.sources.catalogue import NAMED, NamedPLM
from promptsearch.plms.sources.checkpoint import Origin
from promptsearch.plms.sources.families import family_of
from promptsearch.plms.sources.files import check_folder, read_config, weight_files
from promptsearch.plms.sources.hashing import weights_sha256
from promptsearch.plms.sources.hub_files import cached, cached_names
from promptsearch.plms.sources.reference import HubName, parse_reference
from promptsearch.plms.sources.resolve import is_present, named_folder


@dataclass(frozen=True)
class ModelRow:
    """One line of `promptsearch models list`.

    Attributes:
        family: masked, causal, seq2seq or contrastive; None where only loading would tell.
        parameters: number of weights, tied ones counted once; None where it is not known.
        size: bytes on disk, once it is there.
        present: whether it is on this machine.
    """

    reference: str
    family: str | None
    parameters: int | None
    size: int | None
    origin: Origin
    present: bool
    licence: str | None
    description: str


def list_models() -> list[ModelRow]:
    """The PLMs with a name of their own, then those in the hub's cache on this machine. No network."""
    rows = [
        ModelRow(
            plm.name,
            plm.kind,
            plm.parameters,
            plm.size,
            "wheel" if plm.wheel else "built-in",
            is_present(plm),
            plm.licence,
            plm.description,
        )
        for plm in NAMED.values()
    ]
    return rows + [_cached_row(name) for name in cached_names()]


def present_names() -> list[str]:
    """References of the language models on this machine."""
    named = [plm.name for plm in NAMED.values() if plm.kind != "contrastive" and is_present(plm)]
    return named + cached_names()


def show(reference: str) -> dict[str, Any]:
    """What is known about one PLM; more when it is on this machine. Never touches the network.

    Raises:
        PLMError: unknown, or a model on the hub that is not on this machine.
    """
    target = parse_reference(reference)
    details: dict[str, Any] = {"reference": reference}
    if isinstance(target, NamedPLM):
        details |= _catalogue_details(target)
        folder = named_folder(target) if is_present(target) else None
    elif isinstance(target, HubName):
        folder = cached(target)
        if folder is None:
            raise PLMError(
                f"{reference} is not on this machine",
                hint=f"`promptsearch models get {reference}` fetches it.",
            )
        details |= {"origin": "hub", "revision": folder.name}
    else:
        folder = target
        check_folder(folder)
        details |= {"origin": "folder"}
    details["present"] = folder is not None
    return details | (_file_details(folder, reference) if folder else {})


def _catalogue_details(plm: NamedPLM) -> dict[str, Any]:
    details: dict[str, Any] = {
        "family": plm.kind,
        "description": plm.description,
        "licence": plm.licence,
        "parameters": plm.parameters,
        "size": plm.size,
        "origin": "wheel" if plm.wheel else "built-in",
    }
    if plm.wheel:
        details["wheel"] = f"{plm.wheel.project}=={plm.wheel.version}"
        details["download"] = plm.wheel.size
    return details


def _file_details(folder: Path, reference: str) -> dict[str, Any]:
    config = read_config(folder)
    details: dict[str, Any] = {
        "folder": str(folder),
        "architecture": next(iter(config.get("architectures") or ()), None),
        "layers": _stated(config, "num_hidden_layers", "num_layers", "encoder_layers"),
        "hidden_size": _stated(config, "hidden_size", "d_model"),
        "vocabulary": config.get("vocab_size"),
        "max_tokens": _stated(config, "max_position_embeddings", "n_positions"),
        "parameters": _count(folder),
        "dtype": config.get("dtype") or config.get("torch_dtype"),
        "size": sum(path.stat().st_size for path in folder.iterdir() if path.is_file()),
        "weights_sha256": weights_sha256(folder),
    }
    named = NAMED.get(reference)
    details["family"] = named.kind if named else family_of(config, reference)
    return details


def _stated(config: Mapping[str, Any], *names: str) -> Any:
    """What a config says under the first of the names that it has."""
    return next((config[name] for name in names if config.get(name) is not None), None)


def _count(folder: Path) -> int:
    """Number of weights in the files, read from their headers."""
    from safetensors import safe_open

    total = 0
    for path in weight_files(folder):
        with safe_open(path, framework="np") as tensors:
            slices = [tensors.get_slice(name) for name in tensors.keys()]  # noqa: SIM118
            # Whole numbers are indices of positions and the like.
            total += sum(math.prod(s.get_shape()) for s in slices if not s.get_dtype().startswith(("I", "U")))
    return total


def _cached_row(name: str) -> ModelRow:
    folder = cached(HubName(name, None))
    config: Mapping[str, Any] = read_config(folder) if folder else {}
    return ModelRow(
        name,
        _family_by_name(config),
        _count(folder) if folder else None,
        sum(path.stat().st_size for path in weight_files(folder)) if folder else None,
        "hub",
        folder is not None,
        None,
        "in the hub's cache on this machine",
    )


def _family_by_name(config: Mapping[str, Any]) -> str | None:
    """The family as far as the architecture's name tells it; a list must not import transformers."""
    name = next(iter(config.get("architectures") or ()), "")
    if config.get("is_encoder_decoder"):
        return "seq2seq" if name.endswith("ForConditionalGeneration") else None
    if name.endswith("ForMaskedLM"):
        return "masked"
    return "causal" if name.endswith(("ForCausalLM", "LMHeadModel")) else None
