"""A search as a function: what it finds, writes and says."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import jsonschema
import numpy as np
import pytest

from promptsearch import PromptSearchError, discover
from promptsearch.artefact.schema import prompt_schema
from promptsearch.errors import StorageError
from promptsearch.study.config import DiscoverConfig
from promptsearch.study.discover import resume
from promptsearch.study.observer import Observer
from tests.study.searching import TEMPLATE, WORDS, search


def without_time(path: Path) -> dict:
    content = json.loads(path.read_text("utf-8"))
    content["provenance"].pop("created")
    return content


def figures_of(path: Path) -> list[tuple[str, dict[str, float]]]:
    """Of each candidate what it is, and its figures on dev and train."""
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    numbers = ("value", "accuracy", "log_likelihood")
    return [
        (
            json.dumps(
                [row["template"], [list(label["words"]) for label in row["answers"]], row["calibration"]]
            ),
            {f"{split} {name}": row[split][name] for split in ("train", "dev") for name in numbers},
        )
        for row in rows
    ]


# The files -------------------------------------------------------------------------------------------


def test_the_folder_holds_what_was_found(found):
    assert sorted(path.name for path in found.folder.iterdir()) == [
        "best_prompt.json",
        "candidates.jsonl",
        "candidates.svg",
        "config.json",
        "ensemble.json",
        "front.svg",
        "history.svg",
        "importances.svg",
        "label-words.svg",
        "report.html",
        "report.json",
        "report.md",
        "run.lock",
        "sensitivity.svg",
        "study.log",
    ]
    prompt = json.loads((found.folder / "best_prompt.json").read_text("utf-8"))
    jsonschema.validate(prompt, prompt_schema())
    lines = (found.folder / "candidates.jsonl").read_text("utf-8").splitlines()
    assert [json.loads(line) for line in lines] == [trial.record("accuracy") for trial in found.trials]
    config = json.loads((found.folder / "config.json").read_text("utf-8"))
    assert config["splits"] == {"train": 12, "dev": 12, "test": 24}
    assert config["templates"] == [TEMPLATE, "{mask} review: {text}"]
    assert config["fingerprint"] == prompt["task"]["fingerprint"] == found.task.fingerprint
    assert config["versions"]["torch"]


def test_every_combination_is_tried_once(found):
    keys = [
        (trial.candidate.template, trial.candidate.verbalizer, trial.calibration.method)
        for trial in found.trials
        if trial.candidate.engine == "manual"
    ]
    assert len(set(keys)) == len(keys)
    per_template = len(keys) / 2
    assert per_template % 4 == 0
    for method in ("none", "contextual", "pmi", "batch"):
        assert sum(key[2] == method for key in keys) == per_template / 2


def test_the_best_is_among_the_likeliest_on_train_and_near_the_best_on_dev(found):
    best = found.best.trial
    least = sorted(trial.train.log_likelihood for trial in found.trials)[-found.screened]
    assert best.is_baseline or best.train.log_likelihood >= least - 1e-4
    finalists = found.selection.finalists
    assert best in found.selection.near
    top = max(trial.dev.accuracy for trial in finalists)
    gap = [int(a) - int(b) for a, b in zip(_top(finalists).dev_correct, best.dev_correct, strict=True)]
    assert top - best.dev.accuracy <= np.std(gap, ddof=1) / len(gap) ** 0.5 + 1e-9


def _top(trials):
    return max(trials, key=lambda trial: (trial.dev.accuracy, round(trial.dev.log_likelihood, 4)))


def test_manual_and_majority_stand_beside_it(found):
    assert [finalist.role for finalist in found.finalists] == ["best", "manual"]
    manual = found.manual
    assert manual is not None
    assert str(manual.trial.candidate.template) == TEMPLATE
    assert manual.trial.calibration.method == "none"
    assert manual.test is not None
    assert manual.test.n == 24
    dev, test = found.prompt.document.evaluation
    assert (dev.split, test.split) == ("dev", "test")
    assert test.manual_baseline is not None
    assert test.manual_baseline.value == manual.test.accuracy
    assert (dev.majority, test.majority) == (0.5, found.majority_test.accuracy)


def test_the_same_command_twice(found, tmp_path):
    templates = [TEMPLATE, "{mask} review: {text}"]
    again = search(tmp_path, "sst2", shots=6, max_test=24, templates=templates, engines=())
    first, second = found.folder, again.folder
    one, other = (figures_of(folder / "candidates.jsonl") for folder in (first, second))
    assert [name for name, _ in one] == [name for name, _ in other]
    for (_, mine), (_, theirs) in zip(one, other, strict=True):
        assert mine == pytest.approx(theirs, abs=1e-6)
    assert without_time(first / "best_prompt.json") == without_time(second / "best_prompt.json")
    reports = [
        re.sub(r"in \d+ s|Time: .*|[\d.]+ ms", "", (folder / "report.md").read_text("utf-8"))
        for folder in (first, second)
    ]
    assert reports[0] == reports[1]


def test_another_seed_draws_other_examples(found, tmp_path):
    other = search(tmp_path, "sst2", shots=6, max_test=24, seed=1, templates=[TEMPLATE], words=WORDS)
    assert other.task.fingerprint != found.task.fingerprint


def test_a_fresh_process_gives_the_figures_of_the_search(found, prompt_file):
    texts = [example.values["text"] for example in found.task.test]
    script = (
        "import json, sys; from promptsearch import load_prompt; prompt = load_prompt(sys.argv[1]);"
        "print(json.dumps([[p.label, list(p.probabilities.values())] "
        "for p in prompt.predict(json.load(sys.stdin))]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, prompt_file],
        input=json.dumps(texts).encode(),
        capture_output=True,
        check=True,
    )
    fresh = json.loads(done.stdout)
    here = found.prompt.predict(texts)
    assert [label for label, _ in fresh] == [prediction.label for prediction in here]
    for (_, probabilities), prediction in zip(fresh, here, strict=True):
        assert probabilities == pytest.approx(list(prediction.probabilities.values()), abs=1e-6)
    right = [
        label == found.task.labels[example.label]
        for (label, _), example in zip(fresh, found.task.test, strict=True)
    ]
    assert found.best.test is not None
    assert sum(right) / len(right) == found.best.test.accuracy


# Candidates that cannot be tried ---------------------------------------------------------------------


def test_a_template_too_long_for_the_plm_does_not_end_the_search(tmp_path):
    long = "word " * 600 + TEMPLATE
    outcome = search(tmp_path, templates=[long, TEMPLATE], words=WORDS)
    assert {str(trial.candidate.template) for trial in outcome.trials} == {TEMPLATE}
    assert {str(rejected.candidate.template) for rejected in outcome.rejected} == {long}
    assert "own words take" in outcome.rejected[0].reason
    assert "ould not be tried" in (tmp_path / "report.md").read_text("utf-8")


def test_a_template_that_leaves_room_for_one_token_only(tmp_path, minilm):
    """The words of several tokens are rejected on it, the others tried."""

    special = len(minilm.encoder.prefix_ids) + len(minilm.encoder.suffix_ids)
    template = "word " * (minilm.max_tokens - special - 1) + "{text}{mask}"
    few = {"templates": [template], "shots": 1, "max_test": 2, "calibrations": ["none"]}
    outcome = search(tmp_path, **few, words={"negative": "bad", "positive": "good"})
    assert len(outcome.trials) == 1
    with pytest.raises(PromptSearchError, match="no candidate could be tried") as caught:
        search(tmp_path / "none", **few, words={"negative": "bad", "positive": "very good"})
    assert "own words take" in str(caught.value.where)


def test_nothing_that_can_be_tried(tmp_path):
    with pytest.raises(PromptSearchError, match="no candidate could be tried") as caught:
        search(tmp_path, templates=["word " * 600 + TEMPLATE])
    assert "own words take" in str(caught.value.where)
    assert not list(tmp_path.iterdir())


def test_what_was_tried_is_kept_when_the_search_cannot_go_on(tmp_path, monkeypatch):
    from promptsearch.errors import PLMError
    from promptsearch.study.trying import try_candidates

    def out_of_memory(*arguments):
        yield next(try_candidates(*arguments))
        raise PLMError("out of memory")

    monkeypatch.setattr("promptsearch.study.judging.try_candidates", out_of_memory)
    with pytest.raises(PLMError, match="out of memory"):
        search(tmp_path, words=WORDS)
    kept = {path.name for path in tmp_path.iterdir()}
    assert kept == {"candidates.jsonl", "config.json", "run.lock", "study.log"}
    assert len((tmp_path / "candidates.jsonl").read_text("utf-8").splitlines()) == 4


def test_default_plms_that_cannot_be_had_are_left_out_and_told(tmp_path, monkeypatch):
    monkeypatch.setenv("PROMPTSEARCH_CACHE", str(tmp_path / "cache"))
    told = []

    class Listener(Observer):
        def notice(self, text: str) -> None:
            told.append(text)

    outcome = discover(
        "reviews",
        offline=True,
        shots=2,
        max_test=4,
        templates=["{text} It was {mask}"],
        words=WORDS,
        dtype="float32",
        out=tmp_path / "run",
        observer=Listener(),
    )
    assert list(outcome.unavailable) == ["smollm2-135m"]
    assert any(notice.startswith("smollm2-135m was left out: ") for notice in told)
    assert "smollm2-135m was left out" in (tmp_path / "run" / "report.md").read_text("utf-8")


@pytest.mark.smollm2
@pytest.mark.slow
def test_two_plms_in_one_table(tmp_path):
    from promptsearch.plms.sources.catalogue import NAMED
    from promptsearch.plms.sources.resolve import is_present

    if not is_present(NAMED["smollm2-135m"]):
        pytest.skip("SmolLM2 is not in the cache: promptsearch models get smollm2-135m")
    outcome = discover(
        "reviews",
        shots=2,
        max_test=6,
        templates=["{text} It was {mask}", "{text} It was {mask}."],
        words=WORDS,
        calibrations=["none"],
        out=tmp_path,
        offline=True,
    )
    tried = {(trial.plm, str(trial.candidate.template)) for trial in outcome.trials}
    assert tried == {
        ("minilm-mlm", "{text} It was {mask}"),
        ("minilm-mlm", "{text} It was {mask}."),
        ("smollm2-135m", "{text} It was {mask}"),
    }
    roles = [(finalist.role, finalist.trial.plm) for finalist in outcome.finalists]
    assert {plm for role, plm in roles if role == "manual"} == {"minilm-mlm", "smollm2-135m"}
    assert len([role for role, _ in roles if role == "best of its PLM"]) == 1


# Options ---------------------------------------------------------------------------------------------


def test_one_name_in_place_of_a_list():
    config = DiscoverConfig("reviews", plms="minilm-mlm", calibrations="batch", templates=TEMPLATE)
    assert (config.plms, config.calibrations, config.templates) == (("minilm-mlm",), ("batch",), (TEMPLATE,))


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ({"calibrations": ["btach"]}, "there is no calibration 'btach'"),
        ({"metric": "acc"}, "there is no metric 'acc'"),
        ({"engines": ["manul"]}, "there is no engine 'manul'"),
        ({"normalisation": "mean"}, "there is no normalisation 'mean'"),
        ({"templates": ["{text}"]}, "no answer slot"),
    ],
)
def test_options_are_checked_before_anything_is_done(option, message):
    with pytest.raises(PromptSearchError, match=message):
        DiscoverConfig("reviews", **option)


def test_a_name_that_is_no_text(tmp_path):
    """A file name that is not UTF-8, as Python gives it."""
    from tests.cli.conftest import ROWS, lines

    path = lines(tmp_path / "na\udcefve.jsonl", ROWS)
    outcome = search(tmp_path / "run", None, data=path, words=WORDS)
    assert outcome.task.name == "na�ve"
    assert json.loads((tmp_path / "run" / "config.json").read_text("utf-8"))["data"] == path


def test_a_run_whose_study_is_elsewhere_is_not_begun_anew(tmp_path):
    """Neither a folder that is not finished, nor a draw."""
    run, storage = tmp_path / "run", f"sqlite:///{tmp_path / 'study.db'}"
    found = search(run, words=WORDS, storage=storage, seeds=2)
    begun = (run / "seed-1" / "config.json").read_text("utf-8")
    again = resume(run, Observer())
    assert (run / "seed-1" / "config.json").read_text("utf-8") == begun
    assert [draw.best.test for draw in again.draws] == [draw.best.test for draw in found.draws]
    (run / "best_prompt.json").unlink()
    with pytest.raises(StorageError, match="holds another run that is not finished"):
        search(run, words=WORDS)
