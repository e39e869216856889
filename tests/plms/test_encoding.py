from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from promptsearch.errors import PLMError, TemplateError, VerbalizerError
from promptsearch.plms.encoding import PromptEncoder
from promptsearch.plms.runs import water_level
from promptsearch.tasks.task import Example
from promptsearch.template import Template
from tests.plms.zoo import adapter, bytelevel, metaspace, wordpiece

# One of each kind: WordPiece, byte-level BPE and Unigram, with and without a mask.
TOKENIZERS = {
    "wordpiece": wordpiece,
    "masked bytes": lambda: bytelevel(True),
    "causal bytes": lambda: bytelevel(False),
    "masked metaspace": lambda: metaspace(True),
    "causal metaspace": lambda: metaspace(False),
}
ANY = pytest.mark.parametrize("kind", TOKENIZERS)
PREFIX = Template.parse("{text} It was {mask}")


def encoder(kind: str, max_tokens: int = 64) -> PromptEncoder:
    tokenizer = copy.deepcopy(TOKENIZERS[kind]())
    return PromptEncoder(tokenizer, max_tokens, tokenizer.bos_token_id)


def texts(*given: str) -> list[Example]:
    return [Example({"text": text}) for text in given]


def body(made: PromptEncoder, source: str, **values: str) -> list[int]:
    """Ids of a prompt without what the tokenizer puts around every text."""
    encoded = made.encode(Template.parse(source), [Example(values)])
    left, right = encoded.left[0], encoded.right[0]
    assert left[: len(made.prefix_ids)] == made.prefix_ids
    assert right[len(right) - len(made.suffix_ids) :] == made.suffix_ids
    return left[len(made.prefix_ids) :] + right[: len(right) - len(made.suffix_ids)]


# Text is text ----------------------------------------------------------------------------------------


@ANY
@pytest.mark.parametrize("written", ["a {} film", "{}", "{}{}", "film{}", " {} "])
def test_no_text_is_read_as_a_special_token(kind, written):
    made = encoder(kind)
    special = {
        made.tokenizer.convert_tokens_to_ids(token): token for token in made.tokenizer.all_special_tokens
    }
    special.pop(made.unknown_id, None)  # a bracket that the vocabulary lacks is unknown, and rightly so
    for number, token in special.items():
        text = written.replace("{}", token)
        assert number not in body(made, "{text} It was {mask}.", text=text), token
        # The words of a template are text as well.
        assert number not in body(made, "{text} " + token + " It was {mask} " + token + ".", text="a film"), (
            token
        )


@pytest.mark.parametrize("kind", ["wordpiece", "masked bytes", "masked metaspace"])
def test_a_mask_in_a_text_is_not_the_slot(kind):
    """The answer is read at the template's slot, whatever a text says."""
    name = {"wordpiece": "bert", "masked bytes": "roberta", "masked metaspace": "deberta"}[kind]
    plm = adapter(name)
    text = f"a {plm.encoder.tokenizer.mask_token} film"
    encoded = plm.encoder.encode(Template.parse("{text} It was {mask}."), texts(text))
    assert plm.encoder.mask_id not in encoded.left[0] + encoded.right[0]


@ANY
def test_a_tokenizers_own_truncation_and_padding_do_nothing(kind):
    """As sentence encoders carry them in tokenizer.json (#30)."""
    made, plain = encoder(kind), encoder(kind)
    made.tokenizer.backend_tokenizer.enable_truncation(4)
    made.tokenizer.backend_tokenizer.enable_padding(length=40)
    made.tokenizer.padding_side = made.tokenizer.truncation_side = "left"
    # Built on a tokenizer that is set up so from the start.
    again = PromptEncoder(made.tokenizer, 64, made.tokenizer.bos_token_id)
    for text in ("good film", "a wonderful, funny and moving story, really great"):
        expected = plain.encode(PREFIX, texts(text))
        for other in (made, again):
            found = other.encode(PREFIX, texts(text))
            assert (found.left, found.right) == (expected.left, expected.right)
            assert not found.shortened.any()


@ANY
def test_two_words_are_a_handful_of_pieces(kind):
    made = encoder(kind, max_tokens=1000)
    assert len(body(made, "{text} {mask}", text="good film")) <= 10
    assert made.tokenizer.model_max_length > 10**9


def test_a_tokenizer_without_offsets_is_refused():
    class Slow:
        is_fast = False

    with pytest.raises(PLMError, match="Slow gives no character offsets"):
        PromptEncoder(Slow(), 10)


# Ids are those of the whole string -------------------------------------------------------------------


@ANY
@given(text=st.text(alphabet="a good film,.! é\n", max_size=20))
@example(text="")
@example(text="  ")
def test_left_ids_are_those_of_the_string(kind, text):
    made = encoder(kind, max_tokens=200)
    encoded = made.encode(PREFIX, texts(text), read_right=False)
    expected = made.tokenizer(f"{text.strip()} It was", add_special_tokens=False)["input_ids"]
    assert encoded.left[0] == made.prefix_ids + expected


@ANY
@given(many=st.lists(st.text(alphabet="good film, é", max_size=12), max_size=5))
def test_many_texts_are_encoded_as_each_alone(kind, many):
    made = encoder(kind, max_tokens=30)
    template = Template.parse("{text} It was {mask}, really.")
    together = made.encode(template, texts(*many))
    for i, text in enumerate(many):
        alone = made.encode(template, texts(text))
        assert (together.left[i], together.right[i]) == (alone.left[0], alone.right[0])


@pytest.mark.parametrize("kind", ["causal bytes", "causal metaspace"])
def test_a_prompt_without_a_token_gets_one_to_start_from(kind):
    encoded = encoder(kind).encode(Template.parse("{text}{mask}"), texts(""), read_right=False)
    assert len(encoded.left[0]) == 1


# Words in the slot -----------------------------------------------------------------------------------


def word(made: PromptEncoder, source: str, text: str) -> str:
    (ids,) = made.word_ids(Template.parse(source), [text])
    return made.tokenizer.decode(ids)


def test_a_word_is_spaced_as_its_slot_is():
    made = encoder("causal bytes")
    assert word(made, "{text} It was {mask}", "good") == " good"
    assert word(made, "{text} It was ({mask}", "good") == "good"
    assert word(made, "{text}{mask}", "good") == "good"
    assert word(made, "{text}\n{mask}", "good") == "good"
    assert word(made, "{mask}: {text}", "good") == "good"
    assert word(made, "{text} {mask}", "good") == " good"


@ANY
def test_a_word_continues_the_prompt_as_in_the_whole_string(kind):
    made = encoder(kind)
    for source in ("{text} It was {mask}", "({text}) This is ({mask}", "{text}\nSentiment: {mask}"):
        for answer in ("good", "very good", "goodness", "not bad!"):
            template = Template.parse(source)
            whole = template.fill({"text": "a film"}, answer)
            expected = made.tokenizer(whole, add_special_tokens=False)["input_ids"]
            left = body(made, source, text="a film")
            assert left + made.word_ids(template, [answer])[0] == expected, (source, answer)


def test_a_word_without_a_token_is_named():
    made = encoder("wordpiece")
    with pytest.raises(VerbalizerError, match="'☃' holds characters"):
        made.word_ids(PREFIX, ["good", "☃"])
    with pytest.raises(VerbalizerError, match="has no token"):
        made.word_ids(PREFIX, ["good", "\u0301"])  # an accent alone, which the normaliser takes away


# Shortening ------------------------------------------------------------------------------------------


@given(st.lists(st.integers(0, 12), min_size=1, max_size=5), st.integers(0, 40))
def test_water_level_takes_from_the_longest_one_by_one(counts, room):
    expected = list(counts)
    while sum(expected) > room:
        longest = max(expected)
        # Of equally long fields the last gives first.
        expected[len(expected) - 1 - expected[::-1].index(longest)] -= 1
    assert water_level(np.array(counts), room).tolist() == expected


@ANY
@given(a=st.integers(0, 40), b=st.integers(0, 40))
def test_the_longer_field_is_cut_first_and_the_template_never(kind, a, b):
    made = encoder(kind, max_tokens=50)
    template = Template.parse("{a} and {b} It was {mask}, really.")
    values = {"a": " ".join(["good"] * a), "b": " ".join(["bad"] * b)}
    encoded = made.encode(template, [Example(values)])
    ids = encoded.left[0] + encoded.right[0]
    whole = encoder(kind, max_tokens=10_000).encode(template, [Example(values)])
    n_whole = len(whole.left[0] + whole.right[0])
    assert encoded.shortened[0] == (n_whole > 49)
    assert len(ids) == min(n_whole, 49)
    if encoded.shortened[0]:
        assert encoded.right == whole.right
        text = made.tokenizer.decode(encoded.left[0], skip_special_tokens=True)
        assert text.replace(" ", "").endswith("Itwas".lower() if kind == "wordpiece" else "Itwas")


def test_the_head_of_a_field_stays():
    made = encoder("wordpiece", max_tokens=12)
    encoded = made.encode(PREFIX, texts("good bad great very film story plot acting goes nowhere"))
    assert encoded.shortened.tolist() == [True]
    # 12 tokens: [CLS], [SEP], the slot and "it was" leave seven.
    assert made.tokenizer.decode(encoded.left[0][1:]) == "good bad great very film story plot it was"


def test_room_is_kept_for_the_answer():
    made = encoder("wordpiece", max_tokens=20)
    for slot_tokens in (1, 4):
        encoded = made.encode(PREFIX, texts("good " * 50), slot_tokens=slot_tokens)
        assert len(encoded.left[0]) + len(encoded.right[0]) == 20 - slot_tokens


@ANY
@pytest.mark.parametrize("max_tokens", [1, 3])
def test_a_template_that_does_not_fit_is_refused(kind, max_tokens):
    made = encoder(kind, max_tokens)
    with pytest.raises(TemplateError, match="own words take") as caught:
        made.encode(Template.parse("{text} It was really very {mask}"), texts("a film"))
    assert caught.value.where == '"{text} It was really very {mask}"'


def test_of_a_long_template_that_does_not_fit_the_end_is_shown():
    made = encoder("wordpiece", 20)
    with pytest.raises(TemplateError, match="own words take") as caught:
        made.encode(Template.parse("good " * 100 + "{text} It was {mask}"), texts("a film"))
    assert str(caught.value.where).endswith('good {text} It was {mask}"')
    assert len(str(caught.value.where)) < 100


def test_examples_without_the_fields_text_are_as_they_are():
    made: Any = encoder("wordpiece")
    encoded = made.encode(PREFIX, texts("", "   ", "\n"))
    assert encoded.left[0] == encoded.left[1] == encoded.left[2]
