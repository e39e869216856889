"""`promptsearch compare`: two prompts on the same labelled examples."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from promptsearch.cli import options, screen
from promptsearch.cli.labelled import Wanted, seen_in_search, splits_for

if TYPE_CHECKING:
    from promptsearch.compose import PromptEnsemble
    from promptsearch.prompt import Prompt


def command(
    a: Annotated[
        Path, typer.Argument(metavar="A", help="A prompt file or an ensemble file.", show_default=False)
    ],
    b: Annotated[Path, typer.Argument(metavar="B", help="The one to compare it with.", show_default=False)],
    task: options.Task = None,
    data: options.Data = None,
    mapping: options.Map = None,
    kind: options.Kind = None,
    metric: Annotated[
        str | None,
        options.value(
            "--metric", metavar="NAME", help="accuracy, macro-f1 or mcc (default: as for the search of A)."
        ),
    ] = None,
    split: Annotated[
        str, options.value("--split", metavar="NAME", help="test or dev.", default=True)
    ] = "test",
    shots: Annotated[
        str | None,
        options.value("--shots", metavar="N", help="Dev examples a class, or all (default: as searched)."),
    ] = None,
    seed: Annotated[
        int | None,
        options.value(
            "--seed", metavar="N", help="Fixes which examples are drawn (default: as for the search of A)."
        ),
    ] = None,
    max_test: options.MaxTest = None,
    device: options.Device = "auto",
    no_stand_in: options.NoStandIn = False,
    offline: options.Offline = False,
    trust_remote_code: options.TrustRemoteCode = False,
    json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Say which of two prompts is better, and whether that can be told, on the same examples.

    These are of --task, of --data, else of the known task that both were found on.
    """
    from promptsearch.cli.compare_output import show
    from promptsearch.study.comparing import check_same_labels, compare_prompts

    wanted = Wanted(
        split,
        task,
        data,
        mapping,
        kind,
        None if shots is None else options.parse_shots(shots) or "all",
        seed,
        max_test,
        not no_stand_in,
        offline,
    )
    wanted.check_split("test", "dev")
    _check_two_files(a, b)
    prompts = [_loaded(path, device, offline, trust_remote_code) for path in (a, b)]
    check_same_labels(*prompts)
    drawn, searched = splits_for(prompts, wanted)
    with screen.watching(quiet or json) as observer:
        for notice in drawn.notices:
            observer.notice(notice)
        for plm in {reference: None for prompt in prompts for reference in prompt.plm_references}:
            observer.stage(f"Loading {plm}")
        for prompt in prompts:
            for plm in prompt.plms:
                plm.watch(observer.advance)
        found = compare_prompts(*prompts, drawn, split, metric=metric, searched=searched)
        for name, prompt, side in zip("AB", prompts, (found.a, found.b)):
            if prompt.document.task is not None:
                observer.notice(seen_in_search(side, name))
    if json:
        screen.print_json({"task": drawn.name, "files": [str(a), str(b)], **found.record()})
    else:
        show(found, drawn.name, (str(a), str(b)))


def _check_two_files(a: Path, b: Path) -> None:
    from promptsearch.errors import OptionError

    if a == b or (a.exists() and b.exists() and a.samefile(b)):
        raise OptionError("the same file was given twice", where=str(a), hint="Give two prompts to compare.")


def _loaded(path: Path, device: str, offline: bool, trust_remote_code: bool) -> Prompt | PromptEnsemble:
    from promptsearch.compose import load_prompt_or_ensemble

    return load_prompt_or_ensemble(path, device=device, offline=offline, trust_remote_code=trust_remote_code)
