"""Simulated races: how often the winner is as good as the exhaustive one, and at what cost.

The simulation is a latent-trait model (Rasch 1960) with noise: candidate i is right on example j when its
margin t_i * (a_i - d_j + e_ij + b_i * y_j) is above 0. Accuracies a_i spread from 48 to 85 % as those of
prompts do; difficulty d_j is shared, so correctness is correlated between candidates; the bias b_i favours
one class (y_j = +1 or -1), more so in weak candidates; t_i is a temperature of its own, so that
log-likelihoods and accuracies rank candidates differently.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from promptsearch.report.marks import table
from promptsearch.scoring.intervals import wilson
from promptsearch.scoring.logspace import FloatArray
from promptsearch.scoring.race_records import RaceResult, RaceRules
from promptsearch.scoring.racing import race

WITHIN = 0.01
TITLES = ("candidates", "examples", "within 1 point", "95 %", "loss", "true loss", "evaluations", "most")
SETTINGS = tuple((k, n) for k in (10, 50, 200) for n in (64, 128, 256, 500, 1000, 2000))


@dataclass(frozen=True)
class Figures:
    """What every candidate scores on every example.

    Attributes:
        log_likelihood: (k, n) log-probability of the gold label, nats.
        correct: (k, n).
        gold: (n,) labels.
        true: (k,) accuracies on the population, where they are known.
    """

    log_likelihood: FloatArray
    correct: NDArray[np.bool_]
    gold: NDArray[np.int64]
    true: FloatArray | None = None

    def some(self, candidates: NDArray[np.int64]) -> Figures:
        """Those of some candidates."""
        true = None if self.true is None else self.true[candidates]
        return Figures(self.log_likelihood[candidates], self.correct[candidates], self.gold, true)


@dataclass(frozen=True)
class Outcome:
    """One race against scoring everything.

    Attributes:
        loss: accuracy of the exhaustive winner minus that of the race's, both on all examples.
        true_loss: the same on the population; NaN where that is unknown.
        share: evaluations as a share of all.
        left: whether any candidate left by a test.
        best_left: whether the exhaustive winner left by a test.
        first_left: whether candidate 0 left by a test.
    """

    loss: float
    true_loss: float
    share: float
    left: bool
    best_left: bool
    first_left: bool


@dataclass(frozen=True)
class Summary:
    """Many races of one setting.

    Attributes:
        within: share of races whose loss is at most one point.
        loss, true_loss: means, as shares.
        share, most: mean and highest share of evaluations.
    """

    candidates: int
    examples: int
    races: int
    within: float
    loss: float
    true_loss: float
    share: float
    most: float
    left: float
    best_left: float
    first_left: float

    def row(self) -> tuple[str, ...]:
        """Cells under `TITLES`."""
        low, high = wilson(round(self.within * self.races), self.races)
        return (
            str(self.candidates),
            str(self.examples),
            f"{100 * self.within:.1f} %",
            f"{100 * low:.0f}–{100 * high:.0f}",
            f"{100 * self.loss:.2f}",
            f"{100 * self.true_loss:.2f}",
            f"{100 * self.share:.0f} %",
            f"{100 * self.most:.0f} %",
        )


def simulate(k: int, n: int, rng: np.random.Generator, *, equal: bool = False) -> Figures:
    """Candidates and examples of the model above; `equal`: all have the same accuracy and bias 0."""
    true = np.full(k, 0.75) if equal else 0.48 + 0.37 * rng.beta(2.0, 1.5, k)
    bias = np.zeros(k) if equal else rng.normal(0.0, 0.3 + 3 * (0.85 - true))
    gold = rng.permutation(np.arange(n) % 2)
    ability = _ability(true, bias)
    temperature = np.exp(rng.normal(0.0, 0.7, k))
    difficulty, noise = rng.normal(size=n), rng.normal(size=(k, n))
    latent = ability[:, np.newaxis] - difficulty + noise + bias[:, np.newaxis] * (2 * gold - 1)
    margin = temperature[:, np.newaxis] * latent
    return Figures(-np.logaddexp(0.0, -margin), margin > 0, gold, true)


def race_over(figures: Figures, rules: RaceRules, seed: int) -> tuple[RaceResult, Outcome]:
    """One race among candidates whose figures are all known."""
    full = figures.correct.mean(axis=1)

    def score(candidates: Sequence[int], examples: Sequence[int]) -> tuple[FloatArray, NDArray[np.bool_]]:
        cells = np.ix_(np.asarray(candidates), np.asarray(examples))
        return figures.log_likelihood[cells], figures.correct[cells]

    result = race(score, len(full), figures.gold, rules, seed)
    best = int(np.lexsort((figures.log_likelihood.mean(axis=1), full))[-1])
    tested = {departure.candidate for departure in result.departures if departure.reason != "budget"}
    true = figures.true
    return result, Outcome(
        loss=float(full[best] - full[result.winner]),
        true_loss=math.nan if true is None else float(true[best] - true[result.winner]),
        share=result.evaluations / figures.correct.size,
        left=bool(tested),
        best_left=best in tested,
        first_left=0 in tested,
    )


def measure(
    draw: Callable[[np.random.Generator], Figures], rules: RaceRules, races: int = 200, seed: int = 0
) -> Summary:
    """Races among figures drawn anew for each."""
    outcomes = list(_outcomes(draw, rules, races, seed))
    shape = draw(np.random.default_rng(seed)).correct.shape
    columns = {
        name: np.array([getattr(outcome, name) for outcome in outcomes], dtype=np.float64)
        for name in Outcome.__dataclass_fields__
    }
    return Summary(
        candidates=shape[0],
        examples=shape[1],
        races=races,
        # A point is counted in whole examples; the slack is for rounding only.
        within=float((columns["loss"] <= WITHIN + 1e-9).mean()),
        most=float(columns["share"].max()),
        **{name: float(values.mean()) for name, values in columns.items()},
    )


def simulated(
    k: int, n: int, rules: RaceRules, races: int = 200, seed: int = 0, *, equal: bool = False
) -> Summary:
    """Races among simulated candidates."""
    return measure(lambda rng: simulate(k, n, rng, equal=equal), rules, races, seed)


def resampled(figures: Figures, k: int, rules: RaceRules, races: int = 200, seed: int = 0) -> Summary:
    """Races among k candidates drawn from measured ones."""

    def draw(rng: np.random.Generator) -> Figures:
        return figures.some(rng.choice(len(figures.correct), k, replace=False))

    return measure(draw, rules, races, seed)


def rendered(summaries: Sequence[Summary]) -> str:
    """A Markdown table; losses in points of accuracy."""
    return table(TITLES, [summary.row() for summary in summaries])


def _outcomes(
    draw: Callable[[np.random.Generator], Figures], rules: RaceRules, races: int, seed: int
) -> Iterator[Outcome]:
    for number in range(races):
        yield race_over(draw(np.random.default_rng(seed + number)), rules, seed + number)[1]


def _ability(true: FloatArray, bias: FloatArray) -> FloatArray:
    """The a at which a candidate of this bias has this accuracy, by bisection.

    A margin's standard deviation is sqrt(2): difficulty and noise have one each.
    """
    erf = np.vectorize(math.erf)

    def accuracy(ability: FloatArray) -> FloatArray:
        return 0.5 + (erf((ability + bias) / 2) + erf((ability - bias) / 2)) / 4

    low, high = np.full(len(true), -10.0), np.full(len(true), 10.0)
    for _ in range(50):
        middle = (low + high) / 2
        above = accuracy(middle) > true
        low, high = np.where(above, low, middle), np.where(above, middle, high)
    return (low + high) / 2
