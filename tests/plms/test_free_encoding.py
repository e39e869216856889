"""Free places in ids, and found tokens as text: held against the encoding of the whole prompt."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promptsearch.errors import TemplateError
from promptsearch.paths import cache_dir
from promptsearch.plms import load_plm
from promptsearch.plms.free import FreePrompts
from promptsearch.plms.local import LocalPLM
from promptsearch.tasks.task import Example
from promptsearch.template import Template, Trigger
from tests.conftest import SMOLLM2
from tests.plms.zoo import adapter

# WordPiece, byte-level BPE and Unigram, masked and causal.
NAMES = ["bert", "roberta", "deberta", "gpt2", "llama"]
ANY = pytest.mark.parametrize("name", NAMES)
PREFIX = [
    "{text} {trigger*3} {mask}",
    "{trigger*2} {text} It was {mask}",
    "Review: {text} really{trigger*1} {trigger*2} It was {mask}",
    "({trigger*1}) {ids:20 21} {text}\n{trigger*1}{mask}",
]
CLOZE = ["{text} {trigger*2} It was {mask} {trigger*1} indeed.", "{mask}{trigger*2} of {text}, {ids:20}."]
EXAMPLES = [
    Example({"text": text}) for text in ("a good film", "", "  It was great, really great. ", "l'été 天!")
]


def is_masked(plm: LocalPLM) -> bool:
    return plm.identity.family == "masked"


def templates(plm: LocalPLM) -> list[Template]:
    return [Template.parse(source) for source in PREFIX + (CLOZE if is_masked(plm) else [])]


def counts(template: Template) -> list[int]:
    return [piece.count for piece in template.pieces if isinstance(piece, Trigger)]


def split(template: Template, filling: list[int]) -> list[list[int]]:
    ids = iter(filling)
    return [[next(ids) for _ in range(count)] for count in counts(template)]


def whole(plm: LocalPLM, template: Template, example: Example) -> list[int]:
    """Ids of a prompt without free places."""
    masked = is_masked(plm)
    encoded = plm.encoder.encode(template, [example], read_right=masked)
    return [*encoded.left[0], *([plm.encoder.mask_id] if masked else []), *encoded.right[0]]


def prompts_of(plm: LocalPLM, template: Template) -> FreePrompts:
    return plm.free_reader(template, EXAMPLES).prompts


def some_fillings(plm: LocalPLM, template: Template, n: int = 60) -> np.ndarray:
    generator = np.random.default_rng(0)
    return generator.integers(5, len(plm.encoder.tokenizer), (n, sum(counts(template))))


# Ids -------------------------------------------------------------------------------------------------


@ANY
def test_filled_places_are_the_prompt_with_those_tokens(name):
    plm = adapter(name)
    for template in templates(plm):
        prompts = prompts_of(plm, template)
        assert prompts.groups == tuple(counts(template))
        for filling in some_fillings(plm, template, 5).tolist():
            tokens = template.with_tokens(split(template, filling))
            for row, example in enumerate(EXAMPLES):
                assert prompts.filled(row, filling) == whole(plm, tokens, example), template


@ANY
def test_the_answer_is_read_at_the_mask_or_at_the_end(name):
    plm = adapter(name)
    for template in templates(plm):
        prompts = prompts_of(plm, template)
        for ids, answer in zip(prompts.ids, prompts.answer):
            assert ids[answer] == plm.encoder.mask_id if is_masked(plm) else answer == len(ids) - 1


@ANY
def test_words_in_a_place_are_the_prompt_with_those_words(name):
    """A trigger that reads as words gives the ids, and the text, of the prompt with these words."""
    plm = adapter(name)
    ids = plm.word_ids(Template.parse("{text} {mask}"), ["really good"])[0]
    found = "Review: {text} really good It was {mask}"
    template = Template.parse(f"Review: {{text}} {{trigger*{len(ids)}}} It was {{mask}}")
    prompts = prompts_of(plm, template)
    for row, example in enumerate(EXAMPLES):
        assert prompts.filled(row, ids) == whole(plm, Template.parse(found), example)
    assert plm.trigger_texts(template, [ids]) == [" really good"]
    assert str(template.with_words([" really good"])) == found
    assert plm.survives(template, [ids], EXAMPLES)


@ANY
@given(text=st.text(alphabet="good film, é\n", max_size=120), max_tokens=st.integers(30, 60))
@settings(max_examples=30)
def test_only_fields_are_shortened(name, text, max_tokens):
    plm = adapter(name)
    source = "It: {text} {trigger*3} {soft*2} was {mask}"
    template, example = Template.parse(source), Example({"text": text})
    long = prompts_of_one(plm, template, example)
    plm.encoder.max_tokens = max_tokens
    short = prompts_of_one(plm, template, example)
    # A causal PLM's answer, which needs a place too, is not among the ids.
    room = max_tokens - (not is_masked(plm))
    assert bool(short.shortened[0]) == (len(long.ids[0]) > room)
    assert len(short.ids[0]) == min(len(long.ids[0]), room)
    cut = len(long.ids[0]) - len(short.ids[0])
    assert short.free.tolist() == (long.free - cut).tolist()
    first = int(short.free[0, 0])
    assert short.ids[0][first:] == long.ids[0][first + cut :]
    assert short.ids[0][:first] == long.ids[0][:first]


def prompts_of_one(plm: LocalPLM, template: Template, example: Example) -> FreePrompts:
    return plm.free_reader(template, [example]).prompts


@ANY
def test_free_places_that_do_not_fit_are_refused(name):
    plm = adapter(name)
    plm.encoder.max_tokens = 20
    with pytest.raises(TemplateError, match="own words take"):
        plm.free_reader(Template.parse("{text} {trigger*30} {mask}"), EXAMPLES)
    with pytest.raises(TemplateError, match="own words and soft tokens take"):
        plm.free_reader(Template.parse("{text} {soft*30} {mask}"), EXAMPLES)


@ANY
def test_soft_tokens_from_words_have_a_place_for_each_token(name):
    plm = adapter(name)
    template = Template.parse("{text} {soft: really good} {trigger*2} {soft*3} {mask}")
    ids = plm.word_ids(Template.parse("{text} {mask}"), ["really good"])[0]
    assert plm.initial_ids(template) == [ids, None, None]
    assert prompts_of(plm, template).groups == (len(ids), 2, 3)


def test_words_without_a_token_start_no_soft_tokens():
    with pytest.raises(TemplateError, match="no token"):
        adapter("bert").initial_ids(Template.parse("{text} {soft:\u0301} {mask}"))


@ANY
def test_ids_of_another_vocabulary_are_refused(name):
    plm = adapter(name)
    size = len(plm.encoder.tokenizer)
    plm.answer_states(Template.parse(f"{{text}} {{ids:{size - 1}}} {{mask}}"), EXAMPLES)
    for source in (
        f"{{text}} {{ids:5 {size}}} {{mask}}",
        f"{{text}} {{ids:5 {size}}} {{trigger*1}} {{mask}}",
    ):
        with pytest.raises(TemplateError, match=f"token id {size}, but this PLM's tokenizer has only {size}"):
            plm.encoder.encode(Template.parse(source), EXAMPLES)
    with pytest.raises(TemplateError, match="token id"):
        plm.free_reader(Template.parse(source), EXAMPLES)


def test_without_a_free_place_there_is_nothing_to_read():
    with pytest.raises(TemplateError, match="no tokens to be found"):
        adapter("bert").free_reader(Template.parse("{text} {ids:7} {mask}"), EXAMPLES)


def test_text_after_the_slot_is_refused_on_a_causal_plm():
    with pytest.raises(TemplateError, match="left to right"):
        adapter("gpt2").free_reader(Template.parse("{text} {mask} {trigger*2}"), EXAMPLES)


@pytest.mark.parametrize("name", ["bert", "gpt2"])
def test_no_examples_are_no_prompts(name):
    prompts = adapter(name).free_reader(Template.parse("{text} {trigger*2} {mask}"), []).prompts
    assert len(prompts) == 0
    assert prompts.free.shape == (0, 2)


# Text ------------------------------------------------------------------------------------------------


def check_survival(plm: LocalPLM, template: Template, fillings: np.ndarray) -> np.ndarray:
    """What survives by the shortest way to say it: the same ids with the text in the template."""
    prompts = prompts_of(plm, template)
    found = plm.surviving(template, fillings, EXAMPLES)
    for filling, survives in zip(fillings.tolist(), found):
        groups = split(template, filling)
        words = template.with_words(plm.trigger_texts(template, groups))
        same = [whole(plm, words, ex) == prompts.filled(row, filling) for row, ex in enumerate(EXAMPLES)]
        assert survives == all(same), words
    return found


@ANY
def test_what_survives_has_the_same_ids_as_text(name):
    plm = adapter(name)
    for template in templates(plm):
        found = check_survival(plm, template, some_fillings(plm, template))
        assert found.any(), template
        assert not found.all(), template


def test_what_survives_on_the_built_in_plm(minilm):
    for source in (*PREFIX, *CLOZE):
        template = Template.parse(source)
        assert check_survival(minilm, template, some_fillings(minilm, template, 30)).any()


@pytest.mark.smollm2
@pytest.mark.skipif(not (cache_dir() / SMOLLM2).is_dir(), reason="SmolLM2 is not in the cache")
def test_what_survives_on_smollm2():
    plm = load_plm("smollm2-135m", device="cpu", dtype="bfloat16", cache=False)
    for source in PREFIX:
        template = Template.parse(source)
        assert check_survival(plm, template, some_fillings(plm, template, 20)).any()


def test_one_example_against_it_is_enough():
    """A letter survives where nothing stands before it, and not where it becomes one token with a field."""
    plm = adapter("gpt2")
    template = Template.parse("{text}{trigger*1} {mask}")
    (letter,) = encoded(plm, "e")
    assert len(encoded(plm, "ne")) == 1
    alone, joined = Example({"text": ""}), Example({"text": "n"})
    assert plm.survives(template, [[letter]], [alone, alone])
    assert not plm.survives(template, [[letter]], [alone, joined, alone])


def encoded(plm: LocalPLM, text: str) -> list[int]:
    return plm.encoder.tokenizer(text, add_special_tokens=False)["input_ids"]


def test_text_is_decoded_after_what_stands_left_of_it(minilm):
    good, part = minilm.encoder.tokenizer.convert_tokens_to_ids(["good", "##ness"])
    assert minilm.trigger_texts(Template.parse("{trigger*1} {text} {mask}"), [[good]]) == ["good"]
    template = Template.parse("It {trigger*1}{trigger*2} {mask}")
    assert minilm.trigger_texts(template, [[good], [part, good]]) == [" good", "ness good"]


def test_half_a_character_does_not_survive():
    plm = adapter("gpt2")
    template = Template.parse("{text} {trigger*1} {mask}")
    half, *rest = encoded(plm, "☃")
    assert rest
    assert not plm.survives(template, [[half]], EXAMPLES)


def test_a_template_without_triggers_survives_as_it_is():
    plm, template = adapter("gpt2"), Template.parse("{text} {soft*2} {mask}")
    assert plm.trigger_texts(template, []) == []
    assert plm.survives(template, [], EXAMPLES)
