"""`promptsearch discover` from the outside: what it prints, what it writes, how it stops."""

from __future__ import annotations

import json
import re
import signal
import time
from pathlib import Path

import pytest

from promptsearch.cli import screen
from promptsearch.study.trying import try_candidates
from tests.cli.conftest import ROWS, lines
from tests.cli.running import run, start

QUICK = ("discover", "--plm", "minilm-mlm", "--dtype", "float32", "--shots", "4", "--max-test", "12")
OWN = ("--template", "{text} It was {mask}.", "--words", "negative=bad;positive=good")
FILES = {"config.json", "candidates.jsonl", "best_prompt.json", "report.json", "report.md", "report.html"}


def read(path: str) -> str:
    return Path(path).read_text("utf-8")


def candidates(folder: str) -> list[dict]:
    return [json.loads(line) for line in read(f"{folder}/candidates.jsonl").splitlines()]


@pytest.fixture(scope="module")
def shown(tmp_path_factory):
    """A run on the stand-in of SST-2 as a user sees it."""
    out = tmp_path_factory.mktemp("shown") / "run"
    return run(*QUICK, "--task", "sst2", *OWN, "--out", str(out)), out


def test_the_table_has_best_manual_and_majority(shown):
    outcome, out = shown
    assert outcome.code == 0
    text = outcome.out
    assert "Best prompt for sst2 (on the sample 'reviews')" in text
    assert max(map(len, text.splitlines())) <= 80
    for row in ("best  minilm-mlm", "manual  minilm-mlm", "majority class"):
        assert re.search(rf"^{row}\s+\d", text, re.MULTILINE), row
    assert "n=8" in text
    assert "n=12" in text
    joined = " ".join(text.split())
    assert re.search(r"\d % accuracy on 12 test examples \(95 % interval [\d.]+ to [\d.]+\)", joined)
    assert re.search(r"against [\d.]+ % for the manual prompt and [\d.]+ % for the majority class\.", joined)
    assert f"promptsearch predict {out}/best_prompt.json" in joined


def test_the_stand_in_is_announced_everywhere(shown):
    outcome, out = shown
    assert "The bundled sample 'reviews'" in outcome.said
    assert "stands in for sst2" in outcome.said
    assert "stands in for sst2" in read(f"{out}/report.md")
    assert json.loads(read(f"{out}/best_prompt.json"))["task"]["stand_in_for"] == "sst2"
    assert json.loads(read(f"{out}/config.json"))["stand_in_for"] == "sst2"


def test_json_is_all_that_stdout_holds():
    outcome = run(*QUICK, "--task", "sst2", *OWN, "--out", "run", "--json")
    assert (outcome.code, outcome.err) == (0, "")
    found = json.loads(outcome.out)
    assert found["stand_in_for"] == "sst2"
    assert found["folder"] == "run"
    assert found["prompt"] == json.loads(read("run/best_prompt.json"))
    assert [finalist["role"] for finalist in found["finalists"]] == ["best", "manual"]
    best = found["finalists"][0]
    evaluation = {entry["split"]: entry for entry in found["prompt"]["evaluation"]}
    assert best["test"]["value"] == evaluation["test"]["value"]
    assert best["test"]["interval"] == [evaluation["test"]["low"], evaluation["test"]["high"]]
    assert found["majority"]["dev"] == 0.5
    assert (found["ended"], found["evaluations"], found["together"]) == ("done", 1, None)
    assert {entry["split"]: entry["majority"] for entry in evaluation.values()} == found["majority"]


def test_json_has_the_best_together():
    two = (*OWN, "--template", "{mask} film: {text}", "--calibration", "none")
    outcome = run(*QUICK, "--task", "reviews", *two, "--out", "run", "--json")
    found = json.loads(outcome.out)
    assert found["evaluations"] == 2
    row = json.loads(read("run/report.json"))["finalists"][-2]
    together = found["together"]
    assert (together["file"], together["members"]) == ("ensemble.json", 2)
    assert together["test"]["value"] == row["test"]["value"]
    assert together["to_best"]["interval"] == [row["to_best"]["low"], row["to_best"]["high"]]
    assert together["tokens"] == pytest.approx(sum(trial["tokens"] for trial in candidates("run")), abs=0.02)


def test_quiet_prints_the_result_alone():
    outcome = run(*QUICK, "--task", "sst2", *OWN, "--out", "run", "--quiet")
    assert (outcome.code, outcome.err) == (0, "")
    assert "majority class" in outcome.out


def test_quiet_holds_back_warnings_too():
    from tests.cli.test_bad_input import save_tiny_causal

    save_tiny_causal(Path("causal"))
    templates = ("--template", "{text} It was {mask}", "--template", "{text} It was {mask}, really.")
    arguments = ("discover", "--plm", "./causal", "--dtype", "float32", "--shots", "2", "--max-test", "4")
    loud = run(*arguments, "--task", "reviews", *templates, *OWN[2:], "--out", "loud")
    assert "reads from left to right only; left out" in loud.said
    quiet = run(*arguments, "--task", "reviews", *templates, *OWN[2:], "--out", "quiet", "--quiet")
    assert (quiet.code, quiet.err) == (0, "")


def test_own_templates_and_words_take_the_place_of_the_library():
    Path("mine.txt").write_bytes("\ufeff{text}\\nIt is {mask}.\r\n\r\n# no\r\n".encode())
    Path("words.json").write_text('{"positive": ["good", "fine"], "negative": {"bad": 2, "poor": 1}}')
    outcome = run(
        *(*QUICK, "--task", "reviews", "--templates", "mine.txt", "--template", "{mask}: {text}"),
        *("--words", "words.json", "--out", "run", "--calibration", "none", "--calibration", "pmi"),
    )
    assert outcome.code == 0
    tried = candidates("run")
    assert {row["template"] for row in tried} == {"{text}\nIt is {mask}.", "{mask}: {text}"}
    assert {row["calibration"] for row in tried} == {"none", "pmi"}
    words = [{"label": "negative", "words": {"bad": 2.0, "poor": 1.0}}]
    words.append({"label": "positive", "words": {"good": 1.0, "fine": 1.0}})
    assert all(row["answers"] == words for row in tried)
    assert "{text}⏎" in read("run/report.md")


def test_the_manual_prompt_stands_there_whatever_is_searched():
    outcome = run(*QUICK, "--task", "reviews", *OWN, "--out", "run", "--calibration", "batch", "--json")
    finalists = json.loads(outcome.out)["finalists"]
    assert [(f["role"], f["calibration"]) for f in finalists][1] == ("manual", "none")
    assert json.loads(read("run/best_prompt.json"))["evaluation"][0]["manual_baseline"] is not None


def test_data_of_ones_own():
    rows = [{"comment": row["text"], "stars": 5 if row["label"] == "positive" else 1} for row in ROWS]
    lines("data.jsonl", rows)
    given = ("--map", "text=comment,label=stars", "--words", "1=bad;5=good", *OWN[:2])
    outcome = run(*QUICK, "--data", "data.jsonl", *given, "--out", "run")
    assert outcome.code == 0, outcome.err
    prompt = json.loads(read("run/best_prompt.json"))
    assert [entry["label"] for entry in prompt["verbalizer"]["labels"]] == [1, 5]
    assert prompt["task"]["stand_in_for"] is None
    predicted = run("predict", "run/best_prompt.json", "--json", "a good film")
    assert json.loads(predicted.out)["label"] in (1, 5)
    assert type(json.loads(predicted.out)["label"]) is int


def test_a_csv_file_of_ones_own():
    """Windows line ends and quoted texts; a csv file knows texts only, so the labels are texts."""
    content = "".join(f'"{row["text"]}, said ""he""",{i},{row["label"]}\r\n' for i, row in enumerate(ROWS))
    Path("data.csv").write_bytes(("comment,id,verdict\r\n" + content).encode())
    outcome = run(*QUICK, *OWN, "--data", "data.csv", "--map", "text=comment,label=verdict", "--out", "run")
    assert outcome.code == 0, outcome.err
    config = json.loads(read("run/config.json"))
    assert config["mapping"] == "text=comment,label=verdict"
    assert config["source"] == {"kind": "file", "location": "data.csv"}
    assert config["words"] == "negative=bad;positive=good"
    # What `predict` reads the same file with.
    predicted = run("predict", "run/best_prompt.json", "--file", "data.csv", "--map", "text=comment")
    assert len(predicted.out.splitlines()) == len(ROWS)


def test_a_folder_with_a_blank_is_quoted():
    outcome = run(*QUICK, "--task", "reviews", *OWN, "--out", "my run")
    assert "predict 'my run/best_prompt.json'" in outcome.out


def test_without_out_each_run_gets_a_folder_of_its_own():
    folders = [run(*QUICK, "--task", "reviews", *OWN, "--json").out for _ in range(3)]
    found = [json.loads(out)["folder"] for out in folders]
    assert len(set(found)) == 3
    assert all({path.name for path in Path(folder).iterdir()} >= FILES for folder in found)
    assert all(folder.startswith("runs/reviews-") for folder in found)


def test_an_earlier_run_in_the_folder_is_replaced_as_a_whole(monkeypatch):
    arguments = (*QUICK, "--task", "reviews", *OWN, "--out", "run")
    assert run(*arguments).code == 0
    Path("run/.report.md.123-abc.tmp").write_text("left by a killed process")
    monkeypatch.setattr("promptsearch.report.writing.write", interrupt)
    assert run(*arguments).code == 130
    # Nothing of the first run passes for the second.
    assert {path.name for path in Path("run").iterdir()} & FILES == {"config.json", "candidates.jsonl"}


def test_an_earlier_result_is_kept_by_a_command_that_fails():
    assert run(*QUICK, "--task", "reviews", *OWN, "--out", "run").code == 0
    before = read("run/best_prompt.json")
    assert run("discover", "--task", "reviews", "--plm", "nope", "--out", "run").code == 2
    assert read("run/best_prompt.json") == before


# Stopping --------------------------------------------------------------------------------------------


def interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def test_stopping_keeps_what_was_tried(monkeypatch):
    def two_templates(*arguments):
        for number, trials in enumerate(try_candidates(*arguments)):
            if number == 2:
                raise KeyboardInterrupt
            yield trials

    monkeypatch.setattr("promptsearch.study.judging.try_candidates", two_templates)
    outcome = run(*QUICK, "--task", "reviews", "--out", "run")
    assert outcome.code == 130
    assert "Traceback" not in outcome.err
    assert {path.name for path in Path("run").iterdir()} >= FILES
    assert len({row["template"] for row in candidates("run")}) == 2
    prompt = json.loads(read("run/best_prompt.json"))
    assert [entry["split"] for entry in prompt["evaluation"]] == ["dev"]
    assert "The run was stopped early" in read("run/report.md")
    assert "Stopped before test was scored" in " ".join(outcome.out.split())
    assert json.loads(run("predict", "run/best_prompt.json", "--json", "a film").out)["label"]


def test_stopping_before_anything_was_tried_leaves_nothing(monkeypatch):
    monkeypatch.setattr("promptsearch.study.session.load_search_plm", interrupt)
    outcome = run(*QUICK, "--task", "reviews")
    assert (outcome.code, outcome.out) == (130, "")
    assert outcome.said.endswith("Stopped.")
    assert not list(Path("runs").iterdir())


@pytest.mark.slow
def test_control_c(tmp_path):
    env = {"PROMPTSEARCH_CACHE": str(tmp_path / "cache")}
    process = start("discover", *("--task", "reviews", "--plm", "minilm-mlm", "--out", "run"), env=env)
    deadline = time.monotonic() + 300
    while not Path("run/candidates.jsonl").exists():
        assert time.monotonic() < deadline
        assert process.poll() is None
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=240)
    assert process.returncode == 130
    assert b"Traceback" not in err
    assert b"Best prompt for reviews" in out
    assert {path.name for path in Path("run").iterdir()} >= FILES
    assert candidates("run")
    json.loads(read("run/best_prompt.json"))


def test_time_counts_from_the_command(monkeypatch):
    monkeypatch.setattr(screen, "STARTED", screen.STARTED - 3600)
    outcome = run(*QUICK, *OWN, "--task", "reviews", "--out", "run", "--quiet")
    assert outcome.code == 0, outcome.err
