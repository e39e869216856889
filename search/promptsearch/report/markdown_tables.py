"""Tables of prompts in Markdown."""

from __future__ import annotations

from collections.abc import Sequence

from promptsearch.report.document import Cost, Figure, Finalist, Gap, PromptSummary, ReportDocument
from promptsearch.report.html.figures import gap_interval, number, p_value, percent, points
from promptsearch.report.html.ranking import best_candidates
from promptsearch.report.marks import escape, table
from promptsearch.report.words import CELL, LISTED

ON_TRAIN = (
    "The best prompt was chosen on dev among those alone that were likeliest on train: the more are "
    "compared, the more the highest figure owes to luck."
)
_BEST = 10
"""Candidates that are listed."""


def figure_cell(figure: Figure | None) -> str:
    """`84.1 [80.1, 88.1] n=872`, or a dash."""
    if figure is None:
        return "–"
    unscored = f", {percent(figure.unscored)} % unscored" if figure.unscored else ""
    return f"{percent(figure.value)} [{percent(figure.low)}, {percent(figure.high)}]{unscored} n={figure.n}"


def words_cell(prompt: PromptSummary, *, only_own: bool = False) -> str:
    """Label words with their labels: `negative: bad, poor +2 / positive: good`.

    Where every label of more than a few is its own word, that is said in their place.

    Args:
        only_own: whether nothing is said otherwise.
    """
    own = all(entry.words == (entry.label,) for entry in prompt.words)
    if own and len(prompt.words) > LISTED:
        return f"each label itself ({len(prompt.words)} labels)"
    if only_own:
        return ""
    labels = []
    for entry in prompt.words:
        more = f" +{len(entry.words) - CELL}" if len(entry.words) > CELL else ""
        labels.append(f"{entry.label}: {', '.join(entry.words[:CELL])}{more}")
    return " / ".join(labels)


def comparison(finalists: Sequence[Finalist], metric: str) -> str:
    """A row a finalist; the columns of dev and of gaps where there are any."""
    gaps = any(row.to_best is not None for row in finalists)
    dev = any(row.dev is not None for row in finalists)
    titles = ["", "PLM", "template", "label words", "calibration"]
    titles += ([f"dev {metric}"] if dev else []) + [f"test {metric}"]
    titles += (["best is better by"] if gaps else []) + ["cost of a text"]
    lines = []
    for row in finalists:
        cells = [row.role, *_prompt_cells(row.prompt), *([figure_cell(row.dev)] if dev else [])]
        cells.append(figure_cell(row.test))
        cells += ([_gap_cell(row.to_best)] if gaps else []) + [_cost_cell(row.cost)]
        lines.append(cells)
    return table([escape(title) for title in titles], lines)


def best_of_all(document: ReportDocument) -> list[str]:
    """The candidates that do best on dev."""
    best = best_candidates(document.candidates, _BEST)
    titles = (
        f"dev {document.task.metric}",
        "train",
        "PLM",
        "template",
        "label words",
        "calibration",
        "engine",
        "tokens",
    )
    rows = [
        (
            percent(point.dev),
            percent(point.train),
            point.plm,
            point.template,
            point.words,
            point.calibration,
            point.engine,
            number(point.tokens, 0),
        )
        for point in best
    ]
    if not rows:
        return []
    told = f"The best {len(best)} of all on dev; the others are in `report.json`."
    return [f"{told} {ON_TRAIN}" if document.labelled else told, table(titles, rows)]


def _prompt_cells(prompt: PromptSummary | None) -> tuple[str, str, str, str]:
    if prompt is None:
        return "–", "–", "–", "–"
    read = f", read by {prompt.readout}" if prompt.readout else ""
    return prompt.plm, prompt.template, (words_cell(prompt) or "–") + read, prompt.calibration


def _gap_cell(gap: Gap | None) -> str:
    return "–" if gap is None else f"{points(gap.value)} ({gap_interval(gap)}; {p_value(gap)})"


def _cost_cell(cost: Cost | None) -> str:
    if cost is None:
        return "–"
    told = f"{number(cost.tokens, 0)} tokens, {cost.passes} pass{'' if cost.passes == 1 else 'es'}"
    if cost.milliseconds is not None:
        told += f", {number(cost.milliseconds, 1)} ms"
    return told + (f", {cost.numbers:,} numbers stored" if cost.numbers else "")
