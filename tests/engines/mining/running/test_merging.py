"""Parts into one."""

from __future__ import annotations

import pytest

from promptsearch.corpus import Corpus
from promptsearch.engines.mining.running import count
from promptsearch.engines.mining.running.merging import Part, merged
from tests.engines.mining.running.corpora import COUNTER, whole, write_text


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    return Corpus.of([write_text(tmp_path_factory.mktemp("corpus") / "a.txt")], sentences="rules")


def test_the_order_of_parts_changes_nothing(corpus):
    parts = [Part.of(COUNTER, corpus, segment) for segment in corpus.segments(1_000)]
    assert len(parts) > 5
    forward, backward = merged(parts, 10_000), merged(reversed(parts), 10_000)
    assert forward == backward
    assert merged([merged(parts[3:], 10_000), merged(parts[:3], 10_000)], 10_000) == forward
    assert forward.finished(corpus) == whole(COUNTER, corpus)


def test_parts_do_not_change(corpus):
    first, second = (Part.of(COUNTER, corpus, segment) for segment in list(corpus.segments(6_000))[:2])
    before = first.counts.record()
    merged([first, second], 10_000).finished(corpus)
    assert first.counts.record() == before


def test_pruning_starts_where_the_counts_no_longer_fit(corpus):
    exact = whole(COUNTER, corpus)
    assert count(COUNTER, corpus, workers=1, size=1_000, most=exact.entries) == exact
    pruned = count(COUNTER, corpus, workers=1, size=1_000, most=exact.entries - 1)
    assert pruned.missed > 0
    assert pruned.entries < exact.entries
    assert pruned.sentences == exact.sentences
