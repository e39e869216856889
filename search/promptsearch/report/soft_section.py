"""The section of a report on soft tokens: how many numbers they are, and the words nearest to them."""

from __future__ import annotations

from collections.abc import Sequence

from promptsearch.engines.soft.nearest import CAUTION
from promptsearch.report.document import Paragraph, Section, TableBlock
from promptsearch.report.marks import code
from promptsearch.showing import count, whole_text
from promptsearch.study.result import Discovery
from promptsearch.study.softs import NEAREST, SOFT
from promptsearch.study.trial import Trial
from promptsearch.study.vectors import vectors_of


def soft_section(discovery: Discovery) -> Section | None:
    """What there is to tell of the soft prompt that does best on dev; None where none was tried."""
    tried = [trial for trial in discovery.trials if trial.candidate.engine == SOFT]
    if not tried:
        return None
    chosen = discovery.selection.again(tried).chosen
    templates = {(trial.plm, trial.candidate.template) for trial in tried}
    return Section(
        title="Soft prompts",
        blocks=(Paragraph(text=_told(chosen, len(templates))), _nearest(chosen), Paragraph(text=CAUTION)),
    )


def _told(trial: Trial, tried: int) -> str:
    vectors, found = vectors_of(trial.candidate), trial.candidate.provenance
    numbers = 0 if vectors is None else vectors.array.size
    tokens = 0 if vectors is None else len(vectors)
    return (
        f"{count(tried, 'soft prompt')} competed with the others. The best on dev is "
        f"{code(str(trial.candidate.template))} on {code(trial.plm)}: {count(tokens, 'soft token')}, "
        f"{numbers:,} stored numbers, learned in {found.get('steps', 0)} steps on train."
    )


def _nearest(trial: Trial) -> TableBlock:
    nearest = trial.candidate.provenance.get(NEAREST)
    rows = nearest if isinstance(nearest, Sequence) else ()
    return TableBlock(
        titles=("soft token", "nearest words"),
        rows=tuple((str(i), whole_text(", ".join(words))) for i, words in enumerate(rows, 1)),
    )
