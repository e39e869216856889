"""The vectors of soft tokens, in a safetensors file beside the prompt file."""

from __future__ import annotations

import hashlib
from os import PathLike
from pathlib import Path

import numpy as np
from safetensors import SafetensorError
from safetensors import numpy as safetensors_numpy

from promptsearch.artefact.arrays import HINT, file_beside, read_arrays
from promptsearch.artefact.models import PromptDocument, SoftRecord
from promptsearch.errors import PromptFileError
from promptsearch.paths import atomic_write
from promptsearch.soft import SoftVectors

_NAME = "vectors"


def soft_file_name(path: str | PathLike[str]) -> str:
    """Name of the file of vectors beside a prompt file: `best.json` has `best.soft.safetensors`."""
    return file_beside(path, ".soft.safetensors")


def soft_record(vectors: SoftVectors, file: str) -> SoftRecord:
    """What a prompt file says about vectors that are in `file`."""
    return SoftRecord(
        file=file,
        sha256=hashlib.sha256(_content(vectors)).hexdigest(),
        tokens=len(vectors),
        width=vectors.width,
        groups=vectors.groups,
    )


def write_soft(prompt_file: str | PathLike[str], vectors: SoftVectors) -> SoftRecord:
    """Write the vectors beside a prompt file under a temporary name, then rename them.

    Raises:
        StorageError: they cannot be written.
    """
    file = soft_file_name(prompt_file)
    atomic_write(Path(prompt_file).with_name(file), _content(vectors))
    return soft_record(vectors, file)


def read_soft(prompt_file: str | PathLike[str], document: PromptDocument) -> SoftVectors:
    """The vectors of a prompt file, from the file beside it.

    Raises:
        PromptFileError: they are missing, damaged, or do not fit the document.
    """
    record = document.soft
    if record is None:
        raise ValueError("the prompt has no soft tokens")
    place = Path(prompt_file).with_name(record.file)
    content = read_arrays(place, record.sha256)
    try:
        arrays = safetensors_numpy.load(content)
        found = arrays[_NAME]
        if found.dtype != np.float32 or found.shape != (record.tokens, record.width):
            raise ValueError(
                f"they are {found.dtype} of shape {found.shape}, "
                f"not float32 of shape {(record.tokens, record.width)}"
            )
        return SoftVectors(found, record.groups)
    except (SafetensorError, KeyError, ValueError, TypeError) as error:
        raise PromptFileError(
            f"the file of arrays does not hold the vectors of the soft tokens: {error}",
            where=str(place),
            hint=HINT,
        ) from None


def _content(vectors: SoftVectors) -> bytes:
    return safetensors_numpy.save({_NAME: np.ascontiguousarray(vectors.array)})
