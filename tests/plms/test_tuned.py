"""Folders of what was trained: peft reads ours, we read peft's, and nothing else is taken from them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from promptsearch.errors import OptionError, PromptFileError
from promptsearch.plms.local import LocalPLM
from promptsearch.plms.lora import Lora, LoraOptions, check_targets
from promptsearch.plms.peft_folders import (
    CONFIG_FILE,
    WEIGHTS_FILE,
    prefix_config,
    read_prompt_folder,
    write_prompt_folder,
)
from promptsearch.plms.prefixed import prefix_shape_of, prefixed
from promptsearch.plms.tuned import tuned_plm
from promptsearch.tasks.task import Example
from promptsearch.template import Template
from tests.plms.zoo import fresh, raw

pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning")

EXAMPLES = [Example({"text": text}) for text in ("good", "very bad film, and the acting was worse")]


def template_for(plm: LocalPLM) -> Template:
    return Template.parse("{text} It was {mask}" + ("." if plm.identity.family == "masked" else ""))


def hidden(plm: LocalPLM) -> np.ndarray:
    return plm.answer_states(template_for(plm), EXAMPLES).hidden


def with_changes(plm: LocalPLM, options: LoraOptions | None = None) -> Lora:
    """Low-rank changes that are not nothing."""
    lora = Lora(plm, options or LoraOptions(rank=2))
    torch.manual_seed(1)
    with torch.no_grad():
        for parameter in lora.parameters.values():
            parameter.copy_(torch.randn_like(parameter))
    return lora


@pytest.mark.parametrize("name", ["bert", "gpt2", "llama"])
def test_low_rank_changes_come_back_from_their_folder(name: str, tmp_path: Path) -> None:
    plm = fresh(name)
    before = hidden(plm)
    lora = with_changes(plm)
    trained = hidden(plm)
    assert np.abs(trained - before).max() > 1e-3
    lora.save(tmp_path / "lora")
    lora.remove()
    np.testing.assert_allclose(hidden(plm), before, atol=1e-6)
    loaded = tuned_plm(fresh(name), "lora", tmp_path / "lora", "a" * 64)
    np.testing.assert_allclose(hidden(loaded), trained, atol=1e-4)
    assert loaded.identity.weights_sha256 != plm.identity.weights_sha256


@pytest.mark.parametrize("name", ["bert", "llama"])
def test_peft_loads_the_folder_of_low_rank_changes(name: str, tmp_path: Path) -> None:
    from peft import PeftModel

    plm = fresh(name)
    with_changes(plm).save(tmp_path / "lora")
    ids = torch.tensor([[7, 8, 9]])
    with torch.no_grad():
        expected = plm.model(input_ids=ids).logits
        theirs = PeftModel.from_pretrained(raw.__wrapped__(name)[0], tmp_path / "lora")(input_ids=ids).logits
    torch.testing.assert_close(theirs, expected, atol=1e-5, rtol=0)
    config = json.loads((tmp_path / "lora" / CONFIG_FILE).read_text("utf-8"))
    assert config["base_model_name_or_path"] == name
    assert sorted(path.name for path in (tmp_path / "lora").iterdir()) == [CONFIG_FILE, WEIGHTS_FILE]


@pytest.mark.parametrize("name", ["bert", "llama"])
def test_peft_loads_the_folder_of_a_prefix(name: str, tmp_path: Path) -> None:
    from peft import PeftModel

    plm = fresh(name)
    shape = prefix_shape_of(plm)
    vectors = torch.from_numpy(np.random.default_rng(0).normal(size=(3, shape.numbers)).astype(np.float32))
    folder = tmp_path / "prefix"
    write_prompt_folder(folder, prefix_config(3, shape, plm.identity.family, name), vectors)
    assert torch.equal(read_prompt_folder(folder), vectors)
    expected = hidden(prefixed(plm, vectors))
    np.testing.assert_allclose(
        hidden(tuned_plm(fresh(name), "prefix", folder, "a" * 64)), expected, atol=1e-6
    )
    model = PeftModel.from_pretrained(raw.__wrapped__(name)[0], folder)
    np.testing.assert_allclose(_states_in_peft(model, plm), expected, atol=1e-4)


def _states_in_peft(model: Any, plm: LocalPLM) -> np.ndarray:
    """Answer states of the first model's prompts, one by one."""
    seen: list[Tensor] = []
    handle = model.base_model.get_output_embeddings().register_forward_pre_hook(
        lambda _, arguments: seen.append(arguments[0])
    )
    masked = plm.identity.family == "masked"
    encoded = plm.encoder.encode(template_for(plm), EXAMPLES, read_right=masked)
    for left, right in zip(encoded.left, encoded.right):
        ids = torch.tensor([[*left, *([plm.encoder.mask_id] if masked else []), *right]])
        with torch.no_grad():
            model(input_ids=ids, attention_mask=torch.ones_like(ids))
    handle.remove()
    rows = [state[0, len(left) - (not masked)] for state, left in zip(seen, encoded.left)]
    return torch.stack(rows).numpy()


def test_target_modules_that_are_not_there_are_refused() -> None:
    plm = fresh("llama")
    with pytest.raises(OptionError, match="no linear module 'q_prj'") as refused:
        Lora(plm, LoraOptions(targets=("v_proj", "q_prj")))
    assert "Did you mean q_proj?" in str(refused.value)
    check_targets(plm.model, ["self_attn.q_proj", "model.layers.0.mlp.up_proj", "down_proj"])
    with pytest.raises(OptionError):
        check_targets(plm.model, ["proj"])


def test_changes_for_another_model_are_refused(tmp_path: Path) -> None:
    with_changes(fresh("llama")).save(tmp_path / "lora")
    for other in ("gpt2", "bert"):
        with pytest.raises(PromptFileError, match="not for this PLM"):
            tuned_plm(fresh(other), "lora", tmp_path / "lora", "a" * 64)


def test_a_damaged_folder_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "lora"
    with_changes(fresh("bert")).save(folder)
    (folder / WEIGHTS_FILE).rename(folder / "adapter_model.bin")
    with pytest.raises(PromptFileError, match="no folder of peft's"):
        tuned_plm(fresh("bert"), "lora", folder, "a" * 64)
    (folder / "adapter_model.bin").rename(folder / WEIGHTS_FILE)
    with pytest.raises(PromptFileError, match="no virtual tokens"):
        tuned_plm(fresh("bert"), "prefix", folder, "a" * 64)


def test_of_a_config_only_what_lora_needs_is_taken(tmp_path: Path) -> None:
    folder = tmp_path / "lora"
    with_changes(fresh("bert")).save(folder)
    config = json.loads((folder / CONFIG_FILE).read_text("utf-8"))
    config |= {"megatron_config": {"a": 1}, "megatron_core": "antigravity", "auto_mapping": {"x": "y"}}
    (folder / CONFIG_FILE).write_text(json.dumps(config), "utf-8")
    tuned_plm(fresh("bert"), "lora", folder, "a" * 64)
    import sys

    assert "antigravity" not in sys.modules
