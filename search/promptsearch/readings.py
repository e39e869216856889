"""What a PLM says about the answers of a prompt: word log-probabilities and calibrations fitted on them.

This is the one place where prompts, PLMs and scoring meet; search, evaluation and prediction all go
through it, so that a saved prompt gives the figures it was chosen for.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from promptsearch.errors import OptionError, PLMError, TemplateError
from promptsearch.plms.base import PLM, SUMMED, AnswerScoring, AnswerStates
from promptsearch.scoring import (
    CALIBRATIONS,
    Calibration,
    Readout,
    VerbalizerLayout,
    apply,
    fit_batch,
    fit_contextual,
    fit_none,
    fit_pmi,
    fit_prior,
    fit_prior_batch,
    label_scores,
    layout,
)
from promptsearch.tasks.task import Example
from promptsearch.template import Template
from promptsearch.verbalizer import Case, Verbalizer, spellings

FloatArray = NDArray[np.floating]

CONTENT_FREE = ("N/A", "[MASK]", "")
"""Inputs without content, for contextual calibration (Zhao et al. 2021, section 4)."""


def content_free_examples(fields: Sequence[str]) -> list[Example]:
    """Examples whose fields all hold the same content-free text; the last has empty fields."""
    return [Example(dict.fromkeys(fields, text)) for text in CONTENT_FREE]


def word_log_probs(
    plm: PLM,
    template: Template,
    words: Sequence[str],
    examples: Sequence[Example],
    scoring: AnswerScoring,
    states: AnswerStates | None = None,
    case: Case = "exact",
    keep: bool = True,
) -> FloatArray:
    """Log-probability of each answer for each example: (n, len(words)).

    Answers of one token are read off the answer states; only the others need passes of their own.

    Args:
        case: `any` sums over spellings of one token, see `Verbalizer`.
        states: of these examples under this template, where they are at hand.
        keep: see `PLM.answer_states`.

    Raises:
        VerbalizerError: an answer that the PLM's tokenizer cannot spell.
    """
    tokens = answer_tokens(plm, template, words, case)
    single = [i for i, forms in enumerate(tokens) if len(forms[0]) == 1 and scoring.normalisation != "pmi"]
    several = [column for column in range(len(words)) if column not in set(single)]
    found = np.empty((len(examples), len(words)), dtype=np.float32)
    if single:
        states = plm.answer_states(template, examples, keep) if states is None else states
        found[:, single] = summed_scores(plm, states, [[form[0] for form in tokens[i]] for i in single])
    if several:
        answers = [words[column] for column in several]
        found[:, several] = plm.answer_log_probs(template, examples, answers, scoring)
    return found


def best_log_probs(
    plm: PLM,
    template: Template,
    words: Sequence[str],
    examples: Sequence[Example],
    states: AnswerStates,
) -> FloatArray:
    """`word_log_probs` with summed tokens, exact for every answer that may be the best: (n, len(words)).

    Read from left to right, an answer is at most as likely as its first token. One of several tokens whose
    first is less likely than a whole answer cannot win; it gets its first token's log-probability, an upper
    bound, and costs no pass. The best answer is exact.
    """
    ids = plm.word_ids(template, words)
    several = [i for i, tokens in enumerate(ids) if len(tokens) > 1]
    if plm.identity.family == "masked" or not several or len(several) == len(words):
        return word_log_probs(plm, template, words, examples, SUMMED, states, keep=False)
    found = np.asarray(plm.word_scores(states, [tokens[0] for tokens in ids])).copy()
    single = np.delete(found, several, axis=1).max(axis=1)
    open_rows = np.flatnonzero((found[:, several] > single[:, None]).any(axis=1))
    if len(open_rows):
        answers = [words[i] for i in several]
        exact = plm.answer_log_probs(template, [examples[i] for i in open_rows], answers, SUMMED)
        found[open_rows[:, None], several] = exact
    return found


def states_of_each(
    plm: PLM, templates: Sequence[Template], examples: Sequence[Example], keep: bool = True
) -> Iterator[tuple[Template, AnswerStates | TemplateError]]:
    """Answer states of each template, which share what can be shared, or why the PLM cannot read it."""
    try:
        yield from zip(templates, plm.answer_states_of(templates, examples, keep))
    except TemplateError as error:
        # One of them is at fault; the others must not go with it.
        if len(templates) == 1:
            yield templates[0], error
        else:
            for template in templates:
                yield from states_of_each(plm, [template], examples, keep)


def label_log_probs(
    plm: PLM,
    template: Template,
    verbalizer: Verbalizer,
    calibration: Calibration,
    scoring: AnswerScoring,
    examples: Sequence[Example],
    states: AnswerStates | None = None,
    readout: Readout | None = None,
    keep: bool = True,
) -> NDArray[np.float64]:
    """Calibrated log-probability of each label: (n, L), normalised over labels; NaN if unscored.

    Args:
        calibration: its word offsets in the order of the verbalizer's `words`.
        states: of these examples under this template, where they are at hand.
        readout: has the last word where there is one.
        keep: see `PLM.answer_states`.

    Raises:
        VerbalizerError: an answer that the PLM's tokenizer cannot spell.
        PLMError: the readout is for answer states of another size.
    """
    if readout is not None and states is None:
        states = plm.answer_states(template, examples, keep)
    words: FloatArray | None = None
    if readout is None or readout.uses_words:
        words = word_log_probs(
            plm, template, verbalizer.words, examples, scoring, states, verbalizer.case, keep
        )
    return read_labels(words, layout(verbalizer, verbalizer.words), calibration, states, readout)


def read_labels(
    word_scores: FloatArray | None,
    place: VerbalizerLayout,
    calibration: Calibration,
    states: AnswerStates | None = None,
    readout: Readout | None = None,
) -> NDArray[np.float64]:
    """`label_log_probs` from word log-probabilities (n, W) and answer states that are at hand.

    Args:
        word_scores: None where the readout does not use words.
        states: None where there is no readout.
    """
    labels = None if word_scores is None else apply(calibration, word_scores, place)
    if readout is None:
        if labels is None:
            raise ValueError("without a readout, labels are read off the words")
        return labels
    if states is None:
        raise ValueError("a readout needs answer states")
    if states.hidden.shape[1] != readout.width:
        raise PLMError(
            f"the prompt's {readout.kind} readout is for answer states of {readout.width} numbers, "
            f"and those of the PLM have {states.hidden.shape[1]}",
            hint="Use it with the PLM that it was fitted on.",
        )
    return readout.label_scores(states.hidden, labels)


def answer_tokens(
    plm: PLM, template: Template, words: Sequence[str], case: Case = "exact"
) -> list[list[list[int]]]:
    """Token ids of each word in the template's slot, one list for each spelling that counts.

    Where `case` is `any` these are the spellings of one token; a word that has none counts as written.

    Raises:
        VerbalizerError: a word that the PLM's tokenizer cannot spell.
    """
    if case == "exact":
        return [[ids] for ids in plm.word_ids(template, words)]
    forms = [spellings(word) for word in words]
    ids = iter(plm.spelled_ids(template, [form for each in forms for form in each]))
    found: list[list[list[int]]] = []
    for word, each in zip(words, forms):
        single = [i for i in (next(ids) for _ in each) if i is not None and len(i) == 1]
        found.append([list(i) for i in dict.fromkeys(map(tuple, single))] or plm.word_ids(template, [word]))
    return found


def summed_scores(plm: PLM, states: AnswerStates, tokens: Sequence[Sequence[int]]) -> FloatArray:
    """Log of the summed probability of each group of single tokens: (n, len(tokens))."""
    scores = plm.word_scores(states, [token for group in tokens for token in group])
    if scores.shape[1] == len(tokens):
        return scores
    starts = np.cumsum([0, *(len(group) for group in tokens[:-1])])
    return np.logaddexp.reduceat(scores, starts, axis=1)


@dataclass(frozen=True)
class CalibrationInputs:
    """Word log-probabilities that calibrations are fitted on, each (r, W).

    Attributes:
        unlabelled: of texts of the task, whose labels are not looked at.
        content_free: of `content_free_examples`.
        empty: of the example with empty fields.
    """

    unlabelled: FloatArray
    content_free: FloatArray
    empty: FloatArray

    @classmethod
    def split(cls, unlabelled: FloatArray, content_free: FloatArray) -> CalibrationInputs:
        """From the scores of `content_free_examples`, whose last one is empty."""
        return cls(unlabelled, content_free, content_free[-1:])

    def columns(self, chosen: Sequence[int]) -> CalibrationInputs:
        """The same for some of the words."""
        at = list(chosen)
        return CalibrationInputs(self.unlabelled[:, at], self.content_free[:, at], self.empty[:, at])


def fit_calibration(method: str, inputs: CalibrationInputs, layout: VerbalizerLayout) -> Calibration:
    """Fit one of `calibration_names()`.

    Raises:
        OptionError: there is no such calibration, or it is fitted on labels.
    """
    if method not in calibration_names():
        raise OptionError(
            f"there is no calibration {method!r}", hint=f"There are {', '.join(calibration_names())}."
        )
    if method == "contextual":
        return fit_contextual(label_scores(inputs.content_free, layout))
    if method == "pmi":
        return fit_pmi(inputs.empty)
    if method == "batch":
        return fit_batch(label_scores(inputs.unlabelled, layout))
    if method == "prior":
        return fit_prior(inputs.unlabelled)
    if method == "prior-batch":
        return fit_prior_batch(inputs.unlabelled, layout)
    return fit_none()


def calibration_names() -> list[str]:
    """Names of the calibrations that need no labels."""
    return [name for name, method in CALIBRATIONS.items() if method.fitted_on != "labelled examples"]
