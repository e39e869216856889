"""PLMs that were trained around a prompt, from the folder beside its file.

- `lora`: low-rank changes of the weights, in peft's format; they are added to the weights (merged);
- `prefix`: keys and values of virtual tokens, in peft's format;
- `full`: a whole model, as transformers saves it.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from promptsearch.artefact.tuned import TunedKind
from promptsearch.errors import PromptFileError
from promptsearch.paths import atomic_folder
from promptsearch.plms.local import LocalPLM
from promptsearch.plms.lora import merged
from promptsearch.plms.peft_folders import read_prompt_folder
from promptsearch.plms.prefixed import prefixed
from promptsearch.plms.sources.quiet import quiet_transformers


def tuned_plm(plm: LocalPLM, kind: TunedKind, folder: Path, sha256: str) -> LocalPLM:
    """A PLM with what a folder holds of its training; one of kind `full` is loaded as any other model.

    Args:
        plm: as it was before training. Its weights are changed in place, so nobody else may use it.
        sha256: that the PLM is to be known by.

    Raises:
        PromptFileError: the folder is damaged, or is for another PLM.
        OptionError: peft is needed and not installed.
    """
    if kind == "full":
        raise ValueError("a whole model is loaded, not changed")
    if kind == "prefix":
        try:
            found: LocalPLM = prefixed(plm, read_prompt_folder(folder), plm.cache)
        except ValueError as error:
            raise PromptFileError(f"the folder is not for this PLM: {error}", where=str(folder)) from error
    else:
        found = type(plm)(merged(plm, folder).eval(), plm.encoder, plm.identity, plm.budget, plm.cache)
    found.identity = replace(plm.identity, weights_sha256=sha256)
    return found


def save_full(plm: LocalPLM, folder: Path) -> None:
    """Write a PLM's model and tokenizer as transformers does; there must be no such folder yet.

    Raises:
        StorageError: they cannot be written.
    """
    tokenizer = plm.encoder.tokenizer
    stated = tokenizer.model_max_length
    with atomic_folder(folder) as temporary, quiet_transformers():
        plm.model.save_pretrained(temporary)
        try:
            # The encoder has taken the limit off; without it another context might be read.
            tokenizer.model_max_length = plm.max_tokens
            tokenizer.save_pretrained(temporary)
        finally:
            tokenizer.model_max_length = stated
