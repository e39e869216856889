from __future__ import annotations

import json

import pytest

from promptsearch.engines.manual import library_for
from promptsearch.errors import DataError
from promptsearch.tasks import load_task
from tests.tasks.conftest import error_of, rows_of, seen

FOUR = rows_of(("dull", "neg"), ("witty", "pos"), ("slow", "neg"), ("warm", "pos"))


def test_meta_gives_labels_kind_and_metric(write, tmp_path):
    write("d/train.jsonl", rows_of(("a", 1), ("b", 0)))
    write("d/meta.json", json.dumps({"labels": ["not_ok", "ok"], "kind": "acceptability", "metric": "mcc"}))
    task = load_task("mine", data=tmp_path / "d")
    assert (task.kind, task.metric, task.labels) == ("acceptability", "mcc", ("not_ok", "ok"))
    assert task.label_names == ("not ok", "ok")
    assert seen(task, "train") == [("a", 1), ("b", 0)]
    assert task.notices == ()


def test_a_label_that_meta_does_not_declare(write, tmp_path):
    write("d/meta.json", '{"labels": ["bad", "good"]}')
    write("d/train.jsonl", rows_of(("a", "good"), ("b", "fine")))
    error = error_of("mine", data=tmp_path / "d")
    assert error.message == "the label 'fine' is none of those that meta.json declares, nor an index of one"


@pytest.mark.parametrize(
    ("meta", "said"),
    [
        ("{", "meta.json cannot be read"),
        ("[]", "it must be an object"),
        ('{"labels": ["a", "a"]}', "`labels` must be a list of different"),
        ('{"labels": "ab"}', "`labels` must be a list"),
        ('{"metric": "f1"}', "`metric` is 'f1'"),
        ('{"kind": 1}', "`kind` must be a text"),
    ],
)
def test_a_mistaken_meta_is_named(write, tmp_path, meta, said):
    write("d/meta.json", meta)
    write("d/train.jsonl", FOUR)
    error = error_of("mine", data=tmp_path / "d")
    assert said in error.message
    assert str(error.where).endswith("meta.json")


def test_csv_labels_stay_text_unless_they_are_declared_to_be_indices(write):
    path = write("own.csv", "text,label\na,1\nb,0\n")
    assert load_task("own", data=path).labels == ("1", "0")
    assert load_task("sst2", data=path).labels == ("negative", "positive")
    assert seen(load_task("sst2", data=path), "train") == [("a", 1), ("b", 0)]


@pytest.mark.parametrize(
    ("labels", "wanted"),
    [
        ([3, 1, 2], (1, 2, 3)),
        ([True, False], (False, True)),
        ([2.5, 0.5], (0.5, 2.5)),
        (["2", 4, True], ("2", 4, True)),
    ],
)
def test_labels_of_any_type_keep_type_and_order(write, labels, wanted):
    task = load_task(
        "own", data=write("own.jsonl", rows_of(*((f"t{i}", label) for i, label in enumerate(labels))))
    )
    assert task.labels == wanted
    assert list(map(type, task.labels)) == list(map(type, wanted))


def test_published_columns_and_labels_of_known_tasks(write):
    rte = write(
        "rte.tsv", "index\tsentence1\tsentence2\tlabel\n0\ta\tb\tnot_entailment\n1\tc\td\tentailment\n"
    )
    task = load_task("rte", data=rte)
    assert (task.kind, task.fields) == ("nli", ("text_a", "text_b"))
    assert task.labels == ("entailment", "not_entailment")
    assert seen(task, "train") == [("a | b", 1), ("c | d", 0)]
    boolq = write(
        "boolq.jsonl",
        [
            {"question": "q", "passage": "p", "answer": True},
            {"question": "r", "passage": "s", "answer": False},
        ],
    )
    task = load_task("boolq", data=boolq)
    assert (task.labels, task.label_names) == ((False, True), ("no", "yes"))
    news = write(
        "ag.csv", "Class Index,Title,Description\n" + "".join(f"{i},t{i},d{i}\n" for i in (3, 1, 2, 4))
    )
    task = load_task("ag_news", data=news, mapping="text=Description")
    assert task.labels[:2] == ("world", "sports")
    assert seen(task, "train") == [("d3", 2), ("d1", 0), ("d2", 1), ("d4", 3)]


def test_labels_that_are_not_those_of_the_known_task(write):
    task = load_task("sst2", data=write("a.jsonl", rows_of(("a", 1), ("b", 2), ("c", 3))))
    assert task.labels == (1, 2, 3)
    assert any("not those of sst2 (negative, positive)" in notice for notice in task.notices)


@pytest.mark.parametrize("values", [(-1, 0, 1), ("-1", "0", "1")])
def test_minus_one_in_train_is_a_class(write, values):
    """No class may vanish because another data set writes a missing label like that."""
    path = write("a.jsonl", rows_of(*((f"t{i}", value) for i, value in enumerate(values * 2))))
    for name in ("own", "sst2"):
        task = load_task(name, data=path)
        assert task.labels == values
        assert [label for _, label in seen(task, "train")] == [0, 1, 2, 0, 1, 2]
    assert any("-1 is one of the classes here" in notice for notice in task.notices)


def test_minus_one_among_declared_labels_is_refused_with_what_would_do(write, tmp_path):
    write("d/meta.json", '{"labels": ["bad", "good"]}')
    write("d/train.jsonl", rows_of(("a", 0), ("b", 1), ("c", -1)))
    error = error_of("mine", data=tmp_path / "d")
    assert error.message.startswith("the label -1 is none of those that meta.json declares")
    assert "Rows without a label must leave it empty" in str(error.hint)
    write("d/validation.jsonl", rows_of(("a", 0), ("b", 1)))
    with pytest.raises(DataError, match="the label -1 of row 3 is none of the task's") as caught:
        _ = load_task("mine", data=tmp_path / "d").splits["train"]
    assert "Rows without a label must leave it empty" in str(caught.value.hint)


@pytest.mark.parametrize("name", ["own", "sst2", "imdb"])
def test_a_test_split_of_minus_one_has_no_labels(write, tmp_path, name):
    write("d/train.jsonl", rows_of(("a", 0), ("b", 1)))
    write("d/test.jsonl", rows_of(("c", -1), ("d", -1)))
    task = load_task(name, data=tmp_path / "d")
    assert len(task.labels) == 2
    assert seen(task, "test") == [("c", None), ("d", None)]


def test_minus_one_beside_labels_in_a_test_split(write, tmp_path):
    """Left open only by a task whose test labels are known not to be published."""
    write("d/train.jsonl", rows_of(("a", 0), ("b", 1)))
    write("d/test.jsonl", rows_of(("c", -1), ("d", 1)))
    assert seen(load_task("sst2", data=tmp_path / "d"), "test") == [("c", None), ("d", 1)]
    with pytest.raises(DataError, match="the label -1 of row 1 is none of the task's"):
        _ = load_task("imdb", data=tmp_path / "d").splits["test"]


def test_a_class_minus_one_may_be_the_only_one_in_test(write, tmp_path):
    write("d/train.jsonl", rows_of(("a", -1), ("b", 1)))
    write("d/test.jsonl", rows_of(("c", -1)))
    assert seen(load_task("own", data=tmp_path / "d"), "test") == [("c", 0)]


def test_mapped_columns(write):
    path = write("a.csv", "review;stars;stuff\nfine;5;x\nbad;1;y\n")
    task = load_task("shop", data=path, mapping="text=review,label=stars")
    assert (task.fields, task.labels) == (("text",), ("5", "1"))
    assert error_of("shop", data=path, mapping={"text": "nothing"}).message == (
        "there is no column 'nothing' (mapped to 'text')"
    )


def test_rows_without_label_leave_and_empty_texts_stay_both_counted(write):
    rows = rows_of(("a", "x"), ("b", None), ("c", ""), ("", "y"), (" ", "x"), ("d", "y"))
    rows.append({"text": None, "label": "y"})
    task = load_task("own", data=write("own.jsonl", rows))
    assert seen(task, "train") == [("a", 0), ("", 1), (" ", 0), ("d", 1), ("", 1)]
    assert task.splits.notices == (
        "train: 2 of 7 rows have no label and were left out.",
        "train: 3 of 7 rows have an empty text; they are kept as they are.",
    )


def test_numbers_are_texts_and_lists_are_not(write):
    task = load_task("own", data=write("a.jsonl", [{"text": 7, "label": "x"}, {"text": "b", "label": "y"}]))
    assert seen(task, "train") == [("7", 0), ("b", 1)]
    task = load_task(
        "own", data=write("b.jsonl", [{"text": "a", "label": "x"}, {"text": ["b"], "label": "y"}])
    )
    with pytest.raises(DataError, match="column 'text' of row 2 holds a list"):
        task.splits["train"]


def test_a_lone_surrogate_is_replaced(write):
    task = load_task(
        "own", data=write("a.jsonl", '{"text": "a\\ud83d", "label": 0}\n{"text": "b", "label": 1}\n')
    )
    assert seen(task, "train")[0] == ("a\ufffd", 0)


def test_a_label_that_is_a_list(write):
    assert (
        "the label of row 1 is a list"
        in error_of("a", data=write("a.jsonl", rows_of(("a", [1]), ("b", 0)))).message
    )


def test_free_text_is_no_label(write):
    rows = rows_of(*((f"t{i}", f"answer {i}") for i in range(30)))
    assert "30 different values in 30 rows" in error_of("a", data=write("a.jsonl", rows)).message


def test_missing_columns(write, tmp_path):
    assert error_of("a", data=write("a.csv", "text,id\na,1\n")).message == "no column looks like the label"
    write("d/train.csv", "text\na\n")
    write("d/test.csv", "text,label\na,x\nb,y\n")
    write("d/validation.csv", "text,label\na,x\nb,y\n")
    with pytest.raises(DataError, match=r"column 'label' \(for label\) is missing in the train split"):
        _ = load_task("own", data=tmp_path / "d").splits["train"]


def test_splits_are_read_when_asked_for(write, tmp_path):
    write("d/meta.json", '{"labels": ["bad", "good"], "kind": "sentiment"}')
    write("d/train.jsonl", "this is broken\n")
    write("d/validation.jsonl", rows_of(("a", 0), ("b", 1)))
    task = load_task("own", data=tmp_path / "d")
    assert task.labels == ("bad", "good")
    with pytest.raises(DataError, match="line 1 is not valid JSON"):
        _ = task.splits["train"]


def test_kinds_are_guessed_from_fields_and_labels(write):
    pairs = [
        {"text_a": "a", "text_b": "b", "label": "same"},
        {"text_a": "c", "text_b": "d", "label": "other"},
    ]
    assert load_task("own", data=pairs).kind == "pair"
    assert load_task("own", data=[{**row, "label": "entailment"} for row in pairs]).kind == "nli"
    assert load_task("own", data=rows_of(("a", "spam"), ("b", "ham"))).kind == "topic"
    facts = load_task(
        "own", data=[{"subject": "Oslo", "object": "Norway"}, {"subject": "Rome", "object": "Italy"}]
    )
    assert (facts.kind, facts.fields, facts.labels) == ("fact", ("subject",), ("Norway", "Italy"))


@pytest.mark.parametrize(
    ("column", "labels", "kind"),
    [
        ("stars", [1, 2, 3, 4, 5], "sentiment-fine"),
        ("Review-Rating", ["1.0", "2.0", "3.0", "4.0", "5.0"], "sentiment-fine"),
        ("label", ["one star", "two stars", "three stars", "four stars", "five stars"], "sentiment-fine"),
        ("label", ["1 star", "2 stars", "3 stars", "4 stars", "5 stars"], "sentiment-fine"),
        ("label", ["very negative", "negative", "neutral", "positive", "very positive"], "sentiment-fine"),
        ("label", ["negative", "neutral", "positive"], "sentiment"),
        # Numbers of anything, or not five of them.
        ("label", [1, 2, 3, 4, 5], "topic"),
        ("stars", [1, 2, 3, 4], "topic"),
        ("label", ["1s", "2s", "3s", "4s", "5s"], "topic"),
        ("stars", ["Sirius", "Vega", "Rigel", "Mira", "Deneb"], "topic"),
    ],
)
def test_five_grades_and_stars_are_told_from_other_numbers(column, labels, kind):
    task = load_task("own", data=[{"text": f"t {label}", column: label} for label in labels])
    assert task.kind == kind
    if kind == "sentiment-fine":
        words = library_for(task, "masked")[0].verbalizer
        assert [answers[0].text for answers in words.answers] == ["terrible", "bad", "okay", "good", "great"]


def test_a_kind_that_is_given_comes_first(write, tmp_path):
    write("d/meta.json", '{"kind": "topic"}')
    write("d/train.jsonl", FOUR)
    for data in (tmp_path / "d", tmp_path / "d" / "train.jsonl", FOUR):
        task = load_task("own", data=data, kind="subjectivity")
        assert task.kind == "subjectivity"
        assert not any("guessed" in notice for notice in task.notices)
    assert load_task("sst2", data=FOUR, kind="topic").kind == "topic"
    assert load_task("sst2", kind="topic").kind == "topic"


FACTS = [
    {"relation": "P36", "subject": "Norway", "object": "Oslo"},
    {"relation": "P30", "subject": "Norway", "object": "Europe"},
    {"relation": "P30", "subject": "Chad", "object": "Africa"},
]


def test_facts_are_one_relation_whose_objects_are_the_answers(write, monkeypatch, tmp_path):
    write("lama_trex/train.jsonl", FACTS)
    write("lama_trex/test.jsonl", [{"relation": "P30", "subject": "Peru", "object": "South America"}])
    monkeypatch.setenv("PROMPTSEARCH_DATA", str(tmp_path))
    task = load_task("lama:P30")
    assert (task.name, task.kind, task.fields) == ("lama:P30", "fact", ("subject",))
    assert task.labels == ("Europe", "Africa", "South America")
    assert seen(task, "train") == [("Norway", 0), ("Chad", 1)]
    assert seen(task, "test") == [("Peru", 2)]
    assert seen(load_task("lama:P30", data=tmp_path / "lama_trex"), "test") == [("Peru", 2)]
    error = error_of("lama")
    assert error.message == "lama holds facts of 2 relations; a task is one of them"
    assert error.hint == "Choose one, for example lama:P36. Relations: P30, P36."
    assert "Did you mean lama:P36?" in str(error_of("lama:P366").hint)


def test_label_column_without_any_label(write):
    assert (
        "is empty throughout" in error_of("a", data=write("a.jsonl", rows_of(("a", None), ("b", "")))).message
    )


def test_the_fingerprint_follows_the_content(write):
    first = load_task("own", data=write("a.jsonl", FOUR))
    again = load_task("own", data=write("b.jsonl", FOUR))
    other = load_task("own", data=write("c.jsonl", FOUR[::-1]))
    assert first.fingerprint == again.fingerprint != other.fingerprint
