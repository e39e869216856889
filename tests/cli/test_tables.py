from __future__ import annotations

from dataclasses import replace

import numpy as np
from rich.console import Console

from promptsearch.cli.mine_output import marked
from promptsearch.cli.tables import best_prompt, files_line, use_line
from promptsearch.engines.mining.mined import Sighting
from promptsearch.scoring import SoftReadout
from promptsearch.verbalizer import Verbalizer


def shown(found, **parts) -> str:
    """The panel of the best prompt, were its candidate made so."""
    trial = found.best.trial
    trial = replace(trial, candidate=replace(trial.candidate, **parts))
    console = Console(width=200)
    with console.capture() as capture:
        console.print(best_prompt(replace(found, finalists=(replace(found.best, trial=trial),))))
    return capture.get()


def test_of_many_label_words_the_first_are_shown(found):
    words = [[f"w{label}x{n}" for n in range(8 + label)] for label in range(2)]
    text = shown(found, verbalizer=Verbalizer.of(words, found.task.labels))
    assert "w0x7\n" in text.replace(" ", "")
    assert "w1x7 +1" in text
    assert "w1x8" not in text


def test_a_readout_is_named(found):
    readout = SoftReadout(np.zeros((2, 4)), np.zeros(2))
    assert "read by" not in shown(found, readout=None)
    [line] = [line for line in shown(found, readout=readout).splitlines() if "read by" in line]
    assert line.split() == ["read", "by", "soft"]


def test_many_labels_that_are_their_own_words_are_not_listed(found):
    names = [f"name{n}" for n in range(5)]
    text = shown(found, verbalizer=Verbalizer.of(names, names))
    [line] = [line for line in text.splitlines() if "label words" in line]
    assert " ".join(line.split()) == "label words each label itself (5 labels)"
    assert "name0" not in text


def test_a_frame_without_a_salient_word_is_shown_from_near_its_words_on():
    sentence = "word " * 200 + "it was good."
    at = sentence.index("it was")
    shown = marked(Sighting("a.txt", 1, sentence, (0, 0), (at + 7, at + 11), (at, at + 11))).plain
    assert shown.startswith("…")
    assert shown.endswith("it was good.")
    assert len(shown) < 100


def test_a_lock_is_not_among_the_files_of_a_run(tmp_path):
    for name in ("run.lock", "study.log", "study.log.lock", "best_prompt.json"):
        (tmp_path / name).touch()
    assert files_line(tmp_path) == f"Files in {tmp_path}: best_prompt.json, study.log"


def test_a_folder_with_a_blank_can_be_copied(tmp_path):
    file = f"'{tmp_path}/a b/best_prompt.json'"
    assert use_line(tmp_path / "a b").plain == f'Use it: promptsearch predict {file} "…"'
