"""Counting what stands between the names of known pairs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptsearch.corpus import SegmentText
from promptsearch.engines.mining.counts import merge
from promptsearch.engines.mining.facts import FactCounter
from promptsearch.engines.mining.pairs import Fact, Pairs
from promptsearch.engines.mining.words import Words
from tests.engines.mining import slow

PARTS = (
    *("a", "b", "New", "York", "new", "Orléans", "Orle\u0301ans", "ORLEANS", "İ", "i", "ß", "SS", "ﬁ", "fi"),
    *("東", "京", "בית", "עיר", "C++", "AC/DC", "What?", "A.*", "ก็", "Ａ", "\u0301", "e", "1", "ΣΑΣ", "σας"),
)
GAPS = (
    *(" ", " ", " ", " ", ", ", "-", "'s ", "  ", ""),
    "\u00a0",
    "\u3000",
    "\x1c",
    "\t",
    ".",
    "_",
    "\u0301 ",
)


@st.composite
def texts(draw, parts, most):
    """Some of the parts, with something between."""
    chosen = draw(st.lists(st.sampled_from(parts), min_size=1, max_size=most))
    return "".join(part + draw(st.sampled_from(GAPS)) for part in chosen[:-1]) + chosen[-1]


@st.composite
def corpora(draw):
    """(facts of each relation, segments) that have names in common."""
    name = st.sampled_from(draw(st.lists(texts(PARTS, 3), min_size=3, max_size=8)))
    aliases = st.lists(name, max_size=2).map(tuple)
    facts = st.lists(st.builds(Fact, name, name, aliases, aliases), max_size=5)
    relations = draw(st.lists(facts, min_size=1, max_size=2))
    sides = {n for facts in relations for f in facts for n in (*f.subject_names, *f.object_names)}
    sentences = st.lists(st.tuples(st.integers(0, 3), texts((*sorted(sides), *PARTS[:4]), 6)), max_size=4)
    at = st.tuples(st.integers(0, 1), st.integers(0, 2))
    return relations, draw(st.dictionaries(at, sentences, min_size=1, max_size=3))


def segment_text(sentences):
    return SegmentText(sentences, len(sentences), sum(len(sentence) for _, sentence in sentences))


FOLDED = Words()


def counted(facts, *sentences, words=FOLDED, between=8):
    counter = FactCounter.of([facts], words, between)
    return counter.count(segment_text(list(enumerate(sentences))))


def middles(counts, group=0):
    """(order, text) -> support."""
    return {(key.order, key.text): len(pairs) for key, pairs in counts.seen.items() if key.group == group}


@given(corpora(), st.integers(0, 4), st.booleans(), st.booleans(), st.randoms(use_true_random=False))
def test_counts_equal_those_of_the_definition(corpus, between, case, accents, random):
    words = Words(case, accents)
    relations = list(Pairs.of(enumerate(corpus[0]), words).relations.values())
    counter = FactCounter.of(relations, words, between)
    seen, met, together, matched = slow.count(relations, corpus[1], between, case, accents)

    def number(name):
        [(_, _, number)] = counter.finder.find(name)
        return number

    def pair(names):
        return number(names[0]), number(names[1])

    parts = [counter.count(segment_text(sentences), *at) for at, sentences in corpus[1].items()]
    random.shuffle(parts)
    counts = merge(parts)
    assert counts.seen == {key: {pair(p): at for p, at in places.items()} for key, places in seen.items()}
    assert counts.names == {number(name) for name in met}
    assert counts.together == {(relation, pair(names)) for relation, names in together}
    assert counts.matched == matched
    assert counts.sentences == sum(map(len, corpus[1].values()))
    assert counts.lines == {at: len(sentences) for at, sentences in corpus[1].items()}


def test_a_middle_counts_once_for_each_pair():
    facts = [Fact("Rome", "Italy"), Fact("Paris", "France")]
    counts = counted(facts, "Rome is in Italy.", "ROME is in Italy!", "Paris is in France.", "France, Paris")
    assert middles(counts) == {(0, " is in "): 2, (1, ", "): 1}
    [place, _] = counts.seen[0, 0, " is in "].values()
    assert (place.number, place.sentence, place.x, place.y) == (0, "Rome is in Italy.", (0, 4), (11, 16))
    assert counts.matched == 4


def test_pairs_that_do_not_hold_are_counted_apart():
    counts = counted([Fact("Rome", "Italy"), Fact("Paris", "France")], "Rome is not in France.")
    assert middles(counts) == {}
    assert middles(counts, -1) == {(0, " is not in "): 1}
    assert counts.matched == 0
    assert counts.together == set()


@pytest.mark.parametrize(("between", "found"), [(2, {}), (3, {(0, ", now in "): 1})])
def test_punctuation_marks_count_as_words_between(between, found):
    counts = counted([Fact("Rome", "Italy")], "Rome, now in Italy", between=between)
    assert middles(counts) == found
    assert len(counts.together) == 1


@pytest.mark.parametrize(
    ("x", "y", "sentence", "middle"),
    [
        ("C++", "Bjarne", "C++ is by Bjarne.", (0, " is by ")),
        ("C++", "Bjarne", "C is by Bjarne.", None),
        ("AC/DC", "Sydney", "Sydney's AC/DC", (1, "'s ")),
        ("What?", "A.*", "A.* was What?", (1, " was ")),
        ("What?", "A.*", "Abc was What?", None),
        ("Saint-Denis", "France", "(Saint - Denis, France)", (0, ", ")),
        ("Denis", "Saint-Denis", "Denis of Saint-Denis", (0, " of ")),
        ("Denis", "Saint-Denis", "here is Saint-Denis", None),
        ("New York", "USA", "New \t York\u00a0in\u3000the  USA", (0, " in the ")),
        ("O'Neill", "Ireland", "Ireland: O'Neill", (1, ": ")),
        ("Ire", "Land", "Ireland Land", None),
        ("חיפה", "ישראל", "חיפה היא עיר בישראל, ישראל", (0, " היא עיר בישראל, ")),
        ("東京", "日本", "東京は日本の都", (0, "は")),
        ("E", "Paris", "E is near Paris", (0, " is near ")),
        ("Orléans", "Gare", "ORLEANS: Gare", (0, ": ")),
        ("Orle\u0301ans", "Gare", "Gare, Orléans", (1, ", ")),
        ("Straße", "Ort", "STRASSE im ORT", (0, " im ")),
        ("İzmir", "Ege", "izmir, Ege", (0, ", ")),
        ("ﬁn", "Ege", "Fin Ege", (0, " ")),
    ],
)
def test_names_are_whole_words(x, y, sentence, middle):
    assert middles(counted([Fact(x, y)], sentence)) == ({} if middle is None else {middle: 1})


def test_case_and_accents_can_count():
    facts = [Fact("Orléans", "Loire")]
    sentences = ("Orleans, Loire", "ORLÉANS and Loire", "Orléans on Loire", "Orle\u0301ans by Loire")
    for case, accents, found in (
        (True, True, {", ", " and ", " on ", " by "}),
        (True, False, {" and ", " on ", " by "}),
        (False, True, {", ", " on ", " by "}),
        (False, False, {" on ", " by "}),
    ):
        counts = counted(facts, *sentences, words=Words(case, accents))
        assert {text for _, text in middles(counts)} == found


def test_places_are_those_of_the_composed_sentence():
    [place] = counted([Fact("Orléans", "Loire")], "Orle\u0301ans, Loire").seen[0, 0, ", "].values()
    assert (place.sentence, place.x, place.y) == ("Orléans, Loire", (0, 7), (9, 14))


def test_a_name_that_occurs_twice_counts_from_both_places():
    assert middles(counted([Fact("Rome", "Italy")], "Rome, Italy and Rome")) == {
        (0, ", "): 1,
        (1, " and "): 1,
    }


def test_a_name_stands_in_no_relation_to_itself_or_its_alias():
    facts = [Fact("Rome", "Italy", ("Roma",)), Fact("Villa", "Rome")]
    counts = counted(facts, "Rome is Rome", "Rome is Roma")
    assert counts.seen == {}


def test_aliases_are_one_pair():
    facts = [Fact("New York City", "United States", ("NYC", "New York"), ("USA", "US"))]
    counts = counted(facts, "NYC in the USA", "New York in the US", "New York City, in the United States")
    assert middles(counts) == {(0, " in the "): 1, (0, ", in the "): 1}
    assert len(counts.names) == 6


def test_an_alias_first_seen_with_another_alias_is_the_same_person():
    facts = [Fact("Q", "Rome", ("Zed",)), Fact("Q", "Oslo", ("Zed", "Dubya"))]
    assert middles(counted(facts, "Zed in Oslo", "Dubya in Oslo", "Q in Oslo")) == {(0, " in "): 1}


@pytest.mark.parametrize("alias", ["---", "?", "«»!"])
def test_an_alias_without_letters_is_no_name(alias):
    counter = FactCounter.of([[Fact("Ada", "Rome", (alias,))]], Words(), between=8)
    assert counter.marks == {"ada", "rome"}
    assert not counter.count(SegmentText([(0, f"{alias} saw Rome")], 1, 0)).seen


def test_an_alias_of_marks_alone_is_no_name():
    found = counted([Fact("Ada", "Rome", ("\u0301", "---"))], "a \u0301 --- Rome", "Ada loves Rome")
    assert middles(found) == {(0, " loves "): 1}
