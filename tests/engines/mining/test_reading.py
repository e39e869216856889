"""Ranking templates by what the built-in PLM makes of them."""

from __future__ import annotations

import numpy as np
import pytest

from promptsearch.engines.mining.mined import Mined
from promptsearch.engines.mining.reading import Entry, read
from promptsearch.plms.base import SUMMED
from promptsearch.readings import label_log_probs
from promptsearch.scoring import evaluate, fit_none
from promptsearch.tasks import load_task
from promptsearch.tasks.task import Example, gold
from promptsearch.template import Template
from promptsearch.verbalizer import Verbalizer

SEEN = {"pizza": "Italy", "sushi": "Japan", "tacos": "Mexico", "paella": "Spain"}
LABELS = [*SEEN.values(), "Greece"]
FOODS = [Example({"subject": food}, LABELS.index(country)) for food, country in SEEN.items()]
COUNTRIES = Verbalizer.of(LABELS, LABELS)
WAYS = [
    "{subject} comes from {mask}.",
    "{subject} is a dish of {mask}.",
    "{mask} {subject}.",
    "No {mask} {subject}!",
]


def entry(template: str, verbalizer: Verbalizer = COUNTRIES, support: int = 1) -> Entry:
    parsed = Template.parse(template)
    return Entry(Mined(parsed, None, support, 0, 0, 0.5), parsed, verbalizer)


def names(found) -> list[str]:
    return [str(each.entry.template) for each in found]


@pytest.fixture
def passes(minilm, monkeypatch):
    """(templates, number of examples) of each time that the PLM reads."""
    seen, answer_states_of = [], minilm.answer_states_of

    def recorded(templates, examples, keep=True):
        seen.append((tuple(map(str, templates)), len(examples)))
        return answer_states_of(templates, examples, keep)

    monkeypatch.setattr(minilm, "answer_states_of", recorded)
    return seen


def reviews(n: int) -> list[Example]:
    train = load_task("reviews").splits["train"]
    return [e for pair in zip(*([e for e in train if e.label == i] for i in (0, 1))) for e in pair][:n]


def short(n: int) -> list[Example]:
    return [Example({"text": f"{('bad', 'good')[i % 2]} {i}"}, i % 2) for i in range(n)]


WORDS = Verbalizer.of({"negative": "bad", "positive": "good"}, ["negative", "positive"])


def test_templates_are_ordered_by_accuracy_then_likelihood(minilm):
    found = read(minilm, [entry(way) for way in WAYS], FOODS, SUMMED, most=9)
    expected = {}
    for way in WAYS:
        log_probs = label_log_probs(minilm, Template.parse(way), COUNTRIES, fit_none(), SUMMED, FOODS)
        expected[way] = evaluate(log_probs, np.asarray(gold(FOODS)))
    assert sorted(names(found)) == sorted(WAYS)
    for each in found:
        own = expected[str(each.entry.template)]
        assert (each.accuracy, each.n) == (own.accuracy, 4)
        assert each.log_likelihood == pytest.approx(own.log_likelihood, abs=1e-4)
    figures = [(each.accuracy, each.log_likelihood) for each in found]
    assert figures == sorted(figures, reverse=True)
    assert len({accuracy for accuracy, _ in figures}) > 1


def test_the_best_are_kept(minilm):
    whole = read(minilm, [entry(way) for way in WAYS], FOODS, SUMMED, most=9)
    assert names(read(minilm, [entry(way) for way in WAYS], FOODS, SUMMED, most=2)) == names(whole)[:2]


@pytest.mark.parametrize("ending", ["{subject}", "{mask}"])
def test_the_most_supported_of_a_direction_is_kept_however_it_does(minilm, ending):
    # Best first, by what the PLM makes of them.
    order = names(read(minilm, [entry(way) for way in WAYS], FOODS, SUMMED, most=9))
    ends = {way: way.rstrip(".!").endswith(ending) for way in order}
    worst = next(way for way in reversed(order) if ends[way])
    best_of_the_other = next(way for way in order if not ends[way])
    kept = names(read(minilm, [entry(way, support=2 + (way == worst)) for way in WAYS], FOODS, SUMMED, 2))
    assert kept == [way for way in order if way in (worst, best_of_the_other)]


def test_the_most_supported_comes_through_both_rounds(minilm, passes):
    ways = [f"{chr(65 + n)}: {{text}} {{mask}}." for n in range(12)]
    worst = names(read(minilm, [entry(way, WORDS) for way in ways], short(36), SUMMED, 12))[-1]
    passes.clear()
    entries = [entry(way, WORDS, 9 if way == worst else 2) for way in ways]
    found = read(minilm, entries, short(36), SUMMED, 1)
    assert worst in passes[1][0]
    assert names(found) == [worst]


def test_a_template_of_one_pair_must_do_better_than_one_of_several(minilm):
    found = read(minilm, [entry(way, support=2) for way in WAYS], FOODS, SUMMED, most=9)
    first, second, *_ = names(found)
    # Of four facts a standard error is a fifth: more than the first is ahead of the second.
    assert found[0].accuracy - found[1].accuracy < 0.2
    again = names(read(minilm, [entry(w, support=1 + (w != first)) for w in WAYS], FOODS, SUMMED, most=9))
    assert again[0] == second
    assert [way for way in again if way != first] == names(found)[1:]


def test_with_few_labels_each_is_said_equally_often(minilm):
    # Uncalibrated, this template says "good" of every text.
    (found,) = read(minilm, [entry("{text} It is very {mask}.", WORDS)], reviews(16), SUMMED, most=1)
    plain = label_log_probs(
        minilm, Template.parse("{text} It is very {mask}."), WORDS, fit_none(), SUMMED, reviews(16)
    )
    assert evaluate(plain, np.asarray(gold(reviews(16)))).accuracy < found.accuracy


@pytest.mark.parametrize(("templates", "most", "survivors"), [(12, 1, 6), (12, 4, 8), (5, 4, 5)])
def test_the_better_half_goes_on_but_at_least_twice_what_is_kept(minilm, passes, templates, most, survivors):
    entries = [entry(f"{chr(65 + n)}: {{text}} {{mask}}.", WORDS) for n in range(templates)]
    found = read(minilm, entries, short(36), SUMMED, most)
    assert [(len(read_), n) for read_, n in passes] == [(templates, 32), (survivors, 36)]
    assert len(found) == most
    assert {each.n for each in found} == {36}
    assert set(names(found)) <= set(passes[1][0])


def test_few_examples_are_read_once(minilm, passes):
    read(minilm, [entry(way) for way in WAYS], FOODS, SUMMED, most=1)
    assert passes == [(tuple(WAYS), 4)]


def test_a_template_comes_with_its_two_best_sets_of_words(minilm):
    sets = [Verbalizer.of({"negative": bad, "positive": good}, WORDS.labels)
            for bad, good in (("bad", "good"), ("terrible", "great"), ("green", "blue"))]  # fmt: skip
    entries = [entry(f"{{text}} {way} {{mask}}.", each) for way in ("It was", "A") for each in sets]
    found = read(minilm, entries, reviews(16), SUMMED, most=1)
    whole = read(minilm, entries, reviews(16), SUMMED, most=9)
    assert len(found) == 2
    assert len({each.entry.template for each in found}) == 1
    best = [each for each in whole if each.entry.template == whole[0].entry.template]
    assert found == best
    assert len(whole) == 4


def test_templates_that_cannot_be_read_are_left_out(minilm):
    long = "word " * 600 + "{subject} is from {mask}."
    entries = [entry(WAYS[0]), entry(long), entry(WAYS[1])]
    assert sorted(names(read(minilm, entries, FOODS, SUMMED, most=9))) == sorted(WAYS[:2])
    assert read(minilm, [entry(long)], FOODS, SUMMED, most=9) == []


def test_words_that_cannot_be_spelled_are_left_out(minilm):
    odd = Verbalizer.of(["\U00013000", *LABELS[1:]], LABELS)
    found = read(minilm, [entry(WAYS[0], odd), entry(WAYS[0])], FOODS, SUMMED, most=9)
    assert [each.entry.verbalizer for each in found] == [COUNTRIES]


def stopping_after(blocks: int):
    asked = iter([False] * blocks)
    return lambda: next(asked, True)


@pytest.mark.parametrize(("blocks", "many", "examples"), [(0, 0, 0), (1, 16, 32), (2, 20, 32)])
def test_when_stopped_what_was_read_is_ranked(minilm, blocks, many, examples):
    entries = [entry(f"{chr(65 + n)}: {{text}} {{mask}}.", WORDS) for n in range(20)]
    found = read(minilm, entries, short(34), SUMMED, 20, stopping_after(blocks))
    assert len(found) == many
    assert {each.n for each in found} == ({examples} if many else set())
    figures = [each.accuracy for each in found]
    assert figures == sorted(figures, reverse=True)


def test_nothing_to_read(minilm):
    assert read(minilm, [], FOODS, SUMMED, most=3) == []


def test_when_stopped_on_the_way_the_best_of_the_first_round_were_read_again_first(minilm):
    entries = [entry(f"{chr(65 + n)}: {{text}} {{mask}}.", WORDS) for n in range(20)]
    first = names(read(minilm, entries, short(34), SUMMED, 20, stopping_after(2)))
    found = read(minilm, entries, short(34), SUMMED, 20, stopping_after(3))
    assert [each.n for each in found] == [34] * 16 + [32] * 4
    assert set(names(found[:16])) == set(first[:16])
    assert names(found[16:]) == first[16:]
