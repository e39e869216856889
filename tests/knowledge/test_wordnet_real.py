"""WordNet 3.0 or 3.1 itself, where it is installed: facts that can be looked up in it by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from promptsearch.errors import KnowledgeError
from promptsearch.knowledge.wordnet import Reader, WordNet, find_folder
from promptsearch.knowledge.wordnet.files import HOW_TO_GET
from promptsearch.knowledge.wordnet.lines import PARTS_OF_SPEECH
from promptsearch.knowledge.wordnet.senses import choose_senses

NEWS = [
    "The team won the final game after their coach changed two players at half time.",
    "Shares fell as the company cut its profit forecast and investors sold.",
    "Foreign ministers of the two countries met to end the war.",
    "A new chip lets computers search the web faster, scientists say.",
]


@pytest.fixture(scope="module")
def folder() -> Path:
    try:
        return find_folder()
    except KnowledgeError:
        pytest.skip(f"needs WordNet: {HOW_TO_GET}")


@pytest.fixture(scope="module")
def wordnet(folder) -> WordNet:
    return WordNet(folder, depth=1)


def related(wordnet, seed, relation, context=()):
    return [r.word for r in wordnet.expand([seed], context) if r.relation == relation]


def test_sport(wordnet):
    assert related(wordnet, "sports", "synonym") == ["sport", "athletics"]
    assert {"gymnastics", "track and field", "skiing", "racing"} <= set(related(wordnet, "sports", "hyponym"))
    assert {"wipeout", "tramp", "toss"} & set(related(wordnet, "sports", "topic"))
    assert related(wordnet, "sports", "derived") == ["athletic"]


def test_football_is_two_steps_from_sport(folder):
    words = {r.word: r.distance for r in WordNet(folder, depth=3).expand(["sport"])}
    assert words["contact sport"] == 2
    assert words["football"] == 3
    assert words["soccer"] == 4


def test_good_and_bad(wordnet):
    assert {"great", "nifty", "superb", "solid"} <= set(related(wordnet, "good", "similar"))
    assert {"awful", "terrible", "horrid"} <= set(related(wordnet, "bad", "similar"))
    assert "bad" not in {r.word for r in wordnet.expand(["good"])}
    assert "badness" in related(wordnet, "bad", "derived")


def test_instances_only_when_asked_for(folder):
    asked = WordNet(folder, relations=["instance"]).expand(["city"])
    assert "Paris" not in {r.word for r in WordNet(folder, depth=3).expand(["city"])}
    assert all(r.relation == "instance" for r in asked)


@pytest.mark.parametrize(
    ("word", "context", "gloss"),
    [
        ("sports", NEWS, "an active diversion requiring physical exertion and competition"),
        ("sports", ["an organism whose genes or chromosomes have mutated"], "(biology) an organism"),
        (
            "world",
            ["news about foreign countries, national governments and wars"],
            "involving the entire earth",
        ),
        ("bank", ["money, loans and credit"], "a financial institution"),
        ("bank", ["a river and its water"], "sloping land"),
        ("terrible", ["a very bad, awful film of poor taste and workmanship"], "exceptionally bad"),
    ],
)
def test_the_context_chooses_the_sense(folder, word, context, gloss):
    assert choose_senses(Reader(folder), word, context)[0].synset.gloss.startswith(gloss)


def test_every_part_of_speech_without_a_context_takes_its_first_sense(folder):
    reader = Reader(folder)
    for word, pos in (("sport", "n"), ("good", "a"), ("quickly", "r"), ("eat", "v")):
        (sense,) = choose_senses(reader, word)
        assert sense.synset == reader.synset(pos, reader.entry(word, pos).offsets[0])


@pytest.mark.slow
def test_every_entry_leads_to_synsets_that_have_its_word(folder):
    reader = Reader(folder)
    for pos, some in zip(PARTS_OF_SPEECH, ("s", "s", "s", "")):
        lemmas = [line.decode() for line in reader._index(pos) if line.decode().startswith(some)]
        assert len(lemmas) > 1000
        for lemma in lemmas:
            for offset in reader.entry(lemma, pos).offsets:
                words = [word.lower().replace(" ", "_") for word in reader.synset(pos, offset).words]
                assert lemma in words
