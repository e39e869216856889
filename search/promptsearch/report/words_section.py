"""The section of a report on label words: steps as a table and a picture, words, and what was dropped."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from promptsearch.engines.base import Candidate
from promptsearch.report.document import Block, Heading, Paragraph, PictureBlock, Section, TableBlock
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
from promptsearch.report.marks import code
from promptsearch.report.pictures import steps_picture
from promptsearch.report.rows import figure
from promptsearch.study.result import Discovery

PICTURE_FILE = "label-words.svg"


def words_section(discovery: Discovery) -> Section | None:
    """The section; None where no label words were searched."""
    trials = words_trials(discovery)
    if not trials:
        return None
    task = discovery.task
    shown = shown_trial(discovery, trials)
    other = ""
    if shown is not discovery.best.trial:
        other = " The best prompt is none of these; the words listed are those that do best on dev."
    told = (
        f"Searched for {code(str(shown.candidate.template))} on {code(shown.plm)}. Figures on train are of "
        f"texts held out wherever a step looked at their labels.{other}"
    )
    rows = rows_of(discovery, trials)
    blocks = (
        Paragraph(text=told),
        steps_block(rows, task.metric, "dev", _lines(discovery)),
        steps_table(rows, task.metric, "dev"),
        *words_blocks(shown.candidate, task.label_names, [trial.candidate for trial in trials]),
    )
    return Section(title="Label words", blocks=blocks)


def _lines(discovery: Discovery) -> list[tuple[str, float]]:
    """Figures that the steps are compared with."""
    metric = discovery.task.metric
    lines = [("majority class", discovery.majority_dev.value(metric))]
    if discovery.manual is not None:
        lines.append(("manual prompt", discovery.manual.trial.dev.value(metric)))
    return lines


def steps_block(
    rows: Sequence[StepRow], metric: str, split: str, lines: Sequence[tuple[str, float]]
) -> PictureBlock:
    """The picture of how a figure moves from step to step; see `steps_picture`."""
    return PictureBlock(
        file=PICTURE_FILE,
        svg=steps_picture(rows, metric, split, lines),
        alternative=f"How {split} moves from step to step",
    )


def steps_table(rows: Sequence[StepRow], metric: str, split: str) -> TableBlock:
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
        lines.append(tuple(cells))
    return TableBlock(titles=tuple(titles), rows=tuple(lines))


def words_blocks(shown: Candidate, names: Sequence[str], steps: Iterable[Candidate]) -> list[Block]:
    """Words of each label with their sources, what was dropped, and what the steps have to say.

    Args:
        shown: whose words are listed.
        names: of the labels.
        steps: every step, for what they dropped and have to say.
    """
    candidates = list(steps)
    found = tuple(
        (name, str(len(answers)), listed_words(shown, answers), sources_of(shown, answers))
        for name, answers in zip(names, shown.verbalizer.answers)
    )
    titles = ("label", "words", "the heaviest, with their shares where they differ", "from")
    blocks: list[Block] = [
        Heading(text=f"The words of {method_of(shown)}"),
        TableBlock(titles=titles, rows=found),
    ]
    if dropped := dropped_lines(candidates):
        titles = ("step", "label", "why", "words", "the first")
        blocks += [Heading(text="Dropped"), TableBlock(titles=titles, rows=tuple(dropped))]
    return blocks + [Paragraph(text=note) for note in notes_of(candidates)]
