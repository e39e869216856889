"""Label words made by hand, as the engine `words` leaves them."""

from __future__ import annotations

from dataclasses import replace

from promptsearch.engines.base import Candidate
from promptsearch.study.trial import Trial
from promptsearch.template import Template
from promptsearch.verbalizer import Verbalizer
from tests.study.trials import trial

TEMPLATE = Template.parse("{text} It was {mask}.")


def candidate(method: str, words: dict | None = None, template: Template = TEMPLATE, **provenance):
    """What the engine found by one method."""
    verbalizer = Verbalizer.of(words or {"no": "bad", "yes": "good"}, ["no", "yes"])
    return Candidate(template, verbalizer, "words", provenance={"method": method, **provenance})


def words_trial(found: Candidate, dev: int = 5, plm: str = "minilm-mlm") -> Trial:
    """It, with `dev` of 10 dev examples right."""
    return replace(trial("x", dev=dev, plm=plm), candidate=found, words=found.verbalizer.words)


def dropped(label: str, why: str, *words: str) -> list[dict[str, str]]:
    return [{"label": label, "word": word, "why": why} for word in words]
