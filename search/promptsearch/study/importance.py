"""How much of the spread between candidates each part of the choice explains."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import ArrayLike

from promptsearch.study.trial import Trial

PARTS: Mapping[str, Callable[[Trial], Hashable]] = MappingProxyType(
    {
        "PLM": lambda trial: trial.plm,
        "engine": lambda trial: trial.candidate.engine,
        "template": lambda trial: trial.candidate.template,
        "label words": lambda trial: trial.candidate.verbalizer,
        "calibration": lambda trial: trial.calibration.method,
    }
)


@dataclass(frozen=True)
class Importance:
    """A part of the choice, and the share of the variance of dev figures that it explains, 0 to 1."""

    parameter: str
    share: float


def importances(trials: Sequence[Trial], metric: str) -> tuple[Importance, ...]:
    """The share of each part of the choice, the largest first, by `omega_squared` of the figures on dev.

    Each part is looked at by itself. Candidates come as engines find them and are not balanced, so that
    parts overlap (a template belongs to an engine): shares do not add up to 1, and tell nothing of how
    parts act together.
    """
    values = [trial.dev.value(metric) for trial in trials]
    found = [
        Importance(name, omega_squared(values, [part(trial) for trial in trials]))
        for name, part in PARTS.items()
    ]
    return tuple(sorted(found, key=lambda each: -each.share))


def omega_squared(values: ArrayLike, groups: Sequence[Hashable]) -> float:
    """Share of the variance of n values that k groups explain, 0 to 1.

        ω² = (SS_between - (k - 1) MS_within) / (SS_total + MS_within),  MS_within = SS_within / (n - k)

    of a one-way analysis of variance with fixed effects (Hays 1963, "Statistics for Psychologists").
    η² = SS_between / SS_total would rise with the number of groups though they mean nothing, and reach 1
    where each value is its own group; ω² is about 0 for groups drawn by chance. Estimates below 0 are given
    as 0, and 0 is the answer where there is nothing to estimate from: one group, values that are all equal,
    no group of two. Values that are no finite numbers are left out.

    Raises:
        ValueError: not one group a value.
    """
    found = np.asarray(values, dtype=np.float64)
    if found.shape != (len(groups),):
        raise ValueError(f"{len(groups)} groups for values of shape {found.shape}")
    number = {group: i for i, group in enumerate(dict.fromkeys(groups))}
    kept = np.isfinite(found)
    found, member = found[kept], np.array([number[group] for group in groups], dtype=np.int64)[kept]
    _, member = np.unique(member, return_inverse=True)
    n, k = len(found), int(member.max(initial=-1)) + 1
    if k < 2 or n <= k or np.ptp(found) == 0:
        return 0.0
    means = np.bincount(member, found) / np.bincount(member)
    total = float(((found - found.mean()) ** 2).sum())
    within = float(((found - means[member]) ** 2).sum())
    unit = within / (n - k)
    return float(np.clip((total - within - (k - 1) * unit) / (total + unit), 0.0, 1.0))
