"""Prompts in peft's format, where peft can express them.

peft puts soft tokens before the whole input of a causal PLM and nowhere else, before a start token too if the
tokenizer adds one. It has no task of masked language models for them.
"""

from __future__ import annotations

from itertools import takewhile
from pathlib import Path

import torch

from promptsearch.artefact.tuned import TunedFolder, copy_folder
from promptsearch.errors import OptionError, StorageError
from promptsearch.pieces import Soft, point_at
from promptsearch.plms.base import PLM
from promptsearch.plms.local import LocalPLM
from promptsearch.plms.peft_folders import soft_config, write_prompt_folder
from promptsearch.soft import SoftTemplate
from promptsearch.template import Template
from promptsearch.tuning.config import TuneConfig


def check_export(config: TuneConfig, template: Template, plm: PLM) -> None:
    """Refuse, before anything is trained, what peft's format cannot hold.

    Raises:
        OptionError: saying why, and what would do.
        StorageError: the folder is there already.
    """
    if config.export_peft is None:
        return
    if not config.trains or (config.trains_lm and config.lm == "full"):
        raise OptionError(
            f"{config.called} leaves nothing that peft has a format for",
            where="--export-peft",
            hint="Soft tokens in front of a causal PLM, prefixes and LoRA can be written.",
        )
    if config.trains_soft:
        if config.trains_lm:
            raise OptionError(
                "peft has no format for soft tokens together with changes of the weights",
                where="--export-peft",
                hint="The folder beside the prompt file holds the changes in peft's format.",
            )
        if config.separate:
            raise OptionError(
                "peft has no format for several prompts, one for each label",
                where="--export-peft",
                hint="Leave out --separate, so that labels share their soft tokens.",
            )
        check_leading(template, plm)
    _check_free(Path(config.export_peft))


def check_leading(template: Template, plm: PLM) -> None:
    """Refuse soft tokens that do not come before everything else of a causal PLM's prompts.

    Raises:
        OptionError: saying why, and what would do.
    """
    source = str(template)
    example = "{soft*5} {text} It was {mask}"
    family = plm.identity.family
    if family != "causal":
        raise OptionError(
            f"{plm.identity.reference} is {family}, and peft has soft tokens for causal PLMs only",
            where="--export-peft",
            hint="Take a causal PLM; or on a masked one --method p-tuning-v2, whose prefixes peft reads.",
        )
    leading = list(takewhile(lambda piece: isinstance(piece, Soft), template.pieces))
    later = [piece for piece in template.pieces[len(leading) :] if isinstance(piece, Soft)]
    if later:
        raise OptionError(
            "peft puts soft tokens before the whole prompt, and here some stand within it",
            where=point_at(source, source.rindex(str(later[0]))),
            hint=f"Put all of them in front, as in {example}; or leave --export-peft out.",
        )
    if isinstance(plm, LocalPLM) and plm.encoder.prefix_ids:
        raise OptionError(
            f"the tokenizer of {plm.identity.reference} puts a start token first, and peft puts soft tokens "
            "before that",
            where="--export-peft",
            hint="The prompt file can hold such a prompt, peft's format cannot.",
        )


def write_leading(template: SoftTemplate, plm: LocalPLM, folder: Path) -> None:
    """Write the soft tokens of a template in peft's format for prompt tuning.

    Raises:
        OptionError: peft cannot express the prompt.
        StorageError: the folder is there already, or cannot be written.
    """
    check_leading(template, plm)
    _check_free(folder)
    vectors = template.vectors
    config = soft_config(len(vectors), vectors.width, plm.model, plm.identity.reference)
    write_prompt_folder(folder, config, torch.tensor(vectors.array))


def export(template: Template, plm: PLM, tuned: TunedFolder | None, folder: Path) -> None:
    """Write what was trained in peft's format; see `check_export`.

    Raises:
        StorageError: the folder is there already, or cannot be written.
    """
    if tuned is not None:
        _check_free(folder)
        copy_folder(tuned.path, folder)
        return
    assert isinstance(template, SoftTemplate)
    assert isinstance(plm, LocalPLM)
    write_leading(template, plm, folder)


def _check_free(folder: Path) -> None:
    if folder.exists():
        raise StorageError("the folder is there already", where=str(folder), hint="Name another.")
