"""Label words for places with little room."""

from __future__ import annotations

from promptsearch.engines.base import Candidate
from promptsearch.verbalizer import Verbalizer

CELL = 8
"""Words of a label in a table's cell."""
LISTED = 4
"""Labels that are listed with their words even where each is its own."""


def own_names(verbalizer: Verbalizer) -> str:
    """`each label itself (28 labels)` where every label of more than a few is its own word, else nothing."""
    labels = len(verbalizer.labels)
    own = all(
        [answer.text for answer in answers] == [str(label)]
        for label, answers in zip(verbalizer.labels, verbalizer.answers)
    )
    return f"each label itself ({labels} labels)" if own and labels > LISTED else ""


def short_words(verbalizer: Verbalizer, most: int = 2) -> str:
    """The first words of each label and how many more there are: `bad, poor +2 / good`."""
    if own := own_names(verbalizer):
        return own
    labels = []
    for answers in verbalizer.answers:
        shown = ", ".join(answer.text for answer in answers[:most])
        labels.append(f"{shown} +{len(answers) - most}" if len(answers) > most else shown)
    return " / ".join(labels)


def cell_words(candidate: Candidate) -> str:
    """Label words with their labels for a table, and how they are read where a readout has the last word."""
    verbalizer = candidate.verbalizer
    if own := own_names(verbalizer):
        return own + read_by(candidate)
    labels = []
    for label, answers in zip(verbalizer.labels, verbalizer.answers):
        shown = ", ".join(answer.text for answer in answers[:CELL])
        more = f" +{len(answers) - CELL}" if len(answers) > CELL else ""
        labels.append(f"{label}: {shown}{more}")
    return " / ".join(labels) + read_by(candidate)


def read_by(candidate: Candidate) -> str:
    """`, read by soft`, or nothing without a readout."""
    return f", read by {candidate.readout.kind}" if candidate.readout is not None else ""
