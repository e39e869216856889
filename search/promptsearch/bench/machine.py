"""What a measurement depends on besides the program: processor, versions, load."""

from __future__ import annotations

import os
import platform
from dataclasses import asdict, dataclass
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from promptsearch.cores import usable_cores

# Instructions that decide how fast which number format is.
_FEATURES = ("avx2", "avx512f", "avx512_bf16", "avx512_fp16", "amx_bf16", "amx_int8", "asimd", "bf16", "sve")


@dataclass(frozen=True)
class Machine:
    """The machine at one moment; `load` is the average number of waiting processes over one minute."""

    date: str
    system: str
    processor: str
    features: tuple[str, ...]
    torch_capability: str
    cores: int
    load: float | None
    versions: dict[str, str]

    @classmethod
    def now(cls) -> Machine:
        """This machine at this moment."""
        import torch

        info = _cpu_info()
        return cls(
            date=datetime.now().astimezone().isoformat(timespec="seconds"),
            system=platform.platform(terse=True),
            processor=info.get("model name", platform.machine()),
            features=tuple(name for name in _FEATURES if name in _flags(info)),
            torch_capability=torch.backends.cpu.get_cpu_capability(),
            cores=usable_cores(),
            load=load_now(),
            versions={
                "python": platform.python_version(),
                **{name: version(name) for name in ("promptsearch", "torch", "transformers", "numpy")},
            },
        )

    def record(self) -> dict[str, Any]:
        """As JSON-able values."""
        return asdict(self)


def load_now() -> float | None:
    """Average number of waiting processes over the last minute, where the system tells it."""
    return round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None


def _cpu_info() -> dict[str, str]:
    path = Path("/proc/cpuinfo")
    if not path.exists():
        return {}
    first = path.read_text("utf-8", errors="replace").split("\n\n", 1)[0]
    pairs = (line.split(":", 1) for line in first.splitlines() if ":" in line)
    return {key.strip(): value.strip() for key, value in pairs}


def _flags(info: dict[str, str]) -> set[str]:
    return set((info.get("flags") or info.get("Features") or "").split())
