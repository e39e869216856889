"""Ranking mined templates by how well a PLM answers with them on train."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from promptsearch.engines.mining.framing import Frame
from promptsearch.engines.mining.mined import Mined
from promptsearch.engines.mining.preference import handicapped, preferred
from promptsearch.errors import TemplateError, VerbalizerError
from promptsearch.plms.base import PLM, SUMMED, AnswerScoring, AnswerStates
from promptsearch.readings import best_log_probs, states_of_each, word_log_probs
from promptsearch.scoring import apply, evaluate, fit_batch, fit_none, label_scores, layout
from promptsearch.scoring.selection import rank
from promptsearch.tasks.task import Example, gold
from promptsearch.template import Template
from promptsearch.verbalizer import Verbalizer

_log = logging.getLogger(__name__)

# Examples of the first round, after which the worse half of the templates is dropped.
_FIRST = 32
# Templates that go through the model together; a PLM that reads left to right shares their left parts.
_BLOCK = 16
# Sets of label words that a template goes on with.
_SETS = 2


@dataclass(frozen=True)
class Entry:
    """A mined template as one PLM can read it, with the label words to read it with."""

    mined: Mined | Frame
    template: Template
    verbalizer: Verbalizer


@dataclass(frozen=True)
class Read:
    """A template that a PLM has answered with.

    Attributes:
        accuracy: share of train examples that were answered rightly.
        log_likelihood: mean, in nats, of the right labels.
        n: number of those examples.
    """

    entry: Entry
    accuracy: float
    log_likelihood: float
    n: int


def read(
    plm: PLM,
    entries: Sequence[Entry],
    examples: Sequence[Example],
    scoring: AnswerScoring,
    most: int,
    stop: Callable[[], bool] = lambda: False,
) -> list[Read]:
    """The `most` best templates by accuracy on the examples, then by log-likelihood; best first.

    Each comes with at most two of its sets of label words. All are read on the first examples, and the
    better half of the templates, but at least twice `most`, on the others too (successive halving, one
    round). Both times the most supported template of each direction stays, see `preferred`, and what one
    pair alone supports must do better, see `handicapped`.

    Args:
        stop: asked between blocks of templates; what has been read until then is ranked.
    """
    first, rest = list(examples[:_FIRST]), list(examples[_FIRST:])
    found = _round(plm, entries, first, scoring, stop)
    support = {entry.template: entry.mined.support for entry in entries}
    if not rest:
        return _of_best_templates(found, support, most)
    ranked = list(dict.fromkeys(r.entry.template for r in found))
    by_template = _by_template(entries)
    better = preferred(ranked, support, max(2 * most, len(ranked) // 2))
    # The best of the first round go first, so that a search which is stopped has read those that count.
    survivors = [entry for template in better for entry in by_template[template]]
    again = _round(plm, survivors, [*first, *rest], scoring, stop)
    done = {r.entry.template for r in again}
    return _of_best_templates([*again, *(r for r in found if r.entry.template not in done)], support, most)


def _by_template(entries: Sequence[Entry]) -> dict[Template, list[Entry]]:
    found: dict[Template, list[Entry]] = {}
    for entry in entries:
        found.setdefault(entry.template, []).append(entry)
    return found


def _of_best_templates(found: Sequence[Read], support: Mapping[Template, int], most: int) -> list[Read]:
    """Of the `most` preferred templates, the best two entries each."""
    kept: dict[Template, list[Read]] = {}
    for each in found:
        kept.setdefault(each.entry.template, []).append(each)
    best = set(preferred(list(kept), support, most))
    return [r for r in found if r.entry.template in best and r in kept[r.entry.template][:_SETS]]


def _round(
    plm: PLM,
    entries: Sequence[Entry],
    examples: Sequence[Example],
    scoring: AnswerScoring,
    stop: Callable[[], bool],
) -> list[Read]:
    by_template = _by_template(entries)
    templates = list(by_template)
    found: list[Read] = []
    for start in range(0, len(templates), _BLOCK):
        if stop():
            break
        for template, states in states_of_each(plm, templates[start : start + _BLOCK], examples, keep=False):
            if isinstance(states, TemplateError):
                _log.info("left out for %s: %s: %s", plm.identity.reference, template, states.message)
            else:
                found += _of_template(plm, by_template[template], examples, states, scoring)
    order = rank(
        [handicapped(r.accuracy, r.n, r.entry.mined.support) for r in found],
        [r.log_likelihood for r in found],
        [len(str(r.entry.template)) for r in found],
    )
    return [found[i] for i in order]


def _of_template(
    plm: PLM,
    entries: Sequence[Entry],
    examples: Sequence[Example],
    states: AnswerStates,
    scoring: AnswerScoring,
) -> list[Read]:
    """What one forward pass an example says under each verbalizer of a template."""
    found = []
    for entry in entries:
        words = entry.verbalizer.words
        try:
            if scoring == SUMMED:
                scores = best_log_probs(plm, entry.template, words, examples, states)
            else:
                scores = word_log_probs(plm, entry.template, words, examples, scoring, states, keep=False)
        except (TemplateError, VerbalizerError) as error:
            _log.info("left out for %s: %s: %s", plm.identity.reference, entry.template, error.message)
            continue
        place = layout(entry.verbalizer, words)
        # With names for answers, how often each is said belongs to what is asked.
        few = len(entry.verbalizer.labels) <= len(examples) // 4
        calibration = fit_batch(label_scores(scores, place)) if few else fit_none()
        evaluation = evaluate(apply(calibration, scores, place), np.asarray(gold(examples)))
        found.append(Read(entry, evaluation.accuracy, evaluation.log_likelihood, evaluation.n))
    return found
