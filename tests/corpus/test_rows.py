"""JSON lines, parquet, data sets and texts in memory: a row is a text."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from promptsearch.corpus import Corpus, Source
from promptsearch.corpus.hub import hub_source
from promptsearch.errors import DataError
from tests.corpus.writing import COMPRESS, corpus_of, together, whole

TEXTS = ["One. Two.", "", "Three\nfour", "Fünf \u2028 five", "Six."]
SENTENCES = [(0, "One. Two."), (2, "Three"), (2, "four"), (3, "Fünf \u2028 five"), (4, "Six.")]


def json_lines(texts, field: str = "text") -> bytes:
    return "".join(json.dumps({"id": 1, field: text}, ensure_ascii=False) + "\n" for text in texts).encode()


@pytest.mark.parametrize("suffix", sorted(COMPRESS))
def test_json_lines_give_the_texts_of_a_field(tmp_path: Path, suffix):
    corpus = corpus_of(tmp_path, json_lines(TEXTS), f"x.jsonl{suffix}")
    found = whole(corpus)
    assert (corpus.sources[0].kind, found.sentences, found.lines) == ("jsonl", SENTENCES, 5)
    assert found.characters == sum(map(len, TEXTS))


@given(st.lists(st.text(max_size=12), max_size=12), st.integers(1, 60), st.sampled_from(["", ".gz"]))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_cut_gives_the_same_rows(tmp_path: Path, texts, size, suffix):
    content = "".join(json.dumps({"text": text}) + "\n" for text in texts).encode()
    cut = whole(corpus_of(tmp_path, content, f"x.jsonl{suffix}"), size)
    assert cut == whole(Corpus.of_texts(texts, sentences="none"))


def test_rows_without_a_text_are_skipped_and_counted(tmp_path: Path):
    content = b'{"text": "a"}\nnot json\n{"other": 1}\n\n{"text": null}\n["text"]\n{"text": "b"}'
    found = whole(corpus_of(tmp_path, content, "x.jsonl"))
    assert found.sentences == [(0, "a"), (6, "b")]
    assert (found.lines, found.skipped, found.first_skipped) == (7, 4, 1)


def test_a_field_that_no_row_has_is_refused_with_those_there_are(tmp_path: Path):
    path = tmp_path / "x.jsonl"
    path.write_bytes(json_lines(["a"], "texts"))
    with pytest.raises(DataError, match=r"no column 'text'\n.*x\.jsonl\n.*'id', 'texts'.*--column texts"):
        Corpus.of([path])
    assert whole(Corpus.of([path], column="texts", sentences="none")).sentences == [(0, "a")]


def test_a_row_of_any_length_is_read_in_pieces(tmp_path: Path):
    found = whole(corpus_of(tmp_path, json_lines(["word " * 40_000, "b"]), "x.jsonl"))
    assert [(line, len(text.split())) for line, text in found.sentences] == [
        (0, 13_107),
        (0, 13_107),
        (0, 13_107),
        (0, 679),
        (1, 1),
    ]


def test_parquet_gives_a_column_batch_by_batch(tmp_path: Path):
    path = tmp_path / "x.parquet"
    texts = [f"text {number}" for number in range(10_000)] + [None, *TEXTS]
    pq.write_table(pa.table({"n": list(range(len(texts))), "text": texts}), path, row_group_size=3_000)
    corpus = Corpus.of([path], sentences="none")
    parts = list(corpus.segments(20_000))
    found = together(map(corpus.read, parts))
    assert found.sentences[:2] == [(0, "text 0"), (1, "text 1")]
    assert found.sentences[10_000:] == [(10_001 + row, text) for row, text in SENTENCES]
    assert (found.lines, found.skipped, len(parts)) == (10_006, 1, 3)
    assert parts[-1].consumed == path.stat().st_size
    rest = list(corpus.segments(20_000, after={0: parts[1].position}))
    assert [part.index for part in rest] == [2]
    assert [corpus.read(part) for part in rest] == [corpus.read(part) for part in parts[2:]]


def test_parquet_columns_are_checked_at_once(tmp_path: Path):
    path = tmp_path / "x.parquet"
    pq.write_table(pa.table({"n": [1], "body": ["a"]}), path)
    with pytest.raises(DataError, match="no column 'text'"):
        Corpus.of([path])
    with pytest.raises(DataError, match="column 'n' holds int64, not texts"):
        Corpus.of([path], column="n")
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(DataError, match="the parquet file cannot be read"):
        Corpus.of([path], column="body")


def test_a_saved_data_set_gives_every_split(tmp_path: Path):
    import datasets

    splits = {"train": TEXTS, "test": ["last"]}
    saved = {name: datasets.Dataset.from_dict({"text": texts}) for name, texts in splits.items()}
    datasets.DatasetDict(saved).save_to_disk(str(tmp_path / "saved"))
    corpus = Corpus.of([tmp_path / "saved"], sentences="none")
    assert [source.name for source in corpus.sources] == [
        f"{tmp_path}/saved (train)",
        f"{tmp_path}/saved (test)",
    ]
    read = [(part.source, corpus.read(part).sentences) for part in corpus.segments()]
    assert read == [(0, SENTENCES), (1, [(0, "last")])]
    (rest,) = corpus.segments(after={0: (0, 4), 1: (0, 1)})
    assert corpus.read(rest).sentences == [(0, "Six.")]


@given(st.lists(st.text(max_size=8), max_size=9), st.integers(1, 20), st.integers(1, 20))
def test_texts_in_memory_are_cut_and_shared_out(texts, size, shard_size):
    corpus = Corpus.of_texts(texts, sentences="none")
    everything = whole(corpus)
    assert everything.lines == len(texts)
    assert whole(corpus, size) == everything
    parts = (part for shard in corpus.shards(shard_size) for part in corpus.segments_of(shard, size))
    assert together(map(corpus.read, parts)) == everything


def test_a_data_set_of_the_hub_is_streamed(tmp_path: Path):
    """A folder stands in for the hub: `datasets` streams both alike."""
    (tmp_path / "train.jsonl").write_bytes(json_lines([f"text {number}" for number in range(200)]))
    source = Source("hf://org/name", "hub", None, str(tmp_path), column="text", split="train")
    corpus = Corpus((source,), "none")
    parts = list(corpus.segments(1_000))
    assert len(parts) > 1
    wanted = [(number, f"text {number}") for number in range(200)]
    assert together(map(corpus.read, parts)).sentences == wanted
    rest = together(map(corpus.read, corpus.segments(after={0: parts[0].position})))
    assert [text for _, text in rest.sentences] == [text for _, text in wanted[parts[0].end :]]
    with pytest.raises(DataError, match=r"no column 'body'\n.*\n.*'id', 'text'"):
        list(Corpus((replace(source, column="body"),)).segments())
    with pytest.raises(DataError, match="did not provide the text"):
        list(Corpus((replace(source, path=str(tmp_path / "nowhere")),)).segments())


def test_an_address_of_the_hub_has_a_configuration_and_a_split(monkeypatch):
    monkeypatch.setattr("promptsearch.corpus.hub.offline_setting", lambda: None)
    monkeypatch.setattr("promptsearch.corpus.hub.hub_reachable", lambda: True)
    found = [hub_source(f"hf://org/name{rest}", None) for rest in ("", ":en", "/test", ":20220301.en/test")]
    assert [(source.path, source.config, source.split) for source in found] == [
        ("org/name", None, "train"),
        ("org/name", "en", "train"),
        ("org/name", None, "test"),
        ("org/name", "20220301.en", "test"),
    ]
