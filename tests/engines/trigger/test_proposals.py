"""Candidates of a step: swaps, edits, several at once, and what is learned from them."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from promptsearch.engines.base import Budget
from promptsearch.engines.trigger.climbing import Climb, Standing
from promptsearch.engines.trigger.combining import combined
from promptsearch.engines.trigger.drawing import SwapProposer
from promptsearch.engines.trigger.edits import EditProposer
from promptsearch.engines.trigger.fluency import Fluency
from promptsearch.engines.trigger.promises import Promises
from promptsearch.engines.trigger.proposals import Errors, Proposal
from promptsearch.engines.trigger.reading import Reading
from promptsearch.engines.trigger.spending import BudgetSpent
from promptsearch.engines.trigger.vocabulary import Banned
from promptsearch.engines.trigger.wording import Wording
from promptsearch.template import Template
from tests.engines.trigger.small import MASKED, allowed_on, small_plm, small_reading, small_task

ALLOWED = allowed_on(small_plm("bert"))
FILLING = tuple(ALLOWED[[10, 20, 30]].tolist())


def bert_wording() -> Wording:
    plm = small_plm("bert")
    special = plm.encoder.tokenizer.all_special_ids
    template = Template.parse(MASKED)
    return Wording(plm, template, small_task().train, Banned(), special, int(ALLOWED[0]), any_ids=True)


def climb_at(reading: Reading, filling=FILLING) -> Climb:
    (scores,) = reading.scores([filling])
    return Climb("random", Standing(filling, scores, reading.loss(scores)), Errors.none(len(filling)))


def swap_proposer(reading: Reading, kind="scores", weight=0.0, **options) -> SwapProposer:
    allowed = np.zeros(len(reading.reader.matrix), dtype=bool)
    allowed[ALLOWED] = True
    point = reading.reader.matrix[torch.from_numpy(ALLOWED)].float().mean(dim=0)
    promises = Promises(reading, Fluency(reading, weight, [0, 1]), kind, list(range(reading.n)), point)
    return SwapProposer(promises, allowed, **{"top_k": 40, "candidates": 8} | options)


@pytest.mark.parametrize("kind", ["scores", "gradient"])
def test_swaps_change_one_token_and_come_from_the_best(kind):
    reading = small_reading("bert", MASKED)
    climb, proposer = climb_at(reading), swap_proposer(reading, kind)
    found = proposer.draw(climb, bert_wording(), np.random.default_rng(0))
    assert len({proposal.filling for proposal in found}) == 8
    gains = proposer.promises.of(FILLING, reading.loss(climb.standing.scores)).gains[:, ALLOWED]
    least = np.sort(gains.ravel())[-41]
    for proposal in found:
        changed = [i for i in range(3) if proposal.filling[i] != FILLING[i]]
        assert changed == [proposal.place]
        assert proposal.filling[proposal.place] in ALLOWED
        assert proposal.promised >= least


def test_swaps_that_were_tried_do_not_come_again_and_end():
    reading = small_reading("bert", MASKED)
    climb, proposer = climb_at(reading), swap_proposer(reading)
    rng = np.random.default_rng(0)
    seen: set[tuple[int, ...]] = set()
    while found := proposer.draw(climb, bert_wording(), rng):
        fillings = {proposal.filling for proposal in found}
        assert fillings.isdisjoint(seen)
        seen |= fillings
        climb.tried |= fillings
    assert len(seen) == 40


def test_gradients_are_counted_once_for_a_standing_trigger():
    reading = small_reading("bert", MASKED)
    climb, proposer = climb_at(reading), swap_proposer(reading)
    before = reading.meter.evaluations
    for _ in range(2):
        proposer.draw(climb, bert_wording(), np.random.default_rng(0))
    # Three places, ten examples, a forward pass and a backward pass that is worth two.
    assert reading.meter.evaluations - before == 3 * 10 * 3


def test_special_tokens_of_a_start_go_first():
    reading, plm = small_reading("bert", MASKED), small_plm("bert")
    filling = (plm.encoder.mask_id, FILLING[1], plm.encoder.mask_id)
    found = swap_proposer(reading).draw(climb_at(reading, filling), bert_wording(), np.random.default_rng(0))
    assert {proposal.place for proposal in found} <= {0, 2}


def test_fluency_is_a_part_of_what_is_promised():
    reading = small_reading("bert", MASKED)
    plain, fluent = swap_proposer(reading).promises, swap_proposer(reading, weight=0.6).promises
    log_probs = np.stack([fluent.fluency.in_place(FILLING, place) for place in range(3)])
    expected = 0.2 * (log_probs - log_probs[np.arange(3), list(FILLING)][:, None])
    assert np.allclose(fluent.of(FILLING, 0.7).gains - plain.of(FILLING, 0.7).gains, expected)


def test_what_promises_lack_is_learned_for_each_place():
    errors = Errors.none(2)
    tried = [Proposal((1, 2), 0, promised=0.5), Proposal((3, 2), 0, promised=0.3), Proposal((9, 9), -1)]
    errors.learn(tried, np.array([0.1, 0.1, 5.0]), np.array([1.0, 0.5, 1.0]))
    assert errors.expected.tolist() == pytest.approx([(-0.4 - 0.1) / (1.5 + 4), 0.0])


def test_the_best_swaps_of_several_places_are_tried_together():
    swaps = [
        Proposal((7, 2, 3), 0),
        Proposal((8, 2, 3), 0),
        Proposal((1, 2, 9), 2),
        Proposal((1, 6, 3), 1),
        Proposal((5, 5, 3), -1),
    ]
    gains = np.array([0.1, 0.3, 0.2, -0.1, 0.9])
    assert combined((1, 2, 3), swaps, gains, 3) == [(8, 2, 9)]
    assert combined((1, 2, 3), swaps, gains + 0.2, 3) == [(8, 2, 9), (8, 6, 9)]
    assert combined((1, 2, 3), swaps, gains + 0.2, 2) == [(8, 2, 9)]
    assert combined((1, 2, 3), swaps, gains, 1) == []


def test_edits_move_tokens_first_and_then_rewrite_them():
    reading = small_reading("bert", MASKED)
    climb = climb_at(reading)
    proposer = EditProposer(Fluency(reading, 0.0, [0, 1]), ALLOWED, candidates=200, top_k=30)
    found = [p.filling for p in proposer.draw(climb, bert_wording(), np.random.default_rng(0))]
    a, b, c = FILLING
    exchanged = {(b, a, c), (c, b, a), (a, c, b)}
    assert exchanged <= set(found)
    deleted = {filling for filling in found if filling[:2] in ((b, c), (a, c))}
    assert {filling[:2] for filling in deleted} == {(b, c), (a, c)}
    rewritten = [filling for filling in found if sum(x != y for x, y in zip(filling, FILLING)) == 1]
    assert len(rewritten) >= 27
    likely = proposer.fluency.likeliest(FILLING, 1, ALLOWED, 10)
    assert {filling[1] for filling in rewritten if filling[1] != b} == set(likely) - {b}


def test_edits_stop_at_the_budget():
    reading = small_reading("bert", MASKED, budget=Budget(evaluations=12))
    climb = climb_at(reading)
    proposer = EditProposer(Fluency(reading, 0.0, [0, 1]), ALLOWED, 8, 30)
    with pytest.raises(BudgetSpent):
        proposer.draw(climb, bert_wording(), np.random.default_rng(0))
