"""What readers of free prompts share on models in this process: embeddings, batches, vectors put in place."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

import torch
from torch import Tensor

from promptsearch.errors import PLMError
from promptsearch.plms.forward import TokenBudget
from promptsearch.plms.free import FreePrompts, FreeReader, IntArray

if TYPE_CHECKING:
    from promptsearch.plms.local import LocalPLM

T = TypeVar("T")

# A backward pass keeps the activations of all layers, so that fewer tokens fit than in a forward pass.
_GRADIENT_SHARE = 4
# Rows of the embedding table looked up at once.
_LOOKED_UP = 4096


class LocalFreeReader(FreeReader):
    """Reads free prompts on a transformers model.

    Args:
        plm: with the model.
        prompts: encoded by that PLM's encoder.

    Raises:
        PLMError: the model's input embeddings are out of reach.
    """

    def __init__(self, plm: LocalPLM, prompts: FreePrompts) -> None:
        self.plm = plm
        self.prompts = prompts
        self.model: Any = plm.model
        self.device = plm.device
        self.gradient_budget = TokenBudget(max(1, plm.budget.tokens // _GRADIENT_SHARE))
        self._table = self._input_table()

    def _input_table(self) -> Any:
        """The module that looks up embeddings of a prompt's tokens."""
        return input_embeddings(self.model)

    @cached_property
    def matrix(self) -> Tensor:
        table, weight = self._table, self._table.weight.detach()
        with torch.no_grad():
            everything = torch.arange(len(weight), device=weight.device)
            if torch.equal(table(everything[:8]), weight[:8]):
                return weight
            # A table that scales what it looks up.
            return torch.cat([table(ids) for ids in everything.split(_LOOKED_UP)])

    def batches(self, rows: Sequence[int], copies: int = 1) -> Iterator[list[int]]:
        for batch in self.gradient_budget.batches([copies * length for length in self._lengths(rows)]):
            yield [rows[i] for i in batch]

    def over_batches(
        self, rows: Sequence[int], work: Callable[[list[int]], T], copies: int = 1
    ) -> list[tuple[list[int], T]]:
        done: list[tuple[list[int], T]] = []

        def forward(batch: list[int]) -> list[None]:
            done.append((batch, work(batch)))
            return [None] * len(batch)

        lengths = dict(zip(rows, self._lengths(rows)))
        self.gradient_budget.run(rows, lambda row: copies * lengths[row], forward)
        return done

    @abstractmethod
    def _lengths(self, rows: Sequence[int]) -> list[int]:
        """How many tokens of each prompt go through the model, with padding."""

    @contextmanager
    def _placed(self, vectors: Tensor, positions: IntArray, table: Any = None) -> Generator[None]:
        """While open, the model looks up these vectors (r, m, d) at these positions (r, m) of each row.

        Args:
            table: the module that looks up the rest, where it is not the one of the prompt's tokens.
        """
        at = torch.from_numpy(positions).to(self.device)
        rows = torch.arange(len(at), device=self.device)[:, None]

        def put(_module: torch.nn.Module, _arguments: Any, output: Tensor) -> Tensor:
            return output.index_put((rows, at), vectors.to(output.dtype))

        handle = (table or self._table).register_forward_hook(put)
        try:
            yield
        finally:
            handle.remove()

    def _each(self, vectors: Tensor, rows: Sequence[int]) -> Tensor:
        """Vectors for every row, (r, m, d), from those of all rows alike."""
        vectors = vectors.to(self.device)
        return vectors if vectors.dim() == 3 else vectors.expand(len(rows), *vectors.shape)

    def _log_probs(self, states: Tensor) -> Tensor:
        """(n, vocabulary) log-probabilities at answer states (n, d)."""
        return self.plm.output.logits(states).log_softmax(dim=-1)

    def _mean_log_prob(self, states: Tensor, partition: Tensor, tokens: Tensor) -> Tensor:
        """Mean over all but the first dimension of what states (c, ..., d) say of tokens (c, ...)."""
        own = self.plm.output.own_logits(states.flatten(0, -2), tokens.flatten())
        return (own - partition.flatten()).view(len(tokens), -1).mean(dim=-1)


def input_embeddings(model: Any) -> Any:
    """The module that looks up a token's embedding.

    Raises:
        PLMError: there is none, or it holds no weight.
    """
    try:
        table = model.get_input_embeddings()
    except NotImplementedError:
        table = None
    if getattr(table, "weight", None) is None:
        raise PLMError(
            f"the input embeddings of {type(model).__name__} cannot be reached",
            hint="Take another PLM; prompts of words need no input embeddings.",
        )
    return table
