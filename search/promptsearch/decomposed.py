"""Tasks asked label by label: one question with the answers yes and no for each label.

A template with `{label}`, such as `{text} Is this about {label}? {mask}`, becomes one template a label, with
the label's first word in that place (prompt decomposition: Liu et al. 2023, section 6.4). Words of a label
may have any number of tokens, since they are read and not answered with.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from promptsearch.errors import OptionError, TemplateError, VerbalizerError
from promptsearch.template import Field, Template, Text, point_at
from promptsearch.verbalizer import Verbalizer

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from promptsearch.plms.base import PLM
    from promptsearch.soft import SoftVectors
    from promptsearch.tasks.task import Example

LABEL = "label"
"""What stands for the label in a template."""
_TOGETHER = 16  # questions whose answer states are in memory at once


@dataclass(frozen=True)
class Decomposition:
    """How the questions of a decomposed task are answered.

    Attributes:
        yes, no: the two answers.
        shared: whether soft tokens of the template are the same in the questions of all labels.

    Raises:
        OptionError: one of the answers is empty, or both are the same.
    """

    yes: str = "yes"
    no: str = "no"
    shared: bool = True

    def __post_init__(self) -> None:
        answers = (self.yes, self.no)
        if not all(answers) or any(each != each.strip() for each in answers) or self.yes == self.no:
            raise OptionError(
                f"two different answers are needed, no blanks around them, not {self.yes!r} and {self.no!r}",
                hint="The first says that the label holds, the second that it does not, as yes and no.",
            )

    @property
    def answers(self) -> Verbalizer:
        """The two answers as words of labels of their own: no, then yes."""
        return Verbalizer.of([self.no, self.yes], (False, True))

    def check(self, template: Template, verbalizer: Verbalizer, plm: PLM) -> None:
        """Refuse questions that tell nothing apart.

        Raises:
            TemplateError: the template reads no field beside the label.
            VerbalizerError: both answers are the same tokens to the PLM, or two labels ask the same question.
        """
        if set(template.fields) == {LABEL}:
            raise TemplateError(
                "the template reads no field, so every example would get the same answer",
                where=point_at(str(template), 0),
                hint=f"Put a field beside {{{LABEL}}}, as {{text}}.",
            )
        first = [answers[0].text for answers in verbalizer.answers]
        twice = next((word for i, word in enumerate(first) if word in first[:i]), None)
        if twice is not None:
            raise VerbalizerError(
                f"two labels have {twice!r} as their first word, and would be asked about alike",
                hint="Give each label words of its own with --words; the first stands for it.",
            )
        question = self.questions(template, verbalizer)[0]
        yes, no = plm.word_ids(question, [self.yes, self.no])
        if list(yes) == list(no):
            raise VerbalizerError(
                f"{self.yes!r} and {self.no!r} are the same tokens on {plm.identity.reference}",
                hint="Its tokenizer may ignore case or accents; take answers that differ otherwise.",
            )

    def questions(
        self, template: Template, verbalizer: Verbalizer, soft: SoftVectors | None = None
    ) -> list[Template]:
        """One template for each label.

        Args:
            soft: vectors of the soft tokens; where these are not shared, those of one label after the other.
        """
        filled = [_about(template, answers[0].text) for answers in verbalizer.answers]
        if soft is None:
            return filled
        from promptsearch.soft import SoftTemplate

        vectors = [soft] * len(filled) if self.shared else soft.split(len(filled))
        return [SoftTemplate.of(question, own) for question, own in zip(filled, vectors)]


def decomposes(template: Template, fields: Sequence[str]) -> bool:
    """Whether a template asks label by label: `{label}` is in it, and is no field of the task."""
    return LABEL in template.fields and LABEL not in fields


def label_log_probs(
    plm: PLM,
    questions: Sequence[Template],
    answers: Verbalizer,
    examples: Sequence[Example],
    keep: bool = True,
) -> NDArray[np.float64]:
    """Log-probability of each label: (n, L), normalised over labels; NaN if unscored.

    The odds of yes against no, in relation to those of the other labels. Where exactly one label holds and
    questions are answered independently of each other, the probability that it is this one is proportional
    to p / (1 - p). Answers of several tokens count by their mean log-probability per token.

    Args:
        questions: one a label, of which some at a time share what they can of a pass through the PLM.
        answers: see `Decomposition.answers`.
        keep: see `PLM.answer_states`.
    """
    import numpy as np

    from promptsearch.plms.base import AnswerScoring
    from promptsearch.readings import word_log_probs
    from promptsearch.scoring.logspace import log_softmax

    def of_some(some: Sequence[Template]) -> NDArray[np.float64]:
        """Logarithm of the odds in answer to some questions, whose states are gone afterwards: (n, some)."""
        states_of_each = plm.answer_states_of(some, examples, keep)
        scoring = AnswerScoring("token")
        said = [
            word_log_probs(plm, question, answers.words, examples, scoring, states, keep=keep).astype(float)
            for question, states in zip(some, states_of_each)
        ]
        return np.stack([of_one[:, 1] - of_one[:, 0] for of_one in said], axis=1)

    if not examples:
        return np.zeros((0, len(questions)))
    groups = [questions[first : first + _TOGETHER] for first in range(0, len(questions), _TOGETHER)]
    return log_softmax(np.hstack([of_some(some) for some in groups]))


def _about(template: Template, words: str) -> Template:
    return Template(tuple(Text(words) if piece == Field(LABEL) else piece for piece in template.pieces))
