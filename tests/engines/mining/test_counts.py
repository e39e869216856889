"""Counts: merged, pruned, written and read."""

from __future__ import annotations

import json
from itertools import permutations

from hypothesis import given
from hypothesis import strategies as st

from promptsearch.engines.mining.counts import Counts, Key, Place, merge, prune

numbers = st.integers(0, 3)
spans = st.tuples(numbers, numbers)
keys = st.builds(Key, st.integers(-2, 1), st.integers(0, 1), st.sampled_from(["", " in ", "は", " é\u2028"]))
places = st.builds(Place, numbers, numbers, numbers, numbers, st.sampled_from(["", "x in y"]), spans, spans)
pairs = st.tuples(st.integers(0, 5), st.integers(0, 5))
counts = st.builds(
    Counts,
    seen=st.dictionaries(keys, st.dictionaries(pairs, places, min_size=1)),
    lines=st.dictionaries(spans, numbers),
    sentences=numbers,
    characters=numbers,
    undecodable=numbers,
    matched=numbers,
    names=st.sets(numbers),
    together=st.sets(st.tuples(numbers, pairs)),
    missed=numbers,
    troubles=st.lists(st.sampled_from(["cut off", "no text"]), unique=True).map(tuple),
)
# What is met, in stretches: pairs of a few keys, of which some are far more common than others.
streams = st.lists(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=30), max_size=8)


def stretch(met):
    found = Counts()
    for number, (key, pair) in enumerate(met):
        found.see(Key(0, 0, str(key * pair % 7)), (pair, key), Place(0, 0, number, 0, "", (0, 0), (0, 0)))
    return found


@given(counts)
def test_counts_survive_json(counts):
    record = json.loads(json.dumps(counts.record()))
    assert Counts.of_record(record) == counts
    assert Counts.of_record(record).record() == record


@given(st.lists(counts, max_size=3))
def test_the_order_of_merging_changes_nothing(parts):
    merged = [merge(some) for some in permutations(parts)]
    for other in merged:
        assert set(other.troubles) == set(merged[0].troubles)
        other.troubles = merged[0].troubles
        # Segments' numbers of lines are each counted once; here parts may contradict each other.
        other.lines = merged[0].lines
        assert other == merged[0]


@given(st.lists(counts, max_size=3))
def test_merging_keeps_every_pair_at_its_first_place(parts):
    merged = merge(parts)
    for key in {key for part in parts for key in part.seen}:
        for pair in {pair for part in parts for pair in part.seen.get(key, ())}:
            known = [part.seen[key][pair] for part in parts if pair in part.seen.get(key, ())]
            assert merged.seen[key][pair] == min(known)
    assert merged.entries == len({(k, p) for part in parts for k, some in part.seen.items() for p in some})
    assert merged.missed == sum(part.missed for part in parts)


def test_merging_leaves_the_parts_as_they_were():
    one, other = stretch([(1, 1)]), stretch([(1, 1), (2, 4)])
    merge([one, other])
    assert (one, other) == (stretch([(1, 1)]), stretch([(1, 1), (2, 4)]))


@given(streams, st.lists(st.none() | st.integers(0, 25), min_size=8, max_size=8), st.booleans())
def test_pruned_counts_miss_no_more_than_they_say(stream, most, in_parts):
    true = merge(map(stretch, stream))
    total = Counts()
    for met, limit in zip(stream, most):
        part = stretch(met)
        if in_parts and limit is not None:
            part = prune(part, limit // 2)
        total = merge([total, part], limit)
        assert limit is None or total.entries <= limit
    assert set(total.seen) <= set(true.seen)
    for key, places in true.seen.items():
        support = len(total.seen.get(key, ()))
        assert support <= len(places) <= support + total.missed


def test_pruning_drops_the_rarest_keys():
    counts = Counts(missed=2, sentences=9)
    for text, support in (("a", 1), ("b", 2), ("c", 2), ("d", 5)):
        for pair in range(support):
            counts.see(Key(0, 0, text), (pair, 0), Place(0, 0, pair, 0, "", (0, 0), (0, 0)))
    assert prune(counts, 10) is counts
    pruned = prune(counts, 9)
    assert [key.text for key in pruned.seen] == ["d"]
    assert (pruned.missed, pruned.sentences) == (2 + 2, 9)
    assert prune(counts, 4).seen == {}
    assert prune(counts, 4).missed == 2 + 5


def test_lines_are_numbered_through_the_source():
    counts = Counts(lines={(0, 0): 10, (0, 1): 5, (1, 0): 7})
    assert counts.line_of(Place(0, 2, 0, 3, "", (0, 0), (0, 0))) == 19
    assert counts.line_of(Place(1, 0, 0, 0, "", (0, 0), (0, 0))) == 1
