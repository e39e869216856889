"""`promptsearch compare`: two prompts on the same labelled examples."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from promptsearch.cli import options, screen
from promptsearch.cli.labelled import Wanted, seen_in_search, splits_for
from promptsearch.cli.shared_options import ScoreOptions
from promptsearch.cli.taking import takes


@dataclass(frozen=True, kw_only=True)
class CompareOptions(ScoreOptions):
    """What was given on the command line."""

    a: Annotated[
        Path, typer.Argument(metavar="A", help="A prompt file or an ensemble file.", show_default=False)
    ]
    b: Annotated[Path, typer.Argument(metavar="B", help="The one to compare it with.", show_default=False)]
    task: options.Task = None
    data: options.Data = None
    mapping: options.Map = None
    labels: options.DataLabels = None
    kind: options.Kind = None
    metric: Annotated[
        str | None,
        options.value(
            "--metric", metavar="NAME", help="accuracy, macro-f1 or mcc (default: as for the search of A)."
        ),
    ] = None
    split: Annotated[str, options.value("--split", metavar="NAME", help="test or dev.", default=True)] = (
        "test"
    )
    shots: Annotated[
        str | None,
        options.value("--shots", metavar="N", help="Dev examples a class, or all (default: as searched)."),
    ] = None
    seed: Annotated[
        int | None,
        options.value(
            "--seed", metavar="N", help="Fixes which examples are drawn (default: as for the search of A)."
        ),
    ] = None
    max_test: options.MaxTest = None

    @property
    def wanted(self) -> Wanted:
        """Which examples to score on.

        Raises:
            OptionError: a value cannot be used.
        """
        wanted = Wanted(
            self.split,
            self.task,
            self.data,
            self.mapping,
            self.kind,
            None if self.shots is None else options.parse_shots(self.shots) or "all",
            self.seed,
            self.max_test,
            not self.no_stand_in,
            self.offline,
            self.labels,
        )
        wanted.check_split("test", "dev")
        return wanted


@takes(CompareOptions)
def command(**values: Any) -> None:
    """Say which of two prompts is better, and whether that can be told, on the same examples.

    These are of --task, of --data, else of the known task that both were found on.
    """
    from promptsearch.cli.compare_output import show
    from promptsearch.study.comparing import check_same_labels, compare_prompts

    given = CompareOptions(**values)
    wanted = given.wanted
    _check_two_files(given.a, given.b)
    prompts = [given.load(path) for path in (given.a, given.b)]
    check_same_labels(*prompts)
    drawn, searched = splits_for(prompts, wanted)
    with screen.watching(given.quiet or given.json) as observer:
        for notice in drawn.notices:
            observer.notice(notice)
        for plm in {reference: None for prompt in prompts for reference in prompt.plm_references}:
            observer.stage(f"Loading {plm}")
        for prompt in prompts:
            for plm in prompt.plms:
                plm.watch(observer.advance)
        found = compare_prompts(*prompts, drawn, given.split, metric=given.metric, searched=searched)
        for name, prompt, side in zip("AB", prompts, (found.a, found.b)):
            if prompt.document.task is not None:
                observer.notice(seen_in_search(side, name))
    files = str(given.a), str(given.b)
    if given.json:
        screen.print_json({"task": drawn.name, "files": list(files), **found.record()})
    else:
        show(found, drawn.name, files)


def _check_two_files(a: Path, b: Path) -> None:
    from promptsearch.errors import OptionError

    if a == b or (a.exists() and b.exists() and a.samefile(b)):
        raise OptionError("the same file was given twice", where=str(a), hint="Give two prompts to compare.")
