"""A run that was killed goes on where it was."""

from __future__ import annotations

import gzip
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace

import pytest

from promptsearch.corpus import Corpus
from promptsearch.engines.mining.running import count
from promptsearch.errors import DataError, StorageError
from tests.engines.mining.running.corpora import COUNTER, Slow, whole, write_text
from tests.engines.mining.running.stopping import SIZE, Told, stop


@pytest.fixture
def corpus(tmp_path):
    write_text(tmp_path / "a.txt", seed=1)
    packed = write_text(tmp_path / "c.txt", seed=2).read_bytes()
    (tmp_path / "b.txt.gz").write_bytes(gzip.compress(packed))
    return Corpus.of([tmp_path / "a.txt", tmp_path / "b.txt.gz"], sentences="rules")


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("segments", [1, 7, 30, 40])
def test_a_run_that_was_stopped_goes_on(corpus, tmp_path, workers, segments):
    path = tmp_path / "run.json.gz"
    stop(corpus, segments, checkpoint=path)
    told = Told()
    counts = count(COUNTER, corpus, workers=workers, size=SIZE, checkpoint=path, progress=told)
    assert counts == whole(COUNTER, corpus)
    assert len(told) == 1 + sum(1 for _ in corpus.segments(SIZE)) - segments
    assert told[-1][0] == corpus.size
    assert 0 < told[0][0] <= corpus.size
    assert 0 < counts.before == told[0][2] < counts.sentences


def test_rows_left_out_before_a_stop_are_told(tmp_path):
    rows = ['{"text": "Ada in Rome."}'] * 40
    rows[3] = rows[30] = "{broken"
    (tmp_path / "r.jsonl").write_text("\n".join(rows))
    corpus, path = Corpus.of([tmp_path / "r.jsonl"]), tmp_path / "run.json.gz"
    stop(corpus, 4, size=100, checkpoint=path)
    counts = count(COUNTER, corpus, workers=1, size=100, checkpoint=path)
    (told,) = counts.troubles
    assert told.endswith(": 2 lines left out (no JSON object, or no text as 'text'), first line 4.")


def test_a_finished_run_is_not_counted_again(corpus, tmp_path):
    path, counter = tmp_path / "run.json.gz", Slow(0.0, tmp_path / "notes")
    first = count(counter, corpus, workers=1, size=SIZE, checkpoint=path)
    counter.notes.unlink()
    assert count(counter, corpus, workers=1, size=SIZE, checkpoint=path) == first
    assert not counter.notes.exists()


RUN = """
import sys
from pathlib import Path
from promptsearch.corpus import Corpus
from promptsearch.engines.mining.running import count
from tests.engines.mining.running.corpora import Slow

if __name__ == "__main__":
    folder = Path(sys.argv[1])
    corpus = Corpus.of([folder / "a.txt", folder / "b.txt.gz"], sentences="rules")
    count(Slow(0.05, folder / "notes"), corpus, workers=int(sys.argv[2]), size=500,
          checkpoint=folder / "run.json.gz", every=0.0)
"""


@pytest.mark.parametrize(("workers", "sign"), [(1, signal.SIGKILL), (2, signal.SIGKILL), (2, signal.SIGINT)])
def test_a_killed_process_goes_on_and_leaves_no_workers(corpus, tmp_path, workers, sign):
    path, counter = tmp_path / "run.json.gz", Slow(0.05, tmp_path / "notes")
    script = tmp_path / "run.py"
    script.write_text(RUN)
    environment = {**os.environ, "PYTHONPATH": os.getcwd()}
    command = [sys.executable, str(script), str(tmp_path), str(workers)]
    with (tmp_path / "said").open("wb") as said:
        process = subprocess.Popen(command, env=environment, stderr=said, start_new_session=True)
    _until(lambda: path.exists() and len(counter.notes.read_text().split()) > 8)
    os.killpg(process.pid, sign) if sign == signal.SIGINT else process.kill()
    process.wait(timeout=240)
    for pid in set(counter.notes.read_text().split()):
        _until(lambda pid=pid: not os.path.exists(f"/proc/{pid}"))
    assert (tmp_path / "said").read_text().count("Traceback") <= (sign == signal.SIGINT)
    counter.notes.unlink()
    counts = count(counter, corpus, workers=1, size=SIZE, checkpoint=path)
    assert counts == whole(COUNTER, corpus)
    assert 0 < len(counter.notes.read_text().split()) < sum(1 for _ in corpus.segments(SIZE))


def test_of_another_run(corpus, tmp_path):
    path = tmp_path / "run.json.gz"
    count(COUNTER, corpus, workers=1, size=SIZE, checkpoint=path)
    other = Corpus.of([tmp_path / "a.txt"], sentences="rules")
    with pytest.raises(DataError, match="the corpus changed"):
        count(COUNTER, other, workers=1, size=SIZE, checkpoint=path)
    with pytest.raises(DataError, match="what is counted changed"):
        count(replace(COUNTER, between=3), corpus, workers=1, size=SIZE, checkpoint=path)
    with pytest.raises(DataError, match="the memory limit, the size of segments changed"):
        count(COUNTER, corpus, workers=1, size=SIZE + 1, most=9, checkpoint=path)


def test_of_a_newer_format(corpus, tmp_path):
    path = tmp_path / "run.json.gz"
    count(COUNTER, corpus, workers=1, size=SIZE, checkpoint=path)
    record = json.loads(gzip.decompress(path.read_bytes()))
    path.write_bytes(gzip.compress(json.dumps({**record, "format": 99}).encode()))
    with pytest.raises(DataError, match="format 99"):
        count(COUNTER, corpus, workers=1, size=SIZE, checkpoint=path)


@pytest.mark.parametrize("damage", [
    lambda packed: b"",
    lambda packed: packed[: len(packed) // 2],
    lambda packed: packed[:-4] + b"0000",
    lambda packed: b"no gzip at all",
    lambda packed: gzip.compress(b"[]"),
    lambda packed: gzip.compress(b"{}"),
    lambda packed: gzip.compress(gzip.decompress(packed).replace(b'"positions"', b'"other"')),
])  # fmt: skip
def test_damaged(corpus, tmp_path, damage):
    path = tmp_path / "run.json.gz"
    count(COUNTER, corpus, workers=1, size=SIZE, checkpoint=path)
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(DataError, match="damaged") as raised:
        count(COUNTER, corpus, workers=1, size=SIZE, checkpoint=path)
    assert raised.value.where == str(path)


def test_a_checkpoint_that_cannot_be_written(corpus, tmp_path):
    with pytest.raises(DataError, match="cannot be read"):
        count(COUNTER, corpus, workers=1, checkpoint=tmp_path)
    with pytest.raises((StorageError, DataError)):
        count(COUNTER, corpus, workers=1, checkpoint=tmp_path / "a.txt" / "run.json.gz")


def _until(true, seconds=60.0):
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.01)
