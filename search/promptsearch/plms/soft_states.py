"""Answers to prompts whose soft tokens have been found, on models in this process."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from promptsearch.errors import PLMError, VerbalizerError
from promptsearch.pieces import quoted
from promptsearch.plms.base import AnswerStates, FloatArray
from promptsearch.soft import SoftTemplate
from promptsearch.tasks.task import Example

if TYPE_CHECKING:
    from promptsearch.plms.local import LocalPLM


def soft_states(plm: LocalPLM, template: SoftTemplate, examples: Sequence[Example]) -> AnswerStates:
    """One forward pass an example, with the vectors in place of embeddings.

    Raises:
        PLMError: the vectors are not for this PLM.
        TemplateError: see `PLM.free_reader`.
    """
    # What stands left of the vectors is read once in any case.
    reader = plm.free_reader(template.unfilled, examples, reuse=False)
    _check_fit(plm, template, reader.prompts.groups, reader.matrix.shape[1])
    layer, n = plm.output, len(examples)
    vectors = torch.tensor(template.vectors.array, device=plm.device)
    hidden = torch.zeros(n, layer.weight.shape[1], device=layer.weight.device)

    def read(rows: list[int]) -> Tensor:
        return reader.read_vectors(vectors, rows)

    with torch.no_grad():
        for rows, states in reader.over_batches(range(n), read):
            hidden[rows] = states.to(hidden.device)
        partition = layer.log_partition(hidden)
    return AnswerStates(
        hidden.cpu().numpy(),
        partition.cpu().numpy(),
        np.array([len(ids) for ids in reader.prompts.ids], dtype=np.int32),
        reader.prompts.shortened,
    )


def soft_answer_sums(
    plm: LocalPLM, template: SoftTemplate, examples: Sequence[Example], answers: Sequence[Sequence[int]]
) -> FloatArray:
    """Log-probabilities of answers of one token: (n, len(answers)).

    Raises:
        VerbalizerError: an answer has several tokens.
    """
    longest = max(map(len, answers), default=1)
    if longest > 1:
        raise VerbalizerError(
            f"an answer has {longest} tokens on {plm.identity.reference}, and prompts with soft tokens are "
            "read for answers of one token",
            hint="Give words that are one token there.",
        )
    states = plm.answer_states(template, examples, keep=False)
    return plm.word_scores(states, [answer[0] for answer in answers])


def _check_fit(plm: LocalPLM, template: SoftTemplate, groups: tuple[int, ...], width: int) -> None:
    vectors = template.vectors
    if vectors.width != width or vectors.groups != groups:
        raise PLMError(
            f"the soft tokens are not for {plm.identity.reference}",
            where=f"{quoted(str(template))}\n"
            f"it needs {_listed(groups)} vectors of {width} numbers, "
            f"and there are {_listed(vectors.groups)} of {vectors.width}",
            hint="Use them with the PLM that they were learned on.",
        )


def _listed(groups: Sequence[int]) -> str:
    return " + ".join(map(str, groups))
