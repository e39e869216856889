"""How options are declared, and those that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer


def value(*names: str, metavar: str, help: str, default: bool = False, **more: Any) -> Any:
    """An option that takes a value; `metavar` is what the help shows for it.

    Args:
        default: whether the help shows the default.
    """
    return typer.Option(*names, metavar=metavar, help=help, show_default=default, **more)


def flag(*names: str, help: str) -> Any:
    """An option without a value."""
    return typer.Option(*names, metavar="", help=help, show_default=False)


PromptFile = Annotated[
    Path,
    typer.Argument(help="A prompt file, such as best_prompt.json, or an ensemble file.", show_default=False),
]
Task = Annotated[
    str | None,
    value("--task", "-t", metavar="NAME", help="A known task (see `tasks list`), or a name for --data."),
]
Data = Annotated[
    Path | None,
    value("--data", metavar="PATH", help="Your own data: a csv, tsv, jsonl or parquet file, or a folder."),
]


def _known_kind(given: str | None) -> str | None:
    if given is None:
        return None
    from promptsearch.engines.manual.library import kinds
    from promptsearch.errors import OptionError, near_matches

    if given in kinds():
        return given
    near = near_matches(given, kinds(), most=1)
    meant = f"Did you mean {near[0]}? " if near else ""
    raise OptionError(f"there is no kind of task {given!r}", hint=f"{meant}Kinds: {', '.join(kinds())}.")


Kind = Annotated[
    str | None,
    value(
        "--kind",
        metavar="NAME",
        help="What kind of task your own data is, as sentiment, topic or nli (default: guessed).",
        callback=_known_kind,
    ),
]
Map = Annotated[
    str | None,
    value("--map", metavar="LIST", help="Which columns are which, as text=review,label=stars."),
]
DataLabels = Annotated[
    str | None,
    value(
        "--labels",
        metavar="LIST",
        help="How labels of the data are called in the prompt, as 0=negative,1=positive; several may be one.",
    ),
]
Corpus = Annotated[
    list[str] | None,
    value(
        "--corpus",
        metavar="PLACE",
        help="Text to mine templates in: a file, a folder, a glob such as 'dumps/*.zst', or a data set as "
        "hf://org/name; repeat for several (default: the bundled text).",
    ),
]
Seed = Annotated[int, value("--seed", metavar="N", help="Fixes which examples are drawn.", default=True)]
Minutes = Annotated[
    float | None,
    value(
        "--minutes",
        metavar="N",
        help="Wall clock that the search may take, set-up and report included, and all sittings of a run "
        "that is gone on with, save what starting again takes (default: the preset's).",
    ),
]
Evaluations = Annotated[
    int | None,
    value("--evaluations", metavar="N", min=1, help="Templates that may be tried, over all PLMs."),
]
PresetName = Annotated[
    str,
    value(
        "--preset",
        metavar="NAME",
        help="quick (1 minute at most), standard (10) or thorough (60); all end when everything is tried.",
        default=True,
    ),
]
Objective = Annotated[
    str | None,
    value(
        "--objective",
        metavar="LIST",
        help="What counts, as accuracy or accuracy,cost; with cost the cheapest prompt that cannot be told "
        "apart from the best is taken.",
    ),
]
Workers = Annotated[int | None, value("--workers", metavar="N", min=1, help="Processes on this machine. [1]")]
Storage = Annotated[
    str | None,
    value(
        "--storage",
        metavar="URL",
        help="Where the study is kept for workers on other machines: postgresql://host/name, "
        "grpc://host:port, sqlite:///file (default: a file in the run's folder). A password may be given by "
        "PGPASSWORD or ~/.pgpass; it is kept in no file.",
    ),
]
MaxTest = Annotated[
    int | None, value("--max-test", metavar="N", min=1, help="Score at most so many test examples.")
]
Out = Annotated[
    Path | None,
    value("--out", metavar="PATH", help="Folder for the run's files (default: runs/TASK-TIME)."),
]
Tables = Annotated[Path | None, value("--out", metavar="FILE", help="Also write the tables as Markdown.")]
Measured = Annotated[
    list[str] | None,
    value("--plm", metavar="NAME", help="A PLM; repeat for several. [minilm-mlm and smollm2-135m]"),
]
Seeds = Annotated[
    int, value("--seeds", metavar="N", min=1, help="How many draws of the examples.", default=True)
]
Device = Annotated[
    str, value("--device", metavar="NAME", help="auto, cpu, cuda, cuda:1 or mps.", default=True)
]
Dtype = Annotated[
    str,
    value(
        "--dtype",
        metavar="NAME",
        help="float32, bfloat16, float16, or auto: bfloat16 where the device is faster with it.",
        default=True,
    ),
]
Offline = Annotated[bool, flag("--offline", help="Never touch the network.")]
TrustRemoteCode = Annotated[
    bool, flag("--trust-remote-code", help="Run Python code that comes with a model from the hub.")
]
NoStandIn = Annotated[
    bool, flag("--no-stand-in", help="Refuse to use a bundled sample where the data cannot be had.")
]
WordNetFolder = Annotated[
    Path | None,
    value("--wordnet", metavar="FOLDER", help="Where WordNet's files are, if they are not found."),
]
ConceptNetFile = Annotated[
    Path | None,
    value("--conceptnet", metavar="FILE", help="ConceptNet's assertions, as published (csv.gz)."),
]
Relations = Annotated[
    str | None,
    value(
        "--relations",
        metavar="LIST",
        help="ConceptNet's relations to follow, each with a factor for its weights if need be, as "
        "Synonym,IsA=0.7 (default: eight of them).",
    ),
]
Json = Annotated[bool, flag("--json", help="Print JSON, for machines.")]
Quiet = Annotated[bool, flag("--quiet", "-q", help="No notices and no progress.")]


def parse_shots(given: str, least: int = 1) -> int | None:
    """A number of examples a class, or `all` (None)."""
    if given == "all":
        return None
    if given.isascii() and given.isdigit() and int(given) >= least:
        return int(given)
    from promptsearch.errors import OptionError

    raise OptionError(
        f"--shots must be a number of examples a class, or all, not {given!r}", hint="For example --shots 16."
    )


def parse_objective(given: str | None, metric: str | None) -> tuple[str | None, bool]:
    """The metric of `accuracy,cost`, and whether cost counts; `metric` where it names none.

    Raises:
        OptionError: it names two metrics, or one besides `--metric`.
    """
    parts = listed(given) or ()
    metrics = [part for part in parts if part != "cost"]
    if len(metrics) > 1 or (metrics and metric not in (None, metrics[0])):
        from promptsearch.errors import OptionError

        raise OptionError(
            f"--objective names one metric, and cost if that counts too, not {given!r}",
            hint="For example --objective accuracy,cost.",
        )
    return (metrics[0] if metrics else metric), "cost" in parts


def listed(given: str | None) -> tuple[str, ...] | None:
    """Entries with commas between, blanks around them left out; None where the option is not given.

    Raises:
        OptionError: there is no entry.
    """
    if given is None:
        return None
    entries = tuple(part.strip() for part in given.split(",") if part.strip())
    if not entries:
        from promptsearch.errors import OptionError

        raise OptionError(f"a list is wanted, with commas between its entries, not {given!r}")
    return entries


def parse_factors(given: str | None) -> dict[str, float] | None:
    """`Synonym,IsA=0.7` -> factors by relation, 1 where none is given; None where the option is not given.

    Raises:
        OptionError: a factor that is no number.
    """
    entries = listed(given)
    if entries is None:
        return None
    found: dict[str, float] = {}
    for entry in entries:
        relation, equals, factor = entry.partition("=")
        try:
            found[relation.strip()] = float(factor) if equals else 1.0
        except ValueError:
            from promptsearch.errors import OptionError

            raise OptionError(
                f"the factor of {relation.strip()} is no number: {factor!r}",
                where="--relations",
                hint="For example --relations Synonym,IsA=0.7",
            ) from None
    return found
