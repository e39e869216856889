"""Readouts that score labels by answer states themselves, not only by the words at the answer position.

A fitted readout is a handful of float32 arrays, which are what is scored with and what is saved; sums are
taken in float64. Every `label_scores` returns log-probabilities, normalised over labels. A row that holds
NaN comes out as NaN and is never a prediction.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from types import MappingProxyType
from typing import ClassVar, Protocol, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from promptsearch.scoring.logspace import FloatArray, log_softmax
from promptsearch.scoring.neighbours import mixed, nearest_keys, neighbour_log_probs, sharpened

Array: TypeAlias = NDArray[np.floating] | NDArray[np.int64]

_TINY = 1e-12


class Readout(Protocol):
    """Answer states -> label log-probabilities.

    Attributes:
        kind: its name in prompt files.
        width: d, the size of the answer states it is for.
        n_labels: L.
        uses_words: whether `label_scores` needs the words' label log-probabilities.
    """

    kind: ClassVar[str]

    @property
    def width(self) -> int: ...

    @property
    def n_labels(self) -> int: ...

    @property
    def uses_words(self) -> bool: ...

    def label_scores(self, hidden: ArrayLike, word_scores: ArrayLike | None = None) -> FloatArray:
        """Label log-probabilities (n, L), normalised over labels.

        Args:
            hidden: (n, d) answer states.
            word_scores: (n, L) calibrated label log-probabilities of the label words.
        """
        ...


@dataclass(frozen=True, eq=False)
class SoftReadout:
    """Soft verbalizer: one learned vector a label (WARP, Hambardzumyan et al. 2021).

        p(y | x)  =  exp(v_y · h + b_y) / Σ_y' exp(v_y' · h + b_y')

    h is the answer state of x and v_y stands where the output embedding of a label word would.

    Attributes:
        vectors: (L, d).
        bias: (L,).
    """

    kind: ClassVar[str] = "soft"
    vectors: NDArray[np.floating]
    bias: NDArray[np.floating]

    def __post_init__(self) -> None:
        _as_float32(self, "vectors", "bias")
        _check(self.vectors.ndim == 2 and self.bias.shape == (len(self.vectors),), self)

    @property
    def width(self) -> int:
        return self.vectors.shape[1]

    @property
    def n_labels(self) -> int:
        return len(self.vectors)

    @property
    def uses_words(self) -> bool:
        return False

    def label_scores(self, hidden: ArrayLike, word_scores: ArrayLike | None = None) -> FloatArray:
        states = np.asarray(hidden, dtype=np.float64)
        return log_softmax(states @ self.vectors.astype(np.float64).T + self.bias)


@dataclass(frozen=True, eq=False)
class PrototypeReadout:
    """Prototypical verbalizer: a learned point a label (ProtoVerb, Cui et al. 2022).

        p(y | x)  ∝  exp(cos(P^T (h - m), c_y) / τ)

    Attributes:
        projection: P, (d, p).
        prototypes: c, (L, p).
        center: m, (d,), the mean answer state of the texts it was fitted on.
        temperature: τ.
    """

    kind: ClassVar[str] = "prototypes"
    projection: NDArray[np.floating]
    prototypes: NDArray[np.floating]
    center: NDArray[np.floating]
    temperature: float

    def __post_init__(self) -> None:
        _as_float32(self, "projection", "prototypes", "center")
        same = self.projection.ndim == self.prototypes.ndim == 2
        same = same and self.projection.shape[1] == self.prototypes.shape[1]
        _check(same and self.center.shape == (len(self.projection),), self)
        if not (np.isfinite(self.temperature) and self.temperature > 0):
            raise ValueError(f"temperature must be above 0, not {self.temperature}")

    @property
    def width(self) -> int:
        return len(self.projection)

    @property
    def n_labels(self) -> int:
        return len(self.prototypes)

    @property
    def uses_words(self) -> bool:
        return False

    def label_scores(self, hidden: ArrayLike, word_scores: ArrayLike | None = None) -> FloatArray:
        states = np.asarray(hidden, dtype=np.float64) - self.center
        projected = _unit(states @ self.projection.astype(np.float64))
        return log_softmax(projected @ _unit(self.prototypes.astype(np.float64)).T / self.temperature)


@dataclass(frozen=True, eq=False)
class NearestReadout:
    """Nearest neighbours among the answer states of train texts, mixed with the label words.

        p(y | x)      =  mix · p_knn(y | x) + (1 - mix) · p_β(y | x)
        p_knn(y | x)  ∝  Σ_{i among the k nearest} [y_i = y] exp(-D(h, h_i) / τ)
        p_β(y | x)    ∝  p_words(y | x)^β

    as kNN-LM mixes the next word (Khandelwal et al. 2020, equations 2 and 3); kNN prompting (Xu et al. 2023)
    reads labels off anchors likewise, without a mixture. β is added here: means of many words'
    log-probabilities lie close together, and at β = 1 any neighbour would outvote them. D is the mean squared
    difference of the states' components, each standardised over train. Of equally distant texts the earlier
    one is nearer.

    Attributes:
        keys: (m, d) standardised answer states of train texts.
        labels: (m,) their label indices.
        mean, scale: (d,) of the answer states before they were standardised.
        n_labels: L.
        k: neighbours, 1 to m.
        temperature: τ.
        mix: share of the neighbours, 0 to 1.
        sharpness: β.
    """

    kind: ClassVar[str] = "nearest"
    keys: NDArray[np.floating]
    labels: NDArray[np.int64]
    mean: NDArray[np.floating]
    scale: NDArray[np.floating]
    n_labels: int
    k: int
    temperature: float
    mix: float
    sharpness: float = 1.0

    def __post_init__(self) -> None:
        _as_float32(self, "keys", "mean", "scale")
        object.__setattr__(self, "labels", np.ascontiguousarray(self.labels, dtype=np.int64))
        m, d = self.keys.shape if self.keys.ndim == 2 else (0, 0)
        _check(self.labels.shape == (m,) and self.mean.shape == self.scale.shape == (d,), self)
        if not (1 <= self.k <= m):
            raise ValueError(f"k must be between 1 and the {m} stored states, not {self.k}")
        if self.labels.min() < 0 or self.labels.max() >= self.n_labels:
            raise ValueError(f"label indices must be between 0 and {self.n_labels - 1}")
        if not (self.scale > 0).all():
            raise ValueError("the scale of a component must be above 0")
        if not (np.isfinite(self.temperature) and self.temperature > 0 and 0 <= self.mix <= 1):
            raise ValueError("temperature must be above 0 and mix between 0 and 1")
        if not (np.isfinite(self.sharpness) and self.sharpness > 0):
            raise ValueError(f"sharpness must be above 0, not {self.sharpness}")

    @property
    def width(self) -> int:
        return self.keys.shape[1]

    @property
    def uses_words(self) -> bool:
        return self.mix < 1

    def label_scores(self, hidden: ArrayLike, word_scores: ArrayLike | None = None) -> FloatArray:
        states = (np.asarray(hidden, dtype=np.float64) - self.mean) / self.scale
        gaps, places = nearest_keys(states, self.keys.astype(np.float64), self.k)
        neighbours = neighbour_log_probs(gaps, self.labels[places], self.n_labels, self.temperature)
        if not self.uses_words:
            return neighbours
        if word_scores is None:
            raise ValueError("a mixture needs the label log-probabilities of the words")
        return mixed(neighbours, sharpened(word_scores, self.sharpness), self.mix)


READOUTS: Mapping[str, type[SoftReadout] | type[PrototypeReadout] | type[NearestReadout]] = MappingProxyType(
    {readout.kind: readout for readout in (SoftReadout, PrototypeReadout, NearestReadout)}
)


def tensors_of(readout: Readout) -> dict[str, Array]:
    """The arrays of a readout, by attribute."""
    return {name: value for name, value in _parts(readout).items() if isinstance(value, np.ndarray)}


def parameters_of(readout: Readout) -> dict[str, int | float]:
    """The numbers of a readout beside its arrays, by attribute."""
    return {name: value for name, value in _parts(readout).items() if not isinstance(value, np.ndarray)}


def _unit(rows: FloatArray) -> FloatArray:
    """Rows at length 1; a row of zeros stays one, and is equally near to everything."""
    return rows / np.maximum(np.linalg.norm(rows, axis=-1, keepdims=True), _TINY)


def _parts(readout: Readout) -> dict[str, Array | int | float]:
    return {each.name: getattr(readout, each.name) for each in fields(readout)}  # ty: ignore[invalid-argument-type]


def _as_float32(readout: object, *names: str) -> None:
    for name in names:
        object.__setattr__(readout, name, np.ascontiguousarray(getattr(readout, name), dtype=np.float32))


def _check(fits: bool, readout: Readout) -> None:
    """Refuse arrays whose shapes do not fit each other, or that hold something that is no number."""
    found = tensors_of(readout)
    if not fits:
        shapes = ", ".join(f"{name} {array.shape}" for name, array in found.items())
        raise ValueError(f"shapes that do not fit each other: {shapes}")
    for name, array in found.items():
        if not array.size:
            raise ValueError(f"{name} is empty")
        if not np.isfinite(array).all():
            raise ValueError(f"{name} holds a value that is no finite number")
