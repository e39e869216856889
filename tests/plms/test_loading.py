from __future__ import annotations

import json
import logging
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from promptsearch.errors import OptionError, PLMError
from promptsearch.paths import cache_dir
from promptsearch.plms import loading, precision
from promptsearch.plms.loading import context_tokens, find_device, load_plm
from promptsearch.plms.sources import LoadedModel, resolve
from promptsearch.plms.sources.checkpoint import Checkpoint
from promptsearch.plms.sources.reference import HubName, parse_reference
from promptsearch.tasks.task import Example
from promptsearch.template import Template
from tests.plms.tiny_bert import save_tiny_bert
from tests.plms.zoo import adapter, raw

WORDS = ["a", "film", "was", "good", "bad", "it"]
TEMPLATE = Template.parse("{text} it was {mask}")


@pytest.fixture
def folder(tmp_path):
    return save_tiny_bert(tmp_path / "bert", WORDS)


@pytest.fixture
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("PROMPTSEARCH_CACHE", str(tmp_path / "cache"))


# The context -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("stated", "expected"), [(10**30, 130), (10**9, 130), (None, 130), (0, 130), (-1, 130), (64, 64)]
)
def test_the_context_is_that_of_the_positions_unless_the_tokenizer_states_less(stated, expected):
    model, _ = raw("bert")
    tokenizer = SimpleNamespace(model_max_length=stated)
    assert context_tokens(LoadedModel(model, tokenizer, "masked", "")) == expected  # ty: ignore


def test_positions_that_a_model_reserves_are_not_counted():
    """RoBERTa counts from behind the padding index; all that are left can be used."""
    plm = adapter("roberta")
    assert plm.max_tokens == 130 - 2
    long = [Example({"text": "good film " * 200})]
    states = plm.answer_states(Template.parse("{text} It was {mask}"), long)
    assert states.tokens.tolist() == [128]
    assert np.isfinite(states.hidden).all()


def test_a_model_without_positions_gets_a_modest_context():
    assert adapter("bloom-alibi").max_tokens == 512


def test_a_shorter_context_may_be_asked_for(folder):
    assert load_plm(str(folder), dtype="float32", cache=False).max_tokens == 64
    assert load_plm(str(folder), dtype="float32", cache=False, max_tokens=20).max_tokens == 20
    assert load_plm(str(folder), dtype="float32", cache=False, max_tokens=500).max_tokens == 64


def test_a_tokenizer_file_with_truncation_and_padding(folder):
    """As sentence encoders ship them (#30)."""
    path = folder / "tokenizer.json"
    content = json.loads(path.read_text("utf-8"))
    content["truncation"] = {"direction": "Right", "max_length": 8, "strategy": "LongestFirst", "stride": 0}
    content["padding"] = {
        "strategy": {"Fixed": 60},
        "direction": "Right",
        "pad_to_multiple_of": None,
        "pad_id": 0,
        "pad_type_id": 0,
        "pad_token": "[PAD]",
    }
    path.write_text(json.dumps(content))
    plm = load_plm(str(folder), dtype="float32", cache=False)
    states = plm.answer_states(TEMPLATE, [Example({"text": "a film"}), Example({"text": "good " * 20})])
    # [CLS] a film it was [MASK] [SEP], and the same with twenty words.
    assert states.tokens.tolist() == [7, 25]
    assert not states.shortened.any()


# References ------------------------------------------------------------------------------------------


def test_the_identity_can_be_loaded_again(folder, monkeypatch):
    """A revision stands beside the name, not in it too, or a prompt file would name two."""
    given = []

    def found(reference, *, revision=None, **options):
        given.append((reference, revision))
        target = parse_reference(reference, revision)
        assert isinstance(target, HubName)
        return Checkpoint(target.name, folder, "0123abcd", "hub")

    monkeypatch.setattr(loading, "resolve", found)
    plm = load_plm("owner/name@main", dtype="float32", cache=False)
    assert (plm.identity.reference, plm.identity.revision) == ("owner/name", "0123abcd")
    load_plm(plm.identity.reference, revision=plm.identity.revision, dtype="float32", cache=False)
    assert given == [("owner/name@main", None), ("owner/name", "0123abcd")]


def test_the_identity_of_a_folder_can_be_loaded_from_elsewhere(folder, monkeypatch):
    monkeypatch.chdir(folder.parent)
    identity = load_plm("./bert", dtype="float32", cache=False).identity
    monkeypatch.chdir("/")
    assert load_plm(identity.reference, dtype="float32", cache=False).identity == identity


def test_a_sentence_encoder_is_refused_before_it_is_fetched(monkeypatch):
    monkeypatch.setattr(loading, "resolve", lambda *_, **__: pytest.fail("fetched"))
    with pytest.raises(PLMError, match="minilm-embed is a contrastive sentence encoder"):
        load_plm("minilm-embed")


def test_weights_say_who_a_plm_is(folder, tmp_path):
    first, again = (load_plm(str(folder), dtype="float32", cache=False) for _ in range(2))
    other = load_plm(str(save_tiny_bert(tmp_path / "other", WORDS, seed=1)), dtype="float32", cache=False)
    assert first.identity == again.identity
    assert first.identity.weights_sha256 != other.identity.weights_sha256
    assert first.identity.family == "masked"


# Devices and number formats --------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["tpu", "", "cuda:99", "xla", "cpu:cpu", "meta"])
def test_devices_that_are_not_there(name):
    with pytest.raises(OptionError, match="device"):
        find_device(name)


def test_devices_that_are():
    assert find_device("cpu").type == "cpu"
    assert find_device("auto").type in ("cpu", "cuda", "mps")


def test_an_unknown_number_format(folder):
    with pytest.raises(OptionError, match="unknown number format 'float8'"):
        load_plm(str(folder), dtype="float8")


@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "float16"])
def test_number_formats(folder, dtype):
    plm = load_plm(str(folder), dtype=dtype, cache=False)
    states = plm.answer_states(TEMPLATE, [Example({"text": "a film"})])
    assert plm.dtype == dtype
    assert states.hidden.dtype == np.float32


def test_the_faster_format_is_measured_once_and_remembered(own_cache, monkeypatch):
    calls = []
    monkeypatch.setattr(precision, "measure", lambda device: calls.append(device) or torch.bfloat16)
    assert [precision.fastest_dtype(torch.device("cpu")) for _ in range(3)] == [torch.bfloat16] * 3
    assert len(calls) == 1
    assert "bfloat16" in (cache_dir() / "precision.json").read_text("utf-8")


@pytest.mark.parametrize("damage", ["", "{", "[]", "3", '{"cpu": 1}', "\udcff"])
def test_a_damaged_note_is_written_anew(own_cache, monkeypatch, damage):
    monkeypatch.setattr(precision, "measure", lambda device: torch.float32)
    cache_dir().mkdir(parents=True)
    (cache_dir() / "precision.json").write_bytes(damage.encode("utf-8", "surrogateescape"))
    assert precision.fastest_dtype(torch.device("cpu")) == torch.float32
    assert "float32" in json.loads((cache_dir() / "precision.json").read_text("utf-8")).values()


def test_a_cache_that_cannot_be_written_is_told_and_nothing_else(folder, tmp_path, monkeypatch, caplog):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("PROMPTSEARCH_CACHE", str(tmp_path / "file" / "cache"))
    with caplog.at_level(logging.WARNING, "promptsearch"):
        plm = load_plm(str(folder), device="cpu")
        states = plm.answer_states(TEMPLATE, [Example({"text": "a film"})])
    assert len(states) == 1
    assert "answer states are not cached" in caplog.text
    assert "the faster number format is measured at every start" in caplog.text


def test_measuring_gives_one_of_the_two():
    assert precision.measure(torch.device("cpu"), width=16, rows=8) in (torch.float32, torch.bfloat16)


def test_the_cache_lies_in_the_cache_folder(folder, own_cache):
    plm = load_plm(str(folder), dtype="float32")
    plm.answer_states(TEMPLATE, [Example({"text": "a film"})])
    assert len(list((cache_dir() / "states").glob("*/*.safetensors"))) == 1
    assert resolve(str(folder)).revision is None
