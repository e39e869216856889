"""The options of `promptsearch mine`, and what they make of a search."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, cast

from promptsearch.cli import options
from promptsearch.cli.options import flag, value
from promptsearch.cli.shared_options import SearchOptions
from promptsearch.errors import OptionError

if TYPE_CHECKING:
    from promptsearch.engines.mining.config import MiningConfig
    from promptsearch.study.config import DiscoverConfig

_SHOWN = 20

Relation = Annotated[
    str | None,
    value("--relation", metavar="NAME", help="For facts, the relation, as P19 (place of birth)."),
]
Pairs = Annotated[
    Path | None,
    value(
        "--pairs",
        metavar="FILE",
        help="Your own pairs: a csv, tsv, jsonl, json or parquet file with columns subject and object (or x "
        "and y), and if you like relation and aliases.",
    ),
]
Column = Annotated[
    str | None,
    value("--column", metavar="NAME", help="The field or column that holds the text (default: text)."),
]
Sentences = Annotated[
    Literal["auto", "punkt", "rules", "none"],
    value(
        "--sentences",
        metavar="NAME",
        help="How text becomes sentences: auto, punkt (NLTK's model), rules, or none, a line each.",
        default=True,
    ),
]
Between = Annotated[
    int,
    value("--between", metavar="N", min=1, help="Words that may stand between the two.", default=True),
]
MinSupport = Annotated[
    int | None,
    value(
        "--min-support",
        metavar="N",
        min=1,
        help="Distinct pairs that a template must be found with (default: 2, or 1 where that gives a PLM "
        "too few to read).",
    ),
]
Top = Annotated[
    int | None,
    value(
        "--top",
        metavar="N",
        min=1,
        help="Templates that a PLM reads (default: 60); with --no-plm, that are shown (default: 20).",
    ),
]
CaseSensitive = Annotated[bool, flag("--case-sensitive", help="Names must be in the same case.")]
KeepAccents = Annotated[bool, flag("--keep-accents", help="Names must have the same accents.")]
MinerNames = Annotated[
    list[str] | None,
    value(
        "--miner",
        metavar="NAME",
        help="middle (words between the two) or dependency (words of the path in a parse; needs spaCy); "
        "repeat for both (default: middle).",
    ),
]
Workers = Annotated[
    int | None,
    value("--workers", metavar="N", min=1, help="Processes that count (default: one for each core)."),
]
Scheduler = Annotated[
    str | None,
    value("--scheduler", metavar="URL", help="A Dask scheduler that counts, as tcp://host:8786."),
]
CheckpointFile = Annotated[
    Path | None,
    value(
        "--checkpoint",
        metavar="FILE",
        help="Where to keep how far counting is (default: the cache folder, if it takes long).",
    ),
]
MaxMemoryEntries = Annotated[
    int,
    value(
        "--max-memory-entries",
        metavar="N",
        min=1000,
        help="Places held in memory; beyond, the rarest are dropped and the error bound is told.",
        default=True,
    ),
]
PLMs = Annotated[
    list[str] | None,
    value(
        "--plm",
        metavar="NAME",
        help="A PLM that ranks what was mined; repeat for several (default: minilm-mlm).",
    ),
]
NoPLM = Annotated[bool, flag("--no-plm", help="Only mine: no PLM is loaded.")]
Shots = Annotated[
    str | None,
    value(
        "--shots",
        metavar="N",
        help="Labelled examples a class for train, and for dev alike; or all (default: all for facts, "
        "else 16).",
    ),
]


@dataclass(frozen=True, kw_only=True)
class MineOptions(SearchOptions):
    """Everything that `promptsearch mine` takes; the order is that of its help."""

    task: options.Task = None
    relation: Relation = None
    data: options.Data = None
    mapping: options.Map = None
    kind: options.Kind = None
    pairs: Pairs = None
    corpus: options.Corpus = None
    column: Column = None
    sentences: Sentences = "auto"
    between: Between = 8
    min_support: MinSupport = None
    top: Top = None
    case_sensitive: CaseSensitive = False
    keep_accents: KeepAccents = False
    miner: MinerNames = None
    workers: Workers = None
    scheduler: Scheduler = None
    checkpoint: CheckpointFile = None
    max_memory_entries: MaxMemoryEntries = 250_000
    plm: PLMs = None
    no_plm: NoPLM = False
    shots: Shots = None
    seed: options.Seed = 0

    @property
    def shown(self) -> int:
        """Templates that are shown where no PLM reads them."""
        return self.top or _SHOWN

    def check(self) -> None:
        """Raises OptionError where options do not go together."""
        source = self.task is not None or self.data is not None
        if self.pairs is not None and source:
            raise OptionError(
                "--pairs is a task of its own, and --task or --data another one",
                hint="Leave one of them out.",
            )
        if self.relation is not None and self.pairs is None and not source:
            raise OptionError(
                f"--relation {self.relation} is a relation of nothing",
                hint=f"Name where its pairs are: --task facts --relation {self.relation}, or --pairs FILE.",
            )
        if self.pairs is None and not source:
            raise OptionError(
                "nothing to mine for: neither a task nor pairs were given",
                hint="For example --task facts --relation P19, --task sst2, or --pairs FILE.",
            )
        if self.scheduler is not None and self.checkpoint is not None:
            raise OptionError(
                "a checkpoint cannot be kept of work on a cluster",
                hint="Leave --checkpoint or --scheduler out; a cluster repeats what a lost worker had done.",
            )
        if self.no_plm and self.plm:
            raise OptionError("--no-plm and --plm contradict each other", hint="Leave one of them out.")

    def mining(self) -> MiningConfig:
        """How to mine. Raises OptionError where a value cannot be used."""
        from promptsearch.engines.mining.config import Miner, MiningConfig

        return MiningConfig(
            corpora=tuple(self.corpus or ()),
            column=self.column,
            sentences=self.sentences,
            miners=cast("tuple[Miner, ...]", tuple(self.miner or ("middle",))),
            between=self.between,
            least=2 if self.no_plm and self.min_support is None else self.min_support,
            fold_case=not self.case_sensitive,
            fold_accents=not self.keep_accents,
            most=self.max_memory_entries,
            workers=self.workers,
            scheduler=self.scheduler,
            checkpoint=self.checkpoint,
            read=self.top or MiningConfig.read,
        )

    def search(self, source: dict[str, Any], mining: MiningConfig, command: str) -> DiscoverConfig:
        """What to search.

        Args:
            source: where the task comes from, see `mine_source.source`.

        Raises:
            OptionError: a value cannot be used.
        """
        from promptsearch.study.config import DiscoverConfig

        return DiscoverConfig(
            **source,
            plms=list(self.plm or ("minilm-mlm",)),
            shots=None if self.shots is None else options.parse_shots(self.shots),
            seed=self.seed,
            engines=("manual", "mining"),
            mining=mining,
            ensemble=True,
            command=command,
            **self.in_search,
        )
