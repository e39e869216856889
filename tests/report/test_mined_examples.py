from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptsearch.engines.mining.mined import Sighting
from promptsearch.report.mined_examples import marked_line, pieces_of
from tests.report.mined import sighting
from tests.report.reading import READER, kinds, text_of
from tests.report.test_markdown import AWKWARD


def marked(found: Sighting) -> str:
    """The sentence in Markdown."""
    return marked_line(pieces_of(found))


def parts(markdown: str) -> tuple[str, list[str], list[str]]:
    """What a reader sees: all text, what is bold, what is code."""
    [_, inline, _] = READER.parse(f"x {markdown}")
    children = inline.children or []
    bold: list[str] = []
    for i, child in enumerate(children):
        if child.type == "strong_open":
            end = next(j for j in range(i, len(children)) if children[j].type == "strong_close")
            bold.append(text_of(children[i:end]))
    return text_of([inline])[2:], bold, [c.content for c in children if c.type == "code_inline"]


def test_sides_are_bold_and_the_words_between_are_code():
    found = sighting(
        "In 1867 Marie Curie was born in Warsaw, Poland.", "Marie Curie", "Warsaw", " was born in "
    )
    assert marked(found) == "In 1867 **Marie Curie** `was born in` **Warsaw**, Poland."


def test_words_begin_right_at_a_name():
    found = sighting("Freud's mother tongue was German.", "Freud", "German", "'s mother tongue was ")
    assert marked(found) == "**Freud**`'s mother tongue was` **German**."


def test_a_label_word_within_a_frame_is_bold():
    found = sighting("The food came late and it was bad all day.", "food", "bad", "it was bad all day")
    assert marked(found) == "The **food** came late and `it was` **bad** `all day`."


def test_a_side_that_is_not_there_is_not_marked():
    whole = Sighting("text.txt", 1, "It was bad.", (0, 0), (7, 10), (0, 10))
    assert marked(whole) == "`It was` **bad**."


@pytest.mark.parametrize("awkward", AWKWARD)
def test_what_looks_like_markup_is_text(awkward):
    sentence = f"{awkward} saw A{awkward} near {awkward}B {awkward}"
    found = sighting(sentence, f"A{awkward}", f"{awkward}B", " near ")
    markdown = marked(found)
    text, bold, code = parts(markdown)
    shown = awkward.replace("\n", "⏎")
    assert text == sentence.replace("\n", "⏎")
    assert (bold, code) == ([f"A{shown}", f"{shown}B"], ["near"])
    assert not kinds(READER.parse(markdown)) & {"html_inline", "link_open", "em_open", "image"}


@pytest.mark.parametrize(
    ("sentence", "x", "y", "words"),
    [
        ("«东京»是“日本”的首都。", "东京", "“日本”", "»是"),
        ("aU.S.b of (C.)d", "U.S.", "(C.)", "b of "),
        ("ולד פרויד בפרייברג", "פרויד", "בפרייברג", " "),
        ("*a*b*c*", "*a*", "*c*", "b"),
    ],
)
def test_marks_hold_beside_punctuation(sentence, x, y, words):
    text, bold, code = parts(marked(sighting(sentence, x, y, words)))
    assert text == sentence
    assert bold == [x, y]
    assert code == ([words.strip()] if words.strip() else [])


@given(
    st.lists(st.text("ab*_`(.é东 \\&;<", min_size=1, max_size=5).filter(str.strip), min_size=5, max_size=5)
)
def test_any_sentence_survives(pieces):
    before, x, between, y, after = pieces
    x, y = x.strip(), y.strip()
    start, end = len(before) + len(x), len(before) + len(x) + len(between)
    sentence = "".join((before, x, between, y, after))
    found = Sighting("", 1, sentence, (len(before), start), (end, end + len(y)), (start, end))
    text, bold, code = parts(marked(found))
    assert "".join(text.split()) == "".join(sentence.split())
    assert bold == [" ".join(x.split()), " ".join(y.split())]
    assert code == [" ".join(between.split())]


def test_long_sentences_are_cut_far_from_the_marks():
    sentence = f"{'a' * 300} Rome lies in Italy {'b' * 300}"
    shown = marked(sighting(sentence, "Rome", "Italy", " lies in "))
    assert shown == f"… {'a' * 80} **Rome** `lies in` **Italy** {'b' * 80} …"


def test_what_lies_between_two_marks_is_cut_in_its_middle():
    sentence = f"the film {'c' * 100} {'d' * 100} it was bad"
    shown = marked(sighting(sentence, "film", "bad", "it was bad"))
    assert shown == f"the **film** {'c' * 80} … {'d' * 80} `it was` **bad**"


def test_a_sentence_in_pieces_is_the_whole_of_it():
    found = sighting("In 1867 Marie Curie was born in Warsaw.", "Marie Curie", "Warsaw", " was born in ")
    assert pieces_of(found) == (
        ("In 1867 ", ""),
        ("Marie Curie", "name"),
        (" was born in ", "between"),
        ("Warsaw", "name"),
        (".", ""),
    )
