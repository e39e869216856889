"""Several knowledge bases asked together."""

from __future__ import annotations

from dataclasses import dataclass

from promptsearch.knowledge.base import RelatedWord
from promptsearch.knowledge.merging import expand_together


@dataclass
class Listed:
    """Words by seed, each with its distance."""

    name: str
    table: dict[str, dict[str, float]]

    def expand(self, seeds, context=()):
        self.context = list(context)
        rows = [(word, d, seed) for seed in seeds for word, d in self.table.get(seed, {}).items()]
        return tuple(RelatedWord(word, "listed", d, self.name, seed=seed) for word, d, seed in rows)


NEAR = Listed("near", {"sport": {"game": 0.1, "match": 0.2, "team": 0.3}})
FAR = Listed("far", {"sport": {"athletics": 1, "Match": 2}, "world": {"globe": 1, "sport": 1}})


def test_the_nearest_of_each_in_turn():
    found = expand_together(["sport"], [NEAR, FAR])
    assert [(r.word, r.source) for r in found.words] == [
        ("game", "near"),
        ("athletics", "far"),
        ("match", "near"),
        ("team", "near"),
    ]
    assert found.sources == {
        "game": ("near",),
        "athletics": ("far",),
        "match": ("near", "far"),
        "team": ("near",),
    }


def test_seeds_are_asked_for_one_by_one_and_none_is_among_the_words():
    found = expand_together(["sport", "world", "xyzzy"], [FAR], ["a text"])
    assert [(r.word, r.seed) for r in found.words] == [
        ("athletics", "sport"),
        ("globe", "world"),
        ("Match", "sport"),
    ]
    assert found.unknown == ("xyzzy",)
    assert FAR.context == ["a text", "sport", "world"]


def test_no_knowledge_base():
    found = expand_together(["sport"], [])
    assert (found.words, found.sources, found.unknown) == ((), {}, ("sport",))
