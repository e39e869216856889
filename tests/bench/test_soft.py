"""Soft tokens learned side by side: equal prompts give equal losses, and the table says what was found."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
import transformers

from promptsearch.bench.machine import Machine
from promptsearch.bench.soft import run
from promptsearch.bench.soft_contenders import CONTENDERS, IN_FRONT, OURS, PEFT, PEFT_ANSWERS, of_family
from promptsearch.bench.soft_job import SoftJob, SoftPass
from promptsearch.bench.soft_jobs import Layout
from promptsearch.bench.soft_render import TITLES, markdown
from promptsearch.bench.soft_results import Entry, Field, SoftBench, SoftBenchConfig
from promptsearch.errors import OptionError
from promptsearch.plms.sources import resolve
from promptsearch.tasks import draw_splits, load_task

MACHINE = Machine("2026-01-01T00:00:00+00:00", "Linux", "a processor", (), "AVX2", 2, 0.5, {"torch": "2"})
CONFIG = SoftBenchConfig(
    task="reviews", tokens=(3,), shots=2, batch=4, seconds=0.0, repeats=1, dtype="float32", offline=True
)


@pytest.fixture(scope="module")
def causal_folder(tmp_path_factory) -> str:
    """A tiny random GPT-2 that shares the tokenizer of the built-in PLM."""
    folder = tmp_path_factory.mktemp("causal")
    tokenizer = transformers.AutoTokenizer.from_pretrained(resolve("minilm-mlm", offline=True).folder)
    backend = tokenizer.backend_tokenizer
    backend.post_processor = None
    plain = transformers.PreTrainedTokenizerFast(
        tokenizer_object=backend, pad_token="[PAD]", unk_token="[UNK]"
    )
    plain.save_pretrained(folder)
    torch.manual_seed(0)
    config = transformers.GPT2Config(
        vocab_size=len(tokenizer), n_embd=16, n_layer=2, n_head=2, n_positions=256, initializer_range=0.5
    )
    transformers.GPT2LMHeadModel(config).save_pretrained(folder)
    return str(folder)


@pytest.fixture(scope="module")
def causal_job(causal_folder) -> SoftJob:
    return job_of(causal_folder)


def job_of(reference: str) -> SoftJob:
    task = draw_splits(load_task("reviews", offline=True), shots=2, seed=0)
    return Layout.of(CONFIG, task, reference).job(3)


def test_a_job_goes_to_another_process_and_back(causal_job) -> None:
    assert SoftJob.from_json(causal_job.to_json()) == causal_job
    assert causal_job.within == "{text} It was {soft*3} {mask}"
    assert causal_job.front == "{soft*3} {text} It was {mask}"
    assert sorted(causal_job.labels) == [0, 0, 1, 1]
    assert np.array(causal_job.start).shape == (3, 16)


def test_the_prompts_of_a_job_have_no_soft_tokens(causal_job) -> None:
    tokenizer = transformers.AutoTokenizer.from_pretrained(causal_job.folder)
    for ids, answer, example in zip(causal_job.ids, causal_job.answer, causal_job.examples):
        text = tokenizer.decode(ids)
        assert text.startswith(tokenizer.decode(tokenizer(example["text"])["input_ids"])[:20])
        assert text.endswith("it was")
        assert answer == len(ids) - 1


def test_on_equal_prompts_all_begin_with_the_loss_of_a_plain_pass(causal_job) -> None:
    model = transformers.AutoModelForCausalLM.from_pretrained(causal_job.folder, dtype="float32").eval()
    losses = []
    for ids, label in zip(causal_job.ids, causal_job.labels):
        words = model.get_input_embeddings().weight[list(ids)]
        embedded = torch.cat([torch.tensor(causal_job.start), words])
        logits = model(inputs_embeds=embedded[None]).logits[0, -1, list(causal_job.tokens)]
        losses.append(-logits.log_softmax(dim=-1)[label].item())
    for key in (IN_FRONT, PEFT, PEFT_ANSWERS):
        found = CONTENDERS[key](causal_job)(0.0)
        assert found.loss == pytest.approx(np.mean(losses), abs=1e-4)
        assert found.steps == 1
        assert found.seconds > 0


def test_each_pass_begins_anew(causal_job) -> None:
    for key in of_family("causal"):
        train = CONTENDERS[key](causal_job)
        assert train(0.0).loss == train(0.0).loss


def test_on_a_masked_plm_peft_passes_on_the_logits_of_the_head() -> None:
    job = job_of("minilm-mlm")
    assert list(of_family("masked")) == [OURS, IN_FRONT, PEFT]
    model = transformers.AutoModelForMaskedLM.from_pretrained(job.folder, dtype="float32").eval()
    losses = []
    with torch.no_grad():
        for ids, answer, label in zip(job.ids, job.answer, job.labels):
            words = model.get_input_embeddings().weight[list(ids)]
            embedded = torch.cat([torch.tensor(job.start), words])
            logits = model(inputs_embeds=embedded[None]).logits[0, 3 + answer, list(job.tokens)]
            losses.append(-logits.log_softmax(dim=-1)[label].item())
    assert CONTENDERS[PEFT](job)(0.0).loss == pytest.approx(np.mean(losses), abs=1e-4)


def test_a_template_with_free_places_is_refused() -> None:
    config = replace(CONFIG, template="{text} {soft*3} {mask}")
    task = draw_splits(load_task("reviews", offline=True), shots=2, seed=0)
    with pytest.raises(OptionError, match="words alone"):
        Layout.of(config, task, "minilm-mlm")


def entry(key: str, rates: list[float], megabytes: float, loss: float = 0.7) -> Entry:
    return Entry(key, tuple(SoftPass(round(10 * rate), 10.0, loss, round(1e6 * megabytes)) for rate in rates))


def test_figures_and_goals_are_medians_over_passes(causal_job) -> None:
    ours = entry(OURS, [2.0, 4.0, 1.0], 500)
    front = entry(IN_FRONT, [1.0, 1.0, 1.0], 600)
    others = entry(PEFT, [0.5, 1.0, 1.5], 400), entry(PEFT_ANSWERS, [1.6, 1.6, 1.6], 550)
    found = Field(causal_job, 1, (ours, front, *others))
    assert [(goal.found, goal.wanted, goal.met) for goal in found.goals] == [
        (2.0, 1.3, True),
        (1.25, 1.3, False),
        (500.0, 400.0, False),
        (500.0, 550.0, True),
    ]
    bench = SoftBench(replace(CONFIG, command="promptsearch bench soft"), "reviews", "0.21", MACHINE, [found])
    text = markdown(bench)
    rows = [line for line in text.splitlines() if line.startswith(f"| {causal_job.plm}")]
    cells = [[cell.strip() for cell in row.strip("|").split("|")] for row in rows[: len(found.entries)]]
    assert cells[0][1:] == ["3", "promptsearch", "2.00", "", "500", "0.7000", "70"]
    assert cells[2][1:] == ["3", "peft, prompt tuning", "1.00", "2.00", "400", "0.7000", "30"]
    assert len(cells[0]) == len(TITLES)
    assert "promptsearch bench soft" in text
    assert json.loads(json.dumps(bench.record()))["goals"][1]["met"] is False


@pytest.mark.slow
def test_contenders_run_in_processes_of_their_own(causal_folder, monkeypatch) -> None:
    monkeypatch.setattr("promptsearch.bench.soft.of_family", lambda family: (IN_FRONT, PEFT))
    told: list[str] = []
    config = replace(CONFIG, plms=(causal_folder,))
    found = run(config, told.append, told.append, lambda bench: told.append(f"{len(bench.fields)} measured"))
    (only,) = found.fields
    assert [entry.key for entry in only.entries] == [IN_FRONT, PEFT]
    assert all(entry.steps >= 1 and entry.peak_bytes for entry in only.entries)
    assert only.entries[0].loss == pytest.approx(only.entries[1].loss, abs=1e-4)
    assert told[-1] == "1 measured"
