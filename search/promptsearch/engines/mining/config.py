"""What the engine is asked to do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from promptsearch.engines.mining.counts import MOST
from promptsearch.engines.mining.words import Words
from promptsearch.errors import OptionError

Miner = Literal["middle", "dependency"]
MINERS: tuple[Miner, ...] = ("middle", "dependency")


@dataclass(frozen=True)
class MiningConfig:
    """How templates are mined.

    Attributes:
        corpora: files, folders, globs and data sets to mine, see `Corpus.of`; by default the bundled text,
            and for classification the task's own texts with it.
        column: the field or column that holds the text, in JSON lines and tables.
        sentences: how lines are split into sentences: auto, punkt, rules or none.
        own_texts: whether the task's own train texts are a corpus too, for classification.
        miners: `middle` takes the words between the two sides, `dependency` those of the path between them
            in a parse (needs the extra `parser`); for facts.
        parser: name of spaCy's model for the miner `dependency`.
        between: words and punctuation marks that may stand between the two sides.
        window: words to the left and to the right that may belong to a template.
        least: distinct pairs that a template must be found with; None takes 2, and those of one pair where
            that gives a PLM too few to read.
        balance: how even labels must be in a frame, see `framing.balance_of`.
        share_of_labels: share of the labels whose words a frame must be found with.
        fold_case, fold_accents: which spellings are one name, see `Words`.
        read: of the mined templates, how many a PLM reads to rank them by its accuracy on train.
        most_texts: train examples that it reads them on.
        kept: of the templates read, how many go on; the most supported ones always do, and those of one pair
            must do better than others, see `preference`.
        examples: sentences shown for each template.
        most: places held in memory, see `counts.prune`.
        workers: processes; None takes all cores.
        scheduler: address of a Dask scheduler that does the counting, as tcp://host:8786.
        checkpoint: where to keep how far counting is; None takes the cache folder.
    """

    corpora: tuple[str | Path, ...] = ()
    column: str | None = None
    sentences: Literal["auto", "punkt", "rules", "none"] = "auto"
    own_texts: bool = True
    miners: tuple[Miner, ...] = ("middle",)
    parser: str = "en_core_web_sm"
    between: int = 8
    window: tuple[int, int] = (4, 2)
    least: int | None = None
    balance: float = 0.05
    share_of_labels: float = 1.0
    fold_case: bool = True
    fold_accents: bool = True
    read: int = 60
    most_texts: int = 100
    kept: int = 12
    examples: int = 3
    most: int = MOST
    workers: int | None = None
    scheduler: str | None = None
    checkpoint: Path | None = None

    def __post_init__(self) -> None:
        if isinstance(self.corpora, str | Path):
            object.__setattr__(self, "corpora", (self.corpora,))
        for name in ("between", "least", "read", "most_texts", "kept", "most"):
            if (value := getattr(self, name)) is not None and value < 1:
                raise OptionError(f"{name} must be 1 or more, not {value}")
        if min(self.window) < 0 or self.examples < 0:
            raise OptionError("numbers of words and examples must be 0 or more")
        if not (0 <= self.balance <= 1 and 0 < self.share_of_labels <= 1):
            raise OptionError("balance and share of labels must lie between 0 and 1")
        unknown: Sequence[str] = [miner for miner in self.miners if miner not in MINERS]
        if unknown or not self.miners:
            raise OptionError(
                f"there is no miner {(*unknown, '')[0]!r}", hint=f"There are {', '.join(MINERS)}."
            )

    @property
    def words(self) -> Words:
        """How text is cut into words."""
        return Words(self.fold_case, self.fold_accents)
