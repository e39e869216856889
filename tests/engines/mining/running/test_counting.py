"""The counts do not depend on how the text is cut, nor on who counts."""

from __future__ import annotations

import gzip
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promptsearch.corpus import Corpus
from promptsearch.engines.mining.running import count
from promptsearch.errors import OptionError
from tests.engines.mining.running.corpora import COUNTER, whole, write_text


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    folder = tmp_path_factory.mktemp("corpus")
    write_text(folder / "a.txt", seed=1)
    text = write_text(folder / "c.txt", seed=2).read_bytes()
    (folder / "b.txt.gz").write_bytes(gzip.compress(text))
    return Corpus.of([folder], sentences="rules")


@pytest.mark.parametrize("size", [1, 100, 1_000, 7_000, 1 << 22])
def test_any_segment_size_gives_the_counts_of_the_whole(corpus, size):
    counts = count(COUNTER, corpus, workers=1, size=size)
    assert counts.matched > 100
    assert counts == whole(COUNTER, corpus)


@pytest.mark.parametrize("workers", [2, 3])
def test_any_number_of_workers_gives_the_counts_of_the_whole(corpus, workers):
    assert count(COUNTER, corpus, workers=workers, size=2_000) == whole(COUNTER, corpus)


def test_pruned_counts_do_not_depend_on_the_workers(corpus):
    one, two = (count(COUNTER, corpus, workers=n, size=2_000, most=60) for n in (1, 2))
    assert one.missed > 0
    assert one == two
    exact = whole(COUNTER, corpus)
    for key, pairs in exact.seen.items():
        assert len(one.seen.get(key, ())) <= len(pairs) <= len(one.seen.get(key, ())) + one.missed


@settings(max_examples=60)
@given(
    st.lists(st.text(st.sampled_from("AdaBo Rm\n.é"), max_size=40) | st.just("Ada in Rome. Bo, Oslo")),
    st.integers(1, 60),
)
def test_texts_in_memory_cut_anywhere(texts, size):
    corpus = Corpus.of_texts(texts, sentences="rules")
    assert count(COUNTER, corpus, workers=1, size=size) == whole(COUNTER, corpus)


def test_lines_of_places_are_those_of_the_file(tmp_path):
    path = tmp_path / "text.txt"
    path.write_text("\nNothing.\n" * 40 + "Ada was born in Rome.\n")
    counts = count(COUNTER, Corpus.of([path]), workers=1, size=50)
    (place,) = [place for key, places in counts.seen.items() if key.group == 0 for place in places.values()]
    assert counts.line_of(place) == 81


def test_progress_reaches_the_size_of_the_corpus(corpus):
    class Told(list):
        def advance(self, done, total, sentences):
            self.append((done, total, sentences))

    told = Told()
    counts = count(COUNTER, corpus, workers=1, size=2_000, progress=told)
    assert told == sorted(told)
    assert told[-1] == (corpus.size, corpus.size, counts.sentences)


def test_troubles_name_their_source(tmp_path):
    text = write_text(tmp_path / "t.txt", lines=3_000).read_bytes()
    (tmp_path / "cut.txt.gz").write_bytes(gzip.compress(text)[:-3_000])
    (tmp_path / "rows.jsonl").write_text('{"text": "Ada in Rome"}\n{"text": 3}\n{"text\n{"text": "x"}\n')
    corpus = Corpus.of([tmp_path / "cut.txt.gz", tmp_path / "rows.jsonl"])
    broken, skipped = count(COUNTER, corpus, workers=1, size=20).troubles
    assert "cut.txt.gz: the archive breaks off" in broken
    assert skipped.endswith(
        "rows.jsonl: 2 lines left out (no JSON object, or no text as 'text'), first line 2."
    )


@pytest.mark.parametrize("size", [20, 100, 10_000])
@pytest.mark.parametrize("workers", [1, 2])
def test_the_first_row_left_out_is_located(tmp_path, size, workers):
    whole = '{"text": "Ada was born in Rome."}\n'
    (tmp_path / "two.jsonl").write_text("\n\n" + whole * 17 + "{broken\n" + whole * 20 + "{broken")
    (tmp_path / "one.jsonl").write_text(whole * 40 + '{"text": 4}\n')
    corpus = Corpus.of([tmp_path / "two.jsonl", tmp_path / "one.jsonl"])
    two, one = count(COUNTER, corpus, workers=workers, size=size).troubles
    assert two.endswith("two.jsonl: 2 lines left out (no JSON object, or no text as 'text'), first line 20.")
    assert one.endswith("one.jsonl: 1 line left out (no JSON object, or no text as 'text'), line 41.")


def test_rows_of_a_table_are_located(tmp_path):
    pa, pq = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    pq.write_table(pa.table({"text": ["Ada in Rome."] * 7 + [None, "x", None]}), tmp_path / "t.parquet")
    (told,) = count(COUNTER, Corpus.of([tmp_path / "t.parquet"]), workers=1, size=20).troubles
    assert told.endswith("t.parquet: 2 rows left out (no text), first row 8.")


def test_what_is_left_out_of_a_corpus_is_told_once(tmp_path):
    corpus = replace(Corpus.of_texts(["Ada in Rome."] * 50), notices=("Something was left out.",))
    assert count(COUNTER, corpus, workers=1, size=20).troubles == ("Something was left out.",)


def test_an_empty_corpus_has_no_counts():
    assert count(COUNTER, Corpus.of_texts([])).sentences == 0


@pytest.mark.parametrize(
    "options", [{"workers": 0}, {"most": 0}, {"scheduler": "tcp://x", "checkpoint": "c"}]
)
def test_options_that_cannot_be_used(options):
    with pytest.raises(OptionError):
        count(COUNTER, Corpus.of_texts(["Ada in Rome."]), **options)
