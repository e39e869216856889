"""Search engines, by name.

Another package adds its own through an entry point:

    [project.entry-points."promptsearch.engines"]
    mine = "mypackage.engine:MyEngine"
"""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING

from promptsearch.errors import OptionError, near_matches

if TYPE_CHECKING:
    from promptsearch.engines.base import Engine

ENTRY_POINTS = "promptsearch.engines"


def _manual() -> Engine:
    from promptsearch.engines.manual import ManualEngine

    return ManualEngine()


def _words() -> Engine:
    from promptsearch.engines.words import WordsEngine

    return WordsEngine()


def _mining() -> Engine:
    from promptsearch.engines.mining import MiningEngine

    return MiningEngine()


def _trigger() -> Engine:
    from promptsearch.engines.trigger import TriggerEngine

    return TriggerEngine()


def _soft() -> Engine:
    from promptsearch.engines.soft.engine import SoftEngine

    return SoftEngine()


ENGINES: dict[str, Callable[[], Engine]] = {
    "manual": _manual,
    "mining": _mining,
    "words": _words,
    "trigger": _trigger,
    "soft": _soft,
}


def engine_names() -> tuple[str, ...]:
    """Names of all engines, those of this package first."""
    return (*ENGINES, *sorted(set(_added()) - set(ENGINES)))


def engine(name: str) -> Engine:
    """The engine of that name.

    Raises:
        OptionError: no engine has this name, or another package's engine cannot be loaded.
    """
    if name in ENGINES:
        return ENGINES[name]()
    added = _added()
    if name not in added:
        near = near_matches(name, engine_names())
        raise OptionError(
            f"there is no engine {name!r}",
            hint=(f"Did you mean {' or '.join(near)}? " if near else "")
            + f"Engines: {', '.join(engine_names())}.",
        )
    try:
        return added[name].load()()
    except (ImportError, AttributeError) as error:
        raise OptionError(
            f"the engine {name!r} cannot be loaded: {error}",
            where=f"entry point {added[name].value}",
            hint="The package that offers it is not installed rightly.",
        ) from error


def _added() -> dict[str, EntryPoint]:
    return {entry.name: entry for entry in entry_points(group=ENTRY_POINTS)}
