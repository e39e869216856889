"""What a training around a prompt is asked to do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

from promptsearch.decomposed import LABEL, Decomposition
from promptsearch.engines.soft.config import Loss, Parameterisation, Start, TrainingConfig, check_choice
from promptsearch.errors import OptionError, TemplateError
from promptsearch.pieces import Soft, point_at, quoted
from promptsearch.plms.lora import LoraOptions
from promptsearch.study.config import DiscoverConfig
from promptsearch.template import Template

if TYPE_CHECKING:
    from promptsearch.tasks.memory import Rows

Strategy = Literal["tuning-free", "fixed-lm", "fixed-prompt", "prompt+lm", "pet"]
"""Tuning-free prompting; fixed-LM prompt tuning; fixed-prompt LM tuning; prompt and LM tuning; and PET:
fixed-prompt LM tuning under several templates that together teach one."""
Method = Literal["p-tuning", "prompt-tuning", "prefix-tuning", "p-tuning-v2"]
"""What stands for a prompt that is trained: soft tokens in the template (Liu et al. 2021; Lester et al. 2021)
or keys and values before it in every layer (Li and Liang 2021; Liu et al. 2022)."""
LM = Literal["lora", "full"]

PREFIXES: tuple[Method, ...] = ("prefix-tuning", "p-tuning-v2")
ENCODERS: dict[Method, tuple[Parameterisation, ...]] = {
    "p-tuning": ("lstm", "mlp"),
    "prompt-tuning": ("free",),
    "prefix-tuning": ("mlp", "lstm"),
    "p-tuning-v2": ("free",),
}
"""How each method parameterises what it trains; the first is its own."""
LM_RATES: dict[LM, float] = {"lora": 5e-4, "full": 2e-5}
# Soft tokens need several starts; a PLM starts where it was pretrained.
_RESTARTS, _LM_RESTARTS = 3, 1
TOKENS = 5
"""Of a prefix, or soft ones that are put into a template, where no number is given."""
START: Start = "vocabulary"
"""Where they start."""
TITLES: dict[Strategy, str] = {
    "tuning-free": "Tuning-free prompting",
    "fixed-lm": "Fixed-LM prompt tuning",
    "fixed-prompt": "Fixed-prompt LM tuning",
    "prompt+lm": "Prompt+LM tuning",
    "pet": "Fixed-prompt LM tuning taught by several templates",
}
PATTERNS = 3
"""Hand-written templates that teach where none are given."""
_LM_NAMES: dict[LM, str] = {"lora": "LoRA", "full": "all weights"}
NO_LABELS = 0
"""Shots for prompting without labelled examples."""
YES_NO = ("yes", "no")
"""What a question about one label is answered with."""


@dataclass(frozen=True)
class TuneConfig:
    """What to train, on what, and for how long.

    Attributes:
        task, data, mapping, kind, seed, metric, max_test, stand_in, offline, device, trust_remote_code, out:
            as for `DiscoverConfig`.
        plm: reference.
        dtype: as for `load_plm`; `auto` is float32 where the PLM's weights are trained.
        shots: examples a class in train, and in dev alike; `NO_LABELS` for none, None for all.
        template: with soft tokens where these are trained, else of words; None takes a hand-written one, of
            which the words before the slot become soft tokens that start from them where such are trained;
            or `tokens` soft tokens are put there, where `tokens` or `start` is given.
        words: label words, as for `DiscoverConfig`.
        strategy: what is trained.
        method: what stands for the prompt where it is trained.
        encoder: how it is parameterised; None for the method's own.
        start: of `{soft*n}` and of a prefix, see `promptsearch.engines.soft.SoftConfig`; None: `vocabulary`.
        tokens: of a prefix, and soft tokens of a template that is not given; None for 5.
        width: hidden width of the encoder.
        separate: whether each label has soft tokens of its own where the template has `{label}`, and so asks
            one question a label.
        answers: what is answered to such a question where the label holds, and where it does not.
        lm: what of the PLM is trained where it is.
        lora: how, with `lora`.
        rate, lm_rate: learning rates of the prompt and of the PLM; None for defaults, see `settled` too.
        refit: whether the state that does best on dev is then trained once more, for as many steps, on train
            and dev together; its figures on dev are those of before. None: where the PLM stays as it is and
            dev has at least a quarter as many examples as train.
        restarts: how many starts; None for 3, or 1 where the PLM is trained. It takes the place of that of
            `training`.
        loss: what a step makes small, see `promptsearch.engines.soft.losses`; None for `gce` where the prompt
            alone is trained on few examples, else `ce`. That of `training` is not looked at.
        training: how.
        patterns: templates that teach with `pet`; by default the first hand-written ones.
        unlabelled: a file of texts that they label; by default texts of the task's own train split that are
            neither in train nor in dev.
        most_unlabelled: how many texts of the train split, at most.
        generations: in how many further ones the templates learn from each other first (iPET).
        temperature: soft labels are the softmax of what the teachers say divided by it.
        max_dev: most dev examples, drawn at random: each look at what is learned reads all of them.
        minutes: wall clock that it may take, scoring included; None: until the steps are done.
        export_peft: folder for the prompt in peft's format.
    """

    task: str | None = None
    data: str | Path | Rows | None = None
    mapping: Mapping[str, str] | str | None = None
    kind: str | None = None
    plm: str = "minilm-mlm"
    dtype: str = "auto"
    shots: int | None = 16
    seed: int = 0
    template: str | None = None
    words: Mapping[Any, object] | str | Path | None = None
    strategy: Strategy = "fixed-lm"
    method: Method = "p-tuning"
    encoder: Parameterisation | None = None
    start: Start | None = None
    tokens: int | None = None
    width: int | None = None
    separate: bool = False
    answers: tuple[str, str] = YES_NO
    lm: LM = "lora"
    lora: LoraOptions = field(default_factory=LoraOptions)
    rate: float | None = None
    lm_rate: float | None = None
    restarts: int | None = None
    loss: Loss | None = None
    refit: bool | None = None
    training: TrainingConfig = field(default_factory=TrainingConfig)
    patterns: Sequence[str] = ()
    unlabelled: str | Path | None = None
    most_unlabelled: int = 1000
    generations: int = 0
    temperature: float = 2.0
    minutes: float | None = None
    metric: str | None = None
    max_dev: int = 500
    max_test: int | None = None
    stand_in: bool = True
    offline: bool = False
    device: str = "auto"
    trust_remote_code: bool = False
    out: str | Path | None = None
    export_peft: str | Path | None = None
    command: str = field(default="", compare=False)

    def __post_init__(self) -> None:
        check_choice("strategy", self.strategy, get_args(Strategy))
        check_choice("method", self.method, get_args(Method))
        check_choice("way to train the PLM", self.lm, get_args(LM))
        if self.start is not None:
            check_choice("start", self.start, get_args(Start))
        if self.loss is not None:
            check_choice("loss", self.loss, get_args(Loss))
        self._check_encoder()
        for name in ("rate", "lm_rate"):
            value = getattr(self, name)
            if value is not None and not 0 < value < float("inf"):
                raise OptionError(f"a learning rate must be above 0, not {value}")
        if (self.tokens is not None and self.tokens < 1) or (self.restarts is not None and self.restarts < 1):
            raise OptionError("numbers of tokens and of restarts are 1 or more")
        if self.refit and self.strategy != "fixed-lm":
            raise OptionError(
                "what is trained of the PLM is not trained on dev too",
                hint="Leave `refit` out.",
            )
        if self.max_dev < 1:
            raise OptionError(f"max_dev must be 1 or more, not {self.max_dev}")
        if self.shots == NO_LABELS and self.trains:
            raise OptionError(
                f"the strategy {self.strategy} trains on labelled examples, and --shots 0 gives none",
                hint="Take --strategy tuning-free, or --shots 16.",
            )
        self.data_options  # noqa: B018 - refuses what cannot be spent, drawn or measured
        self._check_teaching()
        self._check_asking()
        for source in (*([] if self.template is None else [self.template]), *self.patterns):
            self._check_template(Template.parse(source))

    def _check_encoder(self) -> None:
        known = ENCODERS[self.method]
        if self.encoder is not None and self.encoder not in known:
            other = [method for method, encoders in ENCODERS.items() if self.encoder in encoders]
            check_choice("encoder", self.encoder, get_args(Parameterisation))
            raise OptionError(
                f"{self.method} has no encoder {self.encoder}",
                hint=f"It has {' or '.join(known)}; {self.encoder} belongs to {' and '.join(other)}.",
            )
        if self.strategy == "prompt+lm" and self.method in PREFIXES:
            raise OptionError(
                f"{self.method} cannot be trained together with the PLM",
                hint="Take --method p-tuning or prompt-tuning.",
            )

    def _check_teaching(self) -> None:
        object.__setattr__(self, "patterns", tuple(self.patterns))
        if self.strategy != "pet" and (self.patterns or self.unlabelled is not None or self.generations):
            raise OptionError(
                "patterns, unlabelled texts and generations are for the strategy pet, where templates teach",
                hint="Add --strategy pet.",
            )
        if self.strategy == "pet" and self.loss == "gce":
            raise OptionError(
                "the generalised cross-entropy is for known labels, and with pet soft ones are learned too",
                hint="Leave the loss out.",
            )
        if self.generations < 0 or self.most_unlabelled < 1 or not 0 < self.temperature < float("inf"):
            raise OptionError("generations are 0 or more, texts 1 or more, and a temperature is above 0")

    def _check_asking(self) -> None:
        if isinstance(self.answers, str) or len(self.answers) != 2:
            raise OptionError(f"two answers are needed, yes and no, not {self.answers!r}")
        object.__setattr__(self, "answers", tuple(self.answers))
        Decomposition(*self.answers)
        by_label = self.template is not None and f"{{{LABEL}}}" in self.template
        if (self.separate or self.answers != YES_NO) and not by_label:
            raise OptionError(
                "answers, and soft tokens of each label's own, are for a template that asks label by label",
                hint="Give one with {label}, as '{text} Is this about {label}? {soft*5} {mask}'.",
            )
        if self.separate and not self.trains:
            raise OptionError(f"{self.strategy} has no soft tokens that labels could have of their own")

    def _check_template(self, template: Template) -> None:
        """Refuse a template that the strategy has no use for.

        Raises:
            TemplateError: soft tokens are missing, or there for nothing.
        """
        source = str(template)
        soft = next((str(piece) for piece in template.pieces if isinstance(piece, Soft)), None)
        if self.trains_soft and soft is None:
            raise TemplateError(
                f"the template has no soft tokens, which {self.called} trains",
                where=point_at(source, source.index("{mask}")),
                hint=f"Put some where they belong, for example "
                f"{quoted(source.replace('{mask}', '{soft*5} {mask}'))}; or train the PLM: "
                "--strategy fixed-prompt.",
            )
        if not self.trains_soft and soft is not None:
            raise TemplateError(
                f"the template has soft tokens, and {self.called} trains none",
                where=point_at(source, source.index(soft)),
                hint="Give words in their place, or take --strategy fixed-lm or prompt+lm.",
            )

    @property
    def called(self) -> str:
        """The strategy, with its method where that matters."""
        return f"{self.strategy} with {self.method}" if self.strategy == "fixed-lm" else self.strategy

    @property
    def title(self) -> str:
        """The strategy as the literature writes it, with the method or what of the PLM is trained."""
        parts: list[str] = [self.method] if self.trains_soft or self.trains_prefix else []
        parts += [_LM_NAMES[self.lm]] if self.trains_lm else []
        return TITLES[self.strategy] + (f" ({', '.join(parts)})" if parts else "")

    @property
    def trains(self) -> bool:
        """Whether anything is trained."""
        return self.strategy != "tuning-free"

    @property
    def trains_soft(self) -> bool:
        """Whether soft tokens of the template are trained."""
        return self.strategy in ("fixed-lm", "prompt+lm") and self.method not in PREFIXES

    @property
    def from_words(self) -> bool:
        """Whether soft tokens of the hand-written template start from its words."""
        return self.trains_soft and self.start is None and self.tokens is None

    @property
    def trains_prefix(self) -> bool:
        """Whether keys and values before the prompt are trained."""
        return self.strategy == "fixed-lm" and self.method in PREFIXES

    @property
    def trains_lm(self) -> bool:
        """Whether the PLM is trained."""
        return self.strategy in ("fixed-prompt", "prompt+lm", "pet")

    @property
    def parameterisation(self) -> Parameterisation:
        """How a prompt that is trained is parameterised."""
        return self.encoder or ENCODERS[self.method][0]

    @property
    def starts(self) -> int:
        """How many starts."""
        return self.restarts or (_LM_RESTARTS if self.trains_lm else _RESTARTS)

    @property
    def whole_training(self) -> TrainingConfig:
        """How it is trained, with what the strategy decides."""
        return replace(self.training, restarts=self.starts, loss=self.loss or "ce")

    @property
    def data_options(self) -> DiscoverConfig:
        """The options that say which examples there are.

        Raises:
            OptionError: one of them cannot be used.
        """
        return DiscoverConfig(
            task=self.task,
            data=self.data,
            mapping=self.mapping,
            kind=self.kind,
            shots=1 if self.shots == NO_LABELS else self.shots,
            seed=self.seed,
            words=self.words,
            metric=self.metric,
            max_test=self.max_test,
            minutes=self.minutes,
            stand_in=self.stand_in,
            offline=self.offline,
            plms=[self.plm],
            unlabelled=self.unlabelled,
        )
