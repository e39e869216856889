from __future__ import annotations

import numpy as np
import pytest
import torch
import transformers

from promptsearch.bench.comparison import Contender, Promise, compare
from promptsearch.bench.contenders import CONTENDERS
from promptsearch.bench.job import Job
from promptsearch.bench.processes import ContenderError, Contestant
from promptsearch.bench.suffixes import suffix_templates
from tests.bench.jobs import masked_job


def scores(name: str, job: Job) -> np.ndarray:
    return np.asarray(CONTENDERS[name](job)(job))


def test_masked_contenders_agree():
    job = masked_job()
    expected = scores("fill-mask", job)
    assert expected.shape == (12, 2)
    np.testing.assert_allclose(scores("ours-float32", job), expected, atol=1e-4)
    np.testing.assert_allclose(scores("fill-mask-32", job), expected, atol=1e-4)
    found = scores("ours", job)
    clear = np.abs(expected[:, 0] - expected[:, 1]) > 0.1
    assert clear.sum() > 6
    assert (found.argmax(1) == expected.argmax(1))[clear].all()


@pytest.fixture(scope="module")
def causal_job(tmp_path_factory) -> Job:
    """A tiny random GPT-2 that shares the tokenizer of the masked PLM."""
    folder = tmp_path_factory.mktemp("causal")
    torch.manual_seed(0)
    job = masked_job()
    tokenizer = transformers.AutoTokenizer.from_pretrained(job.folder)
    config = transformers.GPT2Config(
        vocab_size=len(tokenizer), n_embd=16, n_layer=2, n_head=2, n_positions=128, initializer_range=0.5
    )
    transformers.GPT2LMHeadModel(config).save_pretrained(folder)
    # A causal model's tokenizer puts nothing behind a text.
    backend = tokenizer.backend_tokenizer
    backend.post_processor = None
    plain = transformers.PreTrainedTokenizerFast(
        tokenizer_object=backend, pad_token="[PAD]", unk_token="[UNK]"
    )
    plain.save_pretrained(folder)
    examples = tuple(example for example in job.examples if example["text"])
    return Job(str(folder), str(folder), suffix_templates("text")[:6], examples, job.words, job.tokens)


def test_causal_contenders_agree(causal_job):
    expected = scores("padded", causal_job)
    assert expected.shape == (18, 2)
    assert np.ptp(expected) > 1
    np.testing.assert_allclose(scores("ours-float32", causal_job), expected, atol=1e-3)


@pytest.mark.slow
def test_processes_take_turns_and_are_compared():
    said: list[str] = []
    contenders = [Contender("ours-float32", "ours", own=True), Contender("fill-mask-32", "pipeline")]
    found = compare("a few", masked_job(), contenders, "fill-mask-32", 2, said.append, Promise(4.0))
    turns = [text.rsplit(", ", 1)[1] for text in said if "pass" in text]
    assert turns == ["ours", "pipeline", "ours", "pipeline"]
    ours, pipeline = found.entries
    assert found.others == (pipeline,)
    assert ours.equal_labels == pipeline.equal_labels == 1.0
    assert pipeline.max_difference == 0
    assert ours.max_difference < 1e-3
    assert len(ours.seconds) == 2
    assert ours.peak_bytes is None or 1e8 < ours.peak_bytes < 1e10


def test_a_contender_that_fails_says_why(tmp_path):
    job = masked_job()
    broken = Job(job.plm, str(tmp_path), job.templates, job.examples, job.words, job.tokens)
    with pytest.raises(ContenderError, match="'fill-mask' stopped") as caught:
        Contestant("fill-mask", broken)
    assert caught.value.where


def test_fifty_suffixes_that_differ():
    sources = suffix_templates("text")
    assert len(set(sources)) == 50
    assert all(source.startswith("{text}") and source.endswith("{mask}") for source in sources)
