"""What the figures of a run may depend on beside its options."""

from __future__ import annotations

import platform
from collections.abc import Mapping

from promptsearch.cores import usable_cores
from promptsearch.plms.base import PLM
from promptsearch.study.artefacts import versions


def environment(plms: Mapping[str, PLM]) -> dict[str, str]:
    """Versions, machine, and device and number format of each PLM."""
    found = {**versions(), "machine": platform.platform(), "cores": str(usable_cores())}
    for reference, plm in plms.items():
        found[reference] = f"{plm.dtype} on {getattr(plm, 'device', 'its own device')}"
    return found
