"""Ctrl-C while it is taken up what earlier sittings or other processes have tried."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from promptsearch.study.discover import resume
from promptsearch.study.observer import Observer
from tests.study.searching import WORDS, search

SOURCES = [f"{{text}} {word} {{mask}}." for word in ("It was", "All in all,", "So", "Quite")]


class Breaks(Observer):
    """Presses Ctrl-C once, when so many combinations were tried."""

    def __init__(self, after: int) -> None:
        self.left = after

    def tried(self, trials) -> None:
        before, self.left = self.left, self.left - len(trials)
        if before > 0 >= self.left:
            raise KeyboardInterrupt


def candidates(folder: Path) -> Counter[str]:
    lines = (folder / "candidates.jsonl").read_text("utf-8").splitlines()
    return Counter(json.dumps({**json.loads(line), "dev": None, "train": None}) for line in lines)


@pytest.mark.parametrize("after", [1, 6])
def test_what_was_found_before_is_concluded_from(tmp_path, after):
    found = search(tmp_path / "run", templates=SOURCES, words=WORDS, evaluations=4)
    whole = candidates(found.folder)
    again = resume(found.folder, Breaks(after), evaluations=5)
    assert again.interrupted
    assert (found.folder / "best_prompt.json").exists()
    assert again.best.trial.candidate.template == found.best.trial.candidate.template
    assert candidates(found.folder) == whole
    assert max(whole.values()) == 1


def test_a_found_prompt_is_shown_in_a_line(tmp_path):
    found = search(tmp_path / "run", words=WORDS, evaluations=1)
    assert repr(found) == (
        f"<Discovery for reviews: '{{text}} It was {{mask}}.' on minilm-mlm, accuracy "
        f"{found.best.test.value('accuracy'):.3f} on 12 test examples, in {str(found.folder)!r}>"
    )


def test_a_plm_that_had_no_turn_is_told(tmp_path, monkeypatch):
    from promptsearch.study import outcome

    found = search(tmp_path / "run", words=WORDS, evaluations=1)
    assert found.untried == ()
    monkeypatch.setattr(outcome, "brought_something", lambda study: frozenset())
    found = search(tmp_path / "other", words=WORDS, evaluations=1)
    assert found.untried == ("minilm-mlm",)
    assert "minilm-mlm was left out: no template was tried on it to the end" in found.notices
