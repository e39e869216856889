"""How much memory this process has taken."""

from __future__ import annotations

import sys
from pathlib import Path


def peak_memory() -> int | None:
    """Most memory this process ever had resident, in bytes; None where the system does not tell."""
    status = Path("/proc/self/status")
    if status.exists():
        # `ru_maxrss` would begin at the parent's memory: it lives on through fork and exec.
        fields = dict(line.split(":", 1) for line in status.read_text().splitlines())
        return int(fields["VmHWM"].split()[0]) * 1024
    try:
        import resource
    except ImportError:
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
