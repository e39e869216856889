"""The whole engine on the built-in PLM and on small ones."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from promptsearch.engines import engine
from promptsearch.engines.base import Budget, Candidate
from promptsearch.engines.trigger import Improvement, TriggerEngine
from promptsearch.engines.trigger.engine import plain_template
from promptsearch.engines.trigger.vocabulary import Banned
from promptsearch.plms.base import PLM, SUMMED
from promptsearch.readings import label_log_probs, word_log_probs
from promptsearch.scoring import apply, fit_batch, fit_none, label_scores, layout
from promptsearch.tasks import draw_splits, load_task
from promptsearch.tasks.task import Task
from promptsearch.template import Template
from promptsearch.verbalizer import Verbalizer
from tests.engines.trigger.searching import CLOZE, QUICK, search, triggers, words_for
from tests.engines.trigger.small import MASKED, PREFIX, WORDS, small_plm, small_task


@pytest.fixture(scope="module")
def reviews() -> Task:
    return draw_splits(load_task("reviews"), shots=6, seed=0, max_test=12)


def loss_of(candidate: Candidate, task: Task, plm: PLM) -> float:
    """Mean of -log p(gold) on train, as a prompt of this kind is scored anywhere."""
    log_probs = label_log_probs(
        plm, candidate.template, candidate.verbalizer, fit_none(), SUMMED, task.train, keep=False
    )
    return float(-np.mean([row[example.label] for row, example in zip(log_probs, task.train)]))


@pytest.fixture(scope="module")
def found(reviews, minilm) -> tuple[list[Candidate], TriggerEngine, list[Improvement]]:
    told: list[Improvement] = []
    candidates, running = search(reviews, minilm, evaluations=400, watch=told.append)
    return candidates, running, told


def test_the_loss_falls_and_prompts_have_it(found, reviews, minilm):
    candidates, running, _ = found
    improvements = running.history.improvements
    assert improvements[-1].loss < improvements[0].loss - 0.05
    assert candidates[0].provenance["loss"] == improvements[-1].loss
    for candidate in candidates:
        assert loss_of(candidate, reviews, minilm) == pytest.approx(candidate.provenance["loss"], abs=1e-4)


def test_a_calibrated_search_has_the_loss_of_prompts_calibrated_on_the_batch(minilm, reviews):
    candidates, _ = search(reviews, minilm, replace(QUICK, calibrated=True), evaluations=150)
    best = candidates[0]
    words = word_log_probs(minilm, best.template, best.verbalizer.words, reviews.train, SUMMED, keep=False)
    place = layout(best.verbalizer, best.verbalizer.words)
    log_probs = apply(fit_batch(label_scores(words, place)), words, place)
    gold = [example.label for example in reviews.train]
    loss = -np.mean(log_probs[np.arange(len(gold)), gold])
    assert loss == pytest.approx(best.provenance["loss"], abs=1e-4)


def test_improvements_are_told_as_they_come(found):
    _, running, told = found
    assert tuple(told) == running.history.improvements
    assert [each.evaluations for each in told] == sorted(each.evaluations for each in told)
    assert told[0].swaps == ()
    for before, after in pairwise(told):
        if after.swaps:
            old, new = list(before.ids[0]), list(after.ids[0])
            assert [swap.place for swap in after.swaps] == [i for i in range(3) if old[i] != new[i]]


def test_triggers_keep_to_the_rules(found, reviews, minilm):
    candidates, _, _ = found
    banned = Banned.of(reviews, words_for(reviews), QUICK)
    special = set(minilm.encoder.tokenizer.all_special_ids)
    for candidate in candidates:
        (ids,) = candidate.provenance["trigger"]["ids"]
        assert len(ids) == 3
        assert special.isdisjoint(ids)
        assert not any(banned.holds(text) for text in candidate.provenance["trigger"]["text"])
        assert minilm.survives(CLOZE, [ids], reviews.train)
        assert not candidate.template.has_free_slots
        assert "{ids:" not in str(candidate.template)


def test_candidates_say_how_they_were_found(found):
    candidates, _, _ = found
    provenance = json.loads(json.dumps(dict(candidates[0].provenance)))
    assert provenance["trigger"]["template"] == str(CLOZE)
    assert provenance["reason"] == "budget"
    assert {"step", "evaluations", "seconds", "start", "swaps", "accuracy"} <= set(provenance)
    assert all(candidate.engine == "trigger" and candidate.fitted for candidate in candidates)


def test_it_is_told_what_was_kept_out(found):
    assert found[1].history.notes == ("Kept out of triggers: great, negative, positive, terrible.",)


@pytest.mark.parametrize(
    ("name", "template"),
    [("bert", MASKED), ("gpt2", PREFIX), ("qwen", PREFIX), ("t5", MASKED), ("bart", MASKED)],
)
@pytest.mark.parametrize("options", [{}, {"promise": "gradient"}, {"method": "edit"}, {"fluency": 0.1}])
def test_the_same_search_twice_in_other_batches_and_without_keys_and_values(name, template, options):
    task, free = small_task(), [Template.parse(template)]
    config = replace(QUICK, top_k=100, **options)
    once, _ = search(task, small_plm(name), config, free)
    again, _ = search(task, small_plm(name), config, free)
    other, _ = search(task, small_plm(name, tokens=70), replace(config, reuse=False), free)
    assert triggers(once) == triggers(again) == triggers(other)
    assert once


def test_another_seed_searches_elsewhere():
    task, free = small_task(), [Template.parse(MASKED)]
    config = replace(QUICK, start="random")
    one, _ = search(task, small_plm("bert"), config, free, seed=0)
    other, _ = search(task, small_plm("bert"), config, free, seed=1)
    assert triggers(one) != triggers(other)


@pytest.mark.parametrize("start", ["words", "mask", "random"])
def test_starts(start):
    config = replace(QUICK, start=start)
    _, running = search(small_task(), small_plm("bert"), config, [Template.parse(MASKED)], 3000)
    assert running.history.improvements[0].start == start
    mask = small_plm("bert").encoder.mask_id
    assert all(mask not in each.ids[0] for each in running.history.improvements)


def test_words_to_start_from_are_kept_as_ids():
    config = replace(QUICK, words="the film")
    _, running = search(small_task(), small_plm("bert"), config, [Template.parse(MASKED)])
    assert running.history.improvements[0].text[0].split()[:2] == ["the", "film"]


def test_words_of_other_engines_templates_are_started_from():
    starts = [Template.parse("{text} It was very {mask}."), Template.parse("{text} {mask}")]
    _, running = search(small_task(), small_plm("bert"), templates=(), starts=starts, evaluations=3000)
    first = next(each for each in running.history.improvements if each.start == "template")
    assert first.template == "{text} {trigger*3} {mask}{trigger*1}"
    assert [text.strip() for text in first.text] == ["it was very", "."]


def test_several_templates_race_and_the_best_gets_the_rest():
    free = [Template.parse(MASKED), Template.parse("{trigger*2} {text} {mask} .")]
    _, running = search(small_task(), small_plm("bert"), templates=free, evaluations=3000)
    losses = {each.template: each.loss for each in running.history.improvements}
    assert set(losses) == {str(template) for template in free}
    assert {restart.template for restart in running.history.restarts} <= {min(losses, key=losses.__getitem__)}


def test_starts_that_nothing_moves_are_given_up_and_the_search_ends():
    config = replace(QUICK, top_k=20, restarts=2, patience=50)
    _, running = search(small_task(), small_plm("bert"), config, [Template.parse(MASKED)], 100_000)
    history = running.history
    assert history.reason == "all starts are at their end"
    assert [restart.reason for restart in history.restarts] == ["nothing moves"] * 3
    assert history.restarts[0].start == "words"
    assert history.evaluations < 100_000


def test_a_start_is_given_up_after_steps_without_anything_better():
    config = replace(QUICK, patience=1, restarts=0)
    _, running = search(small_task(), small_plm("bert"), config, [Template.parse(MASKED)], 100_000)
    assert [restart.reason for restart in running.history.restarts] == ["patience"]


def test_without_a_limit_a_search_ends():
    config = replace(QUICK, patience=1, top_k=16)
    running = TriggerEngine(config, [Template.parse(MASKED)], WORDS)
    assert list(running.search(small_task(), small_plm("bert"), Budget(), 0))
    assert len(running.history.restarts) == 5


def test_tokens_that_no_text_becomes_are_kept_as_ids_where_asked():
    config = replace(QUICK, any_ids=True, start="random")
    candidates, _ = search(
        small_task(), small_plm("gpt2"), config, [Template.parse("{text} {trigger*5} {mask}")], seed=3
    )
    by_ids = [candidate for candidate in candidates if "{ids:" in str(candidate.template)]
    assert by_ids
    for candidate in by_ids:
        assert loss_of(candidate, small_task(), small_plm("gpt2")) == pytest.approx(
            candidate.provenance["loss"], abs=1e-4
        )


def test_a_pruned_vocabulary_alone_is_searched():
    config = replace(QUICK, prune=25, start="random")
    _, running = search(small_task(), small_plm("bert"), config, [Template.parse(MASKED)], 3000)
    found = {token for each in running.history.improvements for token in each.ids[0]}
    everything, _ = search(
        small_task(), small_plm("bert"), replace(config, prune=None), [Template.parse(MASKED)]
    )
    assert found
    assert len(found) < 80
    assert everything


def test_of_many_offers_the_best_comes_first():
    config = replace(QUICK, offers=2)
    candidates, running = search(small_task(), small_plm("bert"), config, [Template.parse(MASKED)])
    assert len(candidates) == 2
    assert candidates[0].provenance["loss"] == running.history.improvements[-1].loss


def test_three_classes_and_words_of_several_tokens_beside_others():
    task = small_task(labels=("neg", "pos", "other"))
    words = Verbalizer.of([["bad"], ["good", "schadenfreude"], ["film"]], task.labels)
    candidates, running = search(
        task, small_plm("bert"), templates=[Template.parse(MASKED)], names=words, evaluations=1500
    )
    assert candidates[0].verbalizer.words == ("bad", "good", "film")
    assert "Label words of several tokens, left out: schadenfreude." in running.history.notes
    improvements = running.history.improvements
    assert improvements[-1].loss < improvements[0].loss


def test_the_engine_is_known_by_name():
    assert isinstance(engine("trigger"), TriggerEngine)


def test_without_a_template_all_fields_come_before_the_trigger():
    assert str(plain_template(("a", "b"), 4)) == "{a} {b} {trigger*4} {mask}"


def test_openings_are_offered_and_the_best_is_gone_on_from(reviews, minilm):
    candidates, running = search(reviews, minilm, evaluations=600, openings=("It was", "The film is very"))
    texts = [candidate.provenance["trigger"]["text"][0] for candidate in candidates]
    for opening in ("it was", "film is very"):
        assert any(text.strip().startswith(opening) for text in texts), texts
    improvements = running.history.improvements
    steps = [number for number, each in enumerate(improvements) if each.swaps]
    best, first = improvements[steps[0] - 1], improvements[steps[0]]
    changed = {swap.place for swap in first.swaps}
    same = [old == new for old, new in zip(best.ids[0], first.ids[0])]
    assert same == [place not in changed for place in range(3)]


def test_a_small_budget_is_not_spent_on_openings(reviews, minilm):
    openings = [f"It was {word}" for word in ("a", "so", "very", "really", "quite", "rather", "just")]
    candidates, running = search(reviews, minilm, evaluations=150, openings=openings)
    assert candidates
    assert running.history.evaluations <= 150
