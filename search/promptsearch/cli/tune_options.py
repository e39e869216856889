"""The options of `promptsearch tune`, and the training they make."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from promptsearch.cli import options
from promptsearch.cli.options import value
from promptsearch.cli.shared_options import SearchOptions, refuse_beside_resume

if TYPE_CHECKING:
    from promptsearch.engines.soft.config import TrainingConfig
    from promptsearch.plms.lora import LoraOptions
    from promptsearch.tuning.config import TuneConfig

_ANEW = ("minutes", "device", "offline")


@dataclass(frozen=True, kw_only=True)
class TuneOptions(SearchOptions):
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
            help="The template, as '{text} {soft*5} It was {mask}' (default: the manual one, with --tokens "
            "soft tokens before the slot where the strategy trains some).",
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
            help="What is trained: tuning-free (nothing), fixed-lm (the prompt), fixed-prompt (the PLM) or "
            "prompt+lm (both).",
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
            help="Where the prompt starts: vocabulary (frequent words), labels (their words) or random; "
            "{soft:words} starts from its words. \\[vocabulary]",
        ),
    ] = None
    tokens: Annotated[
        int,
        value(
            "--tokens", metavar="N", help="Tokens of a prefix, or soft ones without --template.", default=True
        ),
    ] = 5
    width: Annotated[
        int | None, value("--width", metavar="N", help="Hidden width of the encoder (default: the PLM's).")
    ] = None
    lm: Annotated[
        str,
        value("--lm", metavar="NAME", help="How the PLM is trained: lora, or full.", default=True),
    ] = "lora"
    lora_rank: Annotated[
        int | None, value("--lora-rank", metavar="N", help="Rank of LoRA's changes. [8]")
    ] = None
    lora_alpha: Annotated[
        float | None, value("--lora-alpha", metavar="X", help="Changes are scaled by alpha / rank. [16]")
    ] = None
    lora_dropout: Annotated[
        float | None, value("--lora-dropout", metavar="SHARE", help="Dropout of LoRA's inputs. [0]")
    ] = None
    lora_targets: Annotated[
        str | None,
        value(
            "--lora-targets",
            metavar="LIST",
            help="Modules that LoRA changes, as q_proj,v_proj (default: queries and values).",
        ),
    ] = None
    rate: Annotated[
        float | None,
        value("--rate", metavar="X", help="Learning rate of the prompt (default: the encoder's own)."),
    ] = None
    lm_rate: Annotated[
        float | None,
        value(
            "--lm-rate", metavar="X", help="Learning rate of the PLM (default: 5e-4 with lora, 2e-5 full)."
        ),
    ] = None
    steps: Annotated[int | None, value("--steps", metavar="N", help="Most updates of one start. [300]")] = (
        None
    )
    batch: Annotated[int | None, value("--batch", metavar="N", help="Examples a step. [16]")] = None
    restarts: Annotated[
        int | None,
        value("--restarts", metavar="N", help="Starts, of which the best is kept. [3, or 1 with the PLM]"),
    ] = None
    look_every: Annotated[
        int | None, value("--look-every", metavar="N", help="Steps between looks at dev. [10]")
    ] = None
    patience: Annotated[
        int | None,
        value("--patience", metavar="N", help="Looks without anything better that end a start. [10]"),
    ] = None
    save_every: Annotated[
        int | None, value("--save-every", metavar="N", help="Steps between saves. [50]")
    ] = None
    mixed: Annotated[
        str | None,
        value(
            "--mixed", metavar="NAME", help="Mixed precision: bf16 or fp16, where the device has it. \\[no]"
        ),
    ] = None
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
        return _given(device=device, offline=self.offline or None) | {"minutes": self.minutes}

    def lora(self) -> LoraOptions:
        """How LoRA changes weights. Raises OptionError where a value cannot be used."""
        from promptsearch.plms.lora import LoraOptions

        return LoraOptions(
            **_given(
                rank=self.lora_rank,
                alpha=self.lora_alpha,
                dropout=self.lora_dropout,
                targets=options.listed(self.lora_targets),
            )
        )

    def training(self) -> TrainingConfig:
        """How it is trained. Raises OptionError where a value cannot be used."""
        from promptsearch.engines.soft.config import TrainingConfig

        return TrainingConfig(
            **_given(
                steps=self.steps,
                batch=self.batch,
                look_every=self.look_every,
                patience=self.patience,
                save_every=self.save_every,
                mixed=self.mixed,
            )
        )

    def config(self, command: str) -> TuneConfig:
        """What to train.

        Args:
            command: the whole command line, for the report.

        Raises:
            PromptSearchError: a value cannot be used.
        """
        from promptsearch.engines.manual.user import unescape
        from promptsearch.tuning.config import TuneConfig

        return TuneConfig(
            task=self.task,
            data=self.data,
            mapping=self.mapping,
            kind=self.kind,
            plm=self.plm,
            template=None if self.template is None else unescape(self.template),
            words=self.words,
            tokens=self.tokens,
            width=self.width,
            lora=self.lora(),
            rate=self.rate,
            lm_rate=self.lm_rate,
            restarts=self.restarts,
            training=self.training(),
            shots=options.parse_shots(self.shots, least=0),
            seed=self.seed,
            metric=self.metric,
            minutes=self.minutes,
            export_peft=self.export_peft,
            command=command,
            **self._named,
            **self.in_search,
        )

    @property
    def _named(self) -> dict[str, Any]:
        """Choices by name, which the config checks."""
        return _given(
            strategy=self.strategy, method=self.method, encoder=self.encoder, lm=self.lm, start=self.start
        )


def _given(**choices: Any) -> dict[str, Any]:
    return {name: choice for name, choice in choices.items() if choice is not None}
