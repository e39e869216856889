import json
import os

import pytest

from promptsearch.engines.manual.library import FORMS, kinds, lexicon, load, relation_of
from promptsearch.knowledge.roles import normal_name
from promptsearch.tasks.catalogue import KNOWN_TASKS, TREX_RELATIONS

KINDS = (
    "acceptability", "boolean-question", "choice", "classification", "fact", "nli", "pair", "paraphrase",
    "question-type", "sentiment", "sentiment-fine", "subjectivity", "topic", "word-sense",
)  # fmt: skip
FIELDS = {
    "boolean-question": ("passage", "question"),
    "choice": ("premise", "question", "choice1", "choice2"),
    "fact": ("subject",),
    "nli": ("text_a", "text_b"),
    "pair": ("text_a", "text_b"),
    "paraphrase": ("text_a", "text_b"),
    "word-sense": ("word", "sentence1", "sentence2"),
}
DATA = os.environ.get("PROMPTSEARCH_DATA", "")
every_kind = pytest.mark.parametrize("kind", KINDS)


def templates_of(kind):
    library = load(kind)
    return [*library.templates, *(entry for entries in library.relations.values() for entry in entries)]


def groups_of(entry):
    return {group[:1].lower() + group[1:] for group in entry.answers}


def test_all_kinds():
    assert kinds() == KINDS


def test_every_known_task_has_a_library_for_its_fields():
    for known in KNOWN_TASKS.values():
        library = load(known.kind)
        assert set(library.fields) <= set(known.fields), known.name


@every_kind
def test_ten_templates_a_form_and_one_baseline(kind):
    for form in FORMS:
        entries = load(kind).of_form(form)
        assert len(entries) >= 10
        assert sum(entry.baseline for entry in entries) == 1
        assert all(entry.key.startswith(form) for entry in entries)


@every_kind
def test_templates_are_distinct_and_read_the_fields_of_the_kind(kind):
    library = load(kind)
    assert library.kind == kind
    assert library.fields == FIELDS.get(kind, ("text",))
    sources = [str(entry.template) for entry in library.templates]
    assert len(set(sources)) == len(sources)
    # Whatever differs in blanks or case alone is the same wording.
    folded = ["".join(source.lower().split()) for source in sources]
    assert len(set(folded)) == len(folded)
    for entry in library.templates:
        fields = set(entry.template.fields)
        assert set(library.fields) <= fields <= {*library.fields, *library.optional}, entry.key


@every_kind
def test_prefix_templates_end_with_the_slot(kind):
    for entry in templates_of(kind):
        if "prefix" in entry.key:
            entry.template.check_left_to_right("a causal PLM")
            assert str(entry.template).endswith("{mask}"), entry.key
            assert str(entry.template).endswith((" {mask}", "({mask}")), entry.key
        else:
            assert entry.template.form == "cloze", entry.key


@every_kind
def test_answers_of_templates_are_groups_of_the_library(kind):
    library = load(kind)
    known = {entry.group for entry in library.word_sets} or {"name"}
    used = set().union(*(groups_of(entry) for entry in library.templates))
    assert used == known


@every_kind
def test_label_words(kind):
    library = load(kind)
    for entry in library.word_sets:
        assert set(entry.words) <= set(library.roles)
        # Each set serves two labels at least.
        assert set(library.numbered[0]) <= set(entry.words), entry.name
        for roles in library.numbered:
            if set(roles) <= set(entry.words):
                words = [word.lower() for role in roles for word in entry.words[role]]
                assert len(set(words)) == len(words), entry.name
        for words in entry.words.values():
            assert words
            assert all(word and word == word.strip() for word in words)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if load(kind).names == "roles"])
def test_roles(kind):
    library = load(kind)
    spellings = [normal_name(spelling) for known in library.roles.values() for spelling in known]
    assert len(set(spellings)) == len(spellings)
    assert all(set(roles) <= set(library.roles) for roles in library.numbered)
    # Every number of labels that can be matched has at least three sets of words for each group or more.
    for roles in library.numbered:
        assert sum(set(roles) <= set(entry.words) for entry in library.word_sets) >= 3, roles


def test_sentiment_has_ten_sets_of_label_words():
    words = {tuple(map(tuple, entry.words.values())) for entry in load("sentiment").word_sets}
    assert len(words) >= 10


def test_lexicon_has_no_name_twice():
    spellings = [normal_name(spelling) for known, _ in lexicon().values() for spelling in known]
    assert [s for s in set(spellings) if spellings.count(s) > 1] == []
    for name, (_, words) in lexicon().items():
        assert len(set(words)) == len(words) >= 2, name


def test_every_relation_of_lama_has_its_own_templates():
    relations = load("fact").relations
    assert set(relations) == set(TREX_RELATIONS)
    for relation, entries in relations.items():
        for form in FORMS:
            of_form = [entry for entry in entries if entry.template.form == form]
            assert len({str(entry.template) for entry in of_form}) == len(of_form) >= 2
            assert [entry.baseline for entry in of_form] == [True] + [False] * (len(of_form) - 1)
            assert all(entry.template.fields == ("subject",) for entry in of_form), relation


@pytest.mark.shared_data
@pytest.mark.skipif(not DATA, reason="PROMPTSEARCH_DATA is not set")
def test_relations_of_the_data_are_covered():
    path = os.path.join(DATA, "lama_trex", "relations.jsonl")
    with open(path, encoding="utf-8") as lines:
        relations = {json.loads(line)["relation"] for line in lines}
    assert relations <= set(load("fact").relations)


@pytest.mark.parametrize(
    ("name", "location", "relation"),
    [
        ("lama:P36", "", "P36"),
        ("lama-P1001", "", "P1001"),
        ("capitals", "/data/P36.jsonl", "P36"),
        ("lama:P36", "/data/P17.jsonl", "P36"),
        ("lama", "", None),
        ("MP36", "/data/P36x", None),
    ],
)
def test_relation_of(name, location, relation):
    assert relation_of(name, location) == relation


def test_for_relation():
    library = load("fact")
    capital = library.for_relation("P36")
    assert all("capital" in str(e.template).lower() or "seat" in str(e.template) for e in capital.templates)
    assert library.for_relation("P99999") == library
    assert library.for_relation(None) == library
