"""What a method says of texts whose labels it did not see.

A verbalizer that was fitted on labels knows the texts it was fitted on. To be compared on them with others it
is fitted again on parts of them and judged on the rest.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from promptsearch.engines.words.folds import stratified_folds
from promptsearch.engines.words.found import FloatArray, Found
from promptsearch.engines.words.reading import Reading
from promptsearch.readings import read_labels
from promptsearch.scoring import layout

_FOLDS = 3

Fit = Callable[[Reading], Found | None]


def with_held_out(found: Found | None, fit: Fit, reading: Reading, seed: int) -> Found | None:
    """What a method found on all labelled texts, with its label log-probabilities of texts held out.

    Where a class has a single example nothing can be held out, and nothing is known of train.
    """
    if found is None:
        return None
    if not can_hold_out(reading):
        return replace(found, train_log_probs=unknown(reading, found))
    folds = stratified_folds(reading.gold, _FOLDS, seed)
    log_probs = np.full((reading.n_labelled, len(found.verbalizer.labels)), np.nan)
    for fold in range(folds.max() + 1):
        part = fit(reading.of_labelled(folds != fold))
        if part is not None:
            held = np.flatnonzero(folds == fold)
            log_probs[held] = label_log_probs(reading, part)[held]
    return replace(found, train_log_probs=log_probs)


def can_hold_out(reading: Reading) -> bool:
    """Whether every class has a labelled text to spare."""
    return bool(stratified_folds(reading.gold, _FOLDS).max() > 0)


def unknown(reading: Reading, found: Found) -> FloatArray:
    """(n_labelled, L) figures that say nothing, so that no text seen with its label speaks for a fit."""
    return np.full((reading.n_labelled, len(found.verbalizer.labels)), np.nan)


def label_log_probs(reading: Reading, found: Found) -> FloatArray:
    """(n_labelled, L) calibrated label log-probabilities of the labelled texts."""
    n, words = reading.n_labelled, found.verbalizer.words
    place = layout(found.verbalizer, words)
    states = reading.states.rows(range(n))
    return read_labels(reading.log_probs(words)[:n], place, found.calibration, states, found.readout)
