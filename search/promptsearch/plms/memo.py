"""Answer states of single prompts, kept in memory while a PLM is in use.

The disk cache knows whole lists of examples; this knows which of them went through the model before under the
same template, in whatever list.
"""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Sequence

import numpy as np

from promptsearch.plms.base import AnswerStates
from promptsearch.tasks.task import Example
from promptsearch.template import Template

_MOST_BYTES = 128 * 2**20


class StateMemo:
    """Answer states by template and example; when it grows too large, templates not lately used leave."""

    def __init__(self, most_bytes: int = _MOST_BYTES) -> None:
        self._most_bytes = most_bytes
        self._states: OrderedDict[Template, tuple[AnswerStates, dict[str, int]]] = OrderedDict()

    def missing(self, template: Template, examples: Sequence[Example]) -> tuple[int, ...]:
        """Which of the examples are not known, the first of equal ones only."""
        known = self._states[template][1] if template in self._states else {}
        first: dict[str, int] = {}
        for i, example in enumerate(examples):
            first.setdefault(_key(example), i)
        return tuple(i for key, i in first.items() if key not in known)

    def get(self, template: Template, examples: Sequence[Example]) -> AnswerStates:
        """States of examples that are all known, in their order."""
        states, places = self._states[template]
        self._states.move_to_end(template)
        return states.rows([places[_key(example)] for example in examples])

    def put(self, template: Template, examples: Sequence[Example], states: AnswerStates) -> None:
        """Remember states of examples; those already known stay as they are."""
        if not (new := self.missing(template, examples)):
            return
        rows = states.rows(new)
        if template in self._states:
            before, places = self._states[template]
            rows = _joined(before, rows)
        else:
            places = {}
        for i in new:
            places[_key(examples[i])] = len(places)
        self._states[template] = (rows, places)
        self._states.move_to_end(template)

    def trim(self) -> None:
        """Let the templates least lately used go, until what is left is small enough."""
        while len(self._states) > 1 and self._bytes() > self._most_bytes:
            self._states.popitem(last=False)

    def _bytes(self) -> int:
        return sum(states.hidden.nbytes for states, _ in self._states.values())


def _key(example: Example) -> str:
    return json.dumps(sorted(example.values.items()))


def _joined(one: AnswerStates, other: AnswerStates) -> AnswerStates:
    return AnswerStates(
        np.concatenate([one.hidden, other.hidden]),
        np.concatenate([one.log_partition, other.log_partition]),
        np.concatenate([one.tokens, other.tokens]),
        np.concatenate([one.shortened, other.shortened]),
    )
