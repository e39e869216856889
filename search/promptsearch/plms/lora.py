"""Low-rank changes of a PLM's weights (LoRA, Hu et al. 2022), through peft."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from promptsearch.errors import OptionError, PromptFileError, near_matches
from promptsearch.plms.local import LocalPLM
from promptsearch.plms.peft_folders import TASKS, read_peft_folder, write_peft_folder

_INSTALL = "Install it with `pip install 'promptsearch[tune]'`."
# What an adapter of ours says; whatever else peft could be told is not taken from a file.
_READ = ("r", "lora_alpha", "lora_dropout", "target_modules", "use_rslora")
_NAMED = 8  # modules that a message lists


@dataclass(frozen=True)
class LoraOptions:
    """How weights may change.

    Attributes:
        rank: of the change of each weight matrix.
        alpha: the change is scaled by alpha / rank.
        dropout: share of inputs to the change that are left out in a step.
        targets: names of linear modules, as `q_proj`; none: those that peft takes for the architecture
            (queries and values, as in the paper, section 7.1), else all linear modules but the output layer.
    """

    rank: int = 8
    alpha: float = 16.0
    dropout: float = 0.0
    targets: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.rank < 1 or not 0 < self.alpha < float("inf"):
            raise OptionError("the rank of LoRA is 1 or more, and its alpha above 0")
        if not 0 <= self.dropout < 1:
            raise OptionError(f"the dropout of LoRA is 0 or more and under 1, not {self.dropout}")


class Lora:
    """A model with low-rank changes of its weights beside them, none before training.

    Args:
        plm: whose model is changed in place; its own weights stay.

    Raises:
        OptionError: peft is not installed, or target modules do not exist.
    """

    def __init__(self, plm: LocalPLM, options: LoraOptions) -> None:
        require_peft()
        check_targets(plm.model, options.targets)
        config = {
            "r": options.rank,
            "lora_alpha": options.alpha,
            "lora_dropout": options.dropout,
            "target_modules": list(options.targets) or _usual(plm.model),
        }
        self.reference = plm.identity.reference
        self.model: Any = _wrapped(plm, config)

    @property
    def parameters(self) -> dict[str, nn.Parameter]:
        """What is trained, by name."""
        return {name: each for name, each in self.model.named_parameters() if each.requires_grad}

    def save(self, folder: Path) -> None:
        """Write a folder in peft's format; there must be none yet.

        Raises:
            StorageError: it cannot be written.
        """
        config = self.model.peft_config["default"].to_dict()
        config |= {"base_model_name_or_path": self.reference, "inference_mode": True}
        state = _peft().get_peft_model_state_dict(self.model, save_embedding_layers=False)
        write_peft_folder(folder, {name: _plain(value) for name, value in config.items()}, state)

    def remove(self) -> None:
        """Give the model back as it was."""
        self.model.unload()


def merged(plm: LocalPLM, folder: Path) -> Any:
    """The model of a PLM with the changes of a folder added to its weights, in place.

    Raises:
        PromptFileError: the folder is damaged, or is for another model.
        OptionError: peft is not installed.
    """
    peft = _peft()
    stored, tensors = read_peft_folder(folder)
    config = {name: stored[name] for name in _READ if stored.get(name) is not None}
    if stored.get("peft_type") != "LORA" or "r" not in config or stored.get("modules_to_save"):
        raise PromptFileError("the folder holds no low-rank changes (LoRA)", where=str(folder))
    try:
        model = _wrapped(plm, config)
        found = peft.set_peft_model_state_dict(model, tensors)
    except (ValueError, RuntimeError, TypeError, KeyError) as error:
        raise _other_model(folder, str(error)) from error
    missing = [name for name in found.missing_keys if "lora_" in name]
    if missing or found.unexpected_keys:
        raise _other_model(folder, f"{len(missing)} arrays missing, {len(found.unexpected_keys)} unexpected")
    return model.merge_and_unload(safe_merge=True).requires_grad_(False)


def check_targets(model: nn.Module, targets: Sequence[str]) -> None:
    """Refuse names of modules that the model does not have.

    Raises:
        OptionError: naming the modules there are.
    """
    names = list(dict.fromkeys(name.rsplit(".", 1)[-1] for name in _linear(model)))
    paths = list(_linear(model))
    for target in targets:
        if any(path == target or path.endswith(f".{target}") for path in paths):
            continue
        near = near_matches(target, names, most=1)
        meant = f"Did you mean {near[0]}? " if near else ""
        more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
        raise OptionError(
            f"the PLM has no linear module {target!r} for LoRA",
            where="--lora-targets",
            hint=f"{meant}There are {', '.join(names[:_NAMED])}{more}.",
        )


def _linear(model: nn.Module) -> Mapping[str, nn.Module]:
    """Modules that are one matrix, by their path; GPT-2 has its own kind."""
    from transformers.pytorch_utils import Conv1D

    return {name: each for name, each in model.named_modules() if isinstance(each, (nn.Linear, Conv1D))}


def _usual(model: Any) -> list[str] | str:
    """What peft takes for the architecture; all linear modules where it knows none."""
    from peft.utils.constants import TRANSFORMERS_MODELS_TO_LORA_TARGET_MODULES_MAPPING as usual

    return usual.get(model.config.model_type, "all-linear")


def _wrapped(plm: LocalPLM, given: Mapping[str, Any]) -> Any:
    """The model in peft's, with changes of which none does anything yet."""
    from transformers.pytorch_utils import Conv1D

    config = _peft().LoraConfig(
        task_type=TASKS[plm.identity.family],
        bias="none",
        fan_in_fan_out=any(isinstance(each, Conv1D) for each in plm.model.modules()),
        **given,
    )
    with warnings.catch_warnings():
        # Of names that transformers is about to change; whoever tunes a prompt can do nothing about them.
        warnings.simplefilter("ignore", FutureWarning)
        return _peft().get_peft_model(plm.model, config)


def require_peft() -> None:
    """Raises OptionError where peft is not installed."""
    _peft()


def _peft() -> Any:
    try:
        import peft
    except ImportError:
        raise OptionError("LoRA needs peft, which is not installed", hint=_INSTALL) from None
    return peft


def _plain(value: Any) -> Any:
    """As JSON can hold it, in an order that does not change."""
    if isinstance(value, set | frozenset):
        return sorted(value)
    if isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in value.items()}
    return getattr(value, "value", value)


def _other_model(folder: Path, why: str) -> PromptFileError:
    return PromptFileError(
        f"the changes of weights (LoRA) are not for this PLM: {why[:300]}",
        where=str(folder),
        hint="Take the PLM that they were trained on.",
    )


def count_numbers(tensors: Mapping[str, Tensor]) -> int:
    """How many numbers are stored."""
    return sum(tensor.numel() for tensor in tensors.values())
