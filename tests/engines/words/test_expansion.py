"""From label names to words of each label, none of them shared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pytest

from promptsearch.engines.words.expansion import Dropped, LabelName, LabelWords, expand, label_names
from promptsearch.knowledge.base import RelatedWord, nearest_first
from promptsearch.knowledge.lexicon import Lexicon
from promptsearch.verbalizer import Verbalizer
from tests.engines.tasks import task


@dataclass(frozen=True)
class Words:
    """A knowledge base of a few words: seed -> word -> distance."""

    words: dict[str, dict[str, float]]
    name: str = "mine"

    def expand(self, seeds: Sequence[str], context: Sequence[str] = ()) -> tuple[RelatedWord, ...]:
        found = [
            RelatedWord(word, "listed", distance, self.name, seed=seed)
            for seed in seeds
            for word, distance in self.words.get(seed, {}).items()
        ]
        return nearest_first(found, without=seeds)


def names(*words: str) -> list[LabelName]:
    return [LabelName(word, (word,)) for word in words]


def words_of(found: LabelWords) -> list[list[str]]:
    return [[related.word for related in words] for words in found.words]


# Names -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("label", "word", "seeds"),
    [
        ("Sci/Tech", "technology", ("science", "technology")),
        ("World", "world", ("world",)),
        ("Film noir", "film noir", ("film noir", "film", "noir")),
        ("zzqx", "zzqx", ("zzqx",)),
    ],
)
def test_how_a_label_is_said(label, word, seeds):
    assert label_names(task("x", [label, "Sports"]))[0] == LabelName(word, seeds)


def test_a_number_is_said_by_the_words_that_a_person_would_write():
    written = Verbalizer.of({0: ["bad", "awful"], 1: "good"}, (0, 1))
    found = label_names(task("x", [0, 1]), written)
    assert [name.word for name in found] == ["bad", "good"]
    assert [name.seeds for name in found] == [("bad", "awful"), ("good",)]
    assert found[0].notes == ("The label '0' is no word: its words start from bad, awful.",)


def test_a_number_without_words_is_said_as_it_stands():
    found = label_names(task("x", [2, "*"]))
    assert [(name.word, name.seeds) for name in found] == [("2", ()), ("*", ())]
    assert found[1].notes == ("The label '*' is no word: knowledge bases say nothing of it.",)


def test_names_with_words_are_not_replaced():
    written = Verbalizer.of({"negative": "bad", "positive": "good"}, ("negative", "positive"))
    found = label_names(task("x", ["negative", "positive"]), written)
    assert [name.word for name in found] == ["negative", "positive"]


def test_labels_that_would_be_said_alike_are_said_as_they_stand():
    found = label_names(task("x", ["pos", "positive", "neg"]))
    assert [name.word for name in found] == ["pos", "positive", "negative"]
    assert found[0].seeds == ("positive",)


def test_labels_that_differ_in_case_alone_are_numbered():
    found = label_names(task("x", ["entity", "Entity", "zzqx"]))
    assert [name.word for name in found] == ["entity 1", "entity 2", "zzqx"]
    assert "'Entity' has the name of another label" in found[1].notes[0]
    assert found[2].notes == ()


# Words -----------------------------------------------------------------------------------------------


def test_words_come_nearest_first_after_the_name():
    base = Words({"sport": {"match": 2, "football": 1}, "trade": {"market": 1}})
    found = expand(names("sport", "trade"), [base], ["Sport", "Trade"])
    assert words_of(found) == [["sport", "football", "match"], ["trade", "market"]]
    assert found.words[0][0] == RelatedWord("sport", "name", 0.0, "label", seed="sport")
    assert found.words[0][1] == RelatedWord("football", "listed", 1, "mine", seed="sport")
    assert (found.dropped, found.notes) == ((), ())
    assert [(i, r.word) for i, r in found.flat][2:4] == [(0, "match"), (1, "trade")]


def test_a_shared_word_goes_to_the_nearer_label():
    base = Words({"sport": {"Game": 2, "club": 1}, "play": {"game": 1, "club": 3}})
    found = expand(names("sport", "play"), [base], ["Sport", "Play"])
    assert words_of(found) == [["sport", "club"], ["play", "game"]]
    assert found.dropped == (
        Dropped("Sport", "Game", "nearer to 'Play'"),
        Dropped("Play", "club", "nearer to 'Sport'"),
    )


def test_a_label_keeps_its_name_from_all_others():
    base = Words({"sport": {"trade": 0.001, "Play": 0.002}, "trade": {"goods": 1}, "play": {"stage": 1}})
    found = expand(names("sport", "trade", "play"), [base], ["sport", "trade", "play"])
    assert words_of(found) == [["sport"], ["trade", "goods"], ["play", "stage"]]
    assert [dropped.reason for dropped in found.dropped] == ["nearer to 'trade'", "nearer to 'play'"]


def test_two_labels_with_the_same_words():
    base = Words({"film": {"actor": 1, "scene": 2}, "movie": {"actor": 1, "scene": 2}})
    found = expand(names("film", "movie"), [base], ["film", "movie"])
    assert words_of(found) == [["film", "actor", "scene"], ["movie"]]
    assert found.notes == ("Every word for 'movie' is nearer to another label; its name stays.",)


def test_a_name_that_the_knowledge_base_does_not_know_is_said():
    base = Words({"sport": {"match": 1}})
    found = expand(names("sport", "zzqx"), [base], ["Sport", "Zzqx"])
    assert words_of(found) == [["sport", "match"], ["zzqx"]]
    assert found.notes == ("mine has nothing for 'Zzqx'.",)


def test_a_label_without_seeds_is_said_once():
    name = LabelName("2", (), ("The label '2' is no word: knowledge bases say nothing of it.",))
    found = expand([*names("sport"), name], [Words({"sport": {"match": 1}})], ["Sport", "2"])
    assert words_of(found) == [["sport", "match"], ["2"]]
    assert found.notes == name.notes


def test_an_earlier_knowledge_base_goes_before_a_later_one():
    a = Words({"sport": {"match": 2, "club": 1}, "trade": {"market": 9}}, "a")
    b = Words({"sport": {"Match": 0.5, "team": 0.1, "Market": 0.1}, "trade": {"club": 0.1}}, "b")
    found = expand(names("sport", "trade"), [a, b], ["sport", "trade"])
    assert [(r.word, r.source) for r in found.words[0]] == [
        ("sport", "label"), ("club", "a"), ("match", "a"), ("team", "b"),
    ]  # fmt: skip
    assert words_of(found)[1] == ["trade", "market"]
    assert [(d.label, d.word) for d in found.dropped] == [("sport", "Market"), ("trade", "club")]


def test_how_many_words_of_each_knowledge_base():
    many = {f"w{i}": 1 + i / 100 for i in range(9)}
    bases = [Words({"sport": many}, "a"), Words({"sport": {"x": 5, "y": 6, "z": 7}}, "b")]
    found = expand(names("sport", "trade"), bases, ["sport", "trade"], per_base=2)
    assert words_of(found)[0] == ["sport", "w0", "w1", "x", "y"]


def test_neighbours_start_from_the_first_words_of_the_others():
    first = Words({"sport": {f"w{i}": 1 + i / 100 for i in range(9)}})
    near = Words({"w5": {"of the sixth": 1}, "w8": {"of the ninth": 1}, "sport": {"match": 2}}, "neighbours")
    found = expand(names("sport", "trade"), [first, near], ["sport", "trade"])
    assert "of the sixth" in words_of(found)[0]
    assert "match" in words_of(found)[0]
    assert "of the ninth" not in words_of(found)[0]


def test_parts_of_a_name_are_words_of_their_label():
    name = LabelName("technology", ("science", "technology"))
    found = expand([name, *names("sport")], [Words({})], ["Sci/Tech", "Sport"])
    assert words_of(found)[0] == ["technology", "science"]
    assert found.words[0][1].relation == "name"


def test_the_lexicon_gives_topics_words_of_their_own():
    topics = task("topic", ["World", "Sports", "Business", "Sci/Tech"])
    found = expand(label_names(topics), [Lexicon.for_labels(topics.label_names)], topics.label_names)
    words = [word.casefold() for each in words_of(found) for word in each]
    assert len(words) == len(set(words))
    assert min(map(len, found.words)) >= 40
    assert [each[0] for each in words_of(found)] == ["world", "sports", "business", "technology"]
