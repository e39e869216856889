from dataclasses import replace

import pytest

from promptsearch.engines.base import Budget
from promptsearch.engines.manual import ManualEngine, library_for
from promptsearch.engines.manual.library import load
from promptsearch.errors import TemplateError, VerbalizerError
from promptsearch.plms.loading import load_plm
from promptsearch.tasks.catalogue import KNOWN_TASKS
from promptsearch.tasks.task import Source
from promptsearch.template import Template
from promptsearch.verbalizer import Verbalizer
from tests.engines.tasks import task

SENTIMENT = task("sentiment", [0, 1], ["negative", "positive"])
FREE = Budget()


@pytest.fixture(scope="module")
def masked():
    return load_plm("minilm-mlm", device="cpu", dtype="float32", cache=False)


class LeftToRight:
    """The built-in PLM, said to be causal: the engine asks a PLM for its family and its word ids only."""

    def __init__(self, plm):
        self.identity = replace(plm.identity, family="causal", reference="causal")
        self.word_ids = plm.word_ids


@pytest.fixture(scope="module")
def causal(masked):
    return LeftToRight(masked)


def search(plm, of=SENTIMENT, budget=FREE, seed=0, **own):
    return list(ManualEngine(**own).search(of, plm, budget, seed))


def templates(candidates):
    return list(dict.fromkeys(str(candidate.template) for candidate in candidates))


def known(name):
    entry = KNOWN_TASKS[name]
    return task(entry.kind, entry.labels, fields=entry.fields, name=name)


@pytest.mark.parametrize("family", ["masked", "causal"])
@pytest.mark.parametrize("name", [name for name, entry in KNOWN_TASKS.items() if entry.labels])
def test_known_tasks(name, family):
    found = library_for(known(name), family)
    assert [candidate.baseline for candidate in found] == [True] + [False] * (len(found) - 1)
    assert len(templates(found)) >= (20 if family == "masked" else 10)
    assert len({(str(candidate.template), candidate.verbalizer) for candidate in found}) == len(found)
    for candidate in found:
        assert candidate.engine == "manual"
        assert candidate.provenance["library"] == KNOWN_TASKS[name].kind
        candidate.template.check_fields(KNOWN_TASKS[name].fields)
        if family == "causal":
            candidate.template.check_left_to_right("it")


def test_baselines():
    first = library_for(SENTIMENT, "masked")[0]
    assert str(first.template) == "{text} It was {mask}."
    assert first.verbalizer == Verbalizer.of({0: "terrible", 1: "great"}, (0, 1))
    assert first.provenance == {
        "library": "sentiment", "template": "cloze/it-was", "verbalizer": "terrible-great",
    }  # fmt: skip
    first = library_for(SENTIMENT, "causal")[0]
    assert str(first.template) == "Review: {text}\nSentiment: {mask}"
    assert first.verbalizer == Verbalizer.of({0: "negative", 1: "positive"}, (0, 1))


def test_masked_gets_both_forms_in_turn():
    found = list(dict.fromkeys(c.template for c in library_for(SENTIMENT, "masked")))
    assert [template.form for template in found[:6]] == ["cloze", "prefix"] * 3


def test_words_fit_the_wording():
    for candidate in library_for(SENTIMENT, "masked"):
        if candidate.provenance["template"] == "cloze/i-did-it":
            assert set(candidate.verbalizer.words) <= {"hated", "loved", "liked", "enjoyed"}


def test_optional_fields_are_used_where_the_task_has_them():
    with_title = task("sentiment", [0, 1], fields=["text", "title"])
    assert "{title}. {text} It was {mask}." in templates(library_for(with_title, "masked"))
    assert not any("{title}" in source for source in templates(library_for(SENTIMENT, "masked")))


def test_the_number_of_labels_decides_between_two_and_five_grades():
    five = library_for(task("sentiment", [1, 2, 3, 4, 5]), "masked")
    assert five[0].provenance["library"] == "sentiment-fine"
    two = library_for(task("sentiment-fine", ["neg", "pos"]), "masked")
    assert two[0].provenance["library"] == "sentiment"


def test_facts_take_the_templates_of_their_relation():
    facts = task("fact", ["Paris", "Rome"], fields=["subject"], name="lama:P36")
    found = library_for(facts, "causal")
    capital = [str(entry.template) for entry in load("fact").relations["P36"]]
    assert templates(found) == [source for source in capital if source.endswith("{mask}")]
    cities = Verbalizer.of(["Paris", "Rome"], ("Paris", "Rome"))
    assert all(candidate.verbalizer == cities for candidate in found)
    from_file = replace(facts, name="capitals", source=Source("file", "data/P36.jsonl"))
    assert templates(library_for(from_file, "causal")) == templates(found)
    other = library_for(replace(facts, name="capitals"), "causal")
    assert templates(other)[0] == "{subject} is {mask}"


def test_unknown_kind_with_one_text():
    found = library_for(task("mood", ["calm", "upset"], fields=["note"]), "causal")
    assert str(found[0].template) == "Text: {note}\nLabel: {mask}"
    assert found[0].verbalizer.words == ("calm", "upset")
    assert found[0].provenance == {
        "library": "classification",
        "template": "prefix/text-label",
        "verbalizer": "own",
        "unmatched": ["calm", "upset"],
    }
    assert all(candidate.template.fields == ("note",) for candidate in found)


def test_unknown_kind_with_two_texts():
    found = library_for(task("stance", ["for", "against"], fields=["claim", "tweet"]), "masked")
    assert str(found[0].template) == "{claim}? {mask}, {tweet}"
    assert all(set(candidate.template.fields) == {"claim", "tweet"} for candidate in found)


def test_unknown_kind_with_text_and_more():
    found = library_for(task("mood", ["calm", "upset"], fields=["text", "place"]), "causal")
    assert str(found[0].template) == "Text: {text}\nLabel: {mask}"


def test_unknown_kind_with_three_fields():
    found = library_for(task("mood", ["calm", "upset"], fields=["note", "day", "place"]), "masked")
    assert templates(found) == [
        "note: {note}\nday: {day}\nplace: {place}\nAnswer: {mask}",
        "{note}\n{day}\n{place}\nAnswer: {mask}",
    ]
    assert found[0].baseline


def test_a_field_of_the_kind_is_missing():
    found = library_for(task("word-sense", [0, 1], fields=["sentence1", "sentence2"]), "causal")
    assert str(found[0].template) == "{sentence1}\n{sentence2}\nLabel: {mask}"


def test_search_gives_the_library_in_order(masked, causal):
    for plm in (masked, causal):
        found = search(plm)
        expected = list(library_for(SENTIMENT, plm.identity.family))
        assert found[0] == expected[0]
        assert [candidate.baseline for candidate in found] == [True] + [False] * (len(found) - 1)
        # Leaving out what is the same on this PLM does not change the order.
        rest = iter(expected)
        assert all(candidate in rest for candidate in found)
        assert templates(found) == templates(expected)


def test_capitals_come_once_on_an_uncased_plm(masked):
    names = {candidate.provenance["verbalizer"] for candidate in search(masked)}
    assert "negative-positive" in names
    assert "Negative-positive" not in names
    assert "Negative-positive" in {c.provenance["verbalizer"] for c in library_for(SENTIMENT, "masked")}


def test_search_is_the_same_each_time(masked):
    assert search(masked, seed=0) == search(masked, seed=1)


@pytest.mark.parametrize("most", [0, 1, 3])
def test_budget_counts_templates(masked, most):
    found = search(masked, budget=Budget(evaluations=most))
    everything = search(masked)
    assert templates(found) == templates(everything)[:most]
    assert found == everything[: len(found)]
    assert everything[len(found)].template not in {candidate.template for candidate in found}


def test_budget_of_time(masked):
    assert search(masked, budget=Budget(seconds=0.0)) == []
    assert len(search(masked, budget=Budget(seconds=1e9))) == len(search(masked))


def test_own_templates_replace_the_library(masked):
    own = [
        Template.parse("{text} A {mask} thing."),
        Template.parse("{text} So {mask}"),
        Template.parse("{text} A {mask} thing."),
    ]
    found = search(masked, templates=own)
    assert templates(found) == ["{text} A {mask} thing.", "{text} So {mask}"]
    assert found[0].baseline
    assert found[0].provenance == {"library": "own", "template": "1", "verbalizer": "terrible-great"}
    # Any label words of the kind may fit, so all are tried.
    words = {candidate.verbalizer.words for candidate in found}
    assert {("terrible", "great"), ("negative", "positive"), ("no", "yes")} <= words


def test_own_words_with_every_template(masked):
    own = Verbalizer.of({0: "dire", 1: "fine"}, (0, 1))
    found = search(masked, verbalizers=[own])
    assert {candidate.verbalizer for candidate in found} == {own}
    assert templates(found) == templates(search(masked))
    assert found[0].provenance["verbalizer"] == "own-1"


def test_own_templates_and_words(masked):
    own = Verbalizer.of({0: "dire", 1: "fine"}, (0, 1))
    found = search(masked, templates=[Template.parse("{text} {mask}")], verbalizers=[own])
    assert [(str(c.template), c.verbalizer, c.baseline) for c in found] == [("{text} {mask}", own, True)]


def test_own_template_for_another_task(masked):
    with pytest.raises(TemplateError, match=r"names the field \{review\}"):
        search(masked, templates=[Template.parse("{text} {mask}"), Template.parse("{review} {mask}")])


def test_own_templates_on_a_causal_plm(causal, caplog):
    cloze, prefix = Template.parse("{text} A {mask} thing."), Template.parse("{text} So {mask}")
    found = search(causal, templates=[cloze, prefix])
    assert templates(found) == ["{text} So {mask}"]
    assert found[0].provenance["template"] == "2"
    assert "left out: {text} A {mask} thing." in caplog.text
    with pytest.raises(TemplateError, match="cannot be read by causal"):
        search(causal, templates=[cloze])


def test_words_the_plm_cannot_spell(masked):
    script = "\U00013080\U00013081"  # hieroglyphs
    with pytest.raises(VerbalizerError, match=script):
        search(masked, verbalizers=[Verbalizer.of({0: script, 1: "fine"}, (0, 1))])
    with pytest.raises(VerbalizerError, match=script):
        search(masked, of=task("topic", [script, "sports"]))


def test_a_verbalizer_the_plm_cannot_spell_is_left_out(masked):
    script = "\U00013080\U00013081"
    glyphs = task("topic", ["sports", "x"], ["sports", f"food and {script}"])
    found = search(masked, of=glyphs)
    assert {candidate.provenance["verbalizer"] for candidate in found} == {"own"}
    assert found[0].baseline


def test_own_words_that_are_the_same_tokens_for_two_labels(masked):
    same = Verbalizer.of({0: "Good", 1: "good"}, [0, 1])
    with pytest.raises(VerbalizerError, match="labels 0 and 1 are the same tokens on minilm-mlm"):
        search(masked, verbalizers=[same])
