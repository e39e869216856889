"""Counters that count alike have the same fingerprint, in any process."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from promptsearch.engines.mining.facts import FactCounter
from promptsearch.engines.mining.pairs import Fact
from promptsearch.engines.mining.running.fingerprints import fingerprint
from promptsearch.engines.mining.words import Words
from tests.engines.mining.running.corpora import FACTS


def test_of_a_counter():
    same = fingerprint(FactCounter.of(FACTS, Words(), 6))
    assert fingerprint(FactCounter.of(FACTS, Words(), 6)) == same
    others = [
        FactCounter.of(FACTS, Words(), 5),
        FactCounter.of(FACTS, Words(fold_case=False), 6),
        FactCounter.of(FACTS[:1], Words(), 6),
        FactCounter.of([FACTS[0][:-1], FACTS[1]], Words(), 6),
        FactCounter.of([[*FACTS[0], Fact("Di", "Rome")], FACTS[1]], Words(), 6),
    ]
    assert len({same, *map(fingerprint, others)}) == 6


def test_in_another_process():
    code = (
        "from tests.engines.mining.running.corpora import *\n"
        "from promptsearch.engines.mining.running.fingerprints import fingerprint\n"
        "print(fingerprint((COUNTER, {'a', 'b', 'c'})))"
    )
    environment = {**os.environ, "PYTHONHASHSEED": "7"}
    said = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True)
    from tests.engines.mining.running.corpora import COUNTER

    assert said.stdout.strip() == fingerprint((COUNTER, {"a", "b", "c"}))


def test_unlike_values_differ():
    values = [
        1,
        "1",
        1.0,
        True,
        None,
        [1],
        (1, 1),
        [[1], 1],
        [1, [1]],
        {1},
        {1: 1},
        {1: {1: 1}},
        ["a b"],
        "a b",
    ]
    assert len(set(map(fingerprint, values))) == len(values)
    assert fingerprint({1: 2, 3: 4}) == fingerprint({3: 4, 1: 2})


def test_what_cannot_be_described():
    with pytest.raises(TypeError):
        fingerprint([object()])
