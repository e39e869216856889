import pytest

from promptsearch.engines.manual.library import kinds, load
from promptsearch.engines.manual.words import distinct, verbalizers_for
from promptsearch.tasks.catalogue import KNOWN_TASKS
from tests.engines.tasks import task


def words(kind, *args, **kwargs):
    """Verbalizer name -> label words in the order of the labels, one group at a time."""
    found = verbalizers_for(load(kind), task(kind, *args, **kwargs))
    return {
        (named.group, named.name): [
            [answer.text for answer in answers] for answers in named.verbalizer.answers
        ]
        for named in found
    }


def test_words_follow_the_order_of_the_labels():
    assert words("sentiment", [1, 0])["quality", "terrible-great"] == [["great"], ["terrible"]]
    assert words("sentiment", ["pos", "neg"])["polarity", "negative-positive"] == [["positive"], ["negative"]]


def test_labels_are_kept_as_they_stand():
    for named in verbalizers_for(load("boolean-question"), task("boolean-question", [True, False])):
        assert named.verbalizer.labels == (True, False)


def test_capital_groups():
    found = words("sentiment", ["neg", "pos"])
    assert found["Polarity", "Negative-positive"] == [["Negative"], ["Positive"]]
    assert found["Yes-no", "No-yes"] == [["No"], ["Yes"]]


def test_sets_without_words_for_a_label_are_left_out():
    two, three = words("sentiment", [0, 1]), words("sentiment", [0, 1, 2])
    assert ("quality", "boring-brilliant") in two
    assert ("quality", "boring-brilliant") not in three
    assert three["quality", "terrible-great"] == [["terrible"], ["okay"], ["great"]]


def test_entailment_of_two_and_of_three_classes():
    assert words("nli", ["entailment", "not_entailment"])["yes-no", "yes-no"] == [["yes"], ["no"]]
    three = ["contradiction", "neutral", "entailment"]
    assert words("nli", three)["yes-no", "yes-no"] == [["no"], ["maybe"], ["yes"]]


def test_label_without_a_role_answers_with_its_name():
    found = verbalizers_for(load("sentiment"), task("sentiment", ["neg", "pos", "off_topic"]))
    assert all(named.notes == {"unmatched": ["off_topic"]} for named in found)
    by_name = {named.name: named.verbalizer for named in found}
    assert [[a.text for a in answers] for answers in by_name["terrible-great"].answers] == [
        ["terrible"], ["great"], ["off topic"],
    ]  # fmt: skip


def test_labels_taken_by_number_are_told():
    found = verbalizers_for(load("sentiment"), task("sentiment", [0, 1]))
    assert all(named.notes == {"labels_by": "number"} for named in found)


def test_no_label_matches():
    found = verbalizers_for(load("sentiment"), task("sentiment", ["red", "BrightBlue"]))
    assert [(named.name, named.group) for named in found] == [("own", None), ("Own", None)]
    assert [named.verbalizer.words for named in found] == [("red", "bright blue"), ("Red", "Bright blue")]
    assert found[0].notes == {"unmatched": ["red", "BrightBlue"]}


def test_a_word_shared_with_an_unmatched_label_goes_to_that_label():
    # "good" is a word of `positive` in the set bad-good, and the name of a label here.
    found = words("sentiment", ["negative", "positive", "good"])
    assert found["quality", "four-words"] == [
        ["bad", "terrible", "awful", "horrible"], ["great", "wonderful", "excellent"], ["good"],
    ]  # fmt: skip
    assert ("quality", "bad-good") not in found


def test_topics():
    labels = ["world", "sports", "business", "science and technology"]
    found = words("topic", [0, 1, 2, 3], labels)
    assert found["name", "own"] == [["world"], ["sports"], ["business"], ["technology"]]
    assert found["name", "synonym"] == [["international"], ["sport"], ["finance"], ["science"]]
    assert found["name", "several"][1][:3] == ["sports", "sport", "football"]
    assert found["Name", "Own"] == [["World"], ["Sports"], ["Business"], ["Technology"]]


def test_topic_words_are_shared_by_no_two_labels():
    labels = ["science", "technology", "science and technology"]
    found = words("topic", labels)
    assert found["name", "several"] == [
        ["science", "research", "physics", "space", "biology"],
        ["technology", "tech", "computers", "internet", "software"],
        ["science and technology"],
    ]
    assert found["name", "own"] == [["science"], ["technology"], ["science and technology"]]
    notes = [named.notes for named in verbalizers_for(load("topic"), task("topic", labels))]
    assert notes[0] == {"without_words": ["science and technology"]}


def test_unknown_topics_answer_with_their_names():
    found = verbalizers_for(load("topic"), task("topic", ["sports", "Home & Garden", "bird_watching"]))
    by_name = {named.name: [tuple(a.text for a in x) for x in named.verbalizer.answers] for named in found}
    assert by_name["own"] == [("sports",), ("home garden",), ("bird watching",)]
    assert found[0].notes == {"unmatched": ["Home & Garden", "bird_watching"]}


def test_names_that_differ_only_in_spelling_stay_as_they_are():
    found = words("classification", ["C", "C++", "c#"])
    assert found["name", "own"] == [["C"], ["C++"], ["c#"]]


def test_labels_that_differ_only_in_case_answer_as_they_stand():
    assert words("classification", ["US", "us"]) == {("name", "own"): [["US"], ["us"]]}
    assert words("sentiment", ["X", "x"]) == {(None, "own"): [["X"], ["x"]]}


def test_facts_answer_with_the_objects_as_they_stand():
    found = words("fact", ["New York", "apple", "Apple"], fields=["subject"])
    assert found == {("name", "own"): [["New York"], ["apple"], ["Apple"]]}


@pytest.mark.parametrize("name", [name for name, known in KNOWN_TASKS.items() if known.labels])
def test_every_label_of_every_known_task_has_words(name):
    known = KNOWN_TASKS[name]
    found = verbalizers_for(load(known.kind), task(known.kind, known.labels))
    assert len(found) >= 3
    for named in found:
        assert "unmatched" not in named.notes
        spoken = [answer.text.lower() for answers in named.verbalizer.answers for answer in answers]
        assert len(set(spoken)) == len(spoken)


@pytest.mark.parametrize("kind", kinds())
def test_every_template_has_a_verbalizer_for_labels_by_number(kind):
    library = load(kind)
    for roles in library.numbered:
        found = verbalizers_for(library, task(kind, list(range(len(roles)))))
        groups = {named.group for named in found}
        if len(roles) == len(library.numbered[0]):
            assert all(groups & set(entry.answers) for entry in library.templates)


@pytest.mark.parametrize(
    ("ranked", "expected"),
    [
        ([["a", "b"], ["c"]], [("a", "b"), ("c",)]),
        ([["a", "b"], ["b", "c"]], [("a",), ("b", "c")]),
        ([["a", "x"], ["c", "X"]], [("a", "x"), ("c",)]),
        ([["a"], ["a", "b"]], [("a",), ("b",)]),
        ([["a"], ["a"]], None),
    ],
)
def test_distinct(ranked, expected):
    assert distinct(ranked) == expected
