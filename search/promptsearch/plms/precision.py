"""Which number format a device multiplies fastest."""

from __future__ import annotations

import time

import torch

# bfloat16 has 8 bits of precision against 24, so it must be worth it.
_WORTHWHILE = 1.5


def fastest_dtype(device: torch.device, width: int = 576, rows: int = 512) -> torch.dtype:
    """bfloat16 where the device is clearly faster with it, else float32.

    Measured on a product of the size that a layer of a small PLM makes, best of several tries.
    """
    times = {dtype: _best_time(device, dtype, width, rows) for dtype in (torch.float32, torch.bfloat16)}
    return torch.bfloat16 if times[torch.bfloat16] * _WORTHWHILE < times[torch.float32] else torch.float32


def _best_time(device: torch.device, dtype: torch.dtype, width: int, rows: int, tries: int = 8) -> float:
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
