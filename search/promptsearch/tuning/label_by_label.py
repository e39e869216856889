"""Soft tokens for a task that is asked label by label: one question a label, with the answers yes and no."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

import torch
from torch import Tensor

from promptsearch.engines.soft.encoders import SoftEncoder, make_encoder
from promptsearch.engines.soft.learner import Learner, ParameterGroup
from promptsearch.engines.soft.starts import scale_of, start_vectors
from promptsearch.errors import TemplateError
from promptsearch.objective import LabelObjective
from promptsearch.pieces import quoted
from promptsearch.plms.free import FreeReader
from promptsearch.soft import SoftVectors
from promptsearch.tuning.config import START, TuneConfig
from promptsearch.tuning.subject import Subject
from promptsearch.tuning.tuners import Stored, prompt_rate

T = TypeVar("T")
_REUSED = 4  # questions whose left parts are kept: each may take some hundred megabytes


class QuestionsLearner:
    """Log-probabilities of labels from the odds of yes in each label's question.

    Args:
        readers: of each question.
        objectives: log-probabilities of no and yes in each.
        encoders: of the soft tokens; one for all questions, or one for each.
    """

    def __init__(
        self,
        readers: Sequence[FreeReader],
        objectives: Sequence[LabelObjective],
        encoders: Sequence[SoftEncoder],
        rate: float,
    ) -> None:
        self.readers, self.objectives, self.encoders = readers, objectives, encoders
        names = ["soft"] if len(encoders) == 1 else [f"soft-{i}" for i in range(len(encoders))]
        self._groups = [encoder.group(name, rate) for name, encoder in zip(names, encoders)]

    def groups(self) -> Sequence[ParameterGroup]:
        return self._groups

    def over_batches(
        self, rows: Sequence[int], work: Callable[[list[int]], T]
    ) -> Sequence[tuple[list[int], T]]:
        # All questions of a batch are in memory until their gradient is there.
        return self.readers[0].over_batches(rows, work, copies=len(self.readers))

    def log_probs(self, rows: Sequence[int]) -> Tensor:
        """As `promptsearch.decomposed.label_log_probs`, differentiable."""
        vectors = [encoder() for encoder in self.encoders]
        odds = []
        for i, (reader, objective) in enumerate(zip(self.readers, self.objectives)):
            said = objective.log_probs(reader.read_vectors(vectors[i % len(vectors)], rows))
            odds.append(said[:, 1] - said[:, 0])
        return torch.stack(odds, dim=1).log_softmax(dim=1)

    def training(self, mode: bool) -> None:
        """Nothing has dropout: the PLM is not trained."""

    def soft_vectors(self) -> SoftVectors:
        """What is left of soft tokens once their encoders are folded away, one label's after the other's."""
        with torch.no_grad():
            array = torch.cat([encoder() for encoder in self.encoders]).cpu().numpy()
        return SoftVectors(array, self.readers[0].prompts.groups * len(self.encoders))


class QuestionsTuner:
    """Soft tokens in the questions of all labels, shared between them or not.

    Raises:
        TemplateError: a question cannot work on the PLM, exceeds its context, or has other soft tokens.
        VerbalizerError: yes or no has several tokens.
        PLMError: the PLM gives no gradients, or its embeddings cannot be reached.
    """

    def __init__(self, subject: Subject, config: TuneConfig) -> None:
        assert subject.decomposition is not None
        self.subject, self.config = subject, config
        self.questions = subject.decomposition.questions(subject.template, subject.words)
        self.answers = subject.decomposition.answers
        self.encoders = 1 if subject.decomposition.shared else len(self.questions)
        self.objectives = [LabelObjective.of(subject.plm, each, self.answers) for each in self.questions]
        reuse = len(self.questions) <= _REUSED
        self.readers = [subject.plm.free_reader(each, subject.examples, reuse) for each in self.questions]
        for question, reader in zip(self.questions, self.readers):
            if reader.prompts.groups != self.readers[0].prompts.groups:
                raise TemplateError(
                    "soft tokens that start from words are not as many in the questions of all labels",
                    where=quoted(str(question)),
                    hint="Put a blank before them, so that they do not go on with the label's word.",
                )

    def make(self, restart: int) -> QuestionsLearner:
        encoders = [self._encoder(restart, number) for number in range(self.encoders)]
        rate = prompt_rate(self.config, self.questions[0])
        return QuestionsLearner(self.readers, self.objectives, encoders, rate)

    def store(self, learner: Learner, folder: Path) -> Stored:
        assert isinstance(learner, QuestionsLearner)
        soft = learner.soft_vectors()
        return Stored(soft, None, soft.array.size)

    def _encoder(self, restart: int, number: int) -> SoftEncoder:
        config, matrix = self.config, self.readers[number].matrix
        question, seed = self.questions[number], (config.seed, restart, number)
        start = start_vectors(self.subject.plm, question, self.answers, matrix, config.start or START, seed)
        return make_encoder(config.parameterisation, start, scale_of(matrix), config.width)
