"""`pretrain`: text and a BERT in, a masked PLM out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from promptsearch.errors import OptionError, PLMError
from promptsearch.plms.pretrain.config import PretrainConfig
from promptsearch.plms.pretrain.data import Sequences, read_documents, split_held_out, tokenize
from promptsearch.plms.pretrain.export import export_model
from promptsearch.plms.pretrain.masking import SpecialIds
from promptsearch.plms.pretrain.network import load_bert, new_head
from promptsearch.plms.pretrain.state import Progress, load_state, state_file
from promptsearch.plms.pretrain.trainer import Corpus, Report, Trainer, make_optimizer
from promptsearch.plms.sources.loading import load_tokenizer
from promptsearch.plms.sources.resolve import resolve


@dataclass(frozen=True)
class PretrainResult:
    """How a run ended.

    Attributes:
        folder: the trained model; None when the run was interrupted.
        state: file to go on from; None when the run is finished.
        held_out: (tokens seen, held-out loss in nats a token) at each look.
    """

    folder: Path | None
    state: Path | None
    steps: int
    tokens: int
    seconds: float
    held_out: tuple[tuple[int, float], ...]

    def record(self) -> dict[str, Any]:
        """As JSON-able values."""
        return {
            "folder": str(self.folder) if self.folder else None,
            "state": str(self.state) if self.state else None,
            "steps": self.steps,
            "tokens": self.tokens,
            "seconds": round(self.seconds, 1),
            "held_out": [{"tokens": tokens, "loss": loss} for tokens, loss in self.held_out],
        }

    def __str__(self) -> str:
        losses = " → ".join(f"{loss:.3f}" for _, loss in self.held_out)
        done = f"{self.steps:,} steps, {self.tokens:,} tokens in {self.seconds:.0f} s; held-out loss {losses}"
        if self.folder is None:
            return (
                f"Stopped after {done}.\nThe state is kept in {self.state}; the same command goes on from it."
            )
        return f"{done}.\nThe model is in {self.folder}; use it with --plm {self.folder}"


def pretrain(
    config: PretrainConfig, report: Report | None = None, tell: Callable[[str], None] | None = None
) -> PretrainResult:
    """Train a BERT on masked-token prediction by the recipe that made `minilm-mlm`.

    A run that was interrupted goes on when it is called again with the same settings and text.

    Args:
        report: called after every step.
        tell: told in words what is being done before and after the steps.

    Raises:
        OptionError: `out` holds something already, or an unfinished run with other settings.
        DataError: no text, or a file that cannot be read.
        PLMError: `start` is not a BERT.
        StorageError: state or model cannot be written.
    """
    say = tell or (lambda _: None)
    _check_out(config.out)
    start = resolve(config.start, progress=tell)
    tokenizer = load_tokenizer(start.folder)
    model, has_head = load_bert(start.folder)
    say("reading the text")
    corpus = _corpus(config, tokenizer, model)
    say(f"{len(corpus.train):,} sequences, {int(corpus.sequences.lengths.sum()):,} tokens")
    if not has_head:
        counts = corpus.sequences.counts(model.config.vocab_size, corpus.train)
        new_head(model, counts, config.head_noise, config.seed)
    model.to("cuda" if torch.cuda.is_available() else "cpu")
    run = config.as_json() | {"text_sha256": corpus.sequences.fingerprint}
    trainer = _trainer(config, model, corpus, run)
    if trainer.progress.step:
        say(f"going on after step {trainer.progress.step}")
    state = state_file(config.out)
    finished = trainer.train(state, report)
    if finished:
        export_model(model, tokenizer, config.out, run | _outcome(trainer.progress))
        state.unlink(missing_ok=True)
    progress = trainer.progress
    return PretrainResult(
        folder=config.out if finished else None,
        state=None if finished else state,
        steps=progress.step,
        tokens=progress.tokens,
        seconds=progress.seconds,
        held_out=tuple(progress.held_out),
    )


def _check_out(out: Path) -> None:
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise OptionError(f"{out} exists already", hint="Give another --out, or remove it first.")


def _corpus(config: PretrainConfig, tokenizer: Any, model: Any) -> Corpus:
    positions = model.config.max_position_embeddings
    if config.max_tokens > positions:
        raise OptionError(f"max_tokens is {config.max_tokens}, and the model has {positions} positions")
    special = _special_ids(tokenizer, model.config.vocab_size)
    sequences: Sequences = tokenize(
        read_documents(config.text), tokenizer, config.max_tokens - 2, config.min_tokens, config.seed
    )
    train, held_out = split_held_out(len(sequences), config.held_out, config.seed)
    return Corpus(sequences, train, held_out, special)


def _special_ids(tokenizer: Any, vocabulary: int) -> SpecialIds:
    ids = [tokenizer.cls_token_id, tokenizer.sep_token_id, tokenizer.mask_token_id, tokenizer.pad_token_id]
    if None in ids or len(tokenizer) > vocabulary:
        raise PLMError("the tokenizer does not fit a BERT: start, end, mask or padding token is missing")
    words = np.setdiff1d(np.arange(len(tokenizer)), tokenizer.all_special_ids)
    return SpecialIds(*ids, words=words)


def _trainer(config: PretrainConfig, model: Any, corpus: Corpus, run: dict[str, object]) -> Trainer:
    optimizer = make_optimizer(model, config)
    state = state_file(config.out)
    progress = load_state(state, model, optimizer, run) if state.exists() else Progress()
    return Trainer(config, model, optimizer, corpus, progress, run)


def _outcome(progress: Progress) -> dict[str, object]:
    return {
        "steps_done": progress.step,
        "tokens_seen": progress.tokens,
        "seconds": round(progress.seconds, 1),
        "held_out_losses": progress.held_out,
    }
