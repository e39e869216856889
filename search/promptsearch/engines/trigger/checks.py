"""What a trigger search needs of a task, a PLM, templates and label words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from promptsearch.errors import DataError, PLMError, TemplateError, VerbalizerError
from promptsearch.pieces import quoted
from promptsearch.plms.base import PLM
from promptsearch.plms.local import LocalPLM
from promptsearch.readings import answer_tokens
from promptsearch.tasks.task import Task
from promptsearch.template import Soft, Template, Trigger
from promptsearch.verbalizer import Verbalizer


def check_train(task: Task) -> None:
    """Refuse a train split that says nothing about how classes differ.

    Raises:
        DataError: it has fewer than two classes.
    """
    classes = {example.label for example in task.train} - {None}
    if len(classes) < 2:
        only = ", ".join(task.label_names[label] for label in classes if label is not None)
        what = f"are of one class ({only})" if only else "have no labels"
        raise DataError(
            f"all {len(task.train):,} examples of train {what}, so no trigger can be told from another",
            where=task.source.location or None,
            hint="Give examples of two classes at least.",
        )


def local(plm: PLM) -> LocalPLM:
    """The PLM, where it runs in this process.

    Raises:
        PLMError: it does not, so that triggers cannot be put into its prompts.
    """
    if isinstance(plm, LocalPLM):
        return plm
    raise PLMError(
        f"{plm.identity.reference} gives neither gradients nor a look at single tokens",
        hint="Take a PLM that runs in this process.",
    )


def check_template(template: Template, task: Task, plm: PLM) -> None:
    """Refuse a template that has no trigger, or cannot work for the task or on the PLM.

    Raises:
        TemplateError: saying what is wrong, and where.
    """
    template.check_fields(task.fields)
    if not any(isinstance(piece, Trigger) for piece in template.pieces):
        raise TemplateError(
            "the template has no trigger tokens to be searched",
            where=quoted(str(template)),
            hint="Put {trigger*3} where they belong, or give it as a start whose words are to be searched.",
        )
    if any(isinstance(piece, Soft) for piece in template.pieces):
        raise TemplateError(
            "a template cannot have trigger and soft tokens to be found at once",
            where=quoted(str(template)),
            hint="Search the trigger first, then tune soft tokens around it.",
        )
    if not plm.identity.reads_right:
        template.check_left_to_right(plm.identity.reference)


def single_tokens(plm: PLM, template: Template, verbalizer: Verbalizer) -> tuple[Verbalizer, tuple[str, ...]]:
    """The verbalizer without words of several tokens, where their labels have others; and those words.

    A trigger is judged by one position, where no word of several tokens can be read.

    Raises:
        VerbalizerError: all words of a label have several tokens, or one cannot be spelled.
    """
    words = verbalizer.words
    tokens = dict(zip(words, answer_tokens(plm, template, words, verbalizer.case)))
    kept, left_out = [], []
    for label, answers in zip(verbalizer.labels, verbalizer.answers):
        single = tuple(answer for answer in answers if len(tokens[answer.text][0]) == 1)
        if not any(answer.weight > 0 for answer in single):
            named = ", ".join(repr(answer.text) for answer in answers)
            raise VerbalizerError(
                f"the words of label {label!r} ({named}) have several tokens on {plm.identity.reference}, "
                "and a trigger is searched for label words of one token",
                hint="Give it another word with --words, or let `promptsearch words` find some.",
            )
        kept.append(single)
        left_out += [answer.text for answer in answers if answer not in single]
    return replace(verbalizer, answers=tuple(kept)), tuple(dict.fromkeys(left_out))


def reads_words(plm: PLM, template: Template, verbalizer: Verbalizer) -> bool:
    """Whether all words are of one token in the slot of a template."""
    try:
        tokens = answer_tokens(plm, template, verbalizer.words, verbalizer.case)
    except VerbalizerError:
        return False
    return all(len(forms[0]) == 1 for forms in tokens)


def fitting(starts: Sequence[Template], task: Task, plm: PLM) -> list[Template]:
    """Templates to start from that work for the task and on the PLM."""
    return [
        start
        for start in starts
        if set(start.fields) <= set(task.fields)
        and not start.has_free_slots
        and (start.form == "prefix" or plm.identity.reads_right)
    ]
