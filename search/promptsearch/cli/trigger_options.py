"""The options of `promptsearch trigger`, and the search they make."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from promptsearch.cli import options
from promptsearch.cli.options import flag, value
from promptsearch.cli.shared_options import SearchOptions, refuse_beside_resume
from promptsearch.errors import OptionError

if TYPE_CHECKING:
    from promptsearch.engines.trigger import TriggerConfig
    from promptsearch.study.config import DiscoverConfig

_MINUTES = 5.0
_ANEW = ("minutes", "evaluations", "device", "offline")


@dataclass(frozen=True, kw_only=True)
class TriggerOptions(SearchOptions):
    """What was given on the command line."""

    task: options.Task = None
    data: options.Data = None
    mapping: options.Map = None
    kind: options.Kind = None
    plm: Annotated[
        list[str] | None,
        value("--plm", metavar="NAME", help="A PLM; repeat for several (default: minilm-mlm)."),
    ] = None
    template: Annotated[
        list[str] | None,
        value(
            "--template",
            metavar="TEXT",
            help="A template with places to search, as '{text} {trigger*3} {mask}'; repeat for several "
            "(default: one of all fields, and the words of the best hand-written ones).",
        ),
    ] = None
    tokens: Annotated[
        int | None,
        value("--tokens", metavar="N", help="Tokens of a trigger where no --template says so. [3]"),
    ] = None
    words: Annotated[
        str | None,
        value(
            "--words",
            metavar="WORDS",
            help="Label words, as 'negative=bad;positive=good', or a JSON file (default: the library's, "
            "of which triggers are searched with the first).",
        ),
    ] = None
    method: Annotated[
        str | None,
        value(
            "--method",
            metavar="NAME",
            help="gradient, or edit: tokens deleted, exchanged and filled in by the PLM itself. \\[gradient]",
        ),
    ] = None
    promise: Annotated[
        str | None,
        value(
            "--promise",
            metavar="NAME",
            help="How swaps are scored before they are read: scores (label scores of each example to first "
            "order) or gradient (one gradient of the loss, as AutoPrompt and GCG do). \\[scores]",
        ),
    ] = None
    loss: Annotated[
        str | None,
        value("--loss", metavar="NAME", help="What falls: likelihood, margin or mellowmax. \\[likelihood]"),
    ] = None
    start: Annotated[
        str | None,
        value(
            "--start",
            metavar="NAME",
            help="What a search begins from: words (of --start-words, or the best on train of those before "
            "the slot of hand-written templates and of what the PLM would put there), mask or random. "
            "\\[words]",
        ),
    ] = None
    start_words: Annotated[
        str | None, value("--start-words", metavar="TEXT", help="Words that a search begins from.")
    ] = None
    restarts: Annotated[
        int | None,
        value("--restarts", metavar="N", help="Starts besides the first (default: as many as time allows)."),
    ] = None
    candidates: Annotated[
        int | None, value("--candidates", metavar="N", help="Triggers that a step reads. [64]")
    ] = None
    top_k: Annotated[
        int | None,
        value("--top-k", metavar="N", help="Best swaps to first order that a step draws from. [2048]"),
    ] = None
    swaps: Annotated[
        int | None, value("--swaps", metavar="N", help="Most tokens that a step changes. [3]")
    ] = None
    batch: Annotated[
        int | None, value("--batch", metavar="N", help="Examples that gradients are taken on. [32]")
    ] = None
    patience: Annotated[
        int | None,
        value("--patience", metavar="N", help="Steps without anything better that end a start. [10]"),
    ] = None
    prune: Annotated[
        int | None,
        value("--prune", metavar="N", help="Search the N most influential tokens alone (default: all)."),
    ] = None
    fluency: Annotated[
        float | None,
        value(
            "--fluency",
            metavar="WEIGHT",
            help="How much the PLM's own likelihood of the trigger counts: 0 for any words, 0.1 or more for "
            "readable ones. [0]",
        ),
    ] = None
    ban: Annotated[
        str | None,
        value("--ban", metavar="LIST", help="Words that may not stand in a trigger, with commas between."),
    ] = None
    label_words: Annotated[
        bool, flag("--allow-label-words", help="Let label words and names of classes stand in it.")
    ] = False
    words_only: Annotated[bool, flag("--words-only", help="Whole words of letters alone.")] = False
    no_capitals: Annotated[bool, flag("--no-capitals", help="No tokens with capital letters.")] = False
    no_digits: Annotated[bool, flag("--no-digits", help="No tokens with digits.")] = False
    any_ids: Annotated[
        bool,
        flag("--any-ids", help="Also tokens whose text becomes other tokens; the prompt then holds ids."),
    ] = False
    no_racing: Annotated[
        bool, flag("--no-racing", help="Read every trigger on every example, however weak it is.")
    ] = False
    no_reuse: Annotated[bool, flag("--no-reuse", help="Compute what stands before it each time.")] = False
    shots: Annotated[
        str,
        value(
            "--shots",
            metavar="N",
            help="Labelled examples a class for train, and for dev alike; or all.",
            default=True,
        ),
    ] = "16"
    seed: options.Seed = 0
    minutes: Annotated[
        float | None,
        value(
            "--minutes",
            metavar="N",
            help="Wall clock, set-up and report included, and all sittings of a run that is gone on with "
            "(default: 5, or no limit with --evaluations).",
        ),
    ] = None
    evaluations: Annotated[
        int | None,
        value("--evaluations", metavar="N", min=1, help="Examples read with some trigger, on each PLM."),
    ] = None
    resume: Annotated[
        Path | None,
        value(
            "--resume",
            metavar="RUN",
            help="Go on with a run that was stopped or killed, or give it more time; --minutes, "
            "--evaluations, --device and --offline may be given anew.",
        ),
    ] = None

    @property
    def changes(self) -> dict[str, Any]:
        """What of a run that is gone on with was given anew.

        Raises:
            OptionError: something that a run keeps.
        """
        refuse_beside_resume(self, _ANEW)
        given: dict[str, Any] = {
            "minutes": self.minutes,
            "trigger_evaluations": self.evaluations,
            "device": None if self.device == "auto" else self.device,
            "offline": self.offline or None,
        }
        return {name: value for name, value in given.items() if value is not None}

    def trigger(self) -> TriggerConfig:
        """How triggers are searched. Raises OptionError where a value cannot be used."""
        from promptsearch.engines.trigger import TriggerConfig

        given: dict[str, Any] = {
            "method": self.method,
            "objective": self.loss,
            "tokens": self.tokens,
            "start": self.start,
            "words": self.start_words,
            "promise": self.promise,
            "restarts": self.restarts,
            "candidates": self.candidates,
            "top_k": self.top_k,
            "swaps": self.swaps,
            "batch": self.batch,
            "patience": self.patience,
            "prune": self.prune,
            "fluency": self.fluency,
            "banned": options.listed(self.ban),
        }
        return TriggerConfig(
            **{name: value for name, value in given.items() if value is not None},
            any_ids=self.any_ids,
            words_only=self.words_only,
            capitals=not self.no_capitals,
            digits=not self.no_digits,
            ban_labels=not self.label_words,
            racing=not self.no_racing,
            reuse=not self.no_reuse,
        )

    def search(self, command: str) -> DiscoverConfig:
        """What to search.

        Args:
            command: the whole command line, for the report.

        Raises:
            PromptSearchError: a value cannot be used.
        """
        from promptsearch.engines.manual.user import unescape
        from promptsearch.study.config import DiscoverConfig

        if self.template and self.tokens is not None:
            raise OptionError(
                "--tokens is for a search without --template, whose places say how many there are",
                hint="Write the number into the template, as {trigger*3}.",
            )
        minutes = _MINUTES if self.minutes is None and self.evaluations is None else self.minutes
        return DiscoverConfig(
            task=self.task,
            data=self.data,
            mapping=self.mapping,
            kind=self.kind,
            plms=self.plm or ("minilm-mlm",),
            shots=options.parse_shots(self.shots),
            seed=self.seed,
            words=self.words,
            engines=("manual", "trigger"),
            needed=("trigger",),
            trigger=self.trigger(),
            trigger_templates=[unescape(source) for source in self.template or ()],
            trigger_evaluations=self.evaluations,
            minutes=minutes,
            command=command,
            **self.in_search,
        )
