"""Label words without a labelled example, as a function."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from promptsearch.engines.manual import library_for
from promptsearch.engines.words import WordsConfig
from promptsearch.errors import DataError, OptionError, TemplateError, VerbalizerError
from promptsearch.report.label_words import notes_of
from promptsearch.study.config import DiscoverConfig
from promptsearch.study.evaluating import evaluate_prompt
from promptsearch.study.observer import Observer
from promptsearch.study.texts import TEXTS, drawn_texts, task_of_labels
from promptsearch.study.unlabelled import Step, WordsFound, run
from promptsearch.tasks import draw_splits, load_task
from promptsearch.tasks.duplicates import content_key
from tests.study.searching import TEMPLATE, films

CHAIN = ["names", "names, calibrated", "expanded", "calibrated", "frequency", "relevance"]


def config(out: Path, **options: Any) -> DiscoverConfig:
    words = WordsConfig(
        methods=options.pop("methods", ("expanded",)),
        knowledge=("lexicon",),
        refine=options.pop("refine", ("calibration", "frequency", "relevance")),
    )
    small: dict[str, Any] = {
        "plms": ["minilm-mlm"],
        "templates": [TEMPLATE],
        "label_words": words,
        "max_test": 20,
        "device": "cpu",
        "dtype": "float32",
        "out": out,
    }
    return DiscoverConfig(**small | options)


def search(out: Path, **options: Any) -> WordsFound:
    return run(config(out, **options), Observer())


def table(path: Path, rows: list[dict[str, object]]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def words_of(step: Step) -> dict[object, list[str]]:
    verbalizer = step.candidate.verbalizer
    return {
        label: [answer.text for answer in answers]
        for label, answers in zip(verbalizer.labels, verbalizer.answers)
    }


def prompt_of(found: WordsFound) -> dict:
    content = json.loads((found.folder / "best_prompt.json").read_text("utf-8"))
    content["provenance"].pop("created")
    return content


@pytest.fixture(scope="module")
def reviews(tmp_path_factory):
    """On the bundled reviews, whose labels of train nobody looks at."""
    return search(
        tmp_path_factory.mktemp("reviews") / "run", task="reviews", methods=("expanded", "neighbours")
    )


# What comes ------------------------------------------------------------------------------------------


def test_the_chain_comes_first_and_its_end_is_the_prompt(reviews):
    assert [step.name for step in reviews.steps] == [*CHAIN, "neighbours"]
    assert reviews.chosen is reviews.steps[-2]
    assert reviews.prompt.verbalizer == reviews.chosen.candidate.verbalizer
    assert str(reviews.prompt.template) == TEMPLATE


def test_the_figures_shown_are_those_of_the_prompt(reviews):
    task = draw_splits(load_task("reviews"), shots=1, seed=0, max_test=20)
    found = evaluate_prompt(reviews.prompt, task)
    assert found.prompt.confusion == reviews.chosen.test.confusion
    assert found.prompt.log_likelihood == pytest.approx(reviews.chosen.test.log_likelihood, abs=1e-5)
    (entry,) = reviews.prompt.document.evaluation
    assert (entry.split, entry.n, entry.value) == ("test", 20, found.prompt.accuracy)
    # Ten of each class: their most frequent has half.
    assert reviews.majority.accuracy == entry.majority == 0.5


def test_a_method_asked_for_alone_is_the_prompt(tmp_path):
    found = search(tmp_path / "run", task="reviews", methods=("neighbours",))
    assert found.chosen.name == "neighbours"
    assert found.prompt.verbalizer == found.chosen.candidate.verbalizer


def test_texts_of_test_are_not_read(reviews):
    settings = config(reviews.folder, task="reviews")
    test = {content_key(example, ("text",)) for example in reviews.task.test}
    texts = drawn_texts(settings, reviews.task)
    assert reviews.n_texts == len(texts) <= TEXTS
    assert not test & {content_key(text, ("text",)) for text in texts}
    assert all(text.label is None for text in texts)
    assert all(example.label is None for example in reviews.task.train)


def test_the_same_seed_gives_the_same_file(reviews, tmp_path):
    again = search(tmp_path / "run", task="reviews", methods=("expanded", "neighbours"))
    assert prompt_of(again) == prompt_of(reviews)


def test_another_seed_draws_other_texts(tmp_path):
    rows = [*films("no", "bad", 150), *films("yes", "good", 150)]
    data = {"train.csv": rows, "test.csv": [*films("no", "dull", 2), *films("yes", "fine", 2)]}
    for name, each in data.items():
        table(tmp_path / "data" / name, each)
    task = load_task(data=tmp_path / "data")
    drawn = [
        drawn_texts(
            config(tmp_path, data=tmp_path / "data", seed=seed), draw_splits(task, shots=1, seed=seed)
        )
        for seed in (0, 0, 1)
    ]
    assert [len(texts) for texts in drawn] == [TEXTS] * 3
    assert drawn[0] == drawn[1] != drawn[2]
    order = [content_key(example, ("text",)) for example in task.splits["train"]]
    places = [order.index(content_key(text, ("text",))) for text in drawn[0]]
    assert places == sorted(places)


# No label of train has a say -------------------------------------------------------------------------


def test_labels_of_train_may_be_swapped(tmp_path):
    """Texts and test stay; every label of train is another one."""
    train = [*films("negative", "bad", 12), *films("positive", "good", 12)]
    mixed = [{**row, "label": train[(7 * i + 5) % 24]["label"]} for i, row in enumerate(train)]
    swap = {"negative": "positive", "positive": "negative"}
    swapped = [{**row, "label": swap[str(row["label"])]} for row in train]
    test = [*films("negative", "dull", 4), *films("positive", "fine", 4)]
    found = []
    for name, rows in {"as it is": train, "mixed": mixed, "swapped": swapped}.items():
        assert rows is train or [row["label"] for row in rows] != [row["label"] for row in train]
        table(tmp_path / name / "train.csv", rows)
        table(tmp_path / name / "test.csv", test)
        found.append(search(tmp_path / f"run {name}", data=tmp_path / name))
    as_it_is, mixed_up, swapped_all = found
    assert [(step.candidate, step.test) for step in mixed_up.steps] == [
        (step.candidate, step.test) for step in as_it_is.steps
    ]
    # The order of labels is that of the file; the words of each label are the same.
    assert swapped_all.task.labels == as_it_is.task.labels[::-1]
    for one, other in zip(as_it_is.steps, swapped_all.steps, strict=True):
        assert words_of(other) == words_of(one)
        assert other.test.accuracy == one.test.accuracy


# Labels alone ----------------------------------------------------------------------------------------


@pytest.fixture
def texts(tmp_path):
    path = tmp_path / "texts.txt"
    path.write_text("The team won the cup.\nThe army crossed the river.\n\n  \nRates rose again.\n", "utf-8")
    return path


def test_labels_and_texts_are_enough(tmp_path, texts):
    found = search(tmp_path / "run", labels=("sports", "war"), unlabelled=texts, templates=["{text} {mask}"])
    assert found.n_texts == 3  # blank lines are none
    assert [step.name for step in found.steps] == CHAIN
    assert all(step.test is None for step in found.steps)
    assert found.majority is None
    assert found.prompt.document.evaluation == ()
    assert found.prompt.verbalizer.labels == ("sports", "war")
    assert sorted(path.name for path in found.folder.iterdir()) == [
        "best_prompt.json",
        "config.json",
        "report.md",
    ]
    report = (found.folder / "report.md").read_text("utf-8")
    assert "Nothing was measured: there are no labels." in report
    assert "label-words.svg" not in report


def test_a_column_of_a_table_is_read_by_its_name(tmp_path):
    path = table(tmp_path / "texts.csv", [{"review": "a"}, {"review": "b"}])
    found = search(
        tmp_path / "run", labels=("sports", "war"), unlabelled=path, mapping="text=review", refine=()
    )
    assert found.n_texts == 2
    assert [step.name for step in found.steps] == CHAIN[:3]


def test_texts_of_a_file_take_the_place_of_train(tmp_path, texts):
    found = search(tmp_path / "run", task="reviews", unlabelled=texts, refine=("calibration",))
    assert found.n_texts == 3
    assert found.steps[-1].test.n == 20


def test_labelled_rows_too_few_to_draw_from_are_test(tmp_path, texts):
    data = table(tmp_path / "few.csv", [{"text": "so dull", "label": "no"}, {"text": "fine", "label": "yes"}])
    found = search(tmp_path / "run", data=data, kind="sentiment", unlabelled=texts, refine=())
    assert (found.n_texts, found.chosen.test.n) == (3, 2)
    with pytest.raises(DataError, match="too few"):
        search(tmp_path / "another", data=data, kind="sentiment")


def test_labels_alike_but_for_case_are_told_apart(tmp_path, texts):
    found = search(tmp_path / "run", labels=("sports", "Sports"), unlabelled=texts)
    first, second = ([a.text for a in answers] for answers in found.prompt.verbalizer.answers)
    assert not {word.lower() for word in first} & {word.lower() for word in second}
    assert found.prompt.verbalizer.labels == ("sports", "Sports")
    notes = notes_of(step.candidate for step in found.steps)
    assert "The label 'Sports' has the name of another label; its number is said with it." in notes


def test_without_a_template_the_librarys_first_is_taken(tmp_path, texts):
    found = search(tmp_path / "run", labels=("sports", "war"), unlabelled=texts, templates=[])
    task = task_of_labels(("sports", "war"))
    assert found.template == library_for(task, "masked")[0].template


def test_the_task_of_labels():
    task = task_of_labels(["a", 1])
    assert (task.labels, task.label_names, task.fields) == (("a", 1), ("a", "1"), ("text",))
    assert not any(task.splits.values())


# What is refused -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "no such file"),
        ("", "no rows"),
        ("text\n\n", "no rows"),
        ("text\n \n", "no text"),
        ("a\nb\n", "no column"),
    ],
)
def test_files_without_texts(tmp_path, content, said):
    path = tmp_path / "texts.csv"
    if content is not None:
        path.write_text(content, "utf-8")
    for task in ({"labels": ("a", "b")}, {"task": "reviews"}):
        with pytest.raises(DataError) as caught:
            search(tmp_path / "run", unlabelled=path, **task)
        assert said in caught.value.message.lower()
        assert caught.value.where == str(path)
    assert not (tmp_path / "run").exists()


def test_labels_without_texts(tmp_path):
    with pytest.raises(OptionError, match="labels alone are not enough"):
        search(tmp_path / "run", labels=("a", "b"))


@pytest.mark.parametrize(("labels", "said"), [(("a",), "at least two labels"), (("a", "a"), "given twice")])
def test_labels_that_are_no_choice(tmp_path, texts, labels, said):
    with pytest.raises(VerbalizerError, match=said):
        search(tmp_path / "run", labels=labels, unlabelled=texts)


def test_a_template_of_another_field(tmp_path, texts):
    with pytest.raises(TemplateError, match="premise"):
        search(tmp_path / "run", labels=("a", "b"), unlabelled=texts, templates=["{premise} {mask}"])


def test_nothing_is_left_where_no_word_can_be_spelled(tmp_path, texts, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(VerbalizerError, match="can be spelled"):
        search(None, labels=("sports", "☃☃"), unlabelled=texts)  # ty: ignore[invalid-argument-type]
    assert not list((tmp_path / "runs").iterdir())
