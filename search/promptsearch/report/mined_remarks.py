"""What a reader of mined templates must know beside their figures."""

from __future__ import annotations

from collections.abc import Sequence

from promptsearch.engines.mining.mining import Mining
from promptsearch.report.mined_rows import MinedRow, wordings
from promptsearch.report.rows import percent
from promptsearch.showing import count
from promptsearch.study.ensembles import Ensemble
from promptsearch.study.result import Discovery

_UNTIL = {
    "done": "",
    "budget": ", until the budget was spent",
    "stopped": ", until the search was stopped",
}
# Of 30 examples one is 3.3 points, and a 95 % interval is up to 34 points wide.
TELLING = 30


def met(mining: Mining, kind: str) -> str:
    """`6 of 8 pairs`, or `1 of 1 label word`."""
    return f"{mining.met:,} of {count(mining.pairs, 'pair' if kind == 'fact' else 'label word')}"


def were(number: int) -> str:
    """`was` for one, else `were`."""
    return "was" if number == 1 else "were"


def compared(discovery: Discovery, rows: Sequence[MinedRow]) -> str:
    """Which of what was mined was compared on dev, and which the best prompt is chosen from."""
    mined = len(discovery.mining.templates) if discovery.mining is not None else 0
    tried = len({wordings(row.mined) for row in rows})
    what = f"{count(tried, 'mined template')} {were(tried)} compared on dev"
    if tried < mined:
        what = (
            f"Of {count(mined, 'mined template')}, {tried:,} {were(tried)} compared on dev: of those that "
            f"the text supports most, the ones that a PLM did best with on train{_UNTIL[discovery.ended]}"
        )
    chosen = count(discovery.screened, "prompt")
    return f"{what}; the best prompt is chosen on dev among the {chosen} that were likeliest on train."


def found_once(mining: Mining, kind: str) -> int:
    """How many templates for facts were found with one pair only."""
    return sum(template.support == 1 for template in mining.templates) if kind == "fact" else 0


def lowered(mining: Mining, kind: str) -> str | None:
    """That templates of one pair were let in by themselves, where no least support was asked for."""
    once, every = found_once(mining, kind), len(mining.templates)
    if not once:
        return None
    return (
        f"{every - once:,} of {count(every, 'template')} {were(every - once)} found with two pairs or more: "
        f"few, so --min-support was lowered to 1 by itself. More pairs or more text (--corpus) would help."
    )


def too_few(discovery: Discovery) -> str | None:
    """That dev or test is so small that a figure on it cannot tell much."""
    sizes = {name: len(discovery.task.splits[name]) for name in ("dev", "test")}
    small = [f"{name} has {count(n, 'example')}" for name, n in sizes.items() if n < TELLING]
    if not small:
        return None
    return f"{' and '.join(small)}: figures on fewer than {TELLING} cannot tell much.".capitalize()


def by_hand(discovery: Discovery) -> str | None:
    """That the best prompt is one written by hand; None where it is not."""
    if discovery.best.trial.candidate.engine != "manual":
        return None
    if discovery.mining is not None and not discovery.mining.templates:
        return "The best prompt is written by hand: no mined one competed."
    return (
        "The best prompt is written by hand, not mined: hand-written ones compete, and of those compared "
        "on dev this one was chosen."
    )


def better_ensemble(discovery: Discovery) -> Ensemble | None:
    """The ensemble that does best on dev, where it does better than the best prompt."""
    metric = discovery.task.metric
    best = max(discovery.ensembles, key=lambda each: each.dev.value(metric), default=None)
    if best is None or best.dev.value(metric) <= discovery.best.trial.dev.value(metric):
        return None
    return best


def against_best(discovery: Discovery, ensemble: Ensemble) -> str:
    """`60.0 % against 57.5 %`, on dev."""
    metric = discovery.task.metric
    own, single = ensemble.dev.value(metric), discovery.best.trial.dev.value(metric)
    return f"{percent(own)} % against {percent(single)} %"
