"""Strategies side by side: what is measured once is not measured again, and the table says what was found."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from promptsearch.bench import strategies
from promptsearch.bench.machine import Machine
from promptsearch.bench.strategies import (
    LORA,
    P_TUNING,
    P_TUNING_V2,
    STRATEGIES,
    Measured,
    Setting,
    measure,
    planned,
)
from promptsearch.bench.strategies_page import goals_of, page, record
from promptsearch.cli.tune_options import TuneOptions
from promptsearch.errors import OptionError
from promptsearch.tuning.config import TuneConfig
from tests.tuning.running import WORDS, saved_data, saved_plm

MACHINE = Machine("2026-01-01T00:00:00+00:00", "Linux", "a processor", (), "AVX2", 2, 0.5, {"torch": "2"})


def run_of(tuned: str, plain: str | None, seconds: float = 2.0) -> dict[str, Any]:
    """What a training tells, with 1 for each right answer."""

    def row(role: str, correct: str) -> dict[str, Any]:
        figures = {"value": correct.count("1") / len(correct)}
        return {"role": role, "correct": correct, "dev": figures, "test": figures}

    rows = [row("tuned", tuned)] + ([] if plain is None else [row("not tuned", plain)])
    looks = [[{"step": 0}, {"step": 30}], [{"step": 0}, {"step": 10}]]
    training = {"seconds": seconds, "peak_bytes": 5e8, "parameters": 1234, "starts": looks}
    return {
        "task": "films",
        "stand_in_for": None,
        "splits": {"train": 32, "dev": 32, "test": len(tuned)},
        "majority": {"test": 0.5},
        "dtype": "float32",
        "device": "cpu",
        "gold_sha256": "a",
        "prompts": rows,
        "options": {},
        "training": training,
        "seconds": 2 * seconds,
        "numbers": 64,
    }


def test_means_and_margins_are_over_seeds() -> None:
    runs = (run_of("1111111100", "1100000000"), run_of("1111000000", "1100000000", seconds=4.0))
    found = Measured(Setting("p-tuning (LSTM)", "plm", "16"), runs)
    assert found.accuracy == pytest.approx(0.6)
    assert found.spread == pytest.approx(0.4 / 2**0.5)
    assert found.margin.value == pytest.approx(0.4)
    assert found.margin.low < 0.4 < found.margin.high
    text = page([found], MACHINE, "promptsearch bench strategies")
    assert "Draws of 32 train and 32 dev examples" in text
    cells = next(line for line in text.splitlines() if line.startswith("| p-tuning")).split(" | ")
    assert cells[1:3] == ["2", "60.0 (28.3)"]
    assert cells[3].startswith("+40.0 (")
    assert cells[5:] == ["40", "3", "6", "500", "1,234", "64", "float32 |"]


def test_what_was_promised_is_held_against_what_was_found() -> None:
    def found(strategy: str, tuned: str, shots: str = "2000", draws: int | None = 1) -> Measured:
        return Measured(Setting(strategy, "plm", shots, draws=draws), (run_of(tuned, "0" * 20),))

    many = [found(P_TUNING, "1" * 10 + "0" * 10), found(P_TUNING_V2, "1" * 12 + "0" * 8)]
    lora = found(LORA, "1" * 13 + "0" * 7)
    few = [found(P_TUNING, "0" * 20, "16", None), found(LORA, "1" * 20, "16", None)]
    goals = {goal.what: goal for goal in goals_of([*few, *many, lora])}
    assert [goal.met for goal in goals.values()] == [False, True, False]
    assert goals["plm, 2000 a class: points of p-tuning v2 behind LoRA"].found == pytest.approx(5.0)
    assert (
        goals["plm, 16 a class: points of P-tuning over its template, lower end of the interval"].found == 0
    )
    assert "## Goals" in page([*few, *many, lora], MACHINE, "")
    assert goals_of([Measured(Setting(P_TUNING, "plm", "16"), (), "no time")]) == []


def test_what_matters_most_comes_first() -> None:
    names = ["tuning-free", P_TUNING, "prompt tuning", LORA]
    settings = planned(["a", "b"], ["16", "64"], names, ["--steps", "9"], "500", ["--steps", "99"])
    order = sorted(settings, key=lambda setting: setting.turn)
    told = [(each.plm, each.shots, each.strategy) for each in order]
    assert told[:4] == [("a", shots, name) for shots in ("16", "64") for name in names[:2]]
    assert told[4:8] == [("b", shots, name) for shots in ("16", "64") for name in names[:2]]
    others = ["prompt tuning", LORA]
    for place, plm in enumerate("ab"):
        many, few = [(plm, "500", name) for name in (P_TUNING, LORA)], [(plm, "16", name) for name in others]
        assert told[8 + 4 * place : 12 + 4 * place] == many + few
    assert told[16:] == [(plm, "64", name) for plm in "ab" for name in others]
    assert {each.options for each in settings if each.shots == "500"} == {("--steps", "99")}
    assert {each.draws for each in settings if each.shots != "500"} == {None}
    assert {each.draws for each in settings if each.shots == "500"} == {1}
    assert len({each.folder(Path("runs"), 0) for each in settings}) == len(settings)


def test_nothing_is_said_of_margins_that_cannot_be_paired() -> None:
    other = {**run_of("10", "01"), "gold_sha256": "b"}
    assert Measured(Setting("x", "plm", "16"), (run_of("10", "01"), other)).margin is None
    assert Measured(Setting("x", "plm", "16"), (run_of("10", None),)).margin is None


def test_every_row_is_a_training_that_can_be_asked_for() -> None:
    for options in STRATEGIES.values():
        pairs = dict(zip(options[::2], options[1::2]))
        given = TuneOptions(**{name.removeprefix("--"): value for name, value in pairs.items()})
        assert isinstance(given.config("promptsearch tune"), TuneConfig)
    assert len({*STRATEGIES.values()}) == len(STRATEGIES)


@pytest.mark.slow
def test_a_training_is_kept_and_an_error_is_told(tmp_path: Path) -> None:
    common = ["--data", str(saved_data(tmp_path)), "--kind", "sentiment", "--words", WORDS]
    common += ["--device", "cpu", "--steps", "2"]
    plm = saved_plm("bert", tmp_path)
    settings = [Setting("p-tuning v2", plm, "4"), Setting("p-tuning v2", str(tmp_path / "nothing"), "4")]
    runs = tmp_path / "runs"
    *_, found = measure(settings, [0], common, runs)
    assert found[0].records[0]["training"]["parameters"] == 5 * 2 * 2 * 32
    assert "nothing" in found[1].why
    text = page(found, MACHINE, "promptsearch bench strategies")
    assert f"## {tmp_path / 'nothing'}, 4 examples a class" in text
    json.dumps(record(found, MACHINE))
    kept = settings[0].folder(runs, 0) / "tuning.json"
    changed = {**json.loads(kept.read_text("utf-8")), "numbers": 77}
    kept.write_text(json.dumps(changed), "utf-8")
    assert next(measure(settings[:1], [0], common, runs))[0].records[0]["numbers"] == 77
    with pytest.raises(OptionError, match="measured with other options"):
        next(measure(settings[:1], [0], [*common, "--minutes", "1"], runs))


class Trainings:
    """Stands for processes that train: each writes its record, and is remembered."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, runs: Path) -> None:
        self.commands: list[list[str]] = []
        self.runs = runs
        monkeypatch.setattr(strategies.subprocess, "run", self)

    def __call__(self, command: Sequence[str], **_options: Any) -> Any:
        options = list(command[4:])
        self.commands.append(options)
        folder = Path(options[options.index("--resume" if "--resume" in options else "--out") + 1])
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "tuning.json").write_text(json.dumps(run_of("10", "00")), "utf-8")
        return subprocess.CompletedProcess(command, 0, "", "")


def test_when_the_time_is_over_what_is_done_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trainings = Trainings(monkeypatch, tmp_path)
    setting = Setting(P_TUNING, "plm", "16")
    ((none,),) = measure([setting], [0, 1], [], tmp_path, seconds=0)
    assert (none.records, trainings.commands) == ((), [])
    assert none.why == "the time was over after 0 of 2 draws; run it again to go on"
    list(measure([setting], [0], [], tmp_path))
    *_, (half,) = measure([setting], [0, 1], [], tmp_path, seconds=0)
    assert half.why == "the time was over after 1 of 2 draws; run it again to go on"
    assert len(half.records) == 1
    assert goals_of([half]) == []
    assert "| p-tuning (LSTM) | 1 |" in page([half], MACHINE, "")
    ((once,),) = measure([replace(setting, draws=1)], [0, 1], [], tmp_path, seconds=0)
    assert (len(once.records), once.why) == (1, "")


@pytest.mark.parametrize("what", ["nothing", "loss", "rate"])
def test_draws_that_were_trained_otherwise_are_not_averaged(
    what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    setting = Setting("p-tuning (LSTM)", "plm", "16")
    runs = [run_of("1100", "1000") for _ in range(3)]
    for run, rate in zip(runs, (None, 0.1, 0.1)):
        if rate is not None:
            run["training"]["rates"] = {"soft": rate}
    if what == "loss":
        runs[2]["options"] = {"loss": "gce"}
    elif what == "rate":
        runs[0]["training"]["rates"] = {"soft": 0.1}
        runs[2]["training"]["rates"] = {"soft": 0.2}
    monkeypatch.setattr(strategies, "_done", lambda setting, seed, runs_folder: runs[seed])
    found = [*measure([setting], [0, 1, 2], (), tmp_path)][-1][0]
    assert len(found.records) == (3 if what == "nothing" else 2)
    assert ("seed 2 has another loss or rate" in found.why) == (what != "nothing")


def test_all_strategies_have_a_draw_before_any_has_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trainings = Trainings(monkeypatch, tmp_path)
    settings = [Setting("p-tuning v2", "plm", "16", turn=1), Setting(LORA, "plm", "16", turn=1)]
    *_, last = measure([*settings, Setting(P_TUNING, "plm", "16")], [4, 5], [], tmp_path)
    order = [(options[3], options[options.index("--seed") + 1]) for options in trainings.commands]
    assert order == [
        ("p-tuning", "4"),
        ("p-tuning", "5"),
        ("p-tuning-v2", "4"),
        ("lora", "4"),
        ("p-tuning-v2", "5"),
        ("lora", "5"),
    ]
    assert [each.setting.strategy for each in last] == ["p-tuning v2", LORA, P_TUNING]
    assert [len(each.records) for each in last] == [2, 2, 2]


@pytest.mark.parametrize("state", ["training.safetensors", "teachers.safetensors"])
def test_an_unfinished_training_is_gone_on_with(
    state: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trainings = Trainings(monkeypatch, tmp_path)
    begun, fresh = Setting("PET, LoRA", "a", "16", ("--steps", "5")), Setting("PET, LoRA", "b", "16")
    begun.folder(tmp_path, 3).mkdir(parents=True)
    (begun.folder(tmp_path, 3) / state).touch()
    list(measure([begun, fresh], [3], ["--task", "films"], tmp_path))
    assert trainings.commands[0] == ["--resume", str(begun.folder(tmp_path, 3)), "--json"]
    assert trainings.commands[1][:4] == ["--strategy", "pet", "--lm", "lora"]
    assert "--resume" not in trainings.commands[1]
