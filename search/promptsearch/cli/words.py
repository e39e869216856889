"""`promptsearch words`."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from promptsearch.cli import options, screen
from promptsearch.cli.kb import ConceptNetFile, Relations, WordNetFolder, factors
from promptsearch.cli.options import value
from promptsearch.errors import OptionError

if TYPE_CHECKING:
    from promptsearch.engines.words import WordsConfig
    from promptsearch.study.config import DiscoverConfig


def command(
    task: options.Task = None,
    data: options.Data = None,
    mapping: options.Map = None,
    kind: options.Kind = None,
    labels: Annotated[
        str | None,
        value("--labels", metavar="LIST", help="Labels of a task without data, with commas between."),
    ] = None,
    plm: Annotated[str, value("--plm", metavar="NAME", help="The PLM.", default=True)] = "minilm-mlm",
    template: Annotated[
        str | None,
        value(
            "--template",
            metavar="TEXT",
            help=r"The template, as '{text}\nTopic: {mask}' (default: the best of the library).",
        ),
    ] = None,
    method: Annotated[
        str | None,
        value("--method", metavar="LIST", help="Methods, with commas between (default: all, see below)."),
    ] = None,
    kb: Annotated[
        str | None,
        value(
            "--kb",
            metavar="LIST",
            help="Any of lexicon, wordnet, conceptnet, neighbours and files of word lists, with commas "
            "between (default: lexicon, wordnet if it is here, neighbours).",
        ),
    ] = None,
    refine: Annotated[
        str | None,
        value(
            "--refine",
            metavar="LIST",
            help="Any of calibration, frequency, relevance and weights, or none (default: all four).",
        ),
    ] = None,
    per_label: Annotated[
        int, value("--per-label", metavar="N", min=1, help="Words a label to find by examples.", default=True)
    ] = 20,
    spans: Annotated[
        int,
        value(
            "--spans",
            metavar="N",
            min=0,
            help="Words of several tokens a label; each needs passes of its own.",
            default=True,
        ),
    ] = 0,
    pieces: Annotated[bool, options.flag("--pieces", help="Also beginnings of longer words.")] = False,
    shared: Annotated[bool, options.flag("--shared", help="Let a word stand for several labels.")] = False,
    shots: Annotated[
        str,
        value("--shots", metavar="N", help="Labelled examples a class; 0 for none, or all.", default=True),
    ] = "16",
    unlabelled: Annotated[
        Path | None,
        value(
            "--unlabelled",
            metavar="FILE",
            help="Texts of the task without labels, to search on: one a line, or a column of a csv, tsv, "
            "jsonl or parquet file.",
        ),
    ] = None,
    wordnet: WordNetFolder = None,
    conceptnet: ConceptNetFile = None,
    relations: Relations = None,
    depth: Annotated[
        int | None, value("--depth", metavar="N", min=1, help="Steps through WordNet and ConceptNet.")
    ] = None,
    seed: options.Seed = 0,
    max_test: options.MaxTest = None,
    out: options.Out = None,
    device: options.Device = "auto",
    dtype: options.Dtype = "auto",
    no_stand_in: options.NoStandIn = False,
    offline: options.Offline = False,
    trust_remote_code: options.TrustRemoteCode = False,
    json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Find the label words of one template: from knowledge bases, from examples, or both.

    Methods: expanded (knowledge bases and refinements), neighbours, probe, likelihood, ratio, cross-entropy,
    subset, soft, prototypes, nearest. With --shots 0 only the first two, which need no labels.
    """
    from promptsearch.cli.words_output import show_found, show_searched
    from promptsearch.engines.manual.user import unescape
    from promptsearch.engines.words import WordsConfig
    from promptsearch.knowledge.vocabulary import WordFilter
    from promptsearch.study.config import DiscoverConfig

    if labels is not None and (task is not None or data is not None):
        raise OptionError(
            "--labels is for a task without data, and --task or --data has labels of its own",
            hint="Leave one of them out; --unlabelled FILE gives texts to search on.",
        )
    label_words = WordsConfig(
        **_given(
            methods=options.listed(method),
            knowledge=options.listed(kb),
            refine=() if refine == "none" else options.listed(refine),
        ),
        per_label=per_label,
        spans=spans,
        shared=shared,
        allowed=WordFilter(whole=not pieces),
        wordnet=wordnet,
        conceptnet=conceptnet,
        relations=factors(relations),
        depth=depth,
    )
    none = shots == "0" or labels is not None
    config = DiscoverConfig(
        task=task,
        data=data,
        mapping=mapping,
        kind=kind,
        plms=[plm],
        shots=None if none else options.parse_shots(shots),
        seed=seed,
        templates=[unescape(template)] if template is not None else [],
        words_templates=1,
        label_words=_without_labels(label_words) if none else label_words,
        labels=tuple(options.listed(labels) or ()),
        unlabelled=unlabelled,
        max_test=max_test,
        stand_in=not no_stand_in,
        offline=offline,
        device=device,
        dtype=dtype,
        trust_remote_code=trust_remote_code,
        out=out,
        command=shlex.join(["promptsearch", *sys.argv[1:]]),
    )
    interrupted = _run(config, none, json, quiet, show_found, show_searched)
    if interrupted:
        raise typer.Exit(130)


def _run(
    config: DiscoverConfig, none: bool, json: bool, quiet: bool, show_found: Any, show_searched: Any
) -> bool:
    """Search and show; whether it was stopped by the user."""
    with screen.watching(quiet or json) as observer:
        if none:
            from promptsearch.study.unlabelled import run

            found = run(config, observer)
        else:
            from promptsearch.study.discover import run as search

            searched = search(config, observer)
    if none:
        show_found(found, json)
        return False
    show_searched(searched, json)
    return searched.interrupted


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
