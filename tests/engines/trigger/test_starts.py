"""Starts: words of templates, what the PLM says itself, random tokens."""

from __future__ import annotations

import numpy as np
import pytest

from promptsearch.engines.trigger.fluency import Fluency
from promptsearch.engines.trigger.opening import opened
from promptsearch.engines.trigger.starts import Starts
from promptsearch.engines.trigger.vocabulary import Banned
from promptsearch.engines.trigger.wording import Wording
from promptsearch.plms.free import FreePrompts
from promptsearch.plms.local import LocalPLM
from promptsearch.template import Template
from tests.engines.trigger.small import MASKED, PREFIX, allowed_on, small_plm, small_reading, small_task

EXAMPLES = small_task().train


def prompts_with(plm: LocalPLM, template: Template, filling: tuple[int, ...]) -> list[list[int]]:
    prompts: FreePrompts = plm.free_reader(template, EXAMPLES).prompts
    return [prompts.filled(row, filling) for row in range(len(prompts))]


def prompts_of(plm: LocalPLM, template: Template) -> list[list[int]]:
    masked = plm.identity.family == "masked"
    encoded = plm.encoder.encode(template, EXAMPLES, read_right=masked)
    slot = [plm.encoder.mask_id] if masked else []
    return [[*left, *slot, *right] for left, right in zip(encoded.left, encoded.right)]


@pytest.mark.parametrize(
    ("plm", "source"),
    [
        ("minilm", "{text} It was {mask}."),
        ("minilm", "Review: {text} All in all, it was {mask} and moving"),
        ("minilm", "{mask} film: {text}"),
        ("bert", "very {mask} , {text}"),
        ("roberta", "{text} It was {mask}."),
        ("gpt2", "{text} It was {mask}"),
        ("gpt2", "{text}\nIt was {mask}"),
        ("qwen", "film: {text} It was very {mask}"),
    ],
)
def test_a_template_opened_up_starts_from_its_own_prompts(plm, source, minilm):
    """Ids are kept, so that as many places are started from as the words have tokens."""
    model = minilm if plm == "minilm" else small_plm(plm)
    template = Template.parse(source)
    found = opened(template, model, most=40)
    assert found is not None
    free, filling = found
    assert prompts_with(model, free, filling) == prompts_of(model, template)


def test_texts_next_to_the_slot_are_opened_first(minilm):
    found = opened(Template.parse("Tell me: {text} All in all it was {mask}."), minilm, most=6)
    assert found is not None
    free, filling = found
    assert str(free) == "Tell me: {text} {trigger*5} {mask}{trigger*1}"
    assert minilm.encoder.tokenizer.decode(filling) == "all in all it was."


def test_a_template_without_words_has_nothing_to_open(minilm):
    assert opened(Template.parse("{text} {mask}"), minilm) is None


def starts_on(name: str, template: str) -> Starts:
    plm, reading = small_plm(name), small_reading(name, template)
    ids = allowed_on(plm)
    special = plm.encoder.tokenizer.all_special_ids
    wording = Wording(plm, Template.parse(template), EXAMPLES, Banned(), special, int(ids[0]))
    blank = plm.encoder.mask_id if plm.identity.family == "masked" else 0
    return Starts(wording, Fluency(reading, 0.0, [0, 1]), ids, blank)


@pytest.mark.parametrize(("plm", "template"), [("bert", MASKED), ("gpt2", PREFIX)])
def test_likely_starts_are_what_the_plm_says_next(plm, template):
    starts = starts_on(plm, template)
    given = (int(starts.allowed[3]),)
    found = starts.likely(3, given)
    assert found[:1] == given
    before = (*found[:2], starts.blank)
    log_probs = starts.fluency.in_place(before, 2)[starts.allowed]
    passing = starts.wording.passing([(*found[:2], int(token)) for token in starts.allowed])
    assert starts.allowed[passing][log_probs[passing].argmax()] == found[2]


@pytest.mark.parametrize(("plm", "template"), [("bert", MASKED), ("gpt2", PREFIX)])
def test_likely_starts_keep_to_the_rules_in_all_prompts(plm, template):
    """Also where what the PLM would say next becomes one token with what a text ends with."""
    starts = starts_on(plm, template)
    found = starts.likely(3)
    assert starts.wording.passing([found]).all()
    assert starts.wording.keeps(found)


def test_given_words_are_cut_to_the_places():
    starts = starts_on("bert", MASKED)
    given = tuple(starts.allowed[:5].tolist())
    assert starts.likely(3, given) == given[:3]


def test_random_starts_keep_to_the_rules_and_follow_the_generator():
    starts = starts_on("gpt2", PREFIX)
    one, again, other = (starts.random(3, np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert one == again != other
    assert starts.wording.passing([one]).all()
    assert set(one) <= set(starts.allowed.tolist())


def test_shaken_triggers_keep_two_thirds():
    starts = starts_on("bert", MASKED)
    filling = starts.random(3, np.random.default_rng(0))
    shaken = starts.shaken(filling, np.random.default_rng(1))
    assert sum(old == new for old, new in zip(filling, shaken)) == 2


def test_what_may_not_stand_in_a_trigger_leaves_a_start():
    starts = starts_on("bert", MASKED)
    mask, token = starts.blank, int(starts.allowed[9])
    assert starts.lawful((mask, token)) == (starts.wording.neutral, token)
