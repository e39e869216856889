"""Counting frames around label words: hand-counted sentences, and a slow reference."""

import pickle
from collections.abc import Sequence
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptsearch.corpus import SegmentText
from promptsearch.engines.mining.counts import Place, merge
from promptsearch.engines.mining.frames import FRAGMENT, STANDING, FrameCounter
from promptsearch.engines.mining.words import Words
from promptsearch.errors import VerbalizerError
from promptsearch.verbalizer import Label

LABELS: dict[Label, list[str]] = {"negative": ["bad", "dull", "waste of time"], "positive": ["good", "fine"]}


def counter(salient: Sequence[str] = (), longest: int = 8, right: int = 4) -> FrameCounter:
    return FrameCounter.of(LABELS, salient, Words(), longest, right)


def text_of(*sentences: str) -> SegmentText:
    return SegmentText(list(enumerate(sentences)), len(sentences), sum(map(len, sentences)))


def frames(sentence: str, right: int = 4) -> set[tuple[str, int]]:
    """Text and order of all frames of a sentence that stand by themselves."""
    counts = counter(right=right).count(text_of(sentence))
    return {(key.text, key.order) for key in counts.seen if key.group == STANDING}


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("it was good.", {("It was {mask}", 0)}),
        ("A GOOD film", {("A {mask} film", 1)}),
        ("What a good evening!", {("What a {mask} evening", 1), ("What a {mask} evening!", 1)}),
        ("All in all, it was good.", {("It was {mask}", 0), ("All in all, it was {mask}", 0)}),
        ("He left, and it was good", {("It was {mask}", 0), ("He left, and it was {mask}", 0)}),
        ("Was it good?", {("Was it {mask}?", 0)}),
        ("a total waste of time", {("A total {mask}", 0)}),
        ("{sic} it was good", {("{{sic}} it was {mask}", 0), ("It was {mask}", 0)}),
        ("It was bad taste or good", set()),
        ("Good.", set()),
        ("... good!", set()),
        ("It was not good.", set()),
        ("It isn't a good film.", set()),
        ("It never was, but it is good.", {("It is {mask}", 0), ("It never was, but it is {mask}", 0)}),
        ("a good-natured film", set()),
        ("the good's end", set()),
        ("goodness, it was goods", set()),
        ("It was good or bad", {("It was {mask}", 0)}),
        ("He works in bad of late", {("He works in {mask}", 0), ("He works in {mask} of late", 1)}),
        ("Was it good or what?", {("Was it {mask}?", 0), ("Was it {mask} or what?", 1)}),
        ("a dull, slow film", set()),
        ("a sad, dull film", {("{mask} film", 1), ("A sad, {mask} film", 1)}),
        ("it is a dull thing of six or seven", {("It is a {mask} thing of six or seven", 1)}),
        ("it is a dull thing of six or seven words", set()),
    ],
)
def test_frames_of_a_sentence(sentence: str, expected: set[tuple[str, int]]) -> None:
    assert frames(sentence) == expected


def test_an_ending_is_a_phrase_or_a_fragment() -> None:
    counts = counter().count(text_of("Yesterday I thought it was good"))
    assert {(key.group, key.text) for key in counts.seen} == {
        (STANDING, "Yesterday I thought it was {mask}"),
        (STANDING, "I thought it was {mask}"),
        (FRAGMENT, "Thought it was {mask}"),
        (STANDING, "It was {mask}"),
    }


def test_endings_have_two_to_five_words() -> None:
    counts = counter().count(text_of("One can say of it all that the new film is good"))
    assert {key.text for key in counts.seen} == {
        f"{words} {{mask}}" for words in ("That the new film is", "The new film is", "New film is", "Film is")
    }


def test_one_or_two_clauses_lead_in() -> None:
    sentence = "I went, well, in the end, it was good; nobody else went there with me"
    assert frames(sentence) == {
        ("It was {mask}", 0),
        ("In the end, it was {mask}", 0),
        ("Well, in the end, it was {mask}", 0),
    }


def test_a_clause_without_its_subject_is_a_fragment() -> None:
    counts = counter().count(text_of('"The Crowd" is good'))
    groups = {key.text: key.group for key in counts.seen}
    assert groups["Is {mask}"] == FRAGMENT


def test_words_behind_the_slot_are_bounded() -> None:
    sentence = "a good film of the old sort, I say to all who may care about such things"
    assert frames(sentence, right=5) == {("A {mask} film of the old sort", 1)}
    assert frames(sentence, right=4) == set()


def test_distinct_pairs_are_counted_with_their_first_place() -> None:
    counts = counter(["film", "plot"]).count(
        text_of(
            "the film was good", "The Plot was good, the film was good", "The film was bad", "it was bad"
        ),
        3,
        7,
    )
    seen = {key.text: places for key, places in counts.seen.items() if key.group == STANDING}
    assert seen["The film was {mask}"] == {
        (0, 3): Place(3, 7, 0, 0, "the film was good", (4, 8), (13, 17)),
        (1, 3): Place(3, 7, 1, 1, "The Plot was good, the film was good", (4, 8), (32, 36)),
        (0, 0): Place(3, 7, 2, 2, "The film was bad", (4, 8), (13, 16)),
    }
    assert seen["It was {mask}"] == {(-1, 0): Place(3, 7, 3, 3, "it was bad", (0, 0), (7, 10))}
    assert counts.together == {(1, (0, 3)), (1, (1, 3)), (0, (0, 0)), (0, (-1, 0))}
    assert (counts.sentences, counts.matched, counts.names) == (4, 4, {0, 3})


def test_a_salient_word_inside_the_label_word_does_not_count() -> None:
    def xs(sentence: str) -> set[int]:
        seen = counter(["time"]).count(text_of(sentence)).seen
        return {x for places in seen.values() for x, _ in places}

    assert xs("it was a waste of time") == {-1}
    assert xs("this time it was a waste of time") == {0}


def test_words_of_two_labels_are_left_out() -> None:
    one = FrameCounter.of([["good", "nice"], ["bad", "Nice"]], [], Words())
    assert one.answers == ("good", "bad")
    with pytest.raises(VerbalizerError, match="label 1 has no word"):
        FrameCounter.of([["good", "nice"], ["Nice"]], [], Words())


def test_a_counter_survives_pickling() -> None:
    text = text_of("it was good", "it was bad")
    one = counter(["it"])
    assert pickle.loads(pickle.dumps(one)).count(text) == one.count(text)


def test_no_blanks_are_needed_between_words() -> None:
    one = FrameCounter.of([["好"], ["差"]], [], Words())
    assert {key.text for key in one.count(text_of("电影很好。")).seen} == {"电影很{mask}"}


def test_a_frame_reaches_over_sixteen_characters_a_word() -> None:
    assert frames(f"it was {'x' * 100} good") == {(f"It was {'x' * 100} {{mask}}", 0)}
    assert frames(f"it was {'x' * 130} good") == set()
    assert frames(f"{'x' * 130} it was good") == {("It was {mask}", 0)}


# A slow reference: sentences are made of clauses, so it need not find them.
WORDS = ("it", "was", "good", "bad", "dull", "film", "not", "plot", "the", "and", "of")
CLAUSE = st.lists(st.sampled_from(WORDS), min_size=1, max_size=7)
SENTENCE = st.lists(st.tuples(CLAUSE, st.sampled_from((",", ";", "."))), min_size=1, max_size=4)
Y = {"bad": 0, "dull": 1, "good": 3}
X = {"film": 0, "plot": 1}


def expected(parts: list[tuple[list[str], str]], longest: int, right: int) -> set[tuple[str, int, int, int]]:
    """Text, order, x and y of every frame that should be counted."""
    said = [word for words, _ in parts for word in words]
    found = set()
    for at, (words, mark) in enumerate(parts):
        for i, word in enumerate(words):
            if word not in Y or "not" in words[:i]:
                continue
            if words[:i][-1:] == ["the"] and i == len(words) - 1 and mark == ",":
                continue
            left, rest = words[:i], words[i + 1 :]
            stretches = [(left, rest)] if len(rest) <= right else []
            if rest[:1] in (["of"], ["and"]):
                stretches.append((left, []))
            if not rest or rest[0] in ("of", "and"):
                for back in (1, 2):
                    joints = [joint for _, joint in parts[max(at - back, 0) : at]]
                    if at >= back and set(joints) == {","}:
                        stretches.append((joined(parts[at - back : at]) + left, []))
                bare = left[1:] if left[:1] == ["and"] else left
                stretches += [(bare[-n:], []) for n in range(2, 6) if n < len(bare) and tells(bare[-n:])]
            last = (*parts[-1][:1], "") if at < len(parts) - 1 else None
            behind = joined([(rest, mark), *parts[at + 1 : -1], last]) if last else rest
            stretches.append((joined(parts[:at]) + left, behind))
            for before, after in stretches:
                if before[:1] == ["and"] and before[1:2] not in ([","], [";"], ["."]):
                    before = before[1:]
                others = [w for w in before + after if w.strip(",;.") in Y]
                if (
                    others
                    or not before + after
                    or len([w for w in before + after if w[0].isalpha()]) > longest
                ):
                    continue
                if not any(w[0].isalpha() for w in before + after):
                    continue
                text = wording(before, after)
                order = int(any(w[0].isalpha() for w in after))
                found |= {(text, order, x, Y[word]) for x in [X[x] for x in said if x in X] or [-1]}
    return found


def joined(parts: Sequence[tuple[list[str], str]]) -> list[str]:
    """Words, with the marks as words of their own."""
    return [word for words, mark in parts for word in (*words, *mark)]


def tells(words: list[str]) -> bool:
    return not set(words) <= {"it", "the", "and", "not", "of"}


def wording(before: list[str], after: list[str]) -> str:
    text = " ".join((*before, "{mask}", *after))
    for mark in ",;.":
        text = text.replace(f" {mark}", mark)
    return text if text.startswith("{mask}") else text[:1].upper() + text[1:]


@given(st.lists(SENTENCE, max_size=3), st.integers(1, 8), st.integers(0, 4))
def test_counts_equal_those_of_a_slow_reference(
    sentences: list[list[tuple[list[str], str]]], longest: int, right: int
) -> None:
    written = [" ".join(f"{' '.join(words)}{mark}" for words, mark in parts) for parts in sentences]
    counts = counter(["film", "plot"], longest=longest, right=right).count(text_of(*written))
    found = {(key.text, key.order, *pair) for key, places in counts.seen.items() for pair in places}
    assert found == set().union(*(expected(parts, longest, right) for parts in sentences))


@given(st.permutations(list(product(["it was", "the film is"], ["good", "bad"]))), st.integers(0, 4))
def test_parts_of_a_text_add_up_to_the_whole(pairs: list[tuple[str, str]], cut: int) -> None:
    sentences = [f"{left} {word}" for left, word in pairs]
    whole = SegmentText(list(enumerate(sentences)), 4, 0)
    parts = [
        SegmentText([(i, s) for i, s in enumerate(sentences) if (i < cut) == first], 4, 0)
        for first in (True, False)
    ]
    one = counter()
    apart = merge(one.count(part) for part in parts)
    together = one.count(whole)
    assert {k: set(v) for k, v in apart.seen.items()} == {k: set(v) for k, v in together.seen.items()}
    assert apart.together == together.together


def test_a_negation_turns_the_label_whatever_the_length_of_frames() -> None:
    text = text_of("not it it and was good")
    assert counter(["film"], longest=1).count(text).seen == {}
    assert counter(["film"], longest=8).count(text).seen == {}
