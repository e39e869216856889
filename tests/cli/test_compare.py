"""`promptsearch compare`: two real prompts on the bundled sample."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from promptsearch import load_prompt
from tests.cli.conftest import ROWS, lines
from tests.cli.running import refused, run


@pytest.fixture(scope="session")
def manual_file(prompt_file, tmp_path_factory) -> str:
    """The same words in another template, without calibration."""
    return written(prompt_file, tmp_path_factory.mktemp("manual") / "manual.json", template="{text} {mask}.")


def written(prompt_file: str, path: Path, **changes: object) -> str:
    content = json.loads(Path(prompt_file).read_text("utf-8")) | {"calibration": {"method": "none"}}
    path.write_text(json.dumps(content | changes))
    return str(path)


@pytest.fixture(scope="session")
def record(prompt_file, manual_file):
    outcome = run("compare", prompt_file, manual_file, "--max-test", "40", "--json")
    assert (outcome.code, outcome.err) == (0, "")
    return json.loads(outcome.out)


def test_both_figures_are_those_of_evaluate(record, prompt_file, manual_file):
    for side, file in (("a", prompt_file), ("b", manual_file)):
        alone = json.loads(run("evaluate", file, "--max-test", "40", "--json").out)
        assert {name: record[side][name] for name in alone} == alone


def test_the_counts_add_up(record):
    counts = [record[name] for name in ("both_right", "only_a_right", "only_b_right", "both_wrong")]
    assert sum(counts) == record["a"]["n"] == 40
    assert record["difference"]["value"] == pytest.approx((counts[1] - counts[2]) / 40)
    assert record["a"]["value"] == pytest.approx((counts[0] + counts[1]) / 40)


def test_what_is_shown(record, prompt_file, manual_file):
    outcome = run("compare", prompt_file, manual_file, "--max-test", "40")
    assert outcome.code == 0
    said, out = outcome.said, " ".join(outcome.out.split())
    assert max(map(len, outcome.out.splitlines())) <= 80
    assert "reviews, test: 40 examples" in out
    assert f"A right {record['both_right']} {record['only_a_right']}" in out
    assert f"A wrong {record['only_b_right']} {record['both_wrong']}" in out
    assert f"Same answer on {100 * record['agreement']:.1f} %." in out
    verdict = {"A": "A is better, by ", "B": "B is better, by ", None: "The two cannot be told apart on 40"}
    assert verdict[record["better"]] in out
    for each in record["differing"]:
        assert f"true {each['gold']} · A {each['a']} · B {each['b']}" in out
    for name in "AB":
        assert f"None of the 40 test examples stood in train or dev of the search of {name}." in said
    assert run("compare", prompt_file, manual_file, "--max-test", "40", "--quiet").err == ""


def test_examples_of_the_search_are_told_and_favour_its_prompt(prompt_file, found):
    n = len(found.task.dev)
    other = written(prompt_file, Path("other.json"), task=None, template="{text} {mask}.")
    outcome = run("compare", prompt_file, other, "--split", "dev", "--seed", "0", "--shots", "6")
    assert f"{n} of the {n} dev examples stood in train or dev of the search of A" in outcome.said
    assert f"{n} examples stood in the search of A, which favours it." in " ".join(outcome.out.split())


def test_dev_is_that_of_the_search_where_both_have_the_same(prompt_file, manual_file, found):
    command = ("compare", prompt_file, manual_file, "--split", "dev", "--json")
    record = json.loads(run(*command).out)
    assert record["a"]["n"] == len(found.task.dev)
    assert record["a"]["value"] == pytest.approx(found.best.trial.dev.accuracy)
    assert record["a"]["seen_in_search"] == record["b"]["seen_in_search"] == len(found.task.dev)
    assert json.loads(run(*command, "--shots", "all").out)["a"]["n"] > len(found.task.dev)
    assert json.loads(run(*command, "--shots", "2").out)["a"]["n"] == 4


def test_own_data_with_other_columns(prompt_file, manual_file):
    rows = [{"review": row["text"], "stars": row["label"]} for row in ROWS]
    data = lines("data.jsonl", rows)
    outcome = run("compare", prompt_file, manual_file, "--data", data, "--map", "text=review,label=stars")
    assert outcome.code == 0
    assert "not those that A was found on, so it cannot be told whether its search" in outcome.said


def test_a_prompt_beside_an_ensemble(prompt_file, manual_file):
    from promptsearch.compose import PromptEnsemble

    PromptEnsemble.of([load_prompt(prompt_file), load_prompt(manual_file)]).save("both.json")
    record = json.loads(run("compare", prompt_file, "both.json", "--max-test", "8", "--json").out)
    assert (record["a"]["passes"], record["b"]["passes"]) == (1, 2)
    assert record["b"]["tokens"] > record["a"]["tokens"]


def test_the_metric_that_is_given(prompt_file, manual_file):
    command = ("compare", prompt_file, manual_file, "--max-test", "20", "--metric")
    record = json.loads(run(*command, "macro-f1", "--json").out)
    assert (record["a"]["metric"], record["a"]["value"]) == ("macro-f1", record["a"]["macro_f1"])
    assert "There is no metric 'f1'" in refused(*command, "f1")


def test_what_cannot_be_compared_is_refused(prompt_file, manual_file):
    assert "The same file was given twice" in refused("compare", prompt_file, prompt_file)
    Path("link.json").symlink_to(prompt_file)
    assert "The same file was given twice" in refused("compare", prompt_file, "link.json")
    assert "The prompt file does not exist. none.json" in refused("compare", prompt_file, "none.json")
    assert "There is no split 'train'" in refused("compare", prompt_file, manual_file, "--split", "train")
    assert "must be a number" in refused("compare", prompt_file, manual_file, "--shots", "few")


def test_prompts_of_other_labels_fields_or_tasks_are_refused(prompt_file, manual_file):
    content = json.loads(Path(prompt_file).read_text("utf-8"))
    labels = content["verbalizer"]
    labels["labels"][0]["label"] = "bad"
    other = written(prompt_file, Path("labels.json"), verbalizer=labels)
    assert "The two prompts have different labels. A: 'negative'" in refused("compare", prompt_file, other)
    other = written(prompt_file, Path("fields.json"), task=None, template="{title} {mask}.")
    assert "title" in refused("compare", prompt_file, other)
    task = content["task"] | {"name": "films"}
    other = written(prompt_file, Path("task.json"), task=task)
    said = refused("compare", prompt_file, other)
    assert "The prompts were found on different tasks. reviews, films" in said
    assert run("compare", prompt_file, other, "--task", "reviews", "--max-test", "8").code == 0


def test_files_of_the_same_name_are_told_apart(prompt_file, manual_file):
    for folder, file in (("one", prompt_file), ("two", manual_file)):
        Path("runs", folder).mkdir(parents=True)
        shutil.copy(file, Path("runs", folder, "best_prompt.json"))
    out = run("compare", "runs/one/best_prompt.json", "runs/two/best_prompt.json", "--max-test", "8").out
    assert [line[:7] for line in out.splitlines() if line[:3] in ("A  ", "B  ")] == ["A  one ", "B  two "]
