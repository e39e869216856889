import re
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptsearch.engines.manual.library import lexicon as manual_lexicon
from promptsearch.engines.manual.library import load
from promptsearch.knowledge.lexicon import FILES, Lexicon, lexicon_file, name_parts, seeds_of
from promptsearch.knowledge.roles import normal_name
from promptsearch.tasks.catalogue import KNOWN_TASKS

every_file = pytest.mark.parametrize("name", FILES)
ENTRIES = [entry for name in FILES for entry in lexicon_file(name).entries.values()]
every_entry = pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: f"{entry.file}-{entry.name}")
FILE_OF_KIND = {
    "topic": "topics", "sentiment": "sentiment", "sentiment-fine": "sentiment-fine", "nli": "entailment",
    "question-type": "question-types", "subjectivity": "subjectivity", "acceptability": "acceptability",
    "paraphrase": "paraphrase", "boolean-question": "boolean",
}  # fmt: skip
TASKS = {
    task.name: (FILE_OF_KIND[task.kind], task.labels)
    for task in KNOWN_TASKS.values()
    if task.kind in FILE_OF_KIND and task.name != "yelp_full"
}
TASKS["emotions"] = ("topics", (
    "joy", "sadness", "anger", "fear", "love", "surprise", "disgust", "optimism", "guilt", "shame",
))  # fmt: skip
TASKS["three"] = ("sentiment", ("negative", "neutral", "positive"))
TASKS["news"] = ("topics", ("technology", "business", "sports", "entertainment", "politics"))
PAIRS = [
    ("spam", "ham"), ("toxic", "not toxic"), ("hate", "not hate"), ("offensive", "not offensive"),
    ("ironic", "not ironic"), ("yes", "no"), ("favor", "against"), ("relevant", "irrelevant"),
    ("similar", "different"),
]  # fmt: skip
TASKS |= {first: ("topics", (first, second)) for first, second in PAIRS}


def words(related):
    return [r.word for r in related]


@every_entry
def test_forty_words_a_label_each_once(entry):
    assert len(entry.words) >= 40
    assert len({word.lower() for word in entry.words}) == len(entry.words)
    assert sum(" " in word for word in entry.words) <= 5


@every_entry
def test_words_and_names_are_plainly_written(entry):
    for text in (entry.name, *entry.aliases, *entry.words, *entry.seeds):
        assert re.fullmatch(r"[A-Za-z0-9]+([ -][A-Za-z0-9]+)*", text), text


@every_entry
def test_main_words_lead(entry):
    assert 2 <= len(entry.main) <= 7
    assert entry.words[: len(entry.main)] == entry.main


@every_file
def test_each_spelling_names_one_label(name):
    entries = lexicon_file(name).entries.values()
    spellings = [normal_name(spelling) for entry in entries for spelling in (entry.name, *entry.aliases)]
    assert len(set(spellings)) == len(spellings)


@pytest.mark.parametrize(("file", "labels"), TASKS.values(), ids=TASKS)
def test_labels_of_a_task_share_no_word(file, labels):
    entries = [lexicon_file(file).find(label) for label in labels]
    for one, other in combinations(entries, 2):
        assert {w.lower() for w in one.words} & {w.lower() for w in other.words} == set()


@pytest.mark.parametrize(("file", "labels"), TASKS.values(), ids=TASKS)
def test_a_task_finds_the_words_of_its_own_kind(file, labels):
    lexicon = Lexicon.for_labels(labels)
    for label in labels:
        assert set(lexicon_file(file).find(label).words) <= set(lexicon.entry_for(label).words), label


@pytest.mark.parametrize(("kind", "file"), [i for i in FILE_OF_KIND.items() if i[0] != "topic"])
def test_labels_and_aliases_are_those_of_the_hand_written_prompts(kind, file):
    known = {name: (name, *entry.aliases) for name, entry in lexicon_file(file).entries.items()}
    assert known == load(kind).roles


def test_hand_written_verbalizers_take_the_main_words():
    assert len(manual_lexicon()) == 70
    assert manual_lexicon()["crime"] == (
        ("crime", "crime and justice", "law and crime"),
        ("crime", "police", "murder", "justice"),
    )
    assert manual_lexicon()["yes"] == (("yes", "y", "true"), ("yes", "true", "right"))


def test_words_that_stand_in_another_file():
    topic, sentiment = (lexicon_file(name).find("neg") for name in ("topics", "sentiment"))
    assert topic.words[:5] == ("negative", "bad", "terrible", "awful", "horrible")
    assert set(topic.words) == set(sentiment.words)


@pytest.mark.parametrize(
    ("label", "name"),
    [
        ("Sci/Tech", "science and technology"), ("sci_tech", "science and technology"), ("pos", "positive"),
        ("__label__neg", "negative"), ("OfficeHolder", "office holder"), ("ABBR", "abbreviation"),
        ("Society & Culture", "society"), ("neutral", "neutral"), ("VERY_NEGATIVE", "very negative"),
    ],
)  # fmt: skip
def test_entry_for(label, name):
    assert Lexicon().entry_for(label).name == name


def test_unknown_labels():
    assert Lexicon().entry_for("gardening") is None
    assert Lexicon().entry_for(7) is None
    assert Lexicon().expand(["gardening", "lawns"]) == ()
    assert Lexicon().expand([]) == ()
    assert Lexicon.for_labels(["gardening", 7]) == Lexicon()


def test_a_name_goes_before_an_alias():
    # `person` is an alias of human alone; `opinion` a topic's name and an alias of subjective.
    assert Lexicon().entry_for("person").file == "question-types"
    assert Lexicon().entry_for("opinion").file == "topics"
    assert Lexicon.for_labels(["opinion", "fact"]).entry_for("opinion").name == "subjective"


def test_the_fellow_labels_tell_which_label_is_meant():
    nli = Lexicon.for_labels(["entailment", "neutral", "contradiction"])
    assert words(nli.expand(["neutral"]))[:3] == ["maybe", "perhaps", "possibly"]
    mood = Lexicon.for_labels(["negative", "neutral", "positive"])
    assert words(mood.expand(["neutral"]))[:2] == ["mixed", "normal"]
    assert Lexicon.for_labels(["e", "n", "c"]).entry_for("n").words == nli.entry_for("neutral").words
    grades = Lexicon.for_labels(["very negative", "negative", "neutral", "positive", "very positive"])
    assert "great" not in words(grades.expand(["positive"]))
    assert "great" in words(Lexicon.for_labels(["neg", "pos"]).expand(["positive"]))


def test_expand():
    related = Lexicon().expand(["crime"])
    assert words(related)[:3] == ["police", "murder", "justice"]
    assert related[0].distance == 1.001
    assert related[1].distance == 1.002
    assert {(r.relation, r.source, r.seed, r.weight) for r in related} == {
        ("listed", "lexicon", "crime", 1.0)
    }


def test_seeds_together_go_before_seeds_one_by_one():
    together = Lexicon().expand(["science", "technology"])
    entry = lexicon_file("topics").entries["science and technology"]
    assert words(together) == [word for word in entry.words if word not in ("science", "technology")]
    assert together[0].seed == "science and technology"
    apart = Lexicon().expand(["crime", "unheard-of", "Weather"])
    assert {r.seed for r in apart} == {"crime", "Weather"}
    assert words(apart)[:4] == ["police", "storm", "murder", "rain"]


@every_entry
def test_seeds_of_a_label_lead_back_to_its_words(entry):
    lexicon = Lexicon(entry.file)
    seeds = lexicon.seeds_of(entry.name)
    assert seeds
    left = [word for word in entry.words if word.lower() not in {seed.lower() for seed in seeds}]
    assert words(lexicon.expand(seeds)) == left


@pytest.mark.parametrize(
    ("label", "seeds"),
    [
        ("Sci/Tech", ("science", "technology")), ("pos", ("positive",)), ("World", ("world",)),
        ("OfficeHolder", ("officeholder", "politician")), ("not_toxic", ("polite", "friendly")),
        ("Food & Wine", ("food", "wine")), ("food_and_wine", ("food", "wine")),
        ("Gardening/Landscaping", ("gardening", "landscaping")),
        ("GardeningAndLawns", ("gardening", "lawns")),
        ("natural_disaster", ("natural disaster", "natural", "disaster")),
        ("NaturalDisaster", ("natural disaster", "natural", "disaster")),
        ("cost of living", ("cost of living", "cost", "living")),
        ("not_funny", ("not funny",)), ("__label__lawns", ("lawns",)), ("brand", ("brand",)),
        ("sandor", ("sandor",)), ("LABEL_1", ()), (3, ()), ("", ()), ("!?", ()),
    ],
)  # fmt: skip
def test_seeds_of(label, seeds):
    assert seeds_of(label) == seeds


@given(st.text(max_size=30))
def test_any_name_has_parts_in_lower_case_each_once(name):
    parts = name_parts(name)
    assert len(set(parts)) == len(parts)
    assert all(part == normal_name(part) for part in parts)
