"""Files of arrays beside a prompt file."""

from __future__ import annotations

import hashlib
import re
from os import PathLike
from pathlib import Path

from promptsearch.errors import PromptFileError
from promptsearch.showing import whole_text

MAX_BYTES = 2_000_000_000
HINT = "Copy a prompt file together with its .safetensors file, or search again."


def file_beside(path: str | PathLike[str], ending: str = ".safetensors") -> str:
    """Name of a file beside a prompt file: `best.json` has `best.safetensors`."""
    place = Path(path)
    stem = place.stem if place.suffix == ".json" else place.name
    # The record takes no name that might lead elsewhere on some system.
    return re.sub(r"[\\:\x00-\x1f]", "-", whole_text(stem)) + ending


def read_arrays(place: Path, sha256: str) -> bytes:
    """The content of a file of arrays.

    Raises:
        PromptFileError: it is missing, too large, or not the one with this checksum.
    """
    content = _read(place)
    found = hashlib.sha256(content).hexdigest()
    if found != sha256:
        raise PromptFileError(
            "the file of arrays is not the one the prompt was saved with, or is damaged",
            where=f"{place}: sha256 {found[:12]}…, {sha256[:12]}… in the prompt file",
            hint=HINT,
        )
    return content


def _read(place: Path) -> bytes:
    try:
        size = place.stat().st_size
        if size > MAX_BYTES:
            raise PromptFileError(
                f"the file of arrays is larger than {MAX_BYTES // 10**6} MB", where=str(place)
            )
        return place.read_bytes()
    except FileNotFoundError:
        raise PromptFileError(
            "the file of arrays that the prompt needs is missing", where=str(place), hint=HINT
        ) from None
    except OSError as error:
        raise PromptFileError(
            f"the file of arrays cannot be read: {error.strerror}", where=str(place)
        ) from error
