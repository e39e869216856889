"""One template on the examples of train: label scores under any trigger, and their slopes around one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from promptsearch.engines.trigger.costs import Costs
from promptsearch.engines.trigger.spending import Meter
from promptsearch.errors import PLMError
from promptsearch.objective import LabelObjective
from promptsearch.plms.free import FreeReader

Filling = tuple[int, ...]

# Numbers in the states that are read at once, before only label scores are kept of them.
_MOST_NUMBERS = 1 << 24


@dataclass(frozen=True)
class Slopes:
    """Label scores around the vectors in the places of a trigger, to first order.

    Attributes:
        scores: (r, L) there.
        slopes: (r, L - 1, k, d), how the score of each label but the first, less that of the first, changes
            with the vectors in k places.
    """

    scores: Tensor
    slopes: Tensor

    def gradient(self, upstream: Tensor) -> Tensor:
        """(k, d), the derivative of a function of the scores.

        Args:
            upstream: (r, L), its derivative by the scores; it must not change when all labels of an example
                do.
        """
        return torch.einsum("rl,rlkd->kd", upstream[:, 1:].to(self.slopes), self.slopes)


@dataclass(frozen=True)
class Reading:
    """The prompts of a template, read with triggers in their places.

    Attributes:
        reader: of the prompts of the examples.
        labels: reads label scores off states.
        costs: of those label scores.
        meter: counts what is read.
    """

    reader: FreeReader
    labels: LabelObjective
    costs: Costs
    meter: Meter

    @property
    def n(self) -> int:
        """Number of examples."""
        return len(self.reader.prompts)

    @property
    def n_labels(self) -> int:
        """L, the number of labels."""
        return len(self.labels.weights)

    @property
    def places(self) -> int:
        """Number of trigger tokens."""
        return self.reader.prompts.places

    def scores(self, fillings: Sequence[Filling], rows: Sequence[int] | None = None) -> Tensor:
        """Label scores (c, r, L) float64 of triggers on some examples, or on all.

        Raises:
            BudgetSpent: they are more than may still be read.
        """
        rows = range(self.n) if rows is None else rows
        self.meter.take(len(fillings) * len(rows))
        width = self.labels.layer.weight.shape[1]
        at_once = max(1, _MOST_NUMBERS // max(1, len(rows) * width))
        parts = [fillings[start : start + at_once] for start in range(0, len(fillings), at_once)]
        return torch.cat([self._scores(part, rows) for part in parts]).double()

    def _scores(self, fillings: Sequence[Filling], rows: Sequence[int]) -> Tensor:
        states = self.reader.read(np.asarray(fillings, dtype=np.int64), rows)
        with torch.no_grad():
            scores = self.labels.scores(states.flatten(0, 1))
        return scores.view(len(fillings), len(rows), -1).cpu()

    def loss(self, scores: Tensor) -> float:
        """The loss at label scores (n, L) of all examples."""
        return float(self.costs.loss(self.costs.of_examples(scores)))

    def embeddings(self, filling: Sequence[int]) -> Tensor:
        """(m, d) float32 embeddings of a trigger's tokens."""
        return self.reader.matrix[torch.tensor(filling, device=self.reader.matrix.device)].float()

    def slopes(self, filling: Filling, rows: Sequence[int]) -> Slopes:
        """Slopes in all places around a trigger's own embeddings; not counted as readings here."""
        scores, slopes = self._slopes(self.embeddings(filling)[None], rows)
        return Slopes(scores[:, 0], slopes[:, :, 0])

    def slopes_around(self, filling: Filling, point: Tensor, rows: Sequence[int]) -> list[Slopes]:
        """For each place its slopes around a vector (d,) there, the other tokens as they are; not counted."""
        vectors = self.embeddings(filling).repeat(self.places, 1, 1)
        own = torch.arange(self.places, device=vectors.device)
        vectors[own, own] = point
        scores, slopes = self._slopes(vectors, rows, own)
        return [Slopes(scores[:, i], slopes[:, :, i, None]) for i in range(self.places)]

    def _slopes(
        self, vectors: Tensor, rows: Sequence[int], places: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """Scores (r, k, L) and slopes (r, L - 1, k, m, d) at vectors (k, m, d) in the places.

        Args:
            places: (k,) of the i-th set of vectors the place whose slope is kept: (r, L - 1, k, d) then.
        """
        labels, count = self.n_labels, len(vectors)

        def work(batch: list[int]) -> tuple[Tensor, Tensor]:
            leaf = vectors.repeat(len(batch), 1, 1).requires_grad_()
            repeated = [row for row in batch for _ in range(count)]
            scores = self.labels.scores(self.reader.read_vectors(leaf, repeated))
            if not scores.requires_grad:
                raise _without_gradients()
            slopes = [
                torch.autograd.grad((scores[:, i] - scores[:, 0]).sum(), leaf, retain_graph=i + 1 < labels)[0]
                for i in range(1, labels)
            ]
            stacked = torch.stack(slopes).view(labels - 1, len(batch), count, *vectors.shape[1:])
            if places is not None:
                stacked = stacked[:, :, places, places]
            return scores.detach().view(len(batch), count, -1), stacked.transpose(0, 1)

        done = self.reader.over_batches(list(rows), work, copies=count)
        at = {row: i for i, row in enumerate(row for batch, _ in done for row in batch)}
        order = torch.tensor([at[row] for row in rows])
        scores = torch.cat([scores for _, (scores, _) in done])[order]
        return scores.cpu(), torch.cat([slopes for _, (_, slopes) in done])[order]


def _without_gradients() -> PLMError:
    return PLMError(
        "this PLM lets no gradient through to its input embeddings",
        hint="Search by edits instead, which need none: --method edit.",
    )
