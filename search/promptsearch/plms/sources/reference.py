"""What kind of thing a PLM reference is, from its spelling alone."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from promptsearch.errors import PLMError
from promptsearch.plms.sources.catalogue import HUB_NAMES, NAMED, NamedPLM, unknown_name

_HUB_NAME = re.compile(r"[A-Za-z0-9][\w.-]*/[\w.-]+\Z", re.ASCII)
_PATH_STARTS = (".", "/", "~")


@dataclass(frozen=True)
class HubName:
    """`owner/name` on the hub, with a branch, tag or commit."""

    name: str
    revision: str | None


Target = NamedPLM | HubName | Path


def parse_reference(reference: str, revision: str | None = None) -> Target:
    """Tell a named PLM, a hub name and a folder apart, without looking at disk or network.

    `./x`, `../x`, `/x`, `~/x` and names with a backslash are folders; `owner/name` or `owner/name@revision`
    is on the hub; any other name must be in the catalogue.

    Raises:
        PLMError: an unknown name, a malformed one, or a revision where there can be none.
    """
    if reference.startswith(_PATH_STARTS) or "\\" in reference:
        _refuse_revision(reference, revision, "a folder")
        return Path(reference).expanduser()
    name, _, own_revision = reference.partition("@")
    if own_revision and revision and own_revision != revision:
        raise PLMError(
            f"two revisions for {name}: {own_revision!r} and {revision!r}", hint="Give one of them."
        )
    revision = own_revision or revision
    if name in NAMED:
        _refuse_revision(name, revision, "a PLM of the catalogue")
        return NAMED[name]
    name = HUB_NAMES.get(name, name)
    if "/" not in name:
        raise unknown_name(name)
    if not _HUB_NAME.match(name) or reference.endswith("@"):
        raise PLMError(
            f"{reference!r} is not the name of a PLM",
            hint="A model on the hub is written owner/name or owner/name@revision, a folder ./folder.",
        )
    return HubName(name, revision)


def _refuse_revision(reference: str, revision: str | None, kind: str) -> None:
    if revision:
        raise PLMError(
            f"{reference} is {kind} and has no revision {revision!r}", hint="Leave the revision out."
        )
