"""Worker processes that die."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from promptsearch.corpus import Corpus
from promptsearch.engines.mining.running import RunningError, count
from promptsearch.engines.mining.running.pool import default_workers
from tests.engines.mining.running.corpora import COUNTER, Deadly, whole, write_text


@pytest.fixture
def corpus(tmp_path):
    path = write_text(tmp_path / "text.txt")
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join([*lines[:200], "Ada saw a DEADLY thing in Rome.\n", *lines[200:]]))
    return Corpus.of([path], sentences="rules")


@pytest.mark.parametrize("hungry", [False, True])
@pytest.mark.parametrize("times", [1, 2])
def test_a_worker_that_dies_or_runs_out_of_memory_is_survived(corpus, tmp_path, times, hungry):
    counter = Deadly("DEADLY", tmp_path / "deaths", times, hungry)
    counts = count(counter, corpus, workers=2, size=2_000)
    assert len(counter.deaths.read_bytes()) == times
    assert counts == whole(COUNTER, corpus)


def test_a_segment_that_kills_every_worker_is_named(corpus, tmp_path):
    counter = Deadly("DEADLY", tmp_path / "deaths", 100)
    with pytest.raises(RunningError) as raised:
        count(counter, corpus, workers=2, size=2_000)
    assert len(counter.deaths.read_bytes()) == 3
    start, end = (int(n.replace(",", "")) for n in raised.value.where.rsplit(" ", 3)[1::2])
    text = (tmp_path / "text.txt").read_bytes()
    assert b"DEADLY" in text[start:end]
    assert end - start < 3_000


def test_a_script_without_main_is_told_why(tmp_path):
    script = tmp_path / "run.py"
    script.write_text(
        "from promptsearch.corpus import Corpus\n"
        "from promptsearch.engines.mining.running import count\n"
        "from tests.engines.mining.running.corpora import COUNTER\n"
        "count(COUNTER, Corpus.of_texts(['Ada in Rome.']), workers=2)\n"
    )
    environment = {**os.environ, "PYTHONPATH": os.getcwd()}
    command = [sys.executable, str(script)]
    run = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=240)
    assert "RunningError: worker processes die before they have counted anything" in run.stderr
    assert '`if __name__ == "__main__":`' in run.stderr


def test_a_small_corpus_is_counted_in_one_process():
    assert default_workers(Corpus.of_texts(["a"])) == 1


def test_processes_that_only_count_do_without_numpy_and_torch():
    # Of the memory of a worker that is a third.
    program = (
        "import sys\n"
        "import promptsearch.corpus\n"
        "import promptsearch.engines.mining.facts, promptsearch.engines.mining.frames\n"
        "import promptsearch.engines.mining.running.pool\n"
        "sys.exit(', '.join({'numpy', 'torch', 'transformers', 'pydantic'} & set(sys.modules)))"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=240)
    assert run.stderr.strip() == ""
