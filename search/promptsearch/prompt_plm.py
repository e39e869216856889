"""The PLM of a saved prompt: loaded, checked, and with what was trained of it."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from promptsearch.errors import PLMError

if TYPE_CHECKING:
    from promptsearch.artefact import PromptDocument
    from promptsearch.artefact.tuned import TunedFolder
    from promptsearch.plms.base import PLM


def load_prompt_plm(document: PromptDocument, tuned: TunedFolder | None, **options: Any) -> PLM:
    """The PLM that a document names, changed as the folder beside it says.

    Args:
        options: `device`, `offline` and `trust_remote_code` of `promptsearch.plms.load_plm`.

    Raises:
        PLMError: it cannot be had, or its weights are others than those the prompt was found on.
        PromptFileError: the folder is damaged, or is for another PLM.
        OptionError: the folder needs peft, which is not installed.
    """
    from promptsearch.plms import load_plm

    wanted = document.plm
    if tuned is not None and tuned.kind == "full":
        return _whole(document, tuned, options)
    revision = wanted.revision if "/" in wanted.reference else None
    plm = load_plm(wanted.reference, revision=revision, dtype=wanted.dtype, **options)
    if tuned is None:
        return plm
    _check(plm, document, wanted.weights_sha256)
    from promptsearch.plms.tuned import tuned_plm

    return tuned_plm(plm, tuned.kind, tuned.path, _changed(plm.identity.weights_sha256, tuned.sha256))


def _whole(document: PromptDocument, tuned: TunedFolder, options: dict[str, Any]) -> PLM:
    """The model of a folder, known as the PLM that it was before training."""
    from promptsearch.plms import load_plm

    wanted = document.plm
    plm = load_plm(str(tuned.path.resolve()), dtype=wanted.dtype, **options)
    changed = _changed(wanted.weights_sha256, tuned.sha256)
    plm.identity = replace(
        plm.identity, reference=wanted.reference, revision=wanted.revision, weights_sha256=changed
    )
    return plm


def check_prompt_plm(document: PromptDocument, plm: PLM) -> None:
    """Refuse a PLM that is not the one of a document.

    Raises:
        PLMError: its family or weights are others than those the prompt was found on.
    """
    wanted, tuned = document.plm.weights_sha256, document.tuned
    _check(plm, document, wanted if wanted is None or tuned is None else _changed(wanted, tuned.sha256))


def _check(plm: PLM, document: PromptDocument, weights: str | None) -> None:
    wanted = document.plm
    if plm.identity.family != wanted.family:
        raise PLMError(
            f"{wanted.reference} is {plm.identity.family}, and the prompt needs a {wanted.family} PLM"
        )
    if weights is not None and weights != plm.identity.weights_sha256:
        raise PLMError(
            f"the weights of {wanted.reference} are not those the prompt was found on",
            where=f"sha256 {plm.identity.weights_sha256[:12]}… here, {weights[:12]}… in the prompt file",
            hint="Fetch the same revision, or search again on these weights. "
            "To use them all the same, set plm.weights_sha256 to null in the prompt file.",
        )


def _changed(weights: str | None, folder: str) -> str:
    """What stands for weights that a folder has changed."""
    return hashlib.sha256(f"{weights} {folder}".encode()).hexdigest()
