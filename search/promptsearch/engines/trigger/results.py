"""What a search has come to, for reports and for selection."""

from __future__ import annotations

from dataclasses import asdict

import numpy as np

from promptsearch.engines.base import Candidate
from promptsearch.engines.trigger.history import History, Improvement
from promptsearch.engines.trigger.offers import best_so_far
from promptsearch.engines.trigger.search import Search
from promptsearch.template import Template
from promptsearch.trigger import letters


def history(search: Search) -> History:
    """How triggers got better until now."""
    meter = search.ground.meter
    return History(
        improvements=tuple(best_so_far(search.course)),
        restarts=tuple(search.restarts),
        evaluations=meter.evaluations,
        seconds=round(meter.seconds, 2),
        reason=search.reason,
        notes=search.notes,
    )


def candidate(search: Search, found: Improvement, rank: int) -> Candidate:
    """A trigger as a prompt of words, or with its token ids where no text becomes them.

    Args:
        rank: among those that are offered, from 0.
    """
    ground, free = search.ground, Template.parse(found.template)
    filling = np.array([[token for ids in found.ids for token in ids]], dtype=np.int64)
    survives = bool(ground.plm.surviving(free, filling, [letters(free), *ground.examples])[0])
    record = asdict(found)
    told = {
        "template": record.pop("template"),
        "ids": [list(ids) for ids in record.pop("ids")],
        "text": list(record.pop("text")),
        "survives": survives,
    }
    record["swaps"] = [asdict(swap) for swap in found.swaps]
    return Candidate(
        free.with_words(found.text) if survives else free.with_tokens(found.ids),
        ground.verbalizer,
        "trigger",
        {"trigger": told, **record, "rank": rank, "reason": search.reason},
        fitted=True,
    )
