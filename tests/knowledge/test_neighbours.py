"""Nearest words in embeddings: cosines by hand, crowding against loops."""

from __future__ import annotations

import numpy as np
import pytest

from promptsearch.knowledge import neighbours as module
from promptsearch.knowledge.neighbours import Neighbours, crowding, unit_rows

WORDS = ["east", "North", "west", "south"]


def test_four_words_by_hand():
    # Around (5, 5), at 0, 90, 180 and 270 degrees; all surroundings are equally crowded.
    square = np.array([[6, 5], [5, 6], [4, 5], [5, 4]], dtype=np.float32)
    np.testing.assert_allclose(Neighbours(WORDS, square).similarity(0), [1, 0, -1, 0], atol=1e-6)


def test_crowding_by_hand():
    # Around (2, 7): one word at 3, three at -1, so cosines are 1 or -1. The first has a mean cosine of -1 to
    # the others, these have (1 + 1 - 1) / 3; the mean of all four is 0.
    line = np.array([[5, 7], [1, 7], [1, 7], [1, 7]], dtype=np.float32)
    np.testing.assert_allclose(crowding(unit_rows(line)), [-1, 1 / 3, 1 / 3, 1 / 3], atol=1e-6)
    base = Neighbours(WORDS, line)
    np.testing.assert_allclose(base.similarity(1), [-1 + 1 / 2, *[1 - 1 / 6] * 3], atol=1e-6)
    np.testing.assert_allclose(base.similarity(0), [1, -1, -1, -1], atol=1e-6)  # no less than -1


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


def test_words_in_a_crowd_are_put_back():
    # Twelve words close together, twelve spread out.
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
