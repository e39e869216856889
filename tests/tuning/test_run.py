"""Whole trainings: what is written is what was measured, and what was stopped goes on."""

from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file

from promptsearch.engines.soft.course import Look
from promptsearch.errors import OptionError, PLMError, StorageError
from promptsearch.plms import load_plm
from promptsearch.plms.base import AnswerScoring
from promptsearch.plms.lora import LoraOptions
from promptsearch.prompt import load_prompt
from promptsearch.readings import label_log_probs
from promptsearch.scoring import evaluate, fit_none, predict, told_apart
from promptsearch.study.evaluating import evaluate_prompt
from promptsearch.study.runs import list_runs
from promptsearch.tasks.task import gold
from promptsearch.template import Template
from promptsearch.tuning.observer import TuneObserver
from promptsearch.tuning.outcome import MANUAL, TUNED, UNTUNED, Tuning, TuningStopped
from promptsearch.tuning.run import resume, run
from tests.cli.running import run as command
from tests.tuning.running import TRAINING, asked, tuned

PLAIN = "{text} It was {mask}"
ASKED, UNTRAINED = "{text} Was it {label}? {soft*2} It was {mask}", "{text} Was it {label}? It was {mask}"
ANSWERS = ("good", "bad")
STRATEGIES: dict[str, dict[str, Any]] = {
    "soft tokens": {},
    "prefix": {"template": PLAIN, "method": "p-tuning-v2", "tokens": 2},
    "lora": {"template": PLAIN, "strategy": "fixed-prompt", "lm_rate": 0.01},
    "full": {"template": PLAIN, "strategy": "fixed-prompt", "lm": "full", "lm_rate": 1e-3},
    "both": {"strategy": "prompt+lm", "lm_rate": 0.01},
    "nothing": {"template": PLAIN, "strategy": "tuning-free"},
    "label by label": {"template": ASKED, "answers": ANSWERS},
    "separate": {"template": ASKED, "answers": ANSWERS, "separate": True},
    "nothing label by label": {"template": UNTRAINED, "answers": ANSWERS, "strategy": "tuning-free"},
}


# An encoder-decoder takes no prefix.
CASES = [(name, strategy) for name in ("bert", "gpt2") for strategy in STRATEGIES]
CASES += [("t5-gated", strategy) for strategy in ("soft tokens", "full", "both")]
CASES += [("t5-gated", "label by label"), ("bart", "separate")]
CASES += [("bart", strategy) for strategy in ("soft tokens", "lora", "full")]


@pytest.mark.parametrize(("name", "strategy"), CASES)
def test_the_figures_are_those_of_the_prompt_that_was_saved(
    strategy: str, name: str, plms: dict[str, str], data: Path, tmp_path: Path
) -> None:
    found = tuned(plms[name], data, tmp_path / "run", **STRATEGIES[strategy])
    prompt = load_prompt(tmp_path / "run" / "best_prompt.json", device="cpu")
    again = evaluate_prompt(prompt, found.task)
    assert again.prompt == found.tuned.test
    stored = {entry.split: entry.value for entry in prompt.document.evaluation}
    assert stored == {"dev": found.tuned.dev.accuracy, "test": found.tuned.test.accuracy}
    details = prompt.document.provenance.details
    assert details.get("steps_with_dev", 0) == (0 if found.trained is None else found.trained.again)
    if found.trained is not None:
        best = found.trained.best
        assert best.log_likelihood == max(
            look.log_likelihood for course in found.trained.courses for look in course.looks
        )
        assert found.tuned.dev.log_likelihood == pytest.approx(best.log_likelihood, abs=1e-4)
    record = json.loads((tmp_path / "run" / "tuning.json").read_text("utf-8"))
    assert record["prompts"][0]["test"]["value"] == found.tuned.test.accuracy
    assert record["numbers"] == found.numbers
    assert not (tmp_path / "run" / "training.safetensors").exists()


def test_what_stands_beside_it_was_said_by_the_plm_as_it_was(
    plms: dict[str, str], data: Path, tmp_path: Path
) -> None:
    found = tuned(plms["bert"], data, tmp_path / "run", **STRATEGIES["both"])
    plm = load_plm(plms["bert"], device="cpu", dtype="float32", cache=False)
    test, task = found.task.test, found.task
    assert [row.role for row in found.rows] == [TUNED, UNTUNED, MANUAL]
    assert str(found.rows[1].template) == PLAIN
    for row in found.rows[1:]:
        said = label_log_probs(plm, row.template, row.words, fit_none(), AnswerScoring("token"), test)
        assert evaluate(said, gold(test)) == row.test
        own = load_prompt(tmp_path / "run" / "best_prompt.json").label_log_probs(test)
        assert row.to_tuned == told_apart(predict(own), predict(said), gold(test), task.metric)


def test_the_report_tells_what_was_stored_and_warns_of_nearest_words(
    plms: dict[str, str], data: Path, tmp_path: Path
) -> None:
    found = tuned(plms["bert"], data, tmp_path / "run", command="promptsearch tune --task films")
    page = (tmp_path / "run" / "report.md").read_text("utf-8")
    for part in (
        "# Fixed-LM prompt tuning (p-tuning) for `films`",
        "Stored numbers beside the PLM and the words: 64.",
        "rarely explain",
        "| the same template without tuning |",
        "promptsearch tune --task films",
        "- Loss: generalised cross-entropy (q = 0.7); peak learning rate 0.05 (soft tokens).",
        "(chosen)",
        f"then it was trained for {found.trained.again} steps on train and dev together.",
    ):
        assert part in page
    assert len(found.nearest) == 2
    assert found.numbers == 64
    assert found.trained.peak_bytes > 10_000_000
    kept = tuned(plms["bert"], data, tmp_path / "kept", refit=False)
    page = (tmp_path / "kept" / "report.md").read_text("utf-8")
    assert kept.trained.again == 0
    assert "(kept)" in page
    assert "The log-likelihood on dev chose the state that was kept; test was scored once." in page


def test_the_loss_asked_for_is_the_one_that_is_trained(
    plms: dict[str, str], data: Path, tmp_path: Path
) -> None:
    found = {
        loss: tuned(plms["bert"], data, tmp_path / loss, loss=loss, restarts=1) for loss in ("ce", "gce")
    }
    vectors = [load_file(tmp_path / loss / "best_prompt.soft.safetensors") for loss in found]
    assert any(not np.array_equal(vectors[0][name], vectors[1][name]) for name in vectors[0])
    assert "- Loss: cross-entropy; peak" in (tmp_path / "ce" / "report.md").read_text("utf-8")
    # Looks go by the log-likelihood, whatever is trained.
    first = [each.trained.courses[0].looks[0] for each in found.values()]
    assert first[0].log_likelihood == first[1].log_likelihood


def test_without_labels_nothing_is_trained_and_dev_is_empty(
    plms: dict[str, str], data: Path, tmp_path: Path
) -> None:
    found = tuned(plms["bert"], data, tmp_path / "run", shots=0, **STRATEGIES["nothing"])
    assert (len(found.task.train), len(found.task.dev)) == (0, 0)
    assert found.tuned.dev is None
    assert found.majority_test.accuracy == 0.5
    document = load_prompt(tmp_path / "run" / "best_prompt.json").document
    assert [entry.split for entry in document.evaluation] == ["test"]


# Stopped and gone on with ---------------------------------------------------------------------------


class Interrupting(TuneObserver):
    """Does something when dev has been looked at so many times."""

    def __init__(self, after: int, what: Any) -> None:
        self.after, self.what, self.looks = after, what, []

    def looked(self, look: Look) -> None:
        self.looks.append(look)
        if len(self.looks) == self.after:
            self.what()


class Killed(BaseException):
    """What no code catches."""


def kill() -> None:
    raise Killed


def press_ctrl_c() -> None:
    os.kill(os.getpid(), signal.SIGINT)


def files_of(folder: Path) -> dict[str, bytes]:
    """What was trained."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*.safetensors")}


@pytest.mark.parametrize(
    ("stop", "strategy"),
    [
        ("killed", "soft tokens"),
        ("killed", "prefix"),
        ("killed", "both"),
        ("killed", "label by label"),
        ("killed", "separate"),
        ("interrupted", "soft tokens"),
        ("out of time", "both"),
    ],
)
def test_a_training_that_was_stopped_ends_with_the_same_bits(
    stop: str, strategy: str, plms: dict[str, str], data: Path, tmp_path: Path
) -> None:
    options = {**STRATEGIES[strategy], "restarts": 2}
    straight = tuned(plms["bert"], data, tmp_path / "straight", **options)
    config = asked(plms["bert"], data, tmp_path / "stopped", **options)
    if stop == "killed":
        with pytest.raises(Killed):
            run(config, Interrupting(7, kill))
    elif stop == "interrupted":
        with pytest.raises(TuningStopped):
            run(config, Interrupting(7, press_ctrl_c))
    else:
        in_time = asked(plms["bert"], data, tmp_path / "stopped", minutes=1, **options)
        early = run(in_time, TuneObserver(), begun=time.monotonic() - 3600)
        assert early.trained.ending == "stopped"
    assert (tmp_path / "stopped" / "training.safetensors").exists()
    gone_on = resume(tmp_path / "stopped", TuneObserver())
    assert files_of(tmp_path / "stopped") == files_of(tmp_path / "straight")
    assert gone_on.tuned.test == straight.tuned.test
    assert _without_time(gone_on) == _without_time(straight)


def _without_time(found: Tuning) -> list[tuple[object, ...]]:
    looks = [look for course in found.trained.courses for look in course.looks]
    return [(look.restart, look.step, look.loss, look.log_likelihood, look.correct) for look in looks]


def test_an_unfinished_training_is_not_overwritten(plms: dict[str, str], data: Path, tmp_path: Path) -> None:
    config = asked(plms["bert"], data, tmp_path / "run")
    with pytest.raises(Killed):
        run(config, Interrupting(4, kill))
    with pytest.raises(StorageError, match="not finished") as refused:
        run(config, TuneObserver())
    assert f"promptsearch tune --resume {tmp_path / 'run'}" in str(refused.value)


def test_a_finished_training_makes_room_for_another(plms: dict[str, str], data: Path, tmp_path: Path) -> None:
    tuned(plms["bert"], data, tmp_path / "run", **STRATEGIES["both"])
    tuned(plms["bert"], data, tmp_path / "run", **STRATEGIES["prefix"])
    names = {path.name for path in (tmp_path / "run").iterdir()}
    assert "best_prompt.prefix" in names
    assert not names & {"best_prompt.lora", "best_prompt.soft.safetensors"}
    with pytest.raises(StorageError, match="the training is finished"):
        resume(tmp_path / "run", TuneObserver())


def test_a_training_that_was_killed_before_its_report_is_not_taken_for_finished(
    plms: dict[str, str], data: Path, tmp_path: Path
) -> None:
    done = tuned(plms["bert"], data, tmp_path / "run")
    (tmp_path / "run" / "tuning.json").unlink()
    again = resume(tmp_path / "run", TuneObserver())
    assert again.tuned.test == done.tuned.test
    assert (tmp_path / "run" / "tuning.json").exists()


def test_a_training_is_not_gone_on_with_on_other_data(
    plms: dict[str, str], data: Path, tmp_path: Path
) -> None:
    import shutil

    copied = tmp_path / "films"
    shutil.copytree(data, copied)
    with pytest.raises(Killed):
        run(asked(plms["bert"], copied, tmp_path / "run"), Interrupting(4, kill))
    rows = (copied / "train.jsonl").read_text("utf-8").replace("terrible", "awful")
    (copied / "train.jsonl").write_text(rows, "utf-8")
    (tmp_path / "run" / "report.md").write_text("what an earlier sitting found", "utf-8")
    with pytest.raises(OptionError, match="differs in fingerprint"):
        resume(tmp_path / "run", TuneObserver())
    assert (tmp_path / "run" / "report.md").exists()


@pytest.mark.parametrize("strategy", ["soft tokens", "both"])
def test_a_training_of_a_version_without_other_losses_goes_on_with_cross_entropy(
    strategy: str, plms: dict[str, str], data: Path, tmp_path: Path
) -> None:
    options = {**STRATEGIES[strategy], "loss": "ce"}
    straight = tuned(plms["bert"], data, tmp_path / "straight", **options)
    with pytest.raises(Killed):
        run(asked(plms["bert"], data, tmp_path / "old", **options), Interrupting(3, kill))
    path = tmp_path / "old" / "config.json"
    record = json.loads(path.read_text("utf-8"))
    assert record["tune"].pop("loss") == "ce"
    path.write_text(json.dumps(record), "utf-8")
    assert resume(tmp_path / "old", TuneObserver()).tuned.test == straight.tuned.test
    assert files_of(tmp_path / "old") == files_of(tmp_path / "straight")


def test_a_training_is_not_gone_on_with_under_another_loss(
    plms: dict[str, str], data: Path, tmp_path: Path
) -> None:
    with pytest.raises(Killed):
        run(asked(plms["bert"], data, tmp_path / "run", loss="ce"), Interrupting(4, kill))
    with pytest.raises(OptionError, match="differs in loss"):
        resume(tmp_path / "run", TuneObserver(), loss="gce")


def test_a_folder_without_a_training_is_told(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="holds no run"):
        resume(tmp_path, TuneObserver())
    (tmp_path / "config.json").write_text('{"fingerprint": "", "options": {}}', "utf-8")
    with pytest.raises(StorageError, match="none of `promptsearch tune`"):
        resume(tmp_path, TuneObserver())
    (tmp_path / "config.json").write_text('{"tune": {"training": 3}}', "utf-8")
    with pytest.raises(StorageError, match="cannot be read"):
        resume(tmp_path, TuneObserver())


def test_a_run_that_fails_leaves_no_folder(plms: dict[str, str], data: Path, tmp_path: Path) -> None:
    lora = LoraOptions(targets=("nothing",))
    with pytest.raises(OptionError, match="no linear module"):
        tuned(plms["bert"], data, tmp_path / "run", **STRATEGIES["lora"], lora=lora)
    assert not list((tmp_path / "run").iterdir())


def test_the_start_counts_as_a_state_too(plms: dict[str, str], data: Path, tmp_path: Path) -> None:
    from dataclasses import replace

    wild = replace(TRAINING, clip=1e6)
    found = tuned(plms["bert"], data, tmp_path / "run", rate=50.0, method="prompt-tuning", training=wild)
    first = found.trained.courses[0].looks[0]
    assert found.trained.best.log_likelihood >= first.log_likelihood
    np.testing.assert_allclose(found.tuned.dev.log_likelihood, found.trained.best.log_likelihood, atol=1e-4)
    assert Template.parse(str(found.tuned.template)).has_free_slots


def test_runs_tells_what_was_tuned_and_what_can_be_gone_on_with(
    plms: dict[str, str], data: Path, tmp_path: Path
) -> None:
    found = tuned(plms["bert"], data, tmp_path / "runs" / "done")
    with pytest.raises(Killed):
        run(asked(plms["bert"], data, tmp_path / "runs" / "killed"), Interrupting(4, kill))
    states = {each.folder.name: each for each in list_runs([tmp_path / "runs"])}
    assert states["done"].state == "tuned"
    assert states["done"].test.value == found.tuned.test.accuracy
    assert states["done"].seconds == pytest.approx(found.seconds, abs=0.01)
    assert states["killed"].state == "stopped, can be resumed"
    told = command("runs", str(tmp_path / "runs")).out
    assert f"promptsearch tune --resume {tmp_path / 'runs' / 'killed'}" in told


def test_keys_and_values_in_every_layer_of_an_encoder_decoder_are_refused(
    plms: dict[str, str], data: Path, tmp_path: Path
) -> None:
    with pytest.raises(PLMError, match="cannot be given keys and values") as caught:
        tuned(plms["bart"], data, tmp_path / "run", **STRATEGIES["prefix"])
    assert "--method p-tuning" in str(caught.value.hint)
    assert not list((tmp_path / "run").iterdir())
