"""Several runs side by side: what their best prompts do, and which of their figures may be compared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from promptsearch.errors import OptionError
from promptsearch.report.document import Finalist, ReportDocument, TaskSummary
from promptsearch.report.html.figures import duration
from promptsearch.report.io import read_report
from promptsearch.report.markdown_tables import comparison
from promptsearch.report.marks import code, escape, table
from promptsearch.report.titles import task_title
from promptsearch.showing import count, printable

ADVICE = (
    "Overlapping intervals do not tell whether two prompts differ: `promptsearch compare` scores two prompt "
    "files on the same examples and tests the difference."
)
"""Markdown, with nothing in it from data."""


@dataclass(frozen=True)
class ComparedRun:
    """The report of a run.

    Attributes:
        name: by which it is told from the others.
    """

    name: str
    document: ReportDocument

    @property
    def best(self) -> Finalist | None:
        """The run's best prompt and its figures."""
        return next((each for each in self.document.finalists if each.prompt is not None), None)


@dataclass(frozen=True)
class Group:
    """Runs on the same examples, judged by the same metric.

    Attributes:
        apart: why their figures are not to be compared with those of the first group; "" for that itself.
    """

    letter: str
    runs: tuple[ComparedRun, ...]
    apart: str = ""

    @property
    def task(self) -> TaskSummary:
        """What all of them were searched on."""
        return self.runs[0].document.task

    @property
    def title(self) -> str:
        """`sst2, accuracy`, with the group's letter."""
        return f"{self.letter}: {task_title(self.task)}, {self.task.metric}"

    @property
    def remarks(self) -> list[str]:
        """What must be known of single runs."""
        told = []
        for run in self.runs:
            if run.document.interrupted:
                told.append(f"{run.name} was stopped before its end.")
            if not run.document.labelled:
                told.append(f"{run.name} chose its prompt without labels.")
            if run.best is None:
                told.append(f"{run.name} found no prompt.")
        return told


def read_runs(places: Sequence[Path]) -> list[ComparedRun]:
    """The reports of run folders, each with a name of its own.

    Raises:
        ReportError: a folder holds none, or it cannot be read.
        OptionError: a run is given twice.
    """
    seen: dict[Path, Path] = {}
    for place in places:
        if (known := seen.setdefault(place.resolve(), place)) is not place:
            raise OptionError("a run was given twice", where=f"{known} and {place}", hint="Give each once.")
    names = _names(places)
    return [ComparedRun(name, read_report(place)) for name, place in zip(names, places)]


def grouped(runs: Sequence[ComparedRun]) -> list[Group]:
    """Runs whose figures may be compared together, in the order given."""
    found: dict[tuple[str, str], list[ComparedRun]] = {}
    for run in runs:
        task = run.document.task
        found.setdefault((task.fingerprint, task.metric), []).append(run)
    groups = [tuple(members) for members in found.values()]
    first = groups[0][0].document.task
    return [
        Group(_letter(i), members, _apart(first, members[0].document.task) if i else "")
        for i, members in enumerate(groups)
    ]


def headline(groups: Sequence[Group]) -> str:
    """Which runs may be compared, in a sentence."""
    total = sum(len(group.runs) for group in groups)
    if len(groups) == 1:
        metric = groups[0].task.metric
        return f"All {total} runs have the same examples and are judged by {metric}: they may be compared."
    return (
        f"Not all of these {total} runs may be compared: they have {len(groups)} different sets of examples "
        "or metrics, and figures may be compared within a set only."
    )


def comparison_markdown(groups: Sequence[Group], picture_of: dict[str, str]) -> str:
    """The comparison as text.

    Args:
        picture_of: letter of a group -> file name of its plot.
    """
    total = sum(len(group.runs) for group in groups)
    parts = [f"# {count(total, 'run')} compared", escape(headline(groups)), ADVICE]
    for group in groups:
        parts += _group_markdown(group, picture_of.get(group.letter))
    return printable("\n\n".join(parts) + "\n")


def _group_markdown(group: Group, picture: str | None) -> list[str]:
    told = [*([group.apart] if group.apart else []), *group.remarks]
    rows = [
        run.best.model_copy(update={"role": run.name, "to_best": None})
        for run in group.runs
        if run.best is not None
    ]
    parts = [f"## {escape(group.title)}", *(f"> {escape(remark)}" for remark in told)]
    if picture is not None:
        parts.append(f"![Best prompts on dev and test, with their intervals]({picture})")
    if rows:
        parts.append(comparison(rows, group.task.metric))
    parts.append(
        table(
            ("", "search took", "combinations tried"),
            [
                (run.name, duration(run.document.seconds), f"{run.document.n_candidates:,}")
                for run in group.runs
            ],
        )
    )
    task = group.task
    splits = ", ".join(f"{name} {n:,}" for name, n in task.splits.items())
    shots = "all" if task.shots is None else str(task.shots)
    parts.append(
        f"Data: {escape(task.source)}; {escape(splits)}; shots a label: {shots}; seed: {task.seed}; "
        f"fingerprint {code(task.fingerprint)}."
    )
    return parts


def _apart(first: TaskSummary, other: TaskSummary) -> str:
    reasons = []
    if first.metric != other.metric:
        reasons.append(f"they are judged by {other.metric}, not by {first.metric}")
    if first.fingerprint != other.fingerprint:
        reasons.append(_other_data(first, other))
    return f"Not to be compared with A: {', and '.join(reasons)}."


def _other_data(first: TaskSummary, other: TaskSummary) -> str:
    if (first.name, first.source) != (other.name, other.source):
        return "the data are others"
    drawn = [
        f"{what} {theirs} in place of {own}"
        for what, own, theirs in (("seed", first.seed, other.seed), ("shots", first.shots, other.shots))
        if own != theirs
    ]
    told = ", ".join(drawn).replace("None", "all")
    return f"the examples are others ({told})" if told else "the examples are others"


def _names(places: Sequence[Path]) -> list[str]:
    """The folders' names, or their paths where two have the same."""
    folders = [place if place.is_dir() else place.parent for place in places]
    names = [folder.resolve().name for folder in folders]
    return names if len(set(names)) == len(names) else [str(folder) for folder in folders]


def _letter(i: int) -> str:
    """A to Z, then A2, B2, …"""
    turn, place = divmod(i, 26)
    return chr(ord("A") + place) + (str(turn + 1) if turn else "")
