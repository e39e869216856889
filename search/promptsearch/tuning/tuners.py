"""What each strategy trains, and what is left of it when training is over."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from promptsearch.artefact.tuned import TunedKind
from promptsearch.engines.soft.encoders import SoftEncoder, make_encoder
from promptsearch.engines.soft.learner import Learner, ParameterGroup, log_probs_of
from promptsearch.engines.soft.prompt_learner import PromptLearner
from promptsearch.engines.soft.starts import rate_for, scale_of, start_vectors
from promptsearch.objective import LabelObjective
from promptsearch.plms.free import FreeReader
from promptsearch.plms.lora import count_numbers
from promptsearch.plms.peft_folders import prefix_config, write_prompt_folder
from promptsearch.plms.prefixed import prefix_shape_of, prefixed
from promptsearch.soft import SoftVectors
from promptsearch.template import Template
from promptsearch.tuning.config import LM_RATES, START, TOKENS, TuneConfig
from promptsearch.tuning.prefix_starts import prefix_start
from promptsearch.tuning.subject import Subject
from promptsearch.tuning.weights import FullWeights, LoraWeights, Weights


@dataclass(frozen=True)
class Stored:
    """What training has left.

    Attributes:
        soft: vectors of the template's soft tokens.
        kind: what of the PLM was written to the folder, if anything was.
        numbers: how many numbers the prompt needs beside the PLM and its words.
    """

    soft: SoftVectors | None
    kind: TunedKind | None
    numbers: int


class Tuner(Protocol):
    """Makes what is trained, and stores it."""

    def make(self, restart: int) -> Learner:
        """What start number r begins with; draws from torch's generator."""
        ...

    def store(self, learner: Learner, folder: Path) -> Stored:
        """Keep what was trained: what of it is no vector of soft tokens goes into a new folder."""
        ...


def tuner_for(subject: Subject, config: TuneConfig) -> Tuner:
    """The tuner of a strategy that trains something.

    Raises:
        OptionError: LoRA's target modules do not exist, or peft is not installed.
        PLMError: the PLM gives no gradients, or takes no prefix.
        TemplateError: the template cannot work on the PLM, or more tokens than its context holds.
        VerbalizerError: label words of several tokens.
    """
    if subject.decomposition is not None:
        from promptsearch.tuning.label_by_label import QuestionsTuner

        return QuestionsTuner(subject, config)
    if config.trains_prefix:
        return _PrefixTuner(subject, config)
    return PromptTuner(subject, config)


class PromptTuner:
    """Soft tokens, the PLM's weights, or both."""

    def __init__(self, subject: Subject, config: TuneConfig) -> None:
        self.subject, self.config = subject, config
        plm = subject.plm
        self.objective = LabelObjective.of(plm, subject.template, subject.words)
        # Before weights are trained: what may be shared is found by trying.
        reuse = not config.trains_lm
        reader = plm.free_reader if config.trains_soft else _words_alone(plm.word_reader)
        self.reader: FreeReader = reader(subject.template, subject.examples, reuse)
        self.weights = _weights(subject, config) if config.trains_lm else None
        self._starts: dict[int, tuple[Tensor, float]] = {}

    def make(self, restart: int) -> PromptLearner:
        config, groups = self.config, []
        objective, encoder, model = self.objective, None, None
        vectors: Callable[[], Tensor] = _none(self.reader)
        if self.weights is not None:
            self.weights.begin()
        if config.trains_soft:
            encoder = self._encoder(restart)
            groups.append(encoder.group("soft", prompt_rate(config, self.subject.template)))
            vectors = encoder
        if self.weights is not None:
            rate = config.lm_rate or LM_RATES[config.lm]
            groups.append(ParameterGroup("lm", self.weights.parameters, rate))
            objective = replace(objective, layer=self.weights.output)
            model = self.subject.plm.model
        return PromptLearner(self.reader, objective, groups, vectors, encoder, model)

    def untuned(self, rows: Sequence[int]) -> NDArray[np.float32]:
        """What the PLM says of examples before it is trained: (n, L) log-probabilities of labels."""
        learner = PromptLearner(self.reader, self.objective, (), _none(self.reader))
        return log_probs_of(learner, rows)

    def give_back(self) -> None:
        """Leave the PLM as it was pretrained."""
        if self.weights is not None:
            self.weights.give_back()

    def store(self, learner: Learner, folder: Path) -> Stored:
        assert isinstance(learner, PromptLearner)
        soft, kind, numbers = None, None, 0
        if learner.encoder is not None:
            soft = learner.soft_vectors()
            numbers += soft.array.size
        if self.weights is not None:
            learner.training(False)
            self.weights.save(folder)
            kind = self.weights.kind
            numbers += count_numbers(self.weights.parameters)
        return Stored(soft, kind, numbers)

    def _encoder(self, restart: int) -> SoftEncoder:
        subject, config = self.subject, self.config
        # Once, by the embeddings as they were pretrained: what is learned is a change from there.
        if restart not in self._starts:
            matrix, seed = self.reader.matrix, (config.seed, restart)
            how = config.start or START
            start = start_vectors(subject.plm, subject.template, subject.words, matrix, how, seed)
            self._starts[restart] = start, scale_of(matrix)
        start, scale = self._starts[restart]
        return make_encoder(config.parameterisation, start, scale, config.width)


class _PrefixTuner:
    """Keys and values of virtual tokens before the prompt, in every layer."""

    def __init__(self, subject: Subject, config: TuneConfig) -> None:
        self.subject, self.config = subject, config
        self.objective = LabelObjective.of(subject.plm, subject.template, subject.words)
        # A template whose words do not fit beside the prefix is refused now.
        self._read_with(self._start(0))

    def _start(self, restart: int) -> Tensor:
        config = self.config
        seed = (config.seed, restart)
        return prefix_start(self.subject.plm, config.tokens or TOKENS, config.start or START, seed)

    def _read_with(self, vectors: Tensor) -> FreeReader:
        self.behind = prefixed(self.subject.plm, vectors)
        return self.behind.word_reader(self.subject.template, self.subject.examples)

    def make(self, restart: int) -> PromptLearner:
        config, start = self.config, self._start(restart)
        encoder = make_encoder(config.parameterisation, start, scale_of(start), config.width)
        reader = self._read_with(start)
        nothing, prefix = _none(reader), self.behind.prefix

        def vectors() -> Tensor:
            prefix.vectors = encoder()
            return nothing()

        groups = [encoder.group("prefix", prompt_rate(config))]
        return PromptLearner(reader, self.objective, groups, vectors, encoder)

    def store(self, learner: Learner, folder: Path) -> Stored:
        assert isinstance(learner, PromptLearner)
        assert learner.encoder is not None
        plm = self.subject.plm
        with torch.no_grad():
            vectors = learner.encoder()
        identity = plm.identity
        config = prefix_config(len(vectors), prefix_shape_of(plm), identity.family, identity.reference)
        write_prompt_folder(folder, config, vectors)
        return Stored(None, "prefix", vectors.numel())


def prompt_rate(config: TuneConfig, template: Template | None = None) -> float:
    """Peak learning rate of what is trained of the prompt.

    Args:
        template: whose soft tokens are trained; None for a prefix.
    """
    return config.rate or rate_for(config.parameterisation, template)


def _weights(subject: Subject, config: TuneConfig) -> Weights:
    if config.lm == "lora":
        return LoraWeights(subject.plm, config.lora)
    return FullWeights(subject.plm, keep=config.starts > 1 or config.strategy == "pet")


def _none(reader: FreeReader) -> Callable[[], Tensor]:
    """Vectors for a template that has no free places."""
    nothing = reader.matrix.new_zeros((0, reader.matrix.shape[1]))
    return lambda: nothing


def _words_alone(word_reader: Callable[..., FreeReader]) -> Callable[..., FreeReader]:
    return lambda template, examples, _reuse: word_reader(template, examples)
