"""Settings of masked-language-model training."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path

from promptsearch.errors import OptionError


@dataclass(frozen=True)
class PretrainConfig:
    """Everything that decides how a masked PLM is trained; the defaults made `minilm-mlm`.

    Attributes:
        text: files of plain text, UTF-8, one document a line; `.gz` is read too.
        start: reference or folder of the BERT to start from; a missing language-model head is made new.
        out: folder for the trained model, and for the state of training until it is finished.
        minutes: training time; evaluation and start-up are not counted.
        steps: number of updates, instead of `minutes`. Only then is a run repeatable to the last bit.
        seed: fixes the order of the text, where documents are cut, what is masked, and the head's noise.
        max_tokens: length of a sequence with its two special tokens.
        min_tokens: shortest piece, without special tokens, that a document is cut into.
        batch_tokens: padded tokens of one batch, about.
        bucket: sequences that are sorted by length together before they are cut into batches.
        chosen: share of the tokens that have to be predicted; of these
        masked, kept: become the mask token, stay as they are; the rest becomes a random word.
        held_out: sequences kept out of training, at most a tenth of all.
        held_out_masked: share of their tokens that are masked and predicted.
        evaluate_minutes: training time between two looks at the held-out loss.
        save_minutes: training time between two saves of the state.
    """

    text: tuple[Path, ...]
    start: str
    out: Path
    minutes: float | None = None
    steps: int | None = None
    seed: int = 0
    max_tokens: int = 128
    min_tokens: int = 8
    batch_tokens: int = 4096
    bucket: int = 20_000
    chosen: float = 0.30
    masked: float = 0.85
    kept: float = 0.08
    peak_rate: float = 6e-4
    warm_up_steps: int = 150
    betas: tuple[float, float] = (0.9, 0.98)
    epsilon: float = 1e-6
    weight_decay: float = 0.01
    clip: float = 1.0
    head_noise: float = 0.02
    held_out: int = 3000
    held_out_masked: float = 0.15
    evaluate_minutes: float = 10.0
    save_minutes: float = 10.0

    def __post_init__(self) -> None:
        if (self.minutes is None) == (self.steps is None):
            raise OptionError("give either minutes or steps", hint="For example --minutes 30.")
        if not self.text:
            raise OptionError(
                "no text to train on", hint="Name files with one document a line: --text FILES…"
            )
        for name in ("minutes", "steps", "batch_tokens", "bucket", "peak_rate", "clip", "held_out"):
            value = getattr(self, name)
            if value is not None and not value > 0:
                raise OptionError(f"{name} must be above 0, not {value}")
        for name in ("chosen", "held_out_masked"):
            if not 0 < getattr(self, name) < 1:
                raise OptionError(f"{name} must be between 0 and 1, not {getattr(self, name)}")
        if self.masked < 0 or self.kept < 0 or self.masked + self.kept > 1:
            raise OptionError(
                f"masked ({self.masked}) and kept ({self.kept}) must be shares that sum to 1 at most"
            )
        if not 1 <= self.min_tokens <= self.max_tokens - 2:
            raise OptionError(
                f"min_tokens ({self.min_tokens}) must be between 1 and max_tokens - 2 ({self.max_tokens - 2})"
            )

    def as_json(self) -> dict[str, object]:
        """Plain values, for the saved state and the model card."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return values | {
            "text": [str(path) for path in self.text],
            "out": str(self.out),
            "betas": list(self.betas),
        }
