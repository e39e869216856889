"""`promptsearch predict` and `evaluate`: every way in and out."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from promptsearch import load_prompt
from tests.cli.conftest import ROWS, lines
from tests.cli.running import refused, run, start

TEXTS = ["a gorgeous, witty film", "", "dull and far too long"]


@pytest.fixture(scope="session")
def expected(prompt_file):
    """Label and probabilities of TEXTS, by the Python interface."""
    return load_prompt(prompt_file).predict(TEXTS)


@pytest.fixture(scope="session")
def pair_prompt(tmp_path_factory, minilm):
    """A prompt that reads two fields."""
    from promptsearch.artefact import PLMRecord, PromptDocument, VerbalizerRecord, write_prompt_file
    from promptsearch.verbalizer import Verbalizer

    path = tmp_path_factory.mktemp("pair") / "pair.json"
    words = Verbalizer.of({"yes": "Yes", "no": "No"}, ["yes", "no"])
    document = PromptDocument(
        template="{text_a} ? {mask}, {text_b}",
        verbalizer=VerbalizerRecord.from_verbalizer(words),
        plm=PLMRecord(reference="minilm-mlm", family="masked", weights_sha256=minilm.identity.weights_sha256),
    )
    write_prompt_file(path, document)
    return str(path)


def rows(out: str) -> list[list[str]]:
    return [line.split("\t") for line in out.splitlines()]


def as_lines(predictions, texts=TEXTS) -> list[list[str]]:
    return [
        [str(p.label), f"{max(p.probabilities.values()):.3f}", text] for p, text in zip(predictions, texts)
    ]


# Ways in ---------------------------------------------------------------------------------------------


def test_texts_as_arguments(prompt_file, expected):
    outcome = run("predict", prompt_file, *TEXTS)
    assert outcome.code == 0
    assert rows(outcome.out) == as_lines(expected)
    assert outcome.err == ""


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("last", [True, False])
def test_lines_of_stdin(prompt_file, expected, end, last):
    text = end.join(TEXTS) + (end if last else "")
    assert rows(run("predict", prompt_file, stdin=text).out) == as_lines(expected)


def test_a_byte_order_mark_is_no_part_of_the_text(prompt_file, expected):
    assert rows(run("predict", prompt_file, stdin="\ufeff" + TEXTS[0]).out) == as_lines(expected[:1])


def test_no_text_at_all_is_told(prompt_file, pair_prompt):
    Path("empty.txt").write_text("")
    assert "There are no texts to predict. stdin Give texts as arguments" in refused("predict", prompt_file)
    assert "There are no texts to predict. stdin" in refused("predict", pair_prompt, stdin="\n \n")
    assert "to predict. empty.txt" in refused("predict", prompt_file, "--file", "empty.txt", "--json")
    assert run("predict", prompt_file, stdin="\n").out.count("\n") == 1


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_text_file_has_a_text_on_every_line(prompt_file, end):
    Path("texts.txt").write_bytes(end.join([*TEXTS, "", ""]).encode() + end.encode())
    outcome = run("predict", prompt_file, "--file", "texts.txt", "--json")
    assert len(outcome.out.splitlines()) == len(TEXTS) + 2


@pytest.mark.parametrize("name", ["texts.jsonl", "texts.csv"])
def test_a_file_of_columns(prompt_file, expected, name):
    if name.endswith("csv"):
        Path(name).write_text("id,review\n" + "".join(f'{i},"{text}"\n' for i, text in enumerate(TEXTS)))
    else:
        lines(name, [{"review": text} for text in TEXTS])
    outcome = run("predict", prompt_file, "--file", name, "--map", "text=review")
    assert rows(outcome.out) == as_lines(expected)


def test_a_row_without_a_text_is_an_empty_text(prompt_file, expected):
    lines("texts.jsonl", [{"text": "a"}, {"text": None}, {}])
    outcome = run("predict", prompt_file, "--file", "texts.jsonl")
    assert rows(outcome.out)[1:] == as_lines([expected[1]] * 2, ["", ""])


def test_a_field_of_a_list_is_refused_by_row(prompt_file):
    lines("texts.jsonl", [{"text": "a"}, {"text": ["b"]}])
    said = refused("predict", prompt_file, "--file", "texts.jsonl")
    assert "The field 'text' holds a list, not a text. texts.jsonl, row 2" in said


def test_fields_of_a_pair(pair_prompt):
    pair = {"text_a": "It rains.", "text_b": "It is wet."}
    given = [f"--field={name}={value}" for name, value in pair.items()]
    by_field = run("predict", pair_prompt, "--json", *given)
    by_line = run("predict", pair_prompt, "--json", stdin=json.dumps(pair) + "\n\n" + json.dumps(pair) + "\n")
    assert by_field.code == by_line.code == 0
    assert by_line.out == by_field.out * 2
    lines("pairs.jsonl", [pair])
    assert run("predict", pair_prompt, "--json", "--file", "pairs.jsonl").out == by_field.out


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("It rains.", "so a line must be a JSON object"),
        ('["It rains."]', "so a line must be a JSON object"),
        ('{"text_a": "It rains."}', "A text lacks the field 'text_b'."),
    ],
)
def test_lines_that_are_no_pairs_are_numbered(pair_prompt, line, message):
    whole = '{"text_a": "a", "text_b": "b"}'
    outcome = run("predict", pair_prompt, stdin=f"{whole}\n\n{line}\n")
    assert outcome.code == 2
    assert len(outcome.out.splitlines()) == 1
    assert message in outcome.said
    assert "stdin, line 3" in outcome.said


def test_one_text_for_two_fields(pair_prompt):
    said = refused("predict", pair_prompt, "a text")
    assert "The prompt reads 2 fields, but one text was given. Give each of text_a, text_b." in said
    Path("texts.txt").write_text("a text\n")
    assert "a plain text file gives one" in refused("predict", pair_prompt, "--file", "texts.txt")


# Ways out --------------------------------------------------------------------------------------------


def test_json_holds_label_and_probabilities(prompt_file, expected):
    outcome = run("predict", prompt_file, "--json", *TEXTS)
    found = [json.loads(line) for line in outcome.out.splitlines()]
    for record, prediction in zip(found, expected, strict=True):
        assert record["label"] == prediction.label
        assert record["probabilities"] == pytest.approx(dict(prediction.probabilities), abs=1e-6)
        assert sum(record["probabilities"].values()) == pytest.approx(1, abs=1e-5)
        assert record["shortened"] is False


def test_a_text_longer_than_the_plm_is_shortened_and_told(prompt_file):
    long = "a dull film " * 3334
    outcome = run("predict", prompt_file, "--json", long, "")
    assert [json.loads(line)["shortened"] for line in outcome.out.splitlines()] == [True, False]
    assert outcome.said == "Note: 1 text shortened to fit the PLM."
    assert run("predict", prompt_file, "--quiet", long).err == ""


def test_nothing_in_a_text_steers_the_terminal(prompt_file):
    outcome = run("predict", prompt_file, "a \x1b[31mred\x07 film\u202e", stdin=b"")
    assert outcome.out.split("\t")[2] == "a �[31mred� film�\n"


def test_bytes_that_are_no_text(prompt_file):
    # What Python makes of an argument that is not UTF-8, and of half a surrogate pair in JSON.
    assert run("predict", prompt_file, "caf\udce9 film").code == 0
    Path("texts.jsonl").write_text('{"text": "\\ud83d film"}\n')
    outcome = run("predict", prompt_file, "--file", "texts.jsonl")
    assert outcome.code == 0
    assert outcome.out.endswith("\t� film\n")


def test_a_terminal_without_the_letters(prompt_file):
    plain = run("predict", prompt_file, "café", encoding="ascii")
    assert plain.code == 0
    assert plain.out.endswith("\tcaf?\n")


@pytest.mark.parametrize("label", ["été", 4, True, 2.5, "2"])
def test_labels_are_written_back_as_they_came(prompt_file, label):
    content = json.loads(Path(prompt_file).read_text("utf-8"))
    for entry in content["verbalizer"]["labels"]:
        entry["label"] = label if entry["label"] == "positive" else "negative"
    Path("prompt.json").write_text(json.dumps(content | {"task": None}))
    for encoding in ("utf-8", "ascii"):
        outcome = run("predict", "prompt.json", "--json", "a great film", encoding=encoding)
        found = json.loads(outcome.out)["label"]
        assert (type(found), found) == (type(label), label)


def test_labels_that_read_alike_keep_their_own_probabilities(prompt_file):
    content = json.loads(Path(prompt_file).read_text("utf-8"))
    for entry, label in zip(content["verbalizer"]["labels"], (1, "1")):
        entry |= {"label": label, "name": "1"}
    Path("prompt.json").write_text(json.dumps(content | {"task": None}))
    (prediction,) = load_prompt("prompt.json").predict("a great film")
    assert list(prediction.probabilities) == ["1", "'1'"]
    assert sum(prediction.probabilities.values()) == pytest.approx(1)


def test_whoever_reads_may_leave(prompt_file):
    """`… | head -1`: no traceback and no complaint at exit."""
    process = start("predict", prompt_file, stdin=subprocess.PIPE)
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdin.write(b"a film\n" * 1000)
    process.stdin.close()
    first = process.stdout.readline()
    process.stdout.close()
    err = process.stderr.read()
    assert first.endswith(b"\ta film\n")
    assert process.wait(timeout=240) == 1
    assert err == b""


def test_lines_come_out_before_the_last_has_come_in(prompt_file):
    import os
    import pty

    keyboard, terminal = pty.openpty()
    process = start("predict", prompt_file, stdin=terminal)
    os.write(keyboard, b"a great film\n")
    assert process.stdout is not None
    assert b"a great film" in process.stdout.readline()
    process.terminate()
    process.wait(timeout=240)
    process.stdout.close()
    os.close(keyboard)
    os.close(terminal)


# evaluate --------------------------------------------------------------------------------------------


def test_evaluating_on_the_task_of_the_search(prompt_file, found):
    outcome = run("evaluate", prompt_file, "--json", "--max-test", "24")
    record = json.loads(outcome.out)
    assert outcome.err == ""
    assert found.best.test is not None
    # The same 24 test examples under the same seed.
    assert record["value"] == pytest.approx(found.best.test.accuracy)
    assert record["log_likelihood"] == pytest.approx(found.best.test.log_likelihood, abs=1e-4)
    assert record["majority"] == pytest.approx(found.majority_test.accuracy)
    assert record["n"] == 24
    assert record["seen_in_search"] == 0
    assert "None of the 24 test examples stood" in run("evaluate", prompt_file, "--max-test", "24").said


def test_evaluating_on_data_of_ones_own(prompt_file):
    lines("data.jsonl", ROWS)
    outcome = run("evaluate", prompt_file, "--data", "data.jsonl", "--split", "train")
    assert outcome.code == 0
    assert "data, train: accuracy " in outcome.out
    assert "majority class: 50.0 [" in outcome.out
    assert "Note: There is one labelled split only" in outcome.said
    assert run("evaluate", prompt_file, "--data", "data.jsonl", "--quiet").err == ""


def test_labels_of_the_data_under_other_names(prompt_file):
    number = {"negative": 0, "positive": 1}
    for folder, rows in [("own", ROWS), ("other", [{**row, "label": number[row["label"]]} for row in ROWS])]:
        Path(folder).mkdir()
        lines(f"{folder}/train.jsonl", rows[:4])
        lines(f"{folder}/test.jsonl", rows[4:])
    own = json.loads(run("evaluate", prompt_file, "--data", "own", "--json").out)
    command = ("evaluate", prompt_file, "--data", "other", "--json")
    assert "--labels 0=negative" in refused(*command)
    other = json.loads(run(*command, "--labels", "0=negative,1=positive").out)
    assert (other["value"], other["n"]) == (own["value"], 12)


def test_data_is_cut_as_it_was_for_the_search(prompt_file):
    """Under another seed the test split would hold examples that the prompt was found on."""
    lines("data.jsonl", ROWS)
    content = json.loads(Path(prompt_file).read_text("utf-8"))
    found = {}
    for seed in range(4):
        content["task"]["seed"] = seed
        Path("prompt.json").write_text(json.dumps(content), "utf-8")
        command = ("evaluate", "prompt.json", "--data", "data.jsonl", "--json")
        found[seed] = run(*command).out
        assert found[seed] == run(*command, "--seed", str(seed)).out
    assert len(set(found.values())) > 1


@pytest.mark.parametrize("split", ["train", "dev"])
def test_the_search_knows_its_own_splits(prompt_file, found, split):
    outcome = run("evaluate", prompt_file, "--split", split)
    examples = found.task.splits[split]
    assert f"{len(examples)} of the {len(examples)} {split} examples stood in train or dev" in outcome.said
    record = json.loads(run("evaluate", prompt_file, "--split", split, "--json").out)
    figures = getattr(found.best.trial, split)
    assert (record["n"], record["seen_in_search"]) == (figures.n, figures.n)
    assert record["value"] == pytest.approx(figures.accuracy)


def test_other_data_are_told(prompt_file):
    lines("data.jsonl", ROWS)
    outcome = run("evaluate", prompt_file, "--data", "data.jsonl")
    assert "These data are not those that the prompt was found on" in outcome.said
    record = json.loads(run("evaluate", prompt_file, "--data", "data.jsonl", "--json").out)
    assert record["seen_in_search"] is None


def test_the_metric_of_the_search_unless_another_is_given(prompt_file):
    content = json.loads(Path(prompt_file).read_text("utf-8"))
    content["task"]["metric"] = "mcc"
    Path("prompt.json").write_text(json.dumps(content), "utf-8")
    command = ("evaluate", "prompt.json", "--max-test", "24")
    record = json.loads(run(*command, "--json").out)
    assert (record["metric"], record["value"]) == ("mcc", record["mcc"])
    assert ": mcc " in run(*command).out
    record = json.loads(run(*command, "--metric", "macro-f1", "--json").out)
    assert (record["metric"], record["value"]) == ("macro-f1", record["macro_f1"])
    assert "There is no metric 'f1'. There are accuracy" in refused(*command, "--metric", "f1")


def test_every_row_of_a_file_may_be_scored(prompt_file):
    rows = [{"text": text, "label": label} for text, label in zip(TEXTS[::2], ("positive", "negative"))]
    rows += [{"text": "a mess", "label": "negative"}, {"text": "fine", "label": "positive"}]
    lines("four.jsonl", rows)
    command = ("evaluate", prompt_file, "--data", "four.jsonl")
    assert "4 examples are too few" in refused(*command)
    found = json.loads(run(*command, "--split", "all", "--json").out)
    assert (found["split"], found["n"], found["majority"]) == ("all", 4, 0.5)
    said = load_prompt(prompt_file).predict([row["text"] for row in rows])
    assert found["value"] == sum(each.label == row["label"] for each, row in zip(said, rows)) / 4
    assert "four, all: accuracy" in run(*command, "--split", "all").out


def test_what_the_search_has_seen_of_every_row_is_told(prompt_file, found):
    said = run("evaluate", prompt_file, "--split", "all").said
    seen = len(found.task.train) + len(found.task.dev)
    assert f"{seen} of the 400 all examples stood in train or dev of the search" in said
