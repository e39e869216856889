"""Words by label: products with a matrix in which each word belongs to one label, without its zeros."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


@dataclass(frozen=True)
class LabelBlocks:
    """Columns of z (n, W), divided by the number of their label's words, a block a label.

    Blocks are filled up with zeros to the width of the widest, so that one product does for all.

    Attributes:
        values: (L, n, m).
        label, place: (W,) block and column in it of each word.
        curvature: an upper bound of the cross-entropy's second derivative in the weights of words: a softmax
            bends by at most 1/2.
    """

    values: FloatArray
    label: IntArray
    place: IntArray
    curvature: float

    @classmethod
    def of(cls, z: FloatArray, share: FloatArray) -> LabelBlocks:
        """From z (n, W) and share (W, L), 1 / m_y where the word is one of label y, else 0."""
        label = share.argmax(axis=1)
        counts = np.bincount(label, minlength=share.shape[1])
        order = np.argsort(label, kind="stable")
        place = np.empty(len(label), dtype=np.int64)
        place[order] = np.arange(len(label)) - np.repeat(np.cumsum(counts) - counts, counts)
        values = np.zeros((share.shape[1], len(z), int(counts.max(initial=1))))
        values[label, :, place] = z.T * share.max(axis=1)[:, np.newaxis]
        return cls(values, label, place, _largest(values) / (2 * len(z)))

    @property
    def width(self) -> int:
        """W, the number of words."""
        return len(self.label)

    def scores(self, theta: FloatArray) -> FloatArray:
        """(n, L): Σ_{w of y} θ_w / m_y · z_w."""
        weights = np.zeros((len(self.values), self.values.shape[2], 1))
        weights[self.label, self.place, 0] = theta
        return np.matmul(self.values, weights)[:, :, 0].T

    def gradient(self, errors: FloatArray) -> FloatArray:
        """(W,): Σ_x errors(x, y) z_w(x) / m_y, for errors (n, L)."""
        sums = np.matmul(np.ascontiguousarray(errors.T)[:, np.newaxis, :], self.values)
        return sums[self.label, 0, self.place]


def _largest(blocks: FloatArray) -> float:
    """The largest squared singular value of any block."""
    if blocks.shape[1] < blocks.shape[2]:
        blocks = blocks.swapaxes(1, 2)
    return float(np.linalg.eigvalsh(blocks.swapaxes(1, 2) @ blocks).max())
