"""Nearest words in embeddings: cosines by hand, crowding against loops."""

from __future__ import annotations

import numpy as np
import pytest

from promptsearch.knowledge import neighbours as module
from promptsearch.knowledge.neighbours import Neighbours, crowding, unit_rows

# Around (5, 5): right, up, left, down; each is at 0, 90, 180 and 270 degrees from the first.
FOUR = np.array([[6, 5], [5, 7], [2, 5], [5, 2]], dtype=np.float32) + [0.5, 0.25]
WORDS = ["east", "North", "west", "south"]


def cosine(a: np.ndarray, b: np.ndarray) -> float:
    return float(a @ b / np.linalg.norm(a) / np.linalg.norm(b))


def test_four_words_by_hand():
    base = Neighbours(WORDS, FOUR)
    # Centred: (2, 0), (0, 2), (-2, 0), (0, -2) after the mean (4.5 + 0.5, 4.75 + 0.25) has gone.
    unit = np.array([[1.5, 0.25], [0.5, 2.25], [-2.5, 0.25], [0.5, -2.75]])
    cosines = [[cosine(a, b) for b in unit] for a in unit]
    crowd = np.array([(sum(row) - 1) / 3 for row in cosines])
    for i in range(4):
        expected = np.clip(cosines[i] - (crowd - crowd.mean()) / 2, -1, 1)
        np.testing.assert_allclose(base.similarity(i), expected, atol=1e-6)


def test_what_all_embeddings_share_says_nothing():
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(30, 5)).astype(np.float32)
    words = [f"w{i}" for i in range(30)]
    a, b = Neighbours(words, rows), Neighbours(words, 3 * rows + 10)
    for i in range(5):
        np.testing.assert_allclose(a.similarity(i), b.similarity(i), atol=1e-4)


def test_expansion_is_nearest_first_without_the_seeds():
    square = np.array([[1, 0], [0, 1], [-1, 0], [0, -1]], dtype=np.float32)
    found = Neighbours(WORDS, square).expand(["East"])
    assert [related.word for related in found] == ["North", "south", "west"]
    assert [related.distance for related in found] == pytest.approx([1, 1, 2])
    assert {(r.source, r.relation, r.seed) for r in found} == {("neighbours", "neighbour", "East")}
    found = Neighbours(WORDS, square).expand(["east", "north"])
    assert [related.word for related in found] == ["south", "west"]
    assert [related.distance for related in found] == pytest.approx([1, 1])  # to the nearer seed


def test_how_many_and_unknown_seeds():
    rng = np.random.default_rng(0)
    base = Neighbours([f"w{i}" for i in range(30)], rng.normal(size=(30, 5)).astype(np.float32), most=4)
    assert len(base.expand(["w3"])) == 4
    assert base.expand(["nothing", "very good"]) == ()
    assert base.expand([]) == ()
    assert base.expand(["nothing", "w3"]) == base.expand(["w3"])


def test_of_spellings_the_first_is_the_seed():
    rows = np.array([[1, 0], [0, 1], [-1, 0], [0, -1]], dtype=np.float32)
    base = Neighbours(["may", "May", "june", "july"], rows)
    assert base.expand(["MAY"])[0].word != "May"
    assert [r.word for r in base.expand(["may"])] == ["july", "june"]


def slow_crowding(unit: np.ndarray, sample: list[int], most: int) -> list[float]:
    found = []
    for i, row in enumerate(unit):
        near = sorted((float(row @ unit[j]) for j in sample if j != i), reverse=True)[:most]
        found.append(sum(near) / len(near))
    return found


def test_crowding_is_the_mean_cosine_to_the_ten_nearest():
    unit = unit_rows(np.random.default_rng(1).normal(size=(40, 6)).astype(np.float32))
    np.testing.assert_allclose(crowding(unit), slow_crowding(unit, list(range(40)), 10), atol=1e-5)


def test_crowding_of_words_inside_and_outside_of_the_sample(monkeypatch):
    monkeypatch.setattr(module, "_SAMPLE", 15)
    unit = unit_rows(np.random.default_rng(1).normal(size=(40, 6)).astype(np.float32))
    sample = sorted(np.random.default_rng(3).permutation(40)[:15].tolist())
    np.testing.assert_allclose(crowding(unit, seed=3), slow_crowding(unit, sample, 10), atol=1e-5)


def test_a_word_near_to_everything_is_put_back():
    # Twenty words around a circle and one in the middle of an arc, with half the spread.
    angles = np.concatenate([np.linspace(0, 0.6, 12), np.linspace(2, 5, 12)])
    rows = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
    unit = unit_rows(rows)
    crowded = crowding(unit)
    base = Neighbours([f"w{i}" for i in range(24)], rows)
    plain = unit @ unit[12]
    taken_off = plain - base.similarity(12)
    inside = (plain > -0.9) & (plain < 0.9)
    np.testing.assert_allclose(taken_off[inside], (crowded - crowded.mean())[inside] / 2, atol=1e-5)
    assert taken_off[5] > taken_off[18]


def test_few_words():
    assert Neighbours(["one"], np.ones((1, 3), dtype=np.float32)).expand(["one"]) == ()
    two = Neighbours(["a", "b"], np.array([[1, 0], [0, 1]], dtype=np.float32))
    assert [r.word for r in two.expand(["a"])] == ["b"]
    same = Neighbours(["a", "b", "c"], np.ones((3, 2), dtype=np.float32))  # nothing is left when centred
    assert np.isfinite(same.similarity(0)).all()
