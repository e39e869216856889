"""A vocabulary pruned to tokens that matter."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from promptsearch.engines.base import Budget
from promptsearch.engines.trigger import pruning
from promptsearch.engines.trigger.pruning import assigned, influential, k_means
from promptsearch.engines.trigger.spending import BudgetSpent
from tests.engines.trigger.small import MASKED, allowed_on, small_plm, small_reading

ALLOWED = allowed_on(small_plm("bert"))
FILLING = (40, 41, 42)


def test_centres_stand_in_the_middle_of_their_clusters():
    blobs = torch.cat([torch.randn(40, 3) * 0.01 + shift for shift in (0.0, 5.0)])
    centres = k_means(blobs, torch.arange(80), 2, np.random.default_rng(0))
    assert sorted(centres.mean(dim=1).tolist()) == pytest.approx([0.0, 5.0], abs=0.05)
    nearest, distances = assigned(blobs, torch.arange(80), centres)
    assert len(set(nearest[:40])) == len(set(nearest[40:])) == 1
    assert np.allclose(distances, ((blobs - centres[nearest]) ** 2).sum(dim=1).numpy(), atol=1e-3)


def test_pruning_copies_no_more_than_a_part_of_the_vocabulary(monkeypatch):
    monkeypatch.setattr(pruning, "_ASSIGNED", 16)
    reading, largest = small_reading("bert", MASKED), []

    class Rows:
        """Embeddings that are looked up by token."""

        def __getitem__(self, ids):
            largest.append(len(ids))
            return reading.reader.matrix[ids]

    found = assigned(Rows(), torch.from_numpy(ALLOWED), torch.zeros(2, 32))
    assert max(largest) == 16
    assert len(found[0]) == len(found[1]) == len(ALLOWED)


def test_whole_clusters_are_kept_the_best_first():
    reading = small_reading("bert", MASKED)
    kept = influential(reading, FILLING, ALLOWED, 30, [0, 1, 2, 3], np.random.default_rng(0), clusters=20)
    assert 30 <= len(kept) < len(ALLOWED)
    assert set(kept) <= set(ALLOWED)
    assert kept.tolist() == sorted(kept.tolist())
    assert reading.meter.evaluations <= 20 * 4


def test_nothing_is_pruned_of_a_small_vocabulary():
    reading = small_reading("bert", MASKED)
    assert influential(reading, FILLING, ALLOWED, 500, [0], np.random.default_rng(0)) is ALLOWED
    assert reading.meter.evaluations == 0


def test_pruning_stops_at_the_budget():
    reading = small_reading("bert", MASKED, budget=Budget(evaluations=10))
    with pytest.raises(BudgetSpent):
        influential(reading, FILLING, ALLOWED, 30, [0, 1], np.random.default_rng(0), clusters=20)
