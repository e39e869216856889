"""Whether a trigger may stand as it is: what its text says, and whether the text becomes its tokens again."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from promptsearch.engines.trigger.history import Groups
from promptsearch.engines.trigger.reading import Filling
from promptsearch.engines.trigger.vocabulary import Banned
from promptsearch.tasks.task import Example
from promptsearch.template import Template, Trigger
from promptsearch.trigger import letters


class Tokenizing(Protocol):
    """What a PLM says about the text of triggers, see `LocalPLM`."""

    def texts_of(self, template: Template, fillings: Sequence[Sequence[int]]) -> list[list[str]]: ...

    def surviving(
        self, template: Template, fillings: NDArray[np.int64], examples: Sequence[Example]
    ) -> NDArray[np.bool_]: ...


class Wording:
    """The rules for triggers of one template on one PLM.

    A trigger that is started from special tokens is not finished until they are gone; until then the rules
    are held against it with `neutral` in their places.

    Args:
        examples: whose prompts a trigger must survive in, besides one with a letter in each field, by which
            prompts are checked when they are used.
        special: ids of special tokens.
        neutral: a token that may stand anywhere.
        any_ids: whether a trigger need not survive.
    """

    def __init__(
        self,
        plm: Tokenizing,
        template: Template,
        examples: Sequence[Example],
        banned: Banned,
        special: Sequence[int],
        neutral: int,
        any_ids: bool = False,
    ) -> None:
        self.plm, self.template, self.banned, self.any_ids = plm, template, banned, any_ids
        self.neutral = neutral
        self._special = frozenset(special)
        # The first of them settles most cases.
        self._examples = [letters(template), *examples]
        self._bounds = np.cumsum([0, *(p.count for p in template.pieces if isinstance(p, Trigger))]).tolist()

    def finished(self, filling: Filling) -> bool:
        """Whether no special token is left of the start."""
        return self._special.isdisjoint(filling)

    def groups(self, filling: Filling) -> Groups:
        """Ids of each trigger slot."""
        return tuple(filling[start:end] for start, end in pairwise(self._bounds))

    def texts(self, filling: Filling) -> tuple[str, ...]:
        """What each trigger slot decodes to."""
        return tuple(self.plm.texts_of(self.template, [filling])[0])

    def passing(self, fillings: Sequence[Filling]) -> NDArray[np.bool_]:
        """Which triggers keep to the rules in one prompt, for a start: (c,)."""
        plain = [self._plain(filling) for filling in fillings]
        if not plain:
            return np.zeros(0, dtype=np.bool_)
        passing = np.ones(len(plain), dtype=np.bool_)
        if not self.any_ids:
            passing = self.plm.surviving(self.template, np.array(plain), self._examples[:1])
        if self.banned and passing.any():
            kept = np.flatnonzero(passing)
            texts = self.plm.texts_of(self.template, [plain[i] for i in kept])
            passing[kept] = [not any(map(self.banned.holds, each)) for each in texts]
        return passing

    def keeps(self, filling: Filling) -> bool:
        """Whether a trigger that passes keeps to the rules in all prompts."""
        plain = np.array([self._plain(filling)])
        return self.any_ids or bool(self.plm.surviving(self.template, plain, self._examples)[0])

    @property
    def neutral_anywhere(self) -> bool:
        """Whether the neutral token keeps to the rules in all places at once."""
        filling = (self.neutral,) * self._bounds[-1]
        return bool(self.passing([filling])[0]) and self.keeps(filling)

    def _plain(self, filling: Filling) -> Filling:
        return tuple(self.neutral if token in self._special else token for token in filling)
