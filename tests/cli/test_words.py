"""`promptsearch words` from the outside: what it prints and writes."""

from __future__ import annotations

import json
import re
from pathlib import Path
from xml.etree import ElementTree

import jsonschema
import pytest

from promptsearch import load_prompt
from promptsearch.artefact.schema import prompt_schema
from promptsearch.engines.words.config import METHODS
from promptsearch.study.evaluating import evaluate_prompt
from promptsearch.tasks import draw_splits, load_task
from tests.cli.conftest import ROWS, lines
from tests.cli.running import refused, run

SMALL = (
    *("words", "--task", "sst2", "--max-test", "20", "--template", "{text} It was {mask}."),
    *("--kb", "lexicon", "--dtype", "float32", "--device", "cpu"),
)
LABELLED = (*SMALL, "--shots", "4")
NONE = (*SMALL, "--shots", "0")
ALONE = ("words", "--labels", "sports,war", "--kb", "lexicon", "--dtype", "float32", "--device", "cpu")
CHAIN = ["names", "names, calibrated", "expanded", "calibrated", "frequency", "relevance", "weights"]


def read(path: str | Path) -> str:
    return Path(path).read_text("utf-8")


def names_in(folder: str | Path) -> list[str]:
    return sorted(path.name for path in Path(folder).iterdir())


def methods(record: dict) -> list[str]:
    """Names of the steps and methods of --json, those of the library left out."""
    return [step["provenance"]["method"] for step in record["steps"]]


def recorded(*arguments: str) -> dict:
    """What a command prints with --json; the run's folder is `run`."""
    outcome = run(*arguments, "--json", "--out", "run")
    assert (outcome.code, outcome.err) == (0, "")
    return json.loads(outcome.out)


def words(record: dict, method: str) -> dict[str, list[str]]:
    """Words of each label of one step."""
    (step,) = [step for step in record["steps"] if step["provenance"]["method"] == method]
    return {entry["label"]: list(entry["words"]) for entry in step["answers"]}


def without_time(prompt: dict) -> dict:
    provenance = {key: value for key, value in prompt["provenance"].items() if key != "created"}
    return {**prompt, "provenance": provenance}


@pytest.fixture(scope="module")
def labelled(tmp_path_factory):
    """With four examples a class, as a user sees it: the outcome and the folder."""
    out = tmp_path_factory.mktemp("labelled") / "run"
    return run(*LABELLED, "--out", str(out)), out


@pytest.fixture(scope="module")
def labelled_record(tmp_path_factory):
    """The same again, as JSON."""
    out = tmp_path_factory.mktemp("again") / "run"
    outcome = run(*LABELLED, "--out", str(out), "--json")
    assert (outcome.code, outcome.err) == (0, "")
    return json.loads(outcome.out), out


@pytest.fixture(scope="module")
def without(tmp_path_factory):
    """Without labels: the outcome and the folder."""
    out = tmp_path_factory.mktemp("without") / "run"
    return run(*NONE, "--out", str(out)), out


# With labels -----------------------------------------------------------------------------------------


def test_every_step_and_method_has_a_row(labelled):
    outcome, _ = labelled
    assert outcome.code == 0
    assert max(map(len, outcome.out.splitlines())) <= 80
    rows = re.findall(r"^(\S.*?) {2,}\d+ {2,}\d+ {2,}[\d.]+ \[", outcome.out, re.MULTILINE)
    assert rows[:7] == CHAIN
    assert sorted(rows[7:]) == sorted({*METHODS} - {"expanded"})
    assert "Dev has 8 examples; the best is chosen on it." in outcome.out


def test_the_stand_in_is_announced(labelled):
    outcome, out = labelled
    assert "stands in for sst2" in outcome.said
    assert "stands in for sst2" in read(out / "report.md")


def test_the_files(labelled):
    _, out = labelled
    prompt = json.loads(read(out / "best_prompt.json"))
    arrays = ["best_prompt.safetensors"] if prompt.get("readout") else []
    told = ("report.json", "report.md", "report.html", "label-words.svg")
    files = {"best_prompt.json", "candidates.jsonl", "config.json", *told, *arrays}
    assert files <= set(names_in(out))
    jsonschema.validate(prompt, prompt_schema())
    assert ElementTree.fromstring(read(out / "label-words.svg")).tag == "{http://www.w3.org/2000/svg}svg"
    report = read(out / "report.md")
    assert "## Label words" in report
    assert "(label-words.svg)" in report


def test_the_folder_is_named_at_the_end(labelled):
    outcome, out = labelled
    told = " ".join(outcome.out.split())
    assert f"Files in {out}: best_prompt.json, " in told
    assert f"promptsearch predict {out}/best_prompt.json" in told


def test_only_a_prompt_of_these_words_is_called_best(labelled):
    outcome, out = labelled
    chosen = json.loads(read(out / "best_prompt.json"))["provenance"]["engine"]
    assert chosen in ("words", "manual")
    assert len(re.findall(r" best *$", outcome.out, re.MULTILINE)) == (chosen == "words")
    told = "Of the words compared on dev, those of the library, shown above, were chosen."
    assert (told in " ".join(outcome.out.split())) == (chosen == "manual")


def test_json_tells_every_step(labelled_record):
    record, out = labelled_record
    assert set(record) == {"folder", "stand_in_for", "notices", "seconds", "steps", "test", "prompt"}
    assert record["folder"] == str(out)
    assert record["stand_in_for"] == "sst2"
    assert methods(record)[:7] == CHAIN
    assert sorted(methods(record)[7:]) == sorted({*METHODS} - {"expanded"})
    assert all(step["engine"] == "words" for step in record["steps"])
    assert [step["provenance"].get("step") for step in record["steps"]][:7] == list(range(7))
    beside = [step["dev"]["value"] for step in record["steps"][7:]]
    assert beside == sorted(beside, reverse=True)
    assert record["prompt"] == json.loads(read(out / "best_prompt.json"))


def test_the_same_seed_gives_the_same_prompt(labelled, labelled_record):
    first, second = (json.loads(read(each[1] / "best_prompt.json")) for each in (labelled, labelled_record))
    assert without_time(first) == without_time(second)
    arrays = [each[1] / "best_prompt.safetensors" for each in (labelled, labelled_record)]
    assert len({path.read_bytes() if path.exists() else b"" for path in arrays}) == 1
    lines_of = [read(each[1] / "candidates.jsonl") for each in (labelled, labelled_record)]
    assert lines_of[0] == lines_of[1]


def test_the_figures_are_those_of_the_saved_prompt(labelled_record):
    record, out = labelled_record
    task = draw_splits(load_task("sst2"), shots=4, seed=0, max_test=20)
    found = evaluate_prompt(load_prompt(out / "best_prompt.json", device="cpu"), task)
    assert record["test"]["n"] == found.prompt.n == 20
    assert record["test"]["value"] == found.prompt.accuracy
    assert record["test"]["interval"] == list(found.prompt.accuracy_interval)


def test_the_prompt_predicts(labelled):
    _, out = labelled
    outcome = run("predict", str(out / "best_prompt.json"), "--json", "a fine film", "dull")
    assert outcome.code == 0
    found = [json.loads(line)["label"] for line in outcome.out.splitlines()]
    assert len(found) == 2
    assert {*found} <= {"negative", "positive"}


# Without labels --------------------------------------------------------------------------------------


def test_without_labels_nothing_is_chosen(without):
    outcome, out = without
    assert outcome.code == 0
    assert max(map(len, outcome.out.splitlines())) <= 80
    rows = re.findall(r"^(\S.*?) {2,}\d+ {2,}\d+ {2,}[\d.]+ \[", outcome.out, re.MULTILINE)
    assert rows == [*CHAIN[:-1], "neighbours"]
    told = " ".join(outcome.out.split())
    assert "No label was looked at before, and nothing was chosen by these figures." in told
    assert not re.search(r" best *$", outcome.out, re.MULTILINE)
    assert names_in(out) == ["best_prompt.json", "config.json", "label-words.svg", "report.md"]


def test_the_end_of_the_chain_is_the_prompt(without):
    outcome, out = without
    record = recorded(*NONE)
    assert set(record) == {"folder", "stand_in_for", "notices", "seconds", "texts", "steps", "prompt"}
    assert methods(record) == [*CHAIN[:-1], "neighbours"]
    assert without_time(record["prompt"]) == without_time(json.loads(read(out / "best_prompt.json")))
    (entry,) = record["prompt"]["evaluation"]
    last = record["steps"][-2]
    assert (entry["split"], entry["value"], entry["n"]) == ("test", last["test"]["value"], 20)
    kept = {
        entry["label"]: [answer["text"] for answer in entry["answers"]]
        for entry in record["prompt"]["verbalizer"]["labels"]
    }
    assert kept == words(record, "relevance")
    assert f"{100 * entry['value']:.1f} % accuracy on 20 test examples" in outcome.out


def test_predict_says_the_same_of_test(without):
    _, out = without
    task = draw_splits(load_task("sst2"), shots=1, seed=0, max_test=20)
    prompt = load_prompt(out / "best_prompt.json", device="cpu")
    predicted = [each.label for each in prompt.predict([example.values["text"] for example in task.test])]
    right = sum(task.labels[e.label] == label for e, label in zip(task.test, predicted, strict=True))
    assert prompt.document.evaluation[0].value == right / 20


def test_labels_and_texts_alone():
    Path("texts.txt").write_text("The team won the cup.\nTroops crossed the river.\n", "utf-8")
    outcome = run(*ALONE, "--unlabelled", "texts.txt", "--out", "run")
    assert outcome.code == 0
    assert "Nothing was measured: there are no labels." in outcome.out
    assert "test accuracy" in outcome.out
    assert names_in("run") == ["best_prompt.json", "config.json", "report.md"]
    said = run("predict", "run/best_prompt.json", "--json", "They lost the match.")
    assert json.loads(said.out)["label"] in ("sports", "war")


# What is asked for -----------------------------------------------------------------------------------


def test_words_of_the_users_own():
    Path("mine.csv").write_text("label,word\nnegative,dull\nnegative,slow\npositive,witty\n", "utf-8")
    record = recorded(*(*NONE, "--kb", "mine.csv", "--refine", "none", "--method", "expanded"))
    assert methods(record) == CHAIN[:3]
    assert words(record, "expanded") == {
        "negative": ["negative", "dull", "slow"],
        "positive": ["positive", "witty"],
    }


def test_a_word_of_two_labels_stands_for_the_one_it_is_listed_nearer_to():
    Path("mine.csv").write_text("label,word\nnegative,odd\npositive,witty\npositive,odd\n", "utf-8")
    record = recorded(*(*NONE, "--kb", "mine.csv", "--refine", "none", "--method", "expanded"))
    found = words(record, "expanded")
    assert "odd" in found["negative"]
    assert "odd" not in found["positive"]


def test_a_file_of_words_for_other_labels_is_refused():
    Path("mine.csv").write_text("label,word\nsports,team\n", "utf-8")
    said = refused(*NONE, "--kb", "mine.csv", "--out", "run")
    assert "sports" in said
    assert "mine.csv" in said
    assert not Path("run").exists()


@pytest.mark.parametrize(
    ("refine", "steps"),
    [
        ("none", CHAIN[:3]),
        ("calibration", CHAIN[:4]),
        ("frequency", [*CHAIN[:3], "frequency"]),
        ("relevance,calibration", [*CHAIN[:4], "relevance"]),
    ],
)
def test_some_refinements(refine, steps):
    assert methods(recorded(*NONE, "--method", "expanded", "--refine", refine)) == steps


def test_how_many_words_and_of_which_kind():
    few = recorded(*LABELLED, "--method", "ratio", "--per-label", "3")
    assert methods(few)[-1] == "ratio"
    found = words(few, "ratio")
    assert [len(each) for each in found.values()] == [3, 3]
    assert not {*found["negative"]} & {*found["positive"]}
    assert json.loads(read("run/config.json"))["label_words"]["allowed"]["whole"]


def test_pieces_and_shared_words():
    record = recorded(*LABELLED, "--method", "ratio", "--per-label", "3", "--pieces", "--shared")
    config = json.loads(read("run/config.json"))["label_words"]
    assert not config["allowed"]["whole"]
    assert config["shared"]
    assert config["per_label"] == 3
    assert [len(each) for each in words(record, "ratio").values()] == [3, 3]


def test_a_kind_for_data_of_the_users_own():
    lines("films.jsonl", ROWS)
    record = recorded(
        *("words", "--data", "films.jsonl", "--kind", "sentiment", "--shots", "2", "--kb", "lexicon"),
        *("--method", "expanded", "--refine", "none", "--dtype", "float32"),
    )
    assert methods(record) == CHAIN[:3]
    assert not any("guessed" in notice for notice in record["notices"])
    assert json.loads(read("run/config.json"))["kind"] == "sentiment"
