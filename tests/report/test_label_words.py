from __future__ import annotations

from dataclasses import replace

import pytest

from promptsearch.report.label_words import (
    dropped_lines,
    listed_words,
    method_of,
    notes_of,
    reason_kind,
    shown_trial,
    sources_of,
    words_trials,
)
from promptsearch.template import Template
from promptsearch.verbalizer import Answer
from tests.report.steps import candidate, dropped, words_trial
from tests.study.trials import trial

OTHER = Template.parse("{mask} review: {text}")


def methods(discovery) -> list[str]:
    return [method_of(found.candidate) for found in words_trials(discovery)]


def searched(found, best, *trials):
    """A search in which these were tried."""
    return replace(found, finalists=(replace(found.best, trial=best),), trials=(best, *trials))


def test_the_chain_in_order_then_what_does_best(found):
    tried = [
        words_trial(candidate("soft"), 6),
        words_trial(candidate("expanded", step=2), 3),
        words_trial(candidate("names", step=0), 7),
        words_trial(candidate("probe"), 9),
        words_trial(candidate("names", step=0), 9, plm="another"),
        words_trial(candidate("names", template=OTHER, step=0), 9),
        trial("manual", dev=10),
    ]
    best = words_trial(candidate("subset"), 8)
    assert methods(searched(found, best, *tried)) == ["names", "expanded", "probe", "subset", "soft"]


def test_the_template_of_the_best_trial_of_the_engine_where_the_best_prompt_has_none(found):
    tried = [
        words_trial(candidate("names", step=0), 6),
        words_trial(candidate("names", template=OTHER, step=0), 5),
        words_trial(candidate("probe", template=OTHER), 7),
    ]
    discovery = searched(found, trial("manual", dev=10), *tried)
    assert methods(discovery) == ["names", "probe"]
    assert {shown.candidate.template for shown in words_trials(discovery)} == {OTHER}
    assert shown_trial(discovery, words_trials(discovery)) is tried[2]


def test_the_words_shown_are_those_of_the_chosen_trial(found):
    best, better = words_trial(candidate("names", step=0), 6), words_trial(candidate("probe"), 7)
    discovery = searched(found, best, better)
    assert shown_trial(discovery, words_trials(discovery)) is best


def test_nothing_where_the_engine_found_nothing_for_the_plm(found):
    assert words_trials(searched(found, trial("a"), words_trial(candidate("probe"), plm="another"))) == []


def test_words_with_their_shares():
    one = candidate("x")
    # 3 of 4 and 1 of 4, the heaviest first.
    assert listed_words(one, [Answer("war", 1.0), Answer("army", 3.0)]) == "army 75.0 %, war 25.0 %"
    assert listed_words(one, [Answer("b", 2.0), Answer("a", 2.0)]) == "b, a"
    assert listed_words(one, [Answer(str(i)) for i in range(5)], most=2) == "0, 1 … and 3 more"


def test_shares_of_learned_weights_are_those_of_their_importance():
    learned = candidate("weights", importance={"war": 0.9, "army": 0.1})
    assert listed_words(learned, [Answer("army", 5.0), Answer("war", 2.0)]) == "war 90.0 %, army 10.0 %"


def source(source: str, relation: str, seed: str = "") -> dict[str, object]:
    return {"source": source, "relation": relation, "distance": 1.0, "seed": seed}


def test_where_words_come_from():
    sources = {
        "sport": source("label", "name", "sport"),
        "ball": source("lexicon", "listed", "sport"),
        "team": source("lexicon", "listed", "sport"),
        "polo": source("wordnet", "hyponym", "game"),
        "probed": source("probe", "found"),
        **{f"near{i}": source("neighbours", "neighbour", seed) for i, seed in enumerate("aabcd")},
    }
    answers = [Answer(word) for word in (*sources, "of unknown source")]
    assert sources_of(candidate("x", sources=sources), answers) == (
        "neighbours 5 (of a, b, c, …), lexicon 2, the label's name 1, "
        "wordnet hyponym 1 (of game), found by probe 1"
    )
    assert sources_of(candidate("x"), answers) == ""


@pytest.mark.parametrize(
    ("why", "kind"),
    [
        ("2 tokens", ("several tokens", "")),
        ("13 tokens", ("several tokens", "")),
        ("unknown to the tokenizer", ("unknown to the tokenizer", "")),
        ("prior 8.6e-07, below 1.8e-06", ("prior below 1.8e-06", "")),
        ("relevance -0.3, below 1.0", ("relevance below 1.0", "")),
        ("falls where its label rises", ("falls where its label rises", "")),
        ("nearer to 'arts\nand crafts'", ("nearer to another label", "'arts\nand crafts'")),
        ("weight 0", ("weight 0", "")),
    ],
)
def test_reasons_by_kind(why, kind):
    assert reason_kind(why) == kind


def test_dropped_words_by_step_label_and_kind():
    many = dropped("no", "3 tokens", *(f"w{i}" for i in range(16)))
    expanded = [
        *many,
        *dropped("yes", "nearer to 'no'", "so"),
        *dropped("no", "2 tokens", "w16"),
        *dropped("yes", "nearer to 'maybe'", "could"),
    ]
    frequency = dropped("no", "prior 1e-07, below 1e-06", "rare")
    steps = [
        candidate("names", step=0),
        candidate("expanded", dropped=expanded),
        candidate("frequency", dropped=frequency),
    ]
    first = ", ".join(f"w{i}" for i in range(15))
    assert dropped_lines(steps) == [
        ("expanded", "no", "several tokens", "17", f"{first} … and 2 more"),
        ("expanded", "yes", "nearer to another label", "2", "so ('no'), could ('maybe')"),
        ("frequency", "no", "prior below 1e-06", "1", "rare"),
    ]


def test_notes_are_told_once():
    steps = [candidate("a", notes=["One.", "Two."]), candidate("b"), candidate("c", notes=["Two.", "Three."])]
    assert notes_of(steps) == ["One.", "Two.", "Three."]


def test_a_real_search_shows_the_chain_of_one_template(found):
    mine = [t for t in found.trials if t.candidate.engine == "words"]
    assert {method_of(t.candidate) for t in mine} >= {"names", "expanded", "calibrated"}
    shown = words_trials(found)
    assert shown
    assert len({t.candidate.template for t in shown}) == 1
    steps = [t.candidate.provenance["step"] for t in shown if "step" in t.candidate.provenance]
    assert steps == sorted(steps)
