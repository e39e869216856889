"""Models on the Hugging Face Hub: the local cache first, the network only when that is not enough."""

from __future__ import annotations

import logging
from pathlib import Path

from promptsearch.errors import PLMError
from promptsearch.paths import storage_errors
from promptsearch.plms.sources.checkpoint import Checkpoint, Progress
from promptsearch.plms.sources.files import check_folder
from promptsearch.plms.sources.quiet import quiet_transformers
from promptsearch.plms.sources.reference import HubName

_log = logging.getLogger(__name__)

# Configs, tokenizers and safetensors of the top folder; no other weight format, no copies for other programs.
_WANTED = ["*.json", "*.safetensors", "*.model", "*.txt", "*.jinja", "*.tiktoken", "*.py"]
_UNWANTED = ["*/*", "consolidated*"]


def cached(target: HubName) -> Path | None:
    """The folder of a model that is whole in the hub's own cache on this machine, else None."""
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError

    try:
        folder = Path(snapshot_download(target.name, revision=target.revision, local_files_only=True))
        check_folder(folder)
    except (LocalEntryNotFoundError, HFValidationError):
        return None
    except PLMError as error:
        _log.info("the cached copy of %s is not whole: %s", target.name, error.message)
        return None
    return folder


def from_hub(target: HubName, *, offline: bool, progress: Progress | None = None) -> Checkpoint:
    """The model's files, downloaded if need be and possible.

    Raises:
        PLMError: it is not on this machine and cannot be downloaded, or it has no safetensors.
    """
    folder = cached(target)
    if folder is None:
        if offline or not _reachable():
            raise _out_of_reach(target, offline)
        if progress:
            progress(f"downloading {target.name} from the hub")
        folder = _download(target)
        check_folder(folder)
    # The snapshot's folder is named by its commit.
    return Checkpoint(target.name, folder, folder.name, "hub", description="from the Hugging Face Hub")


def cached_names() -> list[str]:
    """Names of the models in the hub's cache on this machine that have a config and safetensors."""
    from huggingface_hub import constants

    names = []
    for folder in sorted(Path(constants.HF_HUB_CACHE).glob("models--*--*")):
        snapshots = [s for s in folder.glob("snapshots/*") if (s / "config.json").exists()]
        if any(next(snapshot.glob("*.safetensors"), None) for snapshot in snapshots):
            names.append(folder.name.removeprefix("models--").replace("--", "/", 1))
    return names


def _reachable() -> bool:
    from promptsearch.hub import hub_reachable

    return hub_reachable()


def _out_of_reach(target: HubName, offline: bool) -> PLMError:
    from promptsearch.plms.sources.listing import present_names

    why = "the network may not be used (offline)" if offline else "the hub cannot be reached"
    revision = f"@{target.revision}" if target.revision else ""
    hint = (
        f"On this machine: {', '.join(present_names())}. "
        f"With a network, `promptsearch models get {target.name}{revision}` fetches it."
    )
    if Path(target.name).is_dir():
        hint += f" For the folder of that name write ./{target.name}."
    return PLMError(f"{target.name}{revision} is not on this machine, and {why}", hint=hint)


def _download(target: HubName) -> Path:
    from huggingface_hub import constants, model_info, snapshot_download
    from huggingface_hub.errors import (
        GatedRepoError,
        HfHubHTTPError,
        HTTPError,
        LocalEntryNotFoundError,
        RepositoryNotFoundError,
        RevisionNotFoundError,
    )

    name = target.name
    try:
        with quiet_transformers(), storage_errors(Path(constants.HF_HUB_CACHE)):
            info = model_info(name, revision=target.revision, timeout=10)
            _check_listing(name, [file.rfilename for file in info.siblings or []])
            folder = snapshot_download(
                name, revision=info.sha, allow_patterns=_WANTED, ignore_patterns=_UNWANTED, max_workers=4
            )
    except GatedRepoError as error:
        hint = "Accept its terms on the hub, log in with `hf auth login`, then try again."
        raise PLMError(f"{name} asks for an agreement first", hint=hint) from error
    except RepositoryNotFoundError as error:
        hint = "Check the spelling of owner/name; a private model needs `hf auth login`."
        raise PLMError(f"there is no model {name} on the hub", hint=hint) from error
    except RevisionNotFoundError as error:
        raise PLMError(f"{name} has no revision {target.revision}") from error
    except (HTTPError, HfHubHTTPError, LocalEntryNotFoundError, ConnectionError, TimeoutError) as error:
        hint = f"Try `promptsearch models get {name}` again later; what is already there is kept."
        raise PLMError(f"{name} could not be downloaded: {error}", hint=hint) from error
    return Path(folder)


def _check_listing(name: str, files: list[str]) -> None:
    """Refuse before a download what would be refused after it."""
    top = [file for file in files if "/" not in file]
    if "config.json" not in top:
        raise PLMError(f"{name} has no config.json, so it is not a model that transformers loads")
    if not any(file.endswith(".safetensors") for file in top):
        raise PLMError(
            f"{name} has no safetensors weights, and pickles are not read",
            hint="Take a revision that has them (often refs/pr/1), or save it as safetensors yourself.",
        )
