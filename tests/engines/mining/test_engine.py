"""The whole engine on the built-in PLM, SmolLM2 and the bundled samples."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from promptsearch.engines.base import Budget, Candidate
from promptsearch.engines.mining import MiningConfig, MiningEngine
from promptsearch.errors import DataError
from promptsearch.plms import load_plm
from promptsearch.tasks import draw_splits, load_task
from promptsearch.tasks.task import Task
from promptsearch.verbalizer import Verbalizer
from tests.plms.zoo import adapter

QUICK = MiningConfig(read=6, kept=3, most_texts=16, workers=1)


@pytest.fixture(scope="module")
def reviews() -> Task:
    """What stands in for SST-2."""
    task = load_task("sst2", offline=True)
    assert task.stand_in_for == "sst2"
    return draw_splits(task, shots=8, seed=0)


@pytest.fixture(scope="module")
def capitals() -> Task:
    return draw_splits(load_task("facts:P36"), shots=None, seed=0)


@pytest.fixture(scope="module")
def frames(reviews) -> MiningEngine:
    """An engine that has mined."""
    engine = MiningEngine(QUICK, [Verbalizer.of({"negative": "bad", "positive": "good"}, reviews.labels)])
    engine.mine(reviews)
    return engine


def found(engine: MiningEngine, task: Task, plm, budget: Budget = Budget(), seed: int = 0):  # noqa: B008
    return list(engine.search(task, plm, budget, seed))


def templates(candidates: list[Candidate]) -> list[str]:
    return list(dict.fromkeys(str(each.template) for each in candidates))


def test_frames_are_read_with_plain_words_and_those_seen_in_them(frames, reviews, minilm):
    candidates = found(frames, reviews, minilm)
    assert 0 < len(templates(candidates)) <= QUICK.kept
    of_frame = {str(t): frame for frame in frames.mine(reviews).templates for t in frame.cloze}
    for each in candidates:
        words = of_frame[str(each.template)].words_by_label
        seen = [Verbalizer.of([list(w[:n]) for w in words], reviews.labels) for n in (1, 3)]
        assert each.verbalizer in (frames.names[0], *seen)
        assert each.engine == "mining"
    figures = [each.provenance["train_accuracy"] for each in candidates]
    assert figures == sorted(figures, reverse=True)


def test_all_sets_of_words_are_tried(reviews, minilm):
    # Words that answer no review lose to those that were seen in the frame, and the other way round.
    odd = Verbalizer.of({"negative": "blue", "positive": "green"}, reviews.labels)
    candidates = found(MiningEngine(QUICK, [odd]), reviews, minilm)
    assert candidates[0].verbalizer != odd
    plain = found(MiningEngine(QUICK), reviews, minilm)
    assert len({each.verbalizer for each in plain}) > 1


def test_provenance_is_json_and_tells_where_a_template_was_seen(frames, reviews, minilm):
    for each in found(frames, reviews, minilm):
        record = json.loads(json.dumps(each.provenance))
        assert str(each.template) in record["templates"]
        assert record["examples"]
        assert 0 <= record["train_accuracy"] <= 1
        assert record["train_n"] == 16


def test_the_text_is_mined_once_for_all_plms(frames, reviews, minilm):
    before = frames.mine(reviews)
    causal = adapter("gpt2", tokens=4096)
    assert found(frames, reviews, minilm)
    found(frames, reviews, causal, Budget(evaluations=1))
    assert frames.mine(reviews) is before
    other = replace(reviews, splits={**reviews.splits, "train": reviews.dev}, _fingerprints={})
    assert frames.mine(other) is not before
    frames.mine(reviews)


def test_from_left_to_right_only_prefix_templates_are_read(frames, reviews):
    causal = adapter("gpt2", tokens=4096)
    candidates = found(frames, reviews, causal, Budget(evaluations=2))
    assert 0 < len(templates(candidates)) <= QUICK.kept
    assert all(each.template.form == "prefix" for each in candidates)


@pytest.mark.smollm2
def test_smollm2_reads_prefix_templates(capitals):
    plm = load_plm("smollm2-135m", device="cpu", dtype="float32", cache=False)
    engine = MiningEngine(replace(QUICK, read=2, most_texts=2))
    candidates = found(engine, capitals, plm)
    prefixes = [str(each.prefix) for each in engine.mine(capitals).templates if each.prefix is not None]
    assert sorted(templates(candidates)) == sorted(prefixes[:2])
    assert all(each.provenance["train_n"] == 2 for each in candidates)


def test_facts_answer_with_their_objects(capitals, minilm):
    candidates = found(MiningEngine(QUICK), capitals, minilm)
    assert len(candidates) == QUICK.kept
    for each in candidates:
        assert each.verbalizer.words == tuple(map(str, capitals.labels))
        assert each.template.fields == ("subject",)


@pytest.mark.parametrize(("read", "evaluations", "many"), [(2, None, 2), (6, 2, 2), (1, 4, 3)])
def test_so_many_templates_are_read(capitals, minilm, read, evaluations, many):
    engine = MiningEngine(replace(QUICK, read=read))
    candidates = found(engine, capitals, minilm, Budget(evaluations=evaluations))
    assert len(candidates) == many
    best = [str(each.cloze) for each in engine.mine(capitals).templates]
    # The third is the most supported one of those with the answer before the subject.
    first = [best[0], best[2], best[1], *best[3:]]
    assert set(templates(candidates)) <= set(first[: evaluations or read])


def test_templates_of_one_pair_are_read_where_others_leave_room(capitals, minilm):
    several = {str(each.cloze) for each in MiningEngine(QUICK).mine(capitals).templates if each.support > 1}
    assert len(several) == 6
    for most, more in [(6, 0), (8, 2)]:
        engine = MiningEngine(replace(QUICK, read=most, kept=60))
        found_ = templates(found(engine, capitals, minilm))
        assert several <= set(found_)
        assert len(found_) == 6 + more


def test_without_time_nothing_is_read(capitals, minilm):
    assert found(MiningEngine(QUICK), capitals, minilm, Budget(seconds=0)) == []


def test_the_seed_fixes_which_examples_are_read(capitals, minilm):
    engine = MiningEngine(replace(QUICK, most_texts=4))
    runs = [
        [(each.template, each.provenance) for each in found(engine, capitals, minilm, seed=s)]
        for s in (1, 1, 2)
    ]
    assert runs[0] == runs[1]
    assert all(provenance["train_n"] == 4 for _, provenance in runs[2])


def test_only_train_is_looked_at(capitals, minilm):
    task = replace(capitals, splits={"train": capitals.train}, _fingerprints={})
    assert templates(found(MiningEngine(QUICK), task, minilm)) == templates(
        found(MiningEngine(QUICK), capitals, minilm)
    )


def test_a_corpus_that_is_not_there_is_told_before_the_work(reviews):
    engine = MiningEngine(MiningConfig(corpora=("nowhere.txt",)))
    with pytest.raises(DataError, match="nowhere"):
        engine.check(reviews)
    MiningEngine().check(reviews)


def test_without_labels_those_that_the_text_supports_come_unread(frames, reviews, minilm):
    plain = replace(reviews, splits={"train": tuple(replace(e, label=None) for e in reviews.train)})
    engine = MiningEngine(QUICK, frames.names)
    candidates = found(engine, replace(plain, _fingerprints={}), minilm)
    assert 0 < len(templates(candidates)) <= QUICK.kept
    assert not any("train_accuracy" in each.provenance for each in candidates)
    # The same text was mined, which knows no labels of train.
    mined = [str(t) for frame in frames.mine(reviews).templates for t in frame.cloze]
    places = [mined.index(template) for template in templates(candidates)]
    assert places == sorted(places)
    assert len(found(engine, replace(plain, _fingerprints={}), minilm, Budget(evaluations=1))) < len(
        candidates
    )
