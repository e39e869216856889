"""The arrays of a readout, in a safetensors file beside the prompt file."""

from __future__ import annotations

import hashlib
from dataclasses import fields
from os import PathLike
from pathlib import Path

import numpy as np
from safetensors import SafetensorError
from safetensors import numpy as safetensors_numpy

from promptsearch.artefact.arrays import HINT, file_beside, read_arrays
from promptsearch.artefact.models import PromptDocument, ReadoutRecord
from promptsearch.errors import PromptFileError
from promptsearch.paths import atomic_write
from promptsearch.scoring.continuous import READOUTS, Array, Readout, parameters_of, tensors_of


def tensor_file_name(path: str | PathLike[str]) -> str:
    """Name of the file of arrays beside a prompt file: `best.json` has `best.safetensors`."""
    return file_beside(path)


def readout_record(readout: Readout, file: str) -> ReadoutRecord:
    """What a prompt file says about a readout whose arrays are in `file`."""
    sha256 = hashlib.sha256(_content(readout)).hexdigest()
    return ReadoutRecord.model_validate(
        {"kind": readout.kind, "file": file, "sha256": sha256, "parameters": parameters_of(readout)}
    )


def write_readout(prompt_file: str | PathLike[str], readout: Readout) -> ReadoutRecord:
    """Write the arrays beside a prompt file under a temporary name, then rename them.

    Raises:
        StorageError: they cannot be written.
    """
    file = tensor_file_name(prompt_file)
    atomic_write(Path(prompt_file).with_name(file), _content(readout))
    return readout_record(readout, file)


def read_readout(prompt_file: str | PathLike[str], document: PromptDocument) -> Readout:
    """The readout of a prompt file, from the arrays beside it.

    Raises:
        PromptFileError: they are missing, damaged, of another readout, or do not fit the document.
    """
    record = document.readout
    if record is None:
        raise ValueError("the prompt has no readout")
    place = Path(prompt_file).with_name(record.file)
    content = read_arrays(place, record.sha256)
    try:
        readout = _readout(record, safetensors_numpy.load(content))
    except (SafetensorError, KeyError, ValueError, TypeError) as error:
        raise PromptFileError(
            f"the file of arrays holds no readout of kind {record.kind}: {error}",
            where=str(place),
            hint=HINT,
        ) from None
    n_labels = len(document.verbalizer.labels)
    if readout.n_labels != n_labels:
        raise PromptFileError(
            f"the file of arrays is for {readout.n_labels} labels, and the prompt has {n_labels}",
            where=str(place),
            hint=HINT,
        )
    return readout


def _readout(record: ReadoutRecord, tensors: dict[str, np.ndarray]) -> Readout:
    """The readout of these arrays.

    Raises:
        ValueError: arrays are missing, too many, of another number format, or no readout of this kind.
    """
    kind = READOUTS[record.kind]
    parameters = dict(record.parameters)
    for name in ("k", "n_labels"):
        if not isinstance(parameters.get(name, 0), int):
            raise ValueError(f"{name} should be a whole number, got {parameters[name]}")
    needed = {each.name for each in fields(kind)} - set(parameters)
    if set(tensors) != needed:
        raise ValueError(f"it has {', '.join(sorted(tensors)) or 'nothing'}, not {', '.join(sorted(needed))}")
    for name, array in tensors.items():
        wanted = np.int64 if name == "labels" else np.float32
        if array.dtype != wanted:
            raise ValueError(f"{name} is {array.dtype}, not {np.dtype(wanted)}")
    # The readout checks values and shapes itself.
    return kind(**tensors, **parameters)  # ty: ignore[invalid-argument-type]


def _content(readout: Readout) -> bytes:
    arrays: dict[str, Array] = tensors_of(readout)
    return safetensors_numpy.save(arrays)
