"""WordNet on a tiny one of our own, whose every word can be followed by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from promptsearch.errors import KnowledgeError, OptionError
from promptsearch.knowledge.wordnet import Reader, WordNet
from promptsearch.knowledge.wordnet.lines import IndexEntry, Pointer, parse_data
from promptsearch.knowledge.wordnet.morphology import heads
from promptsearch.knowledge.wordnet.senses import choose_senses
from tests.knowledge.wndb import write_wordnet


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return write_wordnet(tmp_path_factory.mktemp("wordnet"))


@pytest.fixture(scope="module")
def reader(folder) -> Reader:
    return Reader(folder)


def found(folder, *seeds, context=(), **options):
    """Word, relation and distance of each related word."""
    return [
        (r.word, r.relation, r.distance) for r in WordNet(folder, **options).expand(seeds, context=context)
    ]


def words(folder, *seeds, **options):
    return [word for word, _, _ in found(folder, *seeds, **options)]


# Reading ---------------------------------------------------------------------------------------------


def test_a_line_of_the_real_files():
    # data.adv of WordNet 3.0
    line = (
        "00001740 02 r 01 a_cappella 0 002 ;c 07020895 n 0000 ! 00001837 r 0101 "
        '| without musical accompaniment; "they performed a cappella"  '
    )
    synset = parse_data(line)
    assert (synset.offset, synset.pos, synset.words) == (1740, "r", ("a cappella",))
    assert synset.pointers == (Pointer(";c", 7020895, "n"), Pointer("!", 1837, "r", 1, 1))
    assert synset.gloss == 'without musical accompaniment; "they performed a cappella"'


def test_entries_and_synsets(reader):
    entry = reader.entry("sport", "n")
    assert (entry.lemma, entry.pos, len(entry.offsets), entry.tagged) == ("sport", "n", 2, 1)
    assert [reader.synset("n", offset).words for offset in entry.offsets] == [
        ("sport", "athletics"),
        ("mutation", "mutant", "sport"),
    ]
    assert reader.entry("xyzzy", "n") is None


def test_a_satellite_is_an_adjective_and_loses_its_marker(reader):
    (offset,) = reader.entry("tops", "a").offsets
    assert reader.synset("a", offset).words == ("first-class", "tops")


@pytest.mark.parametrize(
    ("word", "lemmas"),
    [
        ("sport", ["sport", "sport"]),  # a noun and a verb
        ("Sports", ["sport", "sport"]),
        ("geese", ["goose"]),
        ("better", ["good"]),
        ("cities", ["city"]),
        ("kicking", ["kick"]),
        ("real estate", ["real_estate"]),
        ("real-estate", ["real_estate"]),
        ("first class", ["first-class"]),
        ("well", ["well"]),
        ("s", []),
        ("xyzzies", []),
        ("\ud83d", []),
    ],
)
def test_looking_up(reader, word, lemmas):
    assert [entry.lemma for entry in reader.lookup(word)] == lemmas


def test_the_part_of_speech_with_most_tagged_senses_goes_first(tmp_path):
    entries = write_wordnet(tmp_path, tagged={})
    assert [entry.pos for entry in Reader(entries).lookup("sport")] == ["n", "v"]
    index = tmp_path / "index.verb"
    index.write_text(index.read_text().replace("sport v 1 0 1 0", "sport v 1 0 1 1"))
    assert [entry.pos for entry in Reader(tmp_path).lookup("sport")] == ["v", "n"]


def test_without_lists_of_irregular_forms(tmp_path):
    write_wordnet(tmp_path, exceptions={})
    reader = Reader(tmp_path)
    assert reader.lookup("geese") == []
    assert [entry.lemma for entry in reader.lookup("sports")] == ["sport", "sport"]


def test_files_with_windows_line_ends(tmp_path):
    write_wordnet(tmp_path)
    index = tmp_path / "index.noun"
    index.write_bytes(index.read_bytes().replace(b"\n", b"\r\n"))
    assert isinstance(Reader(tmp_path).entry("goose", "n"), IndexEntry)


# Damage ----------------------------------------------------------------------------------------------


def cut(path: Path, size: int) -> None:
    path.write_bytes(path.read_bytes()[:size])


def refused(folder, word="goose"):
    with pytest.raises(KnowledgeError) as caught:
        WordNet(folder).expand([word])
    return caught.value.message, caught.value.where.removeprefix(str(folder) + "/")


def test_an_index_that_is_cut_off(tmp_path):
    index = write_wordnet(tmp_path) / "index.noun"
    index.write_bytes(index.read_bytes().partition(b"city n 1")[0] + b"city n 1")
    # After two lines of licence: association_football, athletics, capital, city.
    assert refused(tmp_path) == ("WordNet cannot be read: the last line is cut off", "index.noun, line 6")


def test_a_data_file_that_is_cut_off(tmp_path):
    cut(write_wordnet(tmp_path) / "data.noun", 200)
    message, where = refused(tmp_path)
    assert message.startswith("the file ends before byte ")
    assert where == "data.noun"


def test_offsets_that_point_elsewhere(tmp_path):
    data = write_wordnet(tmp_path) / "data.noun"
    data.write_bytes(b"  3 one more line  \n" + data.read_bytes())
    message, where = refused(tmp_path)
    assert message.startswith("WordNet cannot be read: ")
    assert where == "data.noun, line 11"  # goose is the ninth synset, after two lines of licence


def test_a_synset_with_fewer_words_than_it_says(tmp_path):
    data = write_wordnet(tmp_path) / "data.noun"
    data.write_text(data.read_text().replace("01 goose 0 000", "09 goose 0 000"))
    assert refused(tmp_path) == (
        "WordNet cannot be read: 9 words are announced, fewer are given",
        "data.noun, line 11",
    )


@pytest.mark.parametrize(
    "content", [b"", b"<html>\n<body>not found</body>\n</html>\n", b"\xff\xfe\x00\n", b"\n\n"]
)
def test_an_index_that_is_something_else(tmp_path, content):
    (write_wordnet(tmp_path) / "index.noun").write_bytes(content)
    message, where = refused(tmp_path)
    assert message.startswith("WordNet cannot be read: ")
    assert where.startswith("index.noun, line 1")


def test_an_empty_data_file(tmp_path):
    (write_wordnet(tmp_path) / "data.noun").write_bytes(b"")
    assert refused(tmp_path)[1] == "data.noun"


def test_a_damaged_line_of_the_index(tmp_path):
    index = write_wordnet(tmp_path) / "index.noun"
    number = 1 + next(i for i, line in enumerate(index.read_text().split("\n")) if line.startswith("goose"))
    index.write_text(index.read_text().replace("goose n 1 0 1 0", "goose n 3 0 3 0"))
    assert refused(tmp_path) == (
        "WordNet cannot be read: 3 senses are announced, 1 are given",
        f"index.noun, line {number}",
    )


# Senses ----------------------------------------------------------------------------------------------


def test_the_first_sense_without_a_context(reader):
    assert [s.synset.words[0] for s in choose_senses(reader, "sport")] == ["sport"]
    assert choose_senses(reader, "xyzzy") == ()


@pytest.mark.parametrize(
    ("context", "first"),
    [
        ("two teams of players in a ball game", "sport"),  # words of the kinds of sport
        ("organisms and their chromosomes", "mutation"),
        ("an ostentatious manner", "sport"),  # rare in WordNet's texts, but all that the context speaks for
        ("nothing that any gloss says", "sport"),
    ],
)
def test_the_context_chooses(reader, context, first):
    assert choose_senses(reader, "sports", [context])[0].synset.words[0] == first


def test_the_context_chooses_another_part_of_speech(reader):
    assert choose_senses(reader, "sports", ["an ostentatious manner"])[0].synset.pos == "v"


def test_scores_by_hand(tmp_path):
    # Three senses of `sport`, none tagged: places 0 and 1 of the noun, and 0 + 1 of the verb. The context
    # speaks for the second alone, so the scores are 1, 1/2 + 2 and 1/2: none is within a tenth of 2.5.
    reader = Reader(write_wordnet(tmp_path, tagged={}))
    chosen = choose_senses(reader, "sport", ["chromosomes"])
    assert [(s.synset.words[0], s.weight) for s in chosen] == [("mutation", 1.0)]


def test_senses_that_are_nearly_as_good_are_kept(tmp_path):
    from tests.knowledge.wndb import Entry

    # The context speaks alike for the second noun and the verb, which stand at the same place: 1/2 + 2 each.
    senses = [
        Entry("one", "n", "bat", (), "wooden club"),
        Entry("two", "n", "bat", (), "flying mammal"),
        Entry("three", "v", "bat", (), "flying mammal"),
    ]
    fillers = [Entry("fa", "a", "flat"), Entry("fr", "r", "flatly")]
    reader = Reader(write_wordnet(tmp_path, [*senses, *fillers], {}, {}))
    chosen = choose_senses(reader, "bat", ["a flying mammal"])
    assert [(s.synset.pos, s.synset.gloss, s.weight) for s in chosen] == [
        ("n", "flying mammal", 1.0),
        ("v", "flying mammal", 1.0),
    ]


# Expanding -------------------------------------------------------------------------------------------


def test_one_step(folder):
    assert found(folder, "sports", depth=1) == [
        ("sport", "synonym", 1),
        ("athletics", "synonym", 1),
        ("athletic", "derived", 2),
        ("contact sport", "hyponym", 2),
        ("kick", "topic", 2),
    ]


def test_more_steps_follow_one_relation(folder):
    one = found(folder, "sports", depth=1)
    two = [("football", "hyponym", 3), ("football game", "hyponym", 3)]
    three = [("soccer", "hyponym", 4), ("association football", "hyponym", 4)]
    assert found(folder, "sports", depth=2) == one + two
    assert found(folder, "sports", depth=3) == one + two + three


def test_antonyms_are_left_out_however_they_are_reached(folder):
    # `bad` is a word of a similar synset too.
    assert found(folder, "good") == [
        ("goodness", "derived", 2),
        ("superb", "similar", 2),
        ("first-class", "similar", 2),
        ("tops", "similar", 2),
    ]


def test_similar_adjectives_of_a_satellite_come_through_its_head(folder):
    assert found(folder, "tops", relations=["similar"], depth=2) == [
        ("good", "similar", 2),
        ("superb", "similar", 3),
        ("bad", "similar", 3),
    ]


def test_proper_names_only_when_asked_for(folder):
    assert found(folder, "city") == [("capital", "hyponym", 2)]
    assert found(folder, "city", relations=["instance", "hypernym"]) == [("Paris", "instance", 2)]
    assert found(folder, "Paris", relations=["hypernym"]) == [("city", "hypernym", 2)]


def test_several_words_as_one_then_the_head(folder):
    assert words(folder, "real estate") == ["realty"]
    assert words(folder, "cheap real estate") == ["real estate", "realty"]
    assert words(folder, "landed estate") == ["estate", "demesne"]
    assert words(folder, "sport of kings", depth=1) == [
        "sport",
        "athletics",
        "athletic",
        "contact sport",
        "kick",
    ]


def test_heads():
    assert list(heads("cheap real estate")) == ["real estate", "estate"]
    assert list(heads("department of real estate")) == ["department"]
    assert list(heads("news")) == []


def test_several_seeds_and_the_context(folder):
    related = WordNet(folder).expand(["geese", "sport"], context=["organisms and their chromosomes"])
    assert [(r.word, r.seed) for r in related] == [
        ("goose", "geese"),
        ("mutation", "sport"),
        ("mutant", "sport"),
    ]
    assert {(r.source, r.weight) for r in related} == {("wordnet", 1.0)}


def test_a_limit_keeps_the_nearest(folder):
    assert words(folder, "sports", depth=3, limit=3) == ["sport", "athletics", "athletic"]


def test_unknown_words_give_nothing(folder):
    assert words(folder, "xyzzy", "") == []


def test_the_order_of_relations_is_the_one_given(folder):
    assert words(folder, "sports", relations=["topic", "hyponym"], depth=1) == ["kick", "contact sport"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"relations": ["hyponyms"]}, "Did you mean hyponym?"),
        ({"depth": 0}, "the depth must be 1 to 5, not 0"),
        ({"limit": 0}, "the limit must be at least 1, not 0"),
    ],
)
def test_options_that_cannot_be_used(folder, options, said):
    with pytest.raises(OptionError) as caught:
        WordNet(folder, **options)
    assert said in str(caught.value)
