"""A search for a prompt without labelled examples."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from promptsearch.engines.mining.config import MiningConfig
from promptsearch.engines.words import WordsConfig
from promptsearch.errors import DataError, OptionError, PromptSearchError, StorageError
from promptsearch.prompt import load_prompt
from promptsearch.scoring.information import mutual_information
from promptsearch.study.artefacts import run_lock
from promptsearch.study.config import DiscoverConfig
from promptsearch.study.evaluating import evaluate_prompt
from promptsearch.study.found_without_labels import FoundWithoutLabels
from promptsearch.study.observer import Observer
from promptsearch.study.runs import run_of
from promptsearch.study.texts import TEXTS
from promptsearch.study.without_labels import resume, run, search_task
from promptsearch.tasks import draw_splits, load_task
from tests.study.searching import films
from tests.study.test_unlabelled import table

TEMPLATES = ["{text} It was {mask}.", "{text} {mask}."]
WORDS = WordsConfig(methods=("expanded", "subset"), knowledge=("lexicon",), refine=("calibration",))


def config(out: Path | None, **options: Any) -> DiscoverConfig:
    small: dict[str, Any] = {
        "plms": ["minilm-mlm"],
        "templates": TEMPLATES,
        "label_words": WORDS,
        "engines": ("manual",),
        "max_test": 20,
        "device": "cpu",
        "dtype": "float32",
        "out": out,
    }
    return DiscoverConfig(**small | options)


def search(out: Path | None, **options: Any) -> FoundWithoutLabels:
    return run(config(out, **options), Observer())


@pytest.fixture(scope="module")
def reviews(tmp_path_factory: pytest.TempPathFactory) -> FoundWithoutLabels:
    """All engines, on the bundled reviews."""
    out = tmp_path_factory.mktemp("reviews") / "run"
    mining = MiningConfig(kept=2, workers=1)
    return search(out, task="reviews", engines=("manual", "mining", "words"), mining=mining)


def combinations(found: FoundWithoutLabels) -> list[tuple[object, ...]]:
    return [
        (str(each.candidate.template), each.candidate.verbalizer, each.calibration, each.information)
        for each in found.ranked
    ]


# Stopping and going on -------------------------------------------------------------------------------


def killed(*_: object) -> None:
    raise MemoryError


@pytest.fixture
def stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A run that was killed when it had read what it searched."""
    with monkeypatch.context() as patch:
        patch.setattr("promptsearch.study.without_labels._concluded", killed)
        with pytest.raises(MemoryError):
            search(tmp_path / "run", task="reviews")
    return tmp_path / "run"


def test_a_killed_run_is_gone_on_with_by_its_folder(stopped):
    assert run_of(stopped).state == "stopped, can be resumed"
    found = resume(stopped, Observer())
    assert run_of(stopped).state == "done"
    whole = search(stopped.parent / "whole", task="reviews")
    assert combinations(found) == combinations(whole)


def test_a_killed_run_is_gone_on_with_by_the_same_command_alone(stopped):
    with pytest.raises(StorageError, match="another run that is not finished"):
        search(stopped, task="reviews", seed=1)
    told: list[str] = []
    observer = Observer()
    observer.notice = told.append  # ty: ignore
    run(config(stopped, task="reviews"), observer)
    assert any("was not finished; it goes on" in text for text in told)


def test_a_run_is_gone_on_with_on_the_same_texts_alone(tmp_path, monkeypatch):
    table(tmp_path / "texts.csv", [{"text": f"film {i}"} for i in range(4)])
    options = {"task": "reviews", "unlabelled": str(tmp_path / "texts.csv")}
    with monkeypatch.context() as patch:
        patch.setattr("promptsearch.study.without_labels._concluded", killed)
        with pytest.raises(MemoryError):
            search(tmp_path / "run", **options)
    table(tmp_path / "texts.csv", [{"text": f"book {i}"} for i in range(4)])
    with pytest.raises(DataError, match="not those that the run was begun with"):
        resume(tmp_path / "run", Observer())


def test_two_processes_do_not_search_in_one_folder(stopped):
    with run_lock(stopped), pytest.raises(StorageError, match="going on in another process"):
        resume(stopped, Observer())


def test_a_search_that_brings_nothing_leaves_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr("promptsearch.study.unlabelled_search.UnlabelledSearch.load_plms", killed)
    with pytest.raises(MemoryError):
        search(tmp_path / "run", task="reviews")
    assert list((tmp_path / "run").iterdir()) == []
    monkeypatch.chdir(tmp_path)
    with pytest.raises(MemoryError):
        search(None, task="reviews")
    assert list((tmp_path / "runs").iterdir()) == []


# What comes ------------------------------------------------------------------------------------------


def test_every_engine_adds_to_what_is_ranked(reviews):
    engines = {each.candidate.engine for each in reviews.ranked}
    assert engines == {"manual", "mining", "words"}
    mined = {each.candidate.template for each in reviews.ranked if each.candidate.engine == "mining"}
    assert len(mined) == 2
    # Of the methods of label words, those that need no labels.
    methods = {e.candidate.provenance["method"] for e in reviews.ranked if e.candidate.engine == "words"}
    assert methods == {"names", "names, calibrated", "expanded", "calibrated"}


def test_the_most_telling_comes_first(reviews):
    values = [each.information.value for each in reviews.ranked]
    assert values == sorted(values, reverse=True)
    assert all(0 <= value <= math.log(2) for value in values)
    for each in reviews.ranked[:5]:
        assert each.information.value == mutual_information(np.exp(each.log_probs))
    assert reviews.best.informed is reviews.ranked[0]
    assert 1 <= reviews.alike <= 24


def test_judged_is_what_the_plm_says_uncalibrated(reviews):
    """The manual prompt, plain and calibrated, has one mutual information."""
    manual = next(each for each in reviews.ranked if each.is_baseline)
    same = [e for e in reviews.ranked if e.candidate.verbalizer == manual.candidate.verbalizer]
    same = [e for e in same if e.candidate.template == manual.candidate.template]
    assert {each.calibration.method for each in same} >= {"none", "prior-batch"}
    assert len({each.information for each in same}) == 1
    assert manual.calibrated == manual.information


def test_words_are_searched_for_the_most_telling_templates(reviews):
    others = [e.candidate.template for e in reviews.ranked if e.candidate.engine != "words"]
    chosen = list(dict.fromkeys(others))[:3]
    searched = {e.candidate.template for e in reviews.ranked if e.candidate.engine == "words"}
    assert searched == set(chosen)


def test_the_prompt_is_the_first_and_its_figures_are_those_of_test(reviews):
    best = reviews.best.informed
    assert reviews.prompt.verbalizer == best.candidate.verbalizer
    assert str(reviews.prompt.template) == str(best.candidate.template)
    task = draw_splits(load_task("reviews"), shots=1, seed=0, max_test=20)
    found = evaluate_prompt(reviews.prompt, task)
    assert found.prompt.confusion == reviews.best.test.confusion
    (entry,) = reviews.prompt.document.evaluation
    assert (entry.split, entry.n, entry.value) == ("test", 20, found.prompt.accuracy)
    assert reviews.majority.accuracy == 0.5
    assert reviews.prompt.document.calibration.n_texts == reviews.n_texts


def test_the_files(reviews):
    names = sorted(path.name for path in reviews.folder.iterdir())
    reports = ["report.html", "report.json", "report.md"]
    assert names == [
        "best_prompt.json",
        "candidates.jsonl",
        "config.json",
        "mined.json",
        *reports,
        "run.lock",
    ]
    lines = [json.loads(line) for line in (reviews.folder / "candidates.jsonl").open(encoding="utf-8")]
    assert len(lines) == len(reviews.ranked)
    told = reviews.best.informed.information
    assert lines[0]["mutual_information"]["value"] == told.value
    assert lines[0]["mutual_information"]["interval"] == [told.low, told.high]
    record = json.loads((reviews.folder / "config.json").read_text("utf-8"))
    assert (record["shots"], record["calibrations"]) == (0, ["prior-batch"])
    prompt = load_prompt(reviews.folder / "best_prompt.json")
    assert prompt.document.provenance.details["mutual_information"]["value"] == told.value
    text = "a gorgeous, witty film"
    assert prompt.predict([text]) == reviews.prompt.predict([text])


def test_the_same_seed_gives_the_same_ranking(tmp_path):
    once, again = (search(tmp_path / name, task="reviews") for name in ("a", "b"))
    assert combinations(once) == combinations(again)


# No label has a say ----------------------------------------------------------------------------------


def test_labels_of_train_may_be_swapped(tmp_path):
    train = [*films("negative", "bad", 12), *films("positive", "good", 12)]
    mixed = [{**row, "label": train[(7 * i + 5) % 24]["label"]} for i, row in enumerate(train)]
    test = [*films("negative", "dull", 4), *films("positive", "fine", 4)]
    found = []
    for name, rows in {"as it is": train, "mixed": mixed}.items():
        table(tmp_path / name / "train.csv", rows)
        table(tmp_path / name / "test.csv", test)
        engines = ("manual", "mining", "words")
        mining = MiningConfig(kept=1, workers=1)
        found.append(search(tmp_path / f"run {name}", data=tmp_path / name, engines=engines, mining=mining))
    assert mixed != train
    assert combinations(found[0]) == combinations(found[1])
    assert all(example.label is None for example in found[0].task.train)


def test_labels_of_test_have_no_say_in_the_choice(tmp_path):
    train = [*films("negative", "bad", 12), *films("positive", "good", 12)]
    test = [*films("negative", "dull", 4), *films("positive", "fine", 4)]
    swap = {"negative": "positive", "positive": "negative"}
    found = []
    for name, rows in {"right": test, "wrong": [{**r, "label": swap[str(r["label"])]} for r in test]}.items():
        table(tmp_path / name / "train.csv", train)
        table(tmp_path / name / "test.csv", rows)
        found.append(search(tmp_path / f"run {name}", data=tmp_path / name))
    right, wrong = found
    assert combinations(right) == combinations(wrong)
    assert right.best.test.accuracy == pytest.approx(1 - wrong.best.test.accuracy)


def test_texts_of_test_are_not_read(reviews):
    test = {example.values["text"] for example in reviews.task.test}
    assert not test & {example.values["text"] for example in reviews.task.train}


# Texts alone -----------------------------------------------------------------------------------------


@pytest.fixture
def texts(tmp_path):
    path = tmp_path / "texts.txt"
    path.write_text("The team won the cup.\nThe army crossed the river.\n\nRates rose again.\n", "utf-8")
    return path


def test_labels_and_texts_are_enough(tmp_path, texts):
    found = search(tmp_path / "run", labels=("sports", "war"), unlabelled=texts)
    assert found.n_texts == 3
    assert found.majority is None
    assert all(each.test is None for each in found.finalists)
    assert found.prompt.document.evaluation == ()
    assert "Nothing was measured with labels." in (found.folder / "report.md").read_text("utf-8")


def test_no_more_texts_than_so_many(tmp_path):
    path = tmp_path / "many.txt"
    path.write_text("".join(f"Text number {i}.\n" for i in range(TEXTS + 50)), "utf-8")
    drawn = [search_task(config(None, labels=("a", "b"), unlabelled=path, seed=s)).train for s in (0, 0, 1)]
    assert len(drawn[0]) == TEXTS
    assert drawn[0] == drawn[1] != drawn[2]


def test_calibrations_are_those_asked_for(tmp_path, texts):
    found = search(tmp_path / "run", labels=("a", "b"), unlabelled=texts, calibrations=("batch", "pmi"))
    # The manual prompt as it is stands beside them.
    assert {each.calibration.method for each in found.ranked} == {"none", "batch", "pmi"}
    assert sum(each.calibration.method == "none" for each in found.ranked) == 1


# What may be spent -----------------------------------------------------------------------------------


def test_no_more_templates_than_may_be_evaluated(tmp_path, texts):
    found = search(tmp_path / "run", labels=("a", "b"), unlabelled=texts, evaluations=1)
    assert len({each.candidate.template for each in found.ranked}) == 1


# What is refused -------------------------------------------------------------------------------------


def test_facts(tmp_path):
    with pytest.raises(OptionError, match="facts cannot be searched without"):
        search(tmp_path / "run", task="facts:P103")
    assert not (tmp_path / "run").exists()


def test_nothing_is_left_where_no_candidate_can_be_tried(tmp_path, texts, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(PromptSearchError):
        search(None, labels=("a", "b"), unlabelled=texts, words="a=☃☃;b=☂☂")
    assert not list((tmp_path / "runs").iterdir())


@pytest.mark.parametrize(
    "options",
    [
        {"seeds": 2},
        {"workers": 2},
        {"storage": "sqlite:///a.db"},
        {"objective": ("quality", "cost")},
        {"soft_templates": ["{text} {soft*2} {mask}"]},
    ],
)
def test_what_is_not_done_without_labels_is_not_ignored(tmp_path, options):
    with pytest.raises(OptionError, match="is for a search with labelled examples"):
        search(tmp_path, task="reviews", **options)
