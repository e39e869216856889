"""Strategies side by side: what is measured once is not measured again, and the table says what was found."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from promptsearch.bench.machine import Machine
from promptsearch.bench.strategies import STRATEGIES, Measured, Setting, measure
from promptsearch.bench.strategies_page import page, record
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
        "splits": {"test": len(tuned)},
        "majority": {"test": 0.5},
        "dtype": "float32",
        "device": "cpu",
        "gold_sha256": "a",
        "prompts": rows,
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
    text = page([found], 2, MACHINE, "promptsearch bench strategies")
    cells = next(line for line in text.splitlines() if line.startswith("| p-tuning")).split(" | ")
    assert cells[1] == "60.0 (28.3)"
    assert cells[2].startswith("+40.0 (")
    assert cells[4:] == ["40", "3", "6", "500", "1,234", "64 |"]


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
    found = list(measure(settings, [0], common, runs))
    assert found[0].records[0]["training"]["parameters"] == 5 * 2 * 2 * 32
    assert "nothing" in found[1].why
    text = page(found, 1, MACHINE, "promptsearch bench strategies")
    assert f"## {tmp_path / 'nothing'}, 4 examples a class" in text
    json.dumps(record(found, MACHINE))
    kept = settings[0].folder(runs, 0) / "tuning.json"
    changed = {**json.loads(kept.read_text("utf-8")), "numbers": 77}
    kept.write_text(json.dumps(changed), "utf-8")
    assert next(measure(settings[:1], [0], common, runs)).records[0]["numbers"] == 77
    with pytest.raises(OptionError, match="measured with other options"):
        next(measure(settings[:1], [0], [*common, "--minutes", "1"], runs))
