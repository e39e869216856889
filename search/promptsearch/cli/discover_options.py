"""The options of `promptsearch discover`, and the search they make."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from promptsearch.cli import options
from promptsearch.cli.shared_options import SearchOptions, refuse_beside_resume

if TYPE_CHECKING:
    from promptsearch.study.config import DiscoverConfig

WITHOUT_LABELS = "0"
"""What `--shots` is for a search without labelled examples."""

_ANEW = ("minutes", "evaluations", "workers", "device", "offline")


@dataclass(frozen=True, kw_only=True)
class DiscoverOptions(SearchOptions):
    """What was given on the command line."""

    task: options.Task = None
    data: options.Data = None
    mapping: options.Map = None
    kind: options.Kind = None
    plm: Annotated[
        list[str] | None,
        options.value(
            "--plm",
            metavar="NAME",
            help="A PLM to search on; repeat for several (default: minilm-mlm and smollm2-135m).",
        ),
    ] = None
    shots: Annotated[
        str,
        options.value(
            "--shots",
            metavar="N",
            help="Labelled examples a class for train, and for dev alike; all; or 0 for a search without "
            "labels.",
            default=True,
        ),
    ] = "16"
    seed: options.Seed = 0
    metric: Annotated[
        str | None,
        options.value(
            "--metric", metavar="NAME", help="accuracy, macro-f1 or mcc (default: the task's own)."
        ),
    ] = None
    calibration: Annotated[
        list[str] | None,
        options.value(
            "--calibration",
            metavar="NAME",
            help="none, contextual, pmi, batch, prior or prior-batch; repeat for several "
            "(default: the first four).",
        ),
    ] = None
    template: Annotated[
        list[str] | None,
        options.value(
            "--template",
            metavar="TEXT",
            help=r"Your own template, as '{text}\nSentiment: {mask}'; repeat for several. One with "
            "{trigger*3} or {soft*5} is for the engine trigger or soft.",
        ),
    ] = None
    templates: Annotated[
        Path | None,
        options.value("--templates", metavar="FILE", help="A file of your own templates, one a line."),
    ] = None
    words: Annotated[
        str | None,
        options.value(
            "--words",
            metavar="WORDS",
            help="Your own label words, as 'negative=bad;positive=good,great', or a JSON file.",
        ),
    ] = None
    engine: Annotated[
        list[str] | None,
        options.value(
            "--engine",
            metavar="NAME",
            help="A search engine: manual, mining, words, trigger or soft; repeat for several (default: the "
            "first three, and trigger with --minutes 5 or more or --preset thorough; with --words manual).",
        ),
    ] = None
    corpus: options.Corpus = None
    unlabelled: Annotated[
        Path | None,
        options.value(
            "--unlabelled", metavar="FILE", help="Texts of the task without labels, for label words."
        ),
    ] = None
    minutes: options.Minutes = None
    evaluations: options.Evaluations = None
    preset: options.PresetName = "standard"
    objective: options.Objective = None
    seeds: Annotated[
        int,
        options.value(
            "--seeds",
            metavar="N",
            min=1,
            help="Search on so many draws of train and dev, to see how much is luck; the time is split.",
            default=True,
        ),
    ] = 1
    workers: options.Workers = None
    storage: options.Storage = None
    resume: Annotated[
        Path | None,
        options.value(
            "--resume",
            metavar="RUN",
            help="Go on with a run that was stopped or killed; --minutes, --evaluations, --workers, "
            "--device and --offline may be given anew.",
        ),
    ] = None

    @property
    def without_labels(self) -> bool:
        """Whether no labelled example is to be looked at."""
        return self.shots.strip() == WITHOUT_LABELS

    @property
    def changes(self) -> dict[str, Any]:
        """What of a run that is gone on with was given anew.

        Raises:
            OptionError: something that a run keeps.
        """
        refuse_beside_resume(self, _ANEW)
        given: dict[str, Any] = {
            "minutes": self.minutes,
            "evaluations": self.evaluations,
            "workers": self.workers,
            "device": None if self.device == "auto" else self.device,
            "offline": self.offline or None,
        }
        return {name: value for name, value in given.items() if value is not None}

    def search(self, command: str) -> DiscoverConfig:
        """What to search.

        Args:
            command: the whole command line, for the report.

        Raises:
            PromptSearchError: a value cannot be used.
        """
        from promptsearch.engines.mining.config import MiningConfig
        from promptsearch.study.config import DiscoverConfig

        metric, by_cost = options.parse_objective(self.objective, self.metric)
        return DiscoverConfig(
            task=self.task,
            data=self.data,
            mapping=self.mapping,
            kind=self.kind,
            plms=self.plm,
            shots=None if self.without_labels else options.parse_shots(self.shots),
            seed=self.seed,
            calibrations=self.calibration,
            metric=metric,
            templates=self._own_templates(),
            words=self.words,
            engines=tuple(self.engine or ()),
            mining=MiningConfig(corpora=tuple(self.corpus or ())),
            unlabelled=self.unlabelled,
            minutes=self.minutes,
            evaluations=self.evaluations,
            preset=self.preset,
            objective=("quality", "cost") if by_cost else ("quality",),
            seeds=self.seeds,
            workers=self.workers or 1,
            storage=self.storage,
            command=command,
            **self.in_search,
        )

    def _own_templates(self) -> list[str]:
        """Those on the command line, then those of the file."""
        from promptsearch.engines.manual import templates_from_file
        from promptsearch.engines.manual.user import unescape

        own = [unescape(source) for source in self.template or []]
        if self.templates is not None:
            own += [str(found) for found in templates_from_file(self.templates)]
        return own
