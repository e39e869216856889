"""`promptsearch tune`, from its options to its files."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from rich.console import Console
from rich.progress import Progress

from promptsearch.cli.tune_live import Looks
from promptsearch.engines.soft.course import Look
from tests.cli.running import refused, run
from tests.tuning.running import WORDS, saved_data, saved_plm

SOFT, PLAIN = "{text} {soft*2} It was {mask}", "{text} It was {mask}"


@pytest.fixture(scope="module")
def basics(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Options of a short training on a small model."""
    folder = tmp_path_factory.mktemp("small")
    given = {"--plm": saved_plm("bert", folder), "--data": str(saved_data(folder)), "--kind": "sentiment"}
    given |= {"--words": WORDS, "--shots": "all", "--steps": "6", "--look-every": "3", "--restarts": "1"}
    given |= {"--device": "cpu", "--dtype": "float32"}
    return [part for pair in given.items() for part in pair]


def test_a_prompt_is_trained_shown_and_used(basics: list[str], tmp_path: Path) -> None:
    out = tmp_path / "run"
    found = run("tune", *basics, "--template", SOFT, "--out", str(out))
    assert "Fixed-LM prompt tuning (p-tuning)" in found.out
    assert "the same template without tuning" in " ".join(found.out.split())
    assert "Stored numbers beside the PLM and the words: 64." in found.out
    assert "train loss" in found.err
    assert "dev accuracy" in found.err
    predicted = run("predict", str(out / "best_prompt.json"), "the film is great", "--json")
    assert json.loads(predicted.out)["label"] in ("negative", "positive")
    (out / "best_prompt.soft.safetensors").unlink()
    assert "is missing" in refused("predict", str(out / "best_prompt.json"), "the film is great")


def test_lora_is_used_by_predict_and_evaluate(basics: list[str], tmp_path: Path) -> None:
    out = tmp_path / "run"
    options = ("--strategy", "fixed-prompt", "--template", PLAIN, "--lora-rank", "2", "--lm-rate", "0.01")
    found = json.loads(run("tune", *basics, *options, "--out", str(out), "--json").out)
    data = basics[basics.index("--data") + 1]
    scored = run("evaluate", str(out / "best_prompt.json"), "--data", data, "--device", "cpu", "--json")
    assert json.loads(scored.out)["value"] == found["prompts"][0]["test"]["value"]
    assert json.loads(scored.out)["seen_in_search"] == 0
    weights = out / "best_prompt.lora" / "adapter_model.safetensors"
    content = bytearray(weights.read_bytes())
    content[-1] ^= 1
    weights.write_bytes(content)
    assert "not the one the prompt was saved with" in refused("predict", str(out / "best_prompt.json"), "x")


def test_json_tells_all_and_nothing_else(basics: list[str], tmp_path: Path) -> None:
    found = run("tune", *basics, "--template", SOFT, "--out", str(tmp_path / "run"), "--json")
    record = json.loads(found.out)
    assert record["format"] == "promptsearch/tuning"
    assert [row["role"] for row in record["prompts"]] == ["tuned", "not tuned", "manual"]
    assert [look["step"] for look in record["training"]["starts"][0]] == [0, 3, 6]
    assert found.err == ""


def test_quiet_says_what_was_found_and_nothing_on_the_way(basics: list[str], tmp_path: Path) -> None:
    found = run("tune", *basics, "--template", SOFT, "--out", str(tmp_path / "run"), "--quiet")
    assert found.err == ""
    assert "Files in" in found.out


def test_a_prompt_without_training_needs_no_labels(basics: list[str], tmp_path: Path) -> None:
    asked = [*basics]
    asked[asked.index("--shots") + 1] = "0"
    options = ("--strategy", "tuning-free", "--template", PLAIN, "--out", str(tmp_path / "run"), "--json")
    record = json.loads(run("tune", *asked, *options).out)
    assert record["splits"] == {"train": 0, "dev": 0, "test": 18}
    assert record["training"] is None


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (("--template", PLAIN), "has no soft tokens"),
        (("--template", "{text} {soft*200} {mask}"), "context"),
        (("--method", "p-tuning-v2", "--template", PLAIN, "--tokens", "130"), "leave no room"),
        (("--strategy", "fixed-prompt", "--lora-targets", "q_proj"), "no linear module 'q_proj'"),
        (("--strategy", "fixed-prompt", "--lora-rank", "0"), "rank of LoRA is 1 or more"),
        (("--shots", "0"), "--shots 0 gives none"),
        (("--words", "negative=very bad;positive=very good", "--template", SOFT), "answers of one token"),
        (("--template", SOFT, "--export-peft", "peft"), "peft has soft tokens for causal PLMs only"),
        (("--rate", "-1"), "A learning rate must be above 0"),
        (("--mixed", "fp8"), "no number format 'fp8'"),
        (("--strategy", "ptuning"), "There is no strategy 'ptuning'"),
        (("--resume", "runs/nothing"), "cannot be given with --resume"),
        (("--strategy", "fixed-prompt", "--method", "p-tuning-v2"), "--method does nothing with --strategy"),
        (("--strategy", "tuning-free", "--encoder", "mlp"), "which trains no prompt"),
        (("--lora-rank", "4"), "--lora-rank does nothing with --strategy fixed-lm"),
        (("--lm", "full"), "which leaves the PLM as it is"),
        (("--strategy", "prompt+lm", "--lm", "full", "--lora-rank", "4"), "does nothing with --lm full"),
        (("--template", SOFT, "--tokens", "3"), "write as many as {soft*5} in it"),
    ],
)
def test_what_cannot_be_done_is_told_in_a_panel(
    options: tuple[str, ...], why: str, basics: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert why in refused("tune", *basics, *options, "--out", "run")
    assert not (tmp_path / "run").exists() or not list((tmp_path / "run").iterdir())


def test_fewer_examples_than_classes_are_told(basics: list[str], tmp_path: Path) -> None:
    data = tmp_path / "films"
    data.mkdir()
    rows = [{"text": f"film {i}", "label": "bad"} for i in range(9)]
    for split in ("train", "validation", "test"):
        (data / f"{split}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    asked = [*basics]
    asked[asked.index("--data") + 1] = str(data)
    assert "two" in refused("tune", *asked, "--template", SOFT)


def look(step: int, likelihood: float) -> Look:
    return Look(0, step, None if step == 0 else 0.5, likelihood, 12, 16, 3.0)


def test_the_table_shows_the_last_looks_and_the_best() -> None:
    console = Console(file=io.StringIO(), width=100, force_terminal=False)
    looks = Looks(Progress(console=console))
    for step, likelihood in enumerate([-0.7, -0.4, *[-0.5] * 10]):
        looks.add(look(step, likelihood))
    console.print(looks)
    text = console.file.getvalue()
    assert "dev log-likelihood" in text
    assert "75.0 [50.5, 89.8]" in text
    lines = [line.split() for line in text.splitlines() if "-0." in line]
    steps = [int(words[1]) for words in lines]
    assert steps == [1, 4, 5, 6, 7, 8, 9, 10, 11]
    assert sum("best" in line for line in text.splitlines()) == 1


ASKED = "{text} Is it {label}? {soft*2} It was {mask}"


def test_one_question_a_label_from_options_to_prediction(basics: list[str], tmp_path: Path) -> None:
    out = tmp_path / "run"
    asked = ("--template", ASKED, "--answers", "good, bad", "--separate", "--out", str(out))
    told = json.loads(run("tune", *basics, *asked, "--json").out)
    assert told["options"]["answers"] == ["good", "bad"]
    assert told["numbers"] == 2 * 2 * 32
    file = str(out / "best_prompt.json")
    document = json.loads(Path(file).read_text("utf-8"))
    assert document["decomposition"] == {"yes": "good", "no": "bad", "shared": False}
    said = json.loads(run("predict", file, "the film is great", "--json").out)
    assert said["label"] in ("negative", "positive")
    assert sum(said["probabilities"].values()) == pytest.approx(1)


@pytest.mark.parametrize("answers", ["good", "good,bad,film", ""])
def test_answers_are_two(answers: str, basics: list[str]) -> None:
    assert "--answers takes two" in refused("tune", *basics, "--template", ASKED, "--answers", answers)


def test_a_template_with_a_label_is_for_tune(basics: list[str]) -> None:
    said = refused("discover", "--task", "reviews", "--plm", "minilm-mlm", "--template", ASKED, "--offline")
    assert "`promptsearch tune` asks label by label" in said
