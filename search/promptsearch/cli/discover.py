"""`promptsearch discover`."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from promptsearch.cli import options, screen

if TYPE_CHECKING:
    from promptsearch.study.result import Discovery


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
            help="Labelled examples a class for train, and for dev alike; or all.",
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
            help="A search engine: manual or words; repeat for several (default: both; with --words manual).",
        ),
    ] = None,
    unlabelled: Annotated[
        Path | None,
        options.value(
            "--unlabelled", metavar="FILE", help="Texts of the task without labels, for label words."
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

    Ctrl-C keeps what has been tried; the same command then goes on quickly.
    """
    from promptsearch.engines.manual import templates_from_file
    from promptsearch.engines.manual.user import unescape
    from promptsearch.study.config import DiscoverConfig
    from promptsearch.study.discover import run

    own = [unescape(source) for source in template or []]
    if templates is not None:
        own += [str(found) for found in templates_from_file(templates)]
    config = DiscoverConfig(
        task=task,
        data=data,
        mapping=mapping,
        kind=kind,
        plms=plm,
        shots=options.parse_shots(shots),
        seed=seed,
        calibrations=calibration,
        metric=metric,
        templates=own,
        words=words,
        engines=tuple(engine or ()),
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
    with screen.watching(quiet or json) as observer:
        found = run(config, observer)
    if json:
        _print_json(found)
    else:
        _show(found)
    if found.interrupted:
        raise typer.Exit(130)


def _print_json(found: Discovery) -> None:
    from promptsearch.report.rows import verdicts

    metric = found.task.metric
    finalists = []
    for finalist in found.finalists:
        record = {"role": finalist.role, **finalist.trial.record(metric)}
        if finalist.test is not None:
            low, high = finalist.test.interval(metric)
            record["test"] = {
                "n": finalist.test.n,
                "value": finalist.test.value(metric),
                "interval": [low, high],
            }
        finalists.append(record)
    content = {
        "folder": str(found.folder),
        "stand_in_for": found.task.stand_in_for,
        "interrupted": found.interrupted,
        "seconds": round(found.seconds, 2),
        "notices": list(found.notices),
        "verdicts": verdicts(found),
        "finalists": finalists,
        "majority": {
            "dev": found.majority_dev.value(metric),
            "test": found.majority_test.value(metric),
        },
        "prompt": found.prompt.document.model_dump(mode="json"),
    }
    screen.print_json(content)


def _show(found: Discovery) -> None:
    from rich.panel import Panel
    from rich.text import Text

    from promptsearch.cli.tables import best_prompt, comparison
    from promptsearch.report.rows import answer_sentence, verdicts

    console = screen.stdout()
    title = f"Best prompt for {found.task.stand_in_for or found.task.name}"
    if found.task.stand_in_for:
        title += f" (on the sample {found.task.name!r})"
    console.print(Panel(best_prompt(found), title=Text(title), title_align="left", border_style="green"))
    console.print(comparison(found))
    console.print(Text(answer_sentence(found)))
    for verdict in verdicts(found):
        console.print(Text(verdict))
    tried = f"{len(found.trials):,} combinations tried in {found.seconds:.0f} s."
    files = f"Files in {found.folder}: {', '.join(sorted(path.name for path in found.folder.iterdir()))}"
    console.print()
    console.print(Text(f"{tried} {files}"))
    prompt_file = shlex.quote(str(found.folder / "best_prompt.json"))
    console.print(Text(f'Use it: promptsearch predict {prompt_file} "…"', style="dim"))
