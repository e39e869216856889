"""What is set aside for the end of a search, and what is left out when that is not enough."""

from __future__ import annotations

import numpy as np
import optuna
import pytest

from promptsearch.compose import load_ensemble
from promptsearch.study import ensembles, outcome
from promptsearch.study.budget import Clock, Limits, Pace, TimeUp
from promptsearch.study.discover import resume
from promptsearch.study.ending import Ending
from promptsearch.study.observer import Observer
from promptsearch.study.session import PLMs
from promptsearch.tasks.task import Example, Task
from tests.plms.zoo import adapter
from tests.study.searching import search
from tests.study.test_search import SOURCES, WORDS

SECONDS = 2.0


def ending(minutes: float, pace: Pace, late: int = 0, plm: str = "bert") -> Ending:
    clock, study = Clock(Limits(minutes)), optuna.create_study()
    return Ending(clock, PLMs({plm: adapter(plm)}), {plm: pace}, Observer(), study, late)


def task_of(train: str, test: str) -> Task:
    """Two texts of train and dev each, three of test."""
    splits = {"train": (train, train), "dev": (train, train), "test": (test,) * 3}
    found = {name: tuple(Example({"text": t}, 0) for t in texts) for name, texts in splits.items()}
    names = ("bad", "good")
    return Task("films", "sentiment", ("text",), names, names, "accuracy", found)


@pytest.mark.parametrize(
    ("late", "test", "prompts"),
    # The best, hand-written and manual on 3 texts of test, 15 times 2 of dev; the ten together on test.
    [(0, "as long", 9 + 30 + 30), (2, "as long", 15 + 30 + 30), (0, "twice as long.", 18 + 30 + 60)],
)
def test_time_is_set_aside_for_test_by_the_length_of_its_texts(late, test, prompts):
    found = ending(60, Pace(seconds=10.0, prompts=100), late)
    found.reserve(task_of("is long", test))
    assert found.clock.reserved == pytest.approx(SECONDS + 0.1 * prompts)


def test_shorter_texts_of_test_are_taken_as_long_as_those_of_train():
    found = ending(60, Pace(seconds=10.0, prompts=100))
    found.reserve(task_of("is long", "short"))
    assert found.clock.reserved == pytest.approx(SECONDS + 0.1 * 69)


def test_on_a_causal_plm_fewer_templates_share_what_is_left_of_them():
    found = ending(60, Pace(seconds=10.0, prompts=100), plm="gpt2")
    found.reserve(task_of("is long", "as long"))
    assert found.clock.reserved == pytest.approx(SECONDS + 0.1 * (1.5 * 39 + 30))


@pytest.mark.parametrize(
    ("together", "prompts"),
    # The best and the manual prompt of both PLMs, the best hand-written one of the slow, ten together.
    [
        ([], 10 * 3),
        (["bert"] * 10, 10 * 1),
        (["bert", "gpt2", "bert"], 2 * 1 + 3 + 7 * 3),
        (["bert"] * 12, 10),
    ],
)
def test_members_are_counted_at_the_pace_of_their_plms(together, prompts):
    found = ending(60, Pace(seconds=10.0, prompts=100))
    found.plms.loaded["gpt2"] = adapter("gpt2")
    found.pace = {**found.pace, "gpt2": Pace(seconds=20.0, prompts=100)}
    found.reserve(task_of("is long", "as long"), together)
    # A prompt of test takes 0.1 seconds on one and 1.5 times 0.2 on the other.
    on_test = 2 * (1 + 3) + 3 + prompts
    assert found.clock.reserved == pytest.approx(SECONDS + 3 * 0.1 * on_test + 30 * 0.3)


def test_at_most_half_of_the_time_is_set_aside():
    found = ending(1, Pace(seconds=100.0, prompts=100))
    found.reserve(task_of("is long", "as long"))
    assert found.clock.reserved == 30


@pytest.fixture
def out_of_time(monkeypatch):
    """Have the time be over when so many groups of members were read."""

    def after(groups: int) -> None:
        real, left = ensembles.PromptEnsemble.member_log_probs, iter(range(2 * groups))

        def read(self, examples, keep=True):
            if next(left, None) is None:
                raise TimeUp
            return real(self, examples, keep)

        monkeypatch.setattr(ensembles.PromptEnsemble, "member_log_probs", read)

    return after


def test_members_that_were_read_before_the_time_was_over_answer_together(tmp_path, out_of_time, monkeypatch):
    monkeypatch.setattr(outcome, "AT_ONCE", 2)
    out_of_time(1)
    found = search(tmp_path / "run", templates=SOURCES[:4], words=WORDS, minutes=5)
    assert found.together is not None
    assert len(found.together.members) == 2
    assert found.together.weights == (0.5, 0.5)
    loaded = load_ensemble(found.folder / "ensemble.json", device="cpu")
    monkeypatch.undo()
    assert len(loaded.members) == 2
    whole = search(tmp_path / "whole", templates=SOURCES[:4], words=WORDS).together
    assert whole is not None
    assert whole.members[:2] == found.together.members
    first = np.mean([np.exp(m) for m in whole.prompt.member_log_probs(found.task.test)[:2]], axis=0)
    assert np.array_equal(first.argmax(axis=1), found.together.predictions)


def test_without_a_limit_all_are_read_at_once(tmp_path, monkeypatch):
    monkeypatch.setattr(outcome, "AT_ONCE", 2)
    read, real = [], ensembles.PromptEnsemble.member_log_probs

    def counted(self, examples, keep=True):
        read.append(len(self.members))
        return real(self, examples, keep)

    monkeypatch.setattr(ensembles.PromptEnsemble, "member_log_probs", counted)
    search(tmp_path / "run", templates=SOURCES[:4], words=WORDS, evaluations=4)
    assert read == [4, 4]


def test_without_time_for_any_that_is_told_and_no_earlier_file_is_left(tmp_path, out_of_time):
    assert search(tmp_path / "run", templates=SOURCES[:4], words=WORDS, minutes=5).together is not None
    assert (tmp_path / "run" / "ensemble.json").exists()
    out_of_time(0)
    found = resume(tmp_path / "run", Observer())
    assert found.together is None
    assert found.details.left_out == ("the best together",)
    assert not (found.folder / "ensemble.json").exists()
