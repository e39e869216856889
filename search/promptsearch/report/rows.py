"""The comparison table's rows as text, and the outcome in one sentence."""

from __future__ import annotations

from dataclasses import dataclass

from promptsearch.report.words import cell_words, read_by, short_words
from promptsearch.scoring import Evaluation
from promptsearch.study.ensembles import Ensemble
from promptsearch.study.finalist import MAJORITY, TOGETHER
from promptsearch.study.result import Discovery, Finalist


@dataclass(frozen=True)
class Row:
    """One line of the comparison table, figures as text."""

    name: str
    plm: str
    template: str
    words: str
    calibration: str
    dev: str
    test: str
    tokens: str
    short_words: str = ""

    @classmethod
    def titles(cls, metric: str) -> tuple[str, ...]:
        """Column titles."""
        return (
            "",
            "PLM",
            "template",
            "label words",
            "calibration",
            f"dev {metric}",
            f"test {metric}",
            "tokens",
        )

    def cells(self) -> tuple[str, ...]:
        """The columns in order."""
        return (
            self.name,
            self.plm,
            self.template,
            self.words,
            self.calibration,
            self.dev,
            self.test,
            self.tokens,
        )


def figure(evaluation: Evaluation | None, metric: str, with_n: bool = True) -> str:
    """A figure in percent with its interval and number of examples, or a dash."""
    if evaluation is None:
        return "–"
    low, high = evaluation.interval(metric)
    text = f"{percent(evaluation.value(metric))} [{percent(low)}, {percent(high)}]"
    if evaluation.unscored:
        text += f", {percent(evaluation.unscored)} % unscored"
    return f"{text} n={evaluation.n}" if with_n else text


def percent(value: float) -> str:
    """A share in percent, one decimal."""
    return f"{100 * value:.1f}"


def rows_of(discovery: Discovery) -> list[Row]:
    """The comparison: best, best of other PLMs and of engines, manual prompts, ensemble, majority."""
    metric = discovery.task.metric
    rows = [_row(finalist, metric) for finalist in discovery.finalists]
    if discovery.together is not None:
        rows.append(_together(discovery.together, metric))
    majority = Row(
        MAJORITY,
        "–",
        "–",
        "–",
        "–",
        figure(discovery.majority_dev, metric),
        figure(discovery.majority_test, metric),
        "0",
    )
    return [*rows, majority]


def _row(finalist: Finalist, metric: str) -> Row:
    trial = finalist.trial
    return Row(
        finalist.role,
        trial.plm,
        str(trial.candidate.template),
        cell_words(trial.candidate),
        trial.calibration.method,
        figure(trial.dev, metric),
        figure(finalist.test, metric),
        f"{trial.cost:.0f}",
        short_words(trial.candidate.verbalizer) + read_by(trial.candidate),
    )


def _together(ensemble: Ensemble, metric: str) -> Row:
    return Row(
        TOGETHER,
        ", ".join(ensemble.plms),
        "–",
        f"{len(ensemble.members)} prompts, in {ensemble.file}",
        "–",
        figure(ensemble.dev, metric),
        figure(ensemble.test, metric),
        f"{ensemble.cost:.0f}",
    )


def answer_sentence(discovery: Discovery) -> str:
    """The outcome in one sentence."""
    task, best = discovery.task, discovery.best
    if best.test is None:
        return (
            "Stopped before test was scored; the best prompt so far has "
            f"{percent(best.trial.dev.value(task.metric))} % {task.metric} "
            f"on {best.trial.dev.n} dev examples."
        )
    low, high = best.test.interval(task.metric)
    sentence = (
        f"{percent(best.test.value(task.metric))} % {task.metric} on {best.test.n} test examples "
        f"(95 % interval {percent(low)} to {percent(high)})"
    )
    manual = discovery.manual
    if manual is not None and manual.test is not None:
        sentence += f", against {percent(manual.test.value(task.metric))} % for the manual prompt"
    return f"{sentence} and {percent(discovery.majority_test.value(task.metric))} % for the majority class."
