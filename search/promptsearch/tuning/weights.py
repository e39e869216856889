"""A PLM's weights as something to train: all of them, or low-rank changes beside them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Protocol

import torch
from torch import Tensor, nn

from promptsearch.artefact.tuned import TunedKind
from promptsearch.plms.forward import OutputLayer
from promptsearch.plms.local import LocalPLM
from promptsearch.plms.lora import Lora, LoraOptions, check_targets, require_peft
from promptsearch.plms.tuned import save_full


class Weights(Protocol):
    """Weights that are trained."""

    kind: TunedKind

    def begin(self) -> None:
        """Put the model back as it was pretrained, for another start."""
        ...

    @property
    def parameters(self) -> Mapping[str, nn.Parameter]:
        """What is trained, by name."""
        ...

    @property
    def output(self) -> OutputLayer:
        """The output layer, through which gradients flow where it is trained."""
        ...

    def save(self, folder: Path) -> None:
        """Write them; there must be no such folder yet."""
        ...

    def give_back(self) -> None:
        """Leave the model as it was pretrained, with nothing to train."""
        ...


class LoraWeights:
    """Low-rank changes.

    Raises:
        OptionError: target modules do not exist, or peft is not installed.
    """

    kind: TunedKind = "lora"

    def __init__(self, plm: LocalPLM, options: LoraOptions) -> None:
        require_peft()
        check_targets(plm.model, options.targets)
        self._plm, self._options = plm, options
        self._lora: Lora | None = None

    def begin(self) -> None:
        if self._lora is not None:
            self._lora.remove()
        self._lora = Lora(self._plm, self._options)

    @property
    def parameters(self) -> Mapping[str, nn.Parameter]:
        return self._begun.parameters

    @property
    def output(self) -> OutputLayer:
        return self._plm.output

    def save(self, folder: Path) -> None:
        self._begun.save(folder)

    def give_back(self) -> None:
        self._begun.remove()
        self._lora = None
        self._plm.model.requires_grad_(False)

    @property
    def _begun(self) -> Lora:
        assert self._lora is not None
        return self._lora


class FullWeights:
    """Every weight of the model.

    Args:
        keep: whether the pretrained ones are kept in memory, for further starts or to be given back.
    """

    kind: TunedKind = "full"

    def __init__(self, plm: LocalPLM, keep: bool) -> None:
        self._plm = plm
        self._named: dict[str, nn.Parameter] = dict(plm.model.named_parameters())
        # The last state is loaded over the weights in any case.
        self._pretrained: dict[str, Tensor] = (
            {name: each.detach().clone() for name, each in self._named.items()} if keep else {}
        )

    def begin(self) -> None:
        with torch.no_grad():
            for name, value in self._pretrained.items():
                self._named[name].copy_(value)
        for each in self._named.values():
            each.requires_grad_(True)

    @property
    def parameters(self) -> Mapping[str, nn.Parameter]:
        return self._named

    @property
    def output(self) -> OutputLayer:
        module = self._plm.model.get_output_embeddings()
        bias = getattr(module, "bias", None)
        layer = replace(self._plm.output, weight=module.weight)
        return layer if bias is None else replace(layer, bias=bias)

    def save(self, folder: Path) -> None:
        save_full(self._plm, folder)

    def give_back(self) -> None:
        self.begin()
        self._plm.model.requires_grad_(False)
