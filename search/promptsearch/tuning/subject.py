"""What is tuned on: examples, a PLM, a template, label words, and the prompt that a person would write."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from random import Random

from promptsearch.decomposed import LABEL, Decomposition, decomposes
from promptsearch.engines.base import Budget, Candidate
from promptsearch.engines.soft.course import Lesson
from promptsearch.engines.soft.starts import soft_ending, with_soft
from promptsearch.errors import OptionError, PLMError, TemplateError
from promptsearch.pieces import Piece, Soft, Text, point_at
from promptsearch.plms.base import PLM
from promptsearch.plms.local import LocalPLM
from promptsearch.study.setup import load_search_task, manual_engine
from promptsearch.study.trigger_turn import words_of_one_token
from promptsearch.tasks.task import Example, Task
from promptsearch.template import Template
from promptsearch.tuning.config import NO_LABELS, PATTERNS, TOKENS, YES_NO, TuneConfig
from promptsearch.tuning.unlabelled import unlabelled_for
from promptsearch.verbalizer import Verbalizer


@dataclass(frozen=True)
class Subject:
    """What is tuned on.

    Attributes:
        task: with its splits drawn; without labelled examples train and dev are empty.
        template: with soft tokens still to be found, or of words.
        words: label words, each of one token where anything is trained.
        manual: the prompt that a person would write first.
        patterns: templates that teach, with the strategy `pet`.
        unlabelled: texts that they label.
        decomposition: where the task is asked label by label; label words may then have several tokens.
    """

    task: Task
    plm: LocalPLM
    template: Template
    words: Verbalizer
    manual: Candidate
    patterns: tuple[Template, ...] = ()
    unlabelled: tuple[Example, ...] = ()
    decomposition: Decomposition | None = None

    @property
    def plain(self) -> Template:
        """The template without soft tokens."""
        return without_soft(self.template)

    @property
    def examples(self) -> tuple[Example, ...]:
        """What training looks at: train, behind it dev, and behind that the unlabelled texts."""
        return (*self.task.train, *self.task.dev, *self.unlabelled)

    @property
    def lesson(self) -> Lesson:
        """Train to learn from, dev to choose the best state on.

        Raises:
            DataError: fewer examples than classes, or of one class only.
        """
        n, examples = len(self.task.train), (*self.task.train, *self.task.dev)
        return Lesson.of(examples, len(self.task.labels), range(n), range(n, len(examples)))


def tuning_task(config: TuneConfig) -> Task:
    """The task with its splits drawn, as a config says.

    Raises:
        PromptSearchError: whatever is wrong with the data.
    """
    task = load_search_task(config.data_options)
    if config.shots != NO_LABELS:
        return _with_dev(task, config.max_dev, config.seed)
    return replace(task, splits={**task.splits, "train": (), "dev": ()}, shots=None, _fingerprints={})


def _with_dev(task: Task, most: int, seed: int) -> Task:
    """The task with at most so many dev examples."""
    n = len(task.dev)
    if n <= most:
        return task
    chosen = sorted(Random(f"{seed} dev").sample(range(n), most))
    told = f"Dev is a random {most:,} of {n:,} examples."
    splits = {**task.splits, "dev": [task.dev[i] for i in chosen]}
    return replace(task, splits=splits, notices=(*task.notices, told), _fingerprints={})


def subject_of(config: TuneConfig, task: Task, plm: PLM) -> Subject:
    """What a config tunes on.

    Raises:
        PLMError: the PLM does not run in this process.
        TemplateError: the template cannot work for the task or the PLM.
        VerbalizerError: the label words cannot be used.
    """
    if not isinstance(plm, LocalPLM):
        raise PLMError(f"{plm.identity.reference} cannot be trained", hint="Take one that runs here.")
    given = None if config.template is None else Template.parse(config.template)
    decomposition = None
    if given is not None and decomposes(given, task.fields):
        _check_decomposable(config, given)
        decomposition = Decomposition(*config.answers, shared=not config.separate)
    elif config.separate or config.answers != YES_NO:
        raise OptionError(
            f"{{{LABEL}}} is a field of the task, so the template does not ask label by label",
            hint="Name that column otherwise.",
        )
    if given is not None:
        own = () if decomposition is None else (LABEL,)
        _check_readable(given, (*task.fields, *own), plm)
    engine = manual_engine(config.data_options, task)
    # The template is given for what is tuned; the manual prompt is the library's.
    candidates = list(engine.search(task, plm, Budget(), config.seed))
    manual = candidates[0]
    if given is None:
        given = _to_be_trained(manual.template, config)
    words = manual.verbalizer
    if decomposition is not None:
        decomposition.check(given, words, plm)
    elif config.trains:
        words = words_of_one_token(plm, candidates)
    subject = Subject(task, plm, given, words, manual, decomposition=decomposition)
    if config.strategy != "pet":
        return subject
    patterns = [Template.parse(source) for source in config.patterns] or _first(candidates)
    for template in patterns:
        _check_readable(template, task.fields, plm)
    return replace(subject, patterns=tuple(patterns), unlabelled=unlabelled_for(config, task))


def _to_be_trained(template: Template, config: TuneConfig) -> Template:
    """A template of words, with soft tokens where a config trains some."""
    if not config.trains_soft:
        return template
    ending = soft_ending(template) if config.from_words else None
    return ending or with_soft(template, config.tokens or TOKENS)


def _first(candidates: Sequence[Candidate]) -> list[Template]:
    """The first few hand-written templates."""
    return list(dict.fromkeys(candidate.template for candidate in candidates))[:PATTERNS]


def _check_decomposable(config: TuneConfig, template: Template) -> None:
    if (config.trains and not config.trains_soft) or config.trains_lm:
        source = str(template)
        raise TemplateError(
            f"a template with {{{LABEL}}} asks label by label, which {config.called} cannot be trained with",
            where=point_at(source, source.index(f"{{{LABEL}}}")),
            hint="Take soft tokens: --strategy fixed-lm with --method p-tuning or prompt-tuning.",
        )


def _check_readable(template: Template, fields: Sequence[str], plm: PLM) -> None:
    template.check_fields(fields)
    if not plm.identity.reads_right:
        template.check_left_to_right(plm.identity.reference)


def without_soft(template: Template) -> Template:
    """The template without its soft tokens; those that start from words become these words."""
    source, gone = "", False
    for piece in template.pieces:
        part = _words(piece)
        # What stood on both sides of soft tokens must not leave two blanks, or one at the start.
        if gone and part.startswith(" ") and (not source or source[-1].isspace()):
            part = part[1:]
        gone = not part
        source += part
    return Template.parse(source)


def _words(piece: Piece) -> str:
    """The piece's source; of soft tokens the words that they start from."""
    if isinstance(piece, Soft):
        return "" if piece.init is None else str(Text(piece.init))
    return str(piece)
