"""A PLM that has been found, and one that has been loaded."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from promptsearch.plms.base import Family
from promptsearch.showing import whole_text

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

Origin = Literal["built-in", "wheel", "folder", "hub"]
Progress = Callable[[str], None]
"""Told what is being done, in a few words, whenever that changes."""


@dataclass(frozen=True)
class Checkpoint:
    """Where a PLM's files lie.

    Attributes:
        reference: as the user wrote it, without the revision.
        folder: config, tokenizer and safetensors on disk.
        revision: version of the wheel, or commit on the hub; None for a plain folder.
        licence: as its makers state it; None when that is not known.
    """

    reference: str
    folder: Path
    revision: str | None
    origin: Origin
    licence: str | None = None
    description: str = ""

    @property
    def lasting_reference(self) -> str:
        """What finds it again from any directory, as a prompt file needs it: of a folder its whole path."""
        path = str(self.folder)
        # Bytes that are no text cannot stand in a prompt file.
        return path if self.origin == "folder" and whole_text(path) == path else self.reference


@dataclass(frozen=True)
class LoadedModel:
    """A language model in memory, in evaluation mode and without gradients, with its tokenizer.

    Attributes:
        weights_sha256: over the safetensors files in the order of their names (hex).
    """

    model: PreTrainedModel
    tokenizer: PreTrainedTokenizerBase
    family: Family
    weights_sha256: str
