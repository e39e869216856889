"""Salient words: what many inputs share."""

from promptsearch.engines.mining.salient import salient_words
from promptsearch.engines.mining.words import Words

TEXTS = [
    "The film has a great plot and 12 Special Effects.",
    "A film of good special effects, film after film.",
    "Plot: the film is 2nd rate; x marks it.",
    "Great special effects!",
]


def test_words_are_ranked_by_texts_times_words() -> None:
    # special effects: 3 texts × 2 words; film: 3; effects, special: 3; plot: 2. "rate" is in one text only.
    found = salient_words(TEXTS, [["good"], ["great"]], Words())
    assert found == ["special effects", "effects", "film", "special", "plot"]


def test_a_word_counts_once_a_text() -> None:
    assert salient_words(["film film", "film", "plot", "plot", "plot"], [], Words()) == ["plot", "film"]


def test_no_more_are_given_than_asked_for() -> None:
    assert salient_words(TEXTS, [], Words(), most=2) == ["special effects", "effects"]


def test_label_words_are_left_out_also_as_phrases_and_in_capitals() -> None:
    texts = ["Special effects", "special EFFECTS"]
    assert salient_words(texts, [["Special Effects"]], Words()) == ["effects", "special"]
    assert salient_words(texts, [["SPECIAL"]], Words()) == ["effects"]


def test_no_phrase_goes_over_a_mark() -> None:
    assert salient_words(["plot, cast"] * 2, [], Words()) == ["cast", "plot"]


def test_accents_are_folded_as_chosen() -> None:
    assert salient_words(["Café", "cafe"], [], Words()) == ["cafe"]
    assert salient_words(["Café", "cafe"], [], Words(fold_accents=False)) == []


def test_a_chinese_character_is_a_word() -> None:
    assert salient_words(["书", "书"], [], Words()) == ["书"]


def test_no_texts_have_no_salient_words() -> None:
    assert salient_words([], [["good"]], Words()) == []
