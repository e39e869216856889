"""Every mistake gets one panel on stderr and exit code 2; nothing goes to stdout and no folder is left."""

from __future__ import annotations

import socket
import threading
import time
from pathlib import Path

import pytest

from promptsearch.hub import hub_reachable
from tests.cli.conftest import ROWS, lines
from tests.cli.running import refused, run, start
from tests.plms.tiny_bert import save_tiny_bert

QUICK = ("discover", "--plm", "minilm-mlm", "--dtype", "float32", "--shots", "3", "--max-test", "10")
REVIEWS = (*QUICK, "--task", "reviews")


def no_run_folder() -> bool:
    return not any(Path("runs").glob("*")) if Path("runs").is_dir() else True


# Tasks and data --------------------------------------------------------------------------------------


def test_unknown_task_with_near_ones():
    said = refused("discover", "--task", "sst3")
    assert "No task is called 'sst3'." in said
    assert "Did you mean sst5 or sst2?" in said


def test_neither_task_nor_data():
    assert "Neither a task nor data was given." in refused("discover")


def test_missing_file_with_a_near_one():
    lines("reviews.jsonl", ROWS)
    said = refused(*QUICK, "--data", "review.jsonl")
    assert "No such file or folder. review.jsonl Did you mean reviews.jsonl?" in said


def test_broken_line_is_numbered():
    Path("data.jsonl").write_text('{"text": "a", "label": 1}\n{"text": \n')
    said = refused(*QUICK, "--data", "data.jsonl")
    assert "Line 2 is not valid JSON" in said
    assert "data.jsonl, line 2" in said


def test_a_line_that_would_steer_the_terminal_is_shown_harmless():
    Path("data.jsonl").write_text('{"text": \x1b[31m}\n')
    assert "\x1b" not in run(*QUICK, "--data", "data.jsonl").err


def test_missing_column():
    lines("data.jsonl", ROWS)
    said = refused(*QUICK, "--data", "data.jsonl", "--map", "text=review")
    assert "There is no column 'review' (mapped to 'text')." in said
    assert "Columns: 'text', 'label'." in said


@pytest.mark.parametrize("content", ["", "text,label\n"])
def test_empty_data(content):
    Path("data.csv").write_text(content)
    assert "The file holds no rows." in refused(*QUICK, "--data", "data.csv")


def test_one_class_only():
    lines("data.jsonl", [{"text": f"film {i}", "label": "good"} for i in range(9)])
    said = refused(*QUICK, "--data", "data.jsonl")
    assert "only the label 'good', but a search needs at least two classes." in said


def test_a_label_of_test_that_train_lacks():
    lines("data/train.jsonl", ROWS)
    lines("data/test.jsonl", [{"text": "so so", "label": "neutral"}, {"text": "fine", "label": "positive"}])
    said = refused(*QUICK, "--data", "data")
    assert "Labels of test that never occur in train: 'neutral'" in said


def test_no_stand_in():
    said = refused("discover", "--task", "sst2", "--no-stand-in")
    assert "The task sst2 cannot be had" in said
    assert "a stand-in was ruled out" in said


def test_a_label_that_cannot_be_written():
    Path("data.jsonl").write_text('{"text": "a", "label": "\\ud800"}\n' + '{"text": "b", "label": "x"}\n' * 9)
    assert "holds half of a surrogate pair" in refused(*QUICK, "--data", "data.jsonl")


# Templates and words ---------------------------------------------------------------------------------


def test_a_template_without_a_slot():
    said = refused(*REVIEWS, "--template", "{text} It was good.")
    assert "The template has no answer slot {mask}. {text} It was good. ^" in said


def test_an_unknown_field():
    said = refused(*REVIEWS, "--template", "{txt} It was {mask}.")
    assert "names the field {txt}, which the task does not have" in said
    assert "Did you mean {text}?" in said


def test_bytes_that_are_no_text_in_a_template():
    assert "no text" in refused(*REVIEWS, "--template", "\udcff {text} {mask}")


def test_a_file_of_templates_that_is_missing():
    assert "There is no such file. mine.txt" in refused(*REVIEWS, "--templates", "mine.txt")


def test_an_answer_of_unknown_characters_is_named():
    said = refused(*REVIEWS, "--template", "{text} {mask}", "--words", "negative=bad;positive=☃☃")
    assert "The answer '☃☃' holds characters this PLM's tokenizer does not know." in said
    assert no_run_folder()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("negative=bad", "No label words for the label 'positive'."),
        ("negative=bad;positive=good;neutral=so", "'neutral', which is not a label of the task."),
        ("bad;good", "There is no such file."),
        ("none.json", "There is no such file."),
    ],
)
def test_words_that_do_not_fit_the_labels(words, message):
    assert message in refused(*REVIEWS, "--words", words)


# PLMs ------------------------------------------------------------------------------------------------


def test_unknown_plm_with_near_ones():
    said = refused("discover", "--task", "reviews", "--plm", "minilm-mml")
    assert "minilm-mml" in said
    assert "Did you mean minilm-mlm" in said
    assert no_run_folder()


def test_a_plm_that_cannot_be_had_is_told_before_the_work_begins():
    said = refused(*REVIEWS, "--plm", "nope")
    assert "'nope'" in said
    assert "templates," not in said


def test_a_folder_that_is_no_model():
    Path("model").mkdir()
    assert "The folder model holds no config.json, so it is not a model." in refused(
        *QUICK[:1], "--plm", "./model", "--task", "reviews"
    )


def test_a_sentence_encoder_is_refused_without_a_download():
    said = refused("discover", "--task", "reviews", "--plm", "minilm-embed")
    assert "minilm-embed is a contrastive sentence encoder" in said
    assert "downloading" not in said


def test_an_encoder_without_a_head():
    save_tiny_bert(Path("encoder"), ["a", "film"], head=False)
    said = refused("discover", "--task", "reviews", "--plm", "./encoder")
    assert "./encoder is not a whole language model" in said
    assert "cls.predictions.transform.dense.weight" in said


def test_text_after_the_slot_of_a_causal_plm():
    save_tiny_causal(Path("causal"))
    said = refused(
        "discover", "--task", "reviews", "--plm", "./causal", "--template", "{text} It was {mask}, really."
    )
    assert "Text after {mask} cannot be read by /" in said
    assert "/causal, which reads from left to right only." in said
    assert no_run_folder()


def save_tiny_causal(folder: Path) -> None:
    from tests.plms.zoo import raw

    for part in raw("gpt2"):
        part.save_pretrained(folder)


@pytest.mark.parametrize("offline", [True, False])
def test_a_name_on_the_hub_without_a_network(offline, monkeypatch):
    monkeypatch.delenv("HF_HUB_OFFLINE")
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    hub_reachable.cache_clear()
    began = time.monotonic()
    said = refused(
        "discover", "--task", "reviews", "--plm", "some/model", *(["--offline"] if offline else [])
    )
    hub_reachable.cache_clear()
    assert time.monotonic() - began < 15
    assert "some/model is not on this machine" in said
    assert "On this machine: minilm-mlm" in said


def test_a_hub_that_breaks_off(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=break_off, args=(server,), daemon=True).start()
        env = {
            "HF_ENDPOINT": f"http://127.0.0.1:{server.getsockname()[1]}",
            "HF_HUB_OFFLINE": "0",
            "HF_HOME": str(tmp_path / "hub"),
            "NO_PROXY": "*",
            "no_proxy": "*",
        }
        _, err = (process := start("models", "get", "some/model", env=env)).communicate(timeout=240)
    assert process.returncode == 2
    assert b"some/model could not be downloaded" in err
    assert b"Traceback" not in err


def break_off(server: socket.socket) -> None:
    """Answer whether anyone is there, and nothing after that."""
    answer = b"HTTP/1.1 200 OK\r\n\r\n"
    while True:
        try:
            connection = server.accept()[0]
            connection.recv(1000)
            connection.sendall(answer)
            connection.close()
        except OSError:
            return
        answer = b""


# Options ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("--shots", "-1", "--shots must be a number of examples a class, or all, not '-1'."),
        ("--shots", "x", "--shots must be a number of examples a class, or all, not 'x'."),
        ("--shots", "-3", "not '-3'"),
        ("--calibration", "btach", "There is no calibration 'btach'. Did you mean 'batch'?"),
        ("--metric", "acc", "There is no metric 'acc'."),
        ("--device", "tpu", "The device 'tpu' cannot be used here."),
        ("--device", "cuda:99", "The device 'cuda:99' cannot be used here."),
        ("--device", "meta", "The device 'meta' holds no numbers."),
        ("--dtype", "float8", "Unknown number format 'float8'."),
    ],
)
def test_values_that_no_option_takes(option, value, message):
    assert message in refused(*REVIEWS, option, value)
    assert no_run_folder()


@pytest.mark.parametrize("wrong", [["--frobnicate"], ["--max-test", "0"], ["--seed", "one"], ["extra"]])
def test_what_the_parser_refuses(wrong):
    outcome = run(*REVIEWS, *wrong)
    assert outcome.code == 2
    assert outcome.out == ""
    assert outcome.err.count("╭─ Error") == 1


def test_an_unknown_command():
    outcome = run("discovr")
    assert (outcome.code, outcome.out) == (2, "")
    assert "discovr" in outcome.said
