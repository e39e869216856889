"""PET: several templates label texts, and one learns from that."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from promptsearch.errors import DataError, OptionError, TemplateError
from promptsearch.prompt import load_prompt
from promptsearch.study.evaluating import evaluate_prompt
from promptsearch.tuning.run import resume, run
from promptsearch.tuning.teaching import surest
from tests.tuning.running import asked, tuned
from tests.tuning.test_run import Interrupting, Killed, files_of, kill

PATTERNS = ("{text} It was {mask}", "{mask} . {text}")
PET: dict[str, Any] = {
    "strategy": "pet",
    "template": "{text} really {mask}",
    "patterns": PATTERNS,
    "shots": 4,
    "lm_rate": 0.01,
}


@pytest.mark.parametrize("lm", ["lora", "full"])
def test_one_template_is_taught_by_several(lm: str, plms: dict[str, str], data: Path, tmp_path: Path) -> None:
    found = tuned(plms["bert"], data, tmp_path / "run", **PET, lm=lm)
    assert [str(teacher.template) for teacher in found.teachers] == list(PATTERNS)
    assert found.unlabelled == 10
    assert len(found.trained.courses) == 1
    prompt = load_prompt(tmp_path / "run" / "best_prompt.json", device="cpu")
    assert str(prompt.template) == PET["template"]
    assert evaluate_prompt(prompt, found.task).prompt == found.tuned.test
    page = (tmp_path / "run" / "report.md").read_text("utf-8")
    assert "together they labelled 10 texts" in page
    assert not list((tmp_path / "run").glob("t*.safetensors"))


def test_soft_labels_are_what_all_say_together(
    plms: dict[str, str], data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from promptsearch.tuning import teaching

    seen: list[Any] = []
    real = teaching.School.taught

    def spy(school: Any, said: Any) -> Any:
        found = real(school, said)
        seen.append((school, said, found.lesson))
        return found

    monkeypatch.setattr(teaching.School, "taught", spy)
    found = tuned(plms["bert"], data, tmp_path / "run", **PET, temperature=3.0)
    school, said, lesson = seen[0]
    first, second = school.weights
    row = 16  # the first text behind eight of train and eight of dev
    scores = (first * said[0][row] + second * said[1][row]) / (first + second) / 3.0
    expected = np.exp(scores) / np.exp(scores).sum()
    np.testing.assert_allclose(lesson.targets[row], expected, rtol=1e-5)
    np.testing.assert_array_equal(lesson.targets[:8].argmax(axis=1), [e.label for e in found.task.train])
    assert set(lesson.train) == {*range(8), *range(16, 26)}
    assert set(lesson.held_out) == set(range(8, 16))


def test_a_killed_school_goes_on_where_it_was(plms: dict[str, str], data: Path, tmp_path: Path) -> None:
    options = {**PET, "generations": 1}
    straight = tuned(plms["bert"], data, tmp_path / "straight", **options)
    config = asked(plms["bert"], data, tmp_path / "stopped", **options)
    # In the third of five trainings, each of which looks five times.
    with pytest.raises(Killed):
        run(config, Interrupting(13, kill))
    assert (tmp_path / "stopped" / "teachers.safetensors").exists()
    looked = Interrupting(0, kill)
    gone_on = resume(tmp_path / "stopped", looked)
    assert files_of(tmp_path / "stopped") == files_of(tmp_path / "straight")
    assert gone_on.teachers == straight.teachers
    # Two trainings were over before.
    assert 10 < len(looked.looks) <= 15


def test_texts_from_a_file_are_labelled_too(plms: dict[str, str], data: Path, tmp_path: Path) -> None:
    texts = tmp_path / "texts.txt"
    texts.write_text("a new film is great\na new plot is bad\nthe film is terrible\n", "utf-8")
    found = tuned(plms["bert"], data, tmp_path / "run", **PET, unlabelled=texts)
    record = json.loads((found.folder / "tuning.json").read_text("utf-8"))
    assert record["unlabelled"] in (2, 3)
    assert [teacher["template"] for teacher in record["teachers"]] == list(PATTERNS)


def test_without_texts_there_is_nothing_to_learn_from(
    plms: dict[str, str], data: Path, tmp_path: Path
) -> None:
    with pytest.raises(DataError, match="no texts without labels"):
        tuned(plms["bert"], data, tmp_path / "run", **{**PET, "shots": None})


@pytest.mark.parametrize(
    ("options", "error", "why"),
    [
        ({"patterns": ("{text} {soft*2} {mask}",)}, TemplateError, "pet trains none"),
        ({"patterns": ("{text} {title} {mask}",)}, TemplateError, "title"),
        ({"strategy": "fixed-prompt"}, OptionError, "are for the strategy pet"),
        ({"temperature": 0.0}, OptionError, "temperature is above 0"),
        ({"generations": -1}, OptionError, "generations are 0 or more"),
    ],
)
def test_what_cannot_teach_is_refused(
    options: dict[str, Any], error: type, why: str, plms: dict[str, str], data: Path, tmp_path: Path
) -> None:
    with pytest.raises(error, match=why):
        tuned(plms["bert"], data, tmp_path / "run", **{**PET, **options})


def test_the_surest_texts_are_as_many_of_each_label_as_there_are() -> None:
    together = np.log(np.array([[0.9, 0.1], [0.6, 0.4], [0.2, 0.8], [0.7, 0.3], [0.4, 0.6]]))
    assert surest(together, 4) == [0, 2, 3, 4]
    assert surest(together, 2) == [0, 2]
    assert surest(together, 1) == [0, 2]
    assert surest(together, 100) == [0, 1, 2, 3, 4]
