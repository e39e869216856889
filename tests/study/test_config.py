"""What a search does by default, and what the engine `words` is given in it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from promptsearch.engines.words import METHODS, WordsConfig
from promptsearch.errors import OptionError, TemplateError
from promptsearch.study.config import DiscoverConfig
from promptsearch.study.record import config_record
from promptsearch.study.result import Discovery
from promptsearch.study.selection import ranked_on_train
from promptsearch.study.setup import Engines, load_search_task
from promptsearch.study.trial import Trial
from promptsearch.template import Template
from tests.study.searching import TEMPLATE, WORDS, films, search
from tests.study.trials import trial

TEMPLATES = [TEMPLATE, "{mask} review: {text}", "Just {mask}! {text}"]
QUICK = WordsConfig(methods=("expanded",), knowledge=("lexicon",), refine=("calibration",))


# Engines by default ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "engines"),
    [
        ({}, ("manual", "mining", "words")),
        ({"words": WORDS}, ("manual",)),
        ({"words": "words.json"}, ("manual",)),
        ({"templates": [TEMPLATE]}, ("manual", "words")),
        ({"words": WORDS, "engines": ["manual", "words"]}, ("manual", "words")),
        ({"engines": "words"}, ("words",)),
        ({"templates": ["{text} {soft*4} {mask}"]}, ("manual", "words", "soft")),
        ({"templates": ["{text} {trigger*2} {mask}"], "words": WORDS}, ("manual", "trigger")),
    ],
)
def test_who_gives_words_wants_those(given, engines):
    assert DiscoverConfig(task="reviews", **given).engines == engines


def test_templates_are_for_the_engines_that_fill_them():
    soft, trigger = "{soft:it was} {mask}: {text}", "{text} {trigger*2} {mask}"
    config = DiscoverConfig(task="reviews", templates=[soft, TEMPLATE, trigger, soft], soft_templates=[soft])
    assert config.templates == (TEMPLATE,)
    assert (config.soft_templates, config.trigger_templates) == ((soft,), (trigger,))
    assert config.engines == ("manual", "words", "trigger", "soft")
    # Made anew from what it keeps, as when a run goes on, it is the same.
    assert replace(config) == config


@pytest.mark.parametrize(("piece", "engine"), [("{soft*4}", "soft"), ("{trigger*2}", "trigger")])
def test_a_template_that_no_engine_fills_is_refused(piece, engine):
    source = f"{{text}} {piece} {{mask}}"
    with pytest.raises(OptionError, match=f"the engine {engine} fills, which is left out") as error:
        DiscoverConfig(task="reviews", templates=[source], engines=["manual"])
    assert error.value.where == source
    assert f"({engine})" in str(error.value.hint)


@pytest.mark.parametrize(
    ("given", "searched"),
    [
        ({"minutes": 4.9}, False),
        ({"minutes": 5}, True),
        ({"minutes": 5, "evaluations": 100}, True),
        ({"minutes": 10, "seeds": 3}, False),
        ({"minutes": 15, "seeds": 3}, True),
        ({"preset": "thorough"}, True),
        ({"preset": "thorough", "evaluations": 9}, False),
        ({"preset": "thorough", "minutes": 2}, False),
        ({"minutes": 60, "words": WORDS}, False),
        ({"minutes": 60, "templates": [TEMPLATE]}, False),
        ({"engines": ("manual", "trigger")}, True),
    ],
)
def test_triggers_are_searched_where_there_is_time(given, searched):
    assert ("trigger" in DiscoverConfig(task="reviews", **given).engines) == searched


@pytest.mark.parametrize(
    ("source", "said", "hint"),
    [
        ("{text} It was {mask}.", "has no trigger tokens to search", '"{text} It was {trigger*3} {mask}."'),
        ("{soft*2} {text} {trigger*3} {mask}", "soft tokens cannot be searched together", "Give words"),
        ("{text} {trigger*0} {mask}", "must have between 1 and 1000 tokens", "{trigger*3}"),
        ("{text} {trigger*3}", "has no answer slot", "{mask}"),
    ],
)
def test_templates_in_which_nothing_can_be_searched(source, said, hint):
    with pytest.raises(TemplateError) as caught:
        DiscoverConfig(task="reviews", trigger_templates=source)
    assert said in caught.value.message
    assert hint in str(caught.value.hint)


def test_evaluations_of_triggers_are_a_limit_too():
    limits = DiscoverConfig(task="reviews", trigger_evaluations=1000).limits
    assert (limits.minutes, limits.evaluations) == (None, None)
    limits = DiscoverConfig(task="reviews", trigger_evaluations=1000, minutes=2).limits
    assert limits.minutes == 2


def test_an_engine_that_is_none():
    with pytest.raises(OptionError) as caught:
        DiscoverConfig(task="reviews", engines=["manuel"])
    assert caught.value.message == "there is no engine 'manuel'"
    assert "Did you mean 'manual'?" in str(caught.value.hint)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"methods": ("prob",)}, "there is no method 'prob'"),
        ({"refine": ("weight",)}, "there is no refinement 'weight'"),
        ({"per_label": 0}, "numbers of words must be 1 or more"),
        ({"frequent": 0.0}, "the share of frequent words must lie in"),
    ],
)
def test_wrong_ways_to_search_words(given, said):
    with pytest.raises(OptionError) as caught:
        WordsConfig(**given)
    assert said in caught.value.message


def test_the_record_is_plain(tmp_path):
    config = DiscoverConfig(
        task="reviews", label_words=WordsConfig(wordnet=tmp_path), unlabelled=tmp_path / "texts.txt"
    )
    task = load_search_task(DiscoverConfig(task="reviews", shots=2))
    record = json.loads(json.dumps(config_record(config, task)))
    assert record["label_words"]["methods"] == list(METHODS)
    assert record["label_words"]["wordnet"] == str(tmp_path)
    assert record["label_words"]["allowed"]["whole"] is True
    assert record["unlabelled"] == str(tmp_path / "texts.txt")
    assert record["engines"] == ["manual", "mining", "words"]


# Templates for the engine `words` --------------------------------------------------------------------


def engines(task: str = "reviews", **options: Any) -> Engines:
    config = DiscoverConfig(task=task, shots=2, label_words=QUICK, **options)
    return Engines.of(config, load_search_task(config))


def test_the_engine_gets_one_template_and_plain_words():
    plain = trial("a").candidate.verbalizer
    found = engines().words_for(Template.parse(TEMPLATE), plain)
    assert [str(template) for template in found.templates] == [TEMPLATE]
    assert found.names == plain


def test_alone_it_takes_a_template_of_its_own():
    alone = engines(engines="words")
    assert alone.words_templates == 1
    assert alone.words_for(None, None).templates == ()
    assert engines(words_templates=5).words_templates == 5


def test_texts_of_a_file_reach_the_engine(tmp_path):
    (tmp_path / "texts.txt").write_text("one film\n\nanother\n", "utf-8")
    found = engines(unlabelled=tmp_path / "texts.txt").words_for(None, None)
    assert [text.values["text"] for text in found.unlabelled] == ["one film", "another"]


def test_a_knowledge_base_that_is_none_is_known_before_any_work():
    config = DiscoverConfig(task="reviews", shots=2, label_words=WordsConfig(knowledge=("lexica",)))
    with pytest.raises(OptionError, match="there is no knowledge base 'lexica'"):
        Engines.of(config, load_search_task(config))


def test_the_other_engines_work_without_it(tmp_path):
    config = DiscoverConfig(
        task="reviews", shots=2, engines="manual", label_words=WordsConfig(knowledge=("lexica",))
    )
    assert Engines.of(config, load_search_task(config)).named("manual") is not None


# A search with both ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def both(tmp_path_factory) -> Discovery:
    return search(
        tmp_path_factory.mktemp("both") / "run",
        engines=("manual", "words"),
        templates=TEMPLATES,
        label_words=QUICK,
        words_templates=2,
        calibrations=["none", "batch"],
    )


def of(found: Discovery, engine: str) -> list[Trial]:
    return [each for each in found.trials if each.candidate.engine == engine]


def test_words_are_searched_for_the_best_templates_only(both):
    manual = ranked_on_train(of(both, "manual"), "accuracy")
    best = list(dict.fromkeys(each.candidate.template for each in manual))[:2]
    assert {each.candidate.template for each in of(both, "manual")} == {*map(Template.parse, TEMPLATES)}
    assert list(dict.fromkeys(each.candidate.template for each in of(both, "words"))) == best


def test_each_step_is_one_trial_with_its_own_calibration(both):
    found = [(each.candidate.provenance["method"], each.calibration.method) for each in of(both, "words")]
    steps = ["names", "names, calibrated", "expanded", "calibrated"]
    assert [method for method, _ in found] == steps * 2
    assert all(each.calibration == each.candidate.calibration for each in of(both, "words"))
    assert not any(each.is_baseline for each in of(both, "words"))


def test_the_config_says_so(both):
    config = json.loads((both.folder / "config.json").read_text("utf-8"))
    assert config["engines"] == ["manual", "words"]
    assert config["label_words"]["methods"] == ["expanded"]
    assert config["label_words"]["knowledge"] == ["lexicon"]


# Kinds -----------------------------------------------------------------------------------------------


PLACES = {"France": "Paris Lyon Nice Lille", "Italy": "Rome Milan Turin Naples"}
FACTS = [{"subject": town, "object": land} for land, towns in PLACES.items() for town in towns.split()]


def test_answers_of_facts_have_no_label_words(tmp_path):
    found = search(
        tmp_path / "run",
        None,
        data=FACTS,
        engines=("manual", "words"),
        label_words=WordsConfig(knowledge=("lexica",)),  # not even opened
        templates=["{subject} lies in {mask}."],
        shots=2,
        calibrations=["none"],
    )
    assert found.task.kind == "fact"
    assert {each.candidate.engine for each in found.trials} == {"manual"}
    assert "## Label words" not in (found.folder / "report.md").read_text("utf-8")


def test_a_kind_of_ones_own():
    data = [*films("no", "bad", 9), *films("yes", "good", 9)]
    guessed, given = (
        load_search_task(DiscoverConfig(data=data, shots=2, kind=kind)) for kind in (None, "sentiment")
    )
    told = "The kind of task was guessed"
    assert given.kind == "sentiment" != guessed.kind
    assert any(notice.startswith(told) for notice in guessed.notices)
    assert not any(notice.startswith(told) for notice in given.notices)


@pytest.mark.parametrize("options", [{"seed": -1}, {"seed": 2**32}, {"seed": 2**32 - 1, "seeds": 2}])
def test_seeds_that_no_generator_takes(options):
    with pytest.raises(OptionError, match="a seed is a whole number from 0 to"):
        DiscoverConfig(task="reviews", **options)
