"""The section of a report on label words: steps as a table and a picture, words, and what was dropped."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from promptsearch.engines.base import Candidate
from promptsearch.report.label_words import (
    StepRow,
    dropped_lines,
    listed_words,
    method_of,
    notes_of,
    rows_of,
    shown_trial,
    sources_of,
    words_trials,
)
from promptsearch.report.marks import code, escape, table
from promptsearch.report.pictures import steps_picture
from promptsearch.report.rows import figure
from promptsearch.study.result import Discovery

PICTURE_FILE = "label-words.svg"


def label_words(discovery: Discovery) -> list[str]:
    """The section, in parts; none where no label words were searched."""
    trials = words_trials(discovery)
    if not trials:
        return []
    task = discovery.task
    shown = shown_trial(discovery, trials)
    other = ""
    if shown is not discovery.best.trial:
        other = " The best prompt is none of these; the words listed are those that do best on dev."
    return [
        "## Label words",
        f"Searched for {code(str(shown.candidate.template))} on {code(shown.plm)}. Figures on train are of "
        f"texts held out wherever a step looked at their labels.{other}",
        f"![How dev moves from step to step]({PICTURE_FILE})",
        steps_table(rows_of(discovery, trials), task.metric, "dev"),
        *words_parts(shown.candidate, task.label_names, [trial.candidate for trial in trials]),
    ]


def words_picture(discovery: Discovery) -> str:
    """The picture of the section as SVG."""
    metric = discovery.task.metric
    lines = [("majority class", discovery.majority_dev.value(metric))]
    if discovery.manual is not None:
        lines.append(("manual prompt", discovery.manual.trial.dev.value(metric)))
    rows = rows_of(discovery, words_trials(discovery))
    return steps_picture(rows, metric, "dev", lines)


def steps_table(rows: Sequence[StepRow], metric: str, split: str) -> str:
    """One line a step: what it does and where it leads."""
    with_train = any(row.train is not None for row in rows)
    titles = ["step", "what it does", "words", "dropped", f"{split} {metric}"]
    if with_train:
        titles += ["train, held out", "tokens"]
    lines = []
    for row in rows:
        cells = [
            f"{row.name} (chosen)" if row.chosen else row.name,
            row.meaning,
            str(row.words),
            str(row.dropped),
            figure(row.figure, metric),
        ]
        if with_train:
            cells += [figure(row.train, metric), "–" if row.cost is None else f"{row.cost:.0f}"]
        lines.append(cells)
    return table(titles, lines)


def words_parts(shown: Candidate, names: Sequence[str], steps: Iterable[Candidate]) -> list[str]:
    """Words of each label with their sources, what was dropped, and what the steps have to say.

    Args:
        shown: whose words are listed.
        names: of the labels.
        steps: every step, for what they dropped and have to say.
    """
    candidates = list(steps)
    found = [
        (name, str(len(answers)), listed_words(shown, answers), sources_of(shown, answers))
        for name, answers in zip(names, shown.verbalizer.answers)
    ]
    parts = [
        f"### The words of {escape(method_of(shown))}",
        table(("label", "words", "the heaviest, with their shares where they differ", "from"), found),
    ]
    if dropped := dropped_lines(candidates):
        parts += ["### Dropped", table(("step", "label", "why", "words", "the first"), dropped)]
    if notes := notes_of(candidates):
        parts.append("\n".join(f"- {escape(note)}" for note in notes))
    return parts
