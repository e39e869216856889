"""A race: candidates are scored on the same examples in growing blocks, and the worse ones leave early.

Two rules let a candidate leave, and they promise different things.

*Tests* (`RaceRules.level`). After each block but the last, a paired test asks of every candidate whether
it is worse than the current leader: on correct answers the exact one-sided McNemar test, in a race by
log-likelihood the sign-flip test, which takes differences of equal candidates to be symmetric. Each
p-value is compared with level / (looks * (k - 1)). The candidate that is best on the population can only
be dropped wrongly at one of the looks and against one of the k - 1 others, whichever of them lead, so by
Bonferroni's inequality it leaves by a test with probability at most `level`, over the whole race and under
any dependence between candidates. Holm's (1979) larger steps are not taken: they hold for one fixed
leader, and here the scores choose it. That *some* of several equally good candidates leaves is not bounded
by `level`; then another that is as good stays. By accuracy a candidate also leaves once it is behind by
more than the examples left: it cannot win on them.

*Budget* (`RaceRules.share`). So that the race costs no more than this share of scoring every candidate on
every example, only the candidates that lead after a block go on: as many as can be paid for if the number
falls by the same factor at every look (successive halving, Karnin et al. 2013, Jamieson and Talwalkar 2016,
with a factor that follows from the budget and is worked out anew after every block). This has no error
bound. In races simulated by `promptsearch.bench.racing` at a share of 0.35, the winner lies within a point
of the exhaustive one in 95 % of races or more with 50 candidates and more, and with 10 candidates from
500 examples on; with 10 candidates and 64 examples in 81 %, where `share=None` is the safer choice.

The test follows the figure by which the winner is chosen. Log-likelihoods tell candidates apart on fewer
examples, but not by accuracy: a well calibrated candidate with fewer right answers beats a more accurate
one, and the accurate one would be dropped.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from promptsearch.errors import OptionError
from promptsearch.scoring.blocks import affordable, block_ends, stratified_order
from promptsearch.scoring.logspace import FloatArray
from promptsearch.scoring.metrics import IntArray
from promptsearch.scoring.paired import sign_flip, sign_test
from promptsearch.scoring.race_records import Departure, Heat, RaceResult, RaceRules, Score
from promptsearch.scoring.selection import rank

# What could not be scored, or was given probability zero, counts as this log-probability (nats).
LOWEST = -30.0


def race(
    score: Score,
    n_candidates: int,
    gold: ArrayLike,
    rules: RaceRules | None = None,
    seed: int = 0,
    *,
    costs: Sequence[float] | None = None,
    protected: Sequence[int] = (),
) -> RaceResult:
    """Run a whole race.

    Args:
        score: called with candidates (c) and examples (m); returns the log-probability of the gold label
            in nats and whether the answer is right, both (c, m).
        gold: (n,) labels of the examples; every block has their shares.
        rules: `RaceRules()` where left out.
        seed: of the order of the examples.
        costs: (k,) that break ties, fewer being better.
        protected: candidates that never leave.
    """
    running = Race(n_candidates, gold, rules, seed, costs=costs, protected=protected)
    while heat := running.ask():
        running.tell(*score(heat.candidates, heat.examples))
    return running.result()


class Race:
    """A race in steps: `ask` what to score, `tell` the scores, until `ask` gives None.

    `state` is plain data from which `Race.of` goes on, in another process or after a kill.
    """

    def __init__(
        self,
        n_candidates: int,
        gold: ArrayLike,
        rules: RaceRules | None = None,
        seed: int = 0,
        *,
        costs: Sequence[float] | None = None,
        protected: Sequence[int] = (),
    ) -> None:
        """Take candidates 0..n_candidates - 1 and examples 0..len(gold) - 1.

        Raises:
            ValueError: no candidates or examples, costs for another number of candidates, or protected ones
                that do not exist.
            OptionError: the share of evaluations does not pay for the first block.
        """
        labels = np.asarray(gold, dtype=np.int64)
        if n_candidates < 1 or labels.ndim != 1 or len(labels) == 0:
            raise ValueError(f"a race of {n_candidates} candidates on {labels.shape} examples")
        self.rules, self._n, self._k = rules or RaceRules(), len(labels), n_candidates
        self._costs = np.zeros(n_candidates) if costs is None else np.asarray(costs, dtype=np.float64)
        if self._costs.shape != (n_candidates,) or not set(protected) <= set(range(n_candidates)):
            raise ValueError(f"costs {self._costs.shape}, protected {tuple(protected)} of {n_candidates}")
        self._start = {"gold": labels.tolist(), "seed": seed, "costs": self._costs.tolist()}
        self._protected = frozenset(protected)
        self._order = stratified_order(labels, seed)
        self._ends = block_ends(self._n, self.rules.first, self.rules.growth, self.rules.share)
        self._correct = np.zeros((n_candidates, self._n), dtype=bool)
        self._log_likelihood = np.zeros((n_candidates, self._n))
        self._alive = list(range(n_candidates))
        self._seen = np.zeros(n_candidates, dtype=np.int64)
        self._block = 0
        self._departures: list[Departure] = []
        self._told: list[dict[str, Any]] = []
        if self._budget() < self._ends[0] * n_candidates:
            raise OptionError(
                f"a first block of {self._ends[0]} of {self._n} examples costs more than {self.rules.share}",
                hint="Make the first block smaller, or the share larger.",
            )

    def ask(self) -> Heat | None:
        """The next block, for all candidates still in; None when the race is over."""
        racers = [c for c in self._alive if c not in self._protected]
        decided = bool(self._departures) and len(racers) <= 1
        if self._block == len(self._ends) or self._k == 1 or decided:
            return None
        start = self._ends[self._block - 1] if self._block else 0
        examples = self._order[start : self._ends[self._block]].tolist()
        if self._seen.sum() + len(self._alive) * len(examples) > self._budget():
            return None
        return Heat(tuple(self._alive), tuple(examples))

    def tell(self, log_likelihood: ArrayLike, correct: ArrayLike) -> None:
        """Take the scores of what `ask` named, both (candidates, examples), and let the worse ones leave.

        Raises:
            ValueError: the race is over, or the shapes are others.
        """
        heat = self.ask()
        likelihood, right = np.asarray(log_likelihood, dtype=np.float64), np.asarray(correct, dtype=bool)
        if heat is None or not likelihood.shape == right.shape == (len(heat.candidates), len(heat.examples)):
            raise ValueError(f"scores {likelihood.shape} and {right.shape} for {heat}")
        self._told.append({"log_likelihood": likelihood.tolist(), "correct": right.tolist()})
        end = self._ends[self._block]
        columns = slice(end - len(heat.examples), end)
        self._log_likelihood[self._alive, columns] = np.maximum(np.nan_to_num(likelihood, nan=LOWEST), LOWEST)
        self._correct[self._alive, columns] = right
        self._seen[self._alive] = end
        self._block += 1
        if end < self._n:
            self._drop(end)

    def result(self) -> RaceResult:
        """Where the race stands now."""
        seen = np.maximum(self._seen, 1)
        return RaceResult(
            standing=tuple(self._ranked()),
            departures=tuple(self._departures),
            accuracies=tuple((self._correct.sum(axis=1) / seen).tolist()),
            log_likelihoods=tuple((self._log_likelihood.sum(axis=1) / seen).tolist()),
            seen=tuple(self._seen.tolist()),
            evaluations=int(self._seen.sum()),
        )

    def state(self) -> dict[str, Any]:
        """The race as plain data (numbers, strings, lists), for `of`."""
        return {
            **self._start,
            "rules": asdict(self.rules),
            "protected": sorted(self._protected),
            "told": list(self._told),
        }

    @classmethod
    def of(cls, state: Mapping[str, Any]) -> Race:
        """The race that gave this `state`."""
        resumed = cls(
            len(state["costs"]),
            state["gold"],
            RaceRules(**state["rules"]),
            state["seed"],
            costs=state["costs"],
            protected=state["protected"],
        )
        for scores in state["told"]:
            resumed.tell(scores["log_likelihood"], scores["correct"])
        return resumed

    def _budget(self) -> float:
        return np.inf if self.rules.share is None else self.rules.share * self._k * self._n + 1e-9

    def _ranked(self) -> list[int]:
        """Those still in, best first, on the examples that all of them have seen."""
        alive = np.array(self._alive)
        seen = max(1, int(self._seen[alive].min()))
        accuracies = self._correct[alive, :seen].mean(axis=1)
        log_likelihoods = self._log_likelihood[alive, :seen].mean(axis=1)
        figures = (accuracies, log_likelihoods)
        if self.rules.by == "log-likelihood":
            figures = figures[::-1]
        return alive[rank(*figures, self._costs[alive])].tolist()

    def _drop(self, seen: int) -> None:
        leader, *rivals = self._ranked()
        racers = [candidate for candidate in rivals if candidate not in self._protected]
        left = self._worse(leader, np.array(racers, dtype=np.int64), seen)
        racers = [candidate for candidate in racers if candidate not in left]
        leader_races = leader not in self._protected
        most = affordable(
            len(racers) + leader_races,
            len(self._protected),
            np.diff(self._ends[self._block - 1 :]),
            self._budget() - self._seen.sum(),
        )
        for candidate in racers[max(0, most - leader_races) :]:
            left[candidate] = Departure(candidate, "budget", seen, leader, None)
        self._departures += left.values()
        self._alive = [candidate for candidate in self._alive if candidate not in left]

    def _worse(self, leader: int, racers: IntArray, seen: int) -> dict[int, Departure]:
        """Departures of those that are worse than the leader, by candidate."""
        if self.rules.level == 0 or len(racers) == 0:
            return {}
        right = self._correct[:, :seen]
        wins = (right[racers] & ~right[leader]).sum(axis=1)
        losses = (right[leader] & ~right[racers]).sum(axis=1)
        p_values = self._p_values(leader, racers, seen, wins, losses)
        behind = (self.rules.by == "accuracy") & (losses - wins > self._n - seen)
        p_values = np.where(behind, 0.0, p_values)
        looks = len(self._ends) - 1
        out = p_values <= self.rules.level / (looks * (self._k - 1))
        return {
            int(c): Departure(int(c), "behind" if late else "worse", seen, leader, float(p))
            for c, p, late in zip(racers[out], p_values[out], behind[out])
        }

    def _p_values(
        self, leader: int, racers: IntArray, seen: int, wins: IntArray, losses: IntArray
    ) -> FloatArray:
        if self.rules.by == "accuracy":
            return sign_test(wins, losses, "less")
        likelihood = self._log_likelihood[:, :seen]
        return sign_flip(likelihood[racers] - likelihood[leader], "less")
