"""The parts of the report in Markdown that look at the best prompt from all sides."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from promptsearch.report.document import HardExample, ReportDocument
from promptsearch.report.html.figures import number, percent
from promptsearch.report.html.matrices import confusion_rows, transfer_rows
from promptsearch.report.html.prompts import best_prompt, labels_of_words, scored_words
from promptsearch.report.html.rewordings import about_rewordings, visible_blanks
from promptsearch.report.html.seeds import Mean, seed_means
from promptsearch.report.html.text import shortened
from promptsearch.report.markdown_tables import figure_cell
from promptsearch.report.markdown_triggers import triggers
from promptsearch.report.marks import code, escape, table


def importances(document: ReportDocument) -> list[str]:
    """Shares of the spread."""
    return [
        "How much of the spread on dev each part of the choice explains, each looked at by itself: parts "
        "overlap, so the shares do not add up to 100 %.",
        table(
            ("part of the choice", "share in %"),
            [(each.parameter, percent(each.share)) for each in document.importances],
        ),
    ]


def confusion(document: ReportDocument) -> list[str]:
    """The confusion matrix."""
    matrix = document.confusion
    if matrix is None:
        return []
    rows = confusion_rows(matrix)
    unscored = ["unscored"] if rows and len(rows[0][1]) > len(matrix.labels) else []
    titles = ["true \\ predicted", *matrix.labels, *unscored, "recall in %"]
    lines = [(label, *(cell.text for cell in cells), recall) for label, cells, recall in rows]
    return [
        "How often each label of test (row) was taken for each (column).",
        table([escape(title) for title in titles], lines),
    ]


def hardest(document: ReportDocument) -> list[str]:
    """What the best gets most wrong."""
    labels = labels_of_words(best_prompt(document))
    told = (
        "What the best prompt gets most wrong on test, with the log-probability of the likeliest label words."
    )
    return [told, "\n".join(_hard(example, labels) for example in document.hardest)]


def _hard(example: HardExample, labels: dict[str, str]) -> str:
    several = len(example.fields) > 1
    text = " / ".join(
        (f"{escape(name)}: " if several else "") + escape(shortened(value))
        for name, value in example.fields.items()
    )
    words = ", ".join(f"{code(word)} {number(value)}" for word, _, value in scored_words(example, labels))
    return (
        f"- {text} – **{escape(example.gold)}**, taken for **{escape(example.predicted)}**; the true label "
        f"has a probability of {percent(example.probability)} %{'; ' + words if words else ''}."
    )


def sensitivity(document: ReportDocument) -> list[str]:
    """The best prompt under small changes."""
    rows = [
        (
            each.change,
            visible_blanks(each.template),
            "the PLM cannot read it" if each.figure is None else figure_cell(each.figure),
            percent(each.flips),
        )
        for each in document.sensitivity
    ]
    titles = ("change", "template", f"dev {document.task.metric}", "answers changed, %")
    return [about_rewordings(document.sensitivity), table(titles, rows)]


def transfer(document: ReportDocument) -> list[str]:
    """Every PLM's best prompt under every other PLM."""
    matrix = document.transfer
    if matrix is None:
        return []
    titles = ["prompt of \\ answered by", *matrix.plms]
    lines = [(plm, *(cell.text for cell in cells)) for plm, cells in transfer_rows(matrix)]
    return [
        f"Every PLM's best prompt (row) under every PLM (column): {escape(document.task.metric)} on dev in "
        "percent; a dash where the PLM cannot read it.",
        table([escape(title) for title in titles], lines),
    ]


def seeds(document: ReportDocument) -> list[str]:
    """What other draws lead to."""
    means = seed_means(document.seeds)
    told = "What other draws of the few-shot split lead to."
    if gain := means["gain"]:
        told += (
            f" On test, the best prompt's figure less the manual one's is {gain.mean} points on average "
            f"({gain.ends})."
        )
    rows: list[Sequence[str]] = [
        (
            str(row.seed),
            row.prompt.template,
            row.prompt.plm,
            figure_cell(row.dev),
            figure_cell(row.test),
            figure_cell(row.manual),
        )
        for row in document.seeds
    ]
    if len(rows) > 1:
        rows.append(("mean", "", "", *(_mean(means[name]) for name in ("dev", "test", "manual"))))
    metric = document.task.metric
    titles = ("seed", "template", "PLM", f"dev {metric}", f"test {metric}", "manual prompt, test")
    return [told, table(titles, rows)]


def _mean(mean: Mean | None) -> str:
    return "–" if mean is None else f"{mean.mean} ± {mean.deviation} ({mean.ends})"


PARTS: dict[str, Callable[[ReportDocument], list[str]]] = {
    "importances": importances,
    "confusion": confusion,
    "hardest": hardest,
    "sensitivity": sensitivity,
    "transfer": transfer,
    "seeds": seeds,
    "triggers": triggers,
}
"""By the names that parts of the page have."""
