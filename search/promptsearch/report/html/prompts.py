"""Prompts on the page: the best one, label words, and whose a word is."""

from __future__ import annotations

from promptsearch.report.document import HardExample, LabelWords, PromptSummary, ReportDocument


def best_prompt(document: ReportDocument) -> PromptSummary | None:
    """The prompt that the report is of."""
    return document.finalists[0].prompt if document.finalists else None


def listed(label: LabelWords, most: int) -> str:
    """`great, fun … and 3 more`."""
    words = ", ".join(label.words[:most])
    return words if len(label.words) <= most else f"{words} … and {len(label.words) - most:,} more"


def labels_of_words(prompt: PromptSummary | None) -> dict[str, str]:
    """Label of each word, of those that only one label has."""
    labels: dict[str, set[str]] = {}
    for entry in prompt.words if prompt else ():
        for word in entry.words:
            labels.setdefault(word, set()).add(entry.label)
    return {word: found.pop() for word, found in labels.items() if len(found) == 1}


def scored_words(example: HardExample, labels: dict[str, str]) -> list[tuple[str, str, float]]:
    """Words of an example, the likeliest first: word, its label (empty if unknown), log-probability."""
    ranked = sorted(example.words.items(), key=lambda item: -item[1])
    return [(word, labels.get(word, ""), value) for word, value in ranked]
