"""What prompts are trained on: log-probabilities of labels as a differentiable function of answer states."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from promptsearch.errors import PLMError, VerbalizerError
from promptsearch.plms.base import PLM
from promptsearch.plms.forward import OutputLayer
from promptsearch.plms.local import LocalPLM
from promptsearch.readings import answer_tokens
from promptsearch.scoring import VerbalizerLayout, layout
from promptsearch.template import Template
from promptsearch.verbalizer import Verbalizer


@dataclass(frozen=True)
class LabelObjective:
    """Log-probabilities of L labels, normalised over labels, from states at the answer position.

    Only the T tokens of label words are scored: the sum over the vocabulary is the same for all labels and
    leaves with the normalisation. It stays where answers' weights differ in sum (`sum-log`).

    Attributes:
        layer: the PLM's output layer.
        ids: (T,) tokens that are scored, each once.
        forms: (W, T) log of how often a token counts for a word: 0 or -inf.
        weights: (L, W) of the words, summing to 1 for each label unless `sum-log`.
        marginal: whether words' probabilities are summed (`Verbalizer.aggregation`), or their logarithms.
    """

    layer: OutputLayer
    ids: Tensor
    forms: Tensor
    weights: Tensor
    marginal: bool

    @classmethod
    def of(cls, plm: PLM, template: Template, verbalizer: Verbalizer) -> LabelObjective:
        """The objective of a verbalizer's words as they stand in the template's slot.

        Raises:
            VerbalizerError: a word has several tokens, or the tokenizer cannot spell it.
            PLMError: the PLM does not run in this process.
        """
        if not isinstance(plm, LocalPLM):
            raise PLMError(
                f"{plm.identity.reference} gives no gradients, so no prompt can be trained on it",
                hint="Take a PLM that runs in this process.",
            )
        words = verbalizer.words
        tokens = answer_tokens(plm, template, words, verbalizer.case)
        _check_single(plm, words, tokens)
        return cls._of_tokens(
            plm.output, layout(verbalizer, words), [[f[0] for f in each] for each in tokens]
        )

    @classmethod
    def _of_tokens(
        cls, layer: OutputLayer, place: VerbalizerLayout, tokens: Sequence[Sequence[int]]
    ) -> LabelObjective:
        device = layer.weight.device
        ids = list(dict.fromkeys(token for forms in tokens for token in forms))
        forms = np.full((len(tokens), len(ids)), -np.inf, dtype=np.float32)
        for word, of_word in enumerate(tokens):
            forms[word, [ids.index(token) for token in of_word]] = 0.0
        weights = np.zeros((len(place), place.width), dtype=np.float32)
        for label, (columns, shares) in enumerate(zip(place.columns, place.weights)):
            weights[label, list(columns)] = shares
        return cls(
            layer,
            torch.tensor(ids, device=device),
            torch.from_numpy(forms).to(device),
            torch.from_numpy(weights).to(device),
            place.aggregation == "marginal",
        )

    def log_probs(self, hidden: Tensor) -> Tensor:
        """(r, d) states -> (r, L) log-probabilities; differentiable."""
        return self.scores(hidden).log_softmax(dim=-1)

    def scores(self, hidden: Tensor) -> Tensor:
        """(r, L) scores of the labels, of which only differences between labels mean something."""
        logits = self.layer.logits(hidden, self.ids)
        words = (logits[:, None, :] + self.forms).logsumexp(dim=-1)
        if self.marginal:
            return (words[:, None, :] + self.weights.log()).logsumexp(dim=-1)
        if not torch.allclose(self.weights.sum(dim=1), self.weights.sum(dim=1)[:1]):
            words = words - self.layer.log_partition(hidden)[:, None]
        return words @ self.weights.T


def _check_single(plm: PLM, words: Sequence[str], tokens: Sequence[Sequence[Sequence[int]]]) -> None:
    """Refuse answers of several tokens, which no single state answers for."""
    for word, forms in zip(words, tokens):
        if len(forms[0]) > 1:
            raise VerbalizerError(
                f"the answer {word!r} has {len(forms[0])} tokens on {plm.identity.reference}, "
                "and a prompt is trained on answers of one token",
                hint="Give another word, or let `promptsearch words` find some.",
            )
