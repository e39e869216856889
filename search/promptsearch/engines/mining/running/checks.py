"""Whether a cluster's workers can do the work, asked before it starts."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from promptsearch.corpus import Corpus
from promptsearch.engines.mining.running.base import RunningError
from promptsearch.errors import DataError

if TYPE_CHECKING:
    from distributed import Client

_EQUAL = ("dask", "distributed", "promptsearch")


def check_versions(client: Client) -> None:
    """Raises RunningError where Python or a package that both sides need differs from here."""
    found: Any = client.get_versions(packages=["promptsearch"])
    here = _versions(found["client"])
    places = {"scheduler": found["scheduler"], **found["workers"]}
    for place, there in ((place, _versions(said)) for place, said in places.items()):
        different = [name for name, version in here.items() if there[name] != version]
        if different:
            raise RunningError(
                "the cluster has other versions: "
                + ", ".join(f"{name} {there[name] or 'missing'}, here {here[name]}" for name in different),
                where=str(place),
                hint="Install the same ones on both sides: pip install 'promptsearch[cluster]'.",
            )


def check_sources(client: Client, corpus: Corpus) -> None:
    """Raises DataError where a worker does not see the files that are seen here."""
    sizes = {
        source.path: source.size if os.path.isfile(source.path) else None
        for source in corpus.sources
        if source.kind not in ("hub", "memory")
    }
    found: Any = client.run(unlike, sizes)
    for worker, missing in found.items():
        if missing:
            raise DataError(
                "a worker of the cluster does not see this file as it is here",
                where=f"{missing[0]}, on {worker}",
                hint="Put the corpus where all workers find it under the same path, as a shared file system.",
            )


def unlike(sizes: dict[str, int | None]) -> list[str]:
    """The paths that are missing here, or that are files of another size."""
    return [
        path
        for path, size in sizes.items()
        if not os.path.exists(path) or (size is not None and os.path.getsize(path) != size)
    ]


def _versions(said: Any) -> dict[str, str | None]:
    packages = (said or {}).get("packages") or {}
    python = str(((said or {}).get("host") or {}).get("python") or "")
    versions: dict[str, str | None] = {name: packages.get(name) for name in _EQUAL}
    return {"Python": ".".join(python.split(".")[:2]) or None, **versions}
