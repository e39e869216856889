"""A step's race: candidates are read on growing parts of train, and the worse ones leave early.

Everyone is read on the same examples, which come in an order that is drawn anew for every race and in which
each part has the classes' shares. After a part, a candidate leaves for one of two reasons.

*It is worse.* The mean of its paired differences to the leader, which is the best candidate or the trigger
that all of them would replace, is tested one-sided, with Student's t corrected for the share of train that
has been seen, and with variances drawn towards their median over candidates, since each is known from few
examples (moderated t, Smyth 2004). `Rules.error` bounds how often the best of the candidates leaves by a
test. Half of it is split over the looks, which covers a rival that is named beforehand. The leader is named
by the scores; for that the other half is kept. In simulated races of 16 and 64 candidates that are alike or
unlike, at an error of 0.2, the best one left in 0 to 12 % (`tests/engines/trigger/test_racing.py` repeats
some).

*Others lead.* Of those left, the better half goes on (successive halving, Karnin et al. 2013). This has no
error bound. Over the first steps of a search on SST-2 (16 examples a class, 64 candidates), a race costs
0.31 of reading everything and keeps 96 % of the gain that the best candidate would have brought, which pays
three times over: what is saved goes into more candidates.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from statistics import NormalDist

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from promptsearch.engines.trigger.costs import GRID, Costs
from promptsearch.scoring.blocks import stratified_order

FloatArray = NDArray[np.float64]

# Label scores (c, r, L) of some candidates on some examples.
Read = Callable[[Sequence[int], Sequence[int]], Tensor]


@dataclass(frozen=True)
class Rules:
    """When candidates leave.

    Attributes:
        error: bound on how often the best candidate of a race leaves by a test; 0 for no tests.
        keep: share of the candidates that goes on after a look; 1 for no halving.
        first: share of train in the first part, and at least `fewest` examples; each part doubles what is
            seen.
        prior: examples that the median variance weighs as much as.
    """

    error: float = 0.2
    keep: float = 0.5
    first: float = 1 / 8
    fewest: int = 4
    prior: int = 8

    def looks(self, n: int) -> list[int]:
        """Numbers of examples after which is looked; the last is n."""
        ends = [min(n, max(self.fewest, int(n * self.first)))]
        while ends[-1] < n:
            ends.append(n if 2 * ends[-1] > 0.75 * n else 2 * ends[-1])
        return ends


@dataclass(frozen=True)
class Outcome:
    """How a race ended.

    Attributes:
        finished: label scores (n, L) of candidates that were read on all examples.
        gains: of each candidate, how much lower its loss is than that of the trigger it would replace, on the
            examples it was read on.
        seen: of each candidate, how many those are.
    """

    finished: dict[int, Tensor] = field(default_factory=dict)
    gains: FloatArray = field(default_factory=lambda: np.zeros(0))
    seen: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, dtype=np.int64))


def race(
    read: Read,
    candidates: int,
    current: Tensor,
    costs: Costs,
    seed: int,
    rules: Rules | None,
    handicaps: FloatArray | None = None,
) -> Outcome:
    """Race candidates against each other and the current trigger.

    Args:
        candidates: how many there are.
        current: (n, L) label scores of the trigger that they would replace.
        seed: of the order of the examples.
        rules: None to read all of them on all examples.
        handicaps: (candidates,) added to the losses of candidates, less that of the current trigger.
    """
    n = len(current)
    order = stratified_order(costs.gold.numpy(), seed)
    extra = np.zeros(candidates) if handicaps is None else handicaps
    alive, seen = np.arange(candidates), np.zeros(candidates, dtype=np.int64)
    gains, known = np.zeros(candidates), {}
    looks = [n] if rules is None else rules.looks(n)
    for start, end in zip([0, *looks], looks):
        rows = order[start:end].tolist()
        for candidate, scores in zip(alive.tolist(), read(alive.tolist(), rows)):
            known[candidate] = torch.cat([known[candidate], scores]) if start else scores
        rows = order[:end].tolist()
        mine = costs.of_examples(torch.stack([known[c] for c in alive.tolist()]), rows)
        theirs = costs.of_examples(current[rows], rows)
        gains[alive] = (costs.loss(theirs) - costs.loss(mine)).numpy() - extra[alive]
        seen[alive] = end
        if rules is not None and end < n:
            differences = (mine - theirs).numpy() + extra[alive, None] * costs.nat(theirs)
            alive = alive[_stay(differences, n, len(looks) - 1, rules)]
            if len(alive) == 0:
                break
    back = torch.from_numpy(np.argsort(order))
    finished = {c: known[c][back] for c in alive.tolist()}
    return Outcome(finished, gains, seen)


def _stay(differences: FloatArray, n: int, looks: int, rules: Rules) -> NDArray[np.bool_]:
    """Which candidates go on: (k,).

    Args:
        differences: (k, e) costs on the examples seen, less those of the current trigger.
    """
    count, seen = differences.shape
    means = differences.mean(axis=1)
    leader = int(means.argmin())
    stay = np.zeros(count, dtype=np.bool_)
    stay[np.argsort(np.round(means / GRID), kind="stable")[: max(1, round(rules.keep * count))]] = True
    if rules.error == 0 or seen < 2:
        return stay
    behind = differences - (differences[leader] if means[leader] < 0 else 0.0)
    variances = behind.var(axis=1, ddof=1)
    rivals = np.delete(variances, leader) if means[leader] < 0 and count > 1 else variances
    freedom = seen - 1 + rules.prior
    moderated = ((seen - 1) * variances + rules.prior * np.median(rivals)) / freedom
    # On all of train there is nothing left to be unsure of.
    errors = np.sqrt(moderated * (1 - seen / n) / seen)
    critical = t_quantile(1 - rules.error / 2 / looks, freedom)
    return stay & (behind.mean(axis=1) <= critical * errors + 1e-12)


def t_quantile(probability: float, freedom: float) -> float:
    """Quantile of Student's t, to 1 % from 8 degrees of freedom on (Abramowitz and Stegun 1964, 26.7.5)."""
    z = NormalDist().inv_cdf(probability)
    first = (z**3 + z) / 4
    second = (5 * z**5 + 16 * z**3 + 3 * z) / 96
    return z + first / freedom + second / freedom**2
