"""`promptsearch mine` with a PLM that ranks what was mined: what it prints and writes."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from promptsearch import load_prompt
from promptsearch.study.evaluating import evaluate_prompt
from promptsearch.tasks import draw_splits, load_task
from tests.cli.conftest import lines
from tests.cli.files import names_in, read
from tests.cli.mining import QUICK, write_text
from tests.cli.running import run


@pytest.fixture(scope="module")
def languages(tmp_path_factory):
    """Native languages on the bundled sample, as a user sees it: the outcome and the folder."""
    out = tmp_path_factory.mktemp("languages") / "run"
    return run("mine", "--task", "facts", "--relation", "P103", *QUICK, "--out", str(out)), out


@pytest.fixture(scope="module")
def languages_record(tmp_path_factory):
    """The same as JSON."""
    out = tmp_path_factory.mktemp("again") / "run"
    outcome = run("mine", "--task", "facts:P103", *QUICK, "--out", str(out), "--json")
    assert (outcome.code, outcome.err) == (0, "")
    return json.loads(outcome.out), out


def test_what_is_shown_with_a_plm(languages):
    outcome, out = languages
    assert outcome.code == 0
    assert max(map(len, outcome.out.splitlines())) <= 80
    shown = " ".join(outcome.out.split())
    assert re.match(r"Mined [\d,]+ sentences in [\d.]+ s.*: 18 of 18 pairs met, \d+ templates found\.", shown)
    assert "template support specificity train % dev accuracy %" in shown
    assert re.search(r"best of minilm-mlm together, weights learned on train: dev [\d.]+ \[", shown)
    assert re.search(r"Of \d+ mined templates, \d+ were compared on dev: of those that", shown)
    assert "so --min-support was lowered to 1 by itself" in shown
    assert "Dev has 9 examples and test has 9 examples: figures on fewer than 30 cannot tell much." in shown
    for row in ("best  minilm-mlm", "manual  minilm-mlm", "majority class"):
        assert re.search(rf"^{row}\s+\d", outcome.out, re.MULTILINE), row
    files = {
        "best_prompt.json",
        "candidates.jsonl",
        "config.json",
        "ensemble.json",
        "mined.json",
        "report.md",
    }
    assert files <= set(names_in(out))


def test_json_with_a_plm(languages_record):
    record, out = languages_record
    assert set(record) == {
        *("folder", "stand_in_for", "interrupted", "seconds", "notices", "verdicts", "finalists"),
        *(
            "majority",
            "prompt",
            "prompts",
            "mining",
            "mined",
            "ensembles",
            "together",
            "triggers",
            "ended",
            "evaluations",
        ),
    }
    assert record["mining"]["met"] == 18
    assert any("cannot tell much" in notice for notice in record["notices"])
    assert record["mining"]["found"] == len(json.loads(read(out / "mined.json"))["templates"])
    assert {entry["engine"] for entry in record["mined"]} == {"mining"}
    templates = [entry["template"] for entry in record["mined"]]
    assert len(set(templates)) == len(templates)
    dev = [entry["dev"]["value"] for entry in record["mined"]]
    assert dev == sorted(dev, reverse=True)
    (ensemble,) = record["ensembles"]
    assert set(ensemble) == {"plm", "members", "dev", "test", "file"}
    assert sum(member["weight"] for member in ensemble["members"]) == pytest.approx(1, abs=1e-4)
    assert (out / ensemble["file"]).is_file()


def test_the_figures_are_those_of_the_saved_prompt(languages_record):
    record, out = languages_record
    task = draw_splits(load_task("facts:P103"), shots=None, seed=0)
    found = evaluate_prompt(load_prompt(out / "best_prompt.json", device="cpu"), task)
    best = record["finalists"][0]["test"]
    assert (best["n"], best["value"]) == (found.prompt.n, found.prompt.accuracy)


def test_pairs_of_ones_own_with_a_plm():
    """Pairs of the sample in a file: they are split into train, dev and test."""
    rows = [json.loads(line) for line in read(sample("facts")).splitlines()]
    born: list[dict[str, object]] = [
        {"x": row["subject"], "y": row["object"]} for row in rows if row["relation"] == "P103"
    ]
    lines("own.jsonl", born)
    outcome = run("mine", "--pairs", "own.jsonl", "--relation", "P103", *QUICK, "--out", "run", "--json")
    record = json.loads(outcome.out)
    assert record["prompt"]["task"]["name"] == "own:P103"
    splits = json.loads(read("run/config.json"))["splits"]
    assert sum(splits.values()) == len(born)
    assert record["mining"]["pairs"] == splits["train"] < len(born)
    manual = next(entry for entry in record["finalists"] if entry["role"] == "manual")
    assert manual["template"] == "The mother tongue of {subject} is {mask}."


def test_nothing_found_leaves_the_prompts_of_the_library():
    Path("other.txt").write_text("Nothing to see.\n", "utf-8")
    outcome = run(
        *("mine", "--task", "facts:P103", "--corpus", "other.txt", *QUICK, "--out", "run", "--top", "3")
    )
    assert outcome.code == 0
    assert "Nothing was found. No sentence holds both sides of a pair" in " ".join(outcome.out.split())
    assert json.loads(read("run/config.json"))["mining"]["read"] == 3


def test_discover_mines_a_given_corpus():
    outcome = run(
        *("discover", "--task", "facts:P103", "--engine", "manual", "--engine", "mining", "--plm"),
        *("minilm-mlm", "--corpus", write_text(), *QUICK, "--out", "run", "--json"),
    )
    assert outcome.code == 0
    assert json.loads(read("run/mined.json"))["sentences"] == 10


def sample(name: str) -> Path:
    from promptsearch.tasks.samples import sample_folder

    folder = sample_folder(name)
    assert folder is not None
    return folder / "train.jsonl"
