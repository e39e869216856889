"""The options of `promptsearch tune`, and the training they make."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from promptsearch.cli import options
from promptsearch.cli.options import flag, value
from promptsearch.cli.shared_options import refuse_beside_resume, refuse_idle
from promptsearch.cli.tune_training_options import TrainingOptions, given_ones

if TYPE_CHECKING:
    from promptsearch.tuning.config import TuneConfig

_ANEW = ("minutes", "device", "offline")
_OF_PROMPT = ("method", "encoder", "start", "tokens", "width", "rate")
_OF_LORA = ("lora_rank", "lora_alpha", "lora_dropout", "lora_targets")
_OF_LM = ("lm", "lm_rate", *_OF_LORA)


@dataclass(frozen=True, kw_only=True)
class TuneOptions(TrainingOptions):
    """What was given on the command line."""

    task: options.Task = None
    data: options.Data = None
    mapping: options.Map = None
    kind: options.Kind = None
    plm: Annotated[str, value("--plm", metavar="NAME", help="The PLM.", default=True)] = "minilm-mlm"
    template: Annotated[
        str | None,
        value(
            "--template",
            metavar="TEXT",
            help="The template, as '{text} {soft*5} It was {mask}' (default: the manual one; soft tokens "
            "that are trained take the place of the words before its slot and start from them).",
        ),
    ] = None
    words: Annotated[
        str | None,
        value(
            "--words",
            metavar="WORDS",
            help="Label words, as 'negative=bad;positive=good', or a JSON file (default: the library's).",
        ),
    ] = None
    strategy: Annotated[
        str,
        value(
            "--strategy",
            metavar="NAME",
            help="What is trained: tuning-free (nothing), fixed-lm (the prompt), fixed-prompt (the PLM), "
            "prompt+lm (both), or pet (the PLM under several templates, which then teach it under one).",
            default=True,
        ),
    ] = "fixed-lm"
    method: Annotated[
        str,
        value(
            "--method",
            metavar="NAME",
            help="What stands for a prompt that is trained: p-tuning or prompt-tuning (soft tokens in the "
            "template), prefix-tuning or p-tuning-v2 (keys and values before it in every layer).",
            default=True,
        ),
    ] = "p-tuning"
    encoder: Annotated[
        str | None,
        value("--encoder", metavar="NAME", help="lstm, mlp or free (default: the method's own)."),
    ] = None
    start: Annotated[
        str | None,
        value(
            "--start",
            metavar="NAME",
            help="Where {soft*5} or a prefix starts: vocabulary (frequent words), labels (their words) or "
            "random; {soft:words} starts from its words. \\[vocabulary]",
        ),
    ] = None
    tokens: Annotated[
        int | None,
        value(
            "--tokens",
            metavar="N",
            help="Tokens of a prefix, or soft ones to put before the slot of the manual template. \\[5]",
        ),
    ] = None
    width: Annotated[
        int | None, value("--width", metavar="N", help="Hidden width of the encoder (default: the PLM's).")
    ] = None
    separate: Annotated[
        bool,
        flag("--separate", help="Each label has soft tokens of its own in a template with {label}."),
    ] = False
    answers: Annotated[
        str | None,
        value(
            "--answers",
            metavar="YES,NO",
            help="Of a template with {label}, what is answered where it holds and where not. \\[yes,no]",
        ),
    ] = None
    lm: Annotated[
        str,
        value("--lm", metavar="NAME", help="How the PLM is trained: lora, or full.", default=True),
    ] = "lora"
    shots: Annotated[
        str,
        value(
            "--shots",
            metavar="N",
            help="Labelled examples a class for train, and for dev alike; all; or 0 with tuning-free.",
            default=True,
        ),
    ] = "16"
    seed: options.Seed = 0
    metric: Annotated[
        str | None,
        value("--metric", metavar="NAME", help="accuracy, macro-f1 or mcc (default: the task's own)."),
    ] = None
    max_dev: Annotated[
        int,
        value(
            "--max-dev",
            metavar="N",
            min=1,
            help="Most dev examples, of which each look reads all.",
            default=True,
        ),
    ] = 500
    minutes: Annotated[
        float | None,
        value(
            "--minutes",
            metavar="N",
            help="Wall clock of this sitting, set-up and scoring included (default: until steps are done).",
        ),
    ] = None
    export_peft: Annotated[
        Path | None,
        value(
            "--export-peft",
            metavar="FOLDER",
            help="Also write what was trained in peft's format, where that can hold it.",
        ),
    ] = None
    resume: Annotated[
        Path | None,
        value(
            "--resume",
            metavar="RUN",
            help="Go on with a training that was stopped or killed, or ran out of time; --minutes, --device "
            "and --offline may be given anew.",
        ),
    ] = None

    @property
    def changes(self) -> dict[str, Any]:
        """What of a training that is gone on with was given anew.

        Raises:
            OptionError: something that a run keeps.
        """
        refuse_beside_resume(self, _ANEW)
        device = None if self.device == "auto" else self.device
        return given_ones(device=device, offline=self.offline or None) | {"minutes": self.minutes}

    def config(self, command: str) -> TuneConfig:
        """What to train.

        Args:
            command: the whole command line, for the report.

        Raises:
            PromptSearchError: a value cannot be used.
        """
        from promptsearch.engines.manual.user import unescape
        from promptsearch.tuning.config import TuneConfig

        config = TuneConfig(
            task=self.task,
            data=self.data,
            mapping=self.mapping,
            kind=self.kind,
            plm=self.plm,
            template=None if self.template is None else unescape(self.template),
            words=self.words,
            tokens=self.tokens,
            width=self.width,
            separate=self.separate,
            lora=self.lora(),
            rate=self.rate,
            lm_rate=self.lm_rate,
            restarts=self.restarts,
            refit=False if self.no_refit else None,
            training=self.training(),
            shots=options.parse_shots(self.shots, least=0),
            seed=self.seed,
            metric=self.metric,
            max_dev=self.max_dev,
            minutes=self.minutes,
            export_peft=self.export_peft,
            command=command,
            **self._named,
            **self.teaching,
            **self.in_search,
        )
        self._refuse_idle(config)
        return config

    def _refuse_idle(self, config: TuneConfig) -> None:
        """Refuse options of what is not trained.

        Raises:
            OptionError: naming one.
        """
        strategy = f"--strategy {config.strategy}"
        if not (config.trains_soft or config.trains_prefix):
            refuse_idle(self, _OF_PROMPT, f"{strategy}, which trains no prompt")
        elif config.trains_soft and config.template is not None:
            refuse_idle(self, ("tokens",), "a template of your own; write as many as {soft*5} in it")
        if not config.trains_lm:
            refuse_idle(self, _OF_LM, f"{strategy}, which leaves the PLM as it is")
        elif config.lm == "full":
            refuse_idle(self, _OF_LORA, "--lm full")

    @property
    def _named(self) -> dict[str, Any]:
        """Choices by name, which the config checks."""
        return given_ones(
            answers=None if self.answers is None else _two(self.answers),
            strategy=self.strategy,
            method=self.method,
            encoder=self.encoder,
            lm=self.lm,
            start=self.start,
            loss=self.loss,
        )


def _two(answers: str) -> tuple[str, str]:
    """The answers as yes and no.

    Raises:
        OptionError: they are not two.
    """
    from promptsearch.errors import OptionError

    found = [answer.strip() for answer in answers.split(",")]
    if len(found) != 2:
        raise OptionError(f"--answers takes two, not {answers!r}", hint="As --answers yes,no.")
    return found[0], found[1]
