from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptsearch.errors import TemplateError
from promptsearch.template import Field, Mask, Soft, Template, Text, Tokens, Trigger, point_at

PIECES_HINT = (
    "Pieces are {mask}, {soft*5}, {soft:words}, {trigger*3} and fields such as {text}, "
    "named with letters, digits and _."
)
IDS = "must have between 1 and 1000 token ids, with one blank between them"
NUMBERED = "must have between 1 and 1000 tokens"


def refusal(source: str) -> TemplateError:
    with pytest.raises(TemplateError) as caught:
        Template.parse(source)
    return caught.value


# --- what is read --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "pieces"),
    [
        ("{mask}", (Mask(),)),
        ("{text} It was {mask}.", (Field("text"), Text(" It was "), Mask(), Text("."))),
        ("{text_a}? {mask}, {text_b}", (Field("text_a"), Text("? "), Mask(), Text(", "), Field("text_b"))),
        ("{_x1}{mask}", (Field("_x1"), Mask())),
        ("{評論}{mask}", (Field("評論"), Mask())),
        ("{soft*5}{mask}", (Soft(count=5), Mask())),
        ("{soft:it was}{mask}", (Soft(init="it was"), Mask())),
        ("{soft: it: was*3 }{mask}", (Soft(init=" it: was*3 "), Mask())),
        ("{trigger*1000}{mask}", (Trigger(1000), Mask())),
        ("{ids:0 12 345}{mask}", (Tokens((0, 12, 345)), Mask())),
        ("{ids}{mask}", (Field("ids"), Mask())),
        ("{{{mask}}}", (Text("{"), Mask(), Text("}"))),
        ("{{mask}} {mask}", (Text("{mask} "), Mask())),
        ("}}{{{{{mask}", (Text("}{{"), Mask())),
        ("a\r\n\tb {mask}\n", (Text("a\r\n\tb "), Mask(), Text("\n"))),
    ],
)
def test_a_source_is_read_into_pieces_and_printed_again(source, pieces):
    template = Template.parse(source)
    assert template.pieces == pieces
    assert str(template) == source


def test_parts_around_the_slot():
    template = Template.parse("{b} and {a}, {mask} of {b}")
    assert template.fields == ("b", "a")
    assert template.slot == 4
    assert template.left == (Field("b"), Text(" and "), Field("a"), Text(", "))
    assert template.right == (Text(" of "), Field("b"))


@pytest.mark.parametrize(
    ("source", "form"),
    [
        ("{text} {mask}", "prefix"),
        ("{text} {mask} \n", "prefix"),
        ("{text} {mask}.", "cloze"),
        ("{mask}{text}", "cloze"),
        ("{text}{mask}{soft*1}", "cloze"),
        ("{text}{mask}{ids:7}", "cloze"),
    ],
)
def test_form(source, form):
    assert Template.parse(source).form == form


@pytest.mark.parametrize(
    ("source", "free"),
    [
        ("{text} {mask}", False),
        ("{soft*1} {mask}", True),
        ("{mask} {soft:a}", True),
        ("{mask}{trigger*2}", True),
        ("{ids:1 2} {mask}", False),
    ],
)
def test_free_slots(source, free):
    assert Template.parse(source).has_free_slots is free


def test_fill_shows_the_prompt():
    template = Template.parse("{a}|{{x}}|{b}|{mask}|{soft*2}|{a}")
    assert template.fill({"a": "{mask}", "b": 3}) == "{mask}|{x}|3|{mask}|{soft*2}|{mask}"
    assert template.fill({"a": "A"}, answer="good") == "A|{x}||good|{soft*2}|A"
    assert Template.parse("{a} {ids:12 0} {mask}").fill({"a": "A"}) == "A ⟨12 0⟩ {mask}"


# --- what a search found -------------------------------------------------------------------------------


def test_tokens_take_the_place_of_triggers_in_order():
    template = Template.parse("{trigger*2} {text} {soft*1} {mask}{trigger*1}")
    assert str(template.with_tokens([[5, 6], [7]])) == "{ids:5 6} {text} {soft*1} {mask}{ids:7}"


def test_words_bring_their_own_blanks():
    template = Template.parse("{text}  {trigger*2} It was {trigger*1}. {mask} {trigger*1} ")
    words = template.with_words([" so much", "ing", " {film}"])
    assert str(words) == "{text} so much It wasing. {mask} {{film}} "
    assert words == Template.parse(str(words))


@pytest.mark.parametrize("found", [[], ["a"], ["a", "b", "c"]])
def test_every_trigger_gets_something(found):
    template = Template.parse("{text} {trigger*2} {trigger*1} {mask}")
    with pytest.raises(ValueError, match="zip"):
        template.with_words(found)
    with pytest.raises(ValueError, match="zip"):
        template.with_tokens([[1]] * len(found))


# --- what is refused -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "message", "caret", "hint"),
    [
        ("a } {mask}", "a } without its {", 2, "Write }} for a literal brace."),
        ("{mask} }", "a } without its {", 7, "Write }} for a literal brace."),
        ("{text}} {mask}", "a } without its {", 6, "Write }} for a literal brace."),
        ("{text {mask}", "a { that is never closed", 0, "Write {{ for a literal brace."),
        ("{mask} {", "a { that is never closed", 7, "Write {{ for a literal brace."),
        ("{mask} {{{", "a { that is never closed", 9, "Write {{ for a literal brace."),
        ("{mask}{}", "empty braces", 6, PIECES_HINT),
        ("{mask} {a-b}", '"{a-b}" is not a piece of a template', 7, PIECES_HINT),
        ("{mask} {1}", '"{1}" is not a piece of a template', 7, PIECES_HINT),
        ("{mask} {my field}", '"{my field}" is not a piece of a template', 7, PIECES_HINT),
        ("{mask*2}", '"{mask*2}" is not a piece of a template', 0, PIECES_HINT),
        ('{"mask"}', "'{\"mask\"}' is not a piece of a template", 0, PIECES_HINT),
        ("{ text } {mask}", 'blanks in "{ text }"', 0, "Write {text}."),
        ("{text} {mask }", 'blanks in "{mask }"', 7, "Write {mask}."),
        ("{soft * 3} {mask}", 'blanks in "{soft * 3}"', 0, "Write {soft*3}."),
        ("{soft} {mask}", "{soft} needs a number of tokens", 0, "For example {soft*3}."),
        ("{trigger} {mask}", "{trigger} needs a number of tokens", 0, "For example {trigger*3}."),
        ("{text} {MASK}", "{MASK} cannot name a field", 7, "Write {mask} in lower case."),
        ("{soft*0} {mask}", f'"{{soft*0}}" {NUMBERED}', 0, "For example {soft*3}."),
        ("{trigger*1001} {mask}", f'"{{trigger*1001}}" {NUMBERED}', 0, "For example {trigger*3}."),
        ("{trigger*03} {mask}", f'"{{trigger*03}}" {NUMBERED}', 0, "For example {trigger*3}."),
        ("{trigger*-1} {mask}", f'"{{trigger*-1}}" {NUMBERED}', 0, "For example {trigger*3}."),
        ("{trigger*} {mask}", f'"{{trigger*}}" {NUMBERED}', 0, "For example {trigger*3}."),
        ("{trigger*٣} {mask}", f'"{{trigger*٣}}" {NUMBERED}', 0, "For example {trigger*3}."),
        ("{ids:} {mask}", f'"{{ids:}}" {IDS}', 0, "For example {ids:2307 318}."),
        ("{mask} {ids: 1}", f'"{{ids: 1}}" {IDS}', 7, "For example {ids:2307 318}."),
        ("{ids:1  2} {mask}", f'"{{ids:1  2}}" {IDS}', 0, "For example {ids:2307 318}."),
        ("{ids:1,2} {mask}", f'"{{ids:1,2}}" {IDS}', 0, "For example {ids:2307 318}."),
        ("{ids:-1} {mask}", f'"{{ids:-1}}" {IDS}', 0, "For example {ids:2307 318}."),
        ("{ids:01} {mask}", f'"{{ids:01}}" {IDS}', 0, "For example {ids:2307 318}."),
        ("{ids:٣} {mask}", f'"{{ids:٣}}" {IDS}', 0, "For example {ids:2307 318}."),
        ("{ids:1234567890} {mask}", f'"{{ids:1234567890}}" {IDS}', 0, "For example {ids:2307 318}."),
        (
            "{mask} {soft: }",
            "{soft:…} without words to start from",
            7,
            "Write {soft*5} for five free soft tokens.",
        ),
        (
            "{mask} {soft:a {{b}}}",
            "the words of {soft:…} are never closed, or hold a brace",
            7,
            "End them with }; braces, doubled or not, cannot stand in them.",
        ),
        (
            "{mask} or {mask}",
            "the template has more than one answer slot",
            10,
            "Keep one {mask}; an answer of several tokens needs no second slot.",
        ),
        (
            "{text} it was ",
            "the template has no answer slot {mask}",
            13,
            'Put {mask} where the answer belongs, for example "{text} it was {mask}".',
        ),
        (
            "",
            "the template has no answer slot {mask}",
            0,
            'Put {mask} where the answer belongs, for example "{mask}".',
        ),
        (
            "{text} [MASK].",
            "the template has no answer slot {mask}",
            7,
            "Write {mask} in place of [MASK].",
        ),
    ],
)
def test_a_mistake_is_named_and_pointed_at(source, message, caret, hint):
    error = refusal(source)
    assert error.message == message
    assert error.where == f"{source}\n{' ' * caret}^"
    assert error.hint == hint


def test_the_caret_stands_under_its_own_line():
    assert refusal("One\ntwo {bad piece} {mask}\nthree").where == "two {bad piece} {mask}\n    ^"
    assert refusal("a {mask}\r\nb {mask}\r\nc").where == "b {mask}\n  ^"


def test_the_caret_counts_characters():
    assert refusal("naïve 評論 }").where == "naïve 評論 }\n         ^"


def test_the_hint_of_a_long_template_is_short():
    error = refusal("x" * 5000)
    assert error.hint == f'Put {{mask}} where the answer belongs, for example "…{"x" * 65} {{mask}}".'


@pytest.mark.parametrize(
    "make",
    [
        lambda: Field("a b"),
        lambda: Field(""),
        lambda: Field("mask"),
        lambda: Field("soft"),
        lambda: Soft(),
        lambda: Soft(count=2, init="a"),
        lambda: Soft(count=0),
        lambda: Soft(init=" "),
        lambda: Soft(init="a}"),
        lambda: Trigger(0),
        lambda: Tokens(()),
        lambda: Tokens((-1,)),
        lambda: Tokens((1,) * 1001),
        lambda: Template((Text("a"),)),
        lambda: Template((Mask(), Mask())),
    ],
)
def test_pieces_that_could_not_be_read_again_cannot_be_made(make):
    with pytest.raises(TemplateError):
        make()


# --- fitting a task and a PLM --------------------------------------------------------------------------


def test_an_unknown_field_is_pointed_at_with_the_nearest_one():
    template = Template.parse("{{txet}} {text} {txet} {mask}")
    with pytest.raises(TemplateError) as caught:
        template.check_fields(["text", "title"])
    assert caught.value.message == "the template names the field {txet}, which the task does not have"
    assert caught.value.where == "{{txet}} {text} {txet} {mask}\n                ^"
    assert caught.value.hint == "Did you mean {text}? Fields of the task: {text}, {title}."


def test_a_template_without_fields_is_refused_for_a_task_that_has_some():
    template = Template.parse("It was {mask}")
    with pytest.raises(TemplateError, match="reads no field"):
        template.check_fields(["text"])
    template.check_fields([])


def test_known_fields_pass():
    assert Template.parse("{b} {mask}").check_fields(["a", "b"]) is None


def test_text_after_the_slot_is_refused_for_a_left_to_right_plm():
    template = Template.parse("{{mask}} {text} {mask} film")
    with pytest.raises(TemplateError) as caught:
        template.check_left_to_right("gpt")
    assert (
        caught.value.message == "text after {mask} cannot be read by gpt, which reads from left to right only"
    )
    assert caught.value.where == "{{mask}} {text} {mask} film\n                       ^"
    assert (
        caught.value.hint == 'End the template with the slot: "{{mask}} {text} {mask}", or take a masked PLM.'
    )


def test_a_field_after_the_slot_is_not_advised_away():
    with pytest.raises(TemplateError) as caught:
        Template.parse("{mask}:\n{text}").check_left_to_right("gpt")
    assert caught.value.hint == "Move {mask} to the end, or take a masked PLM."


def test_blanks_after_the_slot_pass_on_a_left_to_right_plm():
    assert Template.parse("{text} {mask} \n").check_left_to_right("gpt") is None


# --- pointing ------------------------------------------------------------------------------------------


def test_point_at_shows_the_surroundings_in_a_long_line():
    shown, caret = point_at("a" * 100 + "X" + "b" * 100, 100).split("\n")
    assert shown == "…" + "a" * 36 + "X" + "b" * 35 + "…"
    assert shown[caret.index("^")] == "X"


@given(st.text(max_size=200).filter(lambda text: "\r" not in text), st.data())
def test_the_caret_is_under_the_character(source, data):
    position = data.draw(st.integers(0, len(source)))
    shown, caret = point_at(source, position).rsplit("\n", 1)
    assert caret.strip(" \t") == "^"
    column = len(caret) - 1
    char = source[position : position + 1]
    if char not in ("", "\n") and char.isprintable():
        assert shown[column] == char
    else:
        assert column <= len(shown)


def test_point_at_keeps_tabs_and_drops_what_steers_a_terminal():
    assert point_at("\ta\x1b[31m}", 7) == "\ta\ufffd[31m}\n\t      ^"


# --- round trips ---------------------------------------------------------------------------------------

names = st.sampled_from(["text", "text_a", "subject", "评论", "_", "x1"])
words = st.text(alphabet=st.sampled_from("ab {}*:\n\té評"), max_size=8)
inits = words.map(lambda text: text.replace("{", "").replace("}", "") + "w")
pieces = st.one_of(
    words.map(Text),
    names.map(Field),
    st.integers(1, 1000).map(lambda n: Soft(count=n)),
    inits.map(lambda init: Soft(init=init)),
    st.integers(1, 1000).map(Trigger),
    st.lists(st.integers(0, 10**9 - 1), min_size=1, max_size=4).map(lambda ids: Tokens(tuple(ids))),
)


@given(st.lists(pieces, max_size=6), st.lists(pieces, max_size=6))
def test_what_is_printed_is_read_as_the_same_template(left, right):
    template = Template((*left, Mask(), *right))
    assert Template.parse(str(template)) == template
    assert hash(Template.parse(str(template))) == hash(template)


@given(st.lists(pieces, max_size=6))
def test_neighbouring_texts_are_one_and_empty_ones_none(left):
    found = Template((*left, Mask())).left
    assert "".join(map(str, found)) == "".join(map(str, left))
    assert all(piece != Text("") for piece in found)
    assert not any(isinstance(a, Text) and isinstance(b, Text) for a, b in pairwise(found))


@given(st.lists(pieces, max_size=6), st.data())
def test_found_tokens_and_words_leave_the_rest_as_it_is(left, data):
    template = Template((*left, Mask()))
    counts = [piece.count for piece in template.pieces if isinstance(piece, Trigger)]
    ids = [data.draw(st.lists(st.integers(0, 9), min_size=1, max_size=3)) for _ in counts]
    tokens = template.with_tokens(ids)
    assert Template.parse(str(tokens)) == tokens
    assert len(tokens.pieces) == len(template.pieces)
    for before, after in zip(template.pieces, tokens.pieces):
        assert isinstance(after, Tokens) if isinstance(before, Trigger) else after == before
    texts = template.with_words([data.draw(words) for _ in counts])
    assert Template.parse(str(texts)) == texts
    assert [piece for piece in texts.pieces if not isinstance(piece, Text)] == [
        piece for piece in template.pieces if not isinstance(piece, Text | Trigger)
    ]


sources = st.one_of(
    st.text(max_size=30),
    st.lists(
        st.sampled_from(
            ["{", "}", "{{", "}}", "{mask}", "{text}", "soft", ":", "*", "trigger", "ids:", "3", " ", "\n"]
        ),
        max_size=12,
    ).map("".join),
)


@given(sources)
def test_any_source_is_refused_or_printed_as_it_was(source):
    try:
        template = Template.parse(source)
    except TemplateError:
        error = refusal(source)
        assert error.where is not None
        assert error.where.endswith("^")
        assert error.hint
    else:
        assert str(template) == source
        assert Template.parse(str(template)) == template


@given(st.text(max_size=40))
def test_doubled_braces_are_literal(text):
    source = text.replace("{", "{{").replace("}", "}}") + "{mask}"
    assert Template.parse(source).fill({}, answer="") == text
