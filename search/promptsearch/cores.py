"""How many cores a process may use, which on a shared machine or in a container are fewer than there are."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from pathlib import Path

_GROUPS = Path("/sys/fs/cgroup")
_OWN_GROUP = Path("/proc/self/cgroup")


def usable_cores(groups: Path = _GROUPS, own: Path = _OWN_GROUP) -> int:
    """The cores that this process is bound to, or fewer where its container is given the time of fewer.

    Args:
        groups: where Linux shows control groups, version 1 or 2 (see cgroups(7)).
        own: the file that tells the groups of this process.
    """
    bound = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min([bound, *(math.ceil(share) for share in _shares(groups, own))]))


def _shares(groups: Path, own: Path) -> Iterator[float]:
    """Cores whose time each group of this process, and each that holds it, is given."""
    for line in _text(own).splitlines():
        _, controllers, place = line.split(":", 2)
        if controllers not in ("", "cpu,cpuacct", "cpu", "cpuacct,cpu"):
            continue
        root = groups / controllers
        inside = Path(place.lstrip("/"))
        # Within a container the folder may not be there: what is shown at the top is its own group.
        for folder in (inside, *inside.parents):
            yield from _share(root / folder)


def _share(group: Path) -> Iterator[float]:
    """Time over period, where a group's time is limited."""
    limit = _text(group / "cpu.max").split() or [
        _text(group / "cpu.cfs_quota_us").strip(),
        _text(group / "cpu.cfs_period_us").strip(),
    ]
    if len(limit) == 2 and all(part.isdigit() for part in limit) and int(limit[1]):
        yield int(limit[0]) / int(limit[1])


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        return ""
