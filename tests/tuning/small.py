"""A task that small random models can learn, and what is tuned on it."""

from __future__ import annotations

from typing import Any

from promptsearch.engines.base import Candidate
from promptsearch.engines.soft.config import TrainingConfig
from promptsearch.tasks.task import Example, Source, Task
from promptsearch.template import Template
from promptsearch.tuning.config import TuneConfig
from promptsearch.tuning.subject import Subject
from promptsearch.verbalizer import Verbalizer
from tests.plms.zoo import fresh

TRAINING = TrainingConfig(steps=12, batch=8, look_every=4, save_every=5, restarts=1)
OPENINGS = (
    "the film",
    "this plot",
    "really, it",
    "a script that",
    "the acting",
    "a moving story",
    "it",
    "l'été",
)
ENDS = {
    0: ("is terrible", "was very bad", "isn't good"),
    1: ("is great", "was wonderful", "is really funny"),
}


def task(per_class: int = 6) -> Task:
    """Openings with good or bad ends."""

    def rows(first: int, n: int) -> tuple[Example, ...]:
        return tuple(
            Example({"text": f"{OPENINGS[(first + i) % len(OPENINGS)]} {ENDS[label][i % 3]}"}, label)
            for i in range(n)
            for label in (0, 1)
        )

    splits = {"train": rows(0, per_class), "dev": rows(3, per_class), "test": rows(5, 2 * per_class)}
    return Task(
        "films",
        "sentiment",
        ("text",),
        ("negative", "positive"),
        ("negative", "positive"),
        "accuracy",
        splits,
        source=Source("memory", ""),
    )


WORDS = Verbalizer.of({"negative": "bad", "positive": "good"}, ("negative", "positive"))


def subject(name: str, config: TuneConfig, per_class: int = 6) -> Subject:
    """What a config with a template tunes, on a small model."""
    plm = fresh(name)
    template = Template.parse(config.template or "")
    manual = Candidate(Template.parse("{text} It was {mask}"), WORDS, "manual", baseline=True)
    return Subject(task(per_class), plm, template, WORDS, manual)


def config(template: str, **options: Any) -> TuneConfig:
    """A short training."""
    return TuneConfig(**{"template": template, "training": TRAINING, "restarts": 1, **options})
