"""What a report says of each template that was mined and tried."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from promptsearch.engines.mining.framing import Frame
from promptsearch.engines.mining.mined import Mined
from promptsearch.study.result import Discovery, Finalist
from promptsearch.study.selection import ranked_on_train, select
from promptsearch.study.trial import Trial


@dataclass(frozen=True)
class MinedRow:
    """A mined template with the trial of one PLM that stands for it.

    Attributes:
        chosen: whether this is the prompt that was chosen.
    """

    mined: Mined | Frame
    trial: Trial
    chosen: bool = False

    @property
    def template(self) -> str:
        """As the PLM reads it."""
        return str(self.trial.candidate.template)


def mined_rows(discovery: Discovery) -> list[MinedRow]:
    """One row for each mined template and PLM that it was tried on, by dev.

    Label words and calibration are those that do best on train; for the template of the best prompt they
    are that prompt's.
    """
    if discovery.mining is None:
        return []
    metric, best = discovery.task.metric, discovery.best.trial
    known = {wordings(mined): mined for mined in discovery.mining.templates}
    first: dict[tuple[str, str], MinedRow] = {}
    for trial in [best, *ranked_on_train(discovery.trials, metric)]:
        mined = known.get(_wordings_told(trial.candidate.provenance))
        if trial.candidate.engine == "mining" and mined is not None:
            key = trial.plm, str(trial.candidate.template)
            first.setdefault(key, MinedRow(mined, trial, trial is best))
    return sorted(
        first.values(),
        key=lambda row: (-row.trial.dev.value(metric), -row.trial.dev.log_likelihood, row.template),
    )


def not_tried(discovery: Discovery, rows: Sequence[MinedRow]) -> list[Mined | Frame]:
    """What was mined but is in no row, best first."""
    if discovery.mining is None:
        return []
    tried = {wordings(row.mined) for row in rows}
    return [mined for mined in discovery.mining.templates if wordings(mined) not in tried]


def wordings(mined: Mined | Frame) -> tuple[str, ...]:
    """The cloze templates, which tell one from another."""
    return tuple(map(str, mined.cloze)) if isinstance(mined, Frame) else (str(mined.cloze),)


def _wordings_told(provenance: Mapping[str, object]) -> tuple[str, ...]:
    """The same, as a candidate's provenance has them."""
    if "template" in provenance:
        return (str(provenance["template"]),)
    told = provenance.get("templates", ())
    return tuple(map(str, told)) if isinstance(told, Sequence) else ()


def best_single(discovery: Discovery, plm: str) -> Finalist:
    """The mined template that does best on a PLM by itself, with its test figures where there are any."""
    for finalist in discovery.finalists:
        if _mined_on(finalist.trial, plm):
            return finalist
    mined = [trial for trial in discovery.trials if _mined_on(trial, plm)]
    return Finalist("best single mined template", select(mined, discovery.task.metric)[0])


def _mined_on(trial: Trial, plm: str) -> bool:
    return trial.plm == plm and trial.candidate.engine == "mining"
