"""Label words for places with little room."""

from __future__ import annotations

from promptsearch.verbalizer import Verbalizer


def short_words(verbalizer: Verbalizer, most: int = 2) -> str:
    """The first words of each label and how many more there are: `bad, poor +2 / good`."""
    labels = []
    for answers in verbalizer.answers:
        shown = ", ".join(answer.text for answer in answers[:most])
        labels.append(f"{shown} +{len(answers) - most}" if len(answers) > most else shown)
    return " / ".join(labels)
