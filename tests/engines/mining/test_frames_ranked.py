"""Ranking frames: every label in balance, wordings merged, templates built."""

import gzip
import json
import math
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from promptsearch.corpus import Corpus, SegmentText
from promptsearch.engines.mining.counts import merge
from promptsearch.engines.mining.frames import FrameCounter
from promptsearch.engines.mining.framing import Frame, balance_of, templates_of, top_frames
from promptsearch.engines.mining.salient import salient_words
from promptsearch.engines.mining.words import Words
from promptsearch.knowledge.lexicon import Lexicon

DATA = os.environ.get("PROMPTSEARCH_DATA")
LABELS = [["bad", "dull", "sad"], ["good", "fine", "great"]]


def ranked(sentences: Sequence[str], labels: Sequence[Sequence[str]] = LABELS, **options: Any) -> list[Frame]:
    counter = FrameCounter.of(labels, (), Words())
    text = SegmentText(list(enumerate(sentences)), len(sentences), 0)
    return top_frames(counter.count(text), counter, sources=["text.txt"], **options)


def said(template: str, words: str) -> list[str]:
    return [template.replace("_", word) for word in words.split()]


def test_a_frame_is_ranked_by_its_least_label_and_its_balance() -> None:
    frames = ranked(said("It was _.", "bad dull sad good fine") + said("A _ film.", "bad good great"))
    # Rates: "it was" 3/3 of the negative pairs and 2/3 of the positive; "film" 1/3 and 2/3.
    assert [str(frame.cloze[0]) for frame in frames] == ["{text} It was {mask}.", "{text} A {mask} film."]
    assert [frame.balance for frame in frames] == pytest.approx([2 / 3, 1 / 2])
    assert [frame.score for frame in frames] == pytest.approx([2 / 3 * math.log2(3), 1 / 2])
    assert [frame.support for frame in frames] == [5, 3]
    assert frames[0].words_by_label == (("bad", "dull", "sad"), ("good", "fine"))
    assert [label.pairs for label in frames[0].by_label] == [3, 2]


def test_a_frame_of_one_label_is_dropped() -> None:
    assert ranked([*said("I hate this _ film.", "bad dull sad"), "It was good."]) == []


def test_a_frame_out_of_balance_is_dropped() -> None:
    lists = [[f"b{i}" for i in range(10)], ["good"]]
    # Two of the ten negative words against the only positive one: a balance of 0.2.
    sentences = said("It was _.", "b0 b1 good") + said("So _ things.", " ".join(lists[0]))
    assert ranked(sentences, lists, balance=0.21) == []
    assert [frame.balance for frame in ranked(sentences, lists, balance=0.2)] == [0.2]


def test_one_word_a_label_is_too_little_unless_there_are_no_more() -> None:
    assert ranked(["It was bad.", "It was good."]) == []
    assert len(ranked(["It was bad.", "It was good."], [["bad"], ["good"]])) == 1


def test_more_words_of_each_label_can_be_asked_for() -> None:
    sentences = said("It was _.", "bad dull good")
    assert len(ranked(sentences)) == 1
    assert ranked(sentences, least=2) == []


def test_some_labels_may_be_missing_where_that_is_allowed() -> None:
    topics = [["war", "peace"], ["football"], ["money"], ["physics"]]
    sentences = [*said("News of _.", "war peace football money"), "So much for physics."]
    assert ranked(sentences, topics) == []
    (frame,) = ranked(sentences, topics, share_of_labels=0.75)
    assert (frame.balance, frame.score) == (1.0, 1.0)
    assert [label.pairs for label in frame.by_label] == [2, 1, 1, 0]


@pytest.mark.parametrize(
    ("rates", "needed", "expected"), [([0.5, 0.25], 2, 0.5), ([0.5, 0.0, 0.4], 2, 0.8), ([0.0, 0.0], 2, 0.0)]
)
def test_balance(rates: list[float], needed: int, expected: float) -> None:
    assert balance_of(rates, needed) == expected


def test_wordings_that_differ_in_case_articles_and_marks_are_one() -> None:
    sentences = [
        *said("The acting was _.", "bad dull good"),
        *said("THE ACTING WAS _!", "sad"),
        *said("Acting was _;", "great"),
    ]
    (frame,) = ranked(sentences)
    assert str(frame.cloze[0]) == "{text} The acting was {mask}."
    assert frame.support == 5
    assert frame.merged == ("Acting was {mask}", "THE ACTING WAS {mask}", "THE ACTING WAS {mask}!")


def test_a_question_and_an_article_before_the_slot_are_other_frames() -> None:
    sentences = (
        said("Was it _?", "bad dull good")
        + said("It was _.", "sad bad fine")
        + said("It was a _.", "sad bad fine")
    )
    assert {str(frame.cloze[0]) for frame in ranked(sentences)} == {
        "{text} Was it {mask}?",
        "{text} It was {mask}.",
        "{text} It was a {mask}.",
    }


def test_fragments_make_no_frames_of_their_own() -> None:
    sentences = [*said("Yesterday we all thought it was _.", "bad dull good"), "So it was fine."]
    found = {str(frame.cloze[0]) for frame in ranked(sentences)}
    assert "{text} It was {mask}." in found
    assert "{text} Thought it was {mask}." not in found


def test_a_frame_that_only_ends_a_longer_one_gives_way_to_it() -> None:
    sentences = said("All in all it was _.", "bad dull good fine") + said("It was _.", "sad great")
    assert {str(frame.cloze[0]) for frame in ranked(sentences)} == {
        "{text} All in all it was {mask}.",
        "{text} It was {mask}.",
    }


@pytest.mark.parametrize(
    ("together", "apart", "whole"),
    [("bad dull good fine", "", False), ("bad dull good fine great", "sad", False),
     ("bad dull good fine", "sad", True)],
)  # fmt: skip
def test_a_frame_stands_where_a_fifth_of_its_pairs_is_met_without_the_longer_one(
    together: str, apart: str, whole: bool
) -> None:
    sentences = said("Truly the acting was _.", together) + said("The acting was _.", apart)
    found = {str(frame.cloze[0]) for frame in ranked(sentences)}
    assert "{text} Truly the acting was {mask}." in found
    assert ("{text} The acting was {mask}." in found) is whole


def test_the_same_pairs_in_other_sentences_make_a_frame_of_its_own() -> None:
    words = "bad dull good fine"
    sentences = said("The acting was _.", words) + said("Truly the acting was _.", words)
    assert {str(frame.cloze[0]) for frame in ranked(sentences)} == {
        "{text} The acting was {mask}.",
        "{text} Truly the acting was {mask}.",
    }


def test_what_follows_the_slot_or_asks_is_no_tail() -> None:
    words = "bad dull good fine"
    sentences = said("Truly, was it _?", words) + said("Truly the _ acting.", words)
    found = {str(frame.cloze[0]) for frame in ranked(sentences)}
    assert {"{text} Truly, was it {mask}?", "{text} Truly the {mask} acting."} <= found


def test_fragments_add_to_clauses_of_the_same_words() -> None:
    sentences = [*said("Dialogue felt _.", "bad good"), *said("We say dialogue felt _.", "dull fine")]
    frame = next(f for f in ranked(sentences) if str(f.cloze[0]) == "{text} Dialogue felt {mask}.")
    assert frame.support == 4


def test_articles_alone_are_no_frame() -> None:
    assert ranked(said("The _.", "bad dull good fine")) == []


def test_templates_of_one_field_and_of_two() -> None:
    cloze, prefix = templates_of("It was {mask}", ("text",))
    assert [*map(str, cloze), str(prefix)] == [
        "{text} It was {mask}.",
        "It was {mask}. {text}",
        "{text} It was {mask}",
    ]
    cloze, prefix = templates_of("What a {mask} {{pair}}!", ("text_a", "text_b"))
    assert [str(t) for t in cloze] == [
        "{text_a}\n{text_b} What a {mask} {{pair}}!",
        "What a {mask} {{pair}}! {text_a}\n{text_b}",
    ]
    assert prefix is None
    assert str(templates_of("Was it {mask}?", ("text",))[1]) == "{text} Was it {mask}"


def test_examples_show_where_the_frame_stands() -> None:
    (frame,) = ranked(
        said("He says: it was _; so it all came to its proper end.", "bad dull good"), examples=2, most=1
    )
    assert [(example.line, example.source) for example in frame.sightings] == [
        (1, "text.txt"),
        (2, "text.txt"),
    ]
    first = frame.sightings[0]
    assert str(frame.cloze[0]) == "{text} It was {mask}."
    assert (first.sentence[slice(*first.words)], first.sentence[slice(*first.y)]) == ("it was bad", "bad")


def test_the_record_is_json() -> None:
    (frame,) = ranked(said("It was _.", "bad dull good"))
    record = json.loads(json.dumps(frame.record()))
    assert record["templates"][1] == "It was {mask}. {text}"
    assert record["by_label"] == [{"words": ["bad", "dull"], "pairs": 2}, {"words": ["good"], "pairs": 1}]
    assert record["examples"][0]["words"] == [0, 10]


def test_no_text_has_no_frames() -> None:
    assert ranked([]) == []


@pytest.mark.shared_data
@pytest.mark.skipif(not DATA, reason="needs PROMPTSEARCH_DATA")
def test_reviews_give_frames_that_a_person_would_write() -> None:
    path = Path(str(DATA)) / "imdb" / "train.jsonl.gz"
    with gzip.open(path, "rt", encoding="utf-8") as file:
        texts = [json.loads(line)["text"] for line in file][:1000]
    lexicon = Lexicon.for_labels(["negative", "positive"])
    entries = [lexicon.entry_for(label) for label in ("negative", "positive")]
    lists = [list(entry.words) for entry in entries if entry is not None]
    words = Words()
    counter = FrameCounter.of(lists, salient_words(texts, lists, words), words)
    corpus = Corpus.of_texts(texts, sentences="rules")
    counts = merge(counter.count(corpus.read(part), part.source, part.index) for part in corpus.segments())
    found = {str(frame.cloze[0]) for frame in top_frames(counts, counter, most=60)}
    natural = {
        "It was {mask}.",
        "It is {mask}.",
        "It's {mask}.",
        "The acting is {mask}.",
        "The film is {mask}.",
        "The movie is {mask}.",
    }
    assert len({f"{{text}} {frame}" for frame in natural} & found) >= 2
