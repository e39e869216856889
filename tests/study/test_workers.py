"""Several processes search on one study."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from promptsearch.errors import DataError, OptionError, PLMError
from promptsearch.study import workers as workers_module
from promptsearch.study.config import DiscoverConfig
from promptsearch.study.discover import discover, resume, run
from promptsearch.study.observer import Observer
from promptsearch.study.record import saved
from promptsearch.study.storage import open_study
from promptsearch.study.worker import work, work_when_told
from promptsearch.study.workers import Workers, limited_threads
from tests.study.searching import WORDS, search
from tests.study.workers import OPTIONS, end, evaluated, figures, owners, start, studies, wait_for

pytestmark = pytest.mark.alone


@pytest.fixture(scope="module")
def alone(tmp_path_factory) -> Path:
    """The folder of a run in one process."""
    folder = tmp_path_factory.mktemp("alone")
    end(start("discover", *OPTIONS, "--out", str(folder / "run"), cache=folder / "cache"))
    return folder / "run"


def same(run: Path, alone: Path) -> None:
    """Both have tried the same, with the same figures, and come to the same."""
    one, other = figures(run), figures(alone)
    assert set(one) == set(other)
    for key, found in one.items():
        assert found == pytest.approx(other[key], abs=1e-4)
    prompts = [json.loads((folder / "best_prompt.json").read_text("utf-8")) for folder in (run, alone)]
    assert prompts[0]["template"] == prompts[1]["template"]
    assert prompts[0]["verbalizer"] == prompts[1]["verbalizer"]


@pytest.mark.slow
def test_two_workers_come_to_the_same_as_one_process(tmp_path, alone):
    end(start("discover", *OPTIONS, "--workers", "2", "--out", str(tmp_path / "run"), cache=tmp_path / "c"))
    same(tmp_path / "run", alone)
    tried = evaluated(tmp_path / "run")
    assert tried == sorted(set(tried)) == evaluated(alone)
    assert "Tried" in (tmp_path / "run" / "workers.log").read_text("utf-8")


@pytest.mark.slow
def test_a_worker_that_is_killed_is_survived(tmp_path, alone):
    run = tmp_path / "run"
    main = start("discover", *OPTIONS, "--out", str(run), cache=tmp_path / "cache")
    wait_for((run / "study.log").exists, main)
    place = f"journal://{run / 'study.log'}"
    wait_for(lambda: studies(place), main)
    worker = start("worker", "--storage", place, cache=tmp_path / "cache")
    wait_for(lambda: worker.pid in owners(place) or main.poll() is not None, main)
    worker.send_signal(signal.SIGKILL)
    worker.wait()
    assert main.poll() is None, "the search was over before the worker had begun"
    end(main)
    same(run, alone)
    assert evaluated(run) == evaluated(alone)


@pytest.mark.slow
def test_three_processes_on_postgresql_of_which_one_is_killed(tmp_path, alone, server):
    run, cache = tmp_path / "run", tmp_path / "cache"
    main = start("discover", *OPTIONS, "--storage", server, "--out", str(run), cache=cache)
    wait_for((run / "config.json").exists, main)
    wait_for(lambda: studies(server), main)
    workers = [start("worker", "--storage", server, cache=cache) for _ in range(2)]
    wait_for(lambda: workers[0].pid in owners(server) or main.poll() is not None, main)
    workers[0].send_signal(signal.SIGKILL)
    workers[0].wait()
    assert main.poll() is None, "the search was over before the worker had begun"
    end(main)
    assert "Tried" in end(workers[1])
    same(run, alone)
    assert evaluated(server) == evaluated(alone)


@pytest.mark.slow
@pytest.mark.parametrize("number", [5])
def test_two_workers_try_no_more_than_is_allowed(tmp_path, number):
    options = [*OPTIONS, "--evaluations", str(number), "--workers", "2"]
    end(start("discover", *options, "--out", str(tmp_path / "run"), cache=tmp_path / "cache"))
    assert len(evaluated(tmp_path / "run")) == number


def test_a_worker_ends_when_the_run_is_over(tmp_path):
    search(tmp_path, words=WORDS)
    begun = time.monotonic()
    assert work(f"journal://{tmp_path / 'study.log'}", Observer()) == 0
    assert time.monotonic() - begun < 30


def test_a_worker_ends_without_the_process_that_it_helps(tmp_path):
    search(tmp_path, words=WORDS)
    open_study(tmp_path).set_user_attr("over", False)
    assert work(f"journal://{tmp_path / 'study.log'}", Observer(), parent=os.getpid()) == 0


def test_what_a_worker_refuses(tmp_path):
    place = f"journal://{tmp_path / 'study.log'}"
    with pytest.raises(OptionError, match="holds no study"):
        work(place, Observer())
    open_study(tmp_path, "one")
    with pytest.raises(OptionError, match="not begun by promptsearch"):
        work(place, Observer())
    open_study(tmp_path, "two")
    with pytest.raises(OptionError, match="several studies") as error:
        work(place, Observer())
    assert error.value.hint == "There are one, two. Name one by --study."
    with pytest.raises(OptionError, match="no study 'three'"):
        work(place, Observer(), "three")


def test_a_worker_with_other_data_is_refused(tmp_path):
    search(tmp_path / "run", words=WORDS)
    open_study(tmp_path / "run").set_user_attr("fingerprint", "of others")
    with pytest.raises(DataError, match="the data here are not those of the run"):
        work(f"journal://{tmp_path / 'run' / 'study.log'}", Observer())


def test_workers_may_be_asked_for_when_a_run_is_resumed(tmp_path):
    sources = [f"{{text}} {word} {{mask}}." for word in ("It was", "All in all,", "So", "Quite")]
    search(tmp_path, templates=sources, words=WORDS, evaluations=1)
    resume(tmp_path, Observer(), evaluations=4, workers=2)
    assert len(evaluated(tmp_path)) == 4
    assert (tmp_path / "workers.log").exists()


def test_no_worker_is_started_for_one_process(tmp_path):
    with Workers.started(DiscoverConfig(), 0) as workers:
        assert workers.processes == []
        with workers.searching(DiscoverConfig(), open_study(tmp_path), tmp_path):
            pass
    assert not (tmp_path / "workers.log").exists()


@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="the system does not show command lines")
def test_a_password_is_in_no_command_line(tmp_path):
    config = DiscoverConfig(minutes=0.05, storage="postgresql://me:s3cret@host/db")
    study = open_study(tmp_path)
    with Workers.started(config, 1) as workers, workers.searching(config, study, tmp_path):
        place = Path(f"/proc/{workers.processes[0].pid}")
        for name in ("cmdline", "environ"):
            assert b"s3cret" not in (place / name).read_bytes()


def test_a_process_that_does_not_end_is_ended():
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    Workers([process]).end(patience=0.1)
    assert process.wait(10) == -signal.SIGTERM


def test_workers_of_a_search_that_never_begins_are_ended():
    config = DiscoverConfig(task="reviews", plms=("minilm-mlm",), offline=True)
    with Workers.started(config, 2) as workers:
        assert [process.poll() for process in workers.processes] == [None, None]
    assert all(process.poll() is not None for process in workers.processes)
    assert workers.failed == 0


def test_workers_are_told_where_the_study_is_with_its_password(tmp_path):
    code = "import sys; sys.stdout.write(sys.stdin.readline())"
    pipe = subprocess.PIPE
    process = subprocess.Popen([sys.executable, "-c", code], stdin=pipe, stdout=pipe)
    config = DiscoverConfig(minutes=1, storage="postgresql://me:s3cret@host/db")
    with Workers([process]).searching(config, open_study(tmp_path), tmp_path):
        assert process.stdout is not None
        told = json.loads(process.stdout.read())
    assert told["storage"] == "postgresql://me:s3cret@host/db"
    assert told["log"] == str(tmp_path / "workers.log")


@pytest.mark.parametrize("out", [None, "given"])
def test_a_plm_that_cannot_be_had_leaves_nothing_in_a_folder(tmp_path, monkeypatch, out):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(PLMError):
        discover("reviews", plms=("no-such-plm",), offline=True, workers=2, out=out)
    assert list((tmp_path / (out or "runs")).iterdir()) == []


def test_what_workers_of_an_earlier_run_said_does_not_stand_beside_a_new_one(tmp_path):
    search(tmp_path, words=WORDS)
    (tmp_path / "workers.log").write_text("of old")
    search(tmp_path, words=WORDS, evaluations=1)
    assert not (tmp_path / "workers.log").exists()


@pytest.mark.parametrize(
    "lines", [[], [json.dumps(saved(DiscoverConfig(task="reviews", plms=("minilm-mlm",))))]]
)
def test_a_worker_whose_search_never_began_ends(lines):
    assert work_when_told(lines, Observer()) == 0


@pytest.mark.skipif(sys.platform == "win32", reason="a worker cannot be killed by a script there")
def test_a_worker_that_fails_is_told_of(tmp_path, monkeypatch):
    notices: list[str] = []
    observer = Observer()
    monkeypatch.setattr(observer, "notice", notices.append)
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    config = DiscoverConfig(
        task="reviews",
        words=WORDS,
        templates=("{text} It was {mask}.",),
        plms=("minilm-mlm",),
        engines=("manual",),
        evaluations=1,
        shots=4,
        max_test=4,
        offline=True,
        workers=2,
        out=tmp_path / "run",
    )
    monkeypatch.setattr(workers_module, "saved", lambda config: {"nonsense": 1})
    found = run(config, observer)
    assert found.folder == tmp_path / "run"
    assert any("1 worker ended early" in notice and "workers.log" in notice for notice in notices)
    assert "another version" in (tmp_path / "run" / "workers.log").read_text("utf-8")


def test_rows_in_memory_are_refused_where_other_processes_are_to_read_them():
    rows = [{"text": "A fine film.", "label": "good"}, {"text": "A bad one.", "label": "bad"}]
    with pytest.raises(OptionError, match="other processes cannot read rows in memory"):
        DiscoverConfig(data=rows, workers=2)
    assert DiscoverConfig(data=rows).workers == 1


def test_threads_are_set_back():
    import torch

    before = torch.get_num_threads()
    with limited_threads(1):
        assert torch.get_num_threads() == 1
    assert torch.get_num_threads() == before


@pytest.mark.slow
def test_workers_of_a_folder_whose_name_looks_escaped(tmp_path):
    run = tmp_path / "a%41 b"
    options = (*OPTIONS, "--evaluations", "2", "--workers", "2")
    end(start("discover", *options, "--out", str(run), cache=tmp_path / "c"))
    assert "Tried" in (run / "workers.log").read_text("utf-8")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a%41 b", "c"]
