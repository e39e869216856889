"""The options of `promptsearch words`, and the search they make."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from promptsearch.cli import options
from promptsearch.cli.options import value
from promptsearch.cli.shared_options import SearchOptions
from promptsearch.errors import OptionError

if TYPE_CHECKING:
    from promptsearch.engines.words import WordsConfig
    from promptsearch.study.config import DiscoverConfig


@dataclass(frozen=True, kw_only=True)
class WordsOptions(SearchOptions):
    """What was given on the command line."""

    task: options.Task = None
    data: options.Data = None
    mapping: options.Map = None
    kind: options.Kind = None
    labels: Annotated[
        str | None,
        value("--labels", metavar="LIST", help="Labels of a task without data, with commas between."),
    ] = None
    plm: Annotated[str, value("--plm", metavar="NAME", help="The PLM.", default=True)] = "minilm-mlm"
    template: Annotated[
        str | None,
        value(
            "--template",
            metavar="TEXT",
            help=r"The template, as '{text}\nTopic: {mask}' (default: the best of the library).",
        ),
    ] = None
    method: Annotated[
        str | None,
        value("--method", metavar="LIST", help="Methods, with commas between (default: all, see below)."),
    ] = None
    kb: Annotated[
        str | None,
        value(
            "--kb",
            metavar="LIST",
            help="Any of lexicon, wordnet, conceptnet, neighbours and files of word lists, with commas "
            "between (default: lexicon, wordnet if it is here, neighbours).",
        ),
    ] = None
    refine: Annotated[
        str | None,
        value(
            "--refine",
            metavar="LIST",
            help="Any of calibration, frequency, relevance and weights, or none (default: all four).",
        ),
    ] = None
    per_label: Annotated[
        int, value("--per-label", metavar="N", min=1, help="Words a label to find by examples.", default=True)
    ] = 20
    spans: Annotated[
        int,
        value(
            "--spans",
            metavar="N",
            min=0,
            help="Words of several tokens a label; each needs passes of its own.",
            default=True,
        ),
    ] = 0
    pieces: Annotated[bool, options.flag("--pieces", help="Also beginnings of longer words.")] = False
    shared: Annotated[bool, options.flag("--shared", help="Let a word stand for several labels.")] = False
    shots: Annotated[
        str,
        value("--shots", metavar="N", help="Labelled examples a class; 0 for none, or all.", default=True),
    ] = "16"
    unlabelled: Annotated[
        Path | None,
        value(
            "--unlabelled",
            metavar="FILE",
            help="Texts of the task without labels, to search on: one a line, or a column of a csv, tsv, "
            "jsonl or parquet file.",
        ),
    ] = None
    wordnet: options.WordNetFolder = None
    conceptnet: options.ConceptNetFile = None
    relations: options.Relations = None
    depth: Annotated[
        int | None, value("--depth", metavar="N", min=1, help="Steps through WordNet and ConceptNet.")
    ] = None
    seed: options.Seed = 0

    @property
    def without_labels(self) -> bool:
        """Whether no labelled example is to be looked at."""
        return self.shots == "0" or self.labels is not None

    def check(self) -> None:
        """Raises OptionError where options do not go together."""
        if self.labels is not None and (self.task is not None or self.data is not None):
            raise OptionError(
                "--labels is for a task without data, and --task or --data has labels of its own",
                hint="Leave one of them out; --unlabelled FILE gives texts to search on.",
            )

    def label_words(self) -> WordsConfig:
        """How to find label words. Raises OptionError where a value cannot be used."""
        from promptsearch.engines.words import WordsConfig
        from promptsearch.knowledge.vocabulary import WordFilter

        config = WordsConfig(
            **_given(
                methods=options.listed(self.method),
                knowledge=options.listed(self.kb),
                refine=() if self.refine == "none" else options.listed(self.refine),
            ),
            per_label=self.per_label,
            spans=self.spans,
            shared=self.shared,
            allowed=WordFilter(whole=not self.pieces),
            wordnet=self.wordnet,
            conceptnet=self.conceptnet,
            relations=options.parse_factors(self.relations),
            depth=self.depth,
        )
        return _without_labels(config) if self.without_labels else config

    def search(self, command: str) -> DiscoverConfig:
        """What to search.

        Args:
            command: the whole command line, for the report.

        Raises:
            PromptSearchError: a value cannot be used.
        """
        from promptsearch.engines.manual.user import unescape
        from promptsearch.study.config import DiscoverConfig

        return DiscoverConfig(
            task=self.task,
            data=self.data,
            mapping=self.mapping,
            kind=self.kind,
            plms=[self.plm],
            shots=None if self.without_labels else options.parse_shots(self.shots),
            seed=self.seed,
            templates=[unescape(self.template)] if self.template is not None else [],
            words_templates=1,
            label_words=self.label_words(),
            labels=tuple(options.listed(self.labels) or ()),
            unlabelled=self.unlabelled,
            command=command,
            **self.in_search,
        )


def _given(**choices: Any) -> dict[str, Any]:
    return {name: choice for name, choice in choices.items() if choice is not None}


def _without_labels(config: WordsConfig) -> WordsConfig:
    """The methods and refinements that need no labels.

    Raises:
        OptionError: one was named that does.
    """
    from dataclasses import replace

    from promptsearch.engines.words.chain import REFINEMENTS
    from promptsearch.engines.words.config import METHODS, WITHOUT_LABELS

    if config.methods != METHODS and (needs := [m for m in config.methods if m not in WITHOUT_LABELS]):
        raise OptionError(
            f"the method {needs[0]!r} needs labelled examples",
            hint=f"Without labels there are {' and '.join(WITHOUT_LABELS)}; or give --shots.",
        )
    if config.refine != REFINEMENTS and "weights" in config.refine:
        raise OptionError(
            "the refinement 'weights' needs labelled examples",
            hint="Without labels there are calibration, frequency and relevance; or give --shots.",
        )
    methods = tuple(m for m in config.methods if m in WITHOUT_LABELS)
    return replace(config, methods=methods, refine=tuple(r for r in config.refine if r != "weights"))
