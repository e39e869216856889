"""Trigger searches side by side: the plain reference, what is counted, what is told."""

from __future__ import annotations

import json
from dataclasses import asdict, replace

import numpy as np
import pytest
import torch
import transformers

from promptsearch.bench import nanogcg, trigger
from promptsearch.bench.environments import Environment
from promptsearch.bench.machine import Machine
from promptsearch.bench.processes import ContenderError, Contestant
from promptsearch.bench.trigger_contenders import Counter
from promptsearch.bench.trigger_job import Found, Search, TriggerJob
from promptsearch.bench.trigger_jobs import job_of, load_bench_task
from promptsearch.bench.trigger_own import Losses, one_prompt
from promptsearch.bench.trigger_quality import TOPS, Place, Quality, measure, place_of, rows_of
from promptsearch.bench.trigger_reference import Reference, autoprompt, excluded
from promptsearch.bench.trigger_render import markdown
from promptsearch.bench.trigger_results import Entry, Field, TriggerBench, TriggerBenchConfig
from promptsearch.bench.trigger_worker import MODULE
from promptsearch.engines.base import Budget
from promptsearch.engines.trigger import TriggerConfig, TriggerEngine
from promptsearch.errors import OptionError
from promptsearch.plms import load_plm
from promptsearch.plms.sources import resolve
from promptsearch.template import Template

START = (1996, 2003, 2001)
CONFIG = TriggerBenchConfig(task="reviews", examples=6, with_nanogcg=False, offline=True)


@pytest.fixture(scope="module")
def masked_job() -> TriggerJob:
    """Six prompts on the built-in PLM."""
    return replace(job_of(CONFIG, load_bench_task(CONFIG), "minilm-mlm", 0), start=START)


@pytest.fixture(scope="module")
def causal_job(tmp_path_factory) -> TriggerJob:
    """Six prompts on a tiny random GPT-2 that shares the tokenizer of the masked PLM."""
    folder = tmp_path_factory.mktemp("causal")
    tokenizer = transformers.AutoTokenizer.from_pretrained(resolve("minilm-mlm", offline=True).folder)
    torch.manual_seed(0)
    config = transformers.GPT2Config(
        vocab_size=len(tokenizer), n_embd=16, n_layer=2, n_head=2, n_positions=256, initializer_range=0.5
    )
    transformers.GPT2LMHeadModel(config).save_pretrained(folder)
    backend = tokenizer.backend_tokenizer
    backend.post_processor = None
    plain = transformers.PreTrainedTokenizerFast(
        tokenizer_object=backend, pad_token="[PAD]", unk_token="[UNK]"
    )
    plain.save_pretrained(folder)
    return replace(job_of(CONFIG, load_bench_task(CONFIG), str(folder), 0), start=START)


@pytest.fixture(params=["masked", "causal"])
def job(request) -> TriggerJob:
    return request.getfixturevalue(f"{request.param}_job")


def test_a_job_goes_to_another_process_and_back(job):
    assert TriggerJob.from_json(job.to_json()) == job
    assert len(job.ids) == len(job.labels) == 6
    assert sorted(job.labels) == [0, 0, 0, 1, 1, 1]


def test_a_job_holds_the_prompts(masked_job):
    before, after = masked_job.around(masked_job.median)
    assert before == masked_job.examples[masked_job.median]["text"].strip()
    assert after == ""
    row = masked_job.median
    tokenizer = transformers.AutoTokenizer.from_pretrained(masked_job.folder)
    ids = list(masked_job.ids[row])
    for position, token in zip(masked_job.free[row], START):
        ids[position] = token
    expected = tokenizer(f"{before} {tokenizer.decode(START)} [MASK]")["input_ids"]
    assert ids == expected
    assert ids[masked_job.answer[row]] == tokenizer.mask_token_id


def test_the_reference_reads_one_prompt_as_it_reads_all(job):
    whole = Reference(job)
    parts = []
    for row in range(len(job.ids)):
        ids = torch.tensor([job.ids[row]])
        ids[0, list(job.free[row])] = torch.tensor(START)
        with torch.no_grad():
            logits = whole.model(input_ids=ids).logits[0, job.answer[row]]
        parts.append(-logits[list(job.tokens)].log_softmax(dim=-1)[job.labels[row]])
    # Three prompts a class: the mean over classes is the mean.
    assert whole.loss(START) == pytest.approx(float(torch.stack(parts).mean()), abs=1e-5)


def test_every_class_weighs_the_same(masked_job):
    # One prompt of a class three times is that prompt once.
    rows = [masked_job.labels.index(0), masked_job.labels.index(1)]
    few, many = (masked_job.chosen([rows[0]] * n + [rows[1]]) for n in (1, 3))
    assert Reference(few).loss(START) == pytest.approx(Reference(many).loss(START), abs=1e-6)


def test_losses_and_promises_are_those_of_the_reference(job):
    reference, own = Reference(job), Losses.of(job, promise="gradient")
    others = [START, (2005, 1997, 2010)]
    expected = [reference.loss(filling) for filling in others]
    np.testing.assert_allclose(own.losses(others), expected, atol=1e-4)
    promised = own.promised(START)
    plain = -(reference.gradient(START) @ reference.matrix.T).double().numpy()
    plain -= plain[np.arange(3), START][:, None]
    np.testing.assert_allclose(promised, plain, atol=1e-3 * np.abs(plain).max())


def test_the_gradient_is_the_derivative(causal_job):
    reference = Reference(causal_job)
    reference.model.double()
    reference.matrix = reference.model.get_input_embeddings().weight
    # That token stands in no prompt and is no label word, so its embedding can be moved.
    filling, place = (1996, 7777, 2001), 1
    assert not any(filling[place] in row for row in (*causal_job.ids, causal_job.tokens))
    vector = reference.matrix[filling[place]]
    step = 1e-5 * (reference.matrix[2043] - vector)
    promised = float(reference.gradient(filling)[place] @ step)
    losses = []
    for sign in (1, -2):
        vector += sign * step
        losses.append(reference.loss(filling))
    assert promised == pytest.approx((losses[0] - losses[1]) / 2, rel=1e-4)


def test_the_plain_search_gets_better_and_keeps_to_its_rules(masked_job):
    found = autoprompt(masked_job, candidates=4)(3.0)
    reference = Reference(masked_job)
    losses = [reference.loss(one.filling) for one in found.trail]
    assert found.trail[0].filling == START
    assert found.gradients >= 6
    assert losses == sorted(losses, reverse=True)
    banned = set(excluded(masked_job))
    assert set(masked_job.tokens) < banned
    assert not banned & {token for one in found.trail[1:] for token in one.filling}
    # Each reading is of all prompts.
    assert found.forwards % len(masked_job.ids) == 0
    assert found.candidates <= found.forwards / len(masked_job.ids)
    for one, two in zip(found.trail, found.trail[1:]):
        assert sum(a != b for a, b in zip(one.filling, two.filling)) == 1


def test_one_prompt_is_read_with_512_candidates_a_step(causal_job):
    found = one_prompt(causal_job)(0.0)
    assert (found.gradients, found.forwards) == (1, 513)


def test_what_the_engine_reads_is_counted(causal_job):
    plm = load_plm(causal_job.plm, device="cpu", dtype="float32", cache=False)
    counter = Counter.put_on(plm)
    engine = TriggerEngine(
        TriggerConfig(candidates=8), [Template.parse(causal_job.template)], causal_job.verbalizer()
    )
    found = list(engine.search(causal_job.task(), plm, Budget(evaluations=400), 0))
    assert found
    # The engine counts a gradient as three readings.
    assert counter.forwards + 3 * counter.gradients == engine.history.evaluations
    assert {
        tuple(i for group in each.ids for i in group) for each in engine.history.improvements
    } <= counter.read
    counter.clear()
    assert (counter.forwards, counter.gradients, counter.read) == (0, 0, set())


@pytest.mark.slow
def test_contenders_search_in_processes_of_their_own(causal_job):
    for name in ("autoprompt", "one-prompt"):
        contestant = Contestant(name, causal_job, worker=MODULE)
        found = Search.from_record(contestant.ask("0.5"))
        contestant.close()
        assert found.forwards >= len(causal_job.ids)
        assert found.seconds > 0
        assert found.peak_bytes is None or found.peak_bytes > 1e8
        assert bool(found.trail) == (name == "autoprompt")


def test_the_best_swap_of_a_place():
    promised, true = np.array([0.1, 0.9, 0.5, -1.0]), np.array([0.3, 0.4, 0.2, 0.9])
    place = place_of(promised, true)
    assert (place.rank, place.lowest) == (1, 2)
    # Ranks 2 0 1 3 and 1 2 0 3: differences 1, -2, 1, 0.
    assert place.correlation == pytest.approx(1 - 6 * 6 / (4 * 15))
    quality = Quality("plm", "scores", 6, 400, (Place(0, 0, 1.0), Place(3, 1, 0.5), Place(30, 8, 0.0)))
    assert [quality.found(k) for k in TOPS] == [pytest.approx(x / 3) for x in (1, 2, 2, 3)]
    assert quality.factor(4) == pytest.approx((2 / 3) / (4 / 400))
    assert rows_of([quality, quality])[1] == ("4", "1.0", "67", "67", "67", "67")
    assert json.loads(json.dumps(quality.record()))["factor"]["4"] == pytest.approx(200 / 3)


def test_promises_are_measured(causal_job):
    scores, gradient = measure(causal_job, 2, 12, lambda _: None)
    assert (scores.promise, gradient.promise) == ("scores", "gradient")
    for quality in (scores, gradient):
        assert quality.tried == 12
        assert len(quality.places) == 2
        assert all(0 <= place.rank < 12 for place in quality.places)


def search(seconds: float, forwards: int, candidates: int, *trail: Found, peak: int = 10**9) -> Search:
    return Search(seconds, forwards, candidates, 3, trail, peak)


def test_a_search_goes_to_another_process_and_back():
    found = search(2.0, 64, 2, Found(0.1, (1, 2)), Found(1.5, (1, 3)))
    assert Search.from_record(json.loads(json.dumps(asdict(found)))) == found
    assert (found.rate, found.candidate_rate) == (32.0, 1.0)
    assert [found.held(seconds) for seconds in (0.0, 0.1, 1.0, 9.0)] == [None, (1, 2), (1, 2), (1, 3)]


@pytest.fixture
def bench(causal_job) -> TriggerBench:
    """A measurement that was made up."""
    ours = Entry("ours", (search(10, 20_000, 1000),), ((0.6, 0.48),))
    plain = Entry("autoprompt", (search(10, 1600, 50),), ((0.7, 0.5),))
    nanogcg = Entry("nanogcg", (search(10, 1000, 1000),), ((None, None),))
    alone = Entry("one-prompt", (search(10, 4000, 4000),), ((None, None),))
    quality = Quality("plm", "scores", 6, 100, (Place(0, 0, 1.0),))
    altered = (replace(ours, losses=((0.4,),)), Entry("no-racing", (search(10, 9000, 300),), ((0.45,),)))
    found = Field(causal_job, (5.0, 10.0), 2, (ours, plain, alone, nanogcg), altered, 10.0, (quality,))
    return TriggerBench(CONFIG, "reviews", Machine.now(), [found], ["something was left out"])


def test_goals(bench):
    values = {goal.what.split(": ")[1]: (goal.found, goal.wanted, goal.met) for goal in bench.goals}
    assert values == {
        "× candidates a second of AutoPrompt": (20.0, 10.0, True),
        "× pairs a second of AutoPrompt": (12.5, 10.0, True),
        "nats less than AutoPrompt's loss after 5 s": (pytest.approx(0.1), 0.05, True),
        "nats less than AutoPrompt's loss after 10 s": (pytest.approx(0.02), 0.05, False),
        "× pairs a second of nanoGCG, float32, the same steps on the same prompt": (4.0, 3.0, True),
        "× candidates a second of nanoGCG, float32": (6.0, 3.0, True),
        "peak GB": (1.0, 3.0, True),
    }


def test_markdown(bench):
    text = markdown(bench)
    assert "| AutoPrompt, plain | 160.0 | 12.5 | 5.00 | 20.0 | 3 | 1000 | 0.700 | 0.500 |" in text
    assert "| nanoGCG, float32 | 100.0 | 20.0 | 16.67 | 6.0 | 3 | 1000 |  |  |" in text
    assert "| every candidate on every prompt | 900.0 | 2.2 | 30.00 | 3.3 | 3 | 1000 | 0.450 |" in text
    assert "something was left out" in text
    assert "nan" not in text.replace("nanoGCG", "")
    json.dumps(bench.record())


def test_everybody_starts_alike_and_is_judged_alike(monkeypatch, causal_job):
    better, asked = (2005, 1997, 2010), []

    def searched(self, key, job, seconds, python=None):
        asked.append((key, job.start, seconds))
        return search(seconds, 60, 10, Found(0.1, START), Found(3.0, better)), 1

    monkeypatch.setattr(trigger._Measure, "_search", searched)
    config = replace(CONFIG, seconds=4.0, marks=(1.0,), ablation_seconds=2.0, places=1, tried=8)
    made = TriggerBench(config, "reviews", Machine.now())
    found = trigger._Measure(made, lambda _: None, lambda _: None).field([replace(causal_job, start=())])
    reference = Reference(causal_job)
    assert [entry.key for entry in found.entries[:3]] == ["ours", "ours-float32", "autoprompt"]
    for entry in found.entries[:3]:
        assert entry.losses == ((reference.loss(START), reference.loss(better)),)
    # The first begins where it likes, the others where it began.
    assert [start for _, start, _ in asked] == [()] + [START] * (len(asked) - 1)
    assert [seconds for key, _, seconds in asked if key == "no-reuse"] == [2.0]
    assert {entry.losses for entry in found.ablations} == {((reference.loss(START),),)}
    assert [quality.tried for quality in found.quality] == [8, 8]


def test_a_search_without_a_trigger_gives_no_start(causal_job):
    with pytest.raises(ContenderError, match="too few to search"):
        trigger._start(search(0.5, 0, 0), causal_job)


def test_a_template_has_one_trigger(monkeypatch):
    with pytest.raises(OptionError, match="one trigger"):
        job_of(replace(CONFIG, template="{text} {mask}"), load_bench_task(CONFIG), "minilm-mlm", 0)


def test_without_nanogcg_the_rest_is_measured(monkeypatch, bench, causal_job):
    def refuse(self, offline=False, progress=None):
        raise ContenderError("nanogcg 0.3.0 is not installed, and the network is not to be used")

    monkeypatch.setattr(Environment, "python", refuse)
    said: list[str] = []
    bench.config = replace(CONFIG, with_nanogcg=True)
    measuring = trigger._Measure(bench, lambda _: None, said.append)
    assert measuring._others(causal_job) == {"one-prompt": None}
    assert said == ["nanoGCG was left out: nanogcg 0.3.0 is not installed, and the network is not to be used"]
    assert bench.skipped[-1:] == said
    assert measuring._others(replace(causal_job, family="masked")) == {}


def test_offline_nanogcg_is_not_installed(monkeypatch, tmp_path):
    monkeypatch.setenv("PROMPTSEARCH_CACHE", str(tmp_path))
    with pytest.raises(ContenderError, match=r"nanogcg 0\.3\.0 is not installed"):
        nanogcg.ENVIRONMENT.python(offline=True)
    assert not any(tmp_path.iterdir())
