"""The `soft` engine: templates with learned vectors in place of words."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Sequence

from promptsearch.engines.base import Budget, Candidate
from promptsearch.engines.soft.config import SoftConfig
from promptsearch.engines.soft.holding_out import Learned, learn
from promptsearch.engines.soft.problem import SoftProblem
from promptsearch.engines.soft.starts import soft_ending, softened, starts_from_words, with_soft
from promptsearch.engines.soft.training import Report
from promptsearch.errors import PLMError
from promptsearch.plms.base import PLM
from promptsearch.plms.local import LocalPLM
from promptsearch.tasks.drawing import drawn_by_class
from promptsearch.tasks.task import Task
from promptsearch.template import Field, Mask, Piece, Template, Text
from promptsearch.verbalizer import Verbalizer


class SoftEngine:
    """P-tuning (Liu et al. 2021) and prompt tuning (Lester et al. 2021) with the PLM as it is.

    Args:
        config: how soft prompts are searched.
        templates: with soft tokens; one without gets some before its slot. Where none are given, all fields,
            soft tokens and the slot.
        names: label words, of one token; the labels' names where left out.
        starts: templates of words (mined or hand-written ones): soft tokens start from their words.
        report: told of each look at what is held out.
        known: templates and starts whose trainings are not to be done again.

    Attributes:
        over: whether all trainings of the last search were done.
    """

    name: str = "soft"

    def __init__(
        self,
        config: SoftConfig | None = None,
        templates: Sequence[Template] = (),
        names: Verbalizer | None = None,
        starts: Sequence[Template] = (),
        report: Report | None = None,
        known: Collection[tuple[str, int]] = (),
    ) -> None:
        self.config = config or SoftConfig()
        self.templates = tuple(dict.fromkeys(templates))
        self.names = names
        self.starts = tuple(dict.fromkeys(starts))
        self.report = report
        self.known = frozenset(known)
        self.over = False

    def search(self, task: Task, plm: PLM, budget: Budget, seed: int) -> Iterator[Candidate]:
        """Templates with vectors learned on train; the vectors are part of the template (`SoftTemplate`).

        Every template is trained once before any is trained again from another start. `budget.evaluations` is
        the number of trainings; the time is shared evenly among those still to come.

        Raises:
            DataError: fewer examples than labels, or only one class.
            VerbalizerError: a label word has several tokens on this PLM.
            TemplateError: a template cannot be read by this PLM, or has too many tokens.
            TrainingError: a loss is no number.
            PLMError: the PLM gives no gradients.
        """
        if not isinstance(plm, LocalPLM):
            raise PLMError(
                f"{plm.identity.reference} gives no gradients, so it learns no soft tokens",
                hint="Take a PLM that runs in this process.",
            )
        names = self.names or Verbalizer.of(list(task.label_names), task.labels)
        chosen = drawn_by_class(task.train, self.config.most_examples, seed)
        examples = [task.train[i] for i in chosen]
        templates = self._templates(task, plm)
        every = [(t, restart) for restart in range(self.config.training.restarts) for t in templates]
        left = [(t, restart) for t, restart in every if (str(t), restart) not in self.known]
        jobs = left[: budget.evaluations]
        self.over = False
        end = None if budget.seconds is None else time.monotonic() + budget.seconds
        problems: dict[Template, SoftProblem] = {}
        for done, (template, restart) in enumerate(jobs):
            if template not in problems:
                problems[template] = SoftProblem(plm, template, names, examples, self.config, seed)
            clock = _Clock.share(end, len(jobs) - done)
            learned = learn(problems[template], stop=clock.over, report=self.report, restart=restart)
            # Without a step the template is what it started from, which another engine may offer.
            if learned.steps:
                yield _candidate(learned, names, self.config, restart)
            if end is not None and time.monotonic() >= end:
                break
        else:
            self.over = len(jobs) == len(left)

    def _templates(self, task: Task, plm: LocalPLM) -> list[Template]:
        """Those that the PLM can read: the user's, or else those that start from words and then a plain one.

        Soft tokens that start from words that do well need fewest steps.
        """
        started = [soft_ending(template) or softened(template) for template in self.starts]
        plain = _plain(task.fields, plm.identity.family)
        given = self.templates or (plain,)
        own = [with_soft(template, self.config.tokens) for template in given]
        both = dict.fromkeys((*own, *started) if self.templates else (*started, *own))
        readable = [template for template in both if plm.identity.reads_right or template.form == "prefix"]
        # A template of signs alone has no word to start from.
        soft = [template for template in readable if template.has_free_slots]
        return soft[: self.config.offers]


class _Clock:
    """The time of one training, shared evenly among its runs."""

    def __init__(self, start: float, end: float | None) -> None:
        self.start, self.end = start, end

    @classmethod
    def share(cls, end: float | None, among: int) -> _Clock:
        now = time.monotonic()
        return cls(now, None if end is None else now + max(0.0, end - now) / among)

    def over(self, part: int, parts: int) -> bool:
        """Whether the time of run number `part` is over."""
        if self.end is None:
            return False
        return time.monotonic() >= self.start + (self.end - self.start) * (part + 1) / parts


def _plain(fields: Sequence[str], family: str) -> Template:
    """Every field on a line of its own, then the slot."""
    pieces: list[Piece] = []
    for name in fields:
        pieces += [Text("\n"), Field(name)] if pieces else [Field(name)]
    ending = [] if family == "causal" else [Text(".")]
    return Template((*pieces, Text(" "), Mask(), *ending))


def _candidate(learned: Learned, names: Verbalizer, config: SoftConfig, restart: int) -> Candidate:
    vectors = learned.template.vectors
    provenance: dict[str, object] = {
        "parameterisation": config.parameterisation,
        "start": "words" if starts_from_words(learned.template) else config.start,
        "restart": restart,
        "tokens": len(vectors),
        "numbers": learned.numbers,
        "steps": learned.steps,
        "train_loss": learned.loss,
        "held_out_log_likelihood": learned.log_likelihood,
        "held_out_correct": learned.correct,
        "held_out_n": learned.n,
        "seconds": round(learned.seconds, 3),
    }
    return Candidate(learned.template, names, "soft", provenance, fitted=True)
