"""Loading the PLMs of a search."""

from __future__ import annotations

from promptsearch.plms.base import PLM
from promptsearch.study.config import DiscoverConfig
from promptsearch.study.observer import Observer


def load_search_plm(config: DiscoverConfig, reference: str, observer: Observer) -> PLM:
    """Load a PLM with the device, number format and network rules of a config.

    Raises:
        PLMError: it cannot be had.
    """
    from promptsearch.plms import load_plm

    return load_plm(
        reference,
        device=config.device,
        dtype=config.dtype,
        offline=config.offline,
        trust_remote_code=config.trust_remote_code,
        progress=observer.stage,
    )
