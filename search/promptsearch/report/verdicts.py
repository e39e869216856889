"""What can and cannot be concluded from a search, in sentences."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import fmean, stdev

from promptsearch.report.rows import percent
from promptsearch.scoring import Difference
from promptsearch.showing import count
from promptsearch.study.result import Discovery
from promptsearch.study.selection import combination, simplicity
from promptsearch.study.trial import Trial

LEVEL = 0.05
FEW = 100
"""Test examples below which the width of the interval is pointed out."""


def verdicts(discovery: Discovery) -> list[str]:
    """What can and cannot be concluded: how firm the choice is, what test says, what was left out."""
    return [
        *_choice(discovery),
        *_luck(discovery),
        *_on_test(discovery),
        *_together(discovery),
        *_of_engines(discovery),
        *_draws(discovery),
        *_left_out(discovery),
    ]


def _choice(discovery: Discovery) -> Iterator[str]:
    """Whether the choice on dev tells the best from the others."""
    task, selection = discovery.task, discovery.selection
    if discovery.alike > 1:
        # The test is on right and wrong answers, whatever the prompts were ranked by.
        on = "" if task.metric == "accuracy" else f" on accuracy, not on {task.metric}"
        told = (
            f"On these {len(task.dev)} dev examples, {discovery.alike} of {discovery.screened} compared "
            f"prompts cannot be told apart from the best (exact McNemar tests{on}, Holm-corrected at 5 %)"
        )
        yield f"{told}; the {_kind(discovery)} of them was chosen." if selection.simpler else f"{told}."
    if selection.simpler:
        first, chosen = selection.finalists[0], selection.chosen
        most, own = (percent(trial.dev.value(task.metric)) for trial in (first, chosen))
        rule = "it is near the best" if selection.by_cost else "it is as likely"
        yield (
            f"Ranked first on dev, where log-likelihood decides among the best, is a prompt with {most} % "
            f"{task.metric} there ({_size(first)}); the chosen one, "
            f"with {own} % ({_size(chosen)}), is {_simpler(discovery)}, and {rule}, "
            "within one standard error of the paired difference."
        )
    manual = discovery.manual
    if manual is not None and combination(manual.trial) == combination(discovery.best.trial):
        yield "Nothing better than the manual prompt was found."


def _size(trial: Trial) -> str:
    """What a prompt is simpler by, if it is: see `simplicity`."""
    stored, words, tokens = simplicity(trial)
    numbers = f"{count(int(stored), 'stored number')}, " if stored else ""
    return f"{numbers}{count(int(words), 'label word')}, {tokens:.1f} tokens a text"


def _simpler(discovery: Discovery) -> str:
    return "cheaper" if discovery.selection.by_cost else "simpler"


def _kind(discovery: Discovery) -> str:
    return "cheapest" if discovery.selection.by_cost else "simplest"


def _luck(discovery: Discovery) -> Iterator[str]:
    """What choosing adds to the figure that was chosen by: dev of the winner against its test."""
    best, metric, curse = discovery.best, discovery.task.metric, discovery.details.curse
    if discovery.screened < 2 or best.test is None:
        return
    dev, test = best.trial.dev, best.test
    chosen = "among" if discovery.selection.simpler else "as the best of"
    told = (
        f"On dev, where it was chosen {chosen} {discovery.screened}, the best prompt has "
        f"{percent(dev.value(metric))} % (n = {dev.n}); on test, which took no part in the choice, "
        f"{percent(test.value(metric))} % (n = {test.n})."
    )
    if curse is not None and curse.optimism > 0:
        told += (
            f" The highest of {discovery.screened} figures owes part of it to luck: here it is "
            f"{percent(curse.chosen)} % accuracy, and whichever prompt has the highest on examples drawn "
            f"from dev has about {percent(curse.expected)} % on those not drawn."
        )
    yield told


def _on_test(discovery: Discovery) -> Iterator[str]:
    """What test says of the best by itself."""
    task, best = discovery.task, discovery.best
    if best.test is None:
        return
    low, high = best.test.interval(task.metric)
    if best.test.n < FEW:
        yield (
            f"Test has only {count(best.test.n, 'example')}: the interval of the best prompt is "
            f"{100 * (high - low):.0f} points wide."
        )
    if low <= discovery.majority_test.value(task.metric):
        yield "The best prompt is no better than the majority class, as far as this test split can tell."
    if best.test.constant:
        yield "The best prompt answers the same for every test example."
    elif best.test.never_predicted:
        names = ", ".join(task.label_names[i] for i in best.test.never_predicted)
        yield f"The best prompt never predicts: {names}."
    if best.shortened:
        yield f"{best.shortened} of {best.test.n} test texts were shortened to fit the PLM."


def _together(discovery: Discovery) -> Iterator[str]:
    """Whether the best prompts are better together than the best alone, and at which cost."""
    together, best, metric = discovery.together, discovery.best, discovery.task.metric
    if together is None or together.test is None or together.to_best is None:
        return
    cost = best.trial.cost
    dearer = f" ({together.cost / cost:.1f} times as many)" if cost else ""
    yield (
        f"The {len(together.members)} prompts that answer best together ({together.file}) have "
        f"{percent(together.test.value(metric))} % on test: {_compared(together.to_best)}. "
        f"They take {together.cost:.0f} tokens a text, the best alone {cost:.0f}{dearer}."
    )


def _compared(to_best: Difference) -> str:
    """How much an ensemble is above the best, of which `to_best` is the difference to it."""
    # Rounded, and no zero below nothing.
    ends = (-to_best.value, -to_best.high, -to_best.low)
    points, low, high = (round(100 * value, 1) + 0.0 for value in ends)
    if low > 0 and to_best.p_value < LEVEL:
        return f"{points:.1f} points better than the best alone (95 % interval {low:.1f} to {high:.1f})"
    if high < 0 and to_best.p_value < LEVEL:
        return f"{-points:.1f} points worse than the best alone (95 % interval {-high:.1f} to {-low:.1f})"
    worst, best = (f"{abs(end):.1f} {'worse' if end < 0 else 'better'}" for end in (low, high))
    return f"not to be told from the best alone (95 % interval, in points: {worst} to {best})"


def _of_engines(discovery: Discovery) -> Iterator[str]:
    """Where the best of an engine is that was not chosen, though a file of its own is kept of it."""
    for role, file in discovery.beside.items():
        yield f"The {role} was not chosen on dev; it is in {file}."


def _draws(discovery: Discovery) -> Iterator[str]:
    """What other draws of the labelled examples lead to, on average."""
    metric = discovery.task.metric
    best = [draw.best.test.value(metric) for draw in discovery.draws if draw.best.test is not None]
    if len(best) < 2:
        return
    told = (
        f"Over {len(best)} draws of train and dev, the best prompt has {percent(fmean(best))} % on test on "
        f"average (standard deviation {100 * stdev(best):.1f} points)"
    )
    manual = [
        draw.manual.test.value(metric)
        for draw in discovery.draws
        if draw.manual is not None and draw.manual.test is not None
    ]
    beside = f", the manual prompt {percent(fmean(manual))} %" if len(manual) == len(best) else ""
    yield f"{told}{beside}."


def _left_out(discovery: Discovery) -> Iterator[str]:
    """What was not tried or looked at."""
    if discovery.ended == "budget":
        yield (
            f"The budget was spent after {count(discovery.evaluations, 'template')}, before the engines were "
            "through: --resume goes on with more --minutes or --evaluations."
        )
    n_dev, searched = len(discovery.task.dev), discovery.n_dev_searched
    if searched < n_dev:
        yield (
            f"The search used {searched:,} of {n_dev:,} dev examples: figures of all candidates are on "
            "these, those of the compared prompts on all."
        )
    early = sum(trial.left_early for trial in discovery.trials)
    if early:
        yield (
            f"{early:,} of {count(len(discovery.trials), 'combination')} left early, when their template was "
            "clearly worse than the best on part of the examples."
        )
    if left_out := discovery.details.left_out:
        yield f"There was no time left for: {', '.join(left_out)}."
