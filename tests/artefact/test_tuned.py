"""The folder of what was trained, beside the prompt file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from promptsearch.artefact import TunedRecord
from promptsearch.artefact.io import parse_prompt_json, prompt_json
from promptsearch.artefact.tuned import (
    TunedFolder,
    copy_tuned,
    folder_sha256,
    read_tuned,
    tuned_folder_name,
    tuned_record,
)
from promptsearch.errors import PromptFileError
from promptsearch.prompt import Prompt, load_prompt
from tests.artefact.files import changed, whole


def made(folder: Path, weights: bytes = b"weights") -> TunedFolder:
    folder.mkdir()
    (folder / "adapter_config.json").write_text("{}", "utf-8")
    (folder / "adapter_model.safetensors").write_bytes(weights)
    return TunedFolder("lora", folder, folder_sha256(folder))


def saved(folder: Path) -> Path:
    """A prompt file with such a folder beside it."""
    tuned = made(folder / "best.lora")
    document = parse_prompt_json(json.dumps(changed("tuned", tuned_record(tuned, 7).model_dump())))
    (folder / "best.json").write_text(prompt_json(document), "utf-8")
    return folder / "best.json"


def test_a_prompt_is_copied_together_with_its_folder(tmp_path: Path) -> None:
    path = saved(tmp_path)
    (tmp_path / "elsewhere").mkdir()
    prompt = load_prompt(path)
    copy = tmp_path / "elsewhere" / "mine.json"
    prompt.save(copy)
    again = load_prompt(copy)
    assert again.tuned == TunedFolder("lora", tmp_path / "elsewhere" / "mine.lora", prompt.tuned.sha256)
    assert again.document.tuned == TunedRecord(
        kind="lora", folder="mine.lora", sha256=prompt.tuned.sha256, numbers=7
    )
    prompt.save(path)
    assert load_prompt(path).tuned == prompt.tuned


def test_a_folder_that_was_changed_is_refused(tmp_path: Path) -> None:
    path = saved(tmp_path)
    (tmp_path / "best.lora" / "README.md").write_text("for people", "utf-8")
    load_prompt(path)
    (tmp_path / "best.lora" / "adapter_model.safetensors").write_bytes(b"Weights")
    with pytest.raises(PromptFileError, match="not the one the prompt was saved with"):
        load_prompt(path)


def test_a_file_that_was_added_or_renamed_is_noticed(tmp_path: Path) -> None:
    one = made(tmp_path / "one")
    other = made(tmp_path / "other")
    assert one.sha256 == other.sha256
    (tmp_path / "other" / "extra.bin").write_bytes(b"")
    assert folder_sha256(tmp_path / "other") != one.sha256
    (tmp_path / "one" / "adapter_config.json").rename(tmp_path / "one" / "config.json")
    assert folder_sha256(tmp_path / "one") != other.sha256


def test_a_missing_folder_is_told(tmp_path: Path) -> None:
    path = saved(tmp_path)
    copy_tuned(tmp_path / "moved.json", load_prompt(path).tuned)
    for file in (tmp_path / "best.lora").iterdir():
        file.unlink()
    (tmp_path / "best.lora").rmdir()
    with pytest.raises(PromptFileError, match="folder that the prompt needs is missing"):
        load_prompt(path)
    prompt = Prompt(parse_prompt_json(path.read_text("utf-8")))
    with pytest.raises(PromptFileError, match=r"needs the folder best.lora, which was not read"):
        prompt.plm  # noqa: B018


@pytest.mark.parametrize("name", ["../best.lora", "a/b", ".", "..", "", ".hidden", "C:best", "a\\b"])
def test_a_name_that_leads_elsewhere_is_refused(name: str, tmp_path: Path) -> None:
    record = {"kind": "lora", "folder": name, "sha256": "0" * 64, "numbers": 1}
    with pytest.raises(PromptFileError, match=r"tuned\.folder"):
        parse_prompt_json(json.dumps(changed("tuned", record)))


def test_names_follow_from_the_prompt_file() -> None:
    assert tuned_folder_name("runs/best_prompt.json", "lora") == "best_prompt.lora"
    assert tuned_folder_name("runs/.json", "full") == "json.full"
    assert not json.loads(prompt_json(parse_prompt_json(json.dumps(whole())))).get("tuned")


def test_a_document_without_a_folder_has_none_to_read(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="needs no folder"):
        read_tuned(tmp_path / "best.json", parse_prompt_json(json.dumps(whole())))
