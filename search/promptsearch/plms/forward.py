"""One forward pass that ends at the output layer, and that layer as plain linear algebra."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import torch
from torch import Tensor, nn

from promptsearch.errors import PLMError

# Logits held at once, (rows, columns): few enough to stay in a processor's cache.
_LOGIT_ROWS = 256
_LOGIT_COLUMNS = 4096
# Processor kernels are built for each shape and kept, so that many shapes cost time and memory.
_LENGTH_STEP = 8
# The processor's allocator on Linux and on Windows; a GPU's, where it is no torch.OutOfMemoryError.
_OUT_OF_MEMORY = re.compile(
    r"DefaultCPUAllocator: (can't allocate|not enough) memory|(CUDA|HIP|MPS|XPU)\b.*\bout of memory"
)


class _ReachedOutput(Exception):
    """Carries the output layer's input out of a model's forward, so that the layer itself is not run."""

    def __init__(self, hidden: Tensor) -> None:
        super().__init__()
        self.hidden = hidden


def output_layer_input(model: Any, **inputs: Any) -> Tensor:
    """Run `model` up to its output embeddings: (batch, length, d), the input of that layer.

    Stopping there keeps (batch, length, vocabulary) logits from ever existing, for any architecture.

    Raises:
        PLMError: the model does not call its output embeddings as a module.
    """

    def stop(_module: nn.Module, arguments: tuple[Tensor, ...]) -> None:
        raise _ReachedOutput(arguments[0])

    handle = model.get_output_embeddings().register_forward_pre_hook(stop)
    try:
        model(**inputs)
    except _ReachedOutput as reached:
        return reached.hidden
    finally:
        handle.remove()
    raise PLMError(
        f"{type(model).__name__} does not pass through its output embeddings, so answers cannot be read"
    )


@dataclass(frozen=True)
class OutputLayer:
    """logits = cap(scale · (h · Eᵀ + b)).

    Some tokens' logits are computed in float32. Those of the whole vocabulary, of which only the sum is
    kept, are multiplied in the model's own number format: in float32 they would take as long as the model.

    Attributes:
        weight: (vocabulary, d) output embeddings E, in the model's number format.
        bias: (vocabulary,) float32, b, zeros where the model has none.
        scale: a constant factor some families put on the logits (Cohere, Granite).
        soft_cap: c in c · tanh(logit / c) (Gemma 2), or None.
    """

    weight: Tensor
    bias: Tensor
    scale: float = 1.0
    soft_cap: float | None = None

    def logits(self, hidden: Tensor, ids: Tensor | None = None) -> Tensor:
        """(n, vocabulary), or (n, len(ids)) for some tokens only."""
        if ids is None:
            logits = torch.mm(hidden.to(self.weight.dtype), self.weight.T).float().add_(self.bias)
        else:
            logits = torch.addmm(self.bias[ids], hidden.float(), self.weight[ids].float().T)
        return self._capped(logits)

    def own_logits(self, hidden: Tensor, ids: Tensor) -> Tensor:
        """(n,) logit of one token at each of the n rows."""
        return self._capped((hidden.float() * self.weight[ids].float()).sum(dim=-1) + self.bias[ids])

    def _capped(self, logits: Tensor) -> Tensor:
        if self.scale != 1.0:
            logits = logits * self.scale
        return logits if self.soft_cap is None else self.soft_cap * torch.tanh(logits / self.soft_cap)

    def log_partition(self, hidden: Tensor) -> Tensor:
        """(n,) log-sum-exp of the logits over the vocabulary."""
        parts = [self._log_partition(rows) for rows in hidden.split(_LOGIT_ROWS)]
        return torch.cat(parts) if parts else hidden.new_zeros(0)

    def _log_partition(self, hidden: Tensor) -> Tensor:
        pieces = zip(self.weight.split(_LOGIT_COLUMNS), self.bias.split(_LOGIT_COLUMNS))
        sums = [replace(self, weight=w, bias=b).logits(hidden).logsumexp(dim=-1) for w, b in pieces]
        return torch.stack(sums).logsumexp(dim=0)

    @classmethod
    def of(cls, model: Any, probe: dict[str, Tensor]) -> OutputLayer:
        """Read the layer off a model, and hold it against the logits of one real forward pass.

        Raises:
            PLMError: the logits are no scaled, capped linear function of the layer's input, or there are
                several of those inputs at each place (ProphetNet).
        """
        module = model.get_output_embeddings()
        if module is None or getattr(module, "weight", None) is None:
            raise PLMError(f"{type(model).__name__} has no output embeddings, so it is not a language model")
        weight = module.weight.detach()
        bias = torch.zeros(len(weight), device=weight.device)
        # BART and its kin add theirs outside of the layer.
        for added in (getattr(module, "bias", None), getattr(model, "final_logits_bias", None)):
            if added is not None:
                bias = bias + added.detach().float().flatten()
        cap = getattr(model.config, "final_logit_softcapping", None)
        hidden = output_layer_input(model, **probe)[0].float()
        expected = model(**probe).logits[0].float()
        if hidden.shape[:-1] != expected.shape[:-1]:
            raise PLMError(
                f"{type(model).__name__} writes several tokens at a place",
                hint="Its answers cannot be read from answer states; take another PLM.",
            )
        linear = cls(weight, bias).logits(hidden)
        uncapped = expected if cap is None else cap * torch.atanh((expected / cap).clamp(-0.999999, 0.999999))
        scale = float((linear * uncapped).sum() / (linear * linear).sum())
        scale = 1.0 if abs(scale - 1) < 0.01 else scale
        layer = cls(weight, bias, scale, cap)
        tolerance = 1e-3 if model.dtype == torch.float32 else 0.05
        error = (layer.logits(hidden) - expected).abs().max() / expected.abs().max().clamp(min=1.0)
        if not error < tolerance:
            raise PLMError(
                f"the output layer of {type(model).__name__} is not linear (error {float(error):.2g})",
                hint="Its answers cannot be read from answer states; take another PLM.",
            )
        return layer


T = TypeVar("T")
R = TypeVar("R")


def out_of_memory(error: BaseException) -> bool:
    """Whether an error says that memory ran out: by its type, or in the words of an allocator of torch."""
    return isinstance(error, (MemoryError, torch.OutOfMemoryError)) or (
        isinstance(error, RuntimeError) and _OUT_OF_MEMORY.search(str(error)) is not None
    )


def padded_length(longest: int, most: int) -> int:
    """Length to pad a batch to: a multiple of 8 where the context of `most` tokens allows it."""
    return max(longest, min(most, -(-longest // _LENGTH_STEP) * _LENGTH_STEP))


def right_padded(rows: Sequence[Sequence[int]], length: int, pad: int) -> tuple[Tensor, Tensor]:
    """Token ids padded on the right, and 1 where there is a token: (rows, length) each."""
    ids = torch.full((len(rows), length), pad)
    mask = torch.zeros((len(rows), length), dtype=torch.long)
    for i, tokens in enumerate(rows):
        ids[i, : len(tokens)] = torch.tensor(tokens)
        mask[i, : len(tokens)] = 1
    return ids, mask


@dataclass
class TokenBudget:
    """How many padded tokens go through the model at once; halved for good when memory runs out."""

    tokens: int
    progress: Callable[[int, int], None] | None = None

    def batches(self, lengths: Sequence[int]) -> Iterator[list[int]]:
        """Indices of `lengths`, longest first, in batches whose padded size fits the budget.

        Longest first: a batch that cannot fit fails at once, not after an hour.
        """
        order = sorted(range(len(lengths)), key=lambda i: -lengths[i])
        start = 0
        while start < len(order):
            size = max(1, self.tokens // max(1, lengths[order[start]]))
            yield order[start : start + size]
            start += size

    def run(
        self, items: Sequence[T], length: Callable[[T], int], forward: Callable[[list[T]], Iterable[R]]
    ) -> list[R]:
        """`forward` over batches of items; results come back in the order of the items.

        Raises:
            PLMError: not even one item fits into memory.
        """
        results: dict[int, R] = {}
        pending = list(range(len(items)))
        while pending:
            try:
                for batch in self.batches([length(items[i]) for i in pending]):
                    chosen = [pending[i] for i in batch]
                    results.update(zip(chosen, forward([items[i] for i in chosen])))
                    if self.progress is not None:
                        self.progress(len(results), len(items))
            except (RuntimeError, MemoryError) as error:
                if not out_of_memory(error):
                    raise
                self._halve(error, max(length(items[i]) for i in pending if i not in results))
            pending = [i for i in pending if i not in results]
        return [results[i] for i in range(len(items))]

    def _halve(self, error: BaseException, longest: int) -> None:
        if self.tokens < longest:
            raise PLMError(
                f"out of memory with a single prompt of {longest} tokens",
                hint="Take a smaller PLM, --dtype bfloat16, or shorter texts.",
            ) from error
        self.tokens //= 2
