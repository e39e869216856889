"""Which tokens may stand in a trigger."""

from __future__ import annotations

import pytest

from promptsearch.engines.trigger.config import TriggerConfig
from promptsearch.engines.trigger.vocabulary import Banned, allowed_tokens
from promptsearch.verbalizer import Verbalizer
from tests.engines.tasks import task

REVIEWS = task("sentiment", (0, 1), ("negative", "positive"))
WORDS = Verbalizer.of([["terrible"], ["great", "very good"]], (0, 1))
TOPICS = task("topic", ("World", "Sports", "Sci/Tech"))
TOPIC_WORDS = Verbalizer.of([["world"], ["game"], ["science"]], ("World", "Sports", "Sci/Tech"))


def allowed(*texts: str, config: TriggerConfig | None = None, special: tuple[int, ...] = ()) -> list[bool]:
    config = config or TriggerConfig()
    return allowed_tokens(texts, special, Banned.of(REVIEWS, WORDS, config), config).tolist()


def test_label_words_are_kept_out_in_every_form():
    assert allowed("great", " great", " Great", "GREAT", " good", " terrible", " greater") == [False] * 6 + [
        True
    ]


def test_what_names_a_class_is_kept_out():
    names = Banned.of(TOPICS, TOPIC_WORDS, TriggerConfig())
    assert all(map(names.holds, (" sports", "Sport", " tech", "SCI", "worlds", "sci/tech", "game,")))
    assert not any(map(names.holds, (" technology", " spot", "games night"[:3], " scientist", " or")))


def test_short_names_are_no_stems():
    yes_no = task("pair", ("no", "yes"))
    banned = Banned.of(yes_no, Verbalizer.of([["no"], ["yes"]], ("no", "yes")), TriggerConfig())
    assert banned.holds("No")
    assert not banned.holds("note")


def test_labels_that_are_numbers_do_not_ban_digits():
    assert not Banned.of(REVIEWS, WORDS, TriggerConfig()).holds(" 1")


def test_label_words_may_be_let_in_and_others_kept_out():
    config = TriggerConfig(ban_labels=False, banned=("Oscar",))
    assert allowed(" great", " positive", " oscar", config=config) == [True, True, False]


def test_special_unprintable_and_unused_tokens_are_kept_out():
    texts = ("the", " ", "", "\N{REPLACEMENT CHARACTER}", "a\x00", "[unused7]", "<extra_id_3>", "ok", "[")
    assert allowed(*texts, special=(7,)) == [True, *[False] * 7, True]


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"capitals": False}, [True, False, True, True, True]),
        ({"digits": False}, [True, True, False, True, True]),
        ({"words_only": True}, [True, True, False, False, True]),
    ],
)
def test_filters(filters, expected):
    assert allowed("film", " Paris", " 1980s", ",", "été", config=TriggerConfig(**filters)) == expected


def test_it_is_told_what_is_kept_out():
    shown = str(Banned.of(REVIEWS, WORDS, TriggerConfig()))
    assert shown == "good, great, negative, positive, terrible, very"
