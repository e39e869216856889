"""One template on one PLM with the texts that its soft tokens are learned on."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

from promptsearch.engines.soft.config import SoftConfig
from promptsearch.engines.soft.course import Lesson
from promptsearch.engines.soft.encoders import make_encoder
from promptsearch.engines.soft.prompt_learner import PromptLearner
from promptsearch.engines.soft.starts import rate_for, scale_of, start_vectors
from promptsearch.errors import TemplateError
from promptsearch.objective import LabelObjective
from promptsearch.pieces import quoted
from promptsearch.plms.local import LocalPLM
from promptsearch.tasks.task import Example
from promptsearch.template import Soft, Template, Trigger
from promptsearch.verbalizer import Verbalizer


class SoftProblem:
    """Fixed-LM prompt tuning: everything but the soft tokens stays as it is.

    Args:
        template: with soft tokens.
        examples: labelled; known by their number from here on.

    Raises:
        TemplateError: the template has no soft tokens or has triggers, the PLM cannot read it, or its tokens
            exceed the context.
        VerbalizerError: an answer has several tokens, or cannot be spelled.
        PLMError: the PLM gives no gradients, or its embeddings cannot be reached.
    """

    def __init__(
        self,
        plm: LocalPLM,
        template: Template,
        verbalizer: Verbalizer,
        examples: Sequence[Example],
        config: SoftConfig,
        seed: int,
    ) -> None:
        check_soft(template)
        self.plm, self.template, self.verbalizer, self.config = plm, template, verbalizer, config
        self.examples, self.seed = tuple(examples), seed
        self.objective = LabelObjective.of(plm, template, verbalizer)
        self.reader = plm.free_reader(template, self.examples)

    @cached_property
    def scale(self) -> float:
        """Unit in which vectors change."""
        return scale_of(self.reader.matrix)

    @property
    def rate(self) -> float:
        """Learning rate."""
        return self.config.rate or rate_for(self.config.parameterisation, self.template)

    def learner(self, restart: int) -> PromptLearner:
        """Soft tokens before the first step of start number `restart`."""
        start = start_vectors(
            self.plm,
            self.template,
            self.verbalizer,
            self.reader.matrix,
            self.config.start,
            (self.seed, restart),
        )
        encoder = make_encoder(self.config.parameterisation, start, self.scale, self.config.width)
        return PromptLearner.soft(self.reader, self.objective, encoder, self.rate)

    def lesson(self, train: Sequence[int], held_out: Sequence[int] = ()) -> Lesson:
        """Some examples to train on, and others to judge by.

        Raises:
            DataError: fewer examples to train on than labels, or only one class.
        """
        return Lesson.of(self.examples, len(self.verbalizer.labels), train, held_out)


def check_soft(template: Template) -> None:
    """Refuse a template whose soft tokens cannot be learned.

    Raises:
        TemplateError: it has none, or triggers as well.
    """
    if not any(isinstance(piece, Soft) for piece in template.pieces):
        raise TemplateError(
            "the template has no soft tokens to be learned",
            where=quoted(str(template)),
            hint="Write {soft*5} for five of them, or {soft:it was} to start from words.",
        )
    if any(isinstance(piece, Trigger) for piece in template.pieces):
        raise TemplateError(
            "the template has trigger tokens as well as soft ones",
            where=quoted(str(template)),
            hint="Search the trigger first, or make its place soft.",
        )
