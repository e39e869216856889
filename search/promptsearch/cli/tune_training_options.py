"""How `promptsearch tune` trains: LoRA, PET, rates and steps."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from promptsearch.cli import options
from promptsearch.cli.options import value
from promptsearch.cli.shared_options import SearchOptions

if TYPE_CHECKING:
    from promptsearch.engines.soft.config import TrainingConfig
    from promptsearch.plms.lora import LoraOptions


@dataclass(frozen=True, kw_only=True)
class TrainingOptions(SearchOptions):
    """Options that stand behind those that say what is trained."""

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
    pattern: Annotated[
        list[str] | None,
        value(
            "--pattern",
            metavar="TEXT",
            help="With pet, a template that teaches; repeat for several (default: three hand-written ones).",
        ),
    ] = None
    unlabelled: Annotated[
        Path | None,
        value(
            "--unlabelled",
            metavar="FILE",
            help="With pet, texts that they label: one a line, or a column of a table (default: train's "
            "others).",
        ),
    ] = None
    generations: Annotated[
        int | None,
        value("--generations", metavar="N", help="With pet, times they learn from each other first. [0]"),
    ] = None
    temperature: Annotated[
        float | None, value("--temperature", metavar="X", help="With pet, of soft labels. [2]")
    ] = None
    rate: Annotated[
        float | None,
        value(
            "--rate",
            metavar="X",
            help="Learning rate of the prompt (default: by encoder and start; lower for a prefix and few "
            "examples).",
        ),
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
    loss: Annotated[
        str | None,
        value(
            "--loss",
            metavar="NAME",
            help="ce (cross-entropy), or gce, under which examples that stay wrong pull less (default: gce "
            "for a prompt alone and few examples).",
        ),
    ] = None
    no_refit: Annotated[
        bool,
        options.flag(
            "--no-refit",
            help="Keep what did best on dev as it is: else a prompt learned from few examples is trained "
            "once more on train and dev together, for as many steps.",
        ),
    ] = False
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

    def lora(self) -> LoraOptions:
        """How LoRA changes weights. Raises OptionError where a value cannot be used."""
        from promptsearch.plms.lora import LoraOptions

        return LoraOptions(
            **given_ones(
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
            **given_ones(
                steps=self.steps,
                batch=self.batch,
                look_every=self.look_every,
                patience=self.patience,
                save_every=self.save_every,
                mixed=self.mixed,
            )
        )

    @property
    def teaching(self) -> dict[str, Any]:
        """What `pet` takes of `TuneConfig`."""
        from promptsearch.engines.manual.user import unescape

        return given_ones(
            patterns=tuple(map(unescape, self.pattern or ())),
            unlabelled=self.unlabelled,
            generations=self.generations,
            temperature=self.temperature,
        )


def given_ones(**choices: Any) -> dict[str, Any]:
    """Without those that were not given."""
    return {name: choice for name, choice in choices.items() if choice is not None}
