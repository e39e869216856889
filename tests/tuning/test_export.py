"""Prompts in peft's format: peft answers as we do, and what it cannot express is refused before training."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from transformers import AutoModelForCausalLM, AutoModelForMaskedLM

from promptsearch.errors import OptionError, StorageError, TemplateError
from promptsearch.plms.local import LocalPLM
from promptsearch.prompt import load_prompt
from promptsearch.template import Template
from tests.tuning.running import tuned
from tests.tuning.test_run import STRATEGIES

pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::UserWarning")

LEADING = "{soft*2}{soft*1}{text} It was {mask}"


def test_peft_answers_as_the_prompt_does(plms: dict[str, str], data: Path, tmp_path: Path) -> None:
    folder = tmp_path / "peft"
    found = tuned(plms["gpt2"], data, tmp_path / "run", template=LEADING, export_peft=folder)
    assert found.exported == folder
    assert sorted(path.name for path in folder.iterdir()) == [
        "adapter_config.json",
        "adapter_model.safetensors",
    ]
    rest = Template.parse("{text} It was {mask}")
    _check_same(AutoModelForCausalLM, plms["gpt2"], folder, found, rest)


@pytest.mark.parametrize(("name", "kind"), [("bert", "prefix"), ("gpt2", "prefix"), ("bert", "lora")])
def test_a_prefix_and_lora_are_in_peft_s_format_anyway(
    name: str, kind: str, plms: dict[str, str], data: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "peft"
    found = tuned(plms[name], data, tmp_path / "run", **STRATEGIES[kind], export_peft=folder)
    auto = AutoModelForMaskedLM if name == "bert" else AutoModelForCausalLM
    _check_same(auto, plms[name], folder, found, found.tuned.template)
    _check_same(auto, plms[name], tmp_path / "run" / f"best_prompt.{kind}", found, found.tuned.template)


def _check_same(auto: Any, plm: str, folder: Path, found: Any, template: Template) -> None:
    """Logits of label words at the answer position, by peft and by the prompt."""
    from peft import PeftModel

    model = PeftModel.from_pretrained(auto.from_pretrained(plm), folder).eval()
    prompt = load_prompt(found.folder / "best_prompt.json", device="cpu")
    own = prompt.plm
    assert isinstance(own, LocalPLM)
    examples = found.task.test[:4]
    ids = [tokens[0] for tokens in own.word_ids(template, ["bad", "good"])]
    states = own.answer_states(prompt.template, examples)
    expected = own.word_scores(states, ids) + states.log_partition[:, None]
    masked = own.identity.family == "masked"
    encoded = own.encoder.encode(template, examples, read_right=masked)
    for row, left, right in zip(expected, encoded.left, encoded.right):
        prompt_ids = torch.tensor([[*left, *([own.encoder.mask_id] if masked else []), *right]])
        with torch.no_grad():
            logits = model(input_ids=prompt_ids, attention_mask=torch.ones_like(prompt_ids)).logits
        # peft's own soft tokens stand before the answers of a causal PLM.
        at = logits.shape[1] - prompt_ids.shape[1] + len(left) - (not masked)
        np.testing.assert_allclose(logits[0, at, ids].numpy(), row, atol=1e-4)


@pytest.mark.parametrize(
    ("name", "options", "why"),
    [
        ("bert", {"template": LEADING}, "is masked, and peft has soft tokens for causal PLMs only"),
        ("gpt2", {"template": "{text} {soft*2} It was {mask}"}, "here some stand within it"),
        ("gpt2", {"template": "{soft*2}{text} {soft*1}{mask}"}, "here some stand within it"),
        (
            "llama",
            {"template": LEADING, "words": "negative=very;positive=really"},
            "puts a start token first",
        ),
        ("gpt2", {"template": LEADING, "strategy": "prompt+lm"}, "no format for soft tokens together"),
        ("gpt2", STRATEGIES["full"], "leaves nothing that peft has a format for"),
        ("gpt2", STRATEGIES["nothing"], "leaves nothing that peft has a format for"),
    ],
)
def test_what_peft_cannot_express_is_refused_before_anything_is_trained(
    name: str, options: dict[str, Any], why: str, plms: dict[str, str], data: Path, tmp_path: Path
) -> None:
    with pytest.raises(OptionError, match=why):
        tuned(plms[name], data, tmp_path / "run", **options, export_peft=tmp_path / "peft")
    assert not (tmp_path / "peft").exists()
    assert not (tmp_path / "run").exists()


def test_a_folder_that_is_there_is_not_overwritten(plms: dict[str, str], data: Path, tmp_path: Path) -> None:
    (tmp_path / "peft").mkdir()
    with pytest.raises(StorageError, match="there already"):
        tuned(plms["gpt2"], data, tmp_path / "run", template=LEADING, export_peft=tmp_path / "peft")


def test_soft_tokens_after_the_answer_of_a_causal_plm_are_refused(
    plms: dict[str, str], data: Path, tmp_path: Path
) -> None:
    with pytest.raises(TemplateError):
        tuned(plms["gpt2"], data, tmp_path / "run", template="{text} {mask} {soft*2}")
