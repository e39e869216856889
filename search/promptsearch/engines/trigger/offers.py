"""From the course of a search to the triggers that are offered for selection."""

from __future__ import annotations

from collections.abc import Sequence

from promptsearch.engines.trigger.history import Improvement


def best_so_far(course: Sequence[Improvement]) -> list[Improvement]:
    """Those that are better than all before on their template, in order."""
    lowest: dict[str, float] = {}
    found: list[Improvement] = []
    for each in course:
        if each.loss < lowest.get(each.template, float("inf")):
            lowest[each.template] = each.loss
            found.append(each)
    return found


def offered(course: Sequence[Improvement], most: int) -> list[Improvement]:
    """At most so many distinct triggers, the best on train first.

    Half of them are the best, which may have been fitted to train too well; a quarter at most are what the
    search started from, which was not; the others lie on the way, evenly spread over the improvements.
    """
    ranked = sorted(course, key=lambda each: (each.loss, each.step))
    chosen = _distinct(ranked)[: -(-most // 2)]
    starts = [each for each in _distinct(ranked) if _is_of_words(each) and each not in chosen]
    chosen += starts[: most // 4]
    way = [each for each in _distinct(best_so_far(course)) if each not in chosen]
    left = most - len(chosen)
    if len(way) > left:
        way = [way[round(i * (len(way) - 1) / max(1, left - 1))] for i in range(left)]
    more = [each for each in _distinct(ranked) if each not in chosen and each not in way]
    chosen = [*chosen, *way, *more[: left - len(way)]]
    return sorted(chosen, key=lambda each: (each.loss, each.step))


def _is_of_words(found: Improvement) -> bool:
    return found.start in ("words", "template") and not found.swaps


def _distinct(course: Sequence[Improvement]) -> list[Improvement]:
    """The first of each trigger."""
    first: dict[object, Improvement] = {}
    for each in course:
        first.setdefault((each.template, each.ids), each)
    return list(first.values())
