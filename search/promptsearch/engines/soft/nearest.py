"""What words soft tokens are nearest to, which rarely explains what they do."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from promptsearch.plms.local import LocalPLM
from promptsearch.soft import SoftTemplate

CAUTION = (
    "The words nearest to a soft token rarely explain it: prompts with other neighbours can answer as well "
    "(Khashabi et al. 2022)."
)


@dataclass(frozen=True)
class Neighbour:
    """A token of the vocabulary, and the cosine between its embedding and a soft token."""

    text: str
    cosine: float


def nearest_words(plm: LocalPLM, template: SoftTemplate, most: int = 5) -> list[list[Neighbour]]:
    """For each soft token the nearest tokens of the vocabulary by cosine, nearest first.

    Tokens without a text, such as special ones, are left out.

    Raises:
        ValueError: vectors of another width than the PLM's embeddings.
    """
    vectors = template.vectors
    matrix = plm.free_reader(template.unfilled, ()).matrix
    if matrix.shape[1] != vectors.width:
        raise ValueError(f"vectors of {vectors.width} numbers for embeddings of {matrix.shape[1]}")
    texts = plm.vocabulary()
    named = [i for i, text in enumerate(texts[: len(matrix)]) if text.strip()]
    table = torch.nn.functional.normalize(matrix[named].float(), dim=1)
    own = torch.nn.functional.normalize(torch.from_numpy(np.array(vectors.array)), dim=1).to(table.device)
    cosines, places = (own @ table.T).topk(min(most, len(named)), dim=1)
    return [
        [Neighbour(texts[named[at]].strip(), float(cosine)) for at, cosine in zip(row, values)]
        for row, values in zip(places.tolist(), cosines.tolist())
    ]
