"""Triggers as text."""

from __future__ import annotations

from promptsearch.engines.trigger.config import TriggerConfig
from promptsearch.engines.trigger.vocabulary import Banned
from promptsearch.engines.trigger.wording import Wording
from promptsearch.tasks.task import Example
from promptsearch.template import Template
from tests.engines.trigger.small import WORDS, small_plm, small_task

TEMPLATE = Template.parse("{trigger*1} {text} {trigger*2} {mask}")


def wording(plm, template=TEMPLATE, **options) -> Wording:
    task = small_task()
    banned = Banned.of(task, WORDS, TriggerConfig(banned=("wonderful",)))
    special = plm.encoder.tokenizer.all_special_ids
    (neutral,) = ids(plm, "the")
    return Wording(plm, template, task.train, banned, special, neutral, **options)


def ids(plm, *words: str) -> tuple[int, ...]:
    return tuple(plm.encoder.tokenizer.convert_tokens_to_ids(list(words)))


def test_slots_are_told_apart(minilm):
    rules = wording(minilm)
    filling = ids(minilm, "movie", "so", "very")
    assert rules.groups(filling) == (filling[:1], filling[1:])
    assert [text.strip() for text in rules.texts(filling)] == ["movie", "so very"]


def test_what_becomes_other_tokens_does_not_pass(minilm):
    """`act` and `##ing` are written `acting`, which is one token."""
    split, whole = ids(minilm, "the", "act", "##ing"), ids(minilm, "the", "acting", "so")
    assert wording(minilm).passing([split, whole]).tolist() == [False, True]
    assert wording(minilm).keeps(whole)
    assert not wording(minilm).keeps(split)
    assert wording(minilm, any_ids=True).passing([split, whole]).all()
    assert wording(minilm, any_ids=True).keeps(split)


def test_a_trigger_that_grows_onto_one_of_the_texts_is_not_kept(minilm):
    """A piece right after `a wonderful film` makes it `films`."""
    filling = ids(minilm, "the", "##s", "so")
    assert not wording(minilm).keeps(filling)


def test_a_banned_word_in_two_tokens_does_not_pass(minilm):
    wonder, ful = ids(minilm, "wonder", "##ful")
    filling = (*ids(minilm, "the"), wonder, ful)
    assert wording(minilm, any_ids=True).passing([filling]).tolist() == [False]


def test_special_tokens_of_a_start_are_not_finished(minilm):
    rules = wording(minilm)
    mask = minilm.encoder.mask_id
    filling = (mask, *ids(minilm, "so", "very"))
    assert not rules.finished(filling)
    assert rules.passing([filling])[0]
    assert rules.finished(ids(minilm, "the", "so", "very"))


def test_nothing_passes_of_nothing(minilm):
    assert wording(minilm).passing([]).shape == (0,)


def test_triggers_survive_on_a_byte_level_vocabulary():
    """Pieces merge again into the token ` good` that they are the text of; whole words do not."""
    plm, template = small_plm("gpt2"), Template.parse("{text} {trigger*2} {mask}")
    rules = Wording(plm, template, small_task().train, Banned(), (), 0)
    token_of = {text: token for token, text in enumerate(plm.vocabulary("a"))}
    good, the = token_of[" good"], token_of[" the"]
    first = next(end for end in range(2, 5) if " good"[:end] in token_of and " good"[end:] in token_of)
    pieces = (token_of[" good"[:first]], token_of[" good"[first:]])
    assert rules.passing([(good, the), pieces]).tolist() == [True, False]


def test_a_trigger_that_would_grow_onto_a_letter_is_not_kept():
    """All texts of train end with a stop, but those that the prompt is made for may not."""
    plm, template = small_plm("gpt2"), Template.parse("{text} {trigger*1} {mask}")
    stops = [Example({"text": "a fine film."}), Example({"text": "worse than the script."})]
    ending, word = (plm.vocabulary("a").index(text) for text in ("ne", " the"))
    assert plm.survives(template, [[ending]], stops)
    rules = Wording(plm, template, stops, Banned(), (), 0)
    assert rules.passing([(ending,), (word,)]).tolist() == [False, True]
    assert [rules.keeps((token,)) for token in (ending, word)] == [False, True]
