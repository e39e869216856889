"""The PLMs that a search runs with."""

from __future__ import annotations

from dataclasses import dataclass, field

from promptsearch.errors import OptionError, PLMError
from promptsearch.plms.base import PLM
from promptsearch.study.budget import Clock
from promptsearch.study.config import DEFAULT_PLMS, DiscoverConfig
from promptsearch.study.loading import load_search_plm
from promptsearch.study.observer import Observer


@dataclass
class PLMs:
    """The PLMs of a search.

    Attributes:
        loaded: by reference, in order.
        unavailable: those asked for by default that could not be had -> why.
        asked: references of all, in order.
    """

    loaded: dict[str, PLM] = field(default_factory=dict)
    unavailable: dict[str, str] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    @classmethod
    def load(cls, config: DiscoverConfig, observer: Observer) -> PLMs:
        """Load every PLM, so that one which cannot be had is known before the work begins.

        Raises:
            PLMError: one that was asked for by name cannot be had, or none can.
            OptionError: two revisions of one PLM are asked for.
        """
        found = cls()
        for reference in dict.fromkeys(config.plms or DEFAULT_PLMS):
            observer.stage(f"Loading {reference}")
            try:
                plm = load_search_plm(config, reference, observer)
            except PLMError as error:
                if config.plms is not None:
                    raise
                found.unavailable[reference] = error.message
                found.asked.append(reference)
                observer.notice(f"{reference} was left out: {error.message}")
                continue
            name = plm.identity.reference
            if name in found.loaded and found.loaded[name].identity != plm.identity:
                raise OptionError(
                    f"two revisions of {name} cannot stand in one comparison", hint="Give one of them."
                )
            found.loaded[name] = plm
            found.asked.append(name)
        if not found.loaded:
            raise PLMError("no PLM can be had", where="\n".join(found.unavailable.values()))
        return found

    def watch(self, observer: Observer, clock: Clock | None) -> None:
        """Have the observer told of prompts that go through; stop in their middle when time is over."""

        def progress(done: int, total: int) -> None:
            observer.advance(done, total)
            if clock is not None:
                clock.check()

        for plm in self.loaded.values():
            plm.watch(progress)
