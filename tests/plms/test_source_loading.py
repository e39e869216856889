import json
import logging
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import BertForMaskedLM, GPT2Config, GPT2LMHeadModel, GPT2Model

from promptsearch.errors import PLMError
from promptsearch.plms.sources import load, resolve, show
from promptsearch.plms.sources.catalogue import NAMED
from promptsearch.plms.sources.families import family_of
from tests.plms.tiny_bert import save_tiny_bert, tiny_config

WORDS = ["a", "film", "was", "good", "bad", "it"]
MINILM_SHA256 = "dc85c73f791f9ef5286edd4648c62b729dae8f32398e9f5d16f60a00970401a2"


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("PROMPTSEARCH_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def folder(tmp_path):
    return save_tiny_bert(tmp_path / "bert", WORDS)


# What is no whole language model ---------------------------------------------------------------------


def test_encoder_without_head_is_refused_by_tensor(tmp_path):
    folder = save_tiny_bert(tmp_path / "encoder", WORDS, head=False)
    with pytest.raises(PLMError, match="not a whole language model") as caught:
        load(resolve(str(folder)))
    assert "cls.predictions.transform.dense.weight" in caught.value.where
    assert "random" in caught.value.hint


@pytest.mark.parametrize(
    "lost",
    [
        "cls.predictions.bias",
        "cls.predictions.transform.LayerNorm.weight",
        "bert.encoder.layer.1.output.dense.bias",
    ],
)
def test_one_lost_tensor_is_enough(folder, lost):
    weights = load_file(folder / "model.safetensors")
    del weights[lost]
    weights.pop(lost.replace(".predictions.bias", ".predictions.decoder.bias"), None)
    save_file(weights, folder / "model.safetensors", {"format": "pt"})
    with pytest.raises(PLMError) as caught:
        load(resolve(str(folder)))
    assert lost in caught.value.where


def test_weights_of_another_shape_are_refused(folder):
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"intermediate_size": 48}))
    with pytest.raises(PLMError, match="do not fit its config") as caught:
        load(resolve(str(folder)))
    assert "64×32 in the file, 48×32 by the config" in caught.value.where


def gpt2(tied):
    torch.manual_seed(0)
    return GPT2Config(vocab_size=11, n_embd=16, n_layer=1, n_head=2, n_positions=32, tie_word_embeddings=tied)


def test_tied_output_embeddings_are_not_missing(folder, tmp_path):
    model = GPT2LMHeadModel(gpt2(tied=True)).eval()
    model.save_pretrained(tmp_path / "gpt")
    for name in ("tokenizer.json", "tokenizer_config.json"):
        (tmp_path / "gpt" / name).write_bytes((folder / name).read_bytes())
    loaded = load(resolve(str(tmp_path / "gpt")))
    assert loaded.family == "causal"
    ids = torch.tensor([[5, 6, 7]])
    torch.testing.assert_close(loaded.model(ids).logits, model(ids).logits)


def test_untied_output_embeddings_that_are_missing_are_refused(tmp_path):
    GPT2Model(gpt2(tied=False)).save_pretrained(tmp_path / "gpt")
    with pytest.raises(PLMError) as caught:
        load(resolve(str(tmp_path / "gpt")))
    assert caught.value.where == "lm_head.weight"


def test_folder_without_tokenizer_is_refused(tmp_path):
    BertForMaskedLM(tiny_config(11)).save_pretrained(tmp_path / "bare")
    with pytest.raises(PLMError, match="tokenizer"):
        load(resolve(str(tmp_path / "bare")))


def test_code_that_comes_with_a_model_is_not_run(folder):
    config = json.loads((folder / "config.json").read_text())
    config |= {"model_type": "mine", "architectures": ["MineForMaskedLM"]}
    config["auto_map"] = {"AutoConfig": "mine.MineConfig", "AutoModelForMaskedLM": "mine.MineForMaskedLM"}
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "mine.py").write_text("import pathlib; pathlib.Path('pwned').touch()")
    with pytest.raises(PLMError, match="code of its own") as caught:
        load(resolve(str(folder)))
    assert "--trust-remote-code" in caught.value.hint
    assert not Path("pwned").exists()


def _seq2seq(model_type, architecture):
    return {"architectures": [architecture], "model_type": model_type, "is_encoder_decoder": True}


@pytest.mark.parametrize(
    ("config", "family"),
    [
        ({"architectures": ["RobertaForMaskedLM"], "model_type": "roberta"}, "masked"),
        ({"architectures": ["BertForPreTraining"], "model_type": "bert"}, "masked"),
        ({"architectures": ["BertLMHeadModel"], "model_type": "bert", "is_decoder": True}, "causal"),
        ({"architectures": ["ModernBertForMaskedLM"], "model_type": "modernbert"}, "masked"),
        ({"architectures": ["GPT2LMHeadModel"], "model_type": "gpt2"}, "causal"),
        ({"architectures": ["LlamaForCausalLM"], "model_type": "llama"}, "causal"),
        ({"architectures": ["NewForCausalLM"], "model_type": "new"}, "causal"),
        ({"model_type": "gpt_neox"}, "causal"),
        ({"model_type": "bert"}, "masked"),
        ({"model_type": "bert", "is_decoder": True}, "causal"),
        (_seq2seq("t5", "T5ForConditionalGeneration"), "seq2seq"),
        (_seq2seq("t5", "T5WithLMHeadModel"), "seq2seq"),
        (_seq2seq("mt5", "MT5ForConditionalGeneration"), "seq2seq"),
        (_seq2seq("bart", "BartModel"), "seq2seq"),
        (_seq2seq("mbart", "MBartForConditionalGeneration"), "seq2seq"),
        ({"architectures": ["BartForCausalLM"], "model_type": "bart"}, "causal"),
    ],
)
def test_family_from_the_config(config, family):
    assert family_of(config, "x") == family


@pytest.mark.parametrize(
    ("architecture", "more"),
    [
        ("T5EncoderModel", {"model_type": "t5"}),
        ("BartForSequenceClassification", {"model_type": "bart", "is_encoder_decoder": True}),
        ("WhisperForConditionalGeneration", {"model_type": "whisper", "is_encoder_decoder": True}),
        ("EncoderDecoderModel", {"model_type": "encoder-decoder", "is_encoder_decoder": True}),
        ("MarianMTModel", {"model_type": "marian", "is_encoder_decoder": True}),
        ("CLIPModel", {"model_type": "clip"}),
        ("ViTForImageClassification", {"model_type": "vit"}),
        ("BertForSequenceClassification", {"model_type": "bert"}),
        ("Wav2Vec2ForCTC", {"model_type": "wav2vec2"}),
    ],
)
def test_other_architectures_are_refused_by_name(architecture, more):
    with pytest.raises(PLMError, match=f"x is a {architecture}, which is not supported"):
        family_of({"architectures": [architecture], **more}, "x")


def test_config_that_names_nothing():
    with pytest.raises(PLMError, match="does not name its architecture"):
        family_of({}, "x")


# The screen ------------------------------------------------------------------------------------------


def test_loading_prints_nothing_and_leaves_settings_as_they_were(tmp_path, capfd):
    from transformers.utils import logging as transformers_logging

    encoder = save_tiny_bert(tmp_path / "encoder", WORDS, head=False)
    capfd.readouterr()
    handlers = logging.getLogger("transformers").handlers[:]
    with pytest.raises(PLMError):
        load(resolve(str(encoder)))
    assert capfd.readouterr() == ("", "")
    assert transformers_logging.is_progress_bar_enabled()
    assert logging.getLogger("transformers").handlers == handlers


def test_warnings_about_a_model_are_passed_on(folder, caplog):
    from promptsearch.plms.sources import quiet_transformers

    with quiet_transformers():
        logging.getLogger("transformers.models").warning("the tokenizer has a known fault")
    assert [(r.name, r.getMessage()) for r in caplog.records] == [
        ("promptsearch.plms", "the tokenizer has a known fault")
    ]


# The tokenizer ---------------------------------------------------------------------------------------


def test_truncation_and_padding_of_tokenizer_json_are_off(folder):
    path = folder / "tokenizer.json"
    content = json.loads(path.read_text())
    content["truncation"] = {"direction": "Right", "max_length": 8, "strategy": "LongestFirst", "stride": 0}
    content["padding"] = {
        "strategy": {"Fixed": 8}, "direction": "Right", "pad_to_multiple_of": None,
        "pad_id": 0, "pad_type_id": 0, "pad_token": "[PAD]",
    }  # fmt: skip
    path.write_text(json.dumps(content))
    tokenizer = load(resolve(str(folder))).tokenizer
    assert len(tokenizer("good film")["input_ids"]) == 4
    assert len(tokenizer("good film " * 10)["input_ids"]) == 22


# The built-in PLM ------------------------------------------------------------------------------------


def test_built_in_plm_is_the_one_of_the_model_card():
    loaded = load(resolve("minilm-mlm", offline=True))
    tokenizer = loaded.tokenizer
    assert loaded.weights_sha256 == MINILM_SHA256
    assert MINILM_SHA256 in (resolve("minilm-mlm").folder / "README.md").read_text()
    assert (tokenizer.pad_token_id, tokenizer.unk_token_id, tokenizer.mask_token_id) == (0, 100, 103)
    assert tokenizer("Two words")["input_ids"] == [101, 2048, 2616, 102]
    assert tokenizer("[MASK]")["input_ids"] == [101, 103, 102]
    assert len(tokenizer("word " * 300)["input_ids"]) == 302


def test_built_in_plm_fills_masks():
    loaded = load(resolve("minilm-mlm", offline=True))
    inputs = loaded.tokenizer("the best [MASK] i have ever seen, great acting.", return_tensors="pt")
    position = inputs["input_ids"][0].tolist().index(103)
    best = loaded.model(**inputs).logits[0, position].argmax()
    assert loaded.tokenizer.decode(best).strip() in ("movie", "film")


def test_catalogue_figures_are_those_of_the_files():
    details = show("minilm-mlm")
    plm = NAMED["minilm-mlm"]
    assert details["parameters"] == plm.parameters
    assert details["size"] == pytest.approx(plm.size, rel=0.02)
    assert details["family"] == "masked"
