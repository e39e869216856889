"""States of single prompts in memory."""

import numpy as np

from promptsearch.plms.base import AnswerStates
from promptsearch.plms.memo import StateMemo
from promptsearch.tasks.task import Example
from promptsearch.template import Template

ONE, TWO = Template.parse("{text} {mask}"), Template.parse("{text}: {mask}")
TEXTS = [Example({"text": text}) for text in "abc"]


def states(*values):
    """States whose hidden vectors are (value, value)."""
    rows = np.array(values, dtype=np.float32)
    return AnswerStates(
        np.stack([rows, rows], axis=1), rows, rows.astype(np.int32), np.zeros(len(rows), dtype=np.bool_)
    )


def test_rows_come_back_in_the_order_asked_for():
    memo = StateMemo()
    memo.put(ONE, TEXTS, states(1, 2, 3))
    assert memo.missing(ONE, TEXTS) == ()
    assert memo.get(ONE, [TEXTS[2], TEXTS[0], TEXTS[2]]).tokens.tolist() == [3, 1, 3]


def test_rows_are_joined_and_known_ones_stay():
    memo = StateMemo()
    memo.put(ONE, TEXTS[:2], states(1, 2))
    assert memo.missing(ONE, TEXTS) == (2,)
    memo.put(ONE, [TEXTS[1], TEXTS[2]], states(9, 3))
    assert memo.get(ONE, TEXTS).hidden[:, 0].tolist() == [1, 2, 3]


def test_equal_examples_are_missing_once_whatever_their_labels():
    again = Example({"text": "a"}, label=1)
    assert StateMemo().missing(ONE, [TEXTS[0], again, TEXTS[1]]) == (0, 2)


def test_templates_are_kept_apart_and_the_oldest_leave():
    row = states(1).hidden.nbytes
    memo = StateMemo(most_bytes=4 * row)
    memo.put(ONE, TEXTS, states(1, 2, 3))
    assert memo.missing(TWO, TEXTS) == (0, 1, 2)
    memo.put(TWO, TEXTS, states(4, 5, 6))
    # Nothing leaves while a call is at work.
    assert memo.missing(ONE, TEXTS) == ()
    memo.trim()
    assert memo.missing(ONE, TEXTS) == (0, 1, 2)
    assert memo.get(TWO, TEXTS).tokens.tolist() == [4, 5, 6]
