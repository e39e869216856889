"""The engine as the study sees it."""

from __future__ import annotations

from dataclasses import replace
from itertools import count

import numpy as np
import pytest

from promptsearch.artefact import PLMRecord, PromptDocument, VerbalizerRecord
from promptsearch.artefact.soft import soft_record
from promptsearch.engines.base import Budget
from promptsearch.engines.soft import SoftConfig, SoftEngine, TrainingConfig
from promptsearch.engines.soft.course import Course, Look
from promptsearch.engines.soft.holding_out import learn, pooled
from promptsearch.errors import DataError, OptionError, VerbalizerError
from promptsearch.prompt import Prompt, load_prompt
from promptsearch.soft import SoftTemplate
from promptsearch.template import Template
from promptsearch.verbalizer import Verbalizer
from tests.engines.soft.reviews import EXAMPLES, REPEATED, TRAINING, WORDS, problem, reviews
from tests.plms.zoo import adapter

CONFIG = SoftConfig(parameterisation="free", tokens=2, training=TRAINING)


def found(name: str = "bert", budget: Budget | None = None, seed: int = 0, **options):
    engine = SoftEngine(options.pop("config", CONFIG), **options)
    return list(engine.search(reviews(), adapter(name, 10_000), budget or Budget(), seed))


def test_candidates_bring_their_vectors_in_their_template():
    starts = [Template.parse("{text} It was {mask}."), Template.parse("{text}, {mask}")]
    one, other, *again = found(starts=starts, config=replace(CONFIG, start="labels"))
    assert str(one.template) == "{text} {soft:It was} {mask}."
    assert str(other.template) == "{text} {soft*2} {mask}."
    for candidate in (one, other):
        assert isinstance(candidate.template, SoftTemplate)
        assert (candidate.engine, candidate.fitted, candidate.verbalizer) == ("soft", True, WORDS)
        provenance = candidate.provenance
        assert provenance["numbers"] == candidate.template.vectors.array.size == 2 * 32
        assert (provenance["held_out_n"], provenance["restart"]) == (len(REPEATED), 0)
        assert provenance["steps"] in (3, 6, 9, 12)
    assert [candidate.provenance["restart"] for candidate in again] == [1, 1]


def test_a_causal_plm_gets_templates_that_end_with_the_slot():
    starts = [Template.parse("{text} It was {mask}."), Template.parse("{text} It was {mask}")]
    sources = [str(candidate.template) for candidate in found("gpt2", starts=starts, config=_one_start())]
    assert sources == ["{text} {soft:It was} {mask}", "{text} {soft*2} {mask}"]
    own = [Template.parse("{text} So {mask}")]
    sources = [
        str(found.template) for found in found("gpt2", templates=own, starts=starts, config=_one_start())
    ]
    assert sources == ["{text} So {soft*2} {mask}", "{text} {soft:It was} {mask}"]


def _one_start() -> SoftConfig:
    return replace(CONFIG, training=TRAINING.single)


def test_the_same_seed_gives_the_same_vectors():
    one, same, other = (found(seed=seed, config=_one_start())[0] for seed in (0, 0, 1))
    assert one.template == same.template
    assert one.template != other.template


def test_a_budget_bounds_the_trainings():
    templates = [Template.parse("{soft*1} {text} {mask}"), Template.parse("{text} {soft*1} {mask}")]
    first, second, third = found(budget=Budget(evaluations=3), templates=templates)
    assert (first.template.pieces, second.template.pieces) == tuple(t.pieces for t in templates)
    assert (third.template.pieces, third.provenance["restart"]) == (templates[0].pieces, 1)


def test_no_time_gives_nothing():
    assert found(budget=Budget(seconds=0.0)) == []


def test_time_that_ends_gives_what_was_learned(monkeypatch):
    """A clock that goes on by a second each time it is read: two templates share 60 seconds, each of them
    a third for either half of the examples and for all."""
    clock = count()
    monkeypatch.setattr("promptsearch.engines.soft.engine.time.monotonic", lambda: float(next(clock)))
    training = TrainingConfig(steps=1000, look_every=2, patience=1000, restarts=1)
    templates = [Template.parse("{soft*1} {text} {mask}"), Template.parse("{text} {soft*1} {mask}")]
    looks: list[Look] = []
    engine = SoftEngine(replace(CONFIG, training=training), templates, report=looks.append)
    candidates = list(engine.search(reviews(), adapter("bert", 10_000), Budget(seconds=60.0), 0))
    assert len(candidates) == 2
    last = [
        look.step for look, after in zip(looks, [*looks[1:], Look(0, 0, None, 0, 0, 1, 0)]) if not after.step
    ]
    assert len(last) == 4
    assert all(8 <= step <= 11 for step in last)
    for candidate in candidates:
        steps = candidate.provenance["steps"]
        assert isinstance(steps, int)
        assert 0 < steps <= 11


def test_vectors_are_learned_on_all_examples_for_the_steps_that_held_out_ones_ask_for():
    question = problem(
        "bert", examples=REPEATED, parameterisation="free", training=replace(TRAINING, steps=30)
    )
    learned = learn(question, restart=1)
    *folds, last = learned.courses
    assert [course.looks[0].n for course in folds] == [4, 4]
    assert last.looks == []
    means = {look.step: look.log_likelihood for look in pooled(folds)}
    assert learned.log_likelihood == max(means.values()) == means[learned.steps]
    assert last.step == learned.steps
    assert learned.n == 8
    assert learned.numbers == learned.template.vectors.array.size
    again = learn(question, restart=1)
    assert again.template == learned.template


def test_looks_are_pooled_as_far_as_all_went():
    def look(step: int, likelihood: float, n: int) -> Look:
        return Look(0, step, None if not step else float(step), likelihood, 1, n, 0.5)

    one = Course(0, looks=[look(0, -1.0, 1), look(5, -0.5, 1), look(10, -0.25, 1)])
    other = Course(0, looks=[look(0, -2.0, 3), look(5, -1.0, 3)])
    both = pooled([one, other])
    assert both == [Look(0, 0, None, -1.75, 2, 4, 1.0), Look(0, 5, 5.0, -0.875, 2, 4, 1.0)]


def test_a_single_example_a_class_leaves_nothing_to_hold_out():
    engine = SoftEngine(_one_start())
    (only,) = engine.search(reviews((EXAMPLES[0], EXAMPLES[-1])), adapter("bert"), Budget(), 0)
    assert only.provenance["held_out_log_likelihood"] is None
    assert only.provenance["steps"] == 12


def test_what_is_refused():
    plm = adapter("bert")
    with pytest.raises(DataError, match="all of one class"):
        list(SoftEngine(CONFIG).search(reviews(EXAMPLES[:3]), plm, Budget(), 0))
    with pytest.raises(DataError, match="there are 1 examples to train on, and 2 labels"):
        list(SoftEngine(CONFIG).search(reviews(EXAMPLES[:1]), plm, Budget(), 0))
    words = Verbalizer.of([["very bad"], ["good"]], [0, 1])
    with pytest.raises(VerbalizerError, match="'very bad' has 2 tokens"):
        list(SoftEngine(CONFIG, names=words).search(reviews(), plm, Budget(), 0))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"parameterisation": "ltsm"}, "there is no parameterisation 'ltsm'"),
        ({"start": "words"}, "there is no start 'words'"),
        ({"tokens": 0}, "tokens must be 1 or more, not 0"),
        ({"most_examples": 1}, "most examples must be 2 or more, not 1"),
        ({"rate": 0.0}, "the learning rate must be above 0"),
        ({"width": 0}, "the width must be 1 or more"),
        ({"folds": 1}, "folds must be 2 or more"),
    ],
)
def test_options_that_cannot_be(options, message):
    with pytest.raises(OptionError, match=message):
        SoftConfig(**options)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"steps": 0}, "steps must be 1 or more"),
        ({"look_every": 0}, "look every must be 1 or more"),
        ({"warm_up": 1.0}, "warm-up must be 0 or more and under 1"),
        ({"clip": 0.0}, "clip must be above 0"),
        ({"decay": -1.0}, "weight decay 0 or more"),
        ({"mixed": "fp8"}, "there is no number format 'fp8'"),
    ],
)
def test_trainings_that_cannot_be(options, message):
    with pytest.raises(OptionError, match=message):
        TrainingConfig(**options)


def test_a_found_prompt_predicts_the_same_from_its_file(minilm, tmp_path):
    config = replace(CONFIG, training=TrainingConfig(steps=2, look_every=1, batch=4, restarts=1))
    (candidate,) = SoftEngine(config, names=Verbalizer.of([["terrible"], ["great"]], [0, 1])).search(
        reviews(), minilm, Budget(), 0
    )
    template = candidate.template
    assert isinstance(template, SoftTemplate)
    document = PromptDocument(
        template=str(template),
        verbalizer=VerbalizerRecord.from_verbalizer(candidate.verbalizer),
        plm=PLMRecord(reference="minilm-mlm", family="masked", weights_sha256=minilm.identity.weights_sha256),
        soft=soft_record(template.vectors, "p.soft.safetensors"),
    )
    made = Prompt(document, _plm=minilm, soft=template.vectors)
    made.save(tmp_path / "p.json")
    read = load_prompt(tmp_path / "p.json")
    read.use(minilm)
    texts = [example.values["text"] for example in EXAMPLES]
    expected = np.exp(made.label_log_probs(EXAMPLES))
    for prediction, row in zip(read.predict(texts), expected):
        assert list(prediction.probabilities.values()) == pytest.approx(row.tolist(), abs=1e-5)
