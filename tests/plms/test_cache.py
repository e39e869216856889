from __future__ import annotations

import logging
import multiprocessing
import os
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from safetensors import numpy as safetensors_numpy

from promptsearch.plms.base import AnswerStates, PLMIdentity
from promptsearch.plms.cache import StateCache, state_key
from promptsearch.tasks.task import Example
from promptsearch.template import Template
from tests.plms.writing import states, write_and_read
from tests.plms.zoo import adapter, raw

IDENTITY = PLMIdentity("bert", None, "masked", "0" * 64)
TEMPLATE = Template.parse("{text} It was {mask}.")
EXAMPLES = [Example({"text": "a film"}, 0), Example({"text": "a plot"}, 1)]


def assert_same(found: AnswerStates | None, expected: AnswerStates) -> None:
    assert found is not None
    for name in ("hidden", "log_partition", "tokens", "shortened"):
        a, b = getattr(found, name), getattr(expected, name)
        assert a.dtype == b.dtype
        np.testing.assert_array_equal(a, b)


def key(number: int) -> str:
    return f"{number:064x}"[::-1]


@pytest.fixture
def cache(tmp_path) -> StateCache:
    return StateCache(tmp_path / "states")


# Keys ------------------------------------------------------------------------------------------------


def test_a_key_holds_everything_that_states_depend_on():
    plain = state_key(IDENTITY, "float32", 128, TEMPLATE, EXAMPLES)
    others = [
        state_key(replace(IDENTITY, weights_sha256="1" * 64), "float32", 128, TEMPLATE, EXAMPLES),
        state_key(replace(IDENTITY, family="causal"), "float32", 128, TEMPLATE, EXAMPLES),
        state_key(IDENTITY, "bfloat16", 128, TEMPLATE, EXAMPLES),
        state_key(IDENTITY, "float32", 64, TEMPLATE, EXAMPLES),
        state_key(IDENTITY, "float32", 128, Template.parse("{text} It was {mask}"), EXAMPLES),
        state_key(IDENTITY, "float32", 128, TEMPLATE, EXAMPLES[::-1]),
        state_key(IDENTITY, "float32", 128, TEMPLATE, EXAMPLES[:1]),
        state_key(IDENTITY, "float32", 128, TEMPLATE, EXAMPLES, "another tokenizer"),
    ]
    assert len({plain, *others}) == len(others) + 1


def test_a_key_holds_nothing_else():
    plain = state_key(IDENTITY, "float32", 128, TEMPLATE, EXAMPLES)
    relabelled = [Example({**example.values, "unused": "x"}, None) for example in EXAMPLES]
    assert state_key(IDENTITY, "float32", 128, TEMPLATE, relabelled) == plain
    elsewhere = replace(IDENTITY, reference="./copy", revision="main")
    assert state_key(elsewhere, "float32", 128, TEMPLATE, EXAMPLES) == plain


def test_texts_do_not_run_into_each_other():
    two = [Example({"text": "a"}), Example({"text": "b"})]
    one = [Example({"text": "ab"}), Example({"text": ""})]
    assert state_key(IDENTITY, "f", 1, TEMPLATE, two) != state_key(IDENTITY, "f", 1, TEMPLATE, one)


def test_another_tokenizer_on_the_same_weights_is_another_plm(tmp_path):
    """Weights say nothing of how a text becomes ids."""
    plm = adapter("gpt2", cache=StateCache(tmp_path))
    plm.answer_states(Template.parse("{text} It was {mask}"), EXAMPLES)
    other = adapter("gpt2", cache=StateCache(tmp_path))
    other.forward_tokens = 0
    other.encoder.tokenizer = raw("llama")[1]
    other.answer_states(Template.parse("{text} It was {mask}"), EXAMPLES)
    assert other.forward_tokens > 0


# Entries ---------------------------------------------------------------------------------------------


def test_what_was_put_is_got(cache):
    assert cache.get(key(1)) is None
    cache.put(key(1), states(1))
    cache.put(key(2), states(2, n=0))
    assert_same(cache.get(key(1)), states(1))
    assert_same(cache.get(key(2)), states(2, n=0))
    assert_same(StateCache(cache.folder).get(key(1)), states(1))


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-5])


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[-7] ^= 1
    path.write_bytes(content)


def empty(path: Path) -> None:
    path.write_bytes(b"")


def another_kind(path: Path) -> None:
    path.write_bytes(safetensors_numpy.save({"x": np.zeros(3)}))


def unreadable(path: Path) -> None:
    path.unlink()
    path.mkdir()


@pytest.mark.parametrize("damage", [cut, flip, empty, another_kind, unreadable])
def test_a_damaged_entry_counts_as_none_and_is_told(cache, caplog, damage):
    cache.put(key(1), states(1))
    damage(cache.path(key(1)))
    with caplog.at_level(logging.WARNING, "promptsearch"):
        assert cache.get(key(1)) is None
    assert "computed again" in caplog.text


@pytest.mark.parametrize("damage", [cut, flip, empty, another_kind])
def test_a_damaged_entry_is_computed_again_and_put_right(tmp_path, damage):
    plm = adapter("bert", cache=StateCache(tmp_path))
    first = plm.answer_states(TEMPLATE, EXAMPLES)
    (path,) = tmp_path.glob("*/*.safetensors")
    damage(path)
    assert_same(plm.answer_states(TEMPLATE, EXAMPLES), first)
    plm.forward_tokens = 0
    assert_same(plm.answer_states(TEMPLATE, EXAMPLES), first)
    assert plm.forward_tokens == 0


def test_states_that_need_not_be_kept_are_read_but_not_written(tmp_path):
    plm = adapter("bert", cache=StateCache(tmp_path))
    first = plm.answer_states(TEMPLATE, EXAMPLES, keep=False)
    assert not list(tmp_path.iterdir())
    plm.answer_states(TEMPLATE, EXAMPLES)
    plm.forward_tokens = 0
    assert_same(plm.answer_states(TEMPLATE, EXAMPLES, keep=False), first)
    assert plm.forward_tokens == 0


# Size ------------------------------------------------------------------------------------------------


def age(cache: StateCache, number: int, seconds: float) -> None:
    then = time.time() - seconds
    os.utime(cache.path(key(number)), (then, then))


def test_the_entries_used_longest_ago_go_first(cache):
    cache.put(key(0), states())
    size = cache.path(key(0)).stat().st_size
    limited = StateCache(cache.folder, limit=4 * size)
    for number in (1, 2, 3):
        limited.put(key(number), states(number))
    for number in range(4):
        age(limited, number, 100 - number)
    assert limited.get(key(0)) is not None  # now the one used last
    limited.put(key(4), states(4))
    # Over the limit it is emptied to 80 % of it: three entries stay.
    left = [number for number in range(5) if limited.path(key(number)).exists()]
    assert left == [0, 3, 4]


def test_the_size_of_what_others_wrote_counts(cache):
    for number in range(6):
        cache.put(key(number), states(number))
        age(cache, number, 100 - number)
    size = cache.path(key(0)).stat().st_size
    StateCache(cache.folder, limit=3 * size).put(key(9), states(9))
    assert sum(path.stat().st_size for path in cache.folder.glob("*/*.safetensors")) <= 3 * size
    assert cache.path(key(9)).exists()


def test_an_entry_above_the_limit_is_kept_until_the_next(cache):
    limited = StateCache(cache.folder, limit=10)
    limited.put(key(1), states(1))
    assert limited.get(key(1)) is not None
    age(limited, 1, 100)
    limited.put(key(2), states(2))
    assert limited.get(key(1)) is None
    assert limited.get(key(2)) is not None


def test_leftovers_of_killed_processes_go_after_a_day(cache):
    cache.put(key(1), states(1))
    old, young = (cache.path(key(1)).with_name(f"{name}.tmp") for name in ("old", "young"))
    for leftover in (old, young):
        leftover.write_bytes(b"half")
    os.utime(old, (0, 0))
    StateCache(cache.folder).put(key(2), states(2))
    assert not old.exists()
    assert young.exists()


# Trouble ---------------------------------------------------------------------------------------------


def test_a_folder_that_cannot_be_written_is_told_once(tmp_path, caplog):
    (tmp_path / "file").write_text("")
    cache = StateCache(tmp_path / "file" / "states")
    with caplog.at_level(logging.WARNING, "promptsearch"):
        for number in range(3):
            cache.put(key(number), states(number))
    assert caplog.text.count("answer states are not cached") == 1
    assert cache.get(key(0)) is None


def test_a_full_disk_leaves_no_half_entry(cache, monkeypatch, caplog):
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    cache.put(key(1), states(1))
    monkeypatch.setattr(os, "replace", full)
    with caplog.at_level(logging.WARNING, "promptsearch"):
        cache.put(key(2), states(2))
    assert "No space left" in caplog.text
    assert [path.name for path in cache.folder.glob("*/*")] == [cache.path(key(1)).name]


def test_two_processes_may_write_the_same_entry(cache):
    context = multiprocessing.get_context("spawn")
    barrier = context.Barrier(2)
    given = str(cache.folder), key(7), barrier
    workers = [context.Process(target=write_and_read, args=given) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert [worker.exitcode for worker in workers] == [0, 0]
    assert_same(cache.get(key(7)), states(7, n=400))
    assert not list(cache.folder.glob("*/*.tmp"))
