"""Counting on a Dask cluster of local worker processes."""

from __future__ import annotations

import gzip
import os
import signal
import socket
import sys
import threading
import time
from dataclasses import replace

import pytest

from promptsearch.corpus import Corpus
from promptsearch.engines.mining.running import RunningError, checks, count
from promptsearch.engines.mining.running import cluster as running_cluster
from promptsearch.engines.mining.running.cluster import count_on_cluster
from promptsearch.errors import DataError, OptionError
from tests.engines.mining.running.corpora import COUNTER, Deadly, Slow, whole, write_text

distributed = pytest.importorskip("distributed")


@pytest.fixture(scope="module", autouse=True)
def _environment_as_it_was():
    """Dask tells its workers by this process's environment to use one thread each, and leaves it so."""
    before = dict(os.environ)
    yield
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture(scope="module")
def cluster(_environment_as_it_was):
    options = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": ":0", "processes": True}
    with distributed.LocalCluster(**options) as started:
        yield started


@pytest.fixture
def corpus(tmp_path):
    write_text(tmp_path / "a.txt", seed=1)
    packed = write_text(tmp_path / "c.txt", seed=2).read_bytes()
    (tmp_path / "b.txt.gz").write_bytes(gzip.compress(packed))
    return Corpus.of([tmp_path / "a.txt", tmp_path / "b.txt.gz"], sentences="rules")


@pytest.mark.slow
@pytest.mark.parametrize("shard_size", [500, 3_000, 1 << 26])
def test_the_counts_are_those_of_one_process(cluster, corpus, shard_size):
    told = []
    progress = type("Told", (), {"advance": lambda self, *said: told.append(said)})()
    address = cluster.scheduler_address
    counts = count_on_cluster(
        COUNTER, corpus, address, most=400_000, size=700, shard_size=shard_size, progress=progress
    )
    assert counts == whole(COUNTER, corpus) == count(COUNTER, corpus, workers=1)
    assert told
    assert max(told) <= (corpus.size, corpus.size, counts.sentences)


@pytest.mark.slow
def test_counts_that_are_done_but_not_here_yet_are_waited_for(cluster, corpus, monkeypatch):
    # Fetching them takes longer than a look, as it does where they are large.
    monkeypatch.setattr(running_cluster, "_LOOK_SECONDS", 0.002)
    for _ in range(5):
        counts = count_on_cluster(COUNTER, corpus, cluster.scheduler_address, most=400_000)
        assert counts == whole(COUNTER, corpus)


@pytest.mark.slow
def test_texts_in_memory_and_a_client_that_stays_open(cluster):
    corpus = Corpus.of_texts(["Ada was born in Rome.", "Bo, of Oslo."] * 50)
    with distributed.Client(cluster, set_as_default=False) as client:
        assert count(COUNTER, corpus, scheduler=client) == whole(COUNTER, corpus)
        told = []
        progress = type("Told", (), {"advance": lambda self, *said: told.append(said)})()
        counts = count_on_cluster(COUNTER, corpus, client, most=999, shard_size=100, progress=progress)
        assert counts == whole(COUNTER, corpus)
        assert max(told) <= (corpus.size, corpus.size, counts.sentences)
        assert client.status == "running"


@pytest.mark.slow
def test_a_worker_that_is_killed_in_mid_run_is_survived(cluster, corpus, tmp_path):
    counter = Slow(0.2, tmp_path / "notes")

    def kill():
        while not counter.notes.exists() or len(counter.notes.read_text().split()) < 8:
            time.sleep(0.01)
        os.kill(int(counter.notes.read_text().split()[-1]), signal.SIGKILL)

    killer = threading.Thread(target=kill)
    killer.start()
    address = cluster.scheduler_address
    counts = count_on_cluster(counter, corpus, address, most=400_000, size=1_000, shard_size=1_000)
    killer.join()
    # Of the one that was killed nothing is missing, whether another has taken its place in time or not.
    assert len(set(counter.notes.read_text().split())) >= 2
    assert counts == whole(COUNTER, corpus)


@pytest.mark.slow
def test_a_shard_that_kills_every_worker_is_named(cluster, tmp_path):
    path = tmp_path / "text.txt"
    path.write_text("Nothing here.\n" * 100 + "A DEADLY line.\n" + "Nothing here.\n" * 100)
    counter = Deadly("DEADLY", tmp_path / "deaths", 100)
    with pytest.raises(RunningError) as raised:
        count_on_cluster(counter, Corpus.of([path]), cluster.scheduler_address, most=9, shard_size=1_000)
    start, end = (int(n.replace(",", "")) for n in raised.value.where.rsplit(" ", 3)[1::2])
    assert b"DEADLY" in path.read_bytes()[start:end]


@pytest.mark.slow
def test_a_cluster_that_loses_all_its_workers_is_not_waited_for(corpus, tmp_path, monkeypatch):
    monkeypatch.setattr(running_cluster, "_LOOK_SECONDS", 0.2)
    monkeypatch.setattr(running_cluster, "_PATIENCE_SECONDS", 0.6)
    counter = Slow(0.5, tmp_path / "notes")
    with distributed.LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address=":0") as alone:

        def leave():
            while not counter.notes.exists():
                time.sleep(0.01)
            alone.scale(0)

        leaving = threading.Thread(target=leave)
        leaving.start()
        with pytest.raises(RunningError, match="has had no worker"):
            count_on_cluster(counter, corpus, alone.scheduler_address, most=9, size=1_000, shard_size=1_000)
        leaving.join()


@pytest.mark.slow
def test_files_that_workers_do_not_see_are_refused(cluster, corpus, tmp_path):
    gone = replace(corpus.sources[0], path=str(tmp_path / "gone.txt"))
    with pytest.raises(DataError, match="does not see") as raised:
        count(COUNTER, replace(corpus, sources=(gone,)), scheduler=cluster.scheduler_address)
    assert "gone.txt" in raised.value.where


@pytest.mark.slow
def test_other_versions_are_refused(cluster, corpus, monkeypatch):
    said = checks._versions
    here = iter([{"promptsearch": "0.0"}])
    monkeypatch.setattr(checks, "_versions", lambda place: {**said(place), **next(here, {})})
    with pytest.raises(RunningError, match=r"promptsearch .*, here 0\.0"):
        count(COUNTER, corpus, scheduler=cluster.scheduler_address)


@pytest.mark.slow
def test_a_cluster_without_workers(corpus):
    with distributed.LocalCluster(n_workers=0, dashboard_address=":0") as empty:
        address = empty.scheduler_address
        with pytest.raises(RunningError, match="no workers"):
            count_on_cluster(COUNTER, corpus, address, most=9, timeout=0.5)


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:{port}", "nonsense", "ftp://x:1"])
def test_a_scheduler_that_does_not_answer(corpus, address):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = address.format(port=free.getsockname()[1])
    start = time.monotonic()
    with pytest.raises(RunningError, match="no Dask scheduler answers"):
        count_on_cluster(COUNTER, corpus, address, most=9, timeout=1.0)
    assert time.monotonic() - start < 10


def test_without_dask_the_extra_is_named(corpus, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(OptionError) as raised:
        count(COUNTER, corpus, scheduler="tcp://127.0.0.1:1")
    assert "promptsearch[cluster]" in raised.value.hint
