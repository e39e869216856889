"""`promptsearch discover`."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from promptsearch.cli import options, screen

if TYPE_CHECKING:
    from promptsearch.study.config import DiscoverConfig


def command(
    task: options.Task = None,
    data: options.Data = None,
    mapping: options.Map = None,
    kind: options.Kind = None,
    plm: Annotated[
        list[str] | None,
        options.value(
            "--plm",
            metavar="NAME",
            help="A PLM to search on; repeat for several (default: minilm-mlm and smollm2-135m).",
        ),
    ] = None,
    shots: Annotated[
        str,
        options.value(
            "--shots",
            metavar="N",
            help="Labelled examples a class for train, and for dev alike; all; or 0 for a search without "
            "labels.",
            default=True,
        ),
    ] = "16",
    seed: options.Seed = 0,
    metric: Annotated[
        str | None,
        options.value(
            "--metric", metavar="NAME", help="accuracy, macro-f1 or mcc (default: the task's own)."
        ),
    ] = None,
    calibration: Annotated[
        list[str] | None,
        options.value(
            "--calibration",
            metavar="NAME",
            help="none, contextual, pmi, batch, prior or prior-batch; repeat for several "
            "(default: the first four).",
        ),
    ] = None,
    template: Annotated[
        list[str] | None,
        options.value(
            "--template",
            metavar="TEXT",
            help=r"Your own template, as '{text}\nSentiment: {mask}'; repeat for several.",
        ),
    ] = None,
    templates: Annotated[
        Path | None,
        options.value("--templates", metavar="FILE", help="A file of your own templates, one a line."),
    ] = None,
    words: Annotated[
        str | None,
        options.value(
            "--words",
            metavar="WORDS",
            help="Your own label words, as 'negative=bad;positive=good,great', or a JSON file.",
        ),
    ] = None,
    engine: Annotated[
        list[str] | None,
        options.value(
            "--engine",
            metavar="NAME",
            help="A search engine: manual, mining or words; repeat for several (default: all; with --words "
            "manual and mining).",
        ),
    ] = None,
    corpus: options.Corpus = None,
    unlabelled: Annotated[
        Path | None,
        options.value(
            "--unlabelled", metavar="FILE", help="Texts of the task without labels, for label words."
        ),
    ] = None,
    minutes: options.Minutes = None,
    evaluations: options.Evaluations = None,
    preset: options.PresetName = "standard",
    objective: options.Objective = None,
    seeds: Annotated[
        int,
        options.value(
            "--seeds",
            metavar="N",
            min=1,
            help="Search on so many draws of train and dev, to see how much is luck; the time is split.",
            default=True,
        ),
    ] = 1,
    workers: options.Workers = None,
    storage: options.Storage = None,
    resume: Annotated[
        Path | None,
        options.value(
            "--resume",
            metavar="RUN",
            help="Go on with a run that was stopped or killed; --minutes, --evaluations, --workers and "
            "--device may be given anew.",
        ),
    ] = None,
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
    """Search for the best prompt of a task, and compare it with the manual prompt and the majority class.

    Ctrl-C concludes from what has been tried; --resume goes on, also after a kill.
    """
    from promptsearch.engines.manual import templates_from_file
    from promptsearch.engines.manual.user import unescape
    from promptsearch.engines.mining.config import MiningConfig
    from promptsearch.study.config import DiscoverConfig

    if resume is not None:
        changes: dict[str, Any] = {"minutes": minutes, "evaluations": evaluations, "workers": workers}
        if device != "auto":
            changes["device"] = device
        _resume(resume, changes, json, quiet)
        return
    metric, by_cost = options.parse_objective(objective, metric)
    own = [unescape(source) for source in template or []]
    if templates is not None:
        own += [str(found) for found in templates_from_file(templates)]
    config = DiscoverConfig(
        task=task,
        data=data,
        mapping=mapping,
        kind=kind,
        plms=plm,
        shots=None if shots == "0" else options.parse_shots(shots),
        seed=seed,
        calibrations=calibration,
        metric=metric,
        templates=own,
        words=words,
        engines=tuple(engine or ()),
        mining=MiningConfig(corpora=tuple(corpus or ())),
        unlabelled=unlabelled,
        max_test=max_test,
        minutes=minutes,
        evaluations=evaluations,
        preset=preset,
        objective=("quality", "cost") if by_cost else ("quality",),
        seeds=seeds,
        workers=workers or 1,
        storage=storage,
        stand_in=not no_stand_in,
        offline=offline,
        device=device,
        dtype=dtype,
        trust_remote_code=trust_remote_code,
        out=out,
        command=shlex.join(["promptsearch", *sys.argv[1:]]),
    )
    if shots == "0":
        _without_labels(config, json, quiet)
    else:
        _search(config, json, quiet)


def _without_labels(config: DiscoverConfig, json: bool, quiet: bool) -> None:
    """Search without labelled examples, and print what was found."""
    from promptsearch.cli.unlabelled_output import print_found
    from promptsearch.study.without_labels import run

    with screen.watching(quiet or json) as observer:
        found = run(config, observer)
    print_found(found, json)
    if found.interrupted:
        raise typer.Exit(130)


def _search(config: DiscoverConfig, json: bool, quiet: bool) -> None:
    """Search as the config says, and print what was found."""
    from promptsearch.cli.discover_output import print_found
    from promptsearch.study.discover import run

    with screen.watching(quiet or json) as observer:
        found = run(config, observer)
    print_found(found, json)
    if found.interrupted:
        raise typer.Exit(130)


def _resume(run: Path, changes: dict[str, Any], json: bool, quiet: bool) -> None:
    """Go on with a run, and print what was found."""
    from promptsearch.cli.discover_output import print_found
    from promptsearch.study.discover import resume

    given = {name: value for name, value in changes.items() if value is not None}
    with screen.watching(quiet or json) as observer:
        found = resume(run, observer, **given)
    print_found(found, json)
    if found.interrupted:
        raise typer.Exit(130)
