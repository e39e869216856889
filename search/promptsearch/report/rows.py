"""What every form of the report says: the table's rows and the sentences around it."""

from __future__ import annotations

from dataclasses import dataclass

from promptsearch.report.words import cell_words, read_by, short_words
from promptsearch.scoring import Evaluation
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
    """The comparison: best, best of other PLMs, manual prompts, majority."""
    metric = discovery.task.metric
    rows = [_row(finalist, metric) for finalist in discovery.finalists]
    majority = Row(
        "majority class",
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


def verdicts(discovery: Discovery) -> list[str]:
    """What can and cannot be concluded from the table."""
    told: list[str] = []
    task, best = discovery.task, discovery.best
    if discovery.alike > 1:
        # The test is on right and wrong answers, whatever the prompts were ranked by.
        on = "" if task.metric == "accuracy" else f" on accuracy, not on {task.metric}"
        told.append(
            f"On these {len(task.dev)} dev examples, {discovery.alike} of {discovery.screened} compared "
            f"prompts cannot be told apart from the best (exact McNemar tests{on}, Holm-corrected at 5 %)."
        )
    if best.test is not None:
        low, _ = best.test.interval(task.metric)
        if low <= discovery.majority_test.value(task.metric):
            told.append(
                "The best prompt is no better than the majority class, as far as this test split can tell."
            )
        if best.test.constant:
            told.append("The best prompt answers the same for every test example.")
        elif best.test.never_predicted:
            names = ", ".join(task.label_names[i] for i in best.test.never_predicted)
            told.append(f"The best prompt never predicts: {names}.")
        if best.shortened:
            told.append(f"{best.shortened} of {best.test.n} test texts were shortened to fit the PLM.")
    manual = discovery.manual
    if manual is not None and manual.trial is best.trial:
        told.append("Nothing better than the manual prompt was found.")
    return told
