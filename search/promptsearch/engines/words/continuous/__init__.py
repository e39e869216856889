"""Readouts fitted on the answer states of labelled texts: soft verbalizer, prototypes, nearest neighbours."""

from promptsearch.engines.words.continuous.nearest import NearestFit, fit_nearest
from promptsearch.engines.words.continuous.prototypes import fit_prototypes
from promptsearch.engines.words.continuous.soft import SoftFit, fit_soft, word_vectors

__all__ = ["NearestFit", "SoftFit", "fit_nearest", "fit_prototypes", "fit_soft", "word_vectors"]
