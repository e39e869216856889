"""Which mined templates come before others whatever a PLM answers: those that the text supports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set

from promptsearch.template import Field, Mask, Template

SEVERAL = 2
"""Pairs from which on a template is more than what was said of one pair."""


def preferred(ranked: Sequence[Template], support: Mapping[Template, int], most: int) -> list[Template]:
    """`most` of the templates, in their order.

    The most supported template of each direction is among them, for a few dozen examples can tell it from
    others by chance only; those that one pair alone supports are where others leave room.

    Args:
        ranked: best first.
        support: distinct pairs that stand in each.
    """
    kept = _most_supported(ranked, support)
    # Python's sort is stable: of equals the best stays first.
    order = sorted(
        ranked,
        key=lambda t: (0, -support[t]) if t in kept else (1 if support[t] >= SEVERAL else 2, 0),
    )
    chosen = set(order[:most])
    return [template for template in ranked if template in chosen]


def to_read(
    templates: Sequence[Template], support: Mapping[Template, int], places: int, most: int
) -> list[Template]:
    """`most` of the templates that can get one of so many places, those of several pairs first.

    Where these fill the places, those of one pair are not worth reading.
    """
    several = [template for template in templates if support[template] >= SEVERAL]
    if len(several) < places:
        several += [template for template in templates if support[template] < SEVERAL]
    return preferred(several, support, most)


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
