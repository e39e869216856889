"""A few labelled texts, and problems on small random models."""

from __future__ import annotations

from typing import Any

from promptsearch.engines.soft import SoftConfig, TrainingConfig
from promptsearch.engines.soft.problem import SoftProblem
from promptsearch.plms.local import LocalPLM
from promptsearch.tasks.task import Example, Task
from promptsearch.template import Template
from promptsearch.verbalizer import Verbalizer
from tests.plms.zoo import adapter

TEXTS = {
    0: [
        "terrible acting",
        "It was worse than bad, really bad",
        "nobody should see this",
        "the plot goes nowhere",
    ],
    1: [
        "wonderful",
        "a funny and moving story, very well done",
        "great, really great",
        "so good that I cried",
    ],
}
EXAMPLES = tuple(Example({"text": text}, label) for label in (0, 1) for text in TEXTS[label])
# What is held out is what is learned: training makes it likelier on any model.
REPEATED = (EXAMPLES[0],) * 4 + (EXAMPLES[-1],) * 4
WORDS = Verbalizer.of([["bad"], ["good"]], [0, 1])
TRAINING = TrainingConfig(steps=12, batch=4, look_every=3, save_every=5, restarts=2)
SOURCES = {
    "masked": "{soft*2} {text} {soft:It was} {mask}.",
    "seq2seq": "{soft*2} {text} {soft:It was} {mask}.",
    "causal": "Review: {text} {soft*2}{soft:It was} {mask}",
}


def reviews(train: tuple[Example, ...] = REPEATED) -> Task:
    """A task that has train alone, so that nothing else can be looked at."""
    return Task("reviews", "sentiment", ("text",), (0, 1), ("bad", "good"), "accuracy", {"train": train})


def words_of(plm: LocalPLM, template: Template) -> Verbalizer:
    """ "bad" and "good", or two other words where these have several tokens."""
    if all(len(ids) == 1 for ids in plm.word_ids(template, WORDS.words)):
        return WORDS
    words = [text.strip() for text in plm.vocabulary("a ") if text.strip().isalpha()]
    single = [word for word in words if len(plm.word_ids(template, [word])[0]) == 1]
    return Verbalizer.of([[single[-1]], [single[-2]]], [0, 1])


def problem(
    name: str,
    source: str | None = None,
    tokens: int = 10_000,
    examples: tuple[Example, ...] = EXAMPLES,
    **config: Any,
) -> SoftProblem:
    """Learning on one of the small models, `tokens` a batch."""
    plm = adapter(name, tokens)
    template = Template.parse(source or SOURCES[plm.identity.family])
    settings = {"width": 8, "training": TRAINING} | config
    return SoftProblem(plm, template, words_of(plm, template), examples, SoftConfig(**settings), 0)
