"""How many examples a paired comparison takes."""

from __future__ import annotations

import math
from statistics import NormalDist


def paired_sample_size(
    discordant: float, difference: float, *, level: float = 0.95, power: float = 0.8
) -> int:
    """Examples on which a paired test of two accuracies shows a true difference of this size.

    n = ((z_a * sqrt(d) + z_b * sqrt(d - e**2)) / e)**2 for McNemar's test, with d the share of examples that
    just one system has right and e the difference of the accuracies (Connor 1987, "Sample size for testing
    differences in proportions for the paired-sample design", Biometrics 43). An approximation: d and e are
    taken for the true ones.

    Args:
        discordant: d, at least |difference|.
        difference: e, not 0.
        level: one minus the two-sided error rate of the test.
        power: how often the test is to show the difference.

    Raises:
        ValueError: a difference of 0, or shares that cannot be.
    """
    size = abs(difference)
    if not 0 < size <= discordant <= 1:
        raise ValueError(f"a difference of {difference} where {discordant} of the examples differ")
    normal = NormalDist()
    found = normal.inv_cdf((1 + level) / 2) * math.sqrt(discordant)
    found += normal.inv_cdf(power) * math.sqrt(discordant - size**2)
    return math.ceil((found / size) ** 2)
