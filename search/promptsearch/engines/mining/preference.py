"""How much the text's support counts among mined templates, beside what a PLM answers."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence, Set

from promptsearch.template import Field, Mask, Template

SEVERAL = 2
"""Pairs from which on a template is more than what was said of one pair."""


def handicapped(accuracy: float, n: int, support: int) -> float:
    """The accuracy on n examples that templates are ranked by: what one pair alone supports must do better.

    The text speaks for a template of several pairs, so that its accuracy may be taken as it is. There are
    many more of one pair, and the best of many is partly so by luck: one standard error is taken off, as it
    is with one success and one failure added, so that none is without doubt.
    """
    if support >= SEVERAL:
        return accuracy
    share = (accuracy * n + 1) / (n + 2)
    return accuracy - math.sqrt(share * (1 - share) / (n + 2))


def preferred(ranked: Sequence[Template], support: Mapping[Template, int], most: int) -> list[Template]:
    """`most` of the templates, in their order.

    The most supported template of each direction is among them, for a few dozen examples can tell it from
    others by chance only.

    Args:
        ranked: best first.
        support: distinct pairs that stand in each.
    """
    kept = _most_supported(ranked, support)
    # Python's sort is stable: of equals the best stays first.
    order = sorted(ranked, key=lambda t: (0, -support[t]) if t in kept else (1, 0))
    chosen = set(order[:most])
    return [template for template in ranked if template in chosen]


def to_read(templates: Sequence[Template], support: Mapping[Template, int], most: int) -> list[Template]:
    """`most` of the templates, those of several pairs first, then those of one pair; each in their order."""
    several = [template for template in templates if support[template] >= SEVERAL]
    one = [template for template in templates if support[template] < SEVERAL]
    return [*preferred(several, support, most), *one][:most]


def _most_supported(templates: Sequence[Template], support: Mapping[Template, int]) -> Set[Template]:
    """The first template of the highest support in which the answer comes last, and in which it comes first.

    A direction in which every template has one pair has none.
    """
    best: dict[bool, Template] = {}
    for template in templates:
        direction, pairs = _answers_last(template), support[template]
        if pairs >= SEVERAL and (direction not in best or pairs > support[best[direction]]):
            best[direction] = template
    return set(best.values())


def _answers_last(template: Template) -> bool:
    """Whether the answer follows the input, or the input the answer."""
    return isinstance(next(p for p in template.pieces if isinstance(p, Field | Mask)), Field)
