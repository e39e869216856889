"""What a trigger search refuses, and what it lives through."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from promptsearch.engines.base import Budget
from promptsearch.engines.trigger import TriggerConfig, TriggerEngine
from promptsearch.errors import DataError, OptionError, PLMError, TemplateError, VerbalizerError
from promptsearch.plms.base import PLM
from promptsearch.plms.forward import TokenBudget
from promptsearch.plms.local import LocalPLM
from promptsearch.tasks.task import Task
from promptsearch.template import Template
from promptsearch.verbalizer import Verbalizer
from tests.engines.trigger.searching import QUICK, search, triggers
from tests.engines.trigger.small import LABELS, MASKED, PREFIX, WORDS, small_plm, small_task


def refused(kind: type[Exception], task: Task, plm: PLM, **options: Any) -> str:
    with pytest.raises(kind) as refusal:
        search(task, plm, **options)
    return str(refusal.value)


def test_a_template_without_a_trigger():
    message = refused(
        TemplateError, small_task(), small_plm("bert"), templates=[Template.parse("{text} {mask}")]
    )
    assert "no trigger tokens" in message
    assert "{trigger*3}" in message


def test_no_tokens():
    with pytest.raises(TemplateError):
        Template.parse("{text} {trigger*0} {mask}")
    with pytest.raises(OptionError, match="at least one token"):
        TriggerConfig(tokens=0)


def test_soft_tokens_beside_a_trigger():
    template = Template.parse("{soft*2} {text} {trigger*3} {mask}")
    assert "soft" in refused(TemplateError, small_task(), small_plm("bert"), templates=[template])


def test_text_after_the_slot_on_a_plm_that_reads_left_to_right():
    assert "left to right" in refused(TemplateError, small_task(), small_plm("gpt2"))


def test_one_class():
    task = small_task()
    alike = [example for example in task.train if example.label == 0]
    one = replace(task, splits={**task.splits, "train": alike}, _fingerprints={})
    assert "one class (neg)" in refused(DataError, one, small_plm("bert"))


def test_no_token_that_may_stand_in_a_trigger():
    task, plm = small_task(), small_plm("bert")
    letters = tuple(text for text in plm.vocabulary("a") if text.strip())
    message = refused(OptionError, task, plm, config=replace(QUICK, banned=letters))
    assert "no token" in message


def test_words_to_start_from_beside_another_start():
    with pytest.raises(OptionError, match="start words"):
        TriggerConfig(start="random", words="the film")


def test_a_template_whose_slot_splits_label_words():
    """After a bracket ` great` is `great`, which has several tokens. A start of that kind is left out."""
    plm, words = small_plm("gpt2"), Verbalizer.of([["was"], ["great"]], LABELS)
    good, bad = Template.parse(PREFIX), Template.parse("{text} {trigger*2} ({mask}")
    message = refused(VerbalizerError, small_task(), plm, templates=[good, bad], names=words)
    assert str(bad) in message
    starts = [Template.parse("{text}\nSo: ({mask}")]
    candidates, _ = search(small_task(), plm, templates=[good], names=words, starts=starts)
    assert {each["template"] for each in triggers(candidates)} == {str(good)}


def test_label_words_of_several_tokens():
    words = Verbalizer.of([["bad"], ["schadenfreude"]], LABELS)
    message = refused(VerbalizerError, small_task(), small_plm("bert"), names=words)
    assert "schadenfreude" in message
    assert "--words" in message


@pytest.mark.parametrize("evaluations", [5, 40, 70])
def test_a_budget_too_small_for_one_step(evaluations):
    message = refused(OptionError, small_task(), small_plm("bert"), evaluations=evaluations)
    assert "before the first step" in message
    assert "The first step takes about" in message


def test_no_time():
    running = TriggerEngine(QUICK, [Template.parse(MASKED)], WORDS)
    with pytest.raises(OptionError, match="before the first step"):
        list(running.search(small_task(), small_plm("bert"), Budget(seconds=0.0), 0))


def test_a_plm_that_lets_no_gradient_through(monkeypatch):
    plm = small_plm("gpt2")
    free, make = Template.parse(PREFIX), plm.free_reader

    def frozen(template, examples, reuse=True):
        reader = make(template, examples, reuse)
        read = reader.read_vectors
        reader.read_vectors = lambda vectors, rows: read(vectors, rows).detach()
        return reader

    monkeypatch.setattr(plm, "free_reader", frozen)
    message = refused(PLMError, small_task(), plm, templates=[free])
    assert "--method edit" in message
    candidates, _ = search(small_task(), plm, replace(QUICK, method="edit"), [free])
    assert candidates


class Elsewhere(PLM):
    """A PLM that does not run in this process."""

    def __init__(self, plm: LocalPLM) -> None:
        self.identity = plm.identity


Elsewhere.__abstractmethods__ = frozenset()


def test_a_plm_that_is_not_here():
    assert "in this process" in refused(PLMError, small_task(), Elsewhere(small_plm("bert")))


def test_options_that_do_not_exist():
    with pytest.raises(OptionError, match="Did you mean likelihood"):
        TriggerConfig(objective="likelyhood")  # ty: ignore[invalid-argument-type]
    with pytest.raises(OptionError, match="top k"):
        TriggerConfig(top_k=0)


def test_memory_that_runs_out_halves_the_batch(monkeypatch):
    """The size that worked is remembered, and the trigger is the same."""
    plm = small_plm("bert", tokens=2000)
    free = [Template.parse(MASKED)]
    expected, _ = search(small_task(), small_plm("bert"), templates=free)
    run = TokenBudget.run

    def short_of_memory(self, items, length, forward):
        def limited(batch):
            if sum(map(length, batch)) > 300:
                raise MemoryError
            return forward(batch)

        return run(self, items, length, limited)

    monkeypatch.setattr(TokenBudget, "run", short_of_memory)
    found, _ = search(small_task(), plm, templates=free)
    assert triggers(found) == triggers(expected)
    assert plm.budget.tokens < 2000
