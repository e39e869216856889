"""Where keys and values of virtual tokens start: at those that the PLM itself gives to words."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from promptsearch.engines.soft.config import Start
from promptsearch.engines.soft.starts import frequent_tokens
from promptsearch.plms.local import LocalPLM
from promptsearch.plms.prefixed import prefix_shape_of, room_behind
from promptsearch.plms.prefixes import keys_and_values


def prefix_start(plm: LocalPLM, tokens: int, start: Start, seed: Sequence[int]) -> Tensor:
    """Keys and values of n virtual tokens before training: (n, numbers) float32.

    Those of frequent words drawn by seed, as the PLM reads them at the start of a text (Li and Liang 2021,
    section 7.4: activations of real words do better than random numbers). So on a causal PLM it begins as if
    these words stood before the prompt. `random` has numbers of the same mean and spread.

    Raises:
        PLMError: the PLM takes no keys and values.
        TemplateError: more virtual tokens than the context holds.
    """
    room_behind(plm, tokens)
    random = np.random.default_rng(list(seed))
    frequent = frequent_tokens(plm)
    drawn = random.choice(frequent, tokens).tolist()
    ids = torch.tensor([drawn], device=plm.device)
    vectors = prefix_shape_of(plm).vectors(keys_and_values(plm.model, ids)).float()
    if start != "random":
        return vectors
    numbers = torch.from_numpy(random.standard_normal(tuple(vectors.shape), dtype=np.float32))
    spread = vectors.std(dim=0) if tokens > 1 else vectors.std()
    return vectors.mean(dim=0) + spread * numbers.to(vectors.device)
