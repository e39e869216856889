"""From text files to token sequences, and from those to batches of similar length."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from promptsearch.errors import DataError

Ids = NDArray[np.int32]
_LINES_AT_ONCE = 2000


@dataclass(frozen=True)
class Sequences:
    """Token ids of many sequences, one after the other, without special tokens.

    Attributes:
        ids: (total,) int32.
        starts: (n + 1,) int64, where each sequence starts, and the end.
    """

    ids: Ids
    starts: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.starts) - 1

    def __getitem__(self, index: int) -> Ids:
        return self.ids[self.starts[index] : self.starts[index + 1]]

    @property
    def lengths(self) -> NDArray[np.int64]:
        """(n,) tokens of each sequence."""
        return np.diff(self.starts)

    @property
    def fingerprint(self) -> str:
        """sha256 (hex) over the ids and where the sequences start."""
        return hashlib.sha256(self.ids.tobytes() + self.starts.tobytes()).hexdigest()

    def counts(self, vocabulary: int, chosen: Sequence[int] | NDArray[np.int64]) -> NDArray[np.int64]:
        """(vocabulary,) how often each token occurs in the chosen sequences."""
        ids = [self[index] for index in chosen]
        return (
            np.bincount(np.concatenate(ids), minlength=vocabulary) if ids else np.zeros(vocabulary, np.int64)
        )


def read_documents(files: Sequence[Path]) -> Iterator[str]:
    """The lines of the files that are not blank, one document each.

    Raises:
        DataError: a file that is missing or is not UTF-8 text.
    """
    for path in files:
        opener = gzip.open if path.suffix == ".gz" else open
        try:
            with opener(path, "rt", encoding="utf-8-sig", newline="\n") as lines:
                yield from (text for line in lines if (text := line.strip()))
        except FileNotFoundError as error:
            raise DataError("there is no such text file", where=str(path)) from error
        except (OSError, EOFError, UnicodeDecodeError) as error:
            raise DataError(
                f"the text cannot be read: {error}", where=str(path), hint="Plain UTF-8 text is."
            ) from error


def tokenize(documents: Iterator[str], tokenizer: Any, longest: int, shortest: int, seed: int) -> Sequences:
    """Cut documents into sequences of random length, `shortest` to `longest` tokens, without special tokens.

    A document that is shorter than the length drawn for it is a sequence by itself; a rest below
    `shortest` tokens is dropped, unless it is the whole document.

    Raises:
        DataError: no text at all.
    """
    random = np.random.default_rng([seed, 0])
    pieces: list[Ids] = []
    while batch := list(islice(documents, _LINES_AT_ONCE)):
        encoded = tokenizer(batch, add_special_tokens=False, return_attention_mask=False, verbose=False)
        for ids in encoded["input_ids"]:
            pieces.extend(_cut(np.asarray(ids, dtype=np.int32), longest, shortest, random))
    if len(pieces) < 2:
        raise DataError(
            "the text is too little to train on", hint="Give files with at least some hundred lines."
        )
    starts = np.concatenate([[0], np.cumsum([len(piece) for piece in pieces])]).astype(np.int64)
    return Sequences(np.concatenate(pieces), starts)


def _cut(ids: Ids, longest: int, shortest: int, random: np.random.Generator) -> Iterator[Ids]:
    start = 0
    while start < len(ids):
        length = int(random.integers(shortest, longest + 1))
        piece = ids[start : start + length]
        if len(piece) >= shortest or start == 0:
            yield piece
        start += length


def split_held_out(n: int, held_out: int, seed: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Indices to train on, and indices kept out: `held_out` of them, at most a tenth, at least one."""
    order = np.random.default_rng([seed, 1]).permutation(n)
    kept_out = max(1, min(held_out, n // 10))
    return np.sort(order[kept_out:]), np.sort(order[:kept_out])


def batches_of_epoch(
    lengths: NDArray[np.int64],
    indices: NDArray[np.int64],
    batch_tokens: int,
    bucket: int,
    seed: int,
    epoch: int,
) -> list[NDArray[np.int64]]:
    """The batches of one pass over `indices`, in the order they are used.

    Sequences are shuffled, sorted by length within buckets, cut into batches of at most `batch_tokens`
    padded tokens (two special tokens a sequence included), and the batches of each bucket are shuffled.
    """
    random = np.random.default_rng([seed, 2, epoch])
    order = random.permutation(indices)
    batches: list[NDArray[np.int64]] = []
    for start in range(0, len(order), bucket):
        part = order[start : start + bucket]
        part = part[np.argsort(lengths[part], kind="stable")]
        cut = list(_fill(part, lengths, batch_tokens))
        batches.extend(cut[i] for i in random.permutation(len(cut)))
    return batches


def _fill(
    ordered: NDArray[np.int64], lengths: NDArray[np.int64], batch_tokens: int
) -> Iterator[NDArray[np.int64]]:
    """Cut indices in ascending order of length where the next sequence would exceed the budget."""
    start = 0
    for end, index in enumerate(ordered):
        if end > start and (end - start + 1) * (int(lengths[index]) + 2) > batch_tokens:
            yield ordered[start:end]
            start = end
    yield ordered[start:]
