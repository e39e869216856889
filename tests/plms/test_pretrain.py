import json
import os
import signal

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from promptsearch.errors import OptionError, PLMError, StorageError
from promptsearch.plms.pretrain import PretrainConfig, pretrain
from promptsearch.plms.pretrain.network import load_bert, new_head
from promptsearch.plms.pretrain.state import state_file
from promptsearch.plms.pretrain.trainer import rate_factor
from promptsearch.plms.sources import load, resolve
from tests.plms.tiny_bert import save_tiny_bert

SUBJECTS = ["the dog", "a cat", "my sister", "the old man", "this film", "our team"]
VERBS = ["likes", "follows", "never saw", "waits for", "dreams of"]
OBJECTS = ["the sea", "a good story", "cold rain", "music", "the long road", "fresh bread"]
SENTENCES = [f"{s} {v} {o} ." for s in SUBJECTS for v in VERBS for o in OBJECTS]
WORDS = " ".join(SENTENCES).split()


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("PROMPTSEARCH_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def text(tmp_path):
    path = tmp_path / "text.txt"
    path.write_text("\n".join(SENTENCES), encoding="utf-8")
    return path


def settings_for(tmp_path, corpus, **changes):
    start = tmp_path / "start"
    if not start.exists():
        save_tiny_bert(start, WORDS, head=False)
    values = {
        "text": (corpus,), "start": str(start), "out": tmp_path / "out", "steps": 6, "max_tokens": 32,
        "min_tokens": 4, "batch_tokens": 200, "bucket": 50, "peak_rate": 5e-3,
    }  # fmt: skip
    return PretrainConfig(**(values | changes))


# Schedule and settings -------------------------------------------------------------------------------


def test_rate_rises_over_the_warm_up_and_falls_to_zero():
    assert rate_factor(0, 0.0, 150) == pytest.approx(1 / 150)
    assert rate_factor(74, 0.005, 150) == pytest.approx(0.5 * 0.995)
    assert rate_factor(149, 0.02, 150) == pytest.approx(0.98)
    assert rate_factor(4000, 0.5, 150) == 0.5
    assert rate_factor(4000, 1.0, 150) == 0.0
    # A run of 40 steps warms up over 4.
    assert rate_factor(4, 0.1, 150) == pytest.approx(0.9)


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"minutes": 1.0}, "minutes or steps"),
        ({"steps": None}, "minutes or steps"),
        ({"text": ()}, "no text"),
        ({"steps": 0}, "steps"),
        ({"chosen": 1.5}, "chosen"),
        ({"masked": 0.9, "kept": 0.2}, "masked"),
        ({"min_tokens": 40}, "min_tokens"),
    ],
)
def test_settings_that_cannot_be(tmp_path, text, changes, named):
    with pytest.raises(OptionError, match=named):
        settings_for(tmp_path, text, **changes)


# The network -----------------------------------------------------------------------------------------


def test_new_head_guesses_by_frequency_and_hands_the_encoder_on(tmp_path):
    folder = save_tiny_bert(tmp_path / "encoder", WORDS, head=False)
    model, has_head = load_bert(folder)
    assert not has_head
    counts = np.arange(model.config.vocab_size)
    new_head(model, counts, noise=0.02, seed=0)
    head = model.cls.predictions
    off = head.transform.dense.weight - torch.eye(32)
    assert off.std().item() == pytest.approx(0.02, rel=0.1)
    bias = head.decoder.bias.exp()
    torch.testing.assert_close(bias, torch.from_numpy((counts + 1) / (counts + 1).sum()).float())
    assert head.decoder.bias.data_ptr() == head.bias.data_ptr()
    assert head.decoder.weight.data_ptr() == model.bert.embeddings.word_embeddings.weight.data_ptr()


def test_start_that_is_no_bert(tmp_path, text):
    folder = save_tiny_bert(tmp_path / "start", WORDS)
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"model_type": "roberta"}))
    with pytest.raises(PLMError, match="from a BERT, not from a roberta"):
        pretrain(settings_for(tmp_path, text))


def test_start_whose_encoder_is_not_whole(tmp_path, text):
    from safetensors.torch import save_file

    folder = save_tiny_bert(tmp_path / "start", WORDS)
    weights = load_file(folder / "model.safetensors")
    del weights["bert.encoder.layer.0.output.dense.weight"]
    save_file(weights, folder / "model.safetensors", {"format": "pt"})
    with pytest.raises(PLMError, match=r"first bert\.encoder\.layer\.0\.output\.dense\.weight"):
        pretrain(settings_for(tmp_path, text))


# Runs ------------------------------------------------------------------------------------------------


def test_a_short_run_lowers_the_held_out_loss_and_loads(tmp_path, text):
    config = settings_for(tmp_path, text, steps=150)
    reports = []
    result = pretrain(config, reports.append)
    losses = [loss for _, loss in result.held_out]
    # ln 25 = 3.2 nats is guessing among the words; word order decides most of them here.
    assert losses[-1] < 0.75 * losses[0]
    assert [report.step for report in reports] == list(range(1, 151))
    assert reports[-1].fraction == 1.0
    assert result.state is None
    loaded = load(resolve(str(result.folder)))
    assert loaded.family == "masked"
    assert (
        load_file(config.out / "model.safetensors")["bert.embeddings.word_embeddings.weight"].dtype
        == torch.float16
    )
    record = json.loads((config.out / "training.json").read_text())
    assert record["steps_done"] == 150
    assert sorted(p.name for p in tmp_path.iterdir() if "training" in p.name) == []


def interrupt_at(step):
    def report(done):
        if done.step == step:
            os.kill(os.getpid(), signal.SIGINT)

    return report


def test_interrupted_run_goes_on_to_the_very_same_weights(tmp_path, text):
    straight = pretrain(settings_for(tmp_path, text, out=tmp_path / "straight", steps=12))
    config = settings_for(tmp_path, text, out=tmp_path / "broken", steps=12)
    for step in (5, 9):
        cut = pretrain(config, interrupt_at(step))
        assert (cut.folder, cut.state, cut.steps) == (None, state_file(config.out), step)
    resumed = pretrain(config)
    assert resumed.held_out == straight.held_out
    assert resumed.tokens == straight.tokens
    first, second = (load_file(tmp_path / name / "model.safetensors") for name in ("straight", "broken"))
    assert first.keys() == second.keys()
    assert all(torch.equal(first[name], second[name]) for name in first)
    assert not state_file(config.out).exists()


def test_run_goes_on_from_a_model_with_a_head(tmp_path, text):
    first = pretrain(settings_for(tmp_path, text, steps=60))
    second = pretrain(settings_for(tmp_path, text, steps=1, start=str(first.folder), out=tmp_path / "more"))
    # float16 in between moves the loss a little.
    assert second.held_out[0][1] == pytest.approx(first.held_out[-1][1], abs=0.01)


def test_unfinished_run_with_other_settings_is_not_mixed_in(tmp_path, text):
    pretrain(settings_for(tmp_path, text), interrupt_at(2))
    with pytest.raises(OptionError, match="differs in peak_rate"):
        pretrain(settings_for(tmp_path, text, peak_rate=1e-3))
    text.write_text(text.read_text() + "\none more good story .")
    with pytest.raises(OptionError, match="differs in text_sha256"):
        pretrain(settings_for(tmp_path, text))


def test_damaged_state_is_named(tmp_path, text):
    config = settings_for(tmp_path, text)
    pretrain(config, interrupt_at(2))
    state = state_file(config.out)
    state.write_bytes(state.read_bytes()[:-100])
    with pytest.raises(StorageError) as caught:
        pretrain(config)
    assert caught.value.where == str(state)


def test_finished_model_is_not_overwritten(tmp_path, text):
    config = settings_for(tmp_path, text, steps=1)
    pretrain(config)
    with pytest.raises(OptionError, match="exists already"):
        pretrain(config)


def test_time_ends_a_run(tmp_path, text):
    result = pretrain(settings_for(tmp_path, text, steps=None, minutes=0.02))
    assert 1.2 <= result.seconds < 10
    assert result.steps > 3
