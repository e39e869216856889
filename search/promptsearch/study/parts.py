"""Which templates a process tries together, where several share what is left to try.

A PLM that reads left to right goes once through what templates tried together begin with, often the whole
text. So what is left is cut into as many parts as there are processes to take one, each of templates that
begin alike, and all about equally long to read.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from statistics import median

from promptsearch.pieces import Field
from promptsearch.plms.tree import Neighbours
from promptsearch.study.budget import Clock
from promptsearch.study.offers import WORDS
from promptsearch.study.pools import Group
from promptsearch.study.progress import Standing
from promptsearch.study.trying import BLOCK
from promptsearch.tasks.task import Example
from promptsearch.template import Template

# Enough examples to know how long texts are, and more characters than a PLM reads of one.
_EXAMPLES, _CHARACTERS = 200, 2000
# Stand for texts: what no template says.
_PRIVATE_USE = 0xE000


def shares(group: Group, family: str) -> bool:
    """Whether templates of a group that begin alike are less work together than each by itself."""
    return family == "causal" and group.engine != WORDS


def how_many(group: Group, family: str, size: int, workers: int, stands: Standing, clock: Clock) -> int:
    """Templates of a group that a process tries together, at most.

    Args:
        family: of its PLM.
        size: of the group.
        workers: processes that search together; the more, the smaller what each takes.
    """
    most = 1 if group.engine == WORDS else BLOCK[family]
    left_over = size - len(stands.taken[group])
    # The last ones to end should not wait long for each other.
    apart = workers > 1 and not shares(group, family)
    most = min(most, max(1, left_over // (2 * workers) if apart else left_over))
    if clock.evaluations_left is not None and (left := clock.evaluations_left - stands.running) < left_over:
        most = min(most, max(1, -(-left // stands.idle(workers))))
    seconds, costs = clock.left, stands.tried[group].costs
    if seconds is not None and costs:
        most = min(most, max(1, int(seconds * len(costs) / max(sum(costs), 1e-9))))
    return most


def beginnings(templates: Iterable[Template], examples: Sequence[Example]) -> list[str]:
    """What each template has the PLM read before the answer, with fields as long as in the middle example."""
    some = examples[:_EXAMPLES]
    names = sorted({name for example in some for name in example.values})
    lengths = {name: int(median(len(example.values.get(name, "")) for example in some)) for name in names}
    fillings = {name: chr(_PRIVATE_USE + i) * min(lengths[name], _CHARACTERS) for i, name in enumerate(names)}
    return [
        "".join(
            fillings.get(piece.name, "") if isinstance(piece, Field) else str(piece)
            for piece in template.left
        )
        for template in templates
    ]


def parts(texts: Mapping[int, str], number: int, most: int) -> list[list[int]]:
    """Cut texts into parts, such that the one that is longest to read is as short as can be.

    What the texts of a part begin alike with is read once. Every part is a run of neighbours in lexical
    order, which share most; the least limit under which a greedy cut makes few enough is found by bisection.

    Args:
        texts: what each number stands for.
        number: of parts; more where one would hold too many.
        most: that a part may hold.
    """
    numbers, neighbours = list(texts), Neighbours.of(list(texts.values()))
    number = max(number, -(-len(numbers) // most))
    low, high = max(neighbours.lengths, default=0), sum(neighbours.lengths)
    while low < high:
        limit = (low + high) // 2
        if len(neighbours.split(limit, most)) <= number:
            high = limit
        else:
            low = limit + 1
    return [[numbers[i] for i in part] for part in neighbours.split(low, most)]
