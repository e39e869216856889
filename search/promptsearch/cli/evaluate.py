"""`promptsearch evaluate`: a prompt on labelled examples."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

from promptsearch.cli import options, screen
from promptsearch.cli.labelled import Wanted, seen_in_search, splits_for
from promptsearch.cli.shared_options import ScoreOptions
from promptsearch.cli.taking import takes
from promptsearch.showing import count

if TYPE_CHECKING:
    from promptsearch.study.evaluating import PromptEvaluation


@dataclass(frozen=True, kw_only=True)
class EvaluateOptions(ScoreOptions):
    """What was given on the command line."""

    prompt_file: options.PromptFile
    task: options.Task = None
    data: options.Data = None
    mapping: options.Map = None
    labels: options.DataLabels = None
    metric: Annotated[
        str | None,
        options.value(
            "--metric", metavar="NAME", help="accuracy, macro-f1 or mcc (default: as for the search)."
        ),
    ] = None
    split: Annotated[
        str,
        options.value("--split", metavar="NAME", help="train, dev, test, or all rows.", default=True),
    ] = "test"
    max_test: options.MaxTest = None
    seed: Annotated[
        int | None,
        options.value(
            "--seed", metavar="N", help="Fixes which examples are drawn (default: as for the search)."
        ),
    ] = None

    @property
    def wanted(self) -> Wanted:
        """Which examples to score on.

        Raises:
            OptionError: there is no such split.
        """
        wanted = Wanted(
            self.split,
            self.task,
            self.data,
            self.mapping,
            seed=self.seed,
            max_test=self.max_test,
            stand_in=not self.no_stand_in,
            offline=self.offline,
            labels=self.labels,
        )
        wanted.check_split("train", "dev", "test", "all")
        return wanted


@takes(EvaluateOptions)
def command(**values: Any) -> None:
    """Score a prompt on labelled examples: of --task, of --data, else of the known task it was found on."""
    from promptsearch.study.evaluating import evaluate_prompt

    given = EvaluateOptions(**values)
    wanted = given.wanted
    prompt = given.load(given.prompt_file)
    drawn, [searched] = splits_for([prompt], wanted)
    with screen.watching(given.quiet or given.json) as observer:
        for notice in drawn.notices:
            observer.notice(notice)
        observer.stage(f"Loading {', '.join(prompt.plm_references)}")
        for plm in prompt.plms:
            plm.watch(observer.advance)
        found = evaluate_prompt(prompt, drawn, given.split, metric=given.metric, searched=searched)
        if prompt.document.task is not None:
            observer.notice(seen_in_search(found))
    if given.json:
        screen.print_json(found.record())
        return
    _show(found, drawn.name)
    if found.shortened and not given.quiet:
        of = count(found.prompt.n, "text")
        screen.show_notice(f"{found.shortened:,} of {of} shortened to fit the PLM.")


def _show(found: PromptEvaluation, task: str) -> None:
    from promptsearch.report.rows import figure

    console = screen.stdout()
    console.print(f"{task}, {found.split}: {found.metric} {figure(found.prompt, found.metric)}", markup=False)
    console.print(f"majority class: {figure(found.majority, found.metric)}", markup=False)
    console.print(
        f"macro-F1 {100 * found.prompt.macro_f1:.1f}, MCC {found.prompt.mcc:.3f}, "
        f"log-likelihood {found.prompt.log_likelihood:.3f}, calibration error {found.prompt.ece:.3f}"
    )
