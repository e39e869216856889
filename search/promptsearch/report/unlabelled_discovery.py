"""The report of a search for a prompt without labelled examples."""

from __future__ import annotations

import math
from collections.abc import Sequence

from promptsearch.report.label_words import listed_words
from promptsearch.report.words import cell_words
from promptsearch.scoring import Evaluation
from promptsearch.showing import count
from promptsearch.study.found_without_labels import COMPARED, FoundWithoutLabels, Judged
from promptsearch.study.informed import Informed

TELLING = (
    "Mutual information says how much the answers, before calibration, tell about the texts: how varied they "
    "are over the texts, less how unsure they are for each (Sorensen et al. 2022). It often goes with "
    "accuracy, not always: a prompt may be sure of another distinction than the one that the labels make."
)
_NEXT = 10


def outcome(found: FoundWithoutLabels) -> str:
    """The outcome in a sentence or two."""
    best, labels = found.best.informed.information, len(found.task.labels)
    told = (
        f"Of {count(len(found.ranked), 'combination')}, the answers of this one tell most about the texts: "
        f"{best.value:.3f} of at most {math.log(labels):.3f} nats, on {count(found.n_texts, 'text')} without "
        "labels."
    )
    test = found.best.test
    if test is None or found.majority is None:
        return f"{told} Nothing was measured with labels."
    metric = found.task.metric
    return (
        f"{told} Nothing was chosen by labels. Looked at afterwards, for this report alone: "
        f"{_figure(test, metric)} on test; its most frequent class has "
        f"{100 * found.majority.value(metric):.1f} %."
    )


def verdicts(found: FoundWithoutLabels) -> list[str]:
    """What can and cannot be concluded."""
    compared = min(COMPARED, len(found.ranked))
    said = [
        TELLING,
        f"By mutual information on these texts, {found.alike} of the {compared} most telling combinations "
        "cannot be told from the best, itself included (paired bootstrap at 5 % each).",
    ]
    if len(found.plms) > 1:
        said.append(
            "Between PLMs the comparison is the weaker one: a PLM that is surer of its answers has more "
            "mutual information, whether or not they are right. The best prompt of each is in the table."
        )
    unscored = found.best.informed.information.unscored
    if unscored:
        said.append(f"{100 * unscored:.1f} % of the texts cannot be scored by the best prompt.")
    return said


def comparison_titles(found: FoundWithoutLabels) -> tuple[str, ...]:
    """Column titles of `comparison_rows`."""
    test = (f"test {found.task.metric} (report only)",) if found.majority is not None else ()
    return ("", "PLM", "template", "label words", "calibration", "nats", "fewer than best", *test)


def comparison_rows(found: FoundWithoutLabels) -> list[tuple[str, ...]]:
    """The best, the best of other PLMs, manual prompts; where there is test, its most frequent class."""
    rows = [_row(each, found) for each in found.finalists]
    if found.majority is not None:
        dashes = ("–",) * 6
        rows.append(("most frequent class of test", *dashes, _figure(found.majority, found.task.metric)))
    return rows


def next_rows(found: FoundWithoutLabels) -> list[tuple[str, ...]]:
    """The combinations that follow the best."""
    return [(_nats(each), *_prompt(each)) for each in found.ranked[1 : 1 + _NEXT]]


def words_rows(found: FoundWithoutLabels) -> list[tuple[str, str]]:
    """Each label's name with its words."""
    candidate = found.best.informed.candidate
    answers = candidate.verbalizer.answers
    return [(name, listed_words(candidate, each)) for name, each in zip(found.task.label_names, answers)]


def method(found: FoundWithoutLabels) -> str:
    """How it was found, in a sentence or two."""
    told = (
        f"{count(len(found.ranked), 'combination')} of template, label words, PLM and calibration were read "
        f"on {count(found.n_texts, 'text')}, to which calibrations were fitted."
    )
    if found.majority is None:
        return told
    return (
        f"{told} Test, {count(len(found.task.test), 'labelled example')}, was scored once, after the choice."
    )


def _row(each: Judged, found: FoundWithoutLabels) -> tuple[str, ...]:
    gap = each.gap
    fewer = "–" if gap is None else f"{gap.value:.3f} [{gap.low:.3f}, {gap.high:.3f}]"
    test = (_figure(each.test, found.task.metric),) if found.majority is not None else ()
    return (each.role, *_prompt(each.informed), _nats(each.informed), fewer, *test)


def _prompt(each: Informed) -> Sequence[str]:
    template, words = str(each.candidate.template), cell_words(each.candidate)
    return each.plm, template, words, each.calibration.method


def _nats(each: Informed) -> str:
    found = each.information
    return f"{found.value:.3f} [{found.low:.3f}, {found.high:.3f}]"


def _figure(evaluation: Evaluation | None, metric: str) -> str:
    if evaluation is None:
        return "–"
    low, high = evaluation.interval(metric)
    value = f"{100 * evaluation.value(metric):.1f} % {metric}"
    return f"{value} (95 % interval {100 * low:.1f} to {100 * high:.1f}, n={evaluation.n})"
