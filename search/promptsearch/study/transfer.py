"""Whether a prompt that is best for one PLM serves another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from promptsearch.engines.base import Candidate
from promptsearch.errors import TemplateError
from promptsearch.plms.base import PLM
from promptsearch.readings import calibration_names, states_of_each
from promptsearch.scoring import Evaluation, evaluate
from promptsearch.study.rescoring import Readings, Recipe
from promptsearch.study.trial import Trial
from promptsearch.study.triggers import trigger_of
from promptsearch.study.vectors import vectors_of
from promptsearch.tasks.task import Example, Task, gold
from promptsearch.template import Template
from promptsearch.verbalizer import Verbalizer

STAND_IN_CALIBRATION = "prior-batch"
"""Fitted where a prompt's own calibration was learned with labels, or where it had none of words."""


@dataclass(frozen=True)
class Transfer:
    """Every PLM's best prompt under every other PLM.

    Attributes:
        plms: references.
        rows: whose prompt, then which PLM answers: figures on dev; None where that PLM cannot read the
            template or spell a label word, or where no prompt was found for the row's PLM.
    """

    plms: tuple[str, ...]
    rows: tuple[tuple[Evaluation | None, ...], ...]


def transfer(
    plms: Mapping[str, PLM],
    best: Mapping[str, Trial],
    task: Task,
    texts: Sequence[Example] | None = None,
) -> Transfer:
    """Evaluate the best prompt of each PLM under all of them, on dev.

    Figures under the prompt's own PLM are the trial's. Tokens of one PLM go to others as their text, and soft
    tokens not at all. What was learned on its answer states or with labels does not go along: without its
    readout or soft verbalizer a prompt answers by its label words, learned weights become equal ones (of the
    words that have any, by the mean of their log-probabilities), and calibrations are fitted anew, a learned
    one as `prior-batch`.

    Args:
        plms: by reference.
        best: the best trial of each PLM, by the same references; a PLM may have none.
        texts: unlabelled texts to calibrate on, by default those of train.
    """
    readings = Readings.of(task, texts)
    columns = {name: _column(name, plm, best, readings) for name, plm in plms.items()}
    rows = tuple(tuple(columns[reader].get(owner) for reader in plms) for owner in plms)
    return Transfer(tuple(plms), rows)


def _column(
    name: str, plm: PLM, best: Mapping[str, Trial], readings: Readings
) -> dict[str, Evaluation | None]:
    """Figures of every prompt under one PLM, by the PLM whose prompt it is."""
    found: dict[str, Evaluation | None] = {name: best[name].dev} if name in best else {}
    recipes = {owner: portable(trial) for owner, trial in best.items() if owner != name}
    for owner in list(recipes):
        if vectors_of(best[owner].candidate) is not None:
            del recipes[owner]  # which mean something to their own PLM alone
    # Prompts of several PLMs may share a template, which is then read once.
    wordings = {owner: _worded(best[owner].candidate) for owner in recipes}
    templates = list(dict.fromkeys(wordings.values()))
    if not templates:
        return found
    states_of = dict(states_of_each(plm, templates, readings.examples))
    labels = gold(readings.dev)
    for owner, recipe in recipes.items():
        template = wordings[owner]
        states = states_of[template]
        if isinstance(states, TemplateError):
            continue
        log_probs = readings.dev_log_probs(plm, template, recipe, states)
        found[owner] = None if log_probs is None else evaluate(log_probs, labels)
    return found


def _worded(candidate: Candidate) -> Template:
    """The template as another PLM can read it: of exact tokens, the text."""
    trigger = trigger_of(candidate)
    return candidate.template if trigger is None else trigger.as_text


def portable(trial: Trial) -> Recipe:
    """What another PLM can use of a trial: its label words, and how they are calibrated and scored."""
    readout, method = trial.candidate.readout, trial.calibration.method
    by_words = readout is None or readout.uses_words
    if not by_words or method not in calibration_names():
        method = STAND_IN_CALIBRATION
    return Recipe(_unlearned(trial.candidate.verbalizer), method, trial.scoring)


def _unlearned(verbalizer: Verbalizer) -> Verbalizer:
    """With equal weights where they were learned; those of other aggregations come from what words mean."""
    if verbalizer.aggregation != "sum-log":
        return verbalizer
    words = [[answer.text for answer in answers if answer.weight > 0] for answers in verbalizer.answers]
    return Verbalizer.of(words, verbalizer.labels, "mean-log", verbalizer.case)
