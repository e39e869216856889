"""What was trained of the PLM or around it, in a folder beside the prompt file."""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Literal

from promptsearch.artefact.arrays import file_beside
from promptsearch.artefact.models import PromptDocument, TunedRecord
from promptsearch.errors import PromptFileError
from promptsearch.paths import atomic_folder

TunedKind = Literal["lora", "prefix", "full"]
_BLOCK = 1 << 20
_HINT = "Copy a prompt file together with the folder beside it, or tune again."


@dataclass(frozen=True)
class TunedFolder:
    """A folder whose content was checked.

    Attributes:
        sha256: see `folder_sha256`.
    """

    kind: TunedKind
    path: Path
    sha256: str


def tuned_folder_name(path: str | PathLike[str], kind: TunedKind) -> str:
    """Name of the folder beside a prompt file: `best.json` has `best.lora`, `best.prefix` or `best.full`."""
    return file_beside(path, f".{kind}").lstrip(".")


def folder_sha256(folder: Path) -> str:
    """sha256 (hex) over names and contents of the files that are read, in the order of their names.

    Raises:
        PromptFileError: the folder cannot be read.
    """
    digest = hashlib.sha256()
    try:
        # Pages about the folder, as hubs want them, are not read.
        for path in sorted(each for each in folder.iterdir() if each.suffix.lower() != ".md"):
            digest.update(f"{path.name}\0{path.stat().st_size}\0".encode(errors="surrogateescape"))
            with path.open("rb") as file:
                while block := file.read(_BLOCK):
                    digest.update(block)
    except FileNotFoundError:
        raise PromptFileError(
            "the folder that the prompt needs is missing", where=str(folder), hint=_HINT
        ) from None
    except OSError as error:
        raise PromptFileError(
            f"the folder that the prompt needs cannot be read: {error.strerror}", where=str(folder)
        ) from error
    return digest.hexdigest()


def tuned_record(folder: TunedFolder, numbers: int) -> TunedRecord:
    """What a prompt file says about a folder beside it."""
    return TunedRecord(kind=folder.kind, folder=folder.path.name, sha256=folder.sha256, numbers=numbers)


def read_tuned(prompt_file: str | PathLike[str], document: PromptDocument) -> TunedFolder:
    """The folder of a prompt file.

    Raises:
        PromptFileError: it is missing, or not the one that the prompt was saved with.
    """
    record = document.tuned
    if record is None:
        raise ValueError("the prompt needs no folder")
    place = Path(prompt_file).with_name(record.folder)
    found = folder_sha256(place)
    if found != record.sha256:
        raise PromptFileError(
            "the folder beside the prompt file is not the one the prompt was saved with, or is damaged",
            where=f"{place}: sha256 {found[:12]}…, {record.sha256[:12]}… in the prompt file",
            hint=_HINT,
        )
    return TunedFolder(record.kind, place, found)


def copy_tuned(prompt_file: str | PathLike[str], folder: TunedFolder) -> str:
    """Have the folder stand beside a prompt file too, and return its name.

    Raises:
        StorageError: it cannot be copied.
    """
    place = Path(prompt_file).with_name(tuned_folder_name(prompt_file, folder.kind))
    if place.resolve() != folder.path.resolve():
        remove_tuned(place)
        copy_folder(folder.path, place)
    return place.name


def copy_folder(source: Path, place: Path) -> None:
    """Copy a folder under a temporary name, then rename it; there must be none yet.

    Raises:
        StorageError: it cannot be copied.
    """
    with atomic_folder(place) as temporary:
        shutil.copytree(source, temporary, dirs_exist_ok=True)


def remove_tuned(place: Path) -> None:
    """Remove such a folder, where there is one."""
    if place.is_dir() and not place.is_symlink():
        shutil.rmtree(place)
