"""Which number format a device multiplies fastest: measured once, then remembered.

A choice that hung on the load of the moment would change figures between two runs of one command, so it is
kept in the cache folder for this device and version of torch.
"""

from __future__ import annotations

import json
import logging
import platform
import time
from pathlib import Path

import torch

from promptsearch.errors import StorageError
from promptsearch.locks import one_at_a_time
from promptsearch.paths import atomic_write, cache_dir

_log = logging.getLogger(__name__)

# bfloat16 has 8 bits of precision against 24, so it must be worth it.
_WORTHWHILE = 1.5
_FORMATS = ("float32", "bfloat16")


def fastest_dtype(device: torch.device) -> torch.dtype:
    """bfloat16 where the device is clearly faster with it, else float32."""
    path = cache_dir() / "precision.json"
    key = f"{_device_name(device)}, torch {torch.__version__}"
    if (known := _read(path).get(key)) in _FORMATS:
        return getattr(torch, known)
    # Processes that begin together must not find different ones.
    with one_at_a_time(cache_dir() / "locks" / "precision"):
        every = _read(path)
        if every.get(key) not in _FORMATS:
            every[key] = str(measure(device)).removeprefix("torch.")
            try:
                atomic_write(path, json.dumps(every, indent=2) + "\n")
            except StorageError as error:
                _log.warning("the faster number format is measured at every start: %s", error.message)
    return getattr(torch, every[key])


def _read(path: Path) -> dict[str, str]:
    """What was measured before; a note that is damaged or cannot be read is measured anew."""
    try:
        known = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return known if isinstance(known, dict) else {}


def measure(device: torch.device, width: int = 576, rows: int = 512) -> torch.dtype:
    """Time a product of the size that a layer of a small PLM makes, best of several tries."""
    times = {dtype: _best_time(device, dtype, width, rows) for dtype in (torch.float32, torch.bfloat16)}
    return torch.bfloat16 if times[torch.bfloat16] * _WORTHWHILE < times[torch.float32] else torch.float32


def _device_name(device: torch.device) -> str:
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    # The machine's name stands for its processor, which Python cannot name on every system.
    return f"{device.type} {platform.node()} {platform.machine()} {torch.backends.cpu.get_cpu_capability()}"


def _best_time(device: torch.device, dtype: torch.dtype, width: int, rows: int, tries: int = 12) -> float:
    layer = torch.nn.Linear(width, 4 * width, bias=False, device=device, dtype=dtype)
    inputs = torch.ones(rows, width, device=device, dtype=dtype)
    best = float("inf")
    with torch.inference_mode():
        for _ in range(tries):
            start = time.perf_counter()
            layer(inputs)
            if device.type == "cuda":
                torch.cuda.synchronize(device)
            best = min(best, time.perf_counter() - start)
    return best
